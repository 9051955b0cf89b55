"""Peak memory of one fit above the caller's own data, each in a process of its own.

In that process the data are made, the contender fits something small so that its code is loaded,
and the fit of interest runs, while another process looks at its resident size all the time. Pages
of library files, which are read when code first runs and shared with others, are no memory of a
fit: anonymous ones are counted, those too that the C library keeps of freed memory. Linux only:
elsewhere the answer is None.

    python -m tests.benchmarks.memory 1e6x10 glum 1000000
"""

import ctypes
import gc
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path
from subprocess import PIPE

from tests.benchmarks.data import Data, make
from tests.benchmarks.peers import contender
from tests.benchmarks.shapes import SHAPES, Shape

SMALLEST = 10_000_000  # bytes of data below which a share says nothing
ROOT = Path(__file__).parents[2]
STATUS = Path("/proc/self/status")
# Until its input ends: the largest resident size of another process, looked at as often as it goes.
WATCH = """
import select, sys
path, largest, started = f"/proc/{sys.argv[1]}/status", 0, True
while not select.select([sys.stdin], [], [], 0.0)[0]:
    with open(path) as status:
        largest = max(largest, *(int(s.split()[1]) for s in status if s.startswith("RssAnon")))
    if started:
        print("looking", flush=True)
        started = False
print(largest * 1024)
"""


def peak_elsewhere(shape: Shape, name: str, n: int) -> int | None:
    """Return the bytes that a contender needs at its peak, measured in a new process.

    Raises
    ------
    RuntimeError
        With the last line that the process wrote, where it failed.
    """
    if not STATUS.exists():
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
    fit(_small(shape), None)
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:  # what the small fit has left would hide what this one needs
        trim(0)
    watch = [sys.executable, "-c", WATCH, str(os.getpid())]
    with subprocess.Popen(watch, stdin=PIPE, stdout=PIPE, text=True) as watcher:
        assert watcher.stdout is not None, "it is a pipe"
        watcher.stdout.readline()  # it looks now
        before = _resident()
        fit(data, None)
        said, _ = watcher.communicate()
    return int(said) - before


def _small(shape: Shape) -> Data:
    """Return few rows of the same kind; a factor with hundreds of levels would need many."""
    name, n = {"mixed": ("discrete", 2000), "discrete": ("discrete", 2000)}.get(
        shape.kind, ("formula", 1000)
    )
    return make(SHAPES[name], n)


def _resident() -> int:
    for line in STATUS.read_text(encoding="ascii").splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise LookupError(f"{STATUS} has no RssAnon")


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # they are reported with the times
    asked, who, rows = sys.argv[1:]
    print(peak(SHAPES[asked], who, int(rows)))
