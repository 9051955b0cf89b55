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
from logit_inference.report.plots import log_ticks

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


@pytest.mark.parametrize(
    ("ends", "wanted"),
    [
        ((0.76, 1.33), [0.8, 0.9, 1.0, 1.1, 1.2, 1.3]),
        ((0.99, 1.01), [0.99, 0.995, 1.0, 1.005, 1.01]),
        ((0.3, 0.35), [0.3, 0.31, 0.32, 0.33, 0.34, 0.35]),
        ((0.5, 2.0), [0.5, 1.0, 1.5, 2.0]),
        ((0.1, 30.0), [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0]),
        ((1e-6, 1e7), [1e-6, 1e-4, 1e-2, 1.0, 1e2, 1e4, 1e6]),
    ],
)
def test_axes_of_ratios_have_round_ticks_however_narrow(ends, wanted):
    np.testing.assert_allclose(log_ticks(*ends), wanted, rtol=1e-12)


def test_every_axis_of_ratios_has_three_ticks_to_read_it_by():
    rng = np.random.default_rng(1)
    for low, wide in zip(10 ** rng.uniform(-4, 4, 300), 10 ** rng.uniform(-3, 6, 300), strict=True):
        ticks = log_ticks(low, low * (1 + wide))
        assert 3 <= len(ticks) <= 10
        assert low * (1 - 1e-6) <= min(ticks)
        assert max(ticks) <= low * (1 + wide) * (1 + 1e-6)
    labels = {f"{tick:.6g}" for tick in log_ticks(0.99, 1.01)}
    assert len(labels) == 5


def test_narrow_ratios_are_labelled(fit, figures):
    ax = fit.plot_comparisons({"lwt": 1}, "race", contrast="ratio")
    ax.figure.canvas.draw()
    low, high = ax.get_ylim()
    labels = [text.get_text() for text in ax.get_yticklabels()]
    shown = [text for text in labels if text and low <= float(text) <= high]
    assert 0.5 < low < high < 2
    assert len(shown) >= 3


def test_lines_of_nnts_break_where_the_sign_changes(figures):
    """One over a difference that goes through zero is infinite there, and never zero."""
    rng = np.random.default_rng(4)
    x, t = rng.normal(size=300), rng.integers(0, 2, 300)
    y = (rng.random(300) < 1 / (1 + np.exp(-x * (2 * t - 1)))).astype(int)
    fit = li.logit("y ~ x * t", {"y": y, "x": x, "t": t})
    ax = fit.plot_comparisons("t", "x", contrast="nnt")
    ends = []
    for line in ax.lines:
        heights = line.get_ydata()
        ends.append((np.nanmin(heights), np.nanmax(heights)))
        with np.errstate(invalid="ignore"):
            assert not (heights[1:] * heights[:-1] < 0).any()
    assert all(low < 0 < high for low, high in ends)  # both sides are there, of all three lines
    for band in ax.collections:
        for path in band.get_paths():
            assert (path.vertices[:, 1] > 0).all() or (path.vertices[:, 1] < 0).all()
    estimates = ax.lines[0].get_ydata()
    points = np.linspace(x.min(), x.max(), 61).tolist()
    table = fit.comparisons("t", newdata=li.datagrid(x=points), contrast="nnt")
    np.testing.assert_allclose(estimates[~np.isnan(estimates)], table.estimate)


@pytest.mark.parametrize("ax", [3, "x"])
def test_only_axes_are_drawn_on(fit, ax):
    with pytest.raises(ArgumentError, match=r"plt\.subplots"):
        fit.plot_predictions("smoke", ax=ax)
