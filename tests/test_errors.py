"""Errors carry what they say, also through a worker process."""

import copy
import pickle

import pytest

import logit_inference as li
from logit_inference import errors
from logit_inference.solve.solution import Outcome

SEPARATED = {"y": [0, 0, 1, 1], "x": [1.0, 2.0, 3.0, 4.0]}


def raised():
    """One instance of every error of the package, as it is raised."""
    data = {"y": [0, 1, 1, 0], "x": [1.0, 2.0, 3.0, 2.5]}
    fit = li.logit("y ~ x", {"y": [0, 1, 0, 1, 1], "x": [1.0, 2.0, 3.0, 2.5, 4.0]})
    calls = (
        lambda: li.logit("y ~ xx", data),
        lambda: li.logit("y ~ x", {**data, "x": ["a"] * 4}),
        lambda: li.logit("y ~ x", {**data, "y": [0, 1, 2, 3]}),
        lambda: li.logit("y ~ x", {**data, "x": [None, 1.0, 2.0, 3.0]}, missing="raise"),
        lambda: li.logit("y ~ x", data, level=95),
        lambda: li.logit("y ~ x", data, weights="x"),
        lambda: li.logit_arrays([0, 1], [[1.0], [float("nan")]]),
        lambda: li.datasets.load("nothing"),
        lambda: fit.test("z = 0"),
        lambda: fit.without_data().fitted,
        lambda: li.load(__file__),
        lambda: li.logit("y ~ x", SEPARATED, separation="raise"),
        lambda: li.logit("y ~ x", data, max_iterations=1, tolerance=1e-12),
        lambda: li.logit_arrays([0, 1, 0], [[0.0], [0.0], [0.0]]),
        lambda: fit.test("y ~ x + I(x ** 2)", method="lr"),
    )
    for call in calls:
        with pytest.raises(li.LogitInferenceError) as caught:
            call()
        yield caught.value
    yield errors.PredictionError("why")
    yield errors.FileError("rows.csv", "why")
    yield errors.ProfileError.not_found("an end", 1.5)
    yield errors.ProfileError.several(0.25)
    yield errors.ClusterError.nothing()
    yield errors.MissingPackageError("tqdm", "progress", "a progress bar")
    yield errors.PoolingError.infinite(2, ["x"])
    yield errors.ResamplingError.few_units("rows", 1)
    yield errors.EffectError.unknown("agee", ["age"], "by")
    yield errors.CoefficientError.shape((2,), ["a", "b", "c"])
    yield errors.SurveyError.lonely(1, ["north"])
    yield errors.PseudoLikelihoodError("aic")
    yield errors.PseudoLikelihoodError("aic", separated=True)


def test_every_error_survives_pickling_and_copying():
    seen = list(raised())
    for error in seen:
        for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
            assert type(again) is type(error)
            assert str(again) == str(error)
            assert again.__dict__ == error.__dict__
    missed = {
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.LogitInferenceError)
    } - {type(error) for error in seen}
    assert {kind.__name__ for kind in missed} <= {"LogitInferenceError", "TableError"}


def test_a_convergence_error_carries_its_outcome():
    birthwt = li.datasets.load("birthwt")
    with pytest.raises(li.ConvergenceError) as caught:
        li.logit("low ~ age + lwt", birthwt, max_iterations=1)
    assert caught.value.outcome is Outcome.ITERATION_LIMIT


def test_a_separation_error_carries_its_record():
    with pytest.raises(li.SeparationError) as caught:
        li.logit("y ~ x", SEPARATED, separation="raise")
    assert caught.value.separation.kind == caught.value.kind == "complete"
    assert caught.value.separation.rows.tolist() == [0, 1, 2, 3]
    assert caught.value.rows.tolist() == [0, 1, 2, 3]
    assert caught.value.infinite == caught.value.separation.infinite
    assert caught.value.direction.tolist() == caught.value.separation.direction.tolist()
    with pytest.warns(li.SeparationWarning) as caught:
        li.logit("y ~ x", SEPARATED)
    assert len(caught) == 1
    assert caught[0].message.terms == ("x",)
