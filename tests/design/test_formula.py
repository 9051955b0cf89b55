"""What a formula may say, and what it is told when it may not."""

import numpy as np
import pytest

from logit_inference.datasets import load
from logit_inference.design.design import build_design
from logit_inference.design.formula import parse_formula
from logit_inference.errors import FormulaError

BIRTHWT = load("birthwt")
COLUMNS = ["low", "age", "lwt", "race", "smoke", "n"]


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("low ~ age + lwt", "1 age lwt"),
        ("low ~ 0 + age", "age"),
        ("low ~ age - 1", "age"),
        ("low ~ age * lwt", "1 age lwt age:lwt"),
        ("low ~ (age + lwt + race)^2 - age:race", "1 age lwt race age:lwt lwt:race"),
        ("low ~ (age + lwt)**2", "1 age lwt age:lwt"),
        ("low ~ race / age", "1 race race:age"),
        ("low ~ age:race + age", "1 age age:race"),
        ("low ~ .", "1 age lwt race smoke"),
        ("low ~ . - race", "1 age lwt smoke"),
        ("log(low) ~ I(age^2) + np.log(lwt)", "1 I(age ** 2) np.log(lwt)"),
        ("low ~ I(~(age > 3))", "1 I(~(age > 3))"),
    ],
)
def test_operators(text, terms):
    formula = parse_formula(text, COLUMNS, excluded={"n"})
    found = ["1"] * formula.intercept + [term.name for term in formula.terms]
    assert " ".join(found) == terms


def test_power_means_power():
    _, encoded = build_design("low ~ I(2 * age^2)", BIRTHWT)
    assert (encoded.block.X[:, 1] == 2.0 * BIRTHWT["age"].to_numpy() ** 2).all()


def test_truth_values_count_in_arithmetic():
    table = {"y": [0, 1, 0, 1], "a": [1.0, 5, 2, 6], "flag": [True, False, True, True]}
    right = "I((a > 1) + (a > 4)) + I(flag * a) + I(flag + (a > 4)) + I(1 - flag)"
    _, encoded = build_design(f"y ~ 0 + {right}", table)
    assert encoded.block.X.T.tolist() == [[0, 2, 1, 2], [1, 0, 2, 6], [1, 1, 1, 2], [0, 1, 0, 0]]
    design, _ = build_design("y ~ I((a > 1) & flag)", table)
    assert design.columns[1] == "I((a > 1) & flag)[T.True]"


def test_a_column_shadows_a_function_unless_called():
    table = {"y": [0, 1, 1], "log": [1.0, np.e, 1.0]}
    _, encoded = build_design("y ~ log + log(log)", table)
    assert encoded.block.X[1].tolist() == [1.0, np.e, float(np.log(np.e))]


def test_context_passes_names_on_purpose():
    k = 3
    with pytest.raises(FormulaError, match=r"pass context=\{'k': k\}"):
        build_design("low ~ I(age / k)", BIRTHWT)
    _, encoded = build_design(
        "low ~ I(age / k) + half(lwt)", BIRTHWT, context={"k": k, "half": lambda x: x / 2}
    )
    assert encoded.block.X[0].tolist() == [1.0, 19 / 3, 91.0]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("low ~ agee", "no column 'agee'. Did you mean 'age'"),
        ("low = age", "A formula uses ~, not ="),
        ("age + lwt", "there is no ~"),
        ("low ~", "the right side is empty"),
        ("~ age", "the left side is empty"),
        ("low ~ 0", "no term is left"),
        ("low ~ age +", r"the operator '\+' lacks a term"),
        ("low ~ (age", r"'\(' is never closed"),
        ("low ~ age)", r"'\)' closes nothing"),
        ("low ~ age | lwt", r"'\|' has no meaning"),
        ("low ~ age ~ lwt", "one ~ only"),
        ("low ~ age lwt", "missing operator between 'age' and 'lwt'"),
        ("low ~ age > 3", r"I\(x > 3\)"),
        ("low ~ age == 3", "unknown operator"),
        ("low ~ 2 * age", "a number alone is no term"),
        ("low ~ 'age'", "backticks"),
        ("low ~ low + age", "the outcome 'low' is also on the right"),
        ("low ~ factor(race)", r"Write C\(x\)"),
        ("low ~ as.factor(race)", r"Write C\(x\)"),
        ("low ~ s(age)", "ns"),
        ("low ~ f(age)", "no function 'f'"),
        ("low ~ log(age, 2)", "log takes 1 argument"),
        ("low ~ I(age - np.mean(age))", "center"),
        ("low ~ I(age - age.mean())", "center"),
        ("low ~ I(1 < age < 3)", "in parentheses"),
        ("low ~ I(age > 3 and lwt > 3)", "row by row"),
        ("low ~ offset(age):lwt", "interaction"),
        ("cbind(low) ~ age", "two arguments"),
        ("low ~ C(race, contr.foo)", "no function 'contr.foo'"),
        ("1 ~ age", "uses no column"),
    ],
)
def test_mistakes_are_named(text, complaint):
    with pytest.raises(FormulaError, match=complaint) as caught:
        parse_formula(text, COLUMNS)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    "right",
    [
        "__import__('os').system('true')",
        "I(age.__class__)",
        "I(np.__loader__)",
        "I((lambda: 1)())",
        "I([x for x in age])",
        "np.load('x')",
        "np.frompyfunc(print, 1, 1)(age)",
        "np.log(age, lwt)",
        "np.log(age, out=lwt)",
        "eval('1')",
        "I(f'{age}')",
        "I(np.add.reduce(age))",
        "I(contr.treatment.__init__)",
        "open('x')",
    ],
)
def test_nothing_else_can_be_reached(right):
    with pytest.raises(FormulaError):
        parse_formula(f"low ~ {right}", COLUMNS)


@pytest.mark.parametrize(
    ("right", "complaint"),
    [
        ("log(ftv)", r"in 100 rows; the first is -inf at row 0, where ftv = 0.*log1p"),
        ("sqrt(lwt - 100)", r"in 19 rows.*nan at row \d+, where lwt = \d+"),
        ("I(age / ftv)", r"inf at row 0, where age = 19 and ftv = 0"),
        ("I(3)", r"I\(3\) has a single value for 189 rows"),
        ("I(race + 1)", "race is categorical"),
        ("log(race)", "race is categorical"),
        ("bs(age, foo=2)", "unexpected keyword argument 'foo'"),
    ],
)
def test_what_cannot_be_computed(right, complaint):
    table = BIRTHWT.assign(lwt=BIRTHWT["lwt"].clip(lower=85))
    with pytest.raises(FormulaError, match=complaint):
        build_design(f"low ~ {right}", table)
