"""The point mass: the conformance suite takes a density for granted, which it does not have."""

import pickle

import numpy as np
import pytest

import fastdist as fd

INF = np.inf
VALUES = [0.0, -2.5, 0.1, 1e300, -5e-324]


@pytest.mark.parametrize("value", VALUES)
def test_the_mass_is_at_the_value(value):
    d = fd.Delta(value)
    x = np.array([-INF, np.nextafter(value, -INF), value, np.nextafter(value, INF), INF, np.nan])
    np.testing.assert_array_equal(d.log_prob(x), [-INF, -INF, 0, -INF, -INF, np.nan])
    np.testing.assert_array_equal(d.prob(x), [0, 0, 1, 0, 0, np.nan])
    np.testing.assert_array_equal(d.cdf(x), [0, 0, 1, 1, 1, np.nan])
    np.testing.assert_array_equal(d.sf(x), [1, 1, 0, 0, 0, np.nan])
    np.testing.assert_array_equal(d.log_cdf(x), [-INF, -INF, 0, 0, 0, np.nan])
    np.testing.assert_array_equal(d.log_sf(x), [0, 0, -INF, -INF, -INF, np.nan])
    for method, scalar in (("log_prob", 0.0), ("cdf", 1.0), ("sf", 0.0), ("log_cdf", 0.0), ("log_sf", -INF)):
        result = getattr(d, method)(value)
        assert type(result) is np.float64 and result == scalar


@pytest.mark.parametrize("value", VALUES)
def test_quantiles(value):
    d = fd.Delta(value)
    p = np.array([0.0, 1e-300, 0.5, 1.0, -0.1, 1.1, np.nan])
    want = [value] * 4 + [np.nan] * 3
    np.testing.assert_array_equal(d.icdf(p), want)
    np.testing.assert_array_equal(d.isf(p), want)
    assert d.interval(0.9) == (value, value)


def test_summaries():
    d = fd.Delta([-2.5, 0.0, 3.0])
    for method in (d.mean, d.median, d.mode, d.expect):
        np.testing.assert_array_equal(method(), [-2.5, 0.0, 3.0])
    for method in (d.variance, d.stddev, d.entropy):
        np.testing.assert_array_equal(method(), np.zeros(3))
    assert np.isnan(d.skewness()).all() and np.isnan(d.kurtosis()).all()
    np.testing.assert_array_equal(d.perplexity(), np.ones(3))
    np.testing.assert_array_equal(d.expect(np.cos), np.cos([-2.5, 0.0, 3.0]))
    for order in range(6):
        np.testing.assert_array_equal(d.moment(order), np.array([-2.5, 0.0, 3.0]) ** order)
    assert type(fd.Delta(2.0).moment(3)) is np.float64
    with pytest.raises(ValueError, match="order"):
        d.moment(-1)


def test_draws():
    """Copies, whatever the value; their derivative in it is 1."""
    d = fd.Delta([0.1, -1e300])
    x, grad = d.rsample_and_grad((4,), rng=1)
    np.testing.assert_array_equal(x, np.broadcast_to([0.1, -1e300], (4, 2)))
    np.testing.assert_array_equal(x, d.sample((4,)))
    np.testing.assert_array_equal(grad["value"], np.ones((4, 2)))
    assert list(grad) == ["value"] and x.dtype == np.float64
    assert fd.Delta(np.float32(0.1)).sample(3).dtype == np.float32
    assert type(fd.Delta(7).sample(rng=1)) is np.float64
    with pytest.raises(TypeError, match=r"Delta.*rng"):
        d.sample(2, rng="seed")


def test_gradients_are_zero():
    d = fd.Delta([0.5, 2.0])
    for method in (d.log_prob_and_grad, d.cdf_and_grad, d.log_likelihood_and_grad):
        _, grad = method([[0.5, 2.0], [0.0, 3.0]])
        assert all(np.all(slope == 0.0) for slope in grad.values())
    np.testing.assert_array_equal(d.log_likelihood([[0.5, 2.0], [0.5, 2.0]]), 0.0)
    np.testing.assert_array_equal(d.log_likelihood([[0.5, 2.0], [0.5, 2.5]]), [0.0, -INF])


def test_support():
    d = fd.Delta([0.5, 2.0])
    np.testing.assert_array_equal(d.support.check([0.5, 1.0]), [True, False])
    assert fd.Delta(0.5).support == fd.constraints.interval(0.5, 0.5)


def test_shapes_and_layouts():
    d = fd.Delta([[0.0], [1.0]])
    assert d.log_prob([0.0, 1.0, 2.0]).shape == (2, 3) and d.expand((2, 4)).sample((5,)).shape == (5, 2, 4)
    out = np.full((2, 3), 7.0)
    assert d.cdf(np.array([0.0, 1.0, 2.0]), out=out) is out
    np.testing.assert_array_equal(out, [[1, 1, 1], [0, 1, 1]])
    assert fd.Delta([]).log_prob([]).shape == (0,)
    long = np.tile([0.0, 1.0], 100_000)
    np.testing.assert_array_equal(fd.Delta(1.0).cdf(long), long)


def test_the_object():
    for d in (fd.Delta(0.1), fd.Delta([0.5, 2.0]), fd.Delta(np.float32(0.1))):
        assert pickle.loads(pickle.dumps(d)) == d and eval(repr(d), {**vars(fd), "np": np}) == d
        with pytest.raises(AttributeError, match=r"Delta.*immutable"):
            d.value = 1.0
    assert fd.Delta(0.0) == fd.Delta(-0.0) and hash(fd.Delta(0.0)) == hash(fd.Delta(-0.0))


def test_nan_stays_nan():
    d = fd.Delta(np.nan, validate_args=False)
    assert all(np.isnan(getattr(d, method)(0.5)) for method in ("log_prob", "cdf", "sf", "icdf"))


def test_duals():
    """Quantiles move with the value, and with nothing else; steps do not move."""
    at = fd.Delta(fd.Dual(2.5, 3.0))
    for method in ("icdf", "isf"):
        np.testing.assert_array_equal(getattr(at, method)([0.2, 0.7, 2.0]).tangent, [3.0, 3.0, 0.0])
        assert getattr(fd.Delta(2.5), method)(fd.Dual(0.2, 1.0)).tangent == 0.0
    for method in ("log_prob", "prob", "cdf", "sf", "log_cdf", "log_sf"):
        got = getattr(at, method)(fd.Dual([2.0, 2.5, np.inf], np.ones(3)))
        np.testing.assert_array_equal(got.primal, getattr(fd.Delta(2.5), method)([2.0, 2.5, np.inf]))
        np.testing.assert_array_equal(got.tangent, np.zeros(3))
