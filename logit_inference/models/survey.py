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

from logit_inference.covariance.replicates import TYPES, Replicates, default_scales, jackknife
from logit_inference.covariance.survey import LONELY, Stage
from logit_inference.errors import ArgumentError, SurveyError
from logit_inference.models.domain import read_condition
from logit_inference.models.stages import read_codes, read_numbers, read_stages, read_weights
from logit_inference.report.survey import design_table
from logit_inference.rows.block import Floats

if TYPE_CHECKING:
    from logit_inference.report.table import Table


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
        inside = read_condition(self.table, condition, self.n_rows)
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
        if self.replicates is not None:
            raise SurveyError.replicates("the design has replicate weights already.")
        first, names = self.stages[0], self.names.levels[0]
        lonely = np.flatnonzero(first.sampled == 1)
        if len(lonely) and self.lonely_psu not in ("remove", "certainty"):
            raise SurveyError.lonely(1, [names[h] for h in lonely.tolist()])
        return replace(self, replicates=jackknife(first, self.n_rows, type, mse=mse))

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
    stages, levels = read_stages(
        [read_codes("psu", value, frame) for value in units],
        [read_codes("strata", value, frame) for value in layers],
        [read_numbers("fpc", value, frame) for value in sizes],
        nest,
        frame.n_rows,
    )
    known = read_weights(weights, stages, frame)
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
        columns = [read_numbers("replicates", name, frame) for name in replicates]
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
    known = read_weights(weights, (), frame)
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
        stages.append(f'lonely_psu="{design.lonely_psu}"')
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


def _listed(value: Any) -> list[Any]:
    """Return what was given for each stage."""
    if value is None:
        return []
    names = isinstance(value, (list, tuple)) and all(
        isinstance(one, str) or np.ndim(one) == 1 for one in value
    )
    return list(value) if names else [value]


def _told(value: Any) -> tuple[str, ...]:
    return tuple(one if isinstance(one, str) else "an array" for one in _listed(value))
