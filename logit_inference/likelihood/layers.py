"""The same likelihoods as layers: small functions of rows, composed, and differentiated backwards.

A layer takes rows to rows: n inputs of a numbers each to n outputs of b numbers each, with k
parameters that all rows share. Whoever keeps three rules has written one; nothing is inherited.

* ``forward(x, parameters)``: x (n, a) to the outputs (n, b). Rows do not see each other.
* ``backward(x, parameters, above)``: with ``above`` (n, b) the derivative of some number by the
  outputs, return its derivative (n, a) by the inputs.
* ``parameter_derivatives(x, parameters, above)``: its derivative (k,) by the parameters, summed
  over the rows.

``n_parameters`` says k; a layer without parameters has 0 and returns an empty array. Derivatives
run from the cost to the inputs (reverse mode), since there is one cost and there are many
parameters. `check_derivatives` compares all of them with complex steps.

A logistic regression is ``Stack((Linear(p, 1), LogSigmoid()))``, a multinomial one
``Stack((Linear(p, K), LogSoftmax()))``; `stack_slope` is then log-likelihood and score of a block,
and `logit_inference.solve.training.train` goes down along it.
The kernels that fits use know nothing of this file: it is here to be read, to be built on, and as
an independent witness of their derivatives.

References
----------
Baydin, Pearlmutter, Radul and Siskind (2018), *Journal of Machine Learning Research* 18 (reverse
mode). Squire and Trapp (1998), *SIAM Review* 40 (complex steps).

Examples
--------
A layer of one's own, the complementary log-log link, in the place of `LogSigmoid`:

>>> class LogCloglog:
...     n_parameters = 0
...     def forward(self, x, parameters):
...         rate = np.exp(x)
...         return np.hstack([-rate, np.log(-np.expm1(-rate))])
...     def backward(self, x, parameters, above):
...         rate = np.exp(x)
...         return above[:, :1] * -rate + above[:, 1:] * rate / np.expm1(rate)
...     def parameter_derivatives(self, x, parameters, above):
...         return np.zeros(0)
>>> stack = Stack((Linear(2, 1), LogCloglog()))
>>> check_derivatives(stack, np.array([[1.0, 0.5], [1.0, -2.0]]), np.array([0.3, -0.7])).passed
True
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from logit_inference.errors import ArgumentError, DataError
from logit_inference.likelihood.evaluation import Slope
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.product import dense

Rows = NDArray[Any]  # real, or complex where derivatives are checked
STEP = 1e-30  # of a complex step: nothing is subtracted, so that it may be as small as one likes
CLOSE = 1e-11  # of a derivative, beside the largest: more than rounding is a mistake


class Layer(Protocol):
    """What keeps the three rules at the top of this file."""

    @property
    def n_parameters(self) -> int:
        """Number k of parameters."""

    def forward(self, x: Rows, parameters: Rows) -> Rows:
        """Return the outputs (n, b) of inputs (n, a)."""

    def backward(self, x: Rows, parameters: Rows, above: Rows) -> Rows:
        """Return the derivative (n, a) by the inputs, of that (n, b) by the outputs."""

    def parameter_derivatives(self, x: Rows, parameters: Rows, above: Rows) -> Rows:
        """Return the derivative (k,) by the parameters, of that (n, b) by the outputs."""


# --- layers ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Linear:
    """Linear combinations, ``x @ B``; the parameters are B (a, b), row by row.

    Parameters
    ----------
    n_in, n_out : int
        a and b. A column of ones among the inputs is the intercept.

    Examples
    --------
    >>> Linear(2, 1).forward(np.array([[1.0, 4.0]]), np.array([0.5, 0.25]))
    array([[1.5]])
    """

    n_in: int
    n_out: int

    @property
    def n_parameters(self) -> int:
        """``a b``."""
        return self.n_in * self.n_out

    def forward(self, x: Rows, parameters: Rows) -> Rows:
        """Return ``x @ B``: (n, a) to (n, b)."""
        out: Rows = _columns(x, self.n_in, self) @ self._matrix(parameters)
        return out

    def backward(self, x: Rows, parameters: Rows, above: Rows) -> Rows:
        """Return ``above @ B'``: (n, b) to (n, a)."""
        below: Rows = _columns(above, self.n_out, self, "derivatives") @ self._matrix(parameters).T
        return below

    def parameter_derivatives(self, x: Rows, parameters: Rows, above: Rows) -> Rows:
        """Return ``x' above``, row by row: (n, a) and (n, b) to (a b,)."""
        above = _columns(above, self.n_out, self, "derivatives")
        return (_columns(x, self.n_in, self).T @ above).ravel()

    def _matrix(self, parameters: Rows) -> Rows:
        if np.shape(parameters) != (self.n_parameters,):
            wanted = f"{self} has {self.n_in} x {self.n_out} parameters, as one vector"
            raise DataError.shape("parameters", np.shape(parameters), wanted)
        return parameters.reshape(self.n_in, self.n_out)


