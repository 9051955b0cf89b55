"""Any label that can be compared names a cluster: by the column's name as by the labels."""

import datetime

import numpy as np
import pandas as pd
import pytest

import logit_inference as li
from logit_inference.errors import ArgumentError, ClusterError, DataError, SchemaError, SurveyError

N_CLUSTERS = 40
NUMBER = np.arange(189) % N_CLUSTERS
START = pd.Timestamp("2020-01-01")
DAYS = pd.Series(START + pd.to_timedelta(NUMBER, unit="D"))
LABELS = {
    "datetime": DAYS,
    "time zone": DAYS.dt.tz_localize("Europe/Berlin"),
    "timedelta": DAYS - START,
    "period": DAYS.dt.to_period("D"),
    "date": DAYS.dt.date,
    "tuple": pd.Series([("firm", int(g)) for g in NUMBER]),
    "interval": pd.Series(pd.arrays.IntervalArray.from_breaks(np.arange(41)))[NUMBER].reset_index(
        drop=True
    ),
    # 1 and "1" print alike and are two clusters.
    "mixed": pd.Series([int(g) if g % 2 else str(g + 1) for g in NUMBER], dtype=object),
}


def table(labels=None):
    data = li.datasets.load("birthwt").reset_index(drop=True)
    data["g"] = NUMBER
    return data if labels is None else data.assign(label=labels)


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_a_column_of_any_labels_clusters_as_its_numbers_do(labels):
    data = table(labels)
    fit = li.logit("low ~ lwt + smoke", data)
    expected = fit.with_covariance("cluster", by="g")
    named = fit.with_covariance("cluster", by="label")
    assert named.estimate.covariance.n_clusters == N_CLUSTERS
    by_number = expected.cov_params().to_numpy()
    for other in (
        named,
        fit.with_covariance("cluster", by=data["label"]),
        li.logit("low ~ lwt + smoke", data, cluster="label"),
        li.logit("low ~ lwt + smoke", data, cluster=data["label"]),
    ):
        np.testing.assert_allclose(other.cov_params(), by_number, rtol=1e-10)


def test_every_question_about_clusters_takes_dates_by_name():
    data = table(LABELS["datetime"])
    data["half"] = START + pd.to_timedelta(NUMBER % 2, unit="D")
    data["block"] = np.arange(len(data)) // 5
    fit = li.logit("low ~ lwt + smoke", data)
    drawn = [fit.bootstrap(50, seed=1, by=name, progress=False) for name in ("label", "g")]
    np.testing.assert_array_equal(*(boot.coef for boot in drawn))
    strata = [fit.bootstrap(50, seed=1, by="g", strata=s, progress=False) for s in ("half", None)]
    assert not np.array_equal(*(boot.coef for boot in strata))
    wild = [fit.test("smoke", method="wild", by=name, seed=1).p_value for name in ("label", "g")]
    assert wild[0] == wild[1]
    left_out = [fit.with_covariance("jackknife", by=name).bse for name in ("label", "g")]
    np.testing.assert_allclose(*left_out, rtol=1e-12)
    two = [fit.with_covariance("cluster", by=[name, "block"]).bse for name in ("label", "g")]
    np.testing.assert_allclose(*two, rtol=1e-9)  # either way the same eigenvalue is repaired

    dated = li.survey(data, psu="label", strata="half", nest=True)
    numbered = li.survey(data.assign(h=NUMBER % 2), psu="g", strata="h", nest=True)
    assert dated.df == numbered.df == 38
    errors = [li.logit("low ~ lwt", design).bse for design in (dated, numbered)]
    np.testing.assert_allclose(*errors, rtol=1e-12)


def test_a_missing_date_is_missing_as_any_variable():
    data = table(LABELS["datetime"])
    data.loc[[3, 50], "label"] = pd.NaT
    fit = li.logit("low ~ lwt + smoke", data, cluster="label")
    assert fit.account.dropped == {"label": 2}
    kept = table().drop(index=[3, 50])
    by_hand = li.logit("low ~ lwt + smoke", kept, cluster="g")
    np.testing.assert_allclose(fit.bse, by_hand.bse, rtol=1e-12)
    with pytest.raises(ClusterError, match="missing in 2 of the rows used, first at row 3"):
        li.logit("low ~ lwt", data).with_covariance("cluster", by="label")
    with pytest.raises(SurveyError, match="label"):
        li.survey(data, psu="label")


