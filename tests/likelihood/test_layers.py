"""Layers: their rules against complex steps, and the scores of fits against theirs."""

import numpy as np
import pytest

import logit_inference as li
from logit_inference import errors
from logit_inference.likelihood.layers import (
    Linear,
    LogSigmoid,
    LogSoftmax,
    NegativeLogLikelihood,
    Stack,
    check_derivatives,
    stack_slope,
)
from logit_inference.likelihood.logistic import slope
from logit_inference.rows.block import Block
from logit_inference.rows.source import ArraySource
from logit_inference.solve.training import train

rng = np.random.default_rng(0)
X = np.column_stack([np.ones(50), rng.normal(size=(50, 3))])
NONE = np.zeros(0)


class Square:
    """A layer as a user writes it: squares, times one parameter."""

    n_parameters = 1

    def forward(self, x, parameters):
        return parameters[0] * x**2

    def backward(self, x, parameters, above):
        return 2 * parameters[0] * x * above

    def parameter_derivatives(self, x, parameters, above):
        return np.array([(above * x**2).sum()])


@pytest.mark.parametrize(
    ("layer", "width"),
    [
        (Linear(3, 2), 3),
        (LogSigmoid(), 1),
        (LogSoftmax(), 4),
        (NegativeLogLikelihood(rng.integers(0, 3, (20, 3)).astype(float)), 3),
        (Square(), 2),
        (Stack((Linear(3, 4), Square(), Linear(4, 5), LogSoftmax())), 3),
    ],
    ids=lambda value: type(value).__name__,
)
def test_derivatives_are_those_of_complex_steps(layer, width):
    x = 3 * np.random.default_rng(1).normal(size=(20, width))
    parameters = np.random.default_rng(2).normal(size=layer.n_parameters)
    found = check_derivatives(layer, x, parameters)
    assert found.passed, str(found)


def test_a_wrong_derivative_is_found_and_a_wrong_shape_named():
    class Wrong(Square):
        def backward(self, x, parameters, above):
            return parameters[0] * x * above

    x = np.random.default_rng(1).normal(size=(5, 2))
    found = check_derivatives(Wrong(), x, np.array([2.0]))
    assert not found.passed
    assert "WRONG" in str(found)
    assert found.parameters < 1e-12 < found.inputs

    class Flat(Square):
        def parameter_derivatives(self, x, parameters, above):
            return (above * x**2).sum(axis=0)

    with pytest.raises(errors.DataError, match="derivative"):
        check_derivatives(Flat(), x, np.array([2.0]))


@pytest.mark.parametrize("kind", ["single", "grouped", "weighted"])
def test_the_logistic_score_is_that_of_its_layers(kind):
    n = len(X)
    trials = rng.integers(0, 6, n).astype(float) if kind == "grouped" else None
    y = rng.binomial(1 if trials is None else trials.astype(int), 0.4, n).astype(float)
    weights = rng.integers(0, 3, n).astype(float) if kind == "weighted" else None
    source = ArraySource(Block(y, X, trials, weights), block_rows=17)
    stack = Stack((Linear(4, 1), LogSigmoid()))
    for size in (0.0, 1.0, 30.0):
        coef = size * np.random.default_rng(3).normal(size=4)
        by_layers = source.fold(stack_slope, stack, coef)
        by_kernel = source.fold_runs(slope, coef)
        assert by_layers.log_likelihood == pytest.approx(by_kernel.log_likelihood, rel=1e-13)
        assert np.allclose(by_layers.score, by_kernel.score, rtol=1e-12, atol=1e-12)


def test_the_softmax_score_is_its_formula_and_shifts_are_not_seen():
    codes = rng.integers(0, 3, len(X))
    source = ArraySource(Block(codes.astype(float), X))
    stack = Stack((Linear(4, 3), LogSoftmax()))
    B = rng.normal(size=(4, 3))
    eta = X @ B
    p = np.exp(eta) / np.exp(eta).sum(axis=1, keepdims=True)
    found = source.fold(stack_slope, stack, B.ravel())
    value = np.log(p[np.arange(len(X)), codes]).sum()
    assert found.log_likelihood == pytest.approx(value, rel=1e-13)
    assert np.allclose(found.score.reshape(4, 3), X.T @ (np.eye(3)[codes] - p), atol=1e-12)
    shifted = B + rng.normal(size=(4, 1))
    again = source.fold(stack_slope, stack, shifted.ravel())
    assert again.log_likelihood == pytest.approx(found.log_likelihood, rel=1e-13)
    two = Stack((Linear(4, 2), LogSoftmax()))
    sigmoid = Stack((Linear(4, 1), LogSigmoid()))
    y = ArraySource(Block((codes > 0).astype(float), X))
    coef = rng.normal(size=4)
    both = y.fold(stack_slope, two, np.column_stack([np.zeros(4), coef]).ravel())
    assert both.log_likelihood == pytest.approx(y.fold(stack_slope, sigmoid, coef).log_likelihood)


