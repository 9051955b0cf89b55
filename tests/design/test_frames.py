"""The same data give the same columns from every kind of table."""

import decimal
import pathlib

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from logit_inference.datasets import load
from logit_inference.design.column import read_column
from logit_inference.design.design import build_design
from logit_inference.design.frame import as_frame
from logit_inference.errors import SchemaError

N = 60
RNG = np.random.default_rng(20240517)
AGE = RNG.normal(30, 5, N)
AGE[3] = np.nan
COUNT = RNG.integers(0, 4, N)
TEXT = np.array(["b", "ä", "a", ""], dtype=object)[RNG.integers(0, 4, N)]
CATEGORY = np.array(["low", "mid", "high"], dtype=object)[RNG.integers(0, 3, N)]
FLAG = RNG.random(N) < 0.5
Y = (RNG.random(N) < 0.4).astype(int)
ORDER = ["low", "mid", "high"]
FORMULA = "y ~ age * cat + text + flag + C(count) + I(flag * age) + I(text == 'a')"


def pandas_numpy():
    columns = {"y": Y, "age": AGE, "count": COUNT, "text": TEXT, "cat": CATEGORY, "flag": FLAG}
    table = pd.DataFrame(columns)
    table["cat"] = pd.Categorical(table["cat"], ORDER)
    return table


def pandas_nullable():
    table = pandas_numpy()
    kinds = {"y": "Int64", "count": "Int64", "text": "string", "flag": "boolean"}
    table = table.astype({**kinds, "age": "Float64"})
    table.loc[3, "age"] = pd.NA
    return table


def pandas_arrow():
    return pandas_numpy().convert_dtypes(dtype_backend="pyarrow")


def pandas_float_counts():
    return pandas_numpy().astype({"count": float, "y": "int8"})


def pandas_objects():
    table = pandas_numpy()
    table["flag"] = table["flag"].astype(object)
    table["count"] = table["count"].astype(object)
    return table


def polars_enum():
    return pl.DataFrame(
        {"y": Y, "age": AGE, "count": COUNT, "text": list(TEXT), "flag": FLAG}
    ).with_columns(pl.Series("cat", list(CATEGORY), dtype=pl.Enum(ORDER)))


def polars_null():
    return polars_enum().with_columns(pl.col("age").fill_nan(None))


def arrow_table():
    return pa.Table.from_pandas(pandas_numpy())


def arrow_chunks():
    table = arrow_table()
    return pa.concat_tables([table.slice(0, 20), table.slice(20)])


def plain_dict():
    table = pandas_numpy()
    return {"y": list(Y), "age": AGE, "count": COUNT, "text": list(TEXT), "flag": list(FLAG)} | {
        "cat": table["cat"]
    }


TABLES = (
    *(pandas_nullable, pandas_arrow, pandas_float_counts, pandas_objects),
    *(polars_enum, polars_null, arrow_table, arrow_chunks, plain_dict),
)


@pytest.mark.parametrize("make", TABLES)
def test_same_design_from_every_table(make):
    design, encoded = build_design(FORMULA, pandas_numpy())
    other_design, other = build_design(FORMULA, make())
    assert other_design.columns == design.columns
    assert other.block.X.tobytes() == encoded.block.X.tobytes()
    assert other.block.y.tobytes() == encoded.block.y.tobytes()
    assert (other.n_used, other.dropped) == (N - 1, {"age": 1})


@pytest.mark.parametrize("make", TABLES)
def test_same_predictions_from_every_table(make):
    design, _ = build_design(FORMULA, pandas_numpy())
    expected = design.encode(pandas_numpy())
    rows = design.encode(make())
    assert rows.X.tobytes() == expected.X.tobytes()
    assert np.isnan(rows.X).all(axis=1).tolist() == [row == 3 for row in range(N)]


