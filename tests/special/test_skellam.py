"""fastdist.special.skellam against mpmath, and where a formula takes over from another."""

from pathlib import Path

import mpmath as mp
import numpy as np
import pytest
from compiled import over

import fastdist as fd
from fastdist.special import skellam

K, A, B, LOG_MASS, SLOPE_A, SLOPE_B, LOG_TAIL = np.load(
    Path(__file__).parents[1] / "references" / "skellam.npz"
)["values"]  # fmt: skip
ROOT = over(skellam.skellam_root, A, B)
INF = np.inf


def log_tail(k, a, b):
    scale, value = over(skellam.skellam_tail, k, a, b, over(skellam.skellam_root, a, b), outputs=2)
    return scale + np.log(value)


def test_mass():
    """A log mass is of order 1 at least, or right relatively."""
    got = over(skellam.skellam_log_mass, K, A, B, ROOT)
    np.testing.assert_allclose(got, LOG_MASS, rtol=2e-15)


def test_expansion():
    far = np.hypot(K, ROOT) >= skellam.EXPANDED
    got = over(skellam.skellam_log_mass_far, K[far], A[far], B[far], ROOT[far])
    np.testing.assert_array_equal(got, over(skellam.skellam_log_mass, K[far], A[far], B[far], ROOT[far]))


def test_slopes():
    """Where a slope passes through 0 it is the difference of ratios of order 1, for small rates."""
    got = over(skellam.skellam_log_mass_and_slopes, K, A, B, ROOT, outputs=3)
    np.testing.assert_array_equal(got[0], over(skellam.skellam_log_mass, K, A, B, ROOT))
    np.testing.assert_allclose(got[1], SLOPE_A, rtol=1e-13, atol=4e-16)
    np.testing.assert_allclose(got[2], SLOPE_B, rtol=1e-13, atol=4e-16)


def test_tail():
    np.testing.assert_allclose(log_tail(K, A, B), LOG_TAIL, rtol=4e-15, atol=4e-15)


def test_mirrored():
    np.testing.assert_array_equal(
        over(skellam.skellam_log_mass, -K, B, A, ROOT), over(skellam.skellam_log_mass, K, A, B, ROOT)
    )


