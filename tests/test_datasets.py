"""Every data set that ships: it loads, with the documented rows, levels and missing values."""

from pathlib import Path

import pandas as pd
import pytest

from logit_inference import datasets
from logit_inference.errors import DatasetError

FOLDER = Path(__file__).resolve().parents[1] / "data"

# Rows as listed by tests/reference/README.md, which was written from the packages' own copies.
ROWS = {
    "Arthritis": 84,
    "CreditCard": 1319,
    "SwissLabor": 872,
    "TitanicSurvival": 1309,
    "UCBAdmissions": 24,
    "VerbAgg": 7584,
    "Wells": 3020,
    "Womenlf": 263,
    "alligators": 80,
    "anes96": 944,
    "apiclus1": 183,
    "apiclus2": 126,
    "apistrat": 200,
    "birthwt": 189,
    "cbpp": 56,
    "endometrial": 79,
    "esoph": 88,
    "infert": 248,
    "kyphosis": 81,
    "logan": 838 * 5,
    "menarche": 25,
    "mtcars": 32,
    "nhanes2_imputed": 25 * 5,
    "nhanes2_incomplete": 25,
    "nodal": 53,
    "ohio": 537 * 4,
    "respiratory": 111 * 4,
}

MISSING = {
    "TitanicSurvival": {"age": 263},
    "apiclus2": {"enroll": 6},
    "nhanes2_incomplete": {"bmi": 9, "hyp": 8, "chl": 10},
}

# The second level of an outcome is the event; the first level of a predictor is the reference.
LEVELS = [
    ("birthwt", "race", ["white", "black", "other"]),
    ("birthwt", "ftvc", ["0", "1", "2+"]),
    ("infert", "education", ["0-5yrs", "6-11yrs", "12+ yrs"]),
    ("TitanicSurvival", "survived", ["no", "yes"]),
    ("TitanicSurvival", "passengerClass", ["1st", "2nd", "3rd"]),
    ("Womenlf", "partic", ["not.work", "parttime", "fulltime"]),
    ("Womenlf", "region", ["Atlantic", "BC", "Ontario", "Prairie", "Quebec"]),
    ("UCBAdmissions", "Admit", ["Rejected", "Admitted"]),
    ("esoph", "tobgp", ["0-9g/day", "10-19", "20-29", "30+"]),
    ("apistrat", "sch_wide", ["No", "Yes"]),
    ("Arthritis", "Improved", ["None", "Some", "Marked"]),
    ("cbpp", "period", ["1", "2", "3", "4"]),
    ("nhanes2_incomplete", "hyp", ["no", "yes"]),
    ("respiratory", "treat", ["P", "A"]),
]


def test_the_list_of_names_is_the_list_of_files():
    assert sorted(datasets.names()) == sorted(path.stem for path in FOLDER.glob("*.csv"))
    assert sorted(datasets.names()) == sorted(ROWS)


@pytest.mark.parametrize("name", datasets.names())
def test_rows_and_missing_values(name):
    frame = datasets.load(name)
    assert len(frame) == ROWS[name]
    missing = frame.isna().sum()
    assert missing[missing > 0].to_dict() == MISSING.get(name, {})


@pytest.mark.parametrize("name", datasets.names())
def test_every_column_is_numeric_categorical_or_declared_text(name):
    for column, values in datasets.load(name).items():
        levels = datasets.COLUMNS[name].get(column)
        if levels is None:
            assert pd.api.types.is_numeric_dtype(values)
        elif levels == datasets.TEXT:
            assert pd.api.types.is_string_dtype(values)
        else:
            assert tuple(values.cat.categories) == levels
            assert not values.cat.ordered
            assert set(values.dropna()) == set(levels), "a declared level that nobody has"


@pytest.mark.parametrize("name", datasets.names())
def test_no_declaration_without_its_column(name):
    assert set(datasets.COLUMNS[name]) <= set(datasets.load(name).columns)


@pytest.mark.parametrize(("name", "column", "levels"), LEVELS)
def test_levels_stand_in_their_documented_order(name, column, levels):
    assert list(datasets.load(name)[column].cat.categories) == levels


def test_numbers_keep_every_stored_digit():
    ages = datasets.load("TitanicSurvival")["age"]
    assert ages[1] == 0.916700006
    assert datasets.load("anes96")["logpopul"][0] == -2.3025850929940455


def test_identifiers_keep_their_leading_zeros():
    assert datasets.load("apiclus1")["cds"][0] == "01612910137588"


def test_none_is_a_level_and_not_a_missing_value():
    assert datasets.load("Arthritis")["Improved"].value_counts()["None"] == 42


def test_each_call_returns_a_fresh_frame():
    mine = datasets.load("menarche")
    mine.loc[0, "Age"] = -1.0
    assert datasets.load("menarche").loc[0, "Age"] == 9.21


def test_lower_case_spelling_is_accepted():
    pd.testing.assert_frame_equal(
        datasets.load("titanicsurvival"), datasets.load("TitanicSurvival")
    )


def test_a_wrong_name_names_the_nearest_ones():
    with pytest.raises(DatasetError, match="Did you mean 'birthwt'") as caught:
        datasets.load("birthwgt")
    assert caught.value.name == "birthwgt"
    assert "menarche" in caught.value.known


@pytest.mark.parametrize("name", datasets.names())
def test_provenance_is_written_down(name):
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert f"[{name}.csv](#" in text
    section = next(part for part in text.split("\n## ")[1:] if name in part.split("\n")[0])
    assert "*Source:*" in section
    for column in datasets.load(name).columns:
        assert f"`{column}`" in section, f"{name}: column {column} is not described"
