"""A change of basis keeps every digit that the stored columns have."""

import numpy as np

from logit_inference.rows.basis import Basis, BasisSource
from logit_inference.rows.block import Block
from logit_inference.rows.source import ArraySource


def test_dropping_columns_is_a_basis_without_a_matrix():
    data = Block(np.zeros(4), np.arange(12.0).reshape(4, 3))
    source = BasisSource(ArraySource(data, 3), Basis(3, (0, 2)))
    assert source.n_columns == 2
    assert source.map(lambda block: block.X).tolist() == data.X[:, [0, 2]].tolist()
    assert np.isnan(source.basis.coefficients(np.array([1.0, 2.0]))[1])


def test_coefficients_go_there_and_back():
    basis = Basis(2, (0, 1), np.array([[2.0, 1.0], [0.0, 4.0]]))
    inner = np.array([3.0, 5.0])
    assert basis.inner(basis.coefficients(inner)).tolist() == inner.tolist()
