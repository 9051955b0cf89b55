"""What can be wrong with a fit: no maximum, no column, columns that repeat others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from logit_inference.errors.base import LogitInferenceError, LogitInferenceWarning
from logit_inference.errors.wording import shorten


class ConvergenceError(LogitInferenceError, ArithmeticError):
    """No maximum was reached; what happened, and what to do.

    Attributes
    ----------
    outcome : Outcome
        How the iteration ended.
    columns : tuple of str
        Columns whose coefficients were still moving.
    """

    def __init__(self, outcome: object, sentence: str, columns: Sequence[str], advice: str):
        self.outcome, self.columns = outcome, tuple(columns)
        names = f" Columns: {shorten(list(columns))}." if columns else ""
        super().__init__(f"{sentence}{names} {advice}")


class ProfileError(LogitInferenceError, ArithmeticError):
    """A restricted fit that an interval or a test needs is not what it should be.

    Attributes
    ----------
    name : str
        The coefficient or combination that it is about; empty where it is about the whole fit.
    estimate : float or None
        Of the quantity whose interval was sought.
    gap : float
        By how much a restricted fit is higher than the estimate; zero where none is.
    """

    def __init__(
        self, message: str, *, name: str = "", estimate: float | None = None, gap: float = 0.0
    ):
        self.name, self.estimate, self.gap = name, estimate, gap
        super().__init__(message)

    def about(self, name: str) -> ProfileError:
        """Return the same error with the coefficient, or combination, that it is about."""
        told = f"{name}: {self}"
        return ProfileError(told, name=name, estimate=self.estimate, gap=self.gap)

    @classmethod
    def not_found(cls, what: str, estimate: float | None = None) -> ProfileError:
        """Return the error for a restricted maximum that no search reached."""
        about = "" if estimate is None else f" around the estimate {estimate:.6g}"
        return cls(
            f"{what}{about} was not found: the restricted search did not reach its maximum. The "
            "data say next to nothing in that direction, or columns differ by too many orders of "
            'magnitude. Rescale or centre them, or ask for method="wald".',
            estimate=estimate,
        )

    @classmethod
    def no_maximum(cls, sentence: str) -> ProfileError:
        """Return the error for likelihood ratios of a fit that was stopped on its way."""
        return cls(
            "the fit is not at a maximum, from which likelihood ratios are measured: "
            f"{sentence[:1].lower()}{sentence[1:]} Fit again with more max_iterations=, and leave "
            "require_convergence=False away."
        )

    @classmethod
    def flat(cls, what: str) -> ProfileError:
        """Return the error for a profile that is the same everywhere."""
        return cls(
            f"the profile of {what} is flat: the data are separated, and every value of it comes "
            "as close to the supremum of the likelihood as any other. Its interval is all numbers.",
            name=what,
        )

    @classmethod
    def undecided(cls, what: str) -> ProfileError:
        """Return the error for a combination at infinity of which the way there is not known."""
        return cls(
            f"the profile of {what} was not found: the data are separated, and whether it goes to "
            "infinity, and to which one, was not decided, because columns are very unequal in "
            "size or rows are separated by a hair. Rescale the columns, or ask conf_int() for the "
            "limits of single coefficients. A Wald interval does not exist here.",
            name=what,
        )

    @classmethod
    def several(cls, gap: float) -> ProfileError:
        """Return the error for a restricted maximum that is higher than the estimate's."""
        return cls(
            f"a restricted fit is higher than the estimate, by {gap:.3g}: what is maximised has "
            "several maxima, and the search ended at one that is not the highest, from which no "
            "likelihood ratio can be measured: neither this one nor those of other coefficients. "
            "Fit again from other coefficients with start=, and keep the fit whose "
            'penalized_log_likelihood is largest; method="wald" describes the maximum at hand.',
            gap=gap,
        )


class ProfileWarning(LogitInferenceWarning):
    """Some profiles were not found, or have several branches.

    Where one is not found its numbers are missing; all others stand.

    Attributes
    ----------
    reasons : dict of str to str
        Of each coefficient or combination that it is about, why.
    """

    def __init__(self, reasons: Mapping[str, str], message: str = ""):
        self.reasons = dict(reasons)
        if message:
            super().__init__(message)
            return
        told = " ".join(reason for reason in self.reasons.values() if reason)
        super().__init__(
            f"no profile was found of {', '.join(self.reasons)}: tests and intervals are missing "
            f"there, and those of the others stand. {told}".rstrip()
        )

    @classmethod
    def branched(cls, names: Sequence[str]) -> ProfileWarning:
        """Return the warning about profiles with several branches, whose numbers are there."""
        told = several_branches(names)
        return cls(dict.fromkeys(names, told), told)


