"""x - 1 - log(x) in all its ranges."""

import mpmath as mp
import numpy as np
from compiled import over
from mpmath import mpf

from fastdist.special import bessel_divergence, distance, excess


def ratios():
    """Pairs that are close, of one magnitude, and of any, subnormal numbers among them."""
    random = np.random.default_rng(0)
    y = 10.0 ** random.uniform(-150, 150, 900)
    near = y[:300] * (1 + random.choice([-1, 1], 300) * 10 ** random.uniform(-12, 0, 300) * 0.999)
    apart = y[300:600] * np.exp(random.uniform(-2, 2, 300))
    y[750:] = 10.0 ** random.uniform(-323, 308, 150)
    return np.concatenate(
        [near, apart, 10.0 ** random.uniform(-150, 150, 150), 10.0 ** random.uniform(-323, 308, 150)]
    ), y


def excess_of(x, y):
    with mp.workdps(60):
        ratio = mpf(x) / mpf(y)
        return ratio - 1 - mp.log(ratio)


def test_ratio_excess():
    x, y = ratios()
    for v, w, got in zip(x, y, over(excess.ratio_excess, x, y), strict=True):
        want = excess_of(v, w)
        assert abs(got - want) <= 8e-16 * want if want < 1.7e308 else got == np.inf


def test_moderate_ratio_excess():
    x, y = ratios()
    with np.errstate(over="ignore"):
        moderate = (x / y > 2.0**-1000) & (x / y < 2.0**1000) & (1 / y < np.inf)
    found = over(excess.moderate_ratio_excess, x, y)
    np.testing.assert_array_equal(np.isnan(found), ~moderate)
    for v, w, got in zip(x[moderate], y[moderate], found[moderate], strict=True):
        want = excess_of(v, w)
        assert abs(got - want) <= 8e-16 * want


def test_moderate_ratio_excesses():
    """Two at once: each is NaN where it would be alone, and both where the product of the divisors is extreme."""
    x, y = ratios()
    v, w = np.roll(x, 7), np.roll(y, 7)
    with np.errstate(over="ignore", under="ignore"):
        known = (y * w > 1e-300) & (y * w < 1e300)
        moderate = [known & (p / q > 2.0**-1000) & (p / q < 2.0**1000) & (1 / q < np.inf) for p, q in ((x, y), (v, w))]
    for found, p, q, there in zip(
        over(excess.moderate_ratio_excesses, x, y, v, w, outputs=2), (x, v), (y, w), moderate, strict=True
    ):
        np.testing.assert_array_equal(np.isnan(found), ~there)
        for got, one, other in zip(found[there], p[there], q[there], strict=True):
            want = excess_of(one, other)
            assert abs(got - want) <= 1.2e-15 * want


def test_ratio_excess_at_the_edges():
    tiny, huge = 5e-324, 1.7e308
    x, y = (
        np.array([3.0, 3e-250, 5e200, tiny, tiny, 1e-310, huge]),
        np.array([3.0, 5e200, 3e-250, tiny, huge, 2.0, tiny]),
    )
    got = over(excess.ratio_excess, x, y)
    assert got[0] == got[3] == 0 and got[2] == got[6] == np.inf
    for i in (1, 4, 5):
        assert abs(got[i] / float(excess_of(x[i], y[i])) - 1) < 1e-15


def test_log_i0_divergence():
    random = np.random.default_rng(1)
    a = 10 ** random.uniform(-8, 3, 90)
    x = np.concatenate([a[:30] * (1 + 1e-5 * random.standard_normal(30)), 10 ** random.uniform(-8, 3, 60)])
    values, slopes = over(bessel_divergence.log_i0_divergence, x, a, outputs=2)
    with mp.workdps(60):
        for v, w, got, slope in zip(map(mpf, x), map(mpf, a), values, slopes, strict=True):
            first, second = (mp.besseli(1, u) / mp.besseli(0, u) for u in (v, w))
            want = mp.log(mp.besseli(0, v) / mp.besseli(0, w)) - (v - w) * second
            assert abs(got - want) <= 1e-14 * want
            assert abs(slope - (first - second)) <= 2e-15 * abs(first - second)


def test_mean_distances():
    y = np.array([-30.0, -2.0, 1e-9, 0.5, 0.75, 3.0, 40.0, 1e5])
    gumbel = over(distance.gumbel_distance, y[1:], outputs=3)
    normal = over(distance.normal_distance, y, outputs=3)
    gammas = over(distance.gamma_distance, np.full(len(y), 2.5), y, outputs=4)
    with mp.workdps(40):
        for i, v in enumerate(map(mpf, y[1:])):
            want = mp.euler - v + 2 * mp.e1(mp.exp(-v))
            assert abs(gumbel[0][i] - want) <= 1e-15 * want
        for i, v in enumerate(map(mpf, y)):
            want = mp.exp(-v * v / 2) - 1 + mp.sqrt(mp.pi / 2) * v * mp.erf(v / mp.sqrt(2))
            assert abs(normal[0][i] - want) <= 1e-15 * abs(want)
            below, short = (mp.gammainc(k, 0, max(v, 0), regularized=True) for k in (mpf(5) / 2, mpf(7) / 2))
            want = v * (2 * below - 1) + mpf(5) / 2 * (1 - 2 * short)
            assert abs(gammas[0][i] - want) <= 2e-15 * want
