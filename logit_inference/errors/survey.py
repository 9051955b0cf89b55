"""What can be wrong with a sampling design, and what sampling weights do not allow."""

from __future__ import annotations

from collections.abc import Sequence

from logit_inference.errors.base import LogitInferenceError, LogitInferenceWarning
from logit_inference.errors.wording import shorten


class SurveyError(LogitInferenceError, ValueError):
    """A survey design contradicts itself, or cannot answer what is asked of it.

    Attributes
    ----------
    reason : str
        ``"missing"``, ``"not nested"``, ``"fpc"``, ``"stages"``, ``"lonely"``, ``"domain"``,
        ``"replicates"``, ``"separated"`` or ``"role"``.
    strata : tuple
        The strata or units that the error is about.
    """

    def __init__(self, message: str, reason: str, strata: Sequence[object] = ()):
        self.reason, self.strata = reason, tuple(strata)
        super().__init__(message)

    @classmethod
    def missing(cls, role: str, count: int, first: object) -> SurveyError:
        """Return the error for rows without a weight, stratum, PSU or population size."""
        return cls(
            f"{role} is missing in {count} rows, first at row {first!r}. Every row of a survey has "
            "its place in the design, also those that a model leaves out: complete the column, or "
            "give rows that were not sampled weight 0.",
            "missing",
        )

    @classmethod
    def not_nested(cls, psu: object, count: int) -> SurveyError:
        """Return the error for first-stage units that occur in several strata."""
        return cls(
            f"{count} primary sampling units occur in more than one stratum, the first is "
            f"{psu!r}. If numbers start again in each stratum, write nest=True; else strata or "
            "PSUs are wrong, and so would the standard errors be.",
            "not nested",
            (psu,),
        )

    @classmethod
    def fpc_varies(cls, stage: int, stratum: object) -> SurveyError:
        """Return the error for a population size that differs within a stratum."""
        return cls(
            f"fpc of stage {stage} differs within stratum {stratum!r}. It is the number of units "
            "in the population of the stratum, or the sampling fraction: one number for each.",
            "fpc",
            (stratum,),
        )

    @classmethod
    def fpc_mixed(cls, low: float, high: float) -> SurveyError:
        """Return the error for what is neither sizes nor fractions."""
        return cls(
            f"fpc= goes from {low:g} to {high:g}: give population sizes (all at least 1) or "
            "sampling fractions (above 0, all at most 1), not both.",
            "fpc",
        )

    @classmethod
    def no_chance(cls) -> SurveyError:
        """Return the error for weights that neither a column nor population sizes tell."""
        return cls("fpc=inf says nothing of the chance to be drawn: give weights= as well.", "fpc")

    @classmethod
    def fpc_too_small(cls, stage: int, stratum: object, size: float, sampled: int) -> SurveyError:
        """Return the error for more units sampled than there are."""
        return cls(
            f"stratum {stratum!r} has {sampled} units at stage {stage} in the sample, and fpc says "
            f"that there are {size:g} in the population. Give the size of the population of units "
            "(not of rows) of that stratum.",
            "fpc",
            (stratum,),
        )

    @classmethod
    def stages(cls, what: str, found: int, wanted: int) -> SurveyError:
        """Return the error for another number of columns than stages."""
        more = "np.inf stands for a stage drawn with replacement."
        if found > wanted:
            more = "What is made of several columns is one column of their combinations."
        return cls(
            f"{what} names {found} columns and the design has {wanted} stages (psu=). Give one "
            f"column for each stage, in the same order. {more}",
            "stages",
        )

    @classmethod
    def lonely(cls, stage: int, strata: Sequence[object]) -> SurveyError:
        """Return the error for strata with a single unit."""
        count = len(strata)
        which = "stratum has" if count == 1 else "strata have"
        return cls(
            f"{count} {which} a single unit at stage {stage}: "
            f"{shorten([repr(stratum) for stratum in strata])}. One unit shows no "
            "variance. Merge strata as the design's documentation says, or name "
            'a policy: survey(…, lonely_psu="adjust") takes the distance from zero, the mean of '
            'all; "average" the mean of the other strata; "remove" or "certainty" nothing.',
            "lonely",
            strata,
        )

    @classmethod
    def no_average(cls, stage: int) -> SurveyError:
        """Return the error for an average over strata of which none has two units."""
        return cls(
            f'lonely_psu="average" needs a stratum with two units, and at stage {stage} there is '
            'none to average within some unit. Write lonely_psu="adjust" or "remove".',
            "lonely",
        )

    @classmethod
    def empty_domain(cls, found: str) -> SurveyError:
        """Return the error for a domain without rows."""
        return cls(f"the domain {found} holds no row of the design.", "domain")

    @classmethod
    def domain(cls, found: str) -> SurveyError:
        """Return the error for a domain that is no condition."""
        return cls(
            f"a domain is a condition that is true or false in each row, and {found}. Write for "
            "example design.subset(\"stype == 'E'\"), or give a boolean array.",
            "domain",
        )

    @classmethod
    def replicates(cls, complaint: str) -> SurveyError:
        """Return the error for replicate weights that are not."""
        return cls(complaint, "replicates")

    @classmethod
    def twice(cls, argument: str) -> SurveyError:
        """Return the error for an argument of the fit that the design has said."""
        return cls(
            f"{argument}= was given beside a survey design, which has the sampling weights and the "
            f"units. Leave {argument}= out, or fit data without a design.",
            "role",
        )

    @classmethod
    def no_weights(cls) -> SurveyError:
        """Return the error for a survey covariance of a fit that is of no survey."""
        return cls(
            'covariance="survey" is that of a survey design or of sampling weights, and this fit '
            "has neither. Write logit(formula, li.survey(data, weights=…)), or weights_kind="
            '"sampling".',
            "role",
        )

    @classmethod
    def estimator(cls, kind: str) -> SurveyError:
        """Return the error for a penalised fit with sampling weights."""
        return cls(
            f'estimator="{kind}" is refused with sampling weights: its penalty is measured against '
            "the information of independent rows, which a weighted pseudo-likelihood does not "
            'have. Write estimator="ml", whose sandwich covariance holds for the design.',
            "role",
        )

    @classmethod
    def infinite(cls) -> SurveyError:
        """Return the error for a test of a coefficient at infinity with sampling weights."""
        return cls(
            "A coefficient at infinity has no Wald test, and with sampling weights no likelihood "
            "ratio to take its place: the data are separated there. Merge sparse levels, or test "
            "the other coefficients.",
            "separated",
        )


