"""The models of ``glm_R`` in this package's spelling: data, formula, options, names of columns.

``names`` says how R's coefficient names become ours. A key that ends in ``*`` stands for every
level: ``"race*": "race[T.*]"`` turns ``raceblack`` into ``race[T.black]``, in interactions too,
and the term ``race`` into the part before the bracket. Names that are not listed are the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from logit_inference import datasets

FOLDER = Path(__file__).resolve().parent / "glm_R"


@dataclass(frozen=True)
class Model:
    """One model: where its rows come from and how it is asked for here."""

    data: str
    formula: str
    names: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    derive: Callable[[pd.DataFrame], dict[str, Any]] | None = None

    def frame(self) -> pd.DataFrame:
        """Return the rows, with derived columns."""
        frame = load(self.data)
        return frame if self.derive is None else frame.assign(**self.derive(frame))

    def our_name(self, r_name: str) -> str:
        """Return the name that R's coefficient or term has here."""
        return ":".join(self._translated(part) for part in r_name.split(":"))

    def _translated(self, part: str) -> str:
        if part in self.names:
            return self.names[part]
        for pattern, ours in self.names.items():
            stem = pattern.removesuffix("*")
            if pattern != stem and part == stem:
                return ours.split("[")[0]
            if pattern != stem and part.startswith(stem):
                return ours.replace("*", part.removeprefix(stem))
        return "Intercept" if part == "(Intercept)" else part


def load(name: str) -> pd.DataFrame:
    """Return a data set: shipped ones from the package, the two others from statsmodels."""
    if name not in ("spector", "fair"):
        return datasets.load(name)
    import statsmodels.api as sm

    frame = getattr(sm.datasets, name).load_pandas().data
    return frame.assign(affair=(frame["affairs"] > 0).astype(int)) if name == "fair" else frame


def stored(case: str) -> dict[str, Any]:
    """Return what R computed for the case."""
    return json.loads((FOLDER / f"{case}.json").read_text(encoding="utf-8"))


RACE = {"race*": "race[T.*]"}
TITANIC = {"sex*": "sex[T.*]", "passengerClass*": "passengerClass[T.*]"}
FREQUENCY = {"weights": "Freq", "weights_kind": "frequency"}
UCB = {"Gender*": "Gender[T.*]", "Dept*": "Dept[T.*]"}

