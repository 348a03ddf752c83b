"""How far the Binet function and log Gamma lie above their tangents."""

import mpmath as mp
import numpy as np
import pytest
from compiled import over
from mpmath import mpf

from fastdist.special import binet
from fastdist.special.excess import ratio_excess

DIGITS = 160  # of numbers of which 1e-100 and 1 are added


def binet_function(x):
    return mp.loggamma(x) - (x - mpf(1) / 2) * mp.log(x) + x - mp.log(2 * mp.pi) / 2


def binet_slope(x):
    return mp.digamma(x) - mp.log(x) + 1 / (2 * x)


def pairs():
    """Numbers close to each other by any amount, and far apart."""
    random = np.random.default_rng(0)
    a = 10 ** random.uniform(-100, 12, 240)
    near = a * (1 + random.choice([-1, 1], 240) * 10 ** random.uniform(-9, -1e-3, 240))
    far = 10 ** random.uniform(-100, 12, 240)
    edges = np.array([0.3999, 0.4001, 0.5999, 0.6001, 1.499, 1.501])  # where one way passes into another
    return np.concatenate([near, far, edges]), np.concatenate([a, a, np.full(4, 0.5), np.full(2, 1.25)])


def test_curvature():
    x = np.concatenate([10.0 ** np.arange(-300, 25, 7), np.linspace(0.5, 40, 60), [1 - 1e-16, 1.0]])
    with mp.workdps(700):
        want = [mpf(v) ** 2 * mp.psi(1, mpf(v)) - mpf(v) - mpf(1) / 2 for v in x]
        error = max(abs(g - w) / w for g, w in zip(over(binet.binet_curvature, x), want, strict=True))
    assert error < 2.6e-15
    assert over(binet.binet_curvature, 1e300) == pytest.approx(1e-300 / 6, rel=1e-15)


def test_binet_divergence():
    x, a = pairs()
    values, slopes = over(binet.binet_divergence, x, a, outputs=2)
    with mp.workdps(DIGITS):
        for v, w, got, slope in zip(map(mpf, x), map(mpf, a), values, slopes, strict=True):
            want = binet_function(v) - binet_function(w) - (v - w) * binet_slope(w)
            assert got >= 0
            assert abs(got - want) <= 3e-15 * (v / w - 1 - mp.log(v / w)) / 2
            gap = binet_slope(v) - binet_slope(w)
            assert abs(slope - gap) <= 2.2e-15 * (abs(gap) + abs(1 / w - 1 / v))


def test_moderate_binet_divergence():
    x, a = pairs()
    from_one = (x >= 1) & (a >= 1)
    assert from_one.sum() > 30
    x, a = x[from_one], a[from_one]
    values = over(binet.moderate_binet_divergence, x, a)
    whole, _ = over(binet.binet_divergence, x, a, outputs=2)
    assert np.all(values >= 0)
    np.testing.assert_array_less(np.abs(values - whole), 1e-15 * (whole + over(ratio_excess, x, a)) + 5e-324)


def test_gammaln_divergence():
    x, a = pairs()
    values, slopes = over(binet.gammaln_divergence, x, a, outputs=2)
    with mp.workdps(DIGITS):
        for v, w, got, slope in zip(map(mpf, x), map(mpf, a), values, slopes, strict=True):
            want = mp.loggamma(v) - mp.loggamma(w) - (v - w) * mp.digamma(w)
            assert abs(got - want) <= 1e-15 * want
            gap = mp.digamma(v) - mp.digamma(w)
            assert abs(slope - gap) <= 2.2e-15 * abs(gap)
