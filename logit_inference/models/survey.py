"""Sampling designs: which rows of a table were drawn with which chances, together with which.

A design belongs to a table and knows no model. It counts strata and units once, on all rows, so
that a model of a part of them still knows how many were drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.covariance.replicates import TYPES, Replicates, default_scales
from logit_inference.covariance.survey import LONELY, Codes, Stage
from logit_inference.errors import ArgumentError, SchemaError, SurveyError, plain
from logit_inference.report.survey import design_table
from logit_inference.rows.block import Floats, check_weights

if TYPE_CHECKING:
    from logit_inference.design.frame import Frame
    from logit_inference.report.table import Table

MOST_UNITS = 4096  # of which a jackknife is written out: units squared are a matrix of its factors


@dataclass(frozen=True)
class RoleNames:
    """What a design's columns are called, for tables and messages.

    Parameters
    ----------
    weights, strata, psu, fpc : tuple of str
        Columns of each role, or what stands for one.
    levels : tuple of tuples
        Names of the strata of each stage.
    weights_column : str or None
        The column of sampling weights, where they are one of the table.
    """

    weights: tuple[str, ...]
    strata: tuple[str, ...] = ()
    psu: tuple[str, ...] = ()
    fpc: tuple[str, ...] = ()
    levels: tuple[tuple[Any, ...], ...] = ((),)
    weights_column: str | None = None


@dataclass(frozen=True, repr=False, eq=False)
class SurveyDesign:
    """A table with the design by which its rows were drawn; printed, it is a table of stages.

    Made by `logit_inference.survey` and `logit_inference.survey_replicates`; ``logit(formula,
    design)`` fits it.

    Parameters
    ----------
    table : table
        All n rows, as they were given.
    weights : (n,) array
        Sampling weights.
    stages : tuple of Stage
        What was drawn, first strata and primary sampling units; of later stages those that add to
        the variance, which is where there are finite population corrections.
    lonely_psu : str
        What is done with strata of one unit.
    names : RoleNames
    replicates : Replicates or None
        Replicate weights, which then make the variance.
    domain : (n,) array of bool or None
        The rows that models are of; None for all.
    conditions : tuple of str
        How the domain was written.
    """

    table: Any
    weights: Floats
    stages: tuple[Stage, ...]
    lonely_psu: str
    names: RoleNames
    replicates: Replicates | None = None
    domain: NDArray[np.bool_] | None = None
    conditions: tuple[str, ...] = ()

    @property
    def n_rows(self) -> int:
        """Rows of the whole design."""
        return len(self.weights)

    @property
    def n_strata(self) -> int:
        """Strata of the first stage."""
        return len(self.stages[0].sampled)

    @property
    def n_psu(self) -> int:
        """Primary sampling units."""
        return int(self.stages[0].sampled.sum())

    @property
    def rows(self) -> NDArray[np.intp] | None:
        """Positions of the rows of the domain; None where that is all."""
        return None if self.domain is None else np.flatnonzero(self.domain)

    @property
    def df(self) -> float:
        """Degrees of freedom of the design in the domain, as R's ``degf``.

        Primary sampling units less strata, of those with a row of positive weight; the rank of the
        replicate weights less one, where there are some.
        """
        return design_df(self.stages, self.replicates, self.weights, self.rows)

    def subset(self, condition: Any) -> SurveyDesign:
        """Return the design for a domain: models are of its rows, variances of the whole design.

        Parameters
        ----------
        condition : str or (n,) array of bool
            ``"age > 40"``, ``"stype == 'E'"``, a boolean column; a row where it is missing is
            outside.

        Examples
        --------
        >>> import logit_inference as li
        >>> schools = li.datasets.load("apistrat")
        >>> design = li.survey(schools, weights="pw", strata="stype", fpc="fpc")
        >>> design.subset("stype == 'E'").df, design.subset("ell > 20").df
        (99.0, 78.0)
        """
        inside = _condition(self.table, condition, self.n_rows)
        told = condition if isinstance(condition, str) else "an array"
        if self.domain is not None:
            inside &= self.domain
        if not inside.any():
            raise SurveyError.empty_domain(repr(told))
        return replace(self, domain=inside, conditions=(*self.conditions, told))

    def with_replicates(self, type: str, *, mse: bool = False) -> SurveyDesign:
        """Return the design with jackknife weights in place of its linearisation.

        Parameters
        ----------
        type : {"JK1", "JKn"}
            Each primary sampling unit is left out once, and the others of its stratum take its
            weight; ``"JK1"`` for designs without strata. As R's ``as.svrepdesign``, the finite
            population correction is that of the first stage.
        mse : bool
            Whether squares are about the estimate, or about the mean of the replicates (R's).
        """
        return replace(self, replicates=_jackknife(self, type, mse))

    def to_table(self) -> Table:
        """Return one row for each stage."""
        return design_table(
            self.stages,
            (self.names.psu, self.names.strata, self.names.fpc),
            n_rows=self.n_rows,
            weights=(", ".join(self.names.weights), float(self.weights.sum())),
            df=self.df,
            notes=describe(self),
        )

    def __repr__(self) -> str:
        return str(self.to_table())

    def _repr_html_(self) -> str:
        return self.to_table().to_html()


def survey(
    data: Any,
    *,
    weights: Any = None,
    strata: Any = None,
    psu: Any = None,
    fpc: Any = None,
    nest: bool = False,
    lonely_psu: str = "fail",
) -> SurveyDesign:
    """Return the sampling design of a table.

    Parameters
    ----------
    data : table
        pandas, polars or pyarrow table, or a dict of arrays: all n rows of the sample, also those
        that a model will not use.
    weights : column name or (n,) array, optional
        Sampling weights, one over the chance to be drawn. By default what ``fpc`` implies; with
        neither, equal.
    strata : column name or array, or a list of them, optional
        Strata of the first stage, or of each stage.
    psu : column name or array, or a list of them, optional
        Primary sampling units, then the units of each further stage. By default each row is one.
    fpc : column name or array, or a list of them, optional
        Of each stage the number of units in the population of the stratum, or the fraction sampled;
        ``inf`` for a stage drawn with replacement. Without it the first stage is taken as drawn
        with replacement, and later stages add nothing (the ultimate-cluster variance).
    nest : bool
        Whether numbers of units start again in each stratum. Units of later stages always lie
        inside those of the stage before.
    lonely_psu : {"fail", "remove", "adjust", "average", "certainty"}
        What to do with a stratum of one unit that is not all of its population: an error; nothing
        (``"remove"`` and ``"certainty"`` are the same); the distance of its total from zero, the
        mean of all; the average of the other strata.

    Raises
    ------
    SurveyError
        For missing roles, units in several strata, impossible populations.

    Notes
    -----
    The conventions are those of R's survey 4.1 (``svydesign``, ``svyrecvar``). Memory: some codes
    for each row and stage.

    References
    ----------
    Lumley (2010), *Complex Surveys*. Särndal, Swensson and Wretman (1992), *Model Assisted Survey
    Sampling*.

    Examples
    --------
    >>> import logit_inference as li
    >>> schools = li.datasets.load("apiclus2")
    >>> design = li.survey(schools, psu=["dnum", "snum"], fpc=["fpc1", "fpc2"])
    >>> fit = li.logit("awards ~ ell + meals", design)
    >>> fit.bse.round(4).to_dict()
    {'Intercept': 0.5895, 'ell': 0.0244, 'meals': 0.0167}
    """
    from logit_inference.design.frame import as_frame

    if lonely_psu not in LONELY:
        raise ArgumentError("lonely_psu", lonely_psu, f"one of {', '.join(map(repr, LONELY))}")
    frame = as_frame(data)
    units, layers, sizes = _listed(psu), _listed(strata), _listed(fpc)
    n_stages = max(len(units), 1)
    if len(layers) > n_stages:
        raise SurveyError.stages("strata=", len(layers), n_stages)
    if sizes and len(sizes) != n_stages:
        raise SurveyError.stages("fpc=", len(sizes), n_stages)
    read_units = [_codes("psu", value, frame)[0] for value in units]
    read_layers = [_codes("strata", value, frame) for value in layers]
    populations = _populations([_numbers("fpc", value, frame) for value in sizes])
    stages, levels = _stages(read_units, read_layers, populations, nest, frame)
    known = _weights(weights, stages, frame)
    names = RoleNames(
        _told(weights) or (("from fpc",) if sizes else ("equal",)),
        _told(strata),
        _told(psu),
        _told(fpc),
        levels,
        weights if isinstance(weights, str) else None,
    )
    used = stages if sizes else stages[:1]
    return SurveyDesign(data, known, tuple(used), lonely_psu, names)


def survey_replicates(
    data: Any,
    *,
    weights: Any,
    replicates: Any,
    type: str,
    rho: float | None = None,
    scale: float | None = None,
    rscales: Any = None,
    mse: bool = False,
    combined: bool = True,
) -> SurveyDesign:
    """Return the design of a table that comes with replicate weights.

    Parameters
    ----------
    data : table
    weights : column name or (n,) array
        Sampling weights.
    replicates : list of column names or (n, R) array
        Replicate weights.
    type : {"BRR", "Fay", "JK1", "JKn", "bootstrap"}
        Which sets the scale of the variance: 1/R; ``1/(R (1 − rho)²)``; (R − 1)/R; 1 and
        ``rscales``; 1/(R − 1).
    rho : float, optional
        Fay's: the part of a weight that stays in half-samples that leave a unit out.
    scale : float, optional
        In place of the type's.
    rscales : float or (R,) array, optional
        Further factor of each replicate.
    mse : bool
        Whether squares are about the estimate, or about the mean of the replicates (R's default).
    combined : bool
        Whether replicate weights contain the sampling weights; if not, they multiply them.

    Notes
    -----
    R's survey 4.1, ``svrepdesign``. Degrees of freedom: the rank of the replicate weights less one.

    Examples
    --------
    >>> import numpy as np
    >>> import logit_inference as li
    >>> schools = li.datasets.load("apiclus1")
    >>> districts = np.unique(schools["dnum"])
    >>> left_out = 15 / 14 * (schools["dnum"].to_numpy()[:, None] != districts)
    >>> design = li.survey_replicates(
    ...     schools, weights="pw", replicates=left_out, type="JK1", combined=False
    ... )
    >>> li.logit("sch_wide ~ meals", design).bse.round(4).to_dict()["meals"]
    0.0089
    """
    from logit_inference.design.frame import as_frame

    if type not in TYPES:
        raise ArgumentError("type", type, f"one of {', '.join(map(repr, TYPES))}")
    frame = as_frame(data)
    if isinstance(replicates, (list, tuple)) and all(isinstance(r, str) for r in replicates):
        columns = [_numbers("replicates", name, frame) for name in replicates]
        factors = np.column_stack(columns) if columns else np.zeros((frame.n_rows, 0))
    else:
        factors = np.asarray(replicates, dtype=np.float64)
    if factors.ndim != 2 or len(factors) != frame.n_rows or factors.shape[1] < 2:
        raise SurveyError.replicates(
            f"replicates= has shape {factors.shape}: give two columns or more, with a weight for "
            f"each of the {frame.n_rows} rows of the table."
        )
    if not np.isfinite(factors).all() or (factors < 0).any():
        raise SurveyError.replicates("replicate weights must be finite and not negative.")
    factor, each = default_scales(type, factors.shape[1], rho, scale, rscales)
    known = _weights(weights, (), frame)
    n = frame.n_rows
    whole = Stage(None, None, np.array([float(n)]), None, np.ones(1), np.zeros(1, dtype=np.int64))
    column = weights if isinstance(weights, str) else None
    names = RoleNames(_told(weights), weights_column=column)
    own = Replicates(type, factors, None, combined, factor, each, mse)
    return SurveyDesign(data, known, (whole,), "fail", names, own)


def describe(design: SurveyDesign) -> tuple[str, ...]:
    """Return what a table must say of a design: what was drawn, from what, and which variance."""
    parts = []
    if design.replicates is not None:
        own = design.replicates
        about = "the estimate" if own.mse else "the mean of the replicates"
        each = f", rscales {_range(own.rscales)}" if (own.rscales != 1).any() else ""
        parts.append(
            f"Survey design: {own.n_replicates} {own.type} replicate weights, squares about "
            f"{about} times {own.scale:.6g}{each}."
        )
    else:
        stages = [f"{design.n_strata:,} strata" if design.n_strata > 1 else "no strata"]
        rows = ", each a row" if design.stages[0].units is None else ""
        stages.append(f"{design.n_psu:,} PSUs{rows}")
        for number, stage in enumerate(design.stages[1:], start=2):
            stages.append(f"{int(stage.sampled.sum()):,} units at stage {number}")
        with_fpc = any(stage.population is not None for stage in design.stages)
        stages.append("finite population correction" if with_fpc else "with replacement")
        parts.append(f"Survey design: {', '.join(stages)}.")
    if design.domain is not None:
        inside = int(np.count_nonzero(design.domain))
        parts.append(
            f"Domain: {' and '.join(design.conditions)}, {inside:,} of {design.n_rows:,} rows; the "
            "others stay in the design with zero scores."
        )
    return tuple(parts)


def _range(values: Floats) -> str:
    low, high = float(values.min()), float(values.max())
    return f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"


def design_df(
    stages: Sequence[Stage],
    replicates: Replicates | None,
    weights: Floats,
    rows: NDArray[np.intp] | None,
) -> float:
    """Return the degrees of freedom of a design at some of its rows."""
    some = np.arange(len(weights)) if rows is None else rows
    if replicates is not None:
        return replicates.at(some).df(weights[some])
    some = some[weights[some] > 0]
    first = stages[0].at(some)
    n_units = len(some) if first.units is None else len(np.unique(first.units))
    return float(n_units - np.count_nonzero(first.present(len(some))))


# --- reading --------------------------------------------------------------------------------------


def _listed(value: Any) -> list[Any]:
    """Return what was given for each stage."""
    if value is None:
        return []
    if isinstance(value, (list, tuple)) and not (value and isinstance(value[0], (int, float))):
        return list(value)
    return [value]


def _told(value: Any) -> tuple[str, ...]:
    return tuple(one if isinstance(one, str) else "an array" for one in _listed(value))


def _column(role: str, value: Any, frame: Frame) -> Any:
    """Return a column without missing values, of the table or given beside it."""
    from logit_inference.design.frame import read_argument

    column = frame.column(value) if isinstance(value, str) else read_argument(role, value, frame)
    if column.missing is not None:
        first = plain(frame.labels[int(np.argmax(column.missing))])
        shown = f"{role}={value!r}" if isinstance(value, str) else f"{role}="
        raise SurveyError.missing(shown, column.n_missing, first)
    return column


def _codes(role: str, value: Any, frame: Frame) -> tuple[Codes, tuple[Any, ...]]:
    """Return codes without gaps, and what each stands for."""
    column = _column(role, value, frame)
    found, codes = np.unique(column.codes(), return_inverse=True)
    levels = found.tolist()
    if column.kind != "numeric":
        levels = [column.levels[code] for code in levels]
    return codes.astype(np.int64), tuple(levels)


def _numbers(role: str, value: Any, frame: Frame) -> Floats:
    column = _column(role, value, frame)
    if column.kind != "numeric":
        raise SchemaError.numeric_wanted(role, str(column.name), column.kind)
    numbers: Floats = column.numbers()
    return numbers


def _weights(value: Any, stages: Sequence[Stage], frame: Frame) -> Floats:
    """Return sampling weights: those given, what the stages imply, or ones."""
    if value is None:
        known = np.ones(frame.n_rows)
        for stage in stages:
            if stage.population is not None:
                with np.errstate(divide="ignore"):
                    ratio = stage.population / stage.sampled
                known = known * (ratio[0] if stage.strata is None else ratio[stage.strata])
        if not np.isfinite(known).all():
            raise SurveyError(
                "fpc=inf says nothing of the chance to be drawn: give weights= as well.", "fpc"
            )
        return known
    known = _numbers("weights", value, frame)
    check_weights(known, "sampling", frame.labels)
    return known


# --- stages ---------------------------------------------------------------------------------------


def _populations(sizes: list[Floats]) -> list[Floats]:
    """Return fpc columns, negative where they are sampling fractions."""
    if not sizes:
        return []
    low, high = min(float(s.min()) for s in sizes), max(float(s.max()) for s in sizes)
    for number, values in enumerate(sizes, start=1):
        if not low > 0 or (low < 1 < high):
            raise SurveyError.fpc_mixed(number, float(values.min()), float(values.max()))
    return sizes if high > 1 else [-values for values in sizes]


def _stages(
    units: list[Codes],
    layers: list[tuple[Codes, tuple[Any, ...]]],
    populations: list[Floats],
    nest: bool,
    frame: Frame,
) -> tuple[list[Stage], tuple[tuple[Any, ...], ...]]:
    """Return the stages of a design, and the names of the strata of each."""
    n = frame.n_rows
    above: Codes | None = None  # units of the stage before
    share = np.ones(n)
    stages, levels = [], []
    for number in range(max(len(units), 1)):
        layer, known = layers[number] if number < len(layers) else (None, ("all",))
        own = units[number] if units else None
        if above is None:
            strata, parents = layer, np.zeros(len(known), dtype=np.int64)
            names = tuple(known)
            if own is not None and strata is not None:
                own = _nested(own, strata, nest)
        else:
            strata = above if layer is None else _together(above, layer)
            parents = np.zeros(int(strata.max()) + 1, dtype=np.int64)
            parents[strata] = above
            names = tuple(f"unit {unit}" for unit in parents.tolist())
            assert own is not None, "a later stage has units"
            own = _together(strata, own)
        home = np.zeros(n, dtype=np.int64) if strata is None else strata
        H = len(parents)
        if own is None or int(own.max()) + 1 == n:
            sampled, mine = np.bincount(home, minlength=H).astype(np.float64), None
        else:
            homes = np.zeros(int(own.max()) + 1, dtype=np.int64)
            homes[own] = home
            sampled, mine = np.bincount(homes, minlength=H).astype(np.float64), own
        population = None
        if populations:
            population = _population(populations[number], home, sampled, number + 1, names)
        shares = np.ones(H)
        shares[home] = share
        stages.append(Stage(mine, strata, sampled, population, shares, parents))
        levels.append(names)
        if population is not None:
            share = share * (sampled / population)[home]
        above = own
    return stages, tuple(levels)


def _nested(units: Codes, strata: Codes, nest: bool) -> Codes:
    """Return units numbered through all strata, or raise where one is in several."""
    inside = _together(strata, units)
    if nest:
        return inside
    count, whole = int(units.max()) + 1, int(inside.max()) + 1
    if whole > count:
        owner = np.zeros(whole, dtype=np.int64)
        owner[inside] = units
        several = np.flatnonzero(np.bincount(owner, minlength=count) > 1)
        raise SurveyError.not_nested(int(several[0]), len(several))
    return units


def _together(one: Codes, other: Codes) -> Codes:
    """Return codes without gaps of the pairs that occur."""
    _, codes = np.unique(one * (int(other.max(initial=0)) + 1) + other, return_inverse=True)
    dense: Codes = codes.astype(np.int64)
    return dense


def _population(
    values: Floats, home: Codes, sampled: Floats, stage: int, names: Sequence[Any]
) -> Floats:
    """Return the population size of each stratum, checked."""
    size = np.zeros(len(sampled))
    size[home] = values
    differs = size[home] != values
    if differs.any():
        raise SurveyError.fpc_varies(stage, names[int(home[np.argmax(differs)])])
    if values[0] < 0:
        size = sampled / -size
    small = size < sampled * (1.0 - 1e-12)
    if small.any():
        h = int(np.argmax(small))
        raise SurveyError.fpc_too_small(stage, names[h], float(size[h]), int(sampled[h]))
    return size


# --- domains and replicates -----------------------------------------------------------------------


def _condition(table: Any, condition: Any, n_rows: int) -> NDArray[np.bool_]:
    """Return where a condition is true, shape (n,); false where it is missing."""
    from logit_inference.design.categories import Categories
    from logit_inference.design.complete import complete_rows
    from logit_inference.design.formula import read_variable
    from logit_inference.design.frame import as_frame, read_argument
    from logit_inference.design.sample import Sample, level_value

    frame = as_frame(table)
    if not isinstance(condition, str):
        column = read_argument("domain", condition, frame)
        if column.kind != "boolean":
            raise SurveyError.domain(f"this is an array of kind {column.kind!r}")
        return np.asarray(column.codes() == 1)
    factor = read_variable(condition, frame.names)
    columns = {name: frame.column(name) for name in factor.variables}
    _, rows = complete_rows(list(columns.values()), n_rows)
    n_present = n_rows if rows is None else len(rows)
    value = level_value(factor, Sample(columns, rows, n_present, frame.labels, {}))
    if isinstance(value, Categories):
        if value.levels != (False, True):
            raise SurveyError.domain(f"{condition!r} has the levels {list(value.levels)[:4]}")
        value = value.codes == 1
    if value.dtype != np.bool_ and not np.isin(value, (0.0, 1.0)).all():
        raise SurveyError.domain(f"{condition!r} is a number")
    inside = np.zeros(n_rows, dtype=bool)
    inside[slice(None) if rows is None else rows] = value.astype(bool)
    return inside


def _jackknife(design: SurveyDesign, type: str, mse: bool) -> Replicates:
    """Return the weights that leave out each primary sampling unit once."""
    if type not in ("JK1", "JKn"):
        raise ArgumentError(
            "type", type, '"JK1" or "JKn"; survey_replicates() takes weights of other types'
        )
    if design.replicates is not None:
        raise SurveyError.replicates("the design has replicate weights already.")
    stage = design.stages[0]
    if type == "JK1" and design.n_strata > 1:
        raise SurveyError.replicates(
            f'type="JK1" is for a design without strata, and this has {design.n_strata}: write '
            '"JKn".'
        )
    G = design.n_psu
    if G > MOST_UNITS:
        raise SurveyError.replicates(
            f"{G:,} primary sampling units would be as many refits: the design's linearisation, "
            f"which is the default, takes one pass. A jackknife is for {MOST_UNITS:,} at most."
        )
    n = design.n_rows
    units = np.arange(n) if stage.units is None else stage.units
    homes = np.zeros(G, dtype=np.int64)
    homes[units] = np.zeros(n, dtype=np.int64) if stage.strata is None else stage.strata
    sampled, left = stage.sampled[homes], stage.left[homes]
    lonely = np.flatnonzero(stage.sampled == 1)
    if len(lonely) and design.lonely_psu not in ("remove", "certainty"):
        raise SurveyError.lonely(1, [design.names.levels[0][h] for h in lonely])
    grown = sampled / np.maximum(sampled - 1.0, 1.0)
    factors = np.where(homes[:, np.newaxis] == homes, grown[:, np.newaxis], 1.0)
    np.fill_diagonal(factors, 0.0)
    shrunk = (sampled - 1.0) / sampled * left
    factors, shrunk = factors[:, sampled > 1], shrunk[sampled > 1]
    codes = None if stage.units is None else stage.units
    if type == "JK1":
        return Replicates(type, factors, codes, False, float(shrunk[0]), np.ones(G), mse)
    return Replicates(type, factors, codes, False, 1.0, shrunk, mse)
