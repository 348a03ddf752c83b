"""The layout of a broadcast against NumPy's own, for many random pairs of shapes."""

import math

import numpy as np
import pytest

from fastdist.engine.broadcast import layout


def followed(flat, size):
    """Which constants each flat element sees: the rule of the generated loops."""
    m = flat.constants.shape[1]
    k = np.arange(size)
    run, base = k // flat.length, k // flat.length * flat.length
    return flat.constants[:, k - base if flat.advance else run % m]


def pairs():
    random = np.random.default_rng(12)
    for _ in range(3000):
        ndim = int(random.integers(0, 6))
        shape = tuple(random.choice([1, 1, 2, 3, 5, 17], ndim).tolist())
        batch = tuple(n if random.random() < 0.5 else 1 for n in shape)[int(random.integers(0, ndim + 1)) :]
        yield shape, batch


@pytest.mark.parametrize("kind", [(), (4,)])
def test_against_numpy(kind):
    """Each element sees its own parameter set, whether constants are numbers or rows."""
    for shape, batch in pairs():
        size, sets = math.prod(shape), math.prod(batch)
        constants = np.random.default_rng(1).random((2, sets, *kind))
        full = constants.reshape((2, *(1,) * (len(shape) - len(batch)), *batch, *kind))
        want = np.broadcast_to(full, (2, *shape, *kind))
        flat = layout(constants, batch, shape)
        assert flat.constants.flags.c_contiguous
        got = followed(flat, size)
        np.testing.assert_array_equal(got, want.reshape((2, size, *kind)), err_msg=f"{shape} {batch}")


def test_chunks_may_start_anywhere():
    """Repeated rows and long runs serve elements far from the start."""
    patterns = [((1000, 3), (3,)), ((3, 1000), (3, 1)), ((40, 3, 50), (3, 1)), ((1, 7), (7,)), ((5000, 1, 2), (1, 2))]
    for shape, batch in patterns:
        constants = np.arange(2.0 * math.prod(batch)).reshape(2, -1)
        flat = layout(constants, batch, shape)
        want = np.broadcast_to(constants.reshape((2, *(1,) * (len(shape) - len(batch)), *batch)), (2, *shape))
        np.testing.assert_array_equal(followed(flat, math.prod(shape)), want.reshape(2, -1))


@pytest.mark.parametrize(
    ("shape", "batch"), [((1000, 3), (3,)), ((3, 1000), (3, 1)), ((5, 3, 1000), (3, 1)), ((7, 4), ())]
)
def test_memory_stays_small(shape, batch):
    """Parameters along the first or the last axes are not spread over the result."""
    constants = np.zeros((2, math.prod(batch)))
    assert layout(constants, batch, shape).constants.size <= 2 * 1024


@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 5), (2, 0, 3)])
def test_empty(shape):
    flat = layout(np.zeros((2, 1)), (), shape)
    assert flat.length >= 1
    assert layout(np.zeros((2, 3)), (3,), (0, 3)).length >= 1
