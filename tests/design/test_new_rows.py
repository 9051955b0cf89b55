"""New rows get what was learned in the fit, here and after saving."""

import json
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest

from logit_inference.datasets import load
from logit_inference.design.design import build_design
from logit_inference.errors import FormulaError, ModelFileError, PredictionError, SchemaError
from logit_inference.models.saved import from_plain, to_plain

BIRTHWT = load("birthwt").assign(flag=lambda table: table["age"] > 30)
FORMULA = (
    "low ~ poly(age, 2) + bs(lwt, df=5) + ns(lwt, df=3) + center(age) + scale(lwt) + cr(age, df=4)"
    " + cc(lwt, df=3) + standardize(age) + race * smoke + flag + C(ftv) + C(ftvc, contr.sum)"
    " + log(center(lwt)^2 + 1) + offset(0.01 * center(lwt))"
)


@pytest.fixture(scope="module")
def fitted():
    return build_design(FORMULA, BIRTHWT)


def test_the_rows_of_the_fit_come_out_the_same(fitted):
    design, encoded = fitted
    rows = design.encode(BIRTHWT)
    assert rows.X.tobytes() == encoded.block.X.tobytes()
    assert rows.offset.tobytes() == encoded.block.offset.tobytes()


def test_what_was_learned_does_not_depend_on_the_new_rows(fitted):
    design, encoded = fitted
    for start in (0, 50):
        some = design.encode(BIRTHWT.iloc[start : start + 3].drop(columns="low"))
        assert some.X.tobytes() == encoded.block.X[start : start + 3].tobytes()
        assert some.offset.tobytes() == encoded.block.offset[start : start + 3].tobytes()
    for nothing in (BIRTHWT.iloc[:0], BIRTHWT.iloc[:2].assign(age=np.nan)):
        assert design.encode(nothing).X.shape == (len(nothing), len(design.columns))


def test_new_rows_never_teach(fitted):
    saved = to_plain(fitted[0])
    saved["state"] = {}
    with pytest.raises(ModelFileError, match=r"does not hold what poly\(age, 2\) learned"):
        from_plain(saved).encode(BIRTHWT)


def test_a_saved_design_gives_the_same_bits(fitted):
    design, encoded = fitted
    text = json.dumps(to_plain(design), allow_nan=False)
    for again in (from_plain(json.loads(text)), pickle.loads(pickle.dumps(design))):
        assert again.columns == design.columns
        assert again.event == design.event
        assert again.schema == design.schema
        assert again.encode(BIRTHWT).X.tobytes() == encoded.block.X.tobytes()
    assert len(text) < 20_000


def test_context_is_saved_if_it_is_plain():
    keywords = {"context": {"k": 10, "cuts": [20, 30]}}
    design, encoded = build_design("low ~ np.digitize(age, cuts) + I(lwt/k)", BIRTHWT, **keywords)
    again = from_plain(json.loads(json.dumps(to_plain(design))))
    assert again.encode(BIRTHWT).X.tobytes() == encoded.block.X.tobytes()
    design, _ = build_design("low ~ f(age)", BIRTHWT, context={"f": np.sqrt})
    with pytest.raises(ModelFileError, match="'f' is a ufunc, which cannot be saved"):
        to_plain(design)


def test_a_saved_formula_is_checked_like_a_typed_one():
    design, _ = build_design("low ~ I(age * 2)", BIRTHWT)
    text = json.dumps(to_plain(design)).replace("I(age * 2)", "I(__import__('os'))")
    with pytest.raises(FormulaError):
        from_plain(json.loads(text)).encode(BIRTHWT)


def test_missing_rows_stay_in_place():
    design, _ = build_design("low ~ age + race + offset(lwt)", BIRTHWT)
    new = {"age": [20.0, None, 30.0], "race": ["white", "black", None], "lwt": [1.0, 2.0, 3.0]}
    rows = design.encode(new)
    assert np.isnan(rows.X).all(axis=1).tolist() == [False, True, True]
    assert rows.offset[0] == 1.0
    assert np.isnan(rows.offset[1:]).all()
    rows = design.encode({"age": [None], "race": [None], "lwt": [None]})
    assert np.isnan(rows.X).all()


