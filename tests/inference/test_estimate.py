"""Predictions from codes are those from the columns that the codes stand for."""

import numpy as np
import pandas as pd
import pytest

import logit_inference as li
from logit_inference.design import matrix
from logit_inference.errors import CollinearityWarning, PredictionError
from logit_inference.inference import estimate

RNG = np.random.default_rng(5)
N = 600
TABLE = pd.DataFrame(
    {
        "x": RNG.normal(size=N),
        "year": 2000 + RNG.integers(0, 9, N) + 1e-7 * RNG.normal(size=N),
        "wide": pd.Categorical.from_codes(RNG.integers(0, 12, N), [f"w{k}" for k in range(12)]),
        "text": RNG.choice([f"t{k}" for k in range(9)], N),
    }
)
TABLE["group"] = TABLE["wide"].cat.codes // 4
TABLE["y"] = (RNG.random(N) < 1 / (1 + np.exp(-TABLE["x"]))).astype(int)
FORMULAS = {
    "as it is": "y ~ wide * x + text",
    "columns dropped": "y ~ wide + C(group) + text + x + I(2 * x)",
    "another basis": "y ~ wide + text + I(year + 1e7) + x",
}


@pytest.fixture(params=FORMULAS)
def fit(request):
    """Fits whose covariance lives in bases of each kind, from columns of floats."""
    if request.param == "columns dropped":
        with pytest.warns(CollinearityWarning):
            return li.logit(FORMULAS[request.param], TABLE)
    found = li.logit(FORMULAS[request.param], TABLE)
    assert (found.estimate.covariance.basis.matrix is None) == (request.param == "as it is")
    return found


def coded_frames(monkeypatch, fit, table):
    """What is predicted from floats and from codes."""
    floats = fit.design.encode(table).X
    frames = [fit.get_prediction(table).summary_frame(), fit.predict(table)]
    monkeypatch.setattr(matrix, "SMALL", 0)
    assert isinstance(floats, np.ndarray)
    assert isinstance(fit.design.encode(table).X, matrix.Coded)
    return zip(frames, [fit.get_prediction(table).summary_frame(), fit.predict(table)], strict=True)


def test_predictions_and_intervals_are_alike(fit, monkeypatch):
    for floats, codes in coded_frames(monkeypatch, fit, TABLE):
        np.testing.assert_allclose(codes, floats, rtol=1e-9)


def test_pieces_of_many_rows_are_put_together(fit, monkeypatch):
    monkeypatch.setattr(estimate, "AT_ONCE", 1000)
    for floats, codes in coded_frames(monkeypatch, fit, TABLE):
        np.testing.assert_allclose(codes, floats, rtol=1e-9)
        assert floats.index.equals(codes.index)
        assert floats.index.equals(TABLE.index)


def test_missing_rows_stay_missing(fit, monkeypatch):
    table = TABLE.assign(x=TABLE["x"].where(TABLE.index != 4))
    table.loc[7, "wide"] = None
    for floats, codes in coded_frames(monkeypatch, fit, table):
        np.testing.assert_allclose(codes, floats, rtol=1e-9, equal_nan=True)
        missing = np.isnan(codes.to_numpy().reshape(N, -1)).any(axis=1)
        assert missing.nonzero()[0].tolist() == [4, 7]


def test_no_rows_have_no_predictions(fit, monkeypatch):
    for floats, codes in coded_frames(monkeypatch, fit, TABLE.iloc[:0]):
        assert len(floats) == len(codes) == 0


def test_a_row_that_breaks_a_relation_is_named(monkeypatch):
    with pytest.warns(CollinearityWarning):
        fit = li.logit(FORMULAS["columns dropped"], TABLE)
    broken = TABLE.iloc[:20].copy()
    broken.loc[11, "group"] = 2 - broken.loc[11, "group"] // 2
    for small in (np.inf, 0):
        monkeypatch.setattr(matrix, "SMALL", small)
        with pytest.raises(PredictionError, match=r"the new row 11 breaks that relation"):
            fit.predict(broken)
