"""What is kept as golden files: a file name, and the function that makes its content.

Add a case by adding an entry to CASES; for all four renderings of a table use `renderings`.
Then run `python -m tests.golden.refresh` and review the new files as part of the diff.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf, nan

from logit_inference.report import Column, Table
from tests.golden.fits import TABLES, TEXTS


def renderings(name: str, make_table: Callable[[], Table]) -> dict[str, Callable[[], str]]:
    """Return the four cases of one table: name.txt, name.html, name.tex, name.md."""
    return {
        f"{name}.txt": lambda: make_table().to_text(),
        f"{name}.html": lambda: make_table().to_html(),
        f"{name}.tex": lambda: make_table().to_latex(),
        f"{name}.md": lambda: make_table().to_markdown(),
    }


def coefficients() -> Table:
    """Return a summary of the low-birth-weight study, with numbers as statsmodels gives them."""
    return Table(
        "Logistic regression of Pr(low = 1)",
        (
            Column(
                "term",
                ["Intercept", "age", "lwt", "C(race)[T.other]", "C(race)[T.white]", "smoke"],
                header="",
            ),
            Column(
                "estimate",
                [
                    1.5641229450284757,
                    -0.022478279874642897,
                    -0.012525664016438419,
                    -0.2884087197875307,
                    -1.2316713730715176,
                    1.0544386478185337,
                ],
                header="coef",
                kind="estimate",
            ),
            Column(
                "std_error",
                [
                    1.1670052218065965,
                    0.03417049458362784,
                    0.00638583430680884,
                    0.5267565454998786,
                    0.5171517877358304,
                    0.37999987351056647,
                ],
                header="std err",
                kind="estimate",
            ),
            Column(
                "statistic",
                [
                    1.3402878717261577,
                    -0.6578271736638236,
                    -1.961476514209434,
                    -0.5475180560192909,
                    -2.3816438467011074,
                    2.7748394705431747,
                ],
                header="z",
                kind="statistic",
            ),
            Column(
                "p_value",
                [
                    0.18015177297027418,
                    0.51064919117234,
                    0.04982346206610989,
                    0.5840228691318493,
                    0.01723555780916787,
                    0.00552289613111612,
                ],
                header="P>|z|",
                kind="p_value",
            ),
            Column(
                "conf_low",
                [
                    -0.7231652594826308,
                    -0.08945121859247446,
                    -0.02504166926902405,
                    -1.320832577588027,
                    -2.245270251574248,
                    0.3096525816080473,
                ],
                header="[0.025",
                kind="estimate",
            ),
            Column(
                "conf_high",
                [
                    3.851411149539582,
                    0.04449465884318867,
                    -9.658763852790977e-06,
                    0.7440151380129656,
                    -0.2180724945687873,
                    1.79922471402902,
                ],
                header="0.975]",
                kind="estimate",
            ),
        ),
        facts=(
            ("Event", "low = 1"),
            ("Estimator", "maximum likelihood"),
            ("Covariance", "model-based"),
            ("Rows read", "189"),
            ("Rows used", "189"),
            ("Rows dropped", "0"),
            ("Events / non-events", "59 / 130"),
            ("Df model / residuals", "5 / 183"),
            ("Log-likelihood", "-107.289"),
            ("Null log-likelihood", "-117.336"),
            ("LR test, 5 df", "20.095, p = 0.001"),
            ("Pseudo R² (McFadden)", "0.0856"),
            ("AIC", "226.577"),
            ("BIC", "246.028"),
            ("Formula", "low ~ age + lwt + C(race) + smoke"),
        ),
        notes=(
            "Converged in 5 Newton steps; every coefficient is within 2.1e-10 of its own standard "
            "errors of the exact maximum.",
        ),
    )


def limits() -> Table:
    """Return odds ratios of a separated and rank-deficient model: infinite and missing cells."""
    return Table(
        "Odds ratios, endometrial cancer grade",
        (
            Column("term", ["NV", "PI", "EH", "PI2"], header=""),
            Column("estimate", [inf, 0.958, 0.0548, nan], header="odds ratio", kind="estimate"),
            Column("std_error", [nan, 0.0424, 0.0464, nan], header="std err", kind="estimate"),
            Column("statistic", [None, -0.952, -3.433, None], header="z", kind="statistic"),
            Column("p_value", [None, 0.341, 0.000597, None], header="P>|z|", kind="p_value"),
            Column("conf_low", [2.93, 0.878, 0.0104, nan], header="[0.025", kind="estimate"),
            Column("conf_high", [inf, 1.05, 0.288, nan], header="0.975]", kind="estimate"),
        ),
        notes=(
            "NV separates the outcome: its odds ratio has no finite maximum likelihood estimate.",
            "PI2 is not estimable: PI2 = 2*PI.",
        ),
    )


def hostile() -> Table:
    """Return a table whose names hold markup, quotes, other scripts and no place to break."""
    names = [
        "<b>bold</b> & \"quoted\" 'x'",
        "C(smoking_status)[T.former smoker]:C(alcohol_consumption)[T.more than three a week]",
        "a_name_that_goes_on_and_on_and_on_without_any_place_that_is_made_for_breaking_lines",
        "100% | $cost_a$ #1 {x} ~y ^z \\n `tick` *star*",
        "Überlingen -- straße",
        "[bracket](first)",
        "tab\tand\nnewline",
    ]
    return Table(
        "Names that <i>hurt</i> & a title that is so long that it has to be wrapped onto a second "
        "line_of_text",
        (
            Column("term", names, header=""),
            Column(
                "estimate",
                [-0.00000804, 6.4e7, -12345.678, 0.0, -inf, nan, 1.0],
                header="coef",
                kind="estimate",
            ),
            Column(
                "std_error",
                [2.1e-7, 1e300, 1.5, 0.25, inf, nan, 0.125],
                header="std err",
                kind="estimate",
            ),
            Column(
                "statistic",
                [-38.3, 0.0, -8230.45, -0.0001, -inf, nan, 8.0],
                header="z",
                kind="statistic",
            ),
            Column(
                "p_value",
                [0.0, 1.0, 1e-300, 0.99992, 0.0, nan, 0.00099999],
                header="P>|z|",
                kind="p_value",
            ),
        ),
        facts=(
            ("Rows used", "1,204,118"),
            ("Event", "y = <yes & no>"),
            (
                "Rows dropped",
                "12,345 because of missing values: income 9,000, an_unusually_long_column_name "
                "3,000, age 345",
            ),
        ),
        notes=(
            "# 1 < 2 & 3 > 2, 50% of $5, x_i * y_i; https://example.org/a_path/that/is/long?and=has"
            "&parameters=too",
        ),
    )


def terms() -> Table:
    """Return tests of terms: empty cells, whole numbers, shares, a second text column."""
    return Table(
        "Analysis of deviance",
        (
            Column("term", ["(null)", "lwt", "C(race)", "smoke"], header=""),
            Column("test", ["", "likelihood ratio", "likelihood ratio", "Wald"]),
            Column("df", [None, 1, 2, 1], kind="integer"),
            Column("n", [9999, 10000, 1204118, 12], header="rows", kind="integer"),
            Column("statistic", [None, 5.9813, 5.4317, 1234.567], header="chi²", kind="statistic"),
            Column("p_value", [None, 0.01446, 0.06615, 1e-270], header="P>chi²", kind="p_value"),
            Column("share", [None, 0.0255, 0.0002, 1.0], header="explained", kind="percent"),
            Column("aic", [236.672, 232.69, 231.26, -0.0001], header="AIC", kind="fixed"),
        ),
    )


CASES: dict[str, Callable[[], str]] = {
    **renderings("coefficients", coefficients),
    **renderings("limits", limits),
    **renderings("hostile", hostile),
    **renderings("terms", terms),
    **{
        file: make
        for name, table in TABLES.items()
        for file, make in renderings(name, table).items()
    },
    **TEXTS,
}
