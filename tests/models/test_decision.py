"""The decision rule, and its drawing."""

import numpy as np
import pandas as pd
import pytest

import logit_inference as li
from logit_inference import errors


@pytest.fixture(scope="module")
def births():
    return li.datasets.load("birthwt")


@pytest.fixture(scope="module")
def fit(births):
    return li.logit("low ~ age + lwt + C(race) + smoke", births)


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 1.0])
def test_the_rule_and_the_table_agree(fit, births, threshold):
    said = fit.classify(births, threshold)
    assert said.equals(fit.classify(threshold=threshold))
    assert ((fit.predict(births) >= threshold) == (said == 1)).all()
    counts = fit.classification_table(threshold).to_frame()
    assert counts["event"][0] == ((said == 1) & (births["low"] == 1)).sum()
    assert counts["non_event"][1] == ((said == 0) & (births["low"] == 0)).sum()


def test_it_speaks_of_the_outcome_in_its_own_words(births):
    words = births.assign(low=births["low"].map({0: "normal", 1: "low"}))
    fit = li.logit("low ~ lwt", words, event="low")
    rows = pd.DataFrame({"lwt": [80.0, np.nan, 200.0]}, index=["a", "b", "c"])
    said = fit.classify(rows, 0.3)
    assert said[["a", "c"]].tolist() == ["low", "normal"]
    assert pd.isna(said["b"])
    with pytest.raises(errors.ArgumentError, match="between 0 and 1"):
        fit.classify(rows, 50)


def test_the_surface_is_that_of_the_predictions(fit, births):
    pytest.importorskip("matplotlib")
    import matplotlib as mpl

    mpl.use("agg")
    figure = fit.plot_surface("lwt", "age", at={"race": "black", "smoke": 1}, threshold=0.4)
    axes = figure.axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("lwt", "age")
    assert "race = black, smoke = 1" in axes.get_title()
    # On the boundary that is drawn the linear predictor is the log odds of the threshold.
    line = next(
        c for c in axes.collections if len(c.get_paths()) == 1 and c.get_paths()[0].vertices.size
    )
    x, y = line.get_paths()[0].vertices.T
    on = fit.predict({"lwt": x, "age": y, "race": ["black"] * len(x), "smoke": [1] * len(x)})
    assert np.allclose(on, 0.4, atol=1e-3)
    points = fit.plot_surface("lwt", "age").axes[0]
    assert "Nowhere classified" in points.get_title()
    assert points.get_legend() is not None
    coded = li.logit("low ~ age + lwt + C(ht) + race", births)
    assert "ht = 0" in coded.plot_surface("lwt", "age").axes[0].get_title()


def test_what_cannot_be_drawn_says_so(fit, births):
    with pytest.raises(errors.ArgumentError, match="categorical"):
        fit.plot_surface("lwt", "race")
    with pytest.raises(errors.SchemaError, match="agee"):
        fit.plot_surface("lwt", "agee")
    with pytest.raises(errors.ArgumentError, match="another predictor"):
        fit.plot_surface("lwt", "lwt")
    with pytest.raises(errors.ArgumentError, match="values of race, smoke"):
        fit.plot_surface("lwt", "age", at={"ht": 1})
    arrays = li.logit_arrays(births["low"], births[["age", "lwt"]], intercept=True)
    with pytest.raises(errors.ArgumentError, match="formula"):
        arrays.plot_surface("age", "lwt")
    with pytest.raises(errors.DetachedError, match="typical value"):
        fit.without_data().plot_surface("lwt", "age")
