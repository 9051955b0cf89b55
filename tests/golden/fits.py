"""Summaries and tables of real fits, as their readers see them."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache

import logit_inference as li
from logit_inference.report import Table


@cache
def birthwt() -> li.LogitResult:
    """Return the README's fit."""
    return li.logit("low ~ age + lwt + C(race) + smoke", li.datasets.load("birthwt"))


@cache
def titanic() -> li.LogitResult:
    """Return a fit with missing ages, long names and interactions."""
    data = li.datasets.load("TitanicSurvival")
    return li.logit("survived ~ sex * passengerClass + poly(age, 2)", data)


@cache
def menarche() -> li.LogitResult:
    """Return a fit of grouped data."""
    return li.logit("Menarche ~ Age", li.datasets.load("menarche"), trials="Total")


@cache
def admissions() -> li.LogitResult:
    """Return a fit with frequency weights."""
    data = li.datasets.load("UCBAdmissions")
    return li.logit("Admit ~ Gender + Dept", data, weights="Freq", weights_kind="frequency")


@cache
def not_estimable() -> li.LogitResult:
    """Return a fit with columns that cannot be estimated."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", li.CollinearityWarning)
        data = li.datasets.load("birthwt").assign(kg=lambda frame: 0.5 * frame["lwt"])
        return li.logit("low ~ lwt + kg + smoke", data)


@cache
def endometrial() -> li.LogitResult:
    """Return a fit in the limit: one infinite coefficient."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", li.SeparationWarning)
        return li.logit("HG ~ NV + PI + EH", li.datasets.load("endometrial"))


