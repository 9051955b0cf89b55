"""X as codes is X as floats, column by column."""

import numpy as np
import pandas as pd
import pytest

from logit_inference.design import matrix
from logit_inference.design.design import build_design
from logit_inference.errors import SchemaError
from logit_inference.rows.coded import Coded, dense

RNG = np.random.default_rng(11)
N = 400
TABLE = pd.DataFrame(
    {
        "y": RNG.integers(0, 2, N),
        "x": RNG.normal(size=N),
        "z": RNG.normal(size=N) + 5.0,
        "few": pd.Categorical.from_codes(RNG.integers(0, 3, N), list("abc")),
        "wide": pd.Categorical.from_codes(RNG.integers(0, 12, N), [f"w{k}" for k in range(12)]),
        "text": RNG.choice([f"t{k}" for k in range(9)], N),
        "number": RNG.integers(1, 10, N),
        "flag": RNG.random(N) < 0.5,
    }
)
FORMULAS = (
    "wide",
    "wide + x",
    "0 + wide + x",
    "0 + x + wide",
    "x + wide + few + flag",
    "wide * x",
    "wide + wide:x",
    "wide:x",
    "x:wide + z",
    "wide * few",
    "few:wide + x",
    "0 + wide:few + z",
    "0 + x:wide + z",
    "wide * few * flag + x",
    "wide * x * z",
    "few * x + wide:x:z",
    "wide + text + C(number) + x",
    "C(wide, contr.sum) + x",
    "C(wide, contr.helmert) * few + x",
    "C(wide, contr.sum):C(few, contr.poly) + x",
    "C(wide, contr.treatment('w5')) * x",
    "C(wide, contr.sum) * x + wide:z",
    "wide * bs(x, df=4)",
    "bs(x, df=4):wide + few",
    "0 + poly(x, 2):wide:few + z",
    "poly(x, 2):few:ns(z, df=3) + text",
    "np.log(z):wide + x",
    "flag * wide + flag:few + x",
    "C(wide, {'early': [1] * 6 + [0] * 6, 'w1': [0, 1] + [0] * 10}):x + text",
)


@pytest.fixture
def coded(monkeypatch):
    """Have small tables written as large ones are."""
    monkeypatch.setattr(matrix, "SMALL", 0)


def both(formula, monkeypatch, table=TABLE):
    """X as floats, and as codes where large tables would have them."""
    floats = build_design(f"y ~ {formula}", table)
    monkeypatch.setattr(matrix, "SMALL", 0)
    return floats, build_design(f"y ~ {formula}", table)


@pytest.mark.parametrize("formula", FORMULAS)
def test_codes_stand_for_the_columns_of_floats(formula, monkeypatch):
    (plain, floats), (design, codes) = both(formula, monkeypatch)
    assert isinstance(floats.block.X, np.ndarray)
    X = codes.block.X
    assert isinstance(X, Coded)
    assert design.columns == plain.columns
    assert design.terms == plain.terms
    assert X.shape == floats.block.X.shape
    assert X.numbers.flags.c_contiguous
    # A product of three factors may be rounded in another order.
    np.testing.assert_allclose(dense(X), floats.block.X, rtol=1e-14, atol=1e-15)
    again = design.encode(TABLE).X
    assert dense(again).tobytes() == dense(X).tobytes()
    for index, name in enumerate(design.columns):
        np.testing.assert_allclose(
            dense(X[:, [index]])[:, 0], floats.block.X[:, index], 1e-14, 1e-15, err_msg=name
        )


def test_rows_are_dropped_and_levels_unused_as_with_floats(monkeypatch):
    table = TABLE.assign(x=TABLE["x"].where(TABLE.index % 7 > 0))
    table.loc[table["wide"] == "w3", "z"] = np.nan
    (plain, floats), (design, codes) = both("wide * x + z + text", monkeypatch, table)
    assert design.unused_levels == plain.unused_levels == {"wide": ("w3",)}
    assert codes.block.X.layout.n_levels[0] == 11
    assert (dense(codes.block.X) == floats.block.X).all()


def test_new_rows_that_miss_a_value_are_missing(monkeypatch):
    (plain, _), (design, _) = both("0 + wide + text + x", monkeypatch)
    table = TABLE.assign(x=TABLE["x"].where(TABLE.index != 3))
    table.loc[5, "wide"] = None
    X = design.encode(table).X
    assert isinstance(X, Coded)
    monkeypatch.setattr(matrix, "SMALL", np.inf)
    expected = plain.encode(table).X
    assert np.isnan(expected).all(axis=1).nonzero()[0].tolist() == [3, 5]
    np.testing.assert_array_equal(dense(X), expected)


