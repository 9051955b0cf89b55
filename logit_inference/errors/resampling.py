"""What can be wrong with resampling a fit: units, strata, replicates without an estimate."""

from __future__ import annotations

from collections.abc import Sequence

from logit_inference.errors.base import LogitInferenceError, LogitInferenceWarning
from logit_inference.errors.wording import did_you_mean, shorten


class ResamplingError(LogitInferenceError, ValueError):
    """A fit cannot be resampled as asked.

    Attributes
    ----------
    reason : str
        ``"separated"``, ``"search"``, ``"dimensions"``, ``"strata"``, ``"units"``,
        ``"clusters"``, ``"replicates"``, ``"leave one out"``, ``"exchangeable"``, ``"null"``,
        ``"estimator"``.
    count : int
        Of what the reason is about; 0 where nothing is counted.
    """

    def __init__(self, message: str, reason: str, count: int = 0):
        self.reason, self.count = reason, count
        super().__init__(message)

    @classmethod
    def separated(cls, what: str, names: Sequence[str]) -> ResamplingError:
        """Return the error for a fit with infinite coefficients."""
        return cls(
            f"the data are separated, so that {shorten(list(names))} has no finite estimate that "
            f"{what} could say the spread of: nearly every sample of these rows is separated too. "
            'Likelihood-ratio intervals are in conf_int(); estimator="firth" is finite.',
            "separated",
            len(names),
        )

    @classmethod
    def surveyed(cls, what: str) -> ResamplingError:
        """Return the error for a fit of a survey design, whose rows were not drawn one by one."""
        return cls(
            f"this is the fit of a survey design, and {what} would draw its rows as if they had no "
            'strata and units. design.with_replicates("JK1") or survey_replicates() have replicate '
            'weights for it, and covariance="survey" the linearised covariance.',
            "survey",
        )

    @classmethod
    def stopped(cls, what: str) -> ResamplingError:
        """Return the error for a fit whose search stopped early."""
        return cls(
            f"the search of this fit stopped before it reached a maximum, so that {what} would "
            "spread around nothing. Fit again with more iterations, or another start.",
            "search",
        )

    @classmethod
    def dimensions(cls, names: Sequence[str], argument: str) -> ResamplingError:
        """Return the error for several dimensions of clusters, or several strata."""
        quoted = " and ".join(repr(name) for name in names)
        return cls(
            f"{argument}= takes one variable here, and these are {quoted}: what is drawn together "
            f"must be one thing. Write {argument}={names[0]!r}, or a column of their combinations.",
            "dimensions",
            len(names),
        )

    @classmethod
    def across_strata(cls, clusters: str, strata: str, count: int) -> ResamplingError:
        """Return the error for clusters that lie in several strata."""
        return cls(
            f"{count} of the clusters {clusters!r} have rows in more than one stratum of "
            f"{strata!r}, so that they cannot be drawn as wholes within strata. Give clusters of "
            f"different strata different codes, or leave strata= out.",
            "strata",
            count,
        )

    @classmethod
    def clusters_unsaid(cls, kind: str, what: str, argument: str) -> ResamplingError:
        """Return the error for a result that rests on clusters which are not at hand."""
        return cls(
            f"the tables of this result rest on clusters ({kind}), and {what} would take its rows "
            f"for independent. Say which clusters, {argument}=…, or ask the result whose "
            'covariance is the model\'s: with_covariance("model").',
            "clusters",
        )

    @classmethod
    def unknown_strata(cls, name: str, known: Sequence[str]) -> ResamplingError:
        """Return the error for strata that are no column of the table."""
        return cls(
            f"no column {name!r} to take strata from.{did_you_mean(name, known, 'Columns')} Or "
            "give one label for each row: strata=array.",
            "strata",
        )

    @classmethod
    def few_units(cls, unit: str, count: int) -> ResamplingError:
        """Return the error for a single unit."""
        return cls(
            f"there is {count} unit to draw from ({unit}), which says nothing of spread. Resample "
            "smaller units.",
            "units",
            count,
        )

    @classmethod
    def few_replicates(cls, found: int, asked: int) -> ResamplingError:
        """Return the error where nearly no replicate has an estimate."""
        return cls(
            f"of {asked} replicates {found} have a finite estimate of all coefficients: too few "
            "for a covariance. Samples of so sparse data are separated or lose a level; merge "
            'sparse levels, or use estimator="firth" and its profile intervals.',
            "replicates",
            found,
        )

    @classmethod
    def leave_one_out(
        cls, units: Sequence[object], count: int, *, clusters: bool
    ) -> ResamplingError:
        """Return the error where estimates do not exist without one unit."""
        instead = (
            "HC1 needs no leave-outs; where a row is the only one of a column, merge or leave out "
            'that column. estimator="firth" has an estimate where leave-outs are separated.'
        )
        if clusters:
            instead = (
                'type="CR2" needs no leave-outs; type="CR3" leaves these out of the variance, '
                "and names them. Or merge or leave out the column that only such a cluster has."
            )
        return cls(
            f"the jackknife leaves out one unit after the other, and without {shorten(units)} "
            f"({count:,} such in all) the data are separated or a column cannot be estimated. "
            f"{instead}",
            "leave one out",
            count,
        )

    @classmethod
    def exchangeable(cls, what: str, instead: str) -> ResamplingError:
        """Return the error for rows that a permutation must not exchange."""
        return cls(
            f"a permutation test exchanges rows, and {what}, so that they are not alike even "
            f"where the null hypothesis is true. {instead}",
            "exchangeable",
        )

    @classmethod
    def no_score(cls, estimator: str) -> ResamplingError:
        """Return the error for an estimator whose score a permutation test is not of."""
        return cls(
            f"a permutation test permutes the score of maximum likelihood, and this fit is by "
            f'{estimator}. Ask the fit with estimator="ml", which need not have a maximum with '
            "the term in it; or test(…) this one.",
            "estimator",
        )

    @classmethod
    def no_null_fit(cls, sentence: str) -> ResamplingError:
        """Return the error for a reduced model without a maximum."""
        return cls(
            f"the model without the term has no finite maximum: {sentence} A permutation test "
            "starts from its residuals. Leave out what separates the rows there.",
            "null",
        )

    @classmethod
    def not_zero(cls, text: str) -> ResamplingError:
        """Return the error for a null hypothesis of another value than zero."""
        return cls(
            f"{text!r} is not that columns have no effect, and permuting them tests only that. "
            'Name a term or coefficients: permutation_test("smoke").',
            "null",
        )


class ResamplingWarning(LogitInferenceWarning):
    """Some replicates have no estimate, so that what rests on the others is about these only.

    Attributes
    ----------
    n_replicates, n_separated, n_lost : int
    """

    def __init__(self, n_replicates: int, n_separated: int, n_lost: int):
        self.n_replicates, self.n_separated, self.n_lost = n_replicates, n_separated, n_lost
        separated = f"{n_separated} are separated" if n_separated else ""
        lost = f"{n_lost} cannot tell the columns apart" if n_lost else ""
        super().__init__(
            f"of {n_replicates} replicates {' and '.join(filter(None, (separated, lost)))}: they "
            "are left out of the covariance, which is that of the others and so too small. "
            "Percentile intervals of bootstrap() count separated replicates at the infinity where "
            "they lie."
        )


class MissingPackageError(LogitInferenceError, ImportError):
    """An optional package is asked for and not installed.

    Attributes
    ----------
    package, extra : str
    """

    def __init__(self, package: str, extra: str, purpose: str):
        self.package, self.extra = package, extra
        super().__init__(
            f"{purpose} needs {package}, which is not installed. "
            f'Run: pip install "logit-inference[{extra}]"'
        )