def test_unseen_levels_are_errors_that_name_the_row():
    design, _ = build_design("low ~ race + C(ftv)", BIRTHWT)
    new = pd.DataFrame({"race": ["white", "green"], "ftv": [0, 0]}, index=["A", "B"])
    with pytest.raises(
        SchemaError, match=r"'race' has level 'green', which the fit has not seen.*'B'"
    ):
        design.encode(new)
    with pytest.raises(SchemaError, match=r"'ftv' has level 5, which the fit has not seen.*row 1"):
        design.encode({"race": ["white"] * 2, "ftv": [1, 5]})


def test_levels_that_had_no_row_have_no_coefficient():
    table = BIRTHWT.assign(race=BIRTHWT["race"].cat.add_categories("none"))
    design, _ = build_design("low ~ race", table)
    with pytest.raises(SchemaError, match="'none', which was declared but had no row"):
        design.encode({"race": ["none"]})
    dropped = BIRTHWT.assign(age=BIRTHWT["age"].where(BIRTHWT["race"] != "black"))
    design, _ = build_design("low ~ race + age", dropped)
    with pytest.raises(SchemaError, match="'black', which was declared but had no row"):
        design.encode({"race": ["black"], "age": [20]})


def test_comparisons_know_the_levels_of_the_fit():
    design, _ = build_design("low ~ I(race == 'black')", BIRTHWT)
    assert design.encode({"race": ["white", "black", "green"]}).X[:, 1].tolist() == [0, 1, 0]
    assert design.encode({"race": ["white"]}).X[:, 1].tolist() == [0]
    with pytest.raises(SchemaError, match=r"race has no level 'blck'. Did you mean 'black'"):
        build_design("low ~ I(race == 'blck')", BIRTHWT)


@pytest.mark.parametrize(
    "new",
    [
        {"flag": [True, False], "smoke": [1, 0], "ftv": [0, 2]},
        {"flag": [1, 0], "smoke": [True, False], "ftv": [0.0, 2.0]},
        pl.DataFrame({"flag": [True, False], "smoke": [1.0, 0.0], "ftv": [0, 2]}),
    ],
)
def test_kinds_that_mean_the_same(new):
    design, _ = build_design("low ~ flag + smoke + C(ftv)", BIRTHWT)
    assert design.encode(new).X[:, :3].tolist() == [[1, 1, 1], [1, 0, 0]]


def test_kinds_that_do_not():
    design, _ = build_design("low ~ flag + smoke + race", BIRTHWT)
    good = {"flag": [True], "smoke": [0], "race": ["white"]}
    for name, values, complaint in (
        ("smoke", ["yes"], "'smoke' was numeric when the model was fitted and is now text"),
        ("flag", [2], "'flag' was boolean"),
        ("race", [1], "'race' was categorical"),
        ("smoke", [np.inf], "infinite"),
    ):
        with pytest.raises(SchemaError, match=complaint):
            design.encode({**good, name: values})
    del good["race"]
    with pytest.raises(SchemaError, match="no column 'race'"):
        design.encode(good)


def test_offsets_of_new_rows():
    design, _ = build_design("low ~ age", BIRTHWT, offset="log(lwt)")
    assert design.encode({"age": [20], "lwt": [np.e]}).offset.tolist() == [float(np.log(np.e))]
    assert design.encode({"age": [20]}, offset=[2.0]).offset.tolist() == [2.0]
    design, _ = build_design("low ~ age", BIRTHWT, offset=np.zeros(189))
    with pytest.raises(PredictionError, match="pass offset="):
        design.encode({"age": [20]})
    assert design.encode({"age": [20]}, offset=[2.0]).offset.tolist() == [2.0]


def test_a_transformation_out_of_range_names_the_new_row():
    design, _ = build_design("low ~ log(lwt)", BIRTHWT)
    with pytest.raises(FormulaError, match=r"log\(lwt\).*-inf at row 1, where lwt = 0"):
        design.encode({"lwt": [100, 0]})