def test_names_and_reference_levels():
    design, _ = build_design("y ~ text + cat + flag + C(count)", pandas_numpy())
    assert design.columns == (
        "Intercept",
        *("text[T.a]", "text[T.b]", "text[T.ä]"),
        *("cat[T.mid]", "cat[T.high]", "flag[T.True]"),
        *("C(count)[T.1]", "C(count)[T.2]", "C(count)[T.3]"),
    )


# The values of one column whose levels appear in another order than the alphabet's.
LETTERS = ["z", "a", "z", "k"]
DECLARED = ["z", "k", "a"]
DICTIONARY = pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string()))


def as_letters(dtype):
    return pl.DataFrame({"g": LETTERS, "y": [0, 1, 0, 1]}).with_columns(pl.col("g").cast(dtype))


def as_category(ordered=False):
    return pd.DataFrame({"y": [0, 1, 0, 1], "g": pd.Categorical(LETTERS, DECLARED, ordered)})


def as_dictionary():
    return pa.table({"y": [0, 1, 0, 1], "g": pa.array(LETTERS).dictionary_encode()})


def as_metadata_only():
    field = pa.field("g", pa.dictionary(pa.int32(), pa.string()), metadata={"_PL_ENUM_VALUES": ""})
    codes = pa.DictionaryArray.from_arrays(pa.array([0, 2, 0, 1], pa.int32()), DECLARED)
    schema = pa.schema([pa.field("y", pa.int64()), field])
    return pa.table([pa.array([0, 1, 0, 1]), codes], schema=schema)


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame({"y": [0, 1, 0, 1], "g": LETTERS}),
        pd.DataFrame({"y": [0, 1, 0, 1], "g": pd.Series(LETTERS, dtype=DICTIONARY)}),
        pa.Table.from_pandas(
            pd.DataFrame({"y": [0, 1, 0, 1], "g": pd.Series(LETTERS, dtype=DICTIONARY)})
        ),
        as_letters(pl.String),
        as_letters(pl.Categorical),
        as_letters(pl.String).to_arrow(),
        as_letters(pl.Categorical).to_arrow(),
        as_dictionary(),
        as_dictionary().slice(0, 4).to_batches()[0],
        pa.concat_tables([as_dictionary().slice(0, 2), as_dictionary().slice(2)]),
        {"y": [0, 1, 0, 1], "g": pa.array(LETTERS).dictionary_encode()},
    ],
)
def test_levels_in_an_order_that_nobody_declared_are_sorted(table):
    design, encoded = build_design("y ~ g", table)
    assert design.columns == ("Intercept", "g[T.k]", "g[T.z]")
    assert encoded.block.X[:, 1:].tolist() == [[0, 1], [0, 0], [0, 1], [1, 0]]
    assert design.schema.variables["g"].kind == "text"


@pytest.mark.parametrize(
    "table",
    [
        as_category(),
        as_category(ordered=True),
        pa.Table.from_pandas(as_category()),
        pa.Table.from_pandas(as_category(ordered=True)),
        pa.Table.from_pandas(as_category(ordered=True)).replace_schema_metadata(None),
        pa.Table.from_pandas(as_category()).slice(0, 4).to_batches()[0],
        as_letters(pl.Enum(DECLARED)),
        pytest.param(
            as_letters(pl.Enum(DECLARED)).to_arrow(),
            marks=pytest.mark.skipif(
                not as_letters(pl.Enum(DECLARED)).to_arrow().field("g").metadata,
                reason="this polars does not tell arrow that the column was an Enum",
            ),
        ),
        as_metadata_only(),
    ],
)
def test_declared_order_is_kept(table):
    design, encoded = build_design("y ~ g", table)
    assert design.columns == ("Intercept", "g[T.k]", "g[T.a]")
    assert encoded.block.X[:, 1:].tolist() == [[0, 0], [0, 1], [0, 0], [1, 0]]


def test_a_dictionary_of_numbers_holds_numbers():
    column = read_column("x", pa.array([3, None, 1]).dictionary_encode())
    assert (column.kind, column.levels, column.n_missing) == ("numeric", (), 1)


