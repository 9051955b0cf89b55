"""The small real data sets that ship with the package, with their declared types.

A CSV file knows neither which of its texts are categories nor in what order their levels were
documented. The table below does, and it is also the list of what ships. Who observed the data
and where they were published stands in ``data/README.md``. This file knows nothing of models.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from logit_inference.errors import DatasetError

if TYPE_CHECKING:
    import pandas as pd

# The levels of a categorical column, in their documented order: the first is the reference of a
# predictor, the second is the event of a two-level outcome. TEXT marks a column of identifiers.
Levels = tuple[str, ...]
TEXT: Levels = ()

NO_YES: Levels = ("no", "yes")
NO_YES_CAPITALS: Levels = ("No", "Yes")
AGE_GROUPS: Levels = ("20-39", "40-59", "60-99")

SCHOOLS: Mapping[str, Levels] = {
    "cds": TEXT,
    "stype": ("E", "H", "M"),
    "sch_wide": NO_YES_CAPITALS,
    "comp_imp": NO_YES_CAPITALS,
    "both": NO_YES_CAPITALS,
    "awards": NO_YES_CAPITALS,
}

# data set → column → levels. Columns that are not named hold numbers.
COLUMNS: Mapping[str, Mapping[str, Levels]] = {
    "Arthritis": {
        "Treatment": ("Placebo", "Treated"),
        "Sex": ("Female", "Male"),
        "Improved": ("None", "Some", "Marked"),
    },
    "CreditCard": {"card": NO_YES, "owner": NO_YES, "selfemp": NO_YES},
    "SwissLabor": {"participation": NO_YES, "foreign": NO_YES},
    "TitanicSurvival": {
        "survived": NO_YES,
        "sex": ("female", "male"),
        "passengerClass": ("1st", "2nd", "3rd"),
    },
    "UCBAdmissions": {
        "Admit": ("Rejected", "Admitted"),
        "Gender": ("Male", "Female"),
        "Dept": ("A", "B", "C", "D", "E", "F"),
    },
    "VerbAgg": {
        "Gender": ("F", "M"),
        "item": (
            *("S1WantCurse", "S1WantScold", "S1WantShout"),
            *("S2WantCurse", "S2WantScold", "S2WantShout"),
            *("S3WantCurse", "S3WantScold", "S3WantShout"),
            *("S4wantCurse", "S4WantScold", "S4WantShout"),
            *("S1DoCurse", "S1DoScold", "S1DoShout"),
            *("S2DoCurse", "S2DoScold", "S2DoShout"),
            *("S3DoCurse", "S3DoScold", "S3DoShout"),
            *("S4DoCurse", "S4DoScold", "S4DoShout"),
        ),
        "btype": ("curse", "scold", "shout"),
        "situ": ("other", "self"),
        "mode": ("want", "do"),
        "r2": ("N", "Y"),
    },
    "Wells": {"switch": NO_YES, "association": NO_YES},
    "Womenlf": {
        "partic": ("not.work", "parttime", "fulltime"),
        "children": ("absent", "present"),
        "region": ("Atlantic", "BC", "Ontario", "Prairie", "Quebec"),
    },
    "alligators": {
        "foodchoice": ("Fish", "Invertebrate", "Reptile", "Bird", "Other"),
        "lake": ("Hancock", "Oklawaha", "Trafford", "George"),
        "gender": ("Male", "Female"),
        "size": ("<=2.3", ">2.3"),
    },
    "anes96": {},
    "apiclus1": SCHOOLS,
    "apiclus2": SCHOOLS,
    "apistrat": SCHOOLS,
    "birthwt": {
        "race": ("white", "black", "other"),
        "ptd": NO_YES,
        "ftvc": ("0", "1", "2+"),
    },
    "cbpp": {"period": ("1", "2", "3", "4")},
    "endometrial": {},
    "esoph": {
        "agegp": ("25-34", "35-44", "45-54", "55-64", "65-74", "75+"),
        "alcgp": ("0-39g/day", "40-79", "80-119", "120+"),
        "tobgp": ("0-9g/day", "10-19", "20-29", "30+"),
    },
    "infert": {"education": ("0-5yrs", "6-11yrs", "12+ yrs")},
    "kyphosis": {"Kyphosis": ("absent", "present")},
    "logan": {"tocc": ("farm", "operatives", "craftsmen", "sales", "professional")},
    "menarche": {},
    "mtcars": {},
    "nhanes2_imputed": {"age": AGE_GROUPS, "hyp": NO_YES},
    "nhanes2_incomplete": {"age": AGE_GROUPS, "hyp": NO_YES},
    "nodal": {},
    "ohio": {},
    "respiratory": {"treat": ("P", "A"), "sex": ("F", "M")},
}


def names() -> list[str]:
    """Return the names of the data sets that ship with the package.

    Examples
    --------
    >>> "birthwt" in names()
    True
    """
    return list(COLUMNS)


def load(name: str) -> pd.DataFrame:
    """Return a data set as a pandas frame, its categories in their documented order.

    Parameters
    ----------
    name
        One of `names`, as spelled there or all in lower case.

    Returns
    -------
    pandas.DataFrame
        Whole numbers as integers, other numbers as floats with every stored digit, texts with
        levels as unordered categoricals, identifiers as text; missing values as NaN.

    Raises
    ------
    DatasetError
        No data set of that name ships with the package; the message names the nearest ones.

    Notes
    -----
    Columns, units and sources are described in ``data/README.md``.

    Examples
    --------
    >>> birthwt = load("birthwt")
    >>> birthwt.shape
    (189, 11)
    >>> list(birthwt["race"].cat.categories)
    ['white', 'black', 'other']
    """
    import pandas as pd

    spelled = {known.lower(): known for known in COLUMNS} | {known: known for known in COLUMNS}
    if name not in spelled:
        raise DatasetError(name, names())
    levels = COLUMNS[spelled[name]]
    # As text first: a reader that guesses types takes the level "None" for a missing value, and
    # before pandas 3.1 its default parser did not return every last digit.
    texts = pd.read_csv(_path(spelled[name]), dtype=str, keep_default_na=False)
    return pd.DataFrame(
        {column: _typed(list(texts[column]), levels.get(column)) for column in texts.columns}
    )


def _path(name: str) -> Path:
    """Return where the file is: inside an installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "data" / f"{name}.csv"
    return installed if installed.exists() else package.parent / "data" / f"{name}.csv"


def _typed(texts: Sequence[str], levels: Levels | None) -> Any:
    """Return a column's values: numbers, identifiers, or a categorical with these levels."""
    import pandas as pd

    if levels is None:
        return _numbers(texts)
    if levels == TEXT:
        return list(texts)
    code = {level: position for position, level in enumerate(levels)} | {"": -1}
    return pd.Categorical.from_codes([code[text] for text in texts], categories=list(levels))


def _numbers(texts: Sequence[str]) -> list[int] | list[float]:
    """Return integers where every text is one, floats with NaN for the empty text otherwise."""
    try:
        return [int(text) for text in texts]
    except ValueError:
        return [float(text) if text else math.nan for text in texts]
