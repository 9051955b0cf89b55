"""Some rows that stand for all: which they are, and that their weights add up."""

import numpy as np
import pytest

from logit_inference.rows.block import Block
from logit_inference.rows.coded import Coded, Layout, Part, dense
from logit_inference.rows.sample import sampled_rows, stretch_rows


def table(n, share=0.3, seed=0):
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.arange(float(n)), rng.normal(size=n)])
    return Block((rng.random(n) < share).astype(float), X)


def rows_of(sample):
    return sample.X[:, 0].astype(int)


@pytest.mark.parametrize("every", [4, 5, 7, 31, 32])
@pytest.mark.parametrize("n", [32, 999, 32_000])
def test_one_row_comes_from_every_full_stretch(n, every):
    rows = stretch_rows(n, every)
    assert (rows // every == np.arange(n // every)).all()


@pytest.mark.parametrize("every", [4, 7, 24, 32])
@pytest.mark.parametrize("multiple", [1, 2, 3, 7, 8, 13])
def test_all_phases_of_a_period_are_seen_alike(every, multiple):
    period = every * multiple
    seen = np.bincount(stretch_rows(1000 * period, every) % period, minlength=period)
    np.testing.assert_allclose(seen, 1000 / every, rtol=0.2)


def test_the_choice_repeats_and_copies():
    data = table(1000)
    one, two = sampled_rows(data, 8), sampled_rows(data, 8)
    assert one.X.tobytes() == two.X.tobytes()
    assert not np.shares_memory(one.X, data.X)
    assert not np.shares_memory(one.y, data.y)


def test_weights_add_up_to_the_rows_they_stand_for():
    sample = sampled_rows(table(1000), 8)
    assert sample.n_rows == 125
    assert sample.weights.sum() == 1000
    assert sampled_rows(table(1007), 8).weights.sum() == 1000  # the last stretch is not full


@pytest.mark.parametrize("rare", [0.0, 1.0])
@pytest.mark.parametrize("order", ["as drawn", "sorted by outcome"])
def test_all_rare_rows_are_kept_with_their_own_weight(rare, order):
    data = table(50_000, share=0.004 if rare else 0.996)
    if order == "sorted by outcome":
        data = Block(np.sort(data.y), data.X)
    events = np.flatnonzero(data.y == rare)
    sample = sampled_rows(data, 16, rare)
    kept = sample.y == rare
    assert sorted(rows_of(sample)[kept]) == events.tolist()
    assert (sample.weights[kept] == 1).all()
    assert (sample.weights[~kept] == 16).all()
    # The others are estimated: of a stretch that gave an event nothing is left.
    others = sample.weights[~kept].sum()
    assert others == pytest.approx(50_000 - len(events), abs=16 * 4 * np.sqrt(len(events) / 16))


def test_no_rare_row_is_there_twice():
    sample = sampled_rows(table(50_000, share=0.01), 16, 1.0)
    assert len(set(rows_of(sample))) == sample.n_rows


def test_everything_row_aligned_comes_along():
    data, n = table(640), 640
    rng = np.random.default_rng(1)
    weights, trials, offset = rng.random(n), 1.0 + rng.integers(0, 4, n), rng.normal(size=n)
    sample = sampled_rows(Block(data.y, data.X, trials, weights, offset), 16)
    rows = rows_of(sample)
    assert (sample.y == data.y[rows]).all()
    assert (sample.trials == trials[rows]).all()
    assert (sample.offset == offset[rows]).all()
    assert (sample.weights == 16 * weights[rows]).all()


@pytest.mark.parametrize(
    "change", [np.asfortranarray, lambda X: X.astype(np.float32), lambda X: X[:, ::-1][:, ::-1]]
)
def test_any_kind_of_array_keeps_its_kind(change):
    data = table(640)
    X = change(data.X)
    sample = sampled_rows(Block(data.y, X), 16)
    assert sample.X.dtype == X.dtype
    assert (X[stretch_rows(640, 16)] == sample.X).all()


def test_coded_columns_stay_coded():
    n, rng = 640, np.random.default_rng(2)
    numbers = np.column_stack([np.ones(n), rng.normal(size=n)])
    layout = Layout(4, np.array([0, 1]), (3,), (Part(0, np.array([2, 3]), np.array([1, 2])),))
    X = Coded(numbers, (rng.integers(0, 3, n).astype(np.int8),), layout)
    sample = sampled_rows(Block(table(n).y, X), 16)
    assert isinstance(sample.X, Coded)
    assert (dense(sample.X) == dense(X)[stretch_rows(n, 16)]).all()
