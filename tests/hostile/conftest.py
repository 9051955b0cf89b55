"""The numbers here must not depend on the size of blocks."""

from tests.blocksizes import block_size

__all__ = ["block_size"]