def test_nothing_overflows_at_eight_hundred():
    far = np.array([[800.0], [-800.0]])
    with np.errstate(all="raise", under="ignore"):
        assert LogSigmoid().forward(far, NONE).tolist() == [[-800.0, 0.0], [0.0, -800.0]]
        assert LogSigmoid().backward(far, NONE, np.ones((2, 2))).tolist() == [[-1.0], [1.0]]
        wide = np.array([[800.0, -800.0, 0.0]])
        assert LogSoftmax().forward(wide, NONE).tolist() == [[0.0, -1600.0, -800.0]]


def test_a_stack_trains_to_the_maximum_of_the_fit():
    births = li.datasets.load("birthwt")
    columns = births[["age", "lwt", "smoke"]].to_numpy(float)
    columns = (columns - columns.mean(axis=0)) / columns.std(axis=0)
    y, X = births["low"].to_numpy(float), np.column_stack([np.ones(189), columns])
    source = ArraySource(Block(y, X), block_rows=50)
    stack = Stack((Linear(4, 1), LogSigmoid()))
    found = train(source, stack, np.zeros(4))
    fit = li.logit_arrays(y, X)
    assert np.allclose(found.parameters, fit.params, atol=1e-7)
    assert found.costs[-1] == pytest.approx(fit.mean_cross_entropy, rel=1e-12)
    assert (np.diff(found.costs) <= 1e-15).all()
    fixed = train(source, stack, np.zeros(4), learning_rate=1.0, steps=5)
    by_fit = li.logit_arrays(
        y, X, solver="gradient-descent", learning_rate=1.0, max_iterations=5, start=np.zeros(4),
        require_convergence=False,
    )  # fmt: skip
    assert np.allclose(fixed.parameters, by_fit.params, rtol=1e-12)


def test_what_a_stack_cannot_know_is_refused():
    stack = Stack((Linear(4, 1), LogSigmoid()))
    y = np.zeros(len(X))
    with pytest.raises(errors.ArgumentError, match="offset"):
        stack_slope(Block(y, X, offset=y), stack, np.zeros(4))
    with pytest.raises(errors.DataError, match="4 parameters"):
        stack.forward(X, np.zeros(3))
    with pytest.raises(errors.DataError, match="3 kinds"):
        stack_slope(Block(y + 0.5, X), Stack((Linear(4, 3), LogSoftmax())), np.zeros(12))
    with pytest.raises(errors.ArgumentError, match="above 0"):
        train(ArraySource(Block(y, X)), stack, np.zeros(4), learning_rate=-1.0)


def test_layers_that_do_not_fit_are_told_with_their_shapes():
    table, cost = np.ones((5, 3)), NegativeLogLikelihood(np.ones((5, 2)))
    for layer, k, said in (
        (Stack((Linear(3, 2), Linear(3, 1))), 9, r"\(5, 2\).*Linear\(n_in=3, n_out=1\) takes rows"),
        (Stack((Linear(3, 2), LogSigmoid())), 6, r"\(5, 2\).*rows of 1"),
        (Stack((Linear(3, 4), LogSoftmax(), cost)), 12, r"\(5, 4\).*counts are \(5, 2\)"),
        (Linear(3, 2), 5, r"\(5,\).*3 x 2 parameters"),
    ):
        with pytest.raises(errors.DataError, match=said):
            layer.forward(table, np.zeros(k))
    with pytest.raises(errors.DataError, match="derivatives of Linear"):
        Linear(3, 2).backward(table, np.zeros(6), table)


def test_rows_of_another_shape_are_told_by_every_rule():
    none, two = np.zeros(0), np.ones((3, 2))
    cost = NegativeLogLikelihood([[0, 1], [1, 0], [0, 2]])  # numbers of any kind
    assert cost.forward(-two, none).ravel().tolist() == [1.0, 1.0, 2.0]
    for call, said in (
        (lambda: LogSoftmax().forward(np.zeros(3), none), r"inputs of LogSoftmax .*\(3,\)"),
        (lambda: LogSoftmax().backward(two, none, two[:, :1]), r"derivatives of LogSoftmax"),
        (lambda: LogSigmoid().backward(two, none, two), r"inputs of LogSigmoid .*rows of 1"),
        (lambda: LogSigmoid().backward(two[:, :1], none, two[:, :1]), r"derivatives .*rows of 2"),
        (lambda: NegativeLogLikelihood([0, 1]), r"counts of NegativeLogLikelihood .*\(2,\)"),
        (lambda: cost.backward(two, none, two), r"derivatives of NegativeLogLikelihood"),
    ):
        with pytest.raises(errors.DataError, match=said):
            call()
    with pytest.raises(errors.ArgumentError, match="at least one layer"):
        Stack(())