@dataclass(frozen=True)
class LogSigmoid:
    """Log probabilities of two outcomes, ``log(1 − mu)`` and ``log mu`` with ``logit mu = x``.

    Examples
    --------
    >>> LogSigmoid().forward(np.array([[0.0], [800.0]]), np.zeros(0)).round(4).tolist()
    [[-0.6931, -0.6931], [-800.0, 0.0]]
    """

    n_parameters: int = field(default=0, init=False)

    def forward(self, x: Rows, parameters: Rows) -> Rows:
        """Return ``[−log(1 + exp(x)), −log(1 + exp(−x))]``: (n, 1) to (n, 2)."""
        x = _columns(x, 1, self)
        positive = np.real(x) >= 0
        beyond = np.log1p(np.exp(np.where(positive, -x, x)))
        return np.hstack(
            [-np.where(positive, x, 0.0) - beyond, np.where(positive, 0.0, x) - beyond]
        )

    def backward(self, x: Rows, parameters: Rows, above: Rows) -> Rows:
        """Return ``−mu above₀ + (1 − mu) above₁``: (n, 2) to (n, 1)."""
        x, above = _columns(x, 1, self), _columns(above, 2, self, "derivatives")
        t = np.exp(-np.abs(x))
        mu, nu = np.where(x >= 0, 1.0, t) / (1.0 + t), np.where(x >= 0, t, 1.0) / (1.0 + t)
        below: Rows = nu * above[:, 1:] - mu * above[:, :1]
        return below

    def parameter_derivatives(self, x: Rows, parameters: Rows, above: Rows) -> Rows:
        """Return nothing: it has no parameters."""
        return np.zeros(0)


@dataclass(frozen=True)
class LogSoftmax:
    """Log probabilities of K outcomes, ``x_k − log Σ_j exp(x_j)``.

    The largest x of a row is taken from all of them first, which changes nothing and lets nothing
    overflow. That it changes nothing is why one of K linear predictors is not identified.

    Examples
    --------
    >>> LogSoftmax().forward(np.array([[800.0, 800.0, 0.0]]), np.zeros(0)).round(4).tolist()
    [[-0.6931, -0.6931, -800.6931]]
    """

    n_parameters: int = field(default=0, init=False)

    def forward(self, x: Rows, parameters: Rows) -> Rows:
        """Return the log probabilities: (n, K) to (n, K)."""
        x = _columns(x, None, self)
        less = x - np.real(x).max(axis=1, keepdims=True)
        out: Rows = less - np.log(np.exp(less).sum(axis=1, keepdims=True))
        return out

    def backward(self, x: Rows, parameters: Rows, above: Rows) -> Rows:
        """Return ``above_k − p_k Σ_j above_j``: (n, K) to (n, K)."""
        p = np.exp(self.forward(x, parameters))
        above = _columns(above, p.shape[1], self, "derivatives")
        below: Rows = above - p * above.sum(axis=1, keepdims=True)
        return below

    def parameter_derivatives(self, x: Rows, parameters: Rows, above: Rows) -> Rows:
        """Return nothing: it has no parameters."""
        return np.zeros(0)


