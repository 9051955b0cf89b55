"""What of BLAS and LAPACK is called by its address, as scipy offers it to Cython.

`scipy.linalg.blas.dsyrk`, the symmetric rank-k update, holds the interpreter for as long as it
computes: Python threads that share the rows would wait for each other. ctypes lets go of the
interpreter while it calls the same function. The estimate of a norm has no other door.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cython_blas, cython_lapack


def _address(library: Any, name: str, n_arguments: int = 10) -> Any:
    """Return the function that scipy exports to Cython under a name; arguments by reference."""
    capsule = library.__pyx_capi__[name]
    api = ctypes.pythonapi
    api.PyCapsule_GetName.restype, api.PyCapsule_GetName.argtypes = (
        ctypes.c_char_p,
        [ctypes.py_object],
    )
    api.PyCapsule_GetPointer.restype = ctypes.c_void_p
    api.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    pointer = api.PyCapsule_GetPointer(capsule, api.PyCapsule_GetName(capsule))
    return ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * n_arguments)(pointer)


_DSYRK, _ONE = _address(cython_blas, "dsyrk"), ctypes.byref(ctypes.c_double(1.0))
_SSYRK, _ONE_SINGLE = _address(cython_blas, "ssyrk"), ctypes.byref(ctypes.c_float(1.0))
_DSFRK, _SSFRK = _address(cython_lapack, "dsfrk"), _address(cython_lapack, "ssfrk")
_DLACN2 = _address(cython_lapack, "dlacn2", 7)

Real = TypeVar("Real", np.float32, np.float64)


def add_square(rows: NDArray[Real], upper: NDArray[Real]) -> None:
    """Add ``rows' rows`` to the upper triangle of ``upper``, in place.

    Parameters
    ----------
    rows : (n, p) array
        Contiguous along rows or along columns; the other stride is arbitrary.
    upper : (p, p) Fortran-ordered array, or (p(p+1)/2,) array
        Of a square what stands below the diagonal is left as it is; see `rows.packed` for the
        other. Of either precision, that of ``rows``.

    Examples
    --------
    >>> upper = np.zeros((2, 2), order="F")
    >>> add_square(np.array([[1.0, 2.0], [3.0, 4.0]]), upper)
    >>> upper.tolist()
    [[10.0, 14.0], [0.0, 20.0]]
    """
    n, p = rows.shape
    by_rows = rows.strides[1] == rows.itemsize
    leading = rows.strides[0 if by_rows else 1] // rows.itemsize
    single = rows.itemsize == ctypes.sizeof(ctypes.c_float)
    one = _ONE_SINGLE if single else _ONE
    # BLAS thinks in columns: C-ordered rows are columns to it.
    common = (
        b"U",
        b"N" if by_rows else b"T",
        ctypes.byref(ctypes.c_int(p)),
        ctypes.byref(ctypes.c_int(n)),
        one,
        rows.ctypes.data,
        ctypes.byref(ctypes.c_int(max(leading, p if by_rows else n))),
        one,
        upper.ctypes.data,
    )
    if upper.ndim == 1:
        (_SSFRK if single else _DSFRK)(b"N", *common)
    else:
        (_SSYRK if single else _DSYRK)(*common, ctypes.byref(ctypes.c_int(p)))


def estimated_norm(product: Callable[[NDArray[np.float64]], Any], order: int) -> float:
    """Return LAPACK's estimate of the 1-norm of a symmetric matrix, from at most eleven products.

    Parameters
    ----------
    product : callable
        From a (p,) vector to the matrix times it.
    order : int
        p.

    Notes
    -----
    Never above the norm, and hardly ever below a third of it.

    References
    ----------
    Higham (1988), "FORTRAN codes for estimating the one-norm of a real or complex matrix", *ACM
    Transactions on Mathematical Software* 14(4), 381-396.

    Examples
    --------
    >>> estimated_norm(np.array([[2.0, -1.0], [-1.0, 3.0]]).dot, 2)
    4.0
    """
    x, work = np.zeros(order), np.zeros(order)
    signs, state = np.zeros(order, np.intc), np.zeros(3, np.intc)
    estimate, asked = ctypes.c_double(0.0), ctypes.c_int(0)
    where = [a.ctypes.data for a in (work, x, signs)]
    while True:
        _DLACN2(
            ctypes.byref(ctypes.c_int(order)),
            *where,
            ctypes.byref(estimate),
            ctypes.byref(asked),
            state.ctypes.data,
        )
        if not asked.value:
            return estimate.value
        x[:] = product(x)
