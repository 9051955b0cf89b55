"""Peak memory of one fit above the caller's own data, each in a process of its own.

In that process the data are made, the contender fits something smaller so that its code is loaded,
memory that is free is given back, the peak of the resident size is reset, and the fit of interest
runs. Linux only: elsewhere there is no peak that can be reset, and the answer is None.

    python -m tests.benchmarks.memory 1e6x10 glum 1000000
"""

import ctypes
import gc
import json
import subprocess
import sys
import warnings
from pathlib import Path

from tests.benchmarks.data import Data, make
from tests.benchmarks.peers import contender
from tests.benchmarks.shapes import SHAPES, Shape

SMALLEST = 10_000_000  # bytes of data below which a share says nothing
ROOT = Path(__file__).parents[2]
STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def peak_elsewhere(shape: Shape, name: str, n: int) -> int | None:
    """Return the bytes that a contender needs at its peak, measured in a new process.

    Raises
    ------
    RuntimeError
        With the last line that the process wrote, where it failed.
    """
    if not RESET.exists():
        return None
    command = [sys.executable, "-m", "tests.benchmarks.memory", shape.name, name, str(n)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return int(json.loads(done.stdout))


def peak(shape: Shape, name: str, n: int) -> int:
    """Return the bytes that a contender needs at its peak, measured in this process."""
    fit = contender(name, shape.kind)
    data = make(shape, n)
    fit(_smaller(shape), None)
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:  # what the smaller fit has left would hide what this one needs
        trim(0)
    RESET.write_text("5", encoding="ascii")
    before = _resident("VmRSS")
    fit(data, None)
    return _resident("VmHWM") - before


def _smaller(shape: Shape) -> Data:
    """Return fewer rows of the same kind; a factor with hundreds of levels would need many.

    Plain ones are enough for a sample of them to pay: the pages of a library's code that a large
    fit needs, a megabyte and more, are not memory of its own.
    """
    name, n = {"mixed": ("discrete", 2000), "discrete": ("discrete", 2000)}.get(
        shape.kind, ("formula", 60_000)
    )
    return make(SHAPES[name], n)


def _resident(field: str) -> int:
    for line in STATUS.read_text(encoding="ascii").splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    raise LookupError(f"{STATUS} has no {field}")


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # they are reported with the times
    asked, who, rows = sys.argv[1:]
    print(peak(SHAPES[asked], who, int(rows)))
