"""Truncated normal distributions with ends many spreads away, or as close as float64 can tell."""

import numpy as np
import pytest

import fastdist as fd

LEVELS = np.array([0.01, 0.3, 0.5, 0.7, 0.99])


@pytest.mark.parametrize("low", [1e10, 1e82, 1e100, 1e155, 1e200, 1e300])
def test_a_far_tail_is_exponential(low):
    for d in (fd.TruncatedNormal(0.0, 1.0, low, np.inf), fd.TruncatedNormal(0.0, 1.0, low, 2.0 * low)):
        assert (d.mean(), d.median()) == (low, low)
        assert d.stddev() == pytest.approx(1.0 / low, rel=1e-15)
        assert (d.skewness(), d.kurtosis()) == (pytest.approx(2.0, rel=1e-15), pytest.approx(6.0, rel=1e-14))
        assert d.entropy() == pytest.approx(1.0 - np.log(low), rel=1e-15)
    at_zero = fd.TruncatedNormal(-low, 1.0, 0.0, np.inf)
    np.testing.assert_allclose(at_zero.icdf(LEVELS) * low, -np.log1p(-LEVELS), rtol=1e-14)
    np.testing.assert_allclose(at_zero.isf(LEVELS) * low, -np.log(LEVELS), rtol=1e-14)
    mirrored = fd.TruncatedNormal(low, 1.0, -np.inf, 0.0)
    assert mirrored.skewness() == pytest.approx(-2.0, rel=1e-15)
    np.testing.assert_allclose(mirrored.isf(LEVELS), -at_zero.icdf(LEVELS), rtol=1e-14)


@pytest.mark.parametrize("width", [1e-12, 1e-17, 1e-100, 1e-155, 1e-300])
def test_a_narrow_interval_is_uniform(width):
    for d in (fd.TruncatedNormal(0.0, 1.0, 0.0, width), fd.TruncatedNormal(0.0, 1.0 / width, 0.0, 1.0)):
        length = d.high
        np.testing.assert_allclose(d.icdf(LEVELS) / length, LEVELS, rtol=1e-14)
        np.testing.assert_allclose(d.isf(LEVELS) / length, 1.0 - LEVELS, rtol=1e-13)
        assert d.stddev() == pytest.approx(length / np.sqrt(12.0), rel=1e-15)
        assert (d.skewness(), d.kurtosis()) == (pytest.approx(0.0, abs=1e-12), pytest.approx(-1.2, rel=1e-12))
    assert fd.TruncatedNormal(0.0, 1e155, 1.0, 2.0).variance() == pytest.approx(1.0 / 12.0, rel=1e-15)
    assert np.mean(fd.TruncatedNormal(0.0, 1.0, 0.0, width).sample(1000, rng=1) > 0.5 * width) > 0.4
