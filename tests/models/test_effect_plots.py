"""Plots of effects: what is drawn is what the tables say."""

import sys

import numpy as np
import pytest

import logit_inference as li
from logit_inference.errors import (
    ArgumentError,
    EffectError,
    MissingPackageError,
    SeparationWarning,
)

matplotlib = pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def fit():
    return li.logit("low ~ ns(lwt, df=3)*smoke + race", li.datasets.load("birthwt"))


@pytest.fixture(autouse=True)
def figures():
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    yield plt
    plt.close("all")


def test_lines_are_predictions(fit, figures):
    ax = fit.plot_predictions({"lwt": [100, 120, 150], "smoke": [0, 1]})
    solid = [line for line in ax.lines if line.get_linewidth() > 1]
    grid = li.datagrid(lwt=[100, 120, 150], smoke=[0, 1])
    frame = fit.predictions(newdata=grid).to_frame()
    for line, (label, part) in zip(solid, frame.groupby("smoke"), strict=True):
        np.testing.assert_array_equal(line.get_ydata(), part["estimate"])
        assert line.get_label() == str(label)
    assert len({line.get_linestyle() for line in solid}) == 2  # told apart without colour
    assert ax.get_xlabel() == "lwt"
    assert ax.get_ylabel() == "probability"


def test_points_panels_and_axes_of_the_caller(fit, figures):
    figure, own = figures.subplots()
    assert fit.plot_predictions(by=["race", "smoke"], ax=own) is own
    assert [text.get_text() for text in own.get_xticklabels()] == ["white", "black", "other"]
    panels = li.plot_predictions(fit, ["lwt", "smoke", "race"])
    assert [ax.get_title() for ax in panels] == ["race = white", "race = black", "race = other"]
    ratios = fit.plot_comparisons({"race": "pairwise"}, "smoke", contrast="ratio")
    assert len(ratios) == 3
    assert ratios[0].get_yscale() == "log"
    ax = li.plot_slopes(fit, "lwt", "lwt")
    assert ax.get_ylabel() == "slope: lwt, dY/dX"
    figure.canvas.draw()


def test_intervals_of_nnts_through_infinity_leave_a_gap(figures):
    """Where the difference covers zero: from 3.11 up and from −24.69 down, and nothing between."""
    fit = li.logit("low ~ smoke + age + race + lwt + ui", li.datasets.load("birthwt"))
    ax = fit.plot_comparisons("ui", "race", contrast="nnt")
    grid = li.datagrid(race=["white", "black", "other"])
    table = fit.comparisons("ui", newdata=grid, contrast="nnt").to_frame()
    assert (table["conf_low"] > table["conf_high"]).all()
    bottom, top = ax.get_ylim()
    bars, up, down = (np.array(lines.get_segments())[..., 1] for lines in ax.collections)
    np.testing.assert_array_equal(np.ptp(bars, axis=1), 0)  # of one piece: none
    np.testing.assert_allclose(up, np.column_stack([table["conf_low"], [top] * 3]))
    np.testing.assert_allclose(down, np.column_stack([table["conf_high"], [bottom] * 3]))
    ax = fit.plot_comparisons("ui", "age", contrast="nnt")
    for band in ax.collections:  # none covers the gap
        for path in band.get_paths():
            heights = path.vertices[:, 1]
            assert heights.min() > 0 or heights.max() < 0


def test_pictures_of_separated_data_say_what_they_lack(figures):
    with pytest.warns(SeparationWarning):
        fit = li.logit("HG ~ NV + EH", li.datasets.load("endometrial"))
    ax = fit.plot_predictions(["EH", "NV"])
    (note,) = (text.get_text() for text in ax.texts)
    assert note.startswith("Without an interval: 61 of 122 points")
    assert 'uncertainty="likelihood"' in note
    ax = fit.plot_comparisons("NV", "EH", contrast="odds-ratio")
    assert ax.texts[0].get_text().startswith("Not drawn: 61 of 61 estimates")
    ax = fit.plot_predictions("NV")  # twelve at most have theirs without being asked
    assert not ax.texts
    ax.figure.canvas.draw()


def test_mistakes_teach(fit, monkeypatch):
    with pytest.raises(EffectError, match="Did you mean 'lwt'"):
        fit.plot_predictions("lvt")
    with pytest.raises(ArgumentError, match="either condition"):
        fit.plot_predictions()
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(MissingPackageError, match=r"logit-inference\[plots\]"):
        fit.plot_predictions("lwt")
