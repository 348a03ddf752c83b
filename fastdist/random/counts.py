"""Draws of counts as int64 holds them."""

from fastdist.engine.bits import LARGEST_COUNT
from fastdist.engine.kernel import kernel

__all__ = ["as_count"]


@kernel
def as_count(k):
    """The count, or the largest that there is if it is larger; NaN, a proposal that is rejected, stays."""
    return LARGEST_COUNT if k >= LARGEST_COUNT else k
