"""The symmetric rank-k update of BLAS, called so that other threads may work meanwhile.

`scipy.linalg.blas.dsyrk` holds the interpreter for as long as it computes: Python threads that
share the rows would wait for each other. scipy offers the same function to Cython by its address,
and ctypes lets go of the interpreter while it calls one.
"""

from __future__ import annotations

import ctypes
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cython_blas


def _address(name: str) -> Any:
    """Return the function that scipy exports to Cython under a name; all arguments by reference."""
    capsule = cython_blas.__pyx_capi__[name]
    api = ctypes.pythonapi
    api.PyCapsule_GetName.restype, api.PyCapsule_GetName.argtypes = (
        ctypes.c_char_p,
        [ctypes.py_object],
    )
    api.PyCapsule_GetPointer.restype = ctypes.c_void_p
    api.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    pointer = api.PyCapsule_GetPointer(capsule, api.PyCapsule_GetName(capsule))
    return ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 10)(pointer)


_DSYRK, _ONE = _address("dsyrk"), ctypes.byref(ctypes.c_double(1.0))
_SSYRK, _ONE_SINGLE = _address("ssyrk"), ctypes.byref(ctypes.c_float(1.0))

Real = TypeVar("Real", np.float32, np.float64)


def add_square(rows: NDArray[Real], upper: NDArray[Real]) -> None:
    """Add ``rows' rows`` to the upper triangle of ``upper``, in place.

    Parameters
    ----------
    rows : (n, p) array
        Contiguous along rows or along columns; the other stride is arbitrary.
    upper : (p, p) Fortran-ordered array
        What stands below the diagonal is left as it is. Of either precision, that of ``rows``.

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
    update, one = (_SSYRK, _ONE_SINGLE) if single else (_DSYRK, _ONE)
    # BLAS thinks in columns: C-ordered rows are columns to it.
    update(
        b"U",
        b"N" if by_rows else b"T",
        ctypes.byref(ctypes.c_int(p)),
        ctypes.byref(ctypes.c_int(n)),
        one,
        rows.ctypes.data,
        ctypes.byref(ctypes.c_int(max(leading, p if by_rows else n))),
        one,
        upper.ctypes.data,
        ctypes.byref(ctypes.c_int(p)),
    )
