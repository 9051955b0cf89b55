"""A batch of refits is a loop of separate fits, and a replicate without an estimate says so."""

import numpy as np
import pytest

import logit_inference as li
from logit_inference.errors import DataError, DetachedError, WeightsError
from logit_inference.solve import batch
from logit_inference.solve.batch import refit_weights
from logit_inference.solve.solution import Outcome


def sample(n=150, p=4, seed=0, spread=0.7):
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(n), rng.normal(size=(n, p - 1))])
    y = rng.random(n) < 1 / (1 + np.exp(-X @ rng.normal(scale=spread, size=p)))
    return y.astype(float), X


def bootstrap(n, B, seed=1):
    return np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=B)


def assert_as_separate_fits(y, X, W, *, kind="frequency", fitted=None, **options):
    """Every replicate is a fit of its own: coefficients, standard errors, log-likelihood."""
    fitted = li.logit_arrays(y, X, **options) if fitted is None else fitted
    fits = fitted.refit_weights(W, std_errors=True)
    known = fitted.estimate.estimable
    assert fits.converged.all()
    for b, weights in enumerate(W):
        own = li.logit_arrays(y, X, weights=weights, weights_kind=kind, **options)
        errors = own.estimate.std_errors[known]
        distance = np.abs(fits.coef[b] - own.estimate.coef)[known] / errors
        assert distance.max() <= 1e-9
        assert np.abs(fits.std_errors[b][known] / errors - 1).max() <= 1e-9
        assert fits.log_likelihood[b] == pytest.approx(own.llf, rel=1e-12)
    assert np.isnan(fits.coef[:, ~known]).all()
    assert np.isnan(fits.std_errors[:, ~known]).all()
    return fits


def test_a_bootstrap_is_a_loop_of_fits():
    y, X = sample()
    assert_as_separate_fits(y, X, bootstrap(len(y), 60))


def test_weights_may_be_any_nonnegative_reals():
    y, X = sample()
    rng = np.random.default_rng(2)
    W = rng.exponential(size=(20, len(y)))
    W[:10] *= rng.random((10, len(y))) < 0.8
    assert_as_separate_fits(y, X, W, kind="precision")
    assert_as_separate_fits(y, X, 10.0 ** rng.uniform(-5, 5, (10, len(y))), kind="precision")


def test_the_scale_of_the_weights_moves_standard_errors_only():
    y, X = sample()
    fit, W = li.logit_arrays(y, X), bootstrap(len(y), 5)
    one = fit.refit_weights(W, std_errors=True)
    for scale in (1e-12, 1e12):
        other = fit.refit_weights(scale * W, std_errors=True)
        assert np.allclose(other.coef, one.coef, rtol=1e-10, atol=1e-10)
        assert np.allclose(other.std_errors * np.sqrt(scale), one.std_errors, rtol=1e-10, atol=0)


def test_trials_and_offset_are_kept():
    y, X = sample()
    rng = np.random.default_rng(3)
    trials = rng.integers(0, 6, len(y))
    successes = rng.binomial(trials, 0.4)
    offset = rng.normal(size=len(y))
    W = bootstrap(len(y), 15)
    assert_as_separate_fits(successes, X, W, trials=trials, offset=offset)
    assert_as_separate_fits(y, X, W, offset=offset)


def test_the_weights_of_the_fit_are_replaced():
    y, X = sample()
    prior = np.random.default_rng(4).integers(0, 3, len(y))
    weighted = li.logit_arrays(y, X, weights=prior, weights_kind="frequency")
    W = bootstrap(len(y), 5)
    assert_as_separate_fits(y, X, W, fitted=weighted)
    same = weighted.refit_weights([prior], std_errors=True)
    assert np.allclose(same.coef[0], weighted.estimate.coef, rtol=1e-11)
    assert np.allclose(same.std_errors[0], weighted.estimate.std_errors, rtol=1e-9)
    assert same.log_likelihood[0] == pytest.approx(weighted.llf, rel=1e-13)


@pytest.mark.parametrize("centre", [1e3, 1e5, 1e7])
def test_badly_centred_columns(centre):
    y, X = sample()
    X[:, 1] += centre
    assert_as_separate_fits(y, X, bootstrap(len(y), 8))


@pytest.mark.filterwarnings("ignore::logit_inference.errors.CollinearityWarning")
def test_what_the_fit_could_not_estimate_stays_out():
    y, X = sample()
    X = np.column_stack([X[:, :2], 3 * X[:, 1] - 1, X[:, 2:]])
    assert_as_separate_fits(y, X, bootstrap(len(y), 8))


def test_more_columns_than_are_multiplied_out():
    y, X = sample(400, batch.MOST_COLUMNS + 2, spread=0.2)
    assert_as_separate_fits(y, X, bootstrap(len(y), 3))


