"""Columns and predictions of R 4.2.2: contrasts, polynomials, splines, interactions."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from logit_inference.datasets import load
from logit_inference.design.design import build_design
from logit_inference.errors import ExtrapolationWarning

MATRICES = Path(__file__).parents[1] / "reference" / "design_matrices"

# The file of R's matrix, the data, and the formula as it is written here.
CASES = {
    "birthwt_ns_spline": ("birthwt", "low ~ ns(lwt, df=3) + smoke"),
    "birthwt_sum_contrasts": (
        "birthwt",
        "low ~ C(race, contr.sum) + C(ftvc, contr.sum) + lwt",
    ),
    "birthwt_helmert_contrasts": ("birthwt", "low ~ C(race, contr.helmert) + smoke + lwt"),
    "kyphosis_poly": ("kyphosis", "Kyphosis ~ poly(Age, 2) + Start"),
    "swisslabor_poly_bs": (
        "SwissLabor",
        "participation ~ poly(age, 3) + bs(income, df=5) + foreign",
    ),
}


def in_r_order(name: str) -> pd.DataFrame:
    """The shipped data with the levels in the order that R's reference run declared."""
    table = load(name)
    if name == "birthwt":
        table["race"] = pd.Categorical(table["race"].astype(str), ["white", "black", "other"])
        table["ftvc"] = pd.Categorical(table["ftvc"].astype(str), ["0", "1", "2+"])
    return table


@pytest.mark.parametrize("case", CASES)
def test_matrix_equals_r(case):
    name, formula = CASES[case]
    _, encoded = build_design(formula, in_r_order(name))
    theirs = pd.read_csv(MATRICES / f"X_{case}.csv").to_numpy()
    np.testing.assert_allclose(encoded.block.X, theirs, rtol=1e-12, atol=1e-12)


# Coefficients of R's fits in R's order, and R's linear predictor at new data.
PREDICTIONS = {
    "birthwt_ns_spline": (
        [
            *(0.550432717717202, -0.82587717040275, -4.1744963234689),
            *(-2.63672823612415, 0.633772450861229),
        ],
        {"lwt": [85, 120, 175, 240], "smoke": [0, 1, 0, 1]},
        [0.241044074134769, -0.530150877739376, -1.46503691776663, -2.07193016096552],
    ),
    "kyphosis_poly": (
        [0.652265057135281, 5.88779390841372, -9.87520103971905, -0.233950287622789],
        {"Age": [12, 60, 150], "Start": [1, 10, 17]},
        [-1.13605344752275, -0.962133098429069, -2.89045959596348],
    ),
    "swisslabor_poly_bs": (
        [
            5.13905163310839,
            -5.24220969614586,
            -16.6877429742132,
            -1.96232303036612,
            -9.53130681483625,
            -3.28314279551117,
            -6.56525304551611,
            -5.760796377027,
            -11.0829482108291,
            0.876007723063037,
        ],
        {"age": [2.5, 4, 5.5], "income": [10, 10.7, 11.5], "foreign": ["no", "yes", "no"]},
        [-0.262217265774666, 1.00663958214304, -2.05295184801414],
    ),
}


@pytest.mark.parametrize("case", PREDICTIONS)
def test_prediction_equals_r(case):
    coef, newdata, link = PREDICTIONS[case]
    name, formula = CASES[case]
    design, _ = build_design(formula, in_r_order(name))
    np.testing.assert_allclose(design.encode(newdata).X @ coef, link, rtol=1e-12)


def test_interaction_columns_vary_the_first_factor_fastest():
    titanic = load("TitanicSurvival")
    design, encoded = build_design("survived ~ (sex + passengerClass + age)^2", titanic)
    assert design.columns == (
        "Intercept",
        "sex[T.male]",
        "passengerClass[T.2nd]",
        "passengerClass[T.3rd]",
        "age",
        "sex[T.male]:passengerClass[T.2nd]",
        "sex[T.male]:passengerClass[T.3rd]",
        "sex[T.male]:age",
        "passengerClass[T.2nd]:age",
        "passengerClass[T.3rd]:age",
    )
    assert (encoded.n_read, encoded.n_used, encoded.dropped) == (1309, 1046, {"age": 263})


def test_two_factors_with_several_contrasts():
    admissions = load("UCBAdmissions")
    design, _ = build_design("Admit ~ C(Dept) * Gender", admissions)
    assert design.columns[7:] == tuple(f"C(Dept)[T.{d}]:Gender[T.Female]" for d in "BCDEF")


def test_ns_goes_on_in_straight_lines():
    design, _ = build_design("low ~ ns(lwt, df=3)", load("birthwt"))
    X = design.encode({"lwt": [260.0, 270.0, 280.0]}).X
    np.testing.assert_allclose(X[2] - X[1], X[1] - X[0], atol=1e-12)


def test_bs_extends_its_end_pieces_and_says_so():
    x = np.linspace(0, 1, 30)
    table = {"y": np.tile([0, 1], 15), "x": x}
    design, encoded = build_design("y ~ bs(x, df=3)", table)
    # Without inner knots the basis is one cubic everywhere, also outside.
    powers = np.vander(x, 4, increasing=True)
    to_basis = np.linalg.lstsq(powers, encoded.block.X, rcond=None)[0]
    with pytest.warns(ExtrapolationWarning, match=r"bs\(x\): 1 value lies outside .* 0 and 1"):
        outside = design.encode({"x": [0.5, 1.2]}).X
    beyond = np.vander([0.5, 1.2], 4, increasing=True) @ to_basis
    np.testing.assert_allclose(outside, beyond, atol=1e-10)


def test_basis_columns_count_from_one():
    table = load("birthwt")
    for basis in ("poly(lwt, 2)", "bs(lwt, df=4)", "ns(lwt, df=2)", "cr(lwt, df=3)"):
        design, _ = build_design(f"low ~ {basis}", table)
        assert design.columns[1:3] == (f"{basis}[1]", f"{basis}[2]")


@pytest.mark.parametrize(
    ("term", "complaint"),
    [
        ("poly(ui, 2)", "degree 2 needs more than 2 distinct values; ui has 2"),
        ("bs(lwt, df=2)", "df=2 is too small; at least 3 is needed"),
        ("ns(lwt, df=3, knots=[100])", "give df= or knots=, not both"),
        ("ns(ftv, df=6)", "the knots coincide"),
        ("bs(lwt, knots=[500])", "the knots must lie between 80 and 250"),
        ("ns(race, df=3)", "race is categorical"),
    ],
)
def test_impossible_bases(term, complaint):
    from logit_inference.errors import FormulaError

    with pytest.raises(FormulaError, match=complaint):
        build_design(f"low ~ {term}", load("birthwt"))
