"""The machine: what it is, and the limits that no program on it can beat.

The limits are measured in the run that they are compared with. One pass over X cannot take less
than reading it, nor less than the arithmetic of XᵀWX at the rate of the library's own rank-k
update on blocks of the size that the package uses.
"""

import os
import platform
import threading
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from scipy.linalg.blas import dsyrk

from tests.benchmarks.race import pinned

READ_BYTES = 400_000_000
BLOCK_BYTES = 1 << 19
PACKAGES = (
    *("numpy", "scipy", "pandas", "formulaic", "threadpoolctl"),
    *("statsmodels", "glum", "tabmat", "scikit-learn"),
)


def describe() -> dict[str, Any]:
    """Return what the machine and its software are."""
    from threadpoolctl import threadpool_info

    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": models[0] if models else platform.processor(),
        "n_processors": os.cpu_count(),
        "siblings": _siblings(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "thread_pools": [
            {key: pool[key] for key in ("internal_api", "version", "num_threads", "prefix")}
            | {"architecture": pool.get("architecture")}
            for pool in threadpool_info()
        ],
    }


def limits() -> dict[str, float]:
    """Return read bandwidth (bytes per second) and what two threads gain over one.

    The gain is of two independent single-thread products at once over the same one after another:
    2 at best, 1 where two processors are halves of one core.
    """
    square = np.random.default_rng(0).standard_normal((512, 512))
    out = [np.empty_like(square) for _ in range(2)]
    large = np.ones((READ_BYTES // 400, 50))
    halves = np.split(large, 2)
    v = np.ones(50)
    with pinned(1):
        return {
            "read_bandwidth": large.nbytes / _fastest(lambda: large @ v),
            "two_threads_arithmetic": _gain(lambda i: np.matmul(square, square, out=out[i]), 5),
            "two_threads_reading": _gain(lambda i: halves[i] @ v, 1),
        }


def crossproduct_rate(p: int) -> float:
    """Return multiplications and additions per second of a rank-k update, with one thread.

    A block of m rows counts m·p², the work of one triangle.
    """
    m = min(8192, max(1024, BLOCK_BYTES // (8 * p)))
    block = np.random.default_rng(0).standard_normal((m, p))
    total = np.zeros((p, p), order="F")
    repeats = max(1, int(2e7 / (m * p * p)))

    def updates() -> None:
        for _ in range(repeats):
            dsyrk(1.0, block.T, beta=1.0, c=total, overwrite_c=1)

    with pinned(1):
        return repeats * m * p * p / _fastest(updates)


def _fastest(work: Callable[[], Any], repeats: int = 5) -> float:
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def _gain(work: Callable[[int], Any], times: int, repeats: int = 5) -> float:
    """Return the median gain of two threads that each do their own work."""

    def mine(i: int) -> None:
        for _ in range(times):
            work(i)

    gains = []
    for _ in range(repeats):
        start = time.perf_counter()
        mine(0)
        mine(1)
        between = time.perf_counter()
        workers = [threading.Thread(target=mine, args=(i,)) for i in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        gains.append((between - start) / (time.perf_counter() - between))
    return median(gains)


def _siblings() -> list[str]:
    """Return which processors share a core."""
    folder = Path("/sys/devices/system/cpu")
    files = folder.glob("cpu[0-9]*/topology/thread_siblings_list")
    return sorted({file.read_text(encoding="utf-8").strip() for file in files})


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