def test_many_rows_and_many_chunks(monkeypatch):
    y, X = sample(9000, 3)
    fit, W = li.logit_arrays(y, X), bootstrap(len(y), 7)
    whole = fit.refit_weights(W, std_errors=True)
    monkeypatch.setattr(batch, "CHUNK", 3)
    parts = fit.refit_weights(W, std_errors=True)
    assert np.allclose(whole.coef, parts.coef, rtol=1e-12)
    assert np.allclose(whole.std_errors, parts.std_errors, rtol=1e-12)
    assert_as_separate_fits(y, X, W)


def test_rows_that_repeat_keep_weights_of_their_own():
    rng = np.random.default_rng(0)
    X = np.column_stack([np.ones(6000), rng.integers(0, 3, (6000, 2))])
    y = (rng.random(6000) < 0.3).astype(float)
    fitted = li.logit_arrays(y, X)
    assert_as_separate_fits(y, X, bootstrap(6000, 4), fitted=fitted)
    by_formula = li.logit("y ~ C(a) * C(b)", {"y": y, "a": X[:, 1], "b": X[:, 2]})
    W = bootstrap(6000, 2)
    fits = by_formula.refit_weights(W, std_errors=True)
    data = {"y": y, "a": X[:, 1], "b": X[:, 2], "w": W[1]}
    own = li.logit("y ~ C(a) * C(b)", data, weights="w", weights_kind="frequency")
    assert np.allclose(fits.coef[1], own.params, rtol=1e-9)
    assert np.allclose(fits.std_errors[1], own.bse, rtol=1e-9)


def test_the_same_weights_give_the_same_bits_and_their_order_does_not_matter():
    y, X = sample()
    fit, W = li.logit_arrays(y, X), bootstrap(len(y), 40)
    one, two = (fit.refit_weights(W, std_errors=True) for _ in range(2))
    assert (one.coef == two.coef).all()
    assert (one.std_errors == two.std_errors).all()
    assert (one.log_likelihood == two.log_likelihood).all()
    order = np.random.default_rng(0).permutation(40)
    permuted = fit.refit_weights(W[order], std_errors=True)
    assert np.allclose(permuted.coef, one.coef[order], rtol=1e-12)
    assert np.allclose(permuted.log_likelihood, one.log_likelihood[order], rtol=1e-13)


def test_weights_may_be_a_list_of_lists_a_view_or_of_another_type():
    y, X = sample(60)
    fit, W = li.logit_arrays(y, X), bootstrap(60, 4)
    wanted = fit.refit_weights(W).coef
    for other in (W.tolist(), W.astype(np.uint8), W.astype(np.float32), np.asfortranarray(W)):
        assert np.allclose(fit.refit_weights(other).coef, wanted, rtol=1e-13)
    wide = np.repeat(W, 2, axis=1)[:, ::2]
    assert np.allclose(fit.refit_weights(wide).coef, wanted, rtol=1e-13)
    halves = fit.refit_weights(W > 0)
    assert halves.converged.all()


# --- replicates without an estimate ---------------------------------------------------------------


def assert_flagged(fits, b, outcome):
    assert fits.outcomes[b] is outcome
    assert not fits.converged[b]
    assert np.isnan(fits.coef[b]).all()
    assert np.isnan(fits.std_errors[b]).all()
    assert np.isnan(fits.log_likelihood[b])


def test_a_replicate_without_an_estimate_is_flagged_and_harms_no_other():
    y, X = sample(80, 3)
    W = bootstrap(80, 12).astype(float)
    alone = li.logit_arrays(y, X).refit_weights(W, std_errors=True)
    separated = ((X[:, 1] > 0) == (y > 0)).astype(float)
    W[2], W[4], W[6], W[8] = separated, y, 1 - y, 0.0
    fits = li.logit_arrays(y, X).refit_weights(W, std_errors=True)
    assert_flagged(fits, 2, Outcome.DIVERGING)
    assert_flagged(fits, 4, Outcome.DIVERGING)  # events only
    assert_flagged(fits, 6, Outcome.DIVERGING)  # none
    assert_flagged(fits, 8, Outcome.SINGULAR)  # no rows
    others = [0, 1, 3, 5, 7, 9, 10, 11]
    assert fits.converged[others].all()
    assert np.allclose(fits.coef[others], alone.coef[others], rtol=1e-12)
    assert np.allclose(fits.std_errors[others], alone.std_errors[others], rtol=1e-12)


def test_a_level_that_is_lost_makes_a_replicate_singular():
    rng = np.random.default_rng(0)
    level = np.arange(90) % 3
    y = (rng.random(90) < 0.4).astype(float)
    X = np.column_stack([np.ones(90), level == 1, level == 2, rng.normal(size=90)])
    W = bootstrap(90, 6).astype(float)
    W[1, level == 2] = 0  # the column is zero
    W[3, level == 0] = 0  # the two indicators add up to one
    fits = li.logit_arrays(y, X).refit_weights(W, std_errors=True)
    assert_flagged(fits, 1, Outcome.SINGULAR)
    assert_flagged(fits, 3, Outcome.SINGULAR)
    assert fits.converged[[0, 2, 4, 5]].all()


