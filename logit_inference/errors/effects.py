"""What can be wrong with a question about effects: variables, grids, the boundary."""

from __future__ import annotations

from collections.abc import Sequence

from logit_inference.errors.base import LogitInferenceError
from logit_inference.errors.wording import did_you_mean, shorten


class EffectError(LogitInferenceError, ValueError):
    """An effect that was asked for has no answer.

    Attributes
    ----------
    variable : str
        The variable that the error is about; empty where there is none.
    """

    no_method = (
        "No method here gives one with sampling weights: there is a pseudo-likelihood only, whose "
        "ratios mean nothing, and penalties (Firth) and exact methods are of independent rows."
    )

    def __init__(self, message: str, *, variable: str = ""):
        self.variable = variable
        super().__init__(message)

    @classmethod
    def unknown(cls, name: str, known: Sequence[str], argument: str) -> EffectError:
        """Return the error for a variable that the formula does not have."""
        guess = did_you_mean(name, known, "Variables")
        return cls(f"{argument}: the fit has no variable {name!r}.{guess}", variable=name)

    @classmethod
    def jumps(cls, name: str, factor: str, function: str) -> EffectError:
        """Return the error for a slope of something that jumps."""
        how = f" ({function} is flat between its jumps)" if function else ""
        return cls(
            f"{factor!r} jumps in {name!r}{how}, so that it has no slope that means anything. "
            f'Compare two values instead: avg_comparisons(fit, {{"{name}": (20, 30)}}).',
            variable=name,
        )

    @classmethod
    def categorical(cls, name: str, factor: str) -> EffectError:
        """Return the error for a slope of a variable that stands in a categorical factor."""
        return cls(
            f"{name!r} has no slope: the formula uses it in categories, {factor!r}. Compare levels "
            f'or values instead: avg_comparisons(fit, "{name}").',
            variable=name,
        )

    @classmethod
    def no_slope(cls, name: str, factor: str, value: float, label: object) -> EffectError:
        """Return the error for a derivative that is not finite."""
        return cls(
            f"{factor!r} has no finite slope at {name} = {value:g} (row {label}). Compare two "
            f'values instead, avg_comparisons(fit, {{"{name}": 1}}), or leave that row out with '
            "newdata=.",
            variable=name,
        )

    @classmethod
    def missing_value(cls, name: str) -> EffectError:
        """Return the error for a missing value where a variable is to be set to one."""
        return cls(f"{name!r} cannot be set to a missing value.", variable=name)

    @classmethod
    def contrast(cls, name: str, asked: object, allowed: str) -> EffectError:
        """Return the error for a change of a variable that cannot be read."""
        return cls(
            f"variables: {name!r}: {asked!r} is not understood. Write {allowed}.", variable=name
        )

    @classmethod
    def nothing(cls, what: str) -> EffectError:
        """Return the error for a question about no variable at all."""
        return cls(
            f"the formula has no variable that {what} could be about: it has an intercept only."
        )

    @classmethod
    def boundary(cls, what: str, count: int, total: int, missing: str = "") -> EffectError:
        """Return the error for standard errors at the boundary.

        ``missing`` says why likelihood ratios are no way out, where they are none.
        """
        share = "this effect depends" if total == 1 else f"{count} of {total} effects depend"
        instead = (
            'Write uncertainty="likelihood" for intervals that invert the likelihood-ratio test.'
        )
        if missing:
            instead = (
                f"{missing} Leave uncertainty= out: these effects then have an estimate alone, and "
                "others their intervals."
            )
        return cls(
            f"{share} on a coefficient that is infinite, or on probabilities that the data force "
            f"to 0 or 1: there the {what} would report a certainty that the data do not have (ten "
            f"events in ten trials would get a standard error of zero). {instead}"
        )

    @classmethod
    def not_determined(cls, column: str, names: Sequence[str]) -> EffectError:
        """Return the error for changes that break a relation among columns."""
        return cls(
            f"the coefficient of {column!r} could not be estimated, because its column is a "
            f"combination of others in the data of the fit; changing {shorten(list(names))} alone "
            "breaks that relation, so that the effect is not determined. Drop one of the columns "
            "from the formula, or change the variables together.",
            variable=names[0] if names else "",
        )

    @classmethod
    def refused(cls, what: str, why: str, instead: str) -> EffectError:
        """Return the error for a combination of options without an answer."""
        return cls(f"{what}: {why}. {instead}")

    @classmethod
    def too_many(cls, what: str, count: int, most: int, instead: str) -> EffectError:
        """Return the error for a question whose answer would fill the memory."""
        return cls(f"{what} of {count:,} effects at once is refused above {most:,}: {instead}.")