@dataclass(frozen=True, eq=False)
class NegativeLogLikelihood:
    """The cost of each row, ``−Σ_k counts_k x_k``, of log probabilities x.

    Parameters
    ----------
    counts : (n, K) array
        How often each outcome was observed, times the prior weight: a one among zeros for a single
        trial of weight one.

    Examples
    --------
    >>> cost = NegativeLogLikelihood(np.array([[0.0, 1.0]]))
    >>> cost.forward(np.log([[0.25, 0.75]]), np.zeros(0)).round(4).tolist()
    [[0.2877]]
    """

    counts: Floats
    n_parameters: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "counts", np.asarray(self.counts, dtype=np.float64))
        _columns(self.counts, None, "NegativeLogLikelihood", "counts")

    def forward(self, x: Rows, parameters: Rows) -> Rows:
        """Return the costs: (n, K) to (n, 1)."""
        if np.shape(x) != self.counts.shape:
            wanted = f"the counts are {self.counts.shape}, one for each log probability"
            raise DataError.shape("inputs of NegativeLogLikelihood", np.shape(x), wanted)
        # What was not observed costs nothing, however improbable.
        costs: Rows = -(self.counts * np.where(self.counts > 0, x, 0.0)).sum(axis=1, keepdims=True)
        return costs

    def backward(self, x: Rows, parameters: Rows, above: Rows) -> Rows:
        """Return ``−counts above``: (n, 1) to (n, K)."""
        return -self.counts * _columns(above, 1, "NegativeLogLikelihood", "derivatives")

    def parameter_derivatives(self, x: Rows, parameters: Rows, above: Rows) -> Rows:
        """Return nothing: it has no parameters."""
        return np.zeros(0)


def _columns(x: Rows, wanted: int | None, layer: Layer | str, what: str = "inputs") -> Rows:
    """Return rows that have as many columns as a layer takes, or raise a DataError.

    None stands for any number; a layer whose text is long is given by its name.
    """
    found = np.shape(x)
    if len(found) != 2 or (found[1] != wanted if wanted is not None else not found[1]):
        name = layer if isinstance(layer, str) else type(layer).__name__
        many = "at least one" if wanted is None else wanted
        said = f"{layer} takes rows of {many}, (n, {'K' if wanted is None else wanted})"
        said += "" if what == "counts" else ", of the layer beside it"
        raise DataError.shape(f"{what} of {name}", found, said)
    return x


@dataclass(frozen=True)
class Stack:
    """Layers one after the other; a layer itself, whose parameters are all of theirs, in order.

    Parameters
    ----------
    layers : sequence of Layer
        The outputs of each are the inputs of the next.

    Examples
    --------
    >>> stack = Stack((Linear(2, 3), LogSoftmax()))
    >>> stack.n_parameters, stack.forward(np.ones((5, 2)), np.zeros(6)).shape
    (6, (5, 3))
    """

    layers: Sequence[Layer]

    def __post_init__(self) -> None:
        if not len(self.layers):
            example = "Stack((Linear(p, 1), LogSigmoid()))"
            raise ArgumentError("layers", self.layers, f"at least one layer: {example}")

    @property
    def n_parameters(self) -> int:
        """Number of parameters of all layers."""
        return sum(layer.n_parameters for layer in self.layers)

    def forward(self, x: Rows, parameters: Rows) -> Rows:
        """Return the outputs of the last layer: (n, a) to (n, b)."""
        for layer, own in zip(self.layers, self._split(parameters), strict=True):
            x = layer.forward(x, own)
        return x

    def backward(self, x: Rows, parameters: Rows, above: Rows) -> Rows:
        """Return the derivative by the inputs of the first layer: (n, b) to (n, a)."""
        return self.derivatives(x, parameters, above)[0]

    def parameter_derivatives(self, x: Rows, parameters: Rows, above: Rows) -> Rows:
        """Return the derivative by the parameters of all layers, shape (k,)."""
        return self.derivatives(x, parameters, above)[1]

    def derivatives(self, x: Rows, parameters: Rows, above: Rows) -> tuple[Rows, Rows]:
        """Return both derivatives, (n, a) and (k,): the layers once forwards and once backwards."""
        parts = self._split(parameters)
        inputs = [x]
        for layer, own in zip(self.layers[:-1], parts[:-1], strict=True):
            inputs.append(layer.forward(inputs[-1], own))
        found = []
        for layer, own, into in zip(self.layers[::-1], parts[::-1], inputs[::-1], strict=True):
            found.append(layer.parameter_derivatives(into, own, above))
            above = layer.backward(into, own, above)
        return above, np.concatenate(found[::-1])

    def _split(self, parameters: Rows) -> list[Rows]:
        if np.shape(parameters) != (self.n_parameters,):
            wanted = f"the layers have {self.n_parameters} parameters, as one vector"
            raise DataError.shape("parameters", np.shape(parameters), wanted)
        ends = np.cumsum([layer.n_parameters for layer in self.layers])
        return np.split(parameters, ends[:-1])


# --- rows of a source -----------------------------------------------------------------------------


