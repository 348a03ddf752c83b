"""The components of mixtures: one by one, and draws of any of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fastdist.distribution import Distribution
from fastdist.distributions.independent import Independent
from fastdist.engine.evaluate import Constants
from fastdist.engine.rows import DIRECT, Table, Walk
from fastdist.engine.seed import Key, key_from
from fastdist.random import sampling
from fastdist.random.gamma_rows import GammaRows
from fastdist.random.rows import draw_rows
from fastdist.vector import VectorDistribution


def members(d: Distribution, axis: int = -1) -> list[Distribution] | None:
    """The distributions along an axis of a batch, if they can be had."""
    axis += len(d.batch_shape) if axis < 0 else 0
    if isinstance(d, Independent):
        parts = members(d.base_dist, axis)
        return None if parts is None else [Independent(part, d.reinterpreted_batch_ndims) for part in parts]
    if type(d).__reduce__ is not Distribution.__reduce__:
        return None
    make: Any = type(d)
    given = [{name: np.take(v, k, axis) for name, v in d._parameters.items()} for k in range(d.batch_shape[axis])]
    return [make(**parameters, validate_args=False) for parameters in given]


def draw_each(d: Distribution, index: np.ndarray, rng: Any) -> np.ndarray:
    """For each entry of `index` a draw of the parameter set of that number."""
    key: Key = key_from(rng, d)
    n, sets = len(index), math.prod(d.batch_shape)
    if isinstance(d, Independent):
        inner = d.base_dist.batch_shape[len(d.batch_shape) :]
        size = math.prod(inner)
        places = (index[:, np.newaxis] * size + np.arange(size)).ravel()
        return draw_each(d.base_dist, places, rng).reshape((n, *d.event_shape))
    if isinstance(d, VectorDistribution) and sets > 1 and _has_rows(d):
        out = np.empty((n, *d.event_shape), d._draw_dtype)
        sampler, table, width = d._row_sampling()
        width = width or math.prod(d.event_shape)
        place = Walk(np.ascontiguousarray(index, np.int64), max(n, 1), True)
        own = None
        if any(isinstance(kind, GammaRows) for kind in sampler.noise):  # noise that depends on the parameter set
            table = own = Table(tuple(array[index] for array in table.arrays), (n,))
            place = DIRECT
        if n:
            draw_rows(sampler, lambda start, stop: (place, start, table.arrays), [out], table.kinds, key, width, own)
        return out
    if type(d).sample is Distribution.sample and hasattr(d, "kernels"):
        out = np.empty(n, d._draw_dtype)
        of_numbers, constants = d._sampling()
        array = constants.array if sets == 1 else np.ascontiguousarray(constants.array[:, index])
        sampling.draw(of_numbers, Constants(array, () if sets == 1 else (n,)), out, key)
        return out
    if sets == 1:
        return np.asarray(d.sample((n,), rng=rng)).reshape((n, *d.event_shape))
    draws = np.asarray(d.sample((n,), rng=rng)).reshape((n, sets, *d.event_shape))
    return draws[np.arange(n), index]


def _has_rows(d: VectorDistribution) -> bool:
    """Whether draws are made row by row, of constants of which any may be taken."""
    return d.rows.sampler is not None or type(d)._row_sampling is not VectorDistribution._row_sampling
