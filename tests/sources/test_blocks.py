"""Every capability gives the same numbers from one block and from many."""

from dataclasses import replace

import numpy as np
import pytest

import logit_inference as li
from logit_inference.covariance.model import model_covariance
from logit_inference.inference.estimate import Estimate
from logit_inference.likelihood.logistic import LOGISTIC
from logit_inference.rows.source import ArraySource
from logit_inference.solve.factor import factorize
from logit_inference.solve.fit import fit_rows

MODELS = {
    "birthwt": ("low ~ age + lwt + C(race) + smoke", {}),
    "menarche": ("Menarche ~ Age", {"trials": "Total"}),
    "UCBAdmissions": ("Admit ~ Gender * Dept", {"weights": "Freq", "weights_kind": "frequency"}),
    "TitanicSurvival": ("survived ~ sex * passengerClass + poly(age, 2)", {}),
    "infert": ("case ~ spontaneous + induced", {"offset": "0.01 * age"}),
    "mtcars": ("am ~ wt + I(2 * wt) + hp", {}),
}
# Sums of blocks differ from the whole by their rounding only, about eps times the condition.
CLOSE = {"rtol": 1e-13, "atol": 1e-13, "equal_nan": True}


def in_blocks(result, block_rows):
    """The same fit again, from the same rows in blocks of that size."""
    data = result.fit.source.data
    fit = fit_rows(
        ArraySource(data, block_rows),
        LOGISTIC,
        result.estimate.names,
        constant=result.fit.constant,
        offset=data.offset is not None,
    )
    estimate = Estimate(fit.names, fit.solution.coef, model_covariance(fit), fit.relations)
    account = replace(
        result.account,
        log_likelihood=fit.log_likelihood,
        null_log_likelihood=fit.null_log_likelihood,
        tally=fit.tally,
    )
    return replace(result, fit=fit, estimate=estimate, account=account)


@pytest.mark.parametrize("block_rows", [1, 3, 7, 64])
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.filterwarnings("ignore::logit_inference.errors.CollinearityWarning")
def test_many_blocks_give_the_numbers_of_one(name, block_rows):
    formula, options = MODELS[name]
    one = li.logit(formula, li.datasets.load(name), **options)
    many = in_blocks(one, block_rows)
    assert np.allclose(many.params, one.params, **CLOSE)
    assert np.allclose(many.bse, one.bse, **CLOSE)
    # Beside its standard errors: elements may cancel. Inverting costs the digits of the condition,
    # up to a few roundings (two of them because a variance is a square).
    errors = np.outer(one.bse, one.bse)
    condition = factorize(one.fit.solution.evaluation.information).condition
    gap = np.abs(many.cov_params() - one.cov_params()).to_numpy() / errors
    assert np.nanmax(gap) <= max(1e-13, 4 * np.finfo(float).eps * condition)
    for value in ("llf", "llnull", "deviance", "null_deviance", "aic", "bic", "tjur", "nobs"):
        assert getattr(many, value) == pytest.approx(getattr(one, value), rel=1e-12), value
    assert np.allclose(many.fitted, one.fitted, **CLOSE)
    assert np.allclose(many.augment(), one.augment(), rtol=1e-10, atol=1e-12, equal_nan=True)
    counts = many.classification_table().to_frame(), one.classification_table().to_frame()
    assert counts[0].equals(counts[1])
    frames = many.get_prediction().summary_frame(), one.get_prediction().summary_frame()
    assert np.allclose(*frames, **CLOSE)
