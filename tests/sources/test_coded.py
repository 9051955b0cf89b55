"""Fits of formulas whose factors are kept as codes, against the same fits from columns."""

import warnings

import numpy as np
import pandas as pd
import pytest

import logit_inference as li
from logit_inference.design import matrix
from logit_inference.errors import PredictionError
from logit_inference.rows.coded import Coded

RNG = np.random.default_rng(17)
N = 3000
TABLE = pd.DataFrame(
    {
        "x": RNG.normal(size=N),
        "z": RNG.normal(size=N),
        "few": pd.Categorical.from_codes(RNG.integers(0, 3, N), list("abc")),
        "wide": pd.Categorical.from_codes(RNG.integers(0, 12, N), [f"w{k}" for k in range(12)]),
        "text": RNG.choice([f"t{k}" for k in range(9)], N),
        "weight": RNG.integers(0, 4, N),
        "trials": RNG.integers(1, 5, N),
    }
)
ETA = 0.5 * TABLE["x"] - 0.1 * TABLE["wide"].cat.codes + 0.3 * (TABLE["few"] == "b")
TABLE["y"] = (RNG.random(N) < 1 / (1 + np.exp(-ETA))).astype(int)
TABLE["successes"] = RNG.binomial(TABLE["trials"], 1 / (1 + np.exp(-ETA)))

MODELS = {
    "main effects": ("y ~ x + wide + text", {}),
    "no intercept": ("y ~ 0 + wide + text + x", {}),
    "interactions": ("y ~ wide * x + few + text:z", {}),
    "factors by factors": ("y ~ wide * few + x", {}),
    "nothing but factors": ("y ~ wide + few", {}),
    "contrasts": ("y ~ C(wide, contr.sum) * x + C(text, contr.helmert)", {}),
    "splines": ("y ~ wide + wide:bs(x, df=4)", {}),
    "weights": ("y ~ wide + x", {"weights": "weight", "weights_kind": "frequency"}),
    "trials": ("successes ~ wide + x", {"trials": "trials"}),
    "offset": ("y ~ wide + z + offset(0.5 * x)", {}),
}


@pytest.mark.parametrize("model", MODELS)
def test_codes_give_the_fit_of_columns(model, monkeypatch):
    formula, options = MODELS[model]
    columns = li.logit(formula, TABLE, **options)
    assert isinstance(columns.fit.source.data.X, np.ndarray)
    monkeypatch.setattr(matrix, "SMALL", 0)
    codes = li.logit(formula, TABLE, **options)
    assert isinstance(codes.fit.source.data.X, Coded)
    assert codes.params.index.equals(columns.params.index)
    gap = np.abs(codes.params - columns.params) / columns.bse
    assert gap.max() < 1e-9
    np.testing.assert_allclose(codes.bse, columns.bse, rtol=1e-9)
    assert codes.llf == pytest.approx(columns.llf, rel=1e-12)
    assert codes.llnull == pytest.approx(columns.llnull, rel=1e-12)
    np.testing.assert_allclose(codes.fitted, columns.fitted, rtol=1e-9)
    frames = codes.get_prediction().summary_frame(), columns.get_prediction().summary_frame()
    np.testing.assert_allclose(*frames, rtol=1e-9)
    frames = codes.get_prediction(TABLE).summary_frame(), columns.get_prediction(TABLE)
    np.testing.assert_allclose(frames[0], frames[1].summary_frame(), rtol=1e-9)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_same_bits_from_any_number_of_threads(threads, monkeypatch):
    monkeypatch.setattr(matrix, "SMALL", 0)
    monkeypatch.setattr("logit_inference.rows.source.coded_rows", lambda X: 100)
    monkeypatch.setattr("logit_inference.rows.threads.WORTH_A_THREAD", 1)
    one = li.logit(MODELS["interactions"][0], TABLE, threads=1)
    many = li.logit(MODELS["interactions"][0], TABLE, threads=threads)
    assert many.params.to_numpy().tobytes() == one.params.to_numpy().tobytes()
    assert many.bse.to_numpy().tobytes() == one.bse.to_numpy().tobytes()


# --- columns that depend on each other, or nearly so ----------------------------------------------


