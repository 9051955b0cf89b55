"""Schemas of parts add up to the schema of the whole."""

import pandas as pd
import pytest

from logit_inference.design.frame import as_frame
from logit_inference.design.schema import describe
from logit_inference.errors import SchemaError

TABLE = pd.DataFrame(
    {
        "x": [3.0, 1.0, None, 2.0],
        "t": ["c", "a", "b", "a"],
        "g": pd.Categorical(["p", "q", "p", None], ["q", "p"]),
        "b": [True, False, True, True],
    }
)


def test_parts_add_up():
    whole = describe(as_frame(TABLE))
    for cut in range(5):
        parts = describe(as_frame(TABLE.iloc[:cut])) + describe(as_frame(TABLE.iloc[cut:]))
        assert parts == whole
    assert str(whole).splitlines() == [
        "4 rows",
        "x: numeric 1 to 3 (1 missing)",
        "t: text a, b, c",
        "g: categorical q, p (1 missing)",
        "b: boolean False, True",
    ]


def test_categories_must_be_declared_alike():
    other = TABLE.assign(g=pd.Categorical(["p"] * 4, ["p", "q"]))
    with pytest.raises(SchemaError, match="declares the categories"):
        describe(as_frame(TABLE)) + describe(as_frame(other))


def test_kinds_must_agree():
    with pytest.raises(SchemaError, match="column 'x': is numeric and text"):
        describe(as_frame(TABLE), ["x"]) + describe(as_frame({"x": ["a"]}), ["x"])
    with pytest.raises(SchemaError, match="one part of the table only"):
        describe(as_frame(TABLE), ["x"]) + describe(as_frame(TABLE), ["x", "t"])
