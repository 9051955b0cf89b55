"""Effects: predictions, comparisons and slopes, of each row or on average.

Each function takes a result and what is asked of it, and returns an `Effects` table. They are
methods of the result as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from logit_inference.design.grid import DataGrid
from logit_inference.effects.moments import Weighting
from logit_inference.effects.quantities import Effect
from logit_inference.effects.scales import KINDS, MEASURES, PREDICTIONS, SLOPE, Measure
from logit_inference.errors import ArgumentError, EffectError
from logit_inference.models.answerable import check_one_probability
from logit_inference.models.contrasts import comparison_effects, prediction_effects, slope_effects
from logit_inference.models.effect_answer import answer
from logit_inference.models.effect_request import Asking, Options
from logit_inference.models.effect_rows import Asked, asked_rows, fitted_rows
from logit_inference.models.effect_table import Effects

if TYPE_CHECKING:
    from logit_inference.models.result import LogitResult

MOST_GROUPS = 100_000
UNBOUNDED = (-np.inf, np.inf)
RANGES: Mapping[str, tuple[float, float]] = {"response": (0.0, 1.0), "odds": (0.0, np.inf)}


def predictions(
    result: LogitResult,
    variables: Any = None,
    *,
    newdata: Any = None,
    by: str | Sequence[str] | None = None,
    wts: Any = None,
    kind: str = "response",
    level: float | None = None,
    covariance: Any = None,
    cluster: Any = None,
    hypothesis: Any = None,
    adjust: str | None = None,
    uncertainty: str | None = None,
    draws: int = 1000,
    seed: int = 1,
) -> Effects:
    """Return the prediction of each row, or its averages in groups.

    Parameters
    ----------
    result : LogitResult
    variables : str, list of str, or mapping of name to values, optional
        Variables that are set to values (levels; five quantiles of a number), each row being
        predicted at every combination of them.
    newdata : table, or text, or `datagrid`, optional
        Rows to predict; by default those of the fit. ``"mean"`` and ``"median"``: one typical row.
        ``"balanced"``: every combination of levels, numbers at the mean; ``"proportional"``: the
        same, counting in averages as often as the combinations occur in the fit.
    by : str or list of str, optional
        Variables, or other columns of the table, in whose groups predictions are averaged.
    wts : str or array, optional
        What rows count in averages. By default the rows of the fit count as the observations that
        they stand for (frequency weights, sampling weights, trials), others the same.
    kind : {"response", "link", "odds"}
        Probability, linear predictor or odds.
    level : float, optional
        Of the intervals.
    covariance : str or LogitResult, optional
        ``"HC1"``, ``"cluster"``, …, as in `LogitResult.with_covariance`; or this result with
        another covariance. By default the result's own.
    cluster : str, list of str, or array, optional
        What clusters a clustered covariance has.
    hypothesis : number, str, list of str, or array, optional
        A number is the value that each is tested against. ``"pairwise"``, ``"reference"`` and
        ``"sequential"`` compare the rows of the table, ``"interaction"`` is differences of
        differences; ``"b1 = b2"`` is about its first and second row.
    adjust : {"holm", "bonferroni", "bh", "by", "single-step", "simultaneous"}, optional
        Of p-values, for their number; ``"simultaneous"`` of intervals too.
    uncertainty : {"conditional", "population", "simulation", "bootstrap", "likelihood"}, optional
        Given the rows, by the delta method (the default; effects at the boundary then get
        likelihood intervals, or none where the covariance is not the model's); for averages over a
        population of which the rows are a sample; by draws of the coefficients; by refits to rows
        drawn again; by inverting the likelihood-ratio test.
    draws, seed : int
        Of simulation and bootstrap.

    Returns
    -------
    Effects

    Raises
    ------
    EffectError
        For variables that the fit does not have, and for questions without an answer.

    Notes
    -----
    One pass over the rows. Intervals of probabilities are computed on the logit scale, of odds on
    the log scale: they stay in range. No p-values without a hypothesis: that a probability is zero
    is none.

    Examples
    --------
    >>> import logit_inference as li
    >>> fit = li.logit("low ~ age + smoke", li.datasets.load("birthwt"))
    >>> fit.predictions(newdata="mean").to_frame().iloc[0, 1:].astype(float).round(3).tolist()
    [0.305, 0.034, 0.242, 0.376]
    """
    ask = _ask(result, newdata, by, wts, kind)
    effects, names = prediction_effects(ask.fitted.rows, variables, ask.fitted.weights)
    _check_free(names, ask.by)
    options = Options(level, covariance, cluster, hypothesis, adjust, uncertainty, draws, seed)
    measure, inner = PREDICTIONS[kind], kind
    by_row = not ask.by
    if by_row:  # the logit of a row's probability is its linear predictor
        measure = Measure(measure.name, "identity", measure.shown, np.nan, measure.header)
        inner = "link"
    return answer(result, _asking(ask, effects, measure, inner, by_row, "Predictions"), options)


def avg_predictions(
    result: LogitResult,
    variables: Any = None,
    *,
    newdata: Any = None,
    by: str | Sequence[str] | None = None,
    wts: Any = None,
    kind: str = "response",
    level: float | None = None,
    covariance: Any = None,
    cluster: Any = None,
    hypothesis: Any = None,
    adjust: str | None = None,
    uncertainty: str | None = None,
    draws: int = 1000,
    seed: int = 1,
    letters: bool = False,
) -> Effects:
    """Return average predictions; with ``variables`` average adjusted predictions.

    With ``variables="smoke"`` everybody's smoking is set to each of its levels in turn, all else
    left as it is: standardisation, or the g-formula. With ``newdata="balanced"`` and ``by=`` these
    are estimated marginal means.

    Parameters
    ----------
    result, variables, newdata, by, wts, kind, level, covariance, cluster, hypothesis, adjust, \
uncertainty, draws, seed
        As in `predictions`.
    letters : bool
        Whether to add a compact letter display: estimates that share a letter do not differ, by
        pairwise tests adjusted by ``adjust`` (single-step without).

    Examples
    --------
    >>> import logit_inference as li
    >>> fit = li.logit("low ~ age + lwt + smoke", li.datasets.load("birthwt"))
    >>> fit.avg_predictions("smoke").to_frame()[["smoke", "estimate"]].round(3).values.tolist()
    [[0.0, 0.257], [1.0, 0.397]]
    """
    ask = _ask(result, newdata, by, wts, kind)
    effects, names = prediction_effects(ask.fitted.rows, variables, ask.fitted.weights)
    _check_free(names, ask.by)
    options = Options(
        level, covariance, cluster, hypothesis, adjust, uncertainty, draws, seed, letters
    )
    title = "Average Adjusted Predictions" if names else "Average Predictions"
    return answer(result, _asking(ask, effects, PREDICTIONS[kind], kind, False, title), options)


def comparisons(
    result: LogitResult,
    variables: Any = None,
    *,
    contrast: str = "difference",
    cross: bool = False,
    newdata: Any = None,
    by: str | Sequence[str] | None = None,
    wts: Any = None,
    kind: str = "response",
    level: float | None = None,
    covariance: Any = None,
    cluster: Any = None,
    hypothesis: Any = None,
    adjust: str | None = None,
    uncertainty: str | None = None,
    draws: int = 1000,
    seed: int = 1,
) -> Effects:
    """Return the comparison of two predictions for each row, or their averages in groups.

    Parameters
    ----------
    result : LogitResult
    variables : str, list of str, or mapping of name to contrast, optional
        All variables by default. Numbers: one more (1 − 0 where they are 0 and 1 only), a step
        such as 10, two values (20, 30), ``"sd"`` and ``"2sd"`` around the mean, ``"iqr"``,
        ``"minmax"``. Levels: ``"reference"`` (each against the first), ``"sequential"``,
        ``"pairwise"``, ``"each"`` (each against what was observed), or two of them ("a", "b"),
        which is b against a.
    contrast : {"difference", "ratio", "odds-ratio", "log-ratio", "lift", "nnt"}
        Lift is the ratio minus one, NNT one over the difference. In averages of rows, predictions
        are averaged first and compared then: a ratio of averages.
    cross : bool
        Whether the variables change together.
    newdata, by, wts, kind, level, covariance, cluster, hypothesis, adjust, uncertainty, draws, seed
        As in `predictions`.

    Notes
    -----
    Effects are of variables: a change is carried through polynomials, splines, interactions,
    contrasts and offsets by writing the columns again. Ratios are tested against 1, with intervals
    by their logarithm; intervals of differences of probabilities end at −1 and 1.

    Examples
    --------
    >>> import logit_inference as li
    >>> fit = li.logit("low ~ age * smoke", li.datasets.load("birthwt"))
    >>> at = li.datagrid(age=[20, 30])
    >>> fit.comparisons("smoke", newdata=at).to_frame()["estimate"].round(3).tolist()
    [0.113, 0.232]
    """
    ask = _ask(result, newdata, by, wts, kind)
    options = Options(level, covariance, cluster, hypothesis, adjust, uncertainty, draws, seed)
    return _compare(result, ask, variables, contrast, cross, kind, not ask.by, options)


def avg_comparisons(
    result: LogitResult,
    variables: Any = None,
    *,
    contrast: str = "difference",
    cross: bool = False,
    newdata: Any = None,
    by: str | Sequence[str] | None = None,
    wts: Any = None,
    kind: str = "response",
    level: float | None = None,
    covariance: Any = None,
    cluster: Any = None,
    hypothesis: Any = None,
    adjust: str | None = None,
    uncertainty: str | None = None,
    draws: int = 1000,
    seed: int = 1,
) -> Effects:
    """Return average comparisons: risk differences, risk ratios and their like, standardised.

    Parameters
    ----------
    result, variables, contrast, cross, newdata, by, wts, kind, level, covariance, cluster, \
hypothesis, adjust, uncertainty, draws, seed
        As in `comparisons`.

    Examples
    --------
    >>> import logit_inference as li
    >>> fit = li.logit("low ~ age + lwt + C(race) + smoke", li.datasets.load("birthwt"))
    >>> fit.avg_comparisons("smoke", contrast="ratio")
                              Average Comparisons
    =======================================================================
                     ratio    std err        z    P>|z|    [0.025    0.975]
    -----------------------------------------------------------------------
    smoke: 1 / 0    1.8978     0.4147    2.932    0.003    1.2367    2.9125
    =======================================================================
    Tests are of ratio = 1; intervals by its logarithm.
    Standard errors: delta method, model-based covariance, given the rows.
    """
    ask = _ask(result, newdata, by, wts, kind)
    options = Options(level, covariance, cluster, hypothesis, adjust, uncertainty, draws, seed)
    return _compare(result, ask, variables, contrast, cross, kind, False, options)


def slopes(
    result: LogitResult,
    variables: Any = None,
    *,
    slope: str = "dydx",
    newdata: Any = None,
    by: str | Sequence[str] | None = None,
    wts: Any = None,
    kind: str = "response",
    level: float | None = None,
    covariance: Any = None,
    cluster: Any = None,
    hypothesis: Any = None,
    adjust: str | None = None,
    uncertainty: str | None = None,
    draws: int = 1000,
    seed: int = 1,
) -> Effects:
    """Return the slope of each row's prediction by each variable, or averages in groups.

    Parameters
    ----------
    result : LogitResult
    variables : str or list of str, optional
        All by default. Variables without a slope are compared with their reference level.
    slope : {"dydx", "eyex", "eydx", "dyex"}
        Of the prediction or its logarithm (``ey``) by the variable or its logarithm (``ex``):
        elasticities and semi-elasticities.
    newdata, by, wts, kind, level, covariance, cluster, hypothesis, adjust, uncertainty, draws, seed
        As in `predictions`.

    Notes
    -----
    Slopes are exact to rounding: expressions of the formula are differentiated by rule, splines by
    their own derivatives. Only functions passed by ``context=`` and formulaic's ``cr``, ``cs`` and
    ``cc`` are differenced: eighth-order central differences with a step of 1e-4 of the range of
    the variable; the same is exact for ``poly``, ``center`` and ``scale``. Jacobians are exact
    throughout.

    Examples
    --------
    >>> import logit_inference as li
    >>> fit = li.logit("low ~ age + I(age**2)", li.datasets.load("birthwt"))
    >>> at = li.datagrid(age=[20, 30])
    >>> fit.slopes("age", newdata=at).to_frame()["estimate"].round(4).tolist()
    [0.0006, -0.0229]
    """
    ask = _ask(result, newdata, by, wts, kind)
    options = Options(level, covariance, cluster, hypothesis, adjust, uncertainty, draws, seed)
    return _slopes(result, ask, variables, slope, kind, not ask.by, options)


def avg_slopes(
    result: LogitResult,
    variables: Any = None,
    *,
    slope: str = "dydx",
    newdata: Any = None,
    by: str | Sequence[str] | None = None,
    wts: Any = None,
    kind: str = "response",
    level: float | None = None,
    covariance: Any = None,
    cluster: Any = None,
    hypothesis: Any = None,
    adjust: str | None = None,
    uncertainty: str | None = None,
    draws: int = 1000,
    seed: int = 1,
) -> Effects:
    """Return average slopes: average marginal effects.

    Parameters
    ----------
    result, variables, slope, newdata, by, wts, kind, level, covariance, cluster, hypothesis, \
adjust, uncertainty, draws, seed
        As in `slopes`.

    Notes
    -----
    One pass over the rows for all variables; memory of a block of two megabytes.

    Examples
    --------
    >>> import logit_inference as li
    >>> fit = li.logit("low ~ age + lwt + C(race) + smoke", li.datasets.load("birthwt"))
    >>> fit.avg_slopes("lwt").to_frame()[["estimate", "std_error"]].round(5).values.tolist()
    [[-0.00242, 0.00119]]
    """
    ask = _ask(result, newdata, by, wts, kind)
    options = Options(level, covariance, cluster, hypothesis, adjust, uncertainty, draws, seed)
    return _slopes(result, ask, variables, slope, kind, False, options)


# --- what they share ------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Ask:
    """Rows that were asked for, those of the fit (or, without its rows, the same), and groups."""

    asked: Asked
    fitted: Asked
    by: tuple[str, ...]


def _ask(result: LogitResult, newdata: Any, by: Any, wts: Any, kind: str) -> _Ask:
    check_one_probability(result)
    if kind not in KINDS:
        raise ArgumentError("kind", kind, '"response", "link" or "odds"')
    named = by is None or by is False or isinstance(by, (str, Sequence, set))
    if not named:  # by=True, which means averages elsewhere
        allowed = (
            "the name of a variable, or a list of names; averages over all rows are those of "
            "avg_predictions, avg_comparisons and avg_slopes without by="
        )
        raise ArgumentError("by", by, allowed)
    names = (by,) if isinstance(by, str) else tuple(by or ())
    if not all(isinstance(name, str) for name in names):
        raise ArgumentError("by", by, "the name of a variable, or a list of names")
    of_table = newdata is not None and not isinstance(newdata, (str, DataGrid))
    fitted = None if result.fit is None and of_table else fitted_rows(result)
    asked = asked_rows(result, newdata, names, wts, fitted)
    return _Ask(asked, asked if fitted is None else fitted, names)


def _check_free(names: Sequence[str], by: Sequence[str]) -> None:
    both = [name for name in names if name in by]
    if both:
        raise EffectError.refused(
            f"by={both[0]!r}",
            "that variable is set to values of its own by variables=",
            "Its values have a row each already: leave it out of by=.",
        )


def _slopes(
    result: LogitResult,
    ask: _Ask,
    variables: Any,
    slope: str,
    kind: str,
    by_row: bool,
    options: Options,
) -> Effects:
    effects = slope_effects(ask.fitted.rows, variables, slope)
    seen = {effect.term for effect in effects}
    left_out = [name for name in ask.fitted.rows.names if name not in seen]
    if variables is None and left_out:
        note = f"Without a {slope} slope, and left out: {', '.join(left_out)}."
        ask = replace(ask, asked=replace(ask.asked, notes=(*ask.asked.notes, note)))
    title = "Slopes" if by_row else "Average Slopes"
    return answer(result, _asking(ask, effects, SLOPE, kind, by_row, title), options)


def _compare(
    result: LogitResult,
    ask: _Ask,
    variables: Any,
    contrast: str,
    cross: bool,
    kind: str,
    by_row: bool,
    options: Options,
) -> Effects:
    if contrast not in MEASURES:
        allowed = ", ".join(f'"{name}"' for name in MEASURES)
        raise ArgumentError("contrast", contrast, f"one of {allowed}")
    if kind == "link" and contrast != "difference":
        reason = "linear predictors are compared by their difference, which is a log odds ratio"
        raise ArgumentError.refused("contrast", contrast, reason, 'kind="response" for it')
    if kind == "odds" and contrast in ("odds-ratio", "nnt"):
        reason = "it is a comparison of probabilities"
        raise ArgumentError.refused("contrast", contrast, reason, 'kind="response" for it')
    measure, inner = MEASURES[contrast], kind
    if by_row and (contrast == "odds-ratio" or (kind == "odds" and measure.inner == "log")):
        # Of single rows, log odds are linear predictors.
        measure = Measure(
            contrast, "identity", measure.shown, measure.null, measure.header, measure.sign
        )
        inner = "link"
    effects = comparison_effects(
        ask.fitted.rows, variables, ask.fitted.weights, measure.sign, cross=cross
    )
    title = "Comparisons" if by_row else "Average Comparisons"
    return answer(result, _asking(ask, effects, measure, inner, by_row, title, kind), options)


def _asking(
    ask: _Ask,
    effects: Sequence[Effect],
    measure: Measure,
    kind: str,
    by_row: bool,
    title: str,
    shown: str | None = None,
) -> Asking:
    """Return the request with its groups: of ``by=``, or every row by itself."""
    asked, limits = ask.asked, UNBOUNDED
    if measure.shown == "expit":
        limits = RANGES["response"]
    elif measure.shown == "exp":
        limits = RANGES["odds"]
    elif measure.name == "lift":
        limits = (-1.0, np.inf)
    elif measure.name == "difference" and (shown or kind) == "response":
        limits = (-1.0, 1.0)
    n = asked.rows.n_rows
    groups: Mapping[str, Sequence[Any]]
    if by_row:
        notes = tuple(note for note in asked.notes if not note.startswith("Averages:"))
        asked = replace(asked, notes=notes)
        groups = asked.shown or {"row": list(asked.labels) if len(asked.labels) else list(range(n))}
        weighting = Weighting(np.ones(n), np.arange(n), n)
    elif ask.by:
        codes, groups = _groups({name: asked.values(name, "by") for name in ask.by}, asked.rows)
        weighting = Weighting(asked.weights, codes, len(next(iter(groups.values()))))
    else:
        groups, weighting = {}, Weighting(asked.weights, np.zeros(n, dtype=np.intp), 1)
    return Asking(effects, measure, kind, asked, groups, weighting, by_row, limits, title)


def _groups(
    values: Mapping[str, Sequence[Any]], rows: Any
) -> tuple[np.ndarray[Any, np.dtype[np.intp]], dict[str, list[Any]]]:
    """Return the group of each row, and the values of each group, in order."""
    keys = list(zip(*values.values(), strict=True))
    known = [list(rows.levels(name)) if name in rows.columns else [] for name in values]

    def order(key: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(
            levels.index(part) if part in levels else (isinstance(part, str), part)
            for part, levels in zip(key, known, strict=True)
        )

    found = sorted(set(keys), key=order)
    if len(found) > MOST_GROUPS:
        raise EffectError.too_many("averages", len(found), MOST_GROUPS, "group by fewer values")
    place = {key: code for code, key in enumerate(found)}
    codes = np.array([place[key] for key in keys], dtype=np.intp)
    columns = {name: [key[j] for key in found] for j, name in enumerate(values)}
    return codes, columns