def hard_table():
    rng = np.random.default_rng(23)
    data = TABLE[["x", "z", "few", "wide", "text"]].copy()
    wide = data["wide"].cat.codes.to_numpy()
    state = rng.integers(0, 8, N)
    data["state"] = pd.Categorical.from_codes(state, list("stuvwxyz"))
    data["county"] = pd.Categorical.from_codes(
        5 * state + rng.integers(0, 5, N), [f"c{k:02d}" for k in range(40)]
    )
    data["again"] = data["wide"]
    data["v"] = np.array([0.1, 0.7, 1e3, 3.3, 2, 9, 1 / 3, 0.25, 7, 8, 11, 0.01])[wide]
    data["copy"], data["shifted"] = data["x"], 3 * data["x"] - 1e6
    data["t"] = 1e6 + rng.normal(size=N)
    data["narrow"] = 2000 + 0.05 * rng.normal(size=N)
    data["year"] = rng.integers(1990, 2020, N).astype(float)
    data["inside"] = 1000.0 * wide + 0.01 * rng.normal(size=N)
    data["big"], data["tiny"] = 1e150 * data["x"], 1e-150 * data["z"]
    data["decades"] = 10.0 ** rng.uniform(-5, 5, N)
    data["some"] = np.where(wide == 3, 0, rng.integers(0, 3, N))
    data["where"] = np.where(data["some"] > 0, 2 * data["x"], data["z"])
    holes = (9 * wide + pd.factorize(data["text"], sort=True)[0]) % 7 == 0
    data["gap"] = holes
    data["y"] = (rng.random(N) < 1 / (1 + np.exp(-ETA))).astype(int)
    return data


HARD_TABLE = hard_table()
DECADES = {"weights": "decades", "weights_kind": "precision"}
SOME = {"weights": "some", "weights_kind": "frequency"}
HARD = {
    "the inner factor first": ("x + county + state", {}),
    "the outer factor first": ("x + state + county", {}),
    "nested, sums": ("x + C(state, contr.sum) + C(county, contr.sum)", {}),
    "nested, helmert": ("x + county + C(state, contr.helmert)", {}),
    "nested, polynomials": ("x + C(state, contr.poly) + county", {}),
    "a factor twice": ("wide + x + again", {}),
    "a number by level, first": ("x + v + wide", {}),
    "a number by level, last": ("x + wide + v", {}),
    "slopes of a number by level": ("v * wide + x", {}),
    "copies": ("x + copy + shifted + wide", {}),
    "copies, last": ("wide + t + I(t - 1e6) + x + copy", {}),
    "centred before raw": ("I(t - 1e6) + t + wide + text", {}),
    "raw before centred": ("t + I(t - 1e6) + wide + text", {}),
    "powers of years": ("year + I(year**2) + I((year - 2004)**2) + wide", {}),
    "large means": ("t + narrow + wide + text", {}),
    "large means, no intercept": ("0 + wide + t + narrow + text", {}),
    "slopes of large means": ("wide * t + text * narrow", {}),
    "slopes, no intercept": ("0 + wide + wide:t", {}),
    "slopes of contrasts": ("C(wide, contr.sum) * narrow + C(text, contr.helmert) * t", {}),
    "slopes without their levels": ("x + wide:narrow", {}),
    "slopes within cells": ("wide * few * narrow", {}),
    "nearly constant within levels": ("inside + wide + text", {}),
    "slopes of what hardly varies within levels": ("text + wide * inside", {}),
    "every scale": ("big + tiny + wide", {}),
    "weights of ten decades": ("x + year + wide + text", DECADES),
    "weights of ten decades, large means": ("t + narrow * wide", DECADES),
    "weights of zero": ("x + where + wide + text", SOME),
    "full indicators": ("0 + wide + text + x", {}),
    "no constant": ("0 + x:wide", {}),
    "no constant, large means": ("0 + t:wide", {}),
}


def both_ways(formula, data, options, monkeypatch):
    """The fit from columns, and from codes; with what they warn of."""
    fits = []
    for small in (matrix.SMALL, 0):
        monkeypatch.setattr(matrix, "SMALL", small)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", li.CollinearityWarning)
            fits.append(li.logit(formula, data, **options))
    assert isinstance(fits[0].fit.source.data.X, np.ndarray)
    assert isinstance(fits[1].fit.source.data.X, Coded)
    return fits


