"""The contenders: each fits the data of a shape and answers with what an analyst would read.

A contender imports its package when it runs, so that a process that measures the memory of one
holds no other. Each package gets what it takes fastest, at tolerances at which its coefficients are
right to about a millionth of a standard error where it can be; the table shows the errors.
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.benchmarks.data import Data
from tests.benchmarks.shapes import FORMULA, GLUM_LOOSER, OURS

TOLERANCE = 1e-8  # of glum's and scikit-learn's mean gradients


@dataclass(frozen=True)
class Answer:
    """Coefficients, standard errors where the package has them, and how it got there.

    For refits both have a row for each replicate.
    """

    coef: np.ndarray
    std_errors: np.ndarray | None
    detail: Mapping[str, Any]


def contender(name: str, kind: str) -> Callable[[Data, int | None], Answer]:
    """Return the function of data and number of threads that fits one kind of shape."""
    return _REFITS[name] if kind == "bootstrap" else _FITS[name]


def load(name: str) -> None:
    """Import what a contender needs."""
    for module in _MODULES[name]:
        importlib.import_module(module)


# --- ours -----------------------------------------------------------------------------------------


def _ours(data: Data, threads: int | None) -> Answer:
    return _ours_formula(data, threads) if data.codes else _ours_arrays(data, threads)


def _ours_arrays(data: Data, threads: int | None) -> Answer:
    import logit_inference as li

    return _ours_answer(li.logit_arrays(data.y, data.X, threads=threads))


def _ours_formula(data: Data, threads: int | None) -> Answer:
    import logit_inference as li

    return _ours_answer(li.logit(data.formula, data.frame, threads=threads))


def _ours_answer(fit: Any) -> Answer:
    found = fit.solution
    detail = {
        "log_likelihood": fit.llf,
        "passes": found.n_passes,
        "steps": [step.kind for step in found.steps],
    }
    # Arrays, as statsmodels gives for arrays; `params` and `bse` put them into labelled Series.
    return Answer(fit.estimate.coef, fit.estimate.std_errors, detail)


def _ours_refits(data: Data, threads: int | None) -> Answer:
    import logit_inference as li

    fit = li.logit_arrays(data.y, data.X, threads=threads)
    batch = fit.refit_weights(data.W, std_errors=True)
    failed = sum(not outcome.converged for outcome in batch.outcomes)
    return Answer(batch.coef, batch.std_errors, {"not_converged": failed})


# --- statsmodels ----------------------------------------------------------------------------------


def _statsmodels(data: Data, threads: int | None) -> Answer:
    from statsmodels.discrete.discrete_model import Logit

    fit = Logit(data.y, data.X).fit(disp=0)
    detail = {"log_likelihood": fit.llf, "iterations": fit.mle_retvals["iterations"]}
    return Answer(fit.params, fit.bse, detail)


def _statsmodels_logit_refits(data: Data, threads: int | None) -> Answer:
    """Logit has no weights: a bootstrap sample is its rows, repeated."""
    from statsmodels.discrete.discrete_model import Logit

    start = Logit(data.y, data.X).fit(disp=0).params
    coef, std_errors, failed = [], [], 0
    for weights in data.W:
        rows = np.repeat(np.arange(len(data.y)), weights)
        fit = Logit(data.y[rows], data.X[rows]).fit(start_params=start, disp=0)
        coef.append(fit.params)
        std_errors.append(fit.bse)
        failed += not fit.mle_retvals["converged"]
    return Answer(np.array(coef), np.array(std_errors), {"not_converged": failed})


def _statsmodels_glm_refits(data: Data, threads: int | None) -> Answer:
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    start = GLM(data.y, data.X, family=Binomial()).fit().params
    coef, std_errors, failed = [], [], 0
    for weights in data.W:
        model = GLM(data.y, data.X, family=Binomial(), freq_weights=weights)
        fit = model.fit(start_params=start)
        coef.append(fit.params)
        std_errors.append(fit.bse)
        failed += not fit.converged
    return Answer(np.array(coef), np.array(std_errors), {"not_converged": failed})


# --- glum and scikit-learn ------------------------------------------------------------------------


def _glum(data: Data, threads: int | None, tolerance: float = TOLERANCE) -> Answer:
    """glum makes its own categorical columns from a table, here once for fit and covariance.

    Its standard errors come with an estimated dispersion and the factor n / (n − p). Those of the
    binomial model have neither.
    """
    from glum import GeneralizedLinearRegressor
    from tabmat import from_df

    table = bool(data.codes)
    X = from_df(data.features, drop_first=True) if table else data.X
    model = GeneralizedLinearRegressor(
        family="binomial", alpha=0, fit_intercept=table, gradient_tol=tolerance, robust=False
    )
    model.fit(X, data.y)
    n, p = len(data.y), data.n_columns
    std_errors = model.std_errors(X, data.y, dispersion=1.0) * np.sqrt((n - p) / n)
    coef = np.r_[model.intercept_, model.coef_] if table else model.coef_
    return Answer(coef, std_errors, {"iterations": int(model.n_iter_)})


def _glum_looser(data: Data, threads: int | None) -> Answer:
    """At a million rows glum's line search stalls on the rounding of its objective.

    What it then spends on 1e-8 is shown beside what it takes to stop before.
    """
    return _glum(data, threads, tolerance=1e-7)


def _scikit_learn(data: Data, threads: int | None) -> Answer:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(
        C=np.inf, fit_intercept=False, solver="newton-cholesky", tol=TOLERANCE
    )
    model.fit(data.X, data.y)
    return Answer(model.coef_[0], None, {"iterations": int(model.n_iter_[0])})


_FITS = {
    OURS: _ours,
    FORMULA: _ours_formula,
    "statsmodels": _statsmodels,
    "glum": _glum,
    GLUM_LOOSER: _glum_looser,
    "scikit-learn": _scikit_learn,
}
_REFITS = {
    OURS: _ours_refits,
    "statsmodels Logit": _statsmodels_logit_refits,
    "statsmodels GLM": _statsmodels_glm_refits,
}
_STATSMODELS = (
    "statsmodels.discrete.discrete_model",
    "statsmodels.genmod.generalized_linear_model",
)
_MODULES = {
    OURS: ("logit_inference",),
    FORMULA: ("logit_inference", "pandas", "formulaic"),
    "statsmodels": _STATSMODELS,
    "statsmodels Logit": _STATSMODELS,
    "statsmodels GLM": _STATSMODELS,
    "glum": ("glum", "pandas"),
    GLUM_LOOSER: ("glum", "pandas"),
    "scikit-learn": ("sklearn.linear_model",),
}
