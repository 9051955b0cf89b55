"""Effects at the boundary where there is no likelihood: sampling weights, and other covariances."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import logit_inference as li
from logit_inference.errors import EffectError

pytestmark = [
    pytest.mark.filterwarnings("ignore::logit_inference.errors.SeparationWarning"),
    pytest.mark.filterwarnings("ignore::logit_inference.errors.FewClustersWarning"),
]
DATA = pd.DataFrame(
    {
        "y": [1] * 10 + [1, 0, 1, 1, 0] + [0, 0, 1, 0, 1, 1],
        "g": ["a"] * 10 + ["b"] * 5 + ["c"] * 6,
        "w": [1.0] * 14 + [2.0] * 7,
        "cl": np.repeat(np.arange(7), 3),
    }
)
CALM = DATA[DATA["g"] != "a"]


def fits(data):
    """Return fits without a likelihood ratio, by what they have instead."""
    return {
        "sampling": li.logit("y ~ g", data, weights="w", weights_kind="sampling"),
        "survey": li.logit("y ~ g", li.survey(data, weights="w", psu="cl")),
        "cluster": li.logit("y ~ g", data, cluster="cl"),
        "HC1": li.logit("y ~ g", data, covariance="HC1"),
    }


@pytest.mark.parametrize("name", ["sampling", "survey", "cluster", "HC1"])
def test_the_forced_effect_has_an_estimate_alone_and_others_their_intervals(name):
    fit, calm = fits(DATA)[name], fits(CALM)[name]
    found = fit.avg_predictions(by="g")
    frame = found.to_frame().set_index("g")
    assert frame.loc["a", "estimate"] == 1
    assert frame.loc["a", ["std_error", "conf_low", "conf_high"]].isna().all()
    # The rows of b and c say all that is known of them: proportions with their own errors.
    alone = calm.avg_predictions(by="g").to_frame().set_index("g")
    np.testing.assert_allclose(frame.loc[["b", "c"], "estimate"], alone["estimate"], rtol=1e-10)
    if name == "HC1":  # its factor counts rows, of which there are more here
        factor = np.sqrt((21 / 18) / (11 / 9))
        np.testing.assert_allclose(
            frame.loc[["b", "c"], "std_error"], factor * alone["std_error"], rtol=1e-8
        )
    assert sum("no test and no interval" in note for note in found.notes) == 1
    for other in (fit.predictions(), fit.avg_comparisons("g"), fit.avg_slopes("g")):
        assert np.isnan(other.numbers.conf_low).sum() > 0
        assert not np.isnan(other.estimate).any()
    pairs = fit.avg_comparisons({"g": "pairwise"}, adjust="holm").numbers
    assert np.isnan(pairs.p_value).tolist() == [True, True, False]
    assert pairs.p_adjusted[2] == pytest.approx(pairs.p_value[2])


@pytest.mark.parametrize("how", ["conditional", "population", "simulation", "bootstrap"])
@pytest.mark.parametrize("name", ["sampling", "survey", "cluster"])
def test_refusals_by_name_point_to_what_is_answered(name, how):
    fit = fits(DATA)[name]
    with pytest.raises(EffectError, match="Leave uncertainty= out") as caught:
        fit.avg_comparisons("g", uncertainty=how)
    assert 'uncertainty="' not in str(caught.value)


def test_likelihood_by_name_is_refused_once():
    for name in ("sampling", "survey"):
        for options in ({}, {"covariance": "model"}):
            with pytest.raises(EffectError, match="Leave uncertainty= out") as caught:
                fits(DATA)[name].avg_comparisons("g", uncertainty="likelihood", **options)
            assert 'covariance="model"' not in str(caught.value)
            assert 'Use uncertainty="' not in str(caught.value)
    fit = fits(DATA)["cluster"]
    with pytest.raises(EffectError, match='write covariance="model"'):
        fit.avg_comparisons("g", uncertainty="likelihood")
    # What both messages name is answered: the interval of independent rows, exp(−3.84/20).
    for options in ({}, {"uncertainty": "likelihood"}):
        row = fit.avg_predictions(by="g", covariance="model", **options).to_frame().iloc[0]
        assert row["conf_low"] == pytest.approx(np.exp(-3.841458820694124 / 20), rel=1e-9)


def test_forced_rows_have_no_limits_from_a_pseudo_likelihood():
    frame = fits(DATA)["sampling"].get_prediction({"g": ["a", "b"]}).summary_frame()
    assert frame["estimate"][0] == 1
    assert np.isnan(frame["conf_low"][0])
    assert np.isfinite(frame["conf_low"][1])


def test_plots_say_what_they_lack_without_a_way_that_is_closed():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    ax = fits(DATA)["sampling"].plot_predictions("g")
    (note,) = (text.get_text() for text in ax.texts)
    assert note.startswith("Without an interval: 1 of 3 points")
    assert "likelihood" not in note
    plt.close("all")