def assert_same(codes, columns, rtol=1e-9):
    """Everything that a fit says is the same, numbers to nine digits."""
    assert codes.account.notes == columns.account.notes
    assert codes.account.has_constant == columns.account.has_constant
    assert sorted(codes.estimate.relations) == sorted(columns.estimate.relations)
    gap = np.abs(codes.params - columns.params) / columns.bse
    assert gap.max() < 1e-8
    np.testing.assert_allclose(codes.bse, columns.bse, rtol=rtol)
    assert codes.llf == pytest.approx(columns.llf, rel=1e-12)
    assert codes.tjur == pytest.approx(columns.tjur, rel=1e-9)
    rows, wanted = codes.augment(), columns.augment()
    for name in ("fitted", "std_error", "hat", "cooksd"):
        np.testing.assert_allclose(rows[name], wanted[name], rtol=10 * rtol, atol=1e-15)


@pytest.mark.parametrize("model", HARD)
def test_codes_give_the_fit_of_hard_columns(model, monkeypatch):
    formula, options = HARD[model]
    columns, codes = both_ways(f"y ~ {formula}", HARD_TABLE, options, monkeypatch)
    assert_same(codes, columns)
    for name in ("z", "x", *columns.account.terms[-1][:1]):
        if name in columns.params.index and np.isfinite(columns.params[name]):
            tests = [one.test(f"{name} = 0") for one in (codes, columns)]
            assert tests[0].statistic == pytest.approx(tests[1].statistic, rel=1e-7)
    if not options:
        frames = [one.get_prediction(HARD_TABLE[:200]).summary_frame() for one in (codes, columns)]
        np.testing.assert_allclose(*frames, rtol=1e-8)


@pytest.mark.parametrize("formula", ["x + wide * text", "0 + wide:text + x", "x + wide:text"])
def test_combinations_that_do_not_occur(formula, monkeypatch):
    data = HARD_TABLE[~HARD_TABLE["gap"]]
    columns, codes = both_ways(f"y ~ {formula}", data, {}, monkeypatch)
    assert codes.estimate.relations
    assert_same(codes, columns)


def test_new_rows_that_break_a_relation_are_refused_alike(monkeypatch):
    columns, codes = both_ways("y ~ x + county + state", HARD_TABLE, {}, monkeypatch)
    broken = HARD_TABLE[:20].assign(
        state=HARD_TABLE["state"][:20].cat.codes.map("tuvwxyzs".__getitem__)
    )
    messages = []
    for one in (columns, codes):
        with pytest.raises(PredictionError) as told:
            one.predict(broken)
        messages.append(str(told.value))
    assert messages[0] == messages[1]


@pytest.mark.parametrize("block_rows", [250, 1000])
def test_hard_columns_in_blocks_and_threads(block_rows, monkeypatch):
    formula = "y ~ year + narrow * wide + county + state"
    whole, codes = both_ways(formula, HARD_TABLE, {}, monkeypatch)
    monkeypatch.setattr("logit_inference.rows.source.coded_rows", lambda X: block_rows)
    monkeypatch.setattr("logit_inference.rows.threads.WORTH_A_THREAD", 1)
    fits = []
    for threads in (1, 2):
        with pytest.warns(li.CollinearityWarning):
            fits.append(li.logit(formula, HARD_TABLE, threads=threads))
    assert fits[0].bse.to_numpy().tobytes() == fits[1].bse.to_numpy().tobytes()
    assert_same(fits[0], whole)
    assert_same(fits[0], codes)


@pytest.mark.parametrize("formula", ["y ~ narrow + wide", "y ~ narrow:wide + text", "y ~ t + wide"])
def test_coded_new_rows_of_a_fit_of_columns(formula, monkeypatch):
    fit = li.logit(formula, HARD_TABLE)
    assert isinstance(fit.fit.source.data.X, np.ndarray)
    plain = fit.get_prediction(HARD_TABLE).summary_frame()
    monkeypatch.setattr(matrix, "SMALL", 0)
    assert isinstance(fit.design.encode(HARD_TABLE, None).X, Coded)
    np.testing.assert_allclose(fit.get_prediction(HARD_TABLE).summary_frame(), plain, rtol=1e-8)