@cache
def mtcars() -> li.LogitResult:
    """Return a fit of completely separated data, two coefficients of which may go either way."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", li.SeparationWarning)
        return li.logit("vs ~ qsec + wt + cyl", li.datasets.load("mtcars"))


@cache
def stopped_early() -> li.LogitResult:
    """Return a fit that did not converge."""
    data = li.datasets.load("birthwt")
    return li.logit("low ~ age + lwt", data, max_iterations=1, require_convergence=False)


@cache
def bias_reduced() -> li.LogitResult:
    """Return a bias-reduced fit of separated data."""
    return li.logit("HG ~ NV + PI + EH", li.datasets.load("endometrial"), estimator="firth")


@cache
def womenlf() -> li.MultinomialResult:
    """Return a fit of three levels."""
    return li.multinomial_logit("partic ~ hincome + children", li.datasets.load("Womenlf"))


@cache
def descent() -> li.LogitResult:
    """Return where a few steps of gradient descent come to."""
    return li.logit(
        "low ~ smoke",
        li.datasets.load("birthwt"),
        solver="gradient-descent",
        learning_rate=2.0,
        max_iterations=5,
        require_convergence=False,
    )


@cache
def matched() -> li.ConditionalResult:
    """Return a conditional fit, some sets of which say nothing."""
    infert = li.datasets.load("infert")
    table = infert.assign(case=infert["case"].mask(infert["stratum"].isin((3, 7)), 0))
    return li.conditional_logit("case ~ spontaneous + induced", table, strata="stratum")


def tests() -> str:
    """Return hypotheses as sentences."""
    fit = birthwt()
    hypotheses = ("C(race)", "C(race)[T.black] = C(race)[T.other]", "age = 0, smoke = 2*lwt")
    return "\n".join(str(fit.test(hypothesis)) for hypothesis in hypotheses)


def likelihood_tests() -> str:
    """Return likelihood-ratio and score tests as sentences."""
    fit = birthwt()
    found = [fit.test("C(race)", method=method) for method in ("lr", "score")]
    found += [fit.test("low ~ age + lwt", method="lr"), endometrial().test("NV = 0", method="lr")]
    augmented = bias_reduced().with_covariance("augmented")
    found.append(augmented.test("NV = 0", method="lr"))
    return "\n".join(map(str, found))


@cache
def sparse() -> li.LogitResult:
    """Return a fit of which some samples are separated."""
    return li.logit("am ~ wt + hp", li.datasets.load("mtcars"))


@cache
def imputed() -> li.PooledResult:
    """Return five fits of imputed data, pooled."""
    long = li.datasets.load("nhanes2_imputed")
    return li.logit_imputed("hyp ~ bmi + chl", [table for _, table in long.groupby(".imp")])


def resampled_tests() -> str:
    """Return a permutation test and pooled tests as sentences."""
    found = [birthwt().permutation_test("C(race)", 199, seed=1)]
    methods = ("D1", "D2", "D2-lr", "D3", "D3-mice", "D4")
    found += [imputed().test("bmi, chl", method=method) for method in methods]
    return "\n".join(map(str, found))


def nested() -> Table:
    """Return two nested fits side by side."""
    data = li.datasets.load("birthwt")
    return li.compare(li.logit("low ~ age + lwt", data), birthwt())


def not_nested() -> Table:
    """Return two fits of which neither is part of the other."""
    data = li.datasets.load("birthwt")
    return li.compare(li.logit("low ~ age + lwt", data), li.logit("low ~ lwt + smoke", data))


@cache
def schools() -> li.SurveyDesign:
    """Return a two-stage sample with finite population corrections."""
    data = li.datasets.load("apiclus2")
    return li.survey(data, psu=["dnum", "snum"], fpc=["fpc1", "fpc2"])


@cache
def surveyed() -> li.LogitResult:
    """Return a fit of a domain of it."""
    return li.logit("awards ~ ell + meals", schools().subset("stype != 'H'"))


TABLES: dict[str, Callable[[], Table]] = {
    "fit_anova": lambda: birthwt().anova(),
    "fit_compare": nested,
    "fit_birthwt": lambda: birthwt().summary(),
    "fit_birthwt_odds_ratios": lambda: birthwt().summary(odds_ratios=True, level=0.9),
    "fit_birthwt_lr": lambda: birthwt().summary(method="lr", wald=True),
    "fit_birthwt_lincom": lambda: birthwt().lincom(
        "smoke + 10*age, C(race)", exponentiate=True, method="lr"
    ),
    "fit_titanic": lambda: titanic().summary(),
    "fit_endometrial_firth": lambda: bias_reduced().summary(),
    "fit_menarche_grouped": lambda: menarche().summary(),
    "fit_endometrial_separated": lambda: endometrial().summary(),
    "fit_womenlf_multinomial": lambda: womenlf().summary(),
    "fit_mtcars_separated": lambda: mtcars().summary(),
    "fit_survey": lambda: surveyed().summary(),
    "fit_bootstrap": lambda: sparse().bootstrap(199, seed=1).summary("bca"),
    "fit_imputed": lambda: imputed().summary(),
}
TEXTS: dict[str, Callable[[], str]] = {
    "fit_admissions_weighted.txt": lambda: str(admissions()),
    "fit_survey_design.txt": lambda: str(schools()),
    "fit_survey_effects.txt": lambda: str(surveyed().design_effects()),
    "fit_survey_tests.sentences": lambda: "\n".join(
        str(surveyed().test("ell = meals = 0", method=method))
        for method in ("wald", "rao-scott", "rao-scott-f")
    ),
    "fit_not_estimable.txt": lambda: str(not_estimable()),
    "fit_stopped_early.txt": lambda: str(stopped_early()),
    "fit_term_tests.txt": lambda: str(birthwt().wald_terms()),
    "fit_endometrial_separated_odds_ratios.txt": lambda: str(
        endometrial().summary(odds_ratios=True)
    ),
    "fit_endometrial_separated_terms.txt": lambda: str(endometrial().wald_terms()),
    "fit_birthwt_profile.txt": lambda: str(birthwt().profile("smoke + 10*age")),
    "fit_menarche_hauck_donner.txt": lambda: str(menarche().hauck_donner()),
    "fit_conditional.txt": lambda: str(matched()),
    "fit_conditional_odds_ratios.html": lambda: matched().summary(odds_ratios=True).to_html(),
    "fit_trace.txt": lambda: str(descent().solution.to_table()),
    "fit_classification.txt": lambda: str(birthwt().classification_table()),
    "fit_anova_type_3.txt": lambda: str(titanic().anova(type=3, adjust="holm")),
    "fit_drop1_score.txt": lambda: str(birthwt().drop1(test="score", adjust="bh")),
    "fit_drop1_firth.txt": lambda: str(bias_reduced().drop1()),
    "fit_drop1_aliased.txt": lambda: str(not_estimable().drop1()),
    "fit_add1.txt": lambda: str(birthwt().add1(["ht", "age:smoke"], test="lr")),
    "fit_compare_not_nested.txt": lambda: str(not_nested()),
    "fit_womenlf_symmetric.txt": lambda: str(womenlf().symmetric().summary(risk_ratios=True)),
    "fit_womenlf_confusion.txt": lambda: str(womenlf().confusion_table()),
    "fit_womenlf_slopes.txt": lambda: str(womenlf().avg_slopes()),
    "fit_test_score.html": lambda: birthwt().test("C(race)", method="score").to_html(),
    "fit_likelihood_tests.sentences": likelihood_tests,
    "fit_bootstrap_covariance.txt": lambda: str(
        birthwt().with_covariance("bootstrap", n_replicates=199, seed=1)
    ),
    "fit_resampled_tests.sentences": resampled_tests,
    "fit_tests.sentences": tests,  # not a table: a sentence is as long as its hypothesis
}
