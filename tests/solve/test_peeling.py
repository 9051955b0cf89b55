"""Columns that separate by themselves leave the problem, and the answer stays that of all of it."""

import numpy as np
import pytest

from logit_inference.rows.block import Block
from logit_inference.rows.source import ArraySource
from logit_inference.solve import cone, recession
from logit_inference.solve.integers import integer_rows, null_space
from logit_inference.solve.peeling import peeled, positive
from logit_inference.solve.recession import find_recession, separated_rows
from tests.solve.exact_cone import decide

HELMERT = np.array([[-1.0, -1, -1], [1, -1, -1], [0, 2, -1], [0, 0, 3]])


def design(rng, kind):
    """Return outcomes and columns with many levels of one outcome, the reference among them."""
    levels = int(rng.integers(3, 7))
    n = int(rng.integers(levels + 2, 20))
    g, h = rng.integers(0, levels, n), rng.integers(0, 2, n)
    x = rng.integers(-2, 3, (n, 1)).astype(float)
    D, one = (g[:, None] == np.arange(levels)).astype(float), np.ones((n, 1))
    few = D[:, :3]
    X = {
        "treatment": [one, D[:, 1:], x],
        "no constant": [D, x],
        "sum": [one, D[:, :-1] - D[:, [-1]]],
        "helmert": [one, HELMERT[g % 4], h[:, None]],
        "interaction": [one, few[:, 1:], h[:, None], few[:, 1:] * h[:, None]],
        "slopes": [few, few * x],
        "two factors": [one, few[:, 1:], (rng.integers(0, 4, (n, 1)) == np.arange(1, 4))],
    }[kind]
    cell = g if rng.random() < 0.7 else g * 2 + h
    share = rng.choice([0, 0.5, 1], size=2 * levels, p=[0.4, 0.3, 0.3])
    return (rng.random(n) < share[cell]).astype(float), np.hstack(X).astype(float)


@pytest.mark.parametrize("most", [400, 0])
@pytest.mark.parametrize(
    "kind",
    ["treatment", "no constant", "sum", "helmert", "interaction", "slopes", "two factors"],
)
def test_it_is_the_cone_that_enumeration_finds(kind, most, monkeypatch):
    for module in (cone, recession):
        monkeypatch.setattr(module, "most_rows", lambda space: most)  # 0: by cutting planes
    rng, count = np.random.default_rng(len(kind)), 0
    while count < 8:
        y, X = design(rng, kind)
        if X.shape[1] > 7 or null_space(integer_rows(X))[0].size:
            continue
        count += 1
        m = np.ones(len(y))
        if rng.random() < 0.3:
            m = rng.integers(1, 3, len(y)).astype(float)
            y = np.where(rng.random(len(y)) < 0.1, 1.0, y * m)
        exists, expected, separated = decide(X, y, m)
        source = ArraySource(Block(y, X, m), int(rng.integers(2, 9)))
        found = find_recession(source)
        signs = [
            "+-" if np.isnan(e) else "+" if e > 0 else "-" if e < 0 else "" for e in found.ends
        ]
        assert (found.exists, signs) == (exists, expected)
        assert separated_rows(source, found).tolist() == separated
        assert (found.n_separated, found.complete) == (sum(separated), all(separated))


def test_layers_and_what_nothing_holds():
    # x is other than zero in the rows of g only: once these are gone, nothing holds its slope.
    g, x = np.array([0.0, 0, 1, 1, 1]), np.array([0.0, 0, -1, 1, 2])
    X = np.column_stack([np.ones(5), g, x])
    layers = peeled(ArraySource(Block(np.array([0.0, 1, 1, 1, 1]), X)))
    assert [layer.columns.tolist() for layer in layers.layers] == [[1], [2]]
    assert [layer.signs.tolist() for layer in layers.layers] == [[1], [0]]
    assert layers.left.tolist() == [0]
    found = find_recession(ArraySource(Block(np.array([0.0, 1, 1, 1, 1]), X)))
    np.testing.assert_array_equal(found.ends, [0.0, np.inf, np.nan])


def test_a_strict_system_of_too_many_columns_is_not_guessed():
    rows = np.array([[1, -1, 0], [-1, 0, 1], [0, 1, -1]], dtype=object)
    assert positive(rows, 3)[0] is False
    assert positive(rows, 2)[0] is None
