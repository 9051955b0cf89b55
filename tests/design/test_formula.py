"""What a formula may say, and what it is told when it may not."""

import numpy as np
import pytest

from logit_inference.datasets import load
from logit_inference.design.design import build_design
from logit_inference.design.formula import parse_formula
from logit_inference.errors import ArgumentError, FormulaError, SchemaError

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
        ("low ~ age %in% race", "1 age:race"),
        ("low ~ 0 + age %in% race", "age:race"),
        ("low ~ race + age %in% race", "1 race race:age"),
        ("low ~ (age + lwt) %in% race", "1 age:race lwt:race"),
        ("low ~ age %in% (race + smoke)", "1 age:race:smoke"),
        ("low ~ age*lwt %in% race", "1 age lwt:race age:lwt:race"),
        ("low ~ age:lwt %in% race", "1 age:lwt:race"),
        ("low ~ age %in% race:smoke", "1 age:race:smoke"),
        ("low ~ age %in% race %in% smoke", "1 age:race:smoke"),
        ("low ~ log(age) %in% race + np.exp(lwt) %in% race", "1 log(age):race race:np.exp(lwt)"),
        ("low ~ (age + lwt)^(2) + (race)", "1 age lwt race age:lwt"),
    ],
)
def test_operators(text, terms):
    formula = parse_formula(text, COLUMNS, excluded={"n"})
    found = ["1"] * formula.intercept + [term.name for term in formula.terms]
    assert " ".join(found) == terms


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("cbind(low, n - low) ~ n + age", "n age"),
        ("I(age > 30) ~ age", "age"),
        ("cbind(low, n - low) ~ .", "age lwt race smoke"),
    ],
)
def test_a_variable_of_the_left_side_may_be_a_predictor_where_it_is_written(text, terms):
    assert [term.name for term in parse_formula(text, COLUMNS).terms] == terms.split()


@pytest.mark.parametrize(
    "text", ["low ~ low", "low ~ log(low)", "cbind(low, n) ~ n", "cbind(low, n - low) ~ age:low"]
)
def test_the_outcome_itself_is_no_predictor(text):
    with pytest.raises(FormulaError, match="is also on the right side"):
        parse_formula(text, COLUMNS)


def test_the_mark_stands_under_the_place():
    with pytest.raises(FormulaError) as caught:
        parse_formula("age ~ lwt + 2 * age", COLUMNS)
    formula, mark = str(caught.value).splitlines()[1:]
    assert formula[mark.index("^")] == "2"


@pytest.mark.parametrize(
    ("expression", "levels"),
    [("I(" + "+".join(["age"] * 3000) + ")", 3000), ("I(" + "(" * 300 + "age" + ")" * 301, 300)],
)
def test_expressions_that_are_too_deep(expression, levels):
    for formula, keywords in (
        (f"low ~ {expression}", {}),
        (f"{expression} ~ age", {}),
        ("low ~ age", {"offset": expression}),
    ):
        with pytest.raises(FormulaError, match="nested too deeply") as caught:
            build_design(formula, BIRTHWT, **keywords)
        assert len(str(caught.value)) < 600 < levels * 3 + 600
    design, _ = build_design("low ~ " + "+".join(["age"] * 3000), BIRTHWT)
    assert design.columns == ("Intercept", "age")


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


def test_membership_of_categories():
    table = {"y": [0, 1, 0, 1], "g": list("abca"), "x": [1, 2, 3, 1]}
    for right, expected in (
        ("np.isin(g, ['a', 'c'])", [1, 0, 1, 1]),
        ("np.isin(g, ['a', 'c'], invert=True)", [0, 1, 0, 0]),
        ("I(~np.isin(g, ('a', 'c')))", [0, 1, 0, 0]),
        ("np.isin(x, [1, 3])", [1, 0, 1, 1]),
    ):
        design, encoded = build_design(f"y ~ {right}", table)
        assert encoded.block.X[:, 1].tolist() == expected
    design, _ = build_design("y ~ np.isin(g, ['a', 'c'])", table)
    assert design.encode({"g": ["b", "c"]}).X[:, 1].tolist() == [0, 1]
    with pytest.raises(SchemaError, match="g has no level 'q'"):
        build_design("y ~ np.isin(g, ['a', 'q'])", table)
    with pytest.raises(FormulaError, match="needs a list of levels"):
        build_design("y ~ np.isin(g, 'a')", table)


