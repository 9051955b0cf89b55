"""Coverage of intervals from few clusters, by simulation."""

import warnings

import numpy as np
import pytest
from scipy.special import ndtr

import logit_inference as li

N_CLUSTERS, SIZE, N_DRAWS = 12, 20, 800


def draw(random, correlation=0.15):
    """Outcomes that are correlated within clusters, each with the probability of the model.

    Whether a normal variable that shares a part with its cluster is below a quantile: the logit
    holds exactly, and its coefficient of treatment, which a third of the clusters have, is zero.
    """
    n = N_CLUSTERS * SIZE
    clusters = np.repeat(np.arange(N_CLUSTERS), SIZE)
    treated, x = (clusters < N_CLUSTERS // 3).astype(float), random.normal(size=n)
    shared = random.normal(size=N_CLUSTERS)[clusters]
    latent = np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * random.normal(size=n)
    y = (ndtr(latent) < 1 / (1 + np.exp(0.3 - 0.5 * x))).astype(float)
    return y, np.column_stack([np.ones(n), treated, x]), clusters


@pytest.mark.slow
def test_intervals_of_few_clusters():
    random, inside = np.random.default_rng(5), {}
    for _ in range(N_DRAWS):
        y, X, clusters = draw(random)
        fit = li.logit_arrays(y, X, names=["const", "treated", "x"])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", li.errors.FewClustersWarning)
            kinds = {"model": fit}
            for kind in ("CR1", "CR2", "CR3-one-step"):
                kinds[kind] = fit.with_covariance("cluster", by=clusters, type=kind)
        for kind, result in kinds.items():
            low, high = result.conf_int().loc["treated"]
            inside[kind] = inside.get(kind, 0) + (low <= 0 <= high)
        wild = fit.test("treated", method="wild", by=clusters, n_replicates=4096)
        inside["wild"] = inside.get("wild", 0) + (wild.p_value > 0.05)
    shares = {kind: count / N_DRAWS for kind, count in inside.items()}
    # The standard error of a share near 0.95 is 0.008, and three of them are allowed for.
    assert shares["model"] < 0.85
    assert shares["CR1"] < 0.925
    assert abs(shares["CR2"] - 0.95) < 0.025
    assert shares["CR1"] < shares["CR3-one-step"] < shares["CR2"]
    assert 0.90 < shares["wild"] < 0.975
