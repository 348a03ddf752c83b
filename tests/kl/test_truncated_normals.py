"""Slopes of divergences between truncated normal distributions that are close to each other, against mpmath."""

import mpmath as mp
import pytest
from mpmath import mpf

import fastdist as fd

# loc, scale, the ends, and loc and scale of the other one.
CASES = [
    (0.0, 1.0, -1.0, 2.0, 1e-8, 1.0),
    (0.0, 1.0, -1.0, 2.0, 1e-8, 1.0 + 1e-9),
    (3.0, 1.0, 1.0, 2.0, 3.000001, 1.0),
    (0.0, 1.0, 5.0, 9.0, 1e-6, 1.0 + 1e-7),
    (0.3, 1.0, 1.0, 2.0, 0.4, 1.001),
    (-0.5, 0.7, -2.0, 0.5, -0.48, 0.72),
]


def mean(f, loc, scale, low, high):
    nearest = min(max(loc, low), high)

    def weight(x):
        return mp.exp(-(((x - loc) / scale) ** 2 - ((nearest - loc) / scale) ** 2) / 2)

    parts = mp.linspace(low, high, 9)
    return mp.quad(lambda x: weight(x) * f(x), parts) / mp.quad(weight, parts)


@pytest.mark.parametrize("case", CASES)
def test_slopes_of_close_pairs(case):
    loc, scale, low, high, other_loc, other_scale = case
    p, q = fd.TruncatedNormal(loc, scale, low, high), fd.TruncatedNormal(other_loc, other_scale, low, high)
    _, _, found = fd.kl_divergence_and_grad(p, q)
    with mp.workdps(50):
        m, s, low, high, n, t = map(mpf, case)
        for name, score in (("loc", lambda x: (x - n) / t**2), ("scale", lambda x: (x - n) ** 2 / t**3)):
            want = mean(score, n, t, low, high) - mean(score, m, s, low, high)
            assert found[name] == pytest.approx(float(want), rel=2e-14, abs=0.0)