def several_branches(names: Sequence[str]) -> str:
    """Return what is said of profiles that have several branches."""
    return (
        f"Several branches in the profile of {shorten(list(names))}: with the coefficient held "
        "near an end of its interval, the penalised likelihood of these few rows has more than one "
        "maximum in the others. The highest that climbs from many starts find counts, and the "
        "chi-square reference is rough: profile() shows the curve."
    )


class SeparationError(LogitInferenceError, ArithmeticError):
    """The data are separated, so that no finite coefficients maximise the likelihood.

    Attributes
    ----------
    kind : str
        ``"quasi-complete"`` or ``"complete"``.
    terms : tuple of str
        Terms whose coefficients go to infinity.
    direction : (p,) array
        Coefficients along which the likelihood rises for ever.
    infinite : dict of str to float or str
        Where each coefficient goes: 0.0, inf, −inf or "undetermined".
    rows : labels
        The separated rows, by the caller's labels.
    separation : Separation
        The whole record, with the evidence.
    """

    def __init__(self, separation: Any):
        self.separation = separation
        self.kind, self.terms = separation.kind, separation.terms
        super().__init__(
            f"{separation.sentence} No finite maximum likelihood estimate exists. Merge sparse "
            'levels or leave the column out; or write separation="limit" for the limiting model, '
            "in which the other coefficients have their ordinary estimates."
        )

    @property
    def direction(self) -> Any:
        """As in the record."""
        return self.separation.direction

    @property
    def infinite(self) -> Any:
        """As in the record."""
        return self.separation.infinite

    @property
    def rows(self) -> Any:
        """As in the record."""
        return self.separation.rows


class SeparationWarning(LogitInferenceWarning):
    """The data are separated: some coefficients are infinite, and the result says which.

    Attributes
    ----------
    kind, terms, direction, infinite, rows, separation
        As in `SeparationError`.
    """

    def __init__(self, separation: Any):
        self.separation = separation
        self.kind, self.terms = separation.kind, separation.terms
        left = (
            "nothing is left to estimate."
            if separation.kind == "complete"
            else "the others are those of the limiting model, estimated from the other rows."
        )
        super().__init__(f"{separation.sentence} {separation.status} {left[0].upper()}{left[1:]}")

    @property
    def direction(self) -> Any:
        """As in the record."""
        return self.separation.direction

    @property
    def infinite(self) -> Any:
        """As in the record."""
        return self.separation.infinite

    @property
    def rows(self) -> Any:
        """As in the record."""
        return self.separation.rows


class CoefficientError(LogitInferenceError, ValueError):
    """Coefficients that were made elsewhere do not fit the columns of a model."""

    @classmethod
    def kind(cls, found: str, names: Sequence[str]) -> CoefficientError:
        """Return the error for what is no set of numbers."""
        return cls(
            f"the coefficients are a {found}. Give {len(names)} numbers in the order of the "
            f"columns, or a mapping or Series by name. Columns: {shorten(list(names))}."
        )

    @classmethod
    def shape(cls, found: tuple[int, ...], names: Sequence[str]) -> CoefficientError:
        """Return the error for too many or too few."""
        return cls(
            f"the coefficients have shape {found}, and the model has {len(names)} columns: "
            f"{shorten(list(names))}. Give one number for each, in this order."
        )

    @classmethod
    def names(cls, found: Sequence[object], names: Sequence[str]) -> CoefficientError:
        """Return the error for names that are not those of the columns."""
        extra = [name for name in found if name not in names]
        lacking = [name for name in names if name not in found]
        parts = []
        if extra:
            parts.append(f"no column is named {shorten(extra)}")
        if lacking:
            parts.append(f"there is no coefficient for {shorten(lacking)}")
        return cls(
            f"{' and '.join(parts)}. Rename them as the columns are named: {shorten(list(names))}; "
            "or give a plain array in this order."
        )

    @classmethod
    def not_finite(cls, name: str, value: float) -> CoefficientError:
        """Return the error for a coefficient that is missing or infinite."""
        return cls(
            f"the coefficient of {name!r} is {value}, and the data do estimate it. Give a finite "
            "number."
        )

    @classmethod
    def not_estimable(cls, name: str, value: float) -> CoefficientError:
        """Return the error for a number where a column is a combination of others."""
        return cls(
            f"the coefficient of {name!r} is {value:g}, but that column is a combination of "
            "earlier ones, so that the data cannot tell its share from theirs. Drop the column "
            "from both models, or give NaN or 0 for it and the other coefficients of the model "
            "without it."
        )


