"""Renderings are those of the ordinary size of blocks, whichever other tests ran before."""

import pytest

from logit_inference.rows import source
from logit_inference.solve import polytomous
from tests.blocksizes import DEFAULT, DEFAULT_OF_CLASSES, SMALL


@pytest.fixture(autouse=True)
def ordinary_blocks(monkeypatch):
    """Bounds on rounding, which summaries print, count the additions within and between blocks."""
    monkeypatch.setattr(source, "rows_per_block", DEFAULT)
    monkeypatch.setattr(source, "is_small", SMALL)
    monkeypatch.setattr(polytomous, "pair_rows", DEFAULT_OF_CLASSES)