class PseudoLikelihoodError(LogitInferenceError, ValueError):
    """A likelihood is asked for where sampling weights leave a pseudo-likelihood.

    Attributes
    ----------
    what : str
        What was asked for.
    separated : bool
        Whether the data are separated, so that there is no working likelihood ratio either.
    """

    def __init__(self, what: str, separated: bool = False):
        self.what, self.separated = what, separated
        instead = (
            'Use Wald tests and intervals (method="wald", anova(test="wald")) of the finite '
            "coefficients: the data are separated, and those at infinity have no test."
            if separated
            else 'Use Wald tests and intervals (method="wald", anova(test="wald")), or the '
            'Rao–Scott working likelihood-ratio test, fit.test(hypothesis, method="rao-scott").'
        )
        super().__init__(
            f"{what} is refused: with sampling weights the log-likelihood is a pseudo-likelihood, "
            f"whose differences are not chi-square and whose AIC and BIC compare nothing. {instead}"
        )


class SurveyWarning(LogitInferenceWarning):
    """A survey covariance is what it says, and may surprise."""

    @classmethod
    def no_df(cls, df: float) -> SurveyWarning:
        """Return the warning for fewer units than strata and coefficients."""
        return cls(
            f"the design leaves {df:g} degrees of freedom (PSUs less strata less coefficients plus "
            "one): there is no t reference, so p-values and intervals are missing. Estimate fewer "
            "coefficients."
        )

    @classmethod
    def replicates_lost(cls, lost: int, total: int) -> SurveyWarning:
        """Return the warning for replicates without an estimate."""
        return cls(
            f"{lost} of {total} replicates have no estimate (separated, or a level lost) and are "
            "left out of the variance, as R's survey does; their scale is not changed, so that "
            "standard errors are too small."
        )
