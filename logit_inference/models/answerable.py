"""Which results the functions of effects answer for: those of one probability in each row."""

from __future__ import annotations

from typing import Any

from logit_inference.errors import ArgumentError

# What to write instead, by the model that a result's account names.
ELSEWHERE = {
    "Multinomial Logit": (
        "a MultinomialResult",
        "each row has a probability for each level of the outcome",
        "fit.avg_comparisons(…), fit.avg_slopes(…), or fit.get_prediction(…) of single rows: "
        "methods of that result, with a row for each level",
    ),
    "Conditional Logit": (
        "a ConditionalResult",
        "without intercepts of sets no row has a probability of its own, and effects on "
        "probabilities are averages of those",
        'what sets do tell: odds ratios by fit.tidy(exponentiate=True) or fit.lincom("smoke", '
        'exponentiate=True), odds within a set by fit.predict(newdata, kind="odds"), or chances '
        "given the cases of a set as fit.fitted",
    ),
}


def check_one_probability(result: Any) -> None:
    """Raise an ArgumentError for a result of another model than that of one probability."""
    model = getattr(getattr(result, "account", None), "model", "")
    if model in ELSEWHERE:
        what, reason, instead = ELSEWHERE[model]
        raise ArgumentError.of_result(what, reason, instead)
