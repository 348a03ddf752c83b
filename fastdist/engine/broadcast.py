"""A broadcast of values against parameter sets, as runs over flat memory."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

_SHORT_RUN = 512


class Layout(NamedTuple):
    """How the constants follow the elements of a flat result: see :mod:`fastdist.engine.loops`."""

    constants: np.ndarray
    length: int
    advance: bool


def runs(batch_shape: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, bool] | None:
    """The length of a run and whether constants advance in it, or None where the batch is no single block of axes."""
    size, sets = math.prod(shape), math.prod(batch_shape)
    if sets == 1 or size == 0:
        return max(size, 1), False
    batch = (1,) * (len(shape) - len(batch_shape)) + tuple(batch_shape)
    pattern: list[bool] = []
    for extent, own in zip(shape, batch, strict=True):
        if extent > 1 and (not pattern or pattern[-1] != (own > 1)):
            pattern.append(own > 1)
    if pattern.count(True) > 1:
        return None
    return (sets, True) if pattern[-1] else (size // (sets * math.prod(shape[: _first_varying(shape, batch)])), False)


def layout(constants: np.ndarray, batch_shape: tuple[int, ...], shape: tuple[int, ...]) -> Layout:
    """Runs for a result of `shape` whose parameter sets have `batch_shape`.

    `constants` has the axes (constant, parameter set in C order, ...). It is copied only where the
    batch lies on both sides of an axis that it lacks, and repeated to lengthen very short runs.
    """
    size, sets = math.prod(shape), math.prod(batch_shape)
    found = runs(batch_shape, shape)
    if found is None:
        kind = constants.shape[2:]
        batch = (1,) * (len(shape) - len(batch_shape)) + tuple(batch_shape)
        full = np.broadcast_to(constants.reshape((-1, *batch, *kind)), (len(constants), *shape, *kind))
        return Layout(np.ascontiguousarray(full).reshape((len(constants), size, *kind)), size, True)
    length, advance = found
    repeats = min(_SHORT_RUN // sets, size // sets) if advance and sets < size else 1
    if repeats > 1:
        constants = np.ascontiguousarray(np.tile(constants, (1, repeats) + (1,) * (constants.ndim - 2)))
    return Layout(constants, length * max(repeats, 1), advance)


def _first_varying(shape: tuple[int, ...], batch: tuple[int, ...]) -> int:
    return next(axis for axis, (extent, own) in enumerate(zip(shape, batch, strict=True)) if extent > 1 and own > 1)


def distinct(array: np.ndarray, ndim: int) -> np.ndarray:
    """`array` with length 1 in place of the batch axes along which it only repeats; events have `ndim` axes."""
    batch = array.ndim - ndim
    repeats = tuple(slice(0, 1) if stride == 0 else slice(None) for stride in array.strides[:batch])
    return array[repeats]
