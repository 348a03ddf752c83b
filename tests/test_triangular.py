"""What the triangular distribution has beside the properties that all families share."""

import mpmath as mp
import numpy as np
import pytest

import fastdist as fd


def test_log_tails_of_a_peak_at_an_end():
    """Where a tail is below what its logarithm is taken of, and begins at the peak itself."""
    far = np.array([1e-300, 1e-160, 0.3])
    want = np.log(far) + np.log(2.0 - far)
    np.testing.assert_allclose(fd.Triangular(0.0, 1.0, 0.0).log_cdf(far), want, rtol=1e-15)
    np.testing.assert_allclose(fd.Triangular(-1.0, 0.0, 0.0).log_sf(-far), want, rtol=1e-15)
    np.testing.assert_allclose(fd.Triangular(0.0, 1.0, 0.5).log_cdf(far[:2]), 2 * np.log(far[:2]) + np.log(2.0))
    np.testing.assert_allclose(fd.Triangular(-1.0, 0.0, -0.5).log_sf(-far[:2]), 2 * np.log(far[:2]) + np.log(2.0))


@pytest.mark.parametrize("scale", [8e307, 1e200, 3e154, 1e-160, 1e-200])
@pytest.mark.parametrize(
    ("low", "high", "peak"), [(0.0, 1.0, 0.25), (-1.0, 1.0, 0.5), (0.0, 1.0, 0.0), (0.0, 1.0, 1.0)]
)
def test_widths_whose_square_is_no_number(low, high, peak, scale):
    d = fd.Triangular(low * scale, high * scale, peak * scale)
    p = np.array([1e-9, 0.01, 0.2, 0.3, 0.55, 0.8, 0.999])
    with mp.workdps(40):
        a, b, c = (mp.mpf(float(v)) for v in (d.low, d.high, d.peak))
        for x in low * scale + p * (high * scale - low * scale):
            v = mp.mpf(float(x))
            below = (v - a) ** 2 / ((b - a) * (c - a)) if v < c else 1 - (b - v) ** 2 / ((b - a) * (b - c))
            above = 1 - below
            density = 2 * (v - a) / ((b - a) * (c - a)) if v < c else 2 * (b - v) / ((b - a) * (b - c))
            got = d.cdf(x), d.sf(x), d.log_cdf(x), d.log_sf(x), d.log_prob(x)
            want = below, above, mp.log(below), mp.log(above), mp.log(density)
            np.testing.assert_allclose(got, [float(w) for w in want], rtol=2e-15, atol=2e-15)
            assert d.cdf_and_grad(x)[1]["value"] == pytest.approx(float(density), rel=3e-15)
        quantiles = [a + mp.sqrt(q * (b - a) * (c - a)) for q in map(mp.mpf, p) if q < (c - a) / (b - a)]
        quantiles += [b - mp.sqrt((1 - q) * (b - a) * (b - c)) for q in map(mp.mpf, p) if q >= (c - a) / (b - a)]
    np.testing.assert_allclose(d.icdf(p) / scale, [float(q / mp.mpf(scale)) for q in quantiles], rtol=1e-14, atol=1e-24)
    assert d.mean() == pytest.approx(scale / 3 * (low + high + peak), rel=1e-15)
    assert d.entropy() == pytest.approx(0.5 + np.log(0.5 * (high - low)) + np.log(scale), rel=1e-15)


def test_a_variance_just_below_the_largest_number():
    assert fd.Triangular(0.0, 4e154, 0.0).variance() == pytest.approx(16.0 / 18.0 * 1e308, rel=1e-15)
