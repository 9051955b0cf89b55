"""Missing and infinite values, and what travels beside the columns."""

import numpy as np
import pandas as pd
import pytest

from logit_inference.design.design import build_design
from logit_inference.errors import (
    ArgumentError,
    FormulaError,
    MissingError,
    SchemaError,
    WeightsError,
)

TABLE = pd.DataFrame(
    {
        "y": [0, 1, 0, 1, 0, 1],
        "x": [1.0, np.nan, 3.0, 4.0, 5.0, 6.0],
        "g": ["a", None, "a", "b", "b", "b"],
        "w": [1.0, 2.0, 1.0, np.nan, 3.0, 1.0],
        "id": [7, 7, 8, 8, 9, 9],
        "z": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
    },
    index=list("ABCDEF"),
)


def test_rows_are_dropped_together_and_counted_per_variable():
    _, encoded = build_design(
        "y ~ x + g", TABLE, weights="w", weights_kind="precision", offset="log(z)", groups="id"
    )
    assert (encoded.n_read, encoded.n_used) == (6, 4)
    assert encoded.dropped == {"x": 1, "g": 1, "w": 1}
    assert list(encoded.labels) == list("ACEF")
    block = encoded.block
    assert block.X[:, 1].tolist() == [1.0, 3.0, 5.0, 6.0]
    assert block.weights.tolist() == [1.0, 1.0, 3.0, 1.0]
    assert block.offset.tolist() == np.log([1.0, 3.0, 5.0, 6.0]).tolist()
    assert block.groups["id"].tolist() == [0, 1, 2, 2]


def test_missing_can_be_an_error():
    with pytest.raises(MissingError, match=r"2 rows .*: x \(1\), g \(1\), w \(1\).* row 'B'") as e:
        build_design("y ~ x + g", TABLE, weights="w", weights_kind="precision", missing="raise")
    assert e.value.counts == {"x": 1, "g": 1, "w": 1}
    with pytest.raises(ArgumentError, match="missing='omit'"):
        build_design("y ~ x", TABLE, missing="omit")


def test_arrays_beside_the_table_drop_rows_too():
    _, encoded = build_design("y ~ z", TABLE, offset=np.array([np.nan, 0, 0, 0, 0, 0.0]))
    assert encoded.dropped == {"offset": 1}


def test_a_cluster_array_may_have_the_name_of_a_role():
    holes = {"offset": np.array([np.nan, 0, 0, 0, 0, 0.0]), "z": np.array(["a", None, *"bbab"])}
    keywords = {"offset": np.array([0, 0, np.nan, 0, 0, 0.0]), "groups": holes}
    _, encoded = build_design("y ~ z", TABLE, **keywords)
    assert encoded.dropped == {"offset": 1, "offset (array)": 1, "z (array)": 1}
    assert encoded.n_used == 3


def test_no_row_left():
    table = TABLE.assign(x=np.nan)
    with pytest.raises(SchemaError, match=r"none of the 6 rows is complete.*x"):
        build_design("y ~ x", table)
    with pytest.raises(SchemaError, match="no rows"):
        build_design("y ~ x", TABLE.iloc[:0])


def test_infinite_values_are_errors_even_where_the_row_is_dropped():
    table = TABLE.assign(z=[1.0, np.inf, 3.0, 4.0, 5.0, -np.inf])
    with pytest.raises(
        SchemaError, match=r"column 'z': 2 values are infinite.* inf, is at row 'B'"
    ):
        build_design("y ~ x + z", table)


def test_transformations_see_only_the_rows_used():
    table = TABLE.assign(z=[1.0, 1e9, 3.0, 4.0, 5.0, 6.0])
    _, encoded = build_design("y ~ x + center(z)", table)
    assert encoded.block.X[:, 2].tolist() == (np.array([1, 3, 4, 5, 6]) - 3.8).tolist()
    _, encoded = build_design("y ~ x + log(z - 0.5)", TABLE.assign(z=[1, -1, 1, 1, 1, 1]))
    assert encoded.n_used == 5


@pytest.mark.parametrize(
    ("keywords", "error", "complaint"),
    [
        ({"weights": "ww", "weights_kind": "frequency"}, FormulaError, "no column 'ww'"),
        ({"weights": "z"}, WeightsError, "weights_kind="),
        ({"weights_kind": "frequency"}, WeightsError, "without weights="),
        ({"weights": -TABLE["z"], "weights_kind": "precision"}, WeightsError, "row 'A'"),
        ({"weights": [0.5] * 6, "weights_kind": "frequency"}, WeightsError, "fractional"),
        ({"weights": "g", "weights_kind": "precision"}, SchemaError, "must be numeric"),
        ({"offset": np.ones(5)}, SchemaError, "offset has 5 values and the table has 6 rows"),
        ({"offset": pd.Series(np.ones(6))}, SchemaError, "index differs"),
        ({"groups": "idd"}, FormulaError, "Did you mean 'id'"),
        ({"offset": "log(z - 1)"}, FormulaError, "-inf at row 'A', where z = 1"),
    ],
)
def test_arguments_beside_the_formula(keywords, error, complaint):
    with pytest.raises(error, match=complaint):
        build_design("y ~ z", TABLE, **keywords)


@pytest.mark.parametrize(
    ("role", "value"),
    [("offset", 0), ("trials", 5), ("weights", 1.0), ("offset", np.float64(2)), ("weights", True)],
)
def test_a_single_value_is_not_one_for_each_row(role, value):
    complaint = rf"{role}={value} is a single value: {role} needs one value for each row, or the"
    with pytest.raises(SchemaError, match=complaint):
        build_design("y ~ z", TABLE, **{role: value})
    with pytest.raises(SchemaError, match=f"{role}=2 is a single value"):
        build_design("y ~ z", TABLE, **{role: np.array(2)})


@pytest.mark.parametrize("groups", [5, {1: "id"}, np.zeros((6, 2))])
def test_groups_are_named(groups):
    with pytest.raises(ArgumentError, match="the name of a column, a list of names"):
        build_design("y ~ z", TABLE, groups=groups)


def test_labels_of_several_levels_are_plain_values():
    table = TABLE.assign(z=[1.0, 0.0, 3.0, 4.0, 5.0, 6.0], k=np.arange(6)).set_index(["g", "k"])
    with pytest.raises(MissingError, match=r"row \(nan, 1\)\. Write"):
        build_design("y ~ x", table, missing="raise")
    with pytest.raises(FormulaError, match=r"-inf at row \(nan, 1\), where z = 0"):
        build_design("y ~ log(z)", table)
    with pytest.raises(WeightsError, match=r"row \('a', 0\)"):
        build_design("y ~ z", table, weights=np.full(6, -1.0), weights_kind="precision")


def test_large_identifiers_do_not_run_together():
    table = {"y": [0, 1, 0, 1], "id": np.array([0, 1, 2, 2]) + 2**60}
    _, encoded = build_design("y ~ 1", table, groups="id")
    assert encoded.block.groups["id"].tolist() == [0, 1, 2, 2]


def test_offsets_add_up():
    _, encoded = build_design("y ~ 1 + offset(z) + offset(I(z^2))", TABLE, offset=np.ones(6))
    z = TABLE["z"].to_numpy()
    assert encoded.block.offset.tolist() == (1 + z + z**2).tolist()


def test_one_array_holds_x():
    _, encoded = build_design("y ~ z + id", TABLE)
    X = encoded.block.X
    assert X.dtype == np.float64
    assert X.flags.c_contiguous
    assert X.flags.owndata