def test_dates_of_other_libraries_are_labels_to_the_nanosecond():
    pl, pa = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    stamps = np.datetime64("2020-01-01", "ns") + NUMBER  # one nanosecond apart
    data = table().assign(label=stamps)
    expected = li.logit("low ~ lwt", data, cluster="g").bse
    arrow = pa.Table.from_pandas(data, preserve_index=False)
    lazy = pl.DataFrame({name: data[name].to_numpy() for name in data})
    assert lazy["label"].dtype == pl.Datetime("ns")
    days = lazy.with_columns(label=pl.Series([datetime.date(2020, 1, 1 + g % 31) for g in NUMBER]))
    for source in (data, arrow, lazy, {name: data[name] for name in ("low", "lwt", "label")}):
        found = li.logit("low ~ lwt", source, cluster="label")
        np.testing.assert_allclose(found.bse, expected, rtol=1e-12)
        found = li.logit("low ~ lwt", source).with_covariance("cluster", by="label")
        np.testing.assert_allclose(found.bse, expected, rtol=1e-12)
    by_day = li.logit("low ~ lwt", days).with_covariance("cluster", by="label")
    assert by_day.estimate.covariance.n_clusters == 31


def test_what_has_no_hash_and_what_a_formula_uses_is_refused_with_its_own_reason():
    data = table(pd.Series([[int(g)] for g in NUMBER]))
    fit = li.logit("low ~ lwt", data)
    for ask in (
        lambda: fit.with_covariance("cluster", by="label"),
        lambda: fit.with_covariance("cluster", by=data["label"]),
        lambda: li.logit("low ~ lwt", data, cluster="label"),
        lambda: li.survey(data, psu="label"),
    ):
        with pytest.raises(SchemaError, match="type list, which cannot say which rows belong"):
            ask()
    dated = table(LABELS["datetime"])
    with pytest.raises(SchemaError, match="A formula can use numbers"):
        li.logit("low ~ lwt + label", dated, cluster="label")
    with pytest.raises(SchemaError, match="A formula can use numbers"):
        li.logit("low ~ lwt", dated, cluster="label", weights="label", weights_kind="precision")


def test_a_dimension_that_is_named_twice_is_told():
    data = table()
    fit = li.logit("low ~ lwt", data)
    for ask in (
        lambda: fit.with_covariance("cluster", by=["g", "race", "g"]),
        lambda: li.logit("low ~ lwt", data, cluster=["g", "race", "g"]),
    ):
        with pytest.raises(ClusterError, match=r"'g' are named twice in \['g', 'race', 'g'\]"):
            ask()
    # As many texts as rows are labels, also where columns are called so.
    few = {"y": [0, 1, 0, 1], "x": [1.0, 2.0, 3.0, 1.5], "g": [1, 1, 2, 2]}
    small = li.logit("y ~ x", few, cluster=["g", "g", "x", "x"], covariance="model")
    assert small.fit.source.data.groups["clusters"].tolist() == [0, 0, 1, 1]


def test_what_is_misspelt_or_misplaced_is_told_in_its_own_terms():
    data = table()
    fit = li.logit("low ~ lwt", data)
    for ask in (
        lambda: li.survey(data, weights="ww"),
        lambda: li.survey(data, psu="ww"),
        lambda: li.survey_replicates(data, weights="lwt", replicates=["ww", "g"], type="BRR"),
    ):
        with pytest.raises(SchemaError, match=r"^the table has no column 'ww'"):
            ask()
    with pytest.raises(SchemaError, match=r"^the new data have no column 'lwt'"):
        fit.predict(data.drop(columns="lwt"))
    for ask in (
        lambda: fit.with_covariance("CR2"),
        lambda: li.logit("low ~ lwt", data, cluster="g", covariance="CR2"),
    ):
        with pytest.raises(ArgumentError, match=r'with_covariance\("cluster", by=…, type="CR2"\)'):
            ask()
    one = np.zeros(len(data))
    with pytest.raises(DataError, match=r"^all rows are in one cluster: nothing varies"):
        fit.with_covariance("cluster", by=one)
    with pytest.raises(DataError, match=r"^all rows are in one cluster of 'h': nothing varies"):
        fit.with_covariance("cluster", by={"h": one})