class ClusterError(LogitInferenceError, ValueError):
    """Clusters are not what a clustered covariance needs."""

    @classmethod
    def nothing(cls, function: str = "logit") -> ClusterError:
        """Return the error for a clustered covariance without clusters."""
        return cls(
            f'covariance="cluster" needs clusters. Write cluster="clinic" in {function}(), or '
            'with_covariance("cluster", by=data["clinic"]).'
        )

    @classmethod
    def nothing_for(cls, what: str) -> ClusterError:
        """Return the error for a question about clusters to a fit that has none."""
        return cls(
            f'{what} needs clusters. Write cluster="clinic" in logit(), ask a result of '
            'with_covariance("cluster", by="clinic"), or give by="clinic" here.'
        )

    @classmethod
    def unknown(cls, name: str, known: Sequence[str], function: str = "logit") -> ClusterError:
        """Return the error for a name that was not given when the model was fitted.

        ``function`` is what fits the model, and empty where that takes no clusters.
        """
        told = f" Names: {shorten(list(known))}." if known else ""
        there = f"Write cluster={name!r} in {function}(), or give" if function else "Give"
        return cls(
            f"the fit knows no clusters named {name!r}.{told} {there} the column itself: "
            f"by=data[{name!r}]."
        )

    @classmethod
    def twice(cls, names: Sequence[str]) -> ClusterError:
        """Return the error for dimensions of which one is named again."""
        repeated = next(name for place, name in enumerate(names) if name in names[:place])
        return cls(
            f"the clusters {repeated!r} are named twice in {list(names)!r}, and a second time they "
            "are no other dimension. Name each once."
        )

    @classmethod
    def shape(
        cls, name: str, found: tuple[int, ...], n_read: int, n_used: int, noun: str = "clusters"
    ) -> ClusterError:
        """Return the error for an array of another length."""
        rows = f"{n_used}" if n_read == n_used else f"{n_read} rows of the table or {n_used} used"
        return cls(f"the {noun} {name!r} have shape {found}. Give one value for each row: {rows}.")

    @classmethod
    def missing(
        cls,
        name: str,
        count: int,
        first: object,
        noun: str = "clusters",
        *,
        droppable: bool,
        function: str = "logit",
    ) -> ClusterError:
        """Return the error for rows without a cluster or a stratum.

        ``droppable`` says whether the fit has a table, whose incomplete rows it drops; ``function``
        is what fits the model, and empty where that takes no clusters.
        """
        if noun == "strata":
            advice = (
                "Units outside all strata cannot be drawn within one: give these rows a stratum "
                "of their own, or leave them out of the fit."
            )
        elif not function:
            advice = (
                "Leave these rows out of the table before the fit, or give them a cluster of "
                "their own."
            )
        elif droppable:
            advice = (
                f"Name the column in {function}(..., cluster=), or give the array there: such rows "
                "are then dropped and counted, as for any variable."
            )
        else:
            advice = (
                "Arrays are fitted as they are, no row is dropped: leave these rows out of y, X "
                f"and the {noun} alike, or give them a cluster of their own."
            )
        return cls(
            f"the {noun} {name!r} are missing in {count} of the rows used, first at row "
            f"{first!r}. {advice}"
        )

    @classmethod
    def splits_sets(
        cls,
        name: str,
        strata: str,
        one: object,
        found: Sequence[object],
        counts: tuple[int, int],
    ) -> ClusterError:
        """Return the error for clusters that do not hold whole matched sets.

        ``one`` is such a set, ``found`` two clusters of its rows, ``counts`` the number of such
        sets and that of all.
        """
        many, n_sets = counts
        them = " and ".join(str(value) for value in found)
        return cls(
            f"the clusters {name!r} split {many:,} of {n_sets:,} sets: rows of one set of "
            f"{strata}, {one}, are in the clusters {them}. Given the number of its cases a set has "
            "one score, and a part of it has none, so that clusters must be of whole sets. Write "
            'with_covariance("cluster") for the sets themselves, or by= a variable that does not '
            "vary within sets."
        )


