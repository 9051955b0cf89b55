"""Coefficients and standard errors against solutions computed with 60 digits.

The problems are hard on purpose: near separation, years with their squares, scales from 1e-8 to
1e8, two columns that differ by 1e-8, rare events. ``highprec/answers.json`` has the 40-digit
answers and ``scripts/make_highprec.py.txt`` the problems.
"""

import json
from pathlib import Path

import mpmath
import numpy as np
import pandas as pd
import pytest

import logit_inference as li

FOLDER = Path(__file__).resolve().parent / "highprec"
PROBLEMS = {
    answer["name"]: answer
    for answer in json.loads((FOLDER / "answers.json").read_text(encoding="utf-8"))
}


def rows(name: str) -> pd.DataFrame:
    """Return the columns of a problem, with the outcome under the name y."""
    if name == "hp_spector":  # given to statsmodels by permission of the author
        import statsmodels.api as sm

        return sm.datasets.spector.load_pandas().data.rename(columns={"GRADE": "y"})
    texts = pd.read_csv(FOLDER / f"{name}.csv", dtype=str)
    return texts.map(float)


def exact(answer: dict, key: str) -> np.ndarray:
    """Return the answer rounded once, from its 40 digits to the nearest float."""
    return np.array([float(text) for text in answer[key]])


@pytest.fixture(params=PROBLEMS)
def problem(request):
    answer = PROBLEMS[request.param]
    return answer, rows(request.param)


def from_formula(answer, frame):
    return li.logit("y ~ " + " + ".join(answer["columns"][1:]), frame)


def from_arrays(answer, frame):
    X = np.column_stack([np.ones(len(frame)), frame[answer["columns"][1:]]])
    return li.logit_arrays(frame["y"].to_numpy(), X, names=answer["columns"])


@pytest.mark.parametrize("fit", [from_formula, from_arrays])
def test_ten_digits_of_coefficients_and_nine_of_standard_errors(problem, fit):
    answer, frame = problem
    result = fit(answer, frame)
    np.testing.assert_allclose(result.params, exact(answer, "coef"), rtol=1e-10)
    np.testing.assert_allclose(result.bse, exact(answer, "se"), rtol=1e-9)


@pytest.mark.parametrize("fit", [from_formula, from_arrays])
def test_log_likelihoods(problem, fit):
    answer, frame = problem
    result = fit(answer, frame)
    # n terms of rounding error 1e-16 each, and n is at most 1e4.
    assert result.llf == pytest.approx(float(answer["loglik"]), rel=1e-13)
    assert result.llnull == pytest.approx(float(answer["loglik_null"]), rel=1e-13)


@pytest.mark.parametrize("fit", [from_formula, from_arrays])
def test_the_certificate_is_a_bound_on_the_distance_to_the_answer(problem, fit):
    answer, frame = problem
    result = fit(answer, frame)
    with mpmath.workdps(40):
        gaps = [
            abs(mpmath.mpf(ours) - mpmath.mpf(text)) / mpmath.mpf(error)
            for ours, text, error in zip(
                result.params.tolist(), answer["coef"], answer["se"], strict=True
            )
        ]
    assert result.certificate.exists
    assert max(gaps) <= result.certificate.distance < 1e-6