@pytest.mark.parametrize("context", [5, [("k", 1)], {5: 1}, "k"])
def test_a_context_is_a_dict(context):
    with pytest.raises(ArgumentError, match="a dict from name to object"):
        build_design("low ~ age", BIRTHWT, context=context)


def test_what_functions_of_the_context_may_return():
    table = {"y": [0, 1, 0, 1], "x": [1.0, 2.0, 3.0, 5.0]}

    def design(returned, right="f(x)"):
        return build_design(f"y ~ {right}", table, context={"f": lambda x: returned})

    for numbers in ([1, 2, 3, 5], np.array([1, 2.0, 3, 5], dtype=object)):
        assert design(numbers)[1].block.X[:, 1].tolist() == [1, 2, 3, 5]
        assert design(numbers, "C(f(x))")[0].columns[1:] == tuple(
            f"C(f(x))[T.{level}]" for level in (2, 3, 5)
        )
    assert design(np.array(list("abba"), dtype=object))[0].columns[1:] == ("f(x)[T.b]",)
    for missing in (["a", None, "b", "a"], np.array([True, None, False, True], dtype=object)):
        with pytest.raises(FormulaError, match=r"f\(x\) is missing in 1 row, the first is row 1"):
            design(np.array(missing, dtype=object))
    with pytest.raises(FormulaError, match=r"nan at row 1, where x = 2"):
        design(np.array([1, None, 2, 3], dtype=object))
    for right in ("C(f(x))", "C(np.log(x - 2.5))"):
        with pytest.raises(FormulaError, match="is missing in"):
            design(np.array([1, None, 2, 2], dtype=object), right)
    with pytest.raises(FormulaError, match=r"f\(x\) cannot be computed"):
        design([[1], [1, 2], 3, 4])
    with pytest.raises(SchemaError, match="int and str"):
        design(np.array([1, "a", 2, 3], dtype=object))


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
        ("low ~ age:2", "a number alone is no term"),
        ("low ~ 2:age", "a number alone is no term"),
        ("low ~ age/2", "a number alone is no term"),
        ("low ~ age - 2", "a number alone is no term"),
        ("low ~ 0:age", "a number alone is no term"),
        ("low ~ age:1", "a number alone is no term"),
        ("low ~ (1 + age):race", "a number alone is no term"),
        ("low ~ 1 %in% race", "a number alone is no term"),
        ("low ~ age^-1", r"write I\(age\^-1\)"),
        ("low ~ age^0", r"write I\(age\^0\)"),
        ("low ~ age**2.5 + lwt", r"write I\(age\^2.5\)"),
        ("low ~ `my col`^(-1)", r"write I\(`my col`\^-1\)"),
        ("low ~ (age + lwt)^-1", r"write I\(x\^-1\)"),
        ("low ~ [age]", r"'\[' has no meaning between terms"),
        ("low ~ (lwt + [age])", r"'\[' has no meaning between terms"),
        ("low ~ {age + 1}", "'{' has no meaning between terms"),
        ("low ~ (age]", "']' cannot close '\\('"),
        ("low ~ I(age²)", "`x²`; a power of the values is written x\\^2"),
        ("low ~ I(not smoke)", "write ~smoke"),
        ("low ~ I(race in ['a', 'b'])", r"np.isin\(g, \['a', 'b'\]\), or \(g == 'a'\)"),
        ("low ~ I(race not in ['a'])", r"~np.isin"),
        ("low ~ I(race %in% c('a', 'b'))", "np.isin"),
        ("low ~ I(age is lwt)", "write == or !="),
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
        ("C([1, 2])", r"C\(\[1, 2\]\) has 2 values for 189 rows"),
        ("I(race + 1)", "race is categorical"),
        ("log(race)", "race is categorical"),
        ("bs(age, foo=2)", "unexpected keyword argument 'foo'"),
        ("poly(race, 2)", r"poly\(race, 2\) needs a numeric variable; race is categorical"),
        ("center(race)", r"center\(race\) needs a numeric variable; race is categorical"),
        ("cr(I(race == 'white'), df=3) + ns(race, df=2)", r"ns\(race, df=2\) needs a numeric"),
        ("np.where(race, 1, 0)", "race is categorical, and where needs numbers"),
    ],
)
def test_what_cannot_be_computed(right, complaint):
    table = BIRTHWT.assign(lwt=BIRTHWT["lwt"].clip(lower=85))
    with pytest.raises(FormulaError, match=complaint):
        build_design(f"low ~ {right}", table)
