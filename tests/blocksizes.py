"""Every numeric test below a folder that imports this runs with one block and with many."""

from collections.abc import Iterator

import pytest

from logit_inference.rows import source
from logit_inference.solve import polytomous

DEFAULT, SMALL = source.rows_per_block, source.is_small
DEFAULT_OF_CLASSES = polytomous.pair_rows
ODD = 37  # rows; no table of the tests has a multiple of it


@pytest.fixture(scope="session", autouse=True, params=["one block", f"blocks of {ODD} rows"])
def block_size(request: pytest.FixtureRequest) -> Iterator[None]:
    """Set how many rows a block has; fits that a test module keeps must be keyed by it."""
    if request.param != "one block":
        source.rows_per_block = lambda n_columns: ODD
        source.is_small = lambda n_rows, n_columns: False
        polytomous.pair_rows = lambda n_columns, n_classes: ODD
    yield
    source.rows_per_block, source.is_small = DEFAULT, SMALL
    polytomous.pair_rows = DEFAULT_OF_CLASSES
