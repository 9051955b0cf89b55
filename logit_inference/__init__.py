"""Statistical inference for logistic regression.

A formula and a table go in; out comes a result that can be defended::

    import logit_inference as li

    fit = li.logit("low ~ age + lwt + C(race) + smoke", li.datasets.load("birthwt"))
    fit.summary()

"""

from logit_inference import datasets, errors
from logit_inference.design.grid import datagrid
from logit_inference.errors import (
    CollinearityWarning,
    ComparisonError,
    ConvergenceError,
    LogitInferenceError,
    LogitInferenceWarning,
    SeparationError,
    SeparationWarning,
)
from logit_inference.models.bootstrap import Bootstrap
from logit_inference.models.certify import certify, certify_arrays
from logit_inference.models.compare import compare
from logit_inference.models.conditional import conditional_logit
from logit_inference.models.effect_plots import (
    plot_comparisons,
    plot_predictions,
    plot_slopes,
)
from logit_inference.models.effect_table import Effects
from logit_inference.models.effects import (
    avg_comparisons,
    avg_predictions,
    avg_slopes,
    comparisons,
    predictions,
    slopes,
)
from logit_inference.models.imputed import logit_imputed
from logit_inference.models.logit import logit, logit_arrays
from logit_inference.models.matched import ConditionalResult
from logit_inference.models.multinomial import multinomial_logit, multinomial_logit_arrays
from logit_inference.models.multinomial_result import MultinomialResult
from logit_inference.models.pooled import PooledResult, pool
from logit_inference.models.result import LogitResult
from logit_inference.models.saved import load
from logit_inference.models.separated import detect_separation, detect_separation_arrays
from logit_inference.models.survey import SurveyDesign, survey, survey_replicates

__version__ = "0.1.0"

__all__ = [
    "Bootstrap",
    "CollinearityWarning",
    "ComparisonError",
    "ConditionalResult",
    "ConvergenceError",
    "Effects",
    "LogitInferenceError",
    "LogitInferenceWarning",
    "LogitResult",
    "MultinomialResult",
    "PooledResult",
    "SeparationError",
    "SeparationWarning",
    "SurveyDesign",
    "avg_comparisons",
    "avg_predictions",
    "avg_slopes",
    "certify",
    "certify_arrays",
    "compare",
    "comparisons",
    "conditional_logit",
    "datagrid",
    "datasets",
    "detect_separation",
    "detect_separation_arrays",
    "errors",
    "load",
    "logit",
    "logit_arrays",
    "logit_imputed",
    "multinomial_logit",
    "multinomial_logit_arrays",
    "plot_comparisons",
    "plot_predictions",
    "plot_slopes",
    "pool",
    "predictions",
    "slopes",
    "survey",
    "survey_replicates",
]