@pytest.mark.parametrize("border", [skellam.EXPANDED, 100.0, 300.0, ((skellam.SUMMED - 12.0) / 9.2) ** 2])
def test_formulas_meet(border):
    """The mass and the tail are smooth in n, and in k, across the borders between two formulas."""
    k = np.repeat(np.arange(-int(border) + 1.0, border), 2)
    product = (border**2 - k * k) / 4 * np.tile([1 - 1e-14, 1 + 1e-14], k.size // 2)
    b = np.sqrt(product) * np.where(k < 0, 2.0, 0.5)  # so that k is above the mean
    b = np.maximum(b, np.where(k < 0, -k, 0.0))
    a = product / b
    above = k > a - b + 0.5
    root = over(skellam.skellam_root, a, b)
    for got in (over(skellam.skellam_log_mass, k, a, b, root), np.where(above, log_tail(k, a, b), 0.0)):
        np.testing.assert_allclose(got[::2], got[1::2], rtol=1e-14, atol=4e-14 * border)


def test_one_rate_is_zero():
    """A Poisson distribution, its mirror image, or a point mass."""
    k = np.array([0.0, 3.0, 100.0, 5000.0])
    got = over(skellam.skellam_log_mass, k, 4.0, 0.0, 0.0)
    np.testing.assert_allclose(got, k * np.log(4.0) - 4.0 - np.array([log_factorial(v) for v in k]), rtol=1e-14)
    np.testing.assert_array_equal(over(skellam.skellam_log_mass, -k, 0.0, 4.0, 0.0), got)
    np.testing.assert_array_equal(over(skellam.skellam_log_mass, -k[1:], 4.0, 0.0, 0.0), -INF)
    np.testing.assert_array_equal(
        over(skellam.skellam_log_mass, [-100.0, -1, 0, 1, 100], 0.0, 0.0, 0.0)[[0, 1, 3, 4]], -INF
    )
    assert over(skellam.skellam_log_mass, 0.0, 0.0, 0.0, 0.0) == 0.0
    np.testing.assert_array_equal(log_tail(k[1:], 0.0, 4.0), -INF)
    np.testing.assert_allclose(log_tail(-2.0, 0.0, 4.0), np.log(13.0) - 4.0, rtol=1e-14)


def log_factorial(k):
    return np.sum(np.log(np.arange(1.0, k + 1)))


def test_far_counts():
    """Nothing is NaN up to the largest count."""
    k = np.array([1e15, 1e200, 1.7e308])
    for a, b in ((4.0, 1.5), (1e-300, 1e15), (0.0, 1.0), (0.0, 0.0), (1e15, 0.0)):
        for sign in (1, -1):
            got = over(skellam.skellam_log_mass, sign * k, a, b, over(skellam.skellam_root, a, b))
            assert np.all(got < 0)
        assert np.all(log_tail(k[1:], a, b) < 0)


@pytest.mark.parametrize("name", ["skellam_log_mass", "skellam_log_mass_far"])
def test_cpython_is_the_same_formula(name):
    rows = np.flatnonzero((np.hypot(K, ROOT) >= skellam.EXPANDED) & (np.abs(LOG_MASS) < 1e3))[::10]
    got = [getattr(skellam, name)(*(v[i].item() for v in (K, A, B, ROOT))) for i in rows]
    np.testing.assert_allclose(got, LOG_MASS[rows], rtol=1e-13)


def test_cpython_tail():
    rows = np.flatnonzero((A > 1e-10) & (B > 1e-10))[::25]
    got = [skellam.skellam_tail(*(v[i].item() for v in (K, A, B, ROOT))) for i in rows]
    np.testing.assert_allclose([scale + np.log(value) for scale, value in got], LOG_TAIL[rows], rtol=1e-13, atol=1e-13)


LARGE_RATES = (1e16, 1e16), (1e17, 2e15), (1e20, 3e19), (1e22, 1e3), (1e25, 1e24), (3e30, 1e30)


@pytest.mark.parametrize(("a", "b"), LARGE_RATES)
def test_large_rates(a, b):
    """Against the saddle point in more digits, and a normal distribution that leans."""
    d, spread = fd.Skellam(a, b), np.sqrt(a + b)
    for z in (-5.0, -1.0, 0.0, 0.5, 3.0):
        k = np.floor((a - b) + z * spread)
        with mp.workdps(90):
            count, p, q = int(k), mp.mpf(a), mp.mpf(b)
            n = mp.sqrt(mp.mpf(count) ** 2 + 4 * p * q)
            large, small = (n + abs(count)) / 2, 2 * p * q / (n + abs(count))
            first, second = (large, small) if count >= 0 else (small, large)
            exponent = first * mp.log(first / p) - first + p + second * mp.log(second / q) - second + q
            log_mass = -exponent - mp.log(2 * mp.pi * n) / 2 + 1 / (8 * n) - 5 * mp.mpf(count) ** 2 / (24 * n**3)
            place = (count - (p - q) + mp.mpf(1) / 2) / mp.sqrt(p + q)
            lean = (p - q) / (p + q) ** 1.5 / 6 * (place**2 - 1) * mp.npdf(place)
            below, above = mp.ncdf(place) - lean, mp.ncdf(-place) + lean
        assert d.log_prob(k) == pytest.approx(float(log_mass), rel=4e-16)
        assert d.cdf(k) == pytest.approx(float(below), rel=5e-15)
        assert d.sf(k) == pytest.approx(float(above), rel=5e-15)


def test_large_counts_of_small_rates():
    """A count whose tilted means are far from the rates, and rates of 0."""
    far = -1e17 * (np.log(1e17) - 1.0)
    assert fd.Skellam(1.0, 1.0).log_prob(1e17) == pytest.approx(far, rel=1e-15)
    assert fd.Skellam(1.0, 1.0).log_sf(1e17) == pytest.approx(far, rel=1e-15)
    alone, poisson = fd.Skellam(1e17, 0.0), fd.Poisson(1e17)
    assert alone.log_prob(1e17) == pytest.approx(poisson.log_prob(1e17), rel=1e-15)
    assert fd.Skellam(0.0, 1e17).log_prob(-1e17) == pytest.approx(poisson.log_prob(1e17), rel=1e-15)