def stack_slope(block: Block, stack: Stack, parameters: Floats) -> Slope:
    """Return the log-likelihood of a block and its derivative by the parameters of a stack.

    A kernel for ``source.fold(stack_slope, stack, parameters)``.

    Parameters
    ----------
    block : Block
        Of n rows; ``X`` (n, a) are the inputs. With two outcomes ``y`` counts the second, out of
        ``trials``; with more it is their number, from 0 on. Weights count.
    stack : Stack
        Its outputs are log probabilities (n, K).
    parameters : (k,) array

    Raises
    ------
    ArgumentError
        For rows with an offset, of which a stack cannot know where it belongs.
    """
    if block.offset is not None:
        reason = "where in a stack of layers it belongs, only you can say"
        raise ArgumentError.refused("offset", "…", reason, "it as a column, with a layer that adds")
    x = dense(block.X)
    cost = NegativeLogLikelihood(outcome_counts(block, stack.forward(x[:1], parameters).shape[1]))
    whole = Stack((*stack.layers, cost))
    value = whole.forward(x, parameters).sum()
    score = whole.parameter_derivatives(x, parameters, np.ones((len(x), 1)))
    return Slope(-float(value), -score)


def outcome_counts(block: Block, n_outcomes: int) -> Floats:
    """Return how often each outcome was observed in each row, times its weight: (n, K).

    Examples
    --------
    >>> block = Block(np.array([0.0, 2.0]), np.ones((2, 1)))
    >>> outcome_counts(block, 3).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    if n_outcomes == 2:
        trials = 1.0 if block.trials is None else block.trials
        counts = np.column_stack([trials - block.y, block.y])
    else:
        if block.trials is not None or not np.isin(block.y, np.arange(n_outcomes)).all():
            raise DataError(f"outcomes of {n_outcomes} kinds are numbers from 0, one for each row.")
        counts = np.eye(n_outcomes)[block.y.astype(np.int64)]
    if block.weights is not None:
        counts *= block.weights[:, np.newaxis]
    return counts


# --- a check --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DerivativeCheck:
    """How far the derivatives of a layer are from those of its forward rule.

    Parameters
    ----------
    inputs, parameters : float
        Largest difference, beside the largest derivative or one.
    """

    inputs: float
    parameters: float

    @property
    def passed(self) -> bool:
        """Whether both are rounding."""
        return max(self.inputs, self.parameters) <= CLOSE

    def __str__(self) -> str:
        verdict = "right" if self.passed else "WRONG (or forward is not analytic: abs, max, real)"
        return (
            f"Derivatives are {verdict}: off by {self.inputs:.1e} for inputs, "
            f"{self.parameters:.1e} for parameters."
        )


def check_derivatives(
    layer: Layer, x: Floats, parameters: Floats, *, seed: int = 0
) -> DerivativeCheck:
    """Return how far a layer's derivatives are from complex steps along its forward rule.

    ``f'(x) = Im f(x + ih)/h`` up to h², with no difference in which digits could be lost.

    Parameters
    ----------
    layer : Layer
    x : (n, a) array
    parameters : (k,) array
    seed : int
        Of the derivatives above, which are normal random numbers.

    Notes
    -----
    ``a + k`` forward passes. ``forward`` must take complex numbers: where it chooses by size, by
    that of the real part.

    Examples
    --------
    >>> print(check_derivatives(LogSoftmax(), np.array([[1.0, 0.0, -2.0]]), np.zeros(0)).passed)
    True
    """
    x, parameters = np.asarray(x, np.float64), np.asarray(parameters, np.float64)
    above = np.random.default_rng(seed).normal(size=layer.forward(x, parameters).shape)
    by_input, by_parameter = np.zeros_like(x), np.zeros_like(parameters)
    for j in range(x.shape[1]):
        moved = x.astype(complex)
        moved[:, j] += 1j * STEP
        by_input[:, j] = (above * layer.forward(moved, parameters).imag / STEP).sum(axis=1)
    for j in range(len(parameters)):
        turned = parameters.astype(complex)
        turned[j] += 1j * STEP
        by_parameter[j] = (above * layer.forward(x, turned).imag / STEP).sum()
    return DerivativeCheck(
        _apart(layer.backward(x, parameters, above), by_input),
        _apart(layer.parameter_derivatives(x, parameters, above), by_parameter),
    )


def _apart(found: Rows, exact: Floats) -> float:
    if np.shape(found) != exact.shape:
        raise DataError.shape(
            "a derivative", np.shape(found), f"it is one by {exact.shape} numbers"
        )
    largest = max(1.0, float(np.abs(exact).max(initial=0.0)))
    return float(np.abs(found - exact).max(initial=0.0)) / largest