class FewClustersWarning(LogitInferenceWarning):
    """Clusters are so few that tests and intervals are to be taken with care.

    Attributes
    ----------
    n_clusters : int
    least_df : float or None
        The smallest Satterthwaite degrees of freedom of a coefficient, where they are the cause.
    remedies : tuple of str
        Which of ``"CR2"`` and ``"wild"`` the model has.
    """

    def __init__(
        self,
        n_clusters: int,
        least_df: float | None = None,
        *,
        corrected: bool = False,
        remedies: tuple[str, ...] = ("CR2", "wild"),
    ):
        self.n_clusters, self.least_df, self.remedies = n_clusters, least_df, remedies
        if corrected:
            said = (
                "the jackknife's standard errors are large enough for so few, but the normal "
                'reference makes p-values too small. type="CR2" has a t reference; '
                'test(…, method="wild") needs none.'
            )
        elif least_df is None:
            advice = {
                (): "There is no correction for that here: ask for more than the usual level.",
                ("wild",): 'test(…, method="wild") needs neither.',
            }.get(
                remedies,
                'type="CR2" corrects both, as far as it can be done; test(…, method="wild") needs '
                "neither.",
            )
            said = (
                "standard errors from so few are too small on average, and the normal reference "
                f"makes p-values smaller still. {advice}"
            )
        else:
            said = (
                f"the standard error of a coefficient has {least_df:.2g} degrees of freedom. Below "
                "4 the t reference is rough, and the p-value with it: look at the df in the table, "
                'and at test(…, method="wild").'
            )
        super().__init__(f"{n_clusters} clusters: {said}")


class DecidedWarning(LogitInferenceWarning):
    """Clusters decide coefficients alone, whose standard errors no other cluster can tell.

    Attributes
    ----------
    n_deciding : int
        Clusters.
    names : tuple of str
        Coefficients.
    """

    def __init__(self, n_deciding: int, names: Sequence[str], kind: str):
        self.n_deciding, self.names = n_deciding, tuple(names)
        who = "1 cluster decides" if n_deciding == 1 else f"{n_deciding} clusters decide"
        which = shorten([repr(name) for name in names])
        super().__init__(
            f"{who} {which} alone: no other cluster has rows that tell of it, so "
            f"that nothing shows how it varies between clusters. The standard error that {kind} "
            "gives is that of the other coefficients in it and means nothing by itself: read no "
            "test of it. Other coefficients are not touched. Merge the level, or leave it out."
        )


class LeaveOutWarning(LogitInferenceWarning):
    """Leave-outs of a jackknife have no estimate, and are no part of it.

    Attributes
    ----------
    clusters : tuple
        Those without which there is none.
    n_clusters : int
    """

    def __init__(self, clusters: Sequence[object], n_clusters: int):
        self.clusters, self.n_clusters = tuple(clusters), n_clusters
        shown = shorten([repr(cluster) for cluster in clusters])
        super().__init__(
            f"{len(clusters)} of {n_clusters} leave-outs have no estimate, because without the "
            f"cluster the data are separated or a column is lost: {shown}. They are not part of "
            "the variance, which is too small by what they would add."
        )


class RankError(LogitInferenceError, ValueError):
    """The design has no column that the data can estimate."""

    @classmethod
    def nothing(cls) -> RankError:
        """Return the error for a design of zeros."""
        return cls(
            "every column of the design is zero in the rows that count: nothing can be estimated."
        )

    @classmethod
    def within_sets(cls, names: Sequence[str]) -> RankError:
        """Return the error for columns of which none varies within any set."""
        return cls(
            f"{shorten(list(names))}: constant within every set, and what the rows of a set share "
            "cancels from a conditional likelihood: nothing can be estimated."
        )

    @classmethod
    def extreme(cls, column: int, largest: float) -> RankError:
        """Return the error for a column whose squares no double can hold."""
        return cls(
            f"column {column} of the design (counted from 0) has values of size {largest:.3g}, "
            "whose squares leave the range of floating-point numbers. Rescale it."
        )


class CollinearityWarning(LogitInferenceWarning):
    """Columns have no coefficient, because they are linear combinations of earlier ones."""

    @classmethod
    def within_sets(cls, relations: Sequence[str]) -> CollinearityWarning:
        """Return the warning about columns that vary too little within sets."""
        return cls(
            "columns that within sets are constant, or combinations of earlier ones, have no "
            f"coefficient: {'; '.join(relations)}."
        )

    @classmethod
    def dropped(cls, relations: Sequence[str]) -> CollinearityWarning:
        """Return the warning about columns with these relations."""
        return cls(
            "columns that are combinations of earlier ones, to within rounding, have no "
            f"coefficient: {'; '.join(relations)}."
        )