MODELS: Mapping[str, Model] = {
    "spector_main": Model("spector", "GRADE ~ GPA + TUCE + PSI"),
    "birthwt_main": Model(
        "birthwt",
        "low ~ age + lwt + race + smoke + ptl + ht + ui + ftvc",
        RACE | {"ftvc*": "ftvc[T.*]"},
    ),
    "birthwt_sum_contrasts": Model(
        "birthwt",
        "low ~ C(race, contr.sum) + C(ftvc, contr.sum) + lwt",
        {
            "race": "C(race, contr.sum)",
            "race1": "C(race, contr.sum)[S.white]",
            "race2": "C(race, contr.sum)[S.black]",
            "ftvc": "C(ftvc, contr.sum)",
            "ftvc1": "C(ftvc, contr.sum)[S.0]",
            "ftvc2": "C(ftvc, contr.sum)[S.1]",
        },
    ),
    "birthwt_helmert_contrasts": Model(
        "birthwt",
        "low ~ C(race, contr.helmert) + smoke + lwt",
        {
            "race": "C(race, contr.helmert)",
            "race1": "C(race, contr.helmert)[H.black]",
            "race2": "C(race, contr.helmert)[H.other]",
        },
    ),
    "birthwt_offset": Model("birthwt", "low ~ smoke + race + offset(-0.014*(lwt-130))", RACE),
    "birthwt_ns_spline": Model(
        "birthwt", "low ~ ns(lwt, df=3) + smoke", {"ns(lwt, df = 3)*": "ns(lwt, df=3)[*]"}
    ),
    "birthwt_noint": Model("birthwt", "low ~ 0 + race + lwt", {"race*": "race[*]"}),
    "swisslabor_quad": Model(
        "SwissLabor",
        "participation ~ income + age + I(age^2) + education + youngkids + oldkids + foreign",
        {"I(age^2)": "I(age ** 2)", "foreign*": "foreign[T.*]"},
    ),
    "swisslabor_poly_bs": Model(
        "SwissLabor",
        "participation ~ poly(age, 3) + bs(income, df=5) + foreign",
        {
            "poly(age, 3)*": "poly(age, 3)[*]",
            "bs(income, df = 5)*": "bs(income, df=5)[*]",
            "foreign*": "foreign[T.*]",
        },
    ),
    "titanic_interaction": Model(
        "TitanicSurvival", "survived ~ sex * passengerClass + age", TITANIC
    ),
    "titanic_agebysex": Model(
        "TitanicSurvival", "survived ~ (sex + passengerClass + age)^2", TITANIC
    ),
    "mtcars_am": Model("mtcars", "am ~ wt + hp"),
    "mtcars_vs_qsec": Model("mtcars", "vs ~ mpg"),
    "fair_main": Model(
        "fair",
        "affair ~ rate_marriage + age + yrs_married + children + religious + educ + occupation"
        " + occupation_husb",
    ),
    "fair_factor": Model(
        "fair",
        "affair ~ C(rate_marriage) + C(occupation) + log(yrs_married) * religious",
        {
            "factor(rate_marriage)*": "C(rate_marriage)[T.*]",
            "factor(occupation)*": "C(occupation)[T.*]",
        },
    ),
    "wells_logdist": Model(
        "Wells",
        "switch ~ log(arsenic) * I(distance/100) + education + association",
        {"I(distance/100)": "I(distance / 100)", "association*": "association[T.*]"},
    ),
    "creditcard_owner": Model(
        "CreditCard",
        "owner ~ age + income + selfemp + dependents + months + active + reports",
        {"selfemp*": "selfemp[T.*]"},
    ),
    "kyphosis_main": Model("kyphosis", "Kyphosis ~ Age + Number + Start"),
    "kyphosis_poly": Model(
        "kyphosis", "Kyphosis ~ poly(Age, 2) + Start", {"poly(Age, 2)*": "poly(Age, 2)[*]"}
    ),
    "nodal_main": Model("nodal", "r ~ aged + stage + grade + xray + acid"),
    "arthritis_main": Model(
        "Arthritis",
        "better ~ Treatment * Sex + Age",
        {"Treatment*": "Treatment[T.*]", "Sex*": "Sex[T.*]"},
        derive=lambda frame: {"better": frame["Improved"] != "None"},
    ),
    "infert_glm": Model(
        "infert",
        "case ~ age + parity + education + spontaneous + induced",
        {"education*": "education[T.*]"},
    ),
    "esoph_grouped": Model(
        "esoph",
        "cbind(ncases, ncontrols) ~ agegp + alcgp + tobgp",
        {"agegp*": "agegp[T.*]", "alcgp*": "alcgp[T.*]", "tobgp*": "tobgp[T.*]"},
    ),
    "menarche_grouped": Model("menarche", "cbind(Menarche, Total - Menarche) ~ Age"),
    # In R: the proportion on the left and weights = Total.
    "menarche_prop_weights": Model(
        "menarche", "Menarche ~ Age + I(Age**2)", {"I(Age^2)": "I(Age ** 2)"}, {"trials": "Total"}
    ),
    "cbpp_grouped_cluster": Model(
        "cbpp", "cbind(incidence, size - incidence) ~ period", {"period*": "period[T.*]"}
    ),
    "ucb_freq": Model("UCBAdmissions", "Admit ~ Gender + Dept", UCB, FREQUENCY),
    "ucb_freq_interaction": Model("UCBAdmissions", "Admit ~ Gender * Dept", UCB, FREQUENCY),
    "ohio_cluster": Model("ohio", "resp ~ age * smoke"),
    "respiratory_cluster": Model(
        "respiratory",
        "outcome ~ treat + sex + age + baseline + C(center)",
        {"treat*": "treat[T.*]", "sex*": "sex[T.*]", "center*": "C(center)[T.*]"},
    ),
    "verbagg_twoway": Model(
        "VerbAgg",
        "r2 ~ Anger + Gender + btype + situ + mode",
        {name + "*": name + "[T.*]" for name in ("Gender", "btype", "situ", "mode")},
    ),
    "endometrial_noNV": Model("endometrial", "HG ~ PI + EH"),
    "womenlf_binary": Model(
        "Womenlf",
        "work ~ hincome + children + region",
        {"children*": "children[T.*]", "region*": "region[T.*]"},
        derive=lambda frame: {"work": (frame["partic"] != "not.work").astype(int)},
    ),
    "anes96_vote": Model("anes96", "vote ~ PID + selfLR + ClinLR + DoleLR + age + educ"),
}