@pytest.mark.usefixtures("coded")
def test_levels_that_the_fit_has_not_seen_are_named():
    design, _ = build_design("y ~ wide + x", TABLE)
    new = pd.DataFrame({"x": [0.0, 1.0, 2.0], "wide": ["w1", "w11", "w12"]}, index=list("pqr"))
    with pytest.raises(SchemaError, match=r"'wide' has level 'w12'.*'r'"):
        design.encode(new)
    X = design.encode(new.iloc[:2]).X
    assert X.codes[0].tolist() == [1, 11]


@pytest.mark.usefixtures("coded")
def test_codes_are_as_narrow_as_they_come_and_are_kept_once():
    _, encoded = build_design("y ~ wide * x + text + C(number) + wide:few", TABLE)
    X = encoded.block.X
    assert [codes.dtype.itemsize for codes in X.codes] == [1] * 4
    assert X.layout.n_levels == (12, 9, 9, 36)
    assert not np.shares_memory(X.codes[0], TABLE["wide"].array.codes)
    many = pd.Categorical.from_codes(
        np.arange(N, dtype=np.int16) % 300, [str(k) for k in range(300)]
    )
    _, encoded = build_design("y ~ many * few + x", TABLE.assign(many=many))
    assert [codes.dtype.itemsize for codes in encoded.block.X.codes] == [2, 2]


@pytest.mark.usefixtures("coded")
def test_a_numeric_column_is_kept_once_however_many_products_it_is_in():
    _, encoded = build_design("y ~ wide * x + few:x + text:x + wide:poly(z, 2)", TABLE)
    X = encoded.block.X
    # The constant; x; its products with few, which is narrow; two polynomials that only multiply.
    assert X.numbers.shape[1] == 1 + 1 + 2 + 2
    assert (X.layout.places < 0).sum() == 2


@pytest.mark.usefixtures("coded")
@pytest.mark.parametrize(
    ("formula", "n_parts"),
    [
        ("x + few", None),  # no wide factor
        ("x + few * flag", None),
        ("few * flag", 3),  # nothing but factors, however narrow
        ("0 + flag", 1),
        ("x + wide + few + flag", 1),  # one column or two are cheaper as numbers
        ("x + text + C(number) + few:flag", 3),
        ("x + z", None),
        ("1", None),
    ],
)
def test_what_is_coded(formula, n_parts):
    _, encoded = build_design(f"y ~ {formula}", TABLE)
    if n_parts is None:
        assert isinstance(encoded.block.X, np.ndarray)
    else:
        assert len(encoded.block.X.layout.parts) == n_parts


@pytest.mark.usefixtures("coded")
def test_where_rows_may_not_collapse_narrow_factors_are_numbers():
    """There are 3 * 12 * 2 combinations of levels in 400 rows, then in 4,000."""
    for times, n_parts in ((1, 1), (10, 3)):
        _, encoded = build_design("y ~ few + wide + flag", pd.concat([TABLE] * times))
        assert len(encoded.block.X.layout.parts) == n_parts


@pytest.mark.usefixtures("coded")
def test_contrasts_of_few_columns_for_many_levels_are_numbers():
    contrasts = {f"c{k}": (np.arange(300) % (k + 2)).tolist() for k in range(9)}
    table = TABLE.assign(many=np.arange(N) % 300)
    _, encoded = build_design(f"y ~ C(many, {contrasts}) + x", table)
    assert isinstance(encoded.block.X, np.ndarray)


@pytest.mark.parametrize(("levels", "others"), [(127, 1), (128, 1), (129, 1), (16, 8), (32, 8)])
def test_codes_have_room_for_the_number_of_their_levels(levels, others, monkeypatch):
    """The largest of 128 codes is the largest int8, which 128 itself is not."""
    rng = np.random.default_rng(levels)
    codes = [rng.permutation(2000) % k for k in (levels, others + 1)]
    f, g = (
        pd.Categorical.from_codes(own, [f"v{j}" for j in range(own.max() + 1)]) for own in codes
    )
    table = pd.DataFrame({"y": np.arange(2000) % 2, "x": rng.normal(size=2000), "f": f, "g": g})
    formula = "x + f" if others == 1 else "x + f:g"
    (_, floats), (_, encoded) = both(formula, monkeypatch, table)
    assert isinstance(encoded.block.X, Coded)
    assert (dense(encoded.block.X) == floats.block.X).all()


def test_small_tables_are_written_as_floats():
    _, encoded = build_design("y ~ wide * text", TABLE)
    assert isinstance(encoded.block.X, np.ndarray)


def test_a_factor_of_many_levels_needs_no_matrix_of_levels_by_columns():
    n = 30_000
    table = {"y": np.arange(n) % 2, "x": np.ones(n), "g": np.arange(n) % 5000}
    design, encoded = build_design("y ~ C(g) + x", table)
    assert isinstance(encoded.block.X, Coded)
    assert encoded.block.X.shape == (n, 5001)
    assert design.codings["C(g)"].matrix is None
    assert design.encode({"x": [2.0], "g": [4999]}).X.tolist()[0][4999:] == [1.0, 2.0]
