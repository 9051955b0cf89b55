"""Which criterion the coefficients maximise: the likelihood, or one with a penalty.

A record of plain numbers, so that it travels in a file. It knows neither rows nor solvers; which
keyword of a fit says what is read in `models.estimator`.
"""

from __future__ import annotations

from dataclasses import dataclass

NAMES = {
    "ml": "MLE",
    "firth": "Firth",
    "median-br": "Median BR",
    "jeffreys": "Jeffreys",
    "log-f": "Log-F prior",
    "ridge": "Ridge",
}


@dataclass(frozen=True)
class Estimator:
    """How coefficients are estimated.

    Parameters
    ----------
    kind : {"ml", "firth", "median-br", "jeffreys", "log-f", "ridge"}
        * ``ml`` maximises the log-likelihood ℓ;
        * ``firth`` and ``jeffreys`` maximise ``ℓ + power·log|I|`` with I the information: Firth's
          power is one half, the logarithm of Jeffreys' prior (Firth 1993);
        * ``median-br`` solves the adjusted score equations of Kenne Pagui, Salvan and Sartori
          (2017), which maximise nothing;
        * ``log-f`` adds ``m(b/2 − log(1+exp(b)))`` for each coefficient b with m degrees of
          freedom, the log of an F(m, m) density of the odds ratio (Greenland and Mansournia 2015);
        * ``ridge`` adds ``−½ c b²`` for each coefficient b with penalty c, on the columns as they
          are: nothing is standardised.
    power : float
        Of the determinant of the information; zero where there is none.
    amounts : tuple of p floats
        Degrees of freedom (``log-f``) or penalties (``ridge``) of the columns; empty otherwise.
    intercept : {"flic", "flac"} or None
        Correction of Firth's fitted probabilities (Puhr and others 2017).

    References
    ----------
    Firth (1993), *Biometrika* 80. Greenland and Mansournia (2015), *Statistics in Medicine* 34.
    Kenne Pagui, Salvan and Sartori (2017), *Biometrika* 104. Puhr, Heinze, Nold, Lusa and
    Geroldinger (2017), *Statistics in Medicine* 36.
    """

    kind: str = "ml"
    power: float = 0.0
    amounts: tuple[float, ...] = ()
    intercept: str | None = None

    @property
    def is_ml(self) -> bool:
        """Whether it is maximum likelihood."""
        return self.kind == "ml"

    def is_bounded(self, constant: int | None) -> bool:
        """Say whether coefficients stay finite where all rows have the same outcome.

        A determinant of the information and median bias reduction hold every direction; penalties
        of coefficients those that they reach, of which the constant's is the one in question.
        Corrections of the intercept give fitted probabilities the mean of the outcome, which is
        then 0 or 1.
        """
        if self.intercept is not None:
            return False
        if self.amounts:
            return constant is None or self.amounts[constant] > 0.0
        return not self.is_ml

    @property
    def has_likelihood(self) -> bool:
        """Whether likelihood-ratio statements hold for what is maximised.

        Median bias reduction maximises nothing; a ridge penalty is no likelihood of anything that
        is believed, and its ratios have no chi-square reference.
        """
        return self.kind not in ("median-br", "ridge")

    @property
    def has_criteria(self) -> bool:
        """Whether information criteria count its coefficients as free.

        As in brglm2, those of bias-reduced fits use the likelihood at the estimate.
        """
        return self.kind not in ("log-f", "ridge")

    @property
    def interval_method(self) -> str:
        """The method of its tables: ``"profile"`` or ``"wald"``."""
        return "profile" if self.has_likelihood and not self.is_ml else "wald"

    @property
    def name(self) -> str:
        """As a summary's head names it."""
        suffix = f" with {self.intercept.upper()}" if self.intercept else ""
        return NAMES[self.kind] + suffix


ML = Estimator()
