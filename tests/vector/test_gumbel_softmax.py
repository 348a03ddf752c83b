"""Gumbel-softmax as a function."""

import numpy as np
import pytest
from scipy import stats

import fastdist as fd

LOGITS = np.random.default_rng(0).normal(size=(3, 4, 5))


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2])
@pytest.mark.parametrize("hard", [False, True])
def test_axis(axis, hard):
    draws = fd.gumbel_softmax(LOGITS, 0.5, hard, axis, rng=1)
    moved = fd.gumbel_softmax(np.moveaxis(LOGITS, axis, -1), 0.5, hard, rng=1)
    np.testing.assert_array_equal(np.moveaxis(draws, axis, -1), moved)
    assert draws.shape == LOGITS.shape
    np.testing.assert_allclose(draws.sum(axis), 1.0, rtol=1e-15)


def test_hard_draws_are_the_largest_of_soft_ones():
    hard = fd.gumbel_softmax(LOGITS, 0.5, hard=True, rng=1)
    assert set(np.unique(hard)) == {0.0, 1.0}
    np.testing.assert_array_equal(hard.argmax(-1), fd.gumbel_softmax(LOGITS, 0.5, rng=1).argmax(-1))


def test_same_as_the_distribution():
    logits = LOGITS[0, 0]
    d = fd.RelaxedOneHotCategorical(0.5, logits=logits)
    np.testing.assert_allclose(
        fd.gumbel_softmax(np.tile(logits, (100, 1)), 0.5, rng=3), d.sample(100, rng=3), rtol=1e-12
    )


@pytest.mark.parametrize("hard", [False, True])
@pytest.mark.parametrize("axis", [-1, 1])
def test_gradient(hard, axis):
    """Against differences of soft draws with the same noise."""
    draws, grad = fd.gumbel_softmax_and_grad(LOGITS, 0.5, hard, axis, rng=1)
    np.testing.assert_array_equal(draws, fd.gumbel_softmax(LOGITS, 0.5, hard, axis, rng=1))
    size = LOGITS.shape[axis]
    assert grad["logits"].shape == (*LOGITS.shape, size) and grad["tau"].shape == LOGITS.shape
    step = 1e-6
    for k in range(size):
        move = np.zeros(size)
        move[k] = step
        move = move if axis == -1 else move[:, np.newaxis]
        ends = [fd.gumbel_softmax(LOGITS + sign * move, 0.5, axis=axis, rng=1) for sign in (1, -1)]
        np.testing.assert_allclose(grad["logits"][..., k], (ends[0] - ends[1]) / (2 * step), atol=1e-8)
    ends = [fd.gumbel_softmax(LOGITS, 0.5 + sign * step, axis=axis, rng=1) for sign in (1, -1)]
    np.testing.assert_allclose(grad["tau"], (ends[0] - ends[1]) / (2 * step), atol=1e-8)


@pytest.mark.parametrize("tau", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_dtypes_and_temperatures(tau, dtype):
    logits = (10 * LOGITS).astype(dtype)
    draws, grad = fd.gumbel_softmax_and_grad(logits, tau, rng=1)
    assert draws.dtype == grad["tau"].dtype == (np.float32 if dtype == np.float32 else np.float64)
    assert not any(np.isnan(v).any() for v in (draws, *grad.values()))


def test_law():
    """Hard draws have the categorical law of the weights at any temperature; masked ones never come up."""
    logits = np.array([0.0, 1.0, -np.inf, 2.0])
    weights = np.exp(logits) / np.exp(logits).sum()
    n = 300_000
    for tau in (0.01, 5.0):
        counts = fd.gumbel_softmax(np.broadcast_to(logits, (n, 4)), tau, hard=True, rng=4).sum(0)
        assert counts[2] == 0
        statistic = np.sum((counts - n * weights)[[0, 1, 3]] ** 2 / (n * weights)[[0, 1, 3]])
        assert statistic <= stats.chi2.isf(1e-7, 2)


def test_threads_and_length_change_nothing():
    logits = np.random.default_rng(1).normal(size=(20_001, 5))
    threads = fd.get_num_threads()
    try:
        fd.set_num_threads(1)
        one = fd.gumbel_softmax(logits, rng=2)
        fd.set_num_threads(3)
        np.testing.assert_array_equal(fd.gumbel_softmax(logits, rng=2), one)
        np.testing.assert_array_equal(fd.gumbel_softmax(logits[:7], rng=2), one[:7])
    finally:
        fd.set_num_threads(threads)


@pytest.mark.parametrize("hard", [False, True])
@pytest.mark.parametrize("function", [fd.gumbel_softmax, fd.gumbel_softmax_and_grad])
def test_refuses(function, hard):
    for bad, says in (([0, np.nan], "nan"), ([0, np.inf], "inf"), ([[0, 1], [-np.inf] * 2], r"\(1,\)"), (1.0, "axis")):
        with pytest.raises(ValueError, match=says):
            function(bad, hard=hard, rng=1)
    for tau in (0.0, -1.0, np.nan, np.inf, [1.0, 2.0]):
        with pytest.raises(ValueError, match="tau"):
            function(LOGITS, tau, hard)
    with pytest.raises(ValueError, match="axis"):
        function(LOGITS, axis=3)
    for axis in ("a", 1.0, True):
        with pytest.raises(TypeError, match="gumbel_softmax: axis must be an int"):
            function(LOGITS, axis=axis)
    with pytest.raises(TypeError, match="real numbers"):
        function(["a"])
    with pytest.raises(TypeError, match="gumbel_softmax: rng"):
        function(LOGITS, rng="a")
    assert fd.gumbel_softmax(np.empty((0, 3)), hard=hard).shape == (0, 3)
    with pytest.raises(ValueError, match="category"):
        function(np.empty((3, 0)))


@pytest.mark.parametrize(
    ("given", "says"), [({"logits": "a"}, "logits must be"), ({"logits": [0.0, 1.0], "tau": "a"}, "tau")]
)
def test_what_is_no_number(given, says):
    with pytest.raises(TypeError, match=f"gumbel_softmax: {says}.*real numbers; got 'a'"):
        fd.gumbel_softmax(**given)