def test_polars_categorical_is_sorted_like_text():
    column = read_column("g", pl.Series(["z", "a", "z"], dtype=pl.Categorical))
    assert (column.kind, column.levels, column.values.tolist()) == ("text", ("a", "z"), [1, 0, 1])


@pytest.mark.parametrize(
    ("values", "kind", "levels", "n_missing"),
    [
        (pl.Series([decimal.Decimal("1.5"), None]), "numeric", (), 1),
        (pd.Series([decimal.Decimal("1.5"), None]), "numeric", (), 1),
        (pd.Series([True, None, False]), "boolean", (False, True), 1),
        (pd.Series([1, None], dtype=object), "numeric", (), 1),
        (pd.Series([None, None]), "numeric", (), 2),
        (pd.array([1, None], dtype="Int64"), "numeric", (), 1),
        (pd.Series(["x", None], dtype="category"), "categorical", ("x",), 1),
        (pd.Series([2.0, 1.0], dtype="category"), "categorical", (1, 2), 0),
        (pd.cut(pd.Series([1, 5]), [0, 2, 6]), "categorical", ("(0, 2]", "(2, 6]"), 0),
        (np.array(["b", "a"]), "text", ("a", "b"), 0),
        (pa.array(["b", None, "a"]).dictionary_encode(), "text", ("a", "b"), 1),
        (pa.array([True, None]), "boolean", (False, True), 1),
        (np.ma.array([1, 2], mask=[False, True]), "numeric", (), 1),
        (range(3), "numeric", (), 0),
        ((1, None), "numeric", (), 1),
    ],
)
def test_kinds(values, kind, levels, n_missing):
    column = read_column("x", values)
    assert (column.kind, column.levels, column.n_missing) == (kind, levels, n_missing)


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (pd.Series(pd.to_datetime(["2024-01-01"])), "datetime64"),
        (pl.Series([[1, 2]]), "List"),
        (pa.array([{"a": 1}]), "struct"),
        ([1, "a"], "int and str"),
        (np.zeros((2, 2)), "2 dimensions"),
        ("age", "a str instead of one value per row"),
        (pd.DataFrame({"a": [1]}), "a whole table"),
        (pl.DataFrame({"a": [1]}), "a whole table"),
        (pa.table({"a": [1]}), "a whole table"),
        (np.array([1j]), "complex"),
    ],
)
def test_values_without_a_place_in_a_design(values, found):
    with pytest.raises(SchemaError, match=found):
        read_column("when", values)


def test_tables_that_are_none():
    for data, hint in (
        ("birthwt.csv", "pandas.read_csv"),
        (pathlib.Path("birthwt.csv"), "pandas.read_csv"),
        (pl.DataFrame({"a": [1]}).lazy(), "collect"),
        (np.zeros((3, 2)), "logit_arrays"),
        (pd.Series([1.0]), "to_frame"),
        (3, "dict of equally long columns"),
    ):
        with pytest.raises(SchemaError, match=hint):
            as_frame(data)


def test_columns_of_a_dict_have_one_length():
    with pytest.raises(SchemaError, match="'b' has 1 values and column 'a' has 2 rows"):
        as_frame({"a": [1, 2], "b": [1]})
    with pytest.raises(SchemaError, match="'b' holds the single value 1"):
        as_frame({"a": [1, 2], "b": 1})


def test_two_columns_of_one_name():
    table = pd.DataFrame(np.eye(4)[:, :3], columns=["y", "x", "x"])
    build_design("y ~ 1", table)
    with pytest.raises(SchemaError, match="2 columns are named 'x'"):
        build_design("y ~ x", table)


def test_numbered_and_odd_columns_need_backticks():
    table = pd.DataFrame({0: [0, 1, 0, 1], "my col": [1.0, 2.0, 3.0, 5.0], "x.y": [1, 1, 2, 3]})
    design, encoded = build_design("`0` ~ `my col` + log(`my col`) + I(x.y^2)", table)
    assert design.columns == ("Intercept", "my col", "log(`my col`)", "I(x.y ** 2)")
    assert encoded.block.X[3].tolist() == [1.0, 5.0, np.log(5.0), 9.0]


