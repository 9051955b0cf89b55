"""Write the golden files anew: ``python -m tests.golden.refresh [part of a file name]``.

The files are the review: look at ``git diff tests/golden/files`` before committing.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.golden.cases import CASES

FILES = Path(__file__).parent / "files"


def refresh(part: str = "") -> list[str]:
    """Write the files whose name has ``part`` in it, remove stale ones; return what changed."""
    FILES.mkdir(exist_ok=True)
    changed = []
    for name in sorted({*CASES, *(path.name for path in FILES.iterdir())}):
        path = FILES / name
        before = path.read_text(encoding="utf-8") if path.exists() else None
        after = f"{CASES[name]()}\n" if name in CASES else None
        if part not in name or before == after:
            continue
        if after is None:
            path.unlink()
        else:
            path.write_text(after, encoding="utf-8", newline="\n")
        changed.append(name)
    return changed


if __name__ == "__main__":
    names = refresh(*sys.argv[1:2])
    print(f"{len(names)} golden files changed: {', '.join(names)}" if names else "Nothing changed.")
    if names:
        print("Review them: git diff tests/golden/files")
