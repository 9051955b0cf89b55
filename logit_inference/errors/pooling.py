"""What can be wrong with pooling fits of multiply imputed data."""

from __future__ import annotations

from collections.abc import Sequence

from logit_inference.errors.base import LogitInferenceError
from logit_inference.errors.wording import shorten


class PoolingError(LogitInferenceError, ValueError):
    """Fits of imputed data cannot be pooled, or not tested together.

    Attributes
    ----------
    reason : str
        ``"count"``, ``"kind"``, ``"names"``, ``"learned"``, ``"differ"``, ``"infinite"``,
        ``"aliased"``, ``"search"``, ``"df"``, ``"likelihood"``, ``"imputations"``.
    imputation : int
        Number of the fit that is to blame, from 1 on; 0 where it is none in particular.
    names : tuple of str
        Coefficients, terms or rows that the error is about.
    """

    def __init__(
        self, message: str, reason: str, imputation: int = 0, names: Sequence[str] = ()
    ) -> None:
        self.reason, self.imputation, self.names = reason, imputation, tuple(names)
        super().__init__(message)

    @classmethod
    def count(cls, found: int) -> PoolingError:
        """Return the error for fewer than two fits."""
        return cls(
            f"{found} fit{'s' if found != 1 else ''} cannot be pooled: what imputation adds to the "
            "variance is seen between two or more. Give a list: li.pool([fit1, fit2, …]).",
            "count",
        )

    @classmethod
    def kind(cls, imputation: int, found: str) -> PoolingError:
        """Return the error for something that holds no estimate."""
        what = f"is a {found}, which has no estimate to pool"
        if found == "Effects":
            what = "is a table of effects, and Rubin's rules are applied here to coefficients only"
        return cls(
            f"number {imputation} of the fits {what}. Give results of li.logit(), or other results "
            "with an Estimate.",
            "kind",
            imputation,
        )

    @classmethod
    def coefficients(cls, imputation: int, lacking: Sequence[str]) -> PoolingError:
        """Return the error for fits with other coefficients."""
        return cls(
            f"fit {imputation} and fit 1 do not have the same coefficients: "
            f"{shorten([repr(name) for name in lacking])} is in one of them only, or in another "
            "place. Where an imputed factor lacks a level, give it the same categories in all "
            "frames: pd.Categorical(values, categories=[…]).",
            "names",
            imputation,
            lacking,
        )

    @classmethod
    def learned(cls, imputation: int, terms: Sequence[str]) -> PoolingError:
        """Return the error for columns that were learned from each frame."""
        return cls(
            f"{shorten(list(terms))} learns from its data (knots, polynomials, means), and learned "
            f"something else in frame {imputation} than in frame 1: coefficients of the same name "
            "are then of different columns, and their mean is of none. Give what is learned: "
            "bs(x, knots=[…], lower_bound=…, upper_bound=…), or x + I(x**2) for poly(x, 2).",
            "learned",
            imputation,
            terms,
        )

    @classmethod
    def differ(cls, imputation: int, what: str, first: object, found: object) -> PoolingError:
        """Return the error for fits of something else."""
        return cls(
            f"the {what} of fit {imputation} is {found} and that of fit 1 is {first}: fits are "
            "pooled that differ in nothing but the imputed values.",
            "differ",
            imputation,
        )

    @classmethod
    def infinite(cls, imputation: int, names: Sequence[str]) -> PoolingError:
        """Return the error for infinite coefficients in one of the fits."""
        return cls(
            f"imputation {imputation} is separated: {shorten(list(names))} has no finite estimate "
            "there, and a mean over imputations has none either. Fit all of them with "
            'estimator="firth", merge sparse levels, or impute with fewer categories.',
            "infinite",
            imputation,
            names,
        )

    @classmethod
    def aliased(cls, imputation: int, names: Sequence[str]) -> PoolingError:
        """Return the error for a coefficient that some of the fits could not estimate."""
        return cls(
            f"{shorten(list(names))} is a combination of other columns in one of fit 1 and fit "
            f"{imputation} and not in the other, so that their coefficients mean different things. "
            "Leave the column out of the formula.",
            "aliased",
            imputation,
            names,
        )

    @classmethod
    def stopped(cls, imputation: int) -> PoolingError:
        """Return the error for a fit that did not converge."""
        return cls(
            f"the search of fit {imputation} stopped before it reached a maximum, so that there is "
            "no estimate to pool. Fit again with more iterations, or another start.",
            "search",
            imputation,
        )

    @classmethod
    def df_unknown(cls, imputation: int) -> PoolingError:
        """Return the error for an estimate that does not tell its degrees of freedom."""
        return cls(
            f"number {imputation} of the fits does not tell the degrees of freedom of complete "
            "data. Give them: df_complete=n - k, or df_complete=float('inf') for large samples.",
            "df",
            imputation,
        )

    @classmethod
    def no_likelihood(cls, method: str, found: str) -> PoolingError:
        """Return the error for a likelihood-ratio test of fits without likelihoods."""
        return cls(
            f"{method} pools likelihood ratios of maximum likelihood fits with their rows, and "
            f'these are {found}. Write method="D1", which needs estimates and covariances only.',
            "likelihood",
        )

    @classmethod
    def frames(cls, found: str) -> PoolingError:
        """Return the error for something that is no list of tables."""
        return cls(
            f"frames is {found}. Give a list of completed tables, one for each imputation: "
            '[table for _, table in long.groupby(".imp")] for a long table.',
            "imputations",
        )