@pytest.mark.filterwarnings("ignore::logit_inference.SeparationWarning")
def test_outcomes_are_those_of_separate_fits_where_separation_is_common():
    y, X = sample(24, 3, seed=5, spread=2.0)
    W = bootstrap(24, 80)
    fits = li.logit_arrays(y, X).refit_weights(W)
    assert 10 < fits.converged.sum() < 78
    for weights, outcome in zip(W, fits.outcomes, strict=True):
        options = {"weights": weights, "weights_kind": "frequency", "require_convergence": False}
        try:
            own = li.logit_arrays(y, X, **options)
            own = (own.asked or own.fit).solution.outcome
        except DataError:  # one outcome only
            own = Outcome.DIVERGING
        assert outcome is own


@pytest.mark.filterwarnings("ignore::logit_inference.SeparationWarning")
@pytest.mark.parametrize("seed", range(20))
def test_separated_replicates_pass_without_a_warning(seed):
    y, X = sample(16, 3, seed=seed, spread=1.5)
    fitted = li.logit_arrays(y, X, require_convergence=False)
    W = bootstrap(16, 40, seed).astype(float)
    W[::4] *= 1e150
    fits = fitted.refit_weights(W, std_errors=True)
    assert (np.isfinite(fits.std_errors).all(axis=1) == fits.converged).all()
    assert (np.isfinite(fits.coef).all(axis=1) == fits.converged).all()


def test_from_a_fit_that_did_not_converge():
    y, X = sample(80, 3)
    stopped = li.logit_arrays(y, X, max_iterations=1, require_convergence=False)
    assert not stopped.converged
    assert_as_separate_fits(y, X, bootstrap(80, 4), fitted=stopped)


# --- what is refused ------------------------------------------------------------------------------


def test_no_replicates_are_no_fits():
    y, X = sample(60)
    fits = li.logit_arrays(y, X).refit_weights(np.empty((0, 60)), std_errors=True)
    assert fits.coef.shape == fits.std_errors.shape == (0, 4)
    assert fits.outcomes == ()
    assert fits.converged.shape == (0,)


@pytest.mark.parametrize("shape", [(60,), (3, 59), (60, 3), (2, 3, 60), ()])
def test_a_wrong_shape_names_the_rows_used(shape):
    y, X = sample(60)
    with pytest.raises(DataError, match=r"W has shape .* each of the 60 rows used"):
        li.logit_arrays(y, X).refit_weights(np.ones(shape))


def test_weights_must_be_numbers():
    y, X = sample(60)
    with pytest.raises(DataError, match="does not hold real numbers"):
        li.logit_arrays(y, X).refit_weights([["a"] * 60])


@pytest.mark.parametrize(
    ("bad", "words"), [(np.nan, "is not finite"), (np.inf, "is not finite"), (-1.0, "is negative")]
)
def test_a_bad_weight_is_named_by_replicate_and_the_callers_label(bad, words):
    data = li.datasets.load("birthwt").iloc[::-1]
    fit = li.logit("low ~ lwt", data)
    W = np.ones((4, fit.n_rows_used))
    W[2, 7] = bad
    label = data.index[7]
    with pytest.raises(WeightsError, match=rf"replicate 2 .*, row {label}, {words}"):
        fit.refit_weights(W)
    with pytest.raises(WeightsError, match=rf"replicate 2 .*, row 7, {words}"):
        refit_weights(fit.fit, W)


def test_a_result_without_data_says_so():
    y, X = sample(60)
    with pytest.raises(DetachedError, match=r"refit_weights\(\) needs the rows"):
        li.logit_arrays(y, X).without_data().refit_weights(np.ones((1, 60)))


def test_rows_that_were_dropped_have_no_column():
    data = li.datasets.load("birthwt").astype({"age": float})
    data.loc[data.index[3], "age"] = np.nan
    fit = li.logit("low ~ age + C(race)", data)
    W = bootstrap(188, 10)
    fits = fit.refit_weights(W, std_errors=True)
    complete = data.drop(index=data.index[3]).assign(w=W[0])
    own = li.logit("low ~ age + C(race)", complete, weights="w", weights_kind="frequency")
    assert np.allclose(fits.coef[0], own.params, rtol=1e-10)
    assert np.allclose(fits.std_errors[0], own.bse, rtol=1e-9)


def test_it_prints_how_many_have_estimates_and_why_others_have_none():
    fit = li.logit("low ~ age + smoke", li.datasets.load("birthwt"))
    y = np.asarray(li.datasets.load("birthwt")["low"], dtype=float)
    found = fit.refit_weights(np.vstack([np.ones((2, len(y))), y]))
    told = "<BatchedFits: 3 refits of 3 coefficients, 2 with estimates; 1 DIVERGING>"
    assert repr(found) == told
    assert repr(fit.refit_weights(np.ones((1, len(y))))).endswith("1 with estimates>")