def test_names_in_backticks_may_contain_anything():
    table = {
        "y": [0, 1, 0, 1],
        "class": [1.0, 2, 3, 4],
        "a|b~c^2": [1.0, 5, 2, 2],
        "1": [3, 1, 2, 2],
    }
    design, encoded = build_design("y ~ log(`class`) + `a|b~c^2` + I(`a|b~c^2`^2) + `1`", table)
    expected = ("Intercept", "log(`class`)", "a|b~c^2", "I(`a|b~c^2` ** 2)", "1")
    assert design.columns == expected
    assert encoded.block.X[1].tolist() == [1.0, np.log(2.0), 5.0, 25.0, 1.0]
    assert build_design("y ~ .", table)[0].columns == ("Intercept", "class", "a|b~c^2", "1")


@pytest.mark.parametrize("name", ["_quoted_0_", "_quoted__0_", "_column_0", "_number", "column_0"])
def test_no_column_can_be_mistaken_for_a_stand_in(name):
    table = {"y": [0, 1, 0, 1], "my col": [1.0, 2, 3, 5], name: [7.0, 1, 2, 2]}
    right = f"{name} + `my col` + log(`my col`) + I({name} * `my col`)"
    design, encoded = build_design(f"y ~ {right}", table)
    odd = ("Intercept", name, "my col", "log(`my col`)", f"I({name} * `my col`)")
    assert design.columns == odd
    assert encoded.block.X[0].tolist() == [1.0, 7.0, 1.0, 0.0, 7.0]
    assert set(build_design("y ~ .", table)[0].columns) == {"Intercept", name, "my col"}
    _, encoded = build_design(f"y ~ I({name} * k)", table, context={"k": 2, "column 0": 5})
    assert encoded.block.X[0, 1] == 14.0


# Names that Python reads in another form: the micro sign as the Greek mu, a ligature as letters.
@pytest.mark.parametrize("name", ["µ", "ﬁ", "ª", "x²", "x.1", "ｘ"])
def test_names_that_python_would_change(name):
    table = {"y": [0, 1, 0, 1], name: [1.0, 2.0, 4.0, 8.0], "z": [1.0, 0, 0, 1]}
    for spelled in (name, f"`{name}`"):
        right = f"{spelled} + log(abs({spelled})) + I({spelled}^2 * z)"
        design, encoded = build_design(f"y ~ {right}", table, offset=spelled)
        assert design.columns == ("Intercept", name, f"log(abs({name}))", f"I({name} ** 2 * z)")
        assert encoded.block.X[3].tolist() == [1.0, 8.0, float(np.log(8.0)), 64.0]
        assert design.encode(table, offset=table[name]).X.tobytes() == encoded.block.X.tobytes()
    assert build_design("y ~ .", table)[0].columns == ("Intercept", name, "z")


def test_a_spelling_that_looks_alike_finds_the_column():
    table = {"y": [0, 1, 0, 1], "µ": [1.0, 2.0, 4.0, 8.0]}
    mu = "μ"
    design, _ = build_design(f"y ~ {mu} + I({mu}^2)", table, offset=mu)
    assert design.columns == ("Intercept", "µ", "I(µ ** 2)")
    both = table | {mu: [2.0, 1.0, 1.0, 3.0]}
    design, encoded = build_design(f"y ~ I({mu} + 0) + I(µ + 0)", both)
    assert encoded.block.X[0].tolist() == [1.0, 2.0, 1.0]


def test_pandas_labels_are_kept():
    table = load("birthwt").set_index(pd.Index([f"id{i}" for i in range(189)]))
    table.loc["id1", "age"] = np.nan
    _, encoded = build_design("low ~ age", table.astype({"age": float}))
    assert list(encoded.labels[:2]) == ["id0", "id2"]


def test_the_table_is_left_alone():
    table = pandas_numpy()
    before = table.copy()
    build_design(FORMULA, table)
    pd.testing.assert_frame_equal(table, before)
