"""Statistical inference for logistic regression.

A formula and a table go in; out comes a result that can be defended::

    import logit_inference as li

    fit = li.logit("low ~ age + lwt + C(race) + smoke", li.datasets.load("birthwt"))
    fit.summary()

"""

from logit_inference import datasets, errors
from logit_inference.errors import (
    CollinearityWarning,
    ComparisonError,
    ConvergenceError,
    LogitInferenceError,
    LogitInferenceWarning,
    SeparationError,
    SeparationWarning,
)
from logit_inference.models.certify import certify, certify_arrays
from logit_inference.models.compare import compare
from logit_inference.models.conditional import conditional_logit
from logit_inference.models.logit import logit, logit_arrays
from logit_inference.models.matched import ConditionalResult
from logit_inference.models.result import LogitResult
from logit_inference.models.saved import load
from logit_inference.models.separated import detect_separation, detect_separation_arrays

__version__ = "0.1.0"

__all__ = [
    "CollinearityWarning",
    "ComparisonError",
    "ConditionalResult",
    "ConvergenceError",
    "LogitInferenceError",
    "LogitInferenceWarning",
    "LogitResult",
    "SeparationError",
    "SeparationWarning",
    "certify",
    "certify_arrays",
    "compare",
    "conditional_logit",
    "datasets",
    "detect_separation",
    "detect_separation_arrays",
    "errors",
    "load",
    "logit",
    "logit_arrays",
]
