"""The entry points: a formula and a table, or arrays, to a fitted result.

This is where everything meets: design, rows, likelihood, solver, covariance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from logit_inference.design.arrays import read_arrays
from logit_inference.design.design import build_design
from logit_inference.inference.wald import check_level
from logit_inference.models.assembly import assemble, fit_design
from logit_inference.models.estimator import read_estimator
from logit_inference.models.request import ResultRequest, check_separation, read_search
from logit_inference.models.result import LogitResult
from logit_inference.models.sampled import (
    Drawn,
    check_sampling,
    read_data,
    scaled,
    with_sample,
)


def logit(
    formula: str,
    data: Any,
    *,
    event: Any = None,
    trials: Any = None,
    weights: Any = None,
    weights_kind: str | None = None,
    offset: Any = None,
    estimator: str = "ml",
    power: float | None = None,
    prior_df: float | Mapping[str, float] | None = None,
    penalty: float | Mapping[str, float] | None = None,
    intercept: str | None = None,
    covariance: str | None = None,
    cluster: Any = None,
    missing: str = "drop",
    separation: str = "limit",
    start: Any = None,
    solver: str = "newton",
    learning_rate: float | None = None,
    tolerance: float = 1e-8,
    max_iterations: int | None = None,
    require_convergence: bool = True,
    level: float = 0.95,
    threads: int | None = None,
    context: Mapping[str, Any] | None = None,
) -> LogitResult:
    """Return the logistic regression of a formula on a table, by maximum likelihood unless asked.

    Maximises ``Σ w [y log mu + (m − y) log(1 − mu)]`` with ``log(mu/(1 − mu)) = X coef + offset``
    by Newton–Raphson, or what ``estimator`` and ``solver`` say.

    Parameters
    ----------
    formula : str
        ``"low ~ age + lwt + C(race) + smoke"``. Operators ``+ - : * / ^ %in%``, ``C()`` with
        contrasts, ``I()``, ``poly``, ``bs``, ``cr``, ``ns``, numpy functions, backticks, ``.`` for
        all other columns, ``0 +`` or ``- 1`` for no intercept, ``cbind(successes, failures)`` on
        the left. A formula sees the columns of ``data`` and ``context``, never local variables.
    data : table
        pandas, polars or pyarrow table, or a dict of arrays; n rows. Or a survey design (see
        `survey`), which has its table and sampling weights. The first level of a factor is
        its reference: categories stand in their declared order, text sorted. A polars Categorical
        declares no order and is sorted like text; an Enum keeps its own.
    event : value, optional
        Value of the outcome whose probability is modelled. By default 1 or True; of two levels of
        text or categories the second. Where all rows have one outcome, maximum likelihood has no
        finite estimate and is refused; Firth's has one. A text with one level only does not say
        whether it is the event: name it here, or declare two categories.
    trials : column name, expression or (n,) array, optional
        Numbers of trials, for grouped data with numbers of successes on the left.
    weights : column name, expression or (n,) array, optional
        Prior weights; ``weights_kind`` says what they mean.
    weights_kind : {"frequency", "precision", "sampling"}, optional
        Each row stands for w rows; variance weights (n stays the number of rows); or each row was
        drawn with a chance of 1/w: a pseudo-likelihood with a sandwich covariance, HC0 times
        n/(n − 1), and t with n − p degrees of freedom (R's survey, of a design without clusters).
        Likelihood-ratio tests, AIC and BIC then refuse.
    offset : column name, expression or (n,) array, optional
        Known part of the linear predictor.
    estimator : {"ml", "firth", "median-br", "jeffreys", "log-f", "ridge"}
        ``"firth"`` penalises by Jeffreys' prior, which removes the first-order bias and is finite
        for separated data, also where all outcomes are the same; ``"jeffreys"`` by its square to
        the ``power``; ``"median-br"`` makes each estimate about as often too small as too large;
        ``"log-f"`` and ``"ridge"`` shrink coefficients by ``prior_df`` and ``penalty``. See
        `Estimator` for the formulas. Tables of penalised fits have likelihood-ratio p-values and
        profile intervals of what was maximised (``"firth"``, ``"jeffreys"``, ``"log-f"``), or
        Wald's.
    power : float, optional
        For ``"jeffreys"``: of the determinant of the information; 0.5 is Firth's.
    prior_df : float or mapping, optional
        For ``"log-f"``: degrees of freedom m of the log-F(m, m) prior, for all coefficients but the
        intercept, or by name of coefficient or term, others being left alone.
    penalty : float or mapping, optional
        For ``"ridge"``: c in ``−½ c b²``, in the same ways. Columns are not standardised.
    intercept : {"flic", "flac"}, optional
        For ``"firth"``: a correction after which fitted probabilities have the mean of the outcome.
    covariance : {"model", "HC0", "HC1", "HC2", "HC3", "cluster", "augmented", "survey"}, optional
        Of the tables; see `LogitResult.with_covariance` for types and conventions. By default
        ``"cluster"`` where there are clusters, ``"survey"`` with sampling weights, else
        ``"model"``.
    cluster : column name, list of names, (n,) array, or mapping of name to array, optional
        Clusters of rows that may be correlated; rows without one are dropped as for any variable.
    missing : {"drop", "raise"}
        What to do with rows that miss a value of any variable in use. Dropped rows are counted.
    separation : {"limit", "raise"}
        What to do where the data are separated, so that no finite coefficients maximise the
        likelihood: a warning and the limiting model, or an error.
    start : (p,) array, optional
        Where the iteration starts; by default at the null model.
    solver : {"newton", "gradient-descent", "lbfgs"}
        First-order methods (for maximum likelihood) know no curvature: gradient descent on the cost
        per sample ``J = −ℓ/n`` takes long on columns of unlike size. They stop on Newton's terms,
        and the certificate says how far from the maximum.
    learning_rate : float, optional
        Of gradient descent: each step is ``learning_rate · score/n``. By default found for each
        step by backtracking.
    tolerance : float
        Largest Newton decrement at convergence, in standard errors.
    max_iterations : int, optional
        Largest number of steps; by default 50 of Newton's, 10,000 of gradient descent, 1,000 of
        L-BFGS.
    require_convergence : bool
        Whether a search that does not converge raises. If not, the result says how it ended.
    level : float
        Confidence level of tables and intervals.
    threads : int, optional
        Most threads that may share the rows, by default one for each processor. Fewer are started
        where the table is too small for them to pay. The result does not depend on it, to the last
        bit.
    context : mapping of name to object, optional
        Further names that the formula may use.

    Returns
    -------
    LogitResult
        Printed, it is its summary.

    Raises
    ------
    FormulaError, SchemaError, OutcomeError, MissingError, WeightsError, DataError
        For input that cannot be fitted as it is; the message says what to write.
    ConvergenceError
        Where no maximum was reached; it names the columns that were still moving.
    SeparationError
        Where the data are separated, with ``separation="raise"``.
    SurveyError
        For a design with strata of one unit, arguments that it has said, or another estimator.

    Warns
    -----
    CollinearityWarning
        Where columns are dropped, because they are combinations of earlier ones (R's convention).
    SeparationWarning
        Where the data are separated: names the terms and the evidence. Infinite coefficients are
        ±inf, or NaN where the data allow both signs, with a likelihood-ratio test and an interval
        with an infinite end; the others are those of the limiting conditional model (Geyer 2009),
        estimated from the rows that are not separated, and the log-likelihood is its supremum. AIC
        and BIC count all coefficients.

    Notes
    -----
    Five to eight passes over the rows in most fits; memory: the design once (n × p floats) and a
    block of it. Numbers follow R's ``glm`` and statsmodels' ``Logit``: log-likelihood with the
    binomial coefficients of grouped data, null model with an intercept and the offset.

    References
    ----------
    McCullagh and Nelder (1989), *Generalized Linear Models*, chapter 4.

    Examples
    --------
    >>> import logit_inference as li
    >>> fit = li.logit("low ~ age + lwt + C(race) + smoke", li.datasets.load("birthwt"))
    >>> fit.params.round(4).to_dict()["smoke"]
    1.0544
    """
    search = read_search(start, tolerance, max_iterations, threads, solver, learning_rate)
    request = read_estimator(
        estimator, power=power, prior_df=prior_df, penalty=penalty, intercept=intercept
    )
    level = check_level(level)
    check_separation(separation)
    drawn = read_data(data, weights, weights_kind, cluster)
    check_sampling(drawn.weights_kind, estimator)
    design, encoded = build_design(
        formula,
        drawn.table,
        event=event,
        trials=trials,
        weights=drawn.weights,
        weights_kind=drawn.weights_kind,
        offset=offset,
        groups=() if cluster is None else cluster,
        missing=missing,
        context=context,
        one_value=estimator != "ml",
    )
    rows = scaled(encoded, drawn.weights_kind)
    fit = fit_design(design, rows, search, request)
    how = ResultRequest(level, separation, require_convergence, search)
    result = assemble(fit, design, rows, formula, drawn.weights_kind, how)
    result = replace(with_sample(result, drawn, encoded), table=drawn.table)
    return _with_covariance(result, covariance, cluster is not None)


def logit_arrays(
    y: Any,
    X: Any,
    *,
    names: Sequence[str] | None = None,
    intercept: bool | str = False,
    event: Any = None,
    trials: Any = None,
    weights: Any = None,
    weights_kind: str | None = None,
    offset: Any = None,
    estimator: str = "ml",
    power: float | None = None,
    prior_df: float | Mapping[str, float] | None = None,
    penalty: float | Mapping[str, float] | None = None,
    covariance: str | None = None,
    cluster: Any = None,
    separation: str = "limit",
    start: Any = None,
    solver: str = "newton",
    learning_rate: float | None = None,
    tolerance: float = 1e-8,
    max_iterations: int | None = None,
    require_convergence: bool = True,
    level: float = 0.95,
    threads: int | None = None,
) -> LogitResult:
    """Return the logistic regression of an outcome on the columns of an array.

    By maximum likelihood unless ``estimator`` says otherwise.

    Parameters
    ----------
    y : (n,) array-like
        0/1, bool, or two-level text; numbers of successes where ``trials`` is given.
    X : (n, p) array-like of numbers
        Any real dtype and memory order. It is not copied as a whole, unless it is so small that the
        search keeps all it needs of it in 8 MB. A column of ones in it is the intercept.
    names : sequence of p str, optional
        By default the columns of a pandas X, else x1, x2, …; ``const`` for a column of ones.
    intercept : bool, or {"flic", "flac"}
        Whether to put a column of ones, named ``Intercept``, before the others. A text asks for
        that correction of Firth's intercept (see `logit`): of a column of ones that X has, else of
        one that is put before the others.
    event, trials, weights, weights_kind, offset
        As in `logit`; arrays of length n instead of names.
    start, solver, learning_rate, tolerance, max_iterations
        As in `logit`.
    estimator, power, prior_df, penalty, covariance, separation, require_convergence
        As in `logit`.
    cluster : (n,) array, or mapping of name to array, optional
        Labels of clusters of rows that may be correlated.
    level, threads
        As in `logit`.

    Returns
    -------
    LogitResult

    Raises
    ------
    DataError
        For missing or infinite values, with column and row, and for shapes that do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> import logit_inference as li
    >>> y, x = np.array([0, 0, 1, 0, 1, 1]), np.array([1.0, 2, 2, 3, 3, 4])
    >>> li.logit_arrays(y, x[:, None], names=["dose"], intercept=True).params.round(4).to_dict()
    {'Intercept': -3.4657, 'dose': 1.3863}
    """
    search = read_search(start, tolerance, max_iterations, threads, solver, learning_rate)
    correction = intercept if isinstance(intercept, str) else None
    request = read_estimator(
        estimator, power=power, prior_df=prior_df, penalty=penalty, intercept=correction
    )
    level = check_level(level)
    check_separation(separation)
    check_sampling(weights_kind, estimator)
    design, encoded = read_arrays(
        y,
        X,
        names=names,
        intercept=bool(intercept) if correction is None else not _has_ones(X),
        event=event,
        trials=trials,
        weights=weights,
        weights_kind=weights_kind,
        offset=offset,
        groups=cluster,
        one_value=estimator != "ml",
    )
    rows = scaled(encoded, weights_kind)
    fit = fit_design(design, rows, search, request)
    how = ResultRequest(level, separation, require_convergence, search)
    result = assemble(fit, design, rows, None, weights_kind, how)
    result = with_sample(result, Drawn(X, weights, weights_kind, None), encoded)
    return _with_covariance(result, covariance, cluster is not None)


def _with_covariance(result: LogitResult, covariance: str | None, clusters: bool) -> LogitResult:
    """Return the result with the covariance asked for; clusters ask for theirs."""
    own = "survey" if result.account.is_pseudo else "model"
    kind = ("cluster" if clusters else own) if covariance is None else covariance
    return result if kind == "model" else result.with_covariance(kind)


def _has_ones(X: Any) -> bool:
    """Say whether a column of ones is among the columns of an array."""
    columns = np.asarray(X)
    return columns.ndim == 2 and bool((columns == 1).all(axis=0).any())
