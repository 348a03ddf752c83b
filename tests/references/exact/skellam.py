"""The difference of two Poisson counts.

Small rates: Bessel functions, and sums of them. Large ones: Cauchy's integral of the generating function by the
trapezoidal rule, on the circle through the saddle point for the mass, two standard deviations farther out for the
upper tail, which is as far from the pole at 1.
"""

import mpmath as mp
import numpy as np
from mpmath import mpf
from scipy import stats

from exact.tools import Grid, Point, tails_of

SUMMED = 300
DIGITS = mpf(10) ** -50


def _integral(k, a, b, s, step, last):
    """The log of the integral over z = exp(s + i t) of the generating function times exp(-k s - i k t) times `last`."""
    a, b = a * mp.exp(s), b * mp.exp(-s)
    step /= mp.sqrt(a + b)
    total, j = mpf(0), 0
    while True:
        z = mp.expj(j * step)
        term = mp.exp(a * (z - 1) + b * (1 / z - 1) - mp.mpc(0, k * j * step)) * last(z)
        total += term.real * (2 if j else 1)
        if abs(term) < DIGITS * abs(total):
            return mp.log(total * step / (2 * mp.pi))
        j += 1


def _saddle(k, a, b):
    """The s of the saddle point, and sqrt(k*k + 4 a b)."""
    n = mp.sqrt(k * k + 4 * a * b)
    return mp.log((n + k) / (2 * a)) if k > 0 else mp.log(2 * b / (n - k)), n


def mass(k, a, b):
    """The log mass."""
    k = mpf(k)
    s, n = _saddle(k, a, b)
    if n < SUMMED:
        return k * mp.log(a / b) / 2 - a - b + mp.log(mp.besseli(abs(int(k)), 2 * mp.sqrt(a * b)))
    modulus = a * mp.expm1(s) + b * mp.expm1(-s) - k * s
    return modulus + _integral(k, a, b, s, mpf("0.38"), lambda z: 1)


def upper_tail(k, a, b):
    """The log of the probability of k or more, for k above the mean."""
    k = mpf(k)
    s, n = _saddle(k, a, b)
    if n < SUMMED:
        peak, total, j = mass(k, a, b), mpf(1), k
        while True:
            j += 1
            term = mp.exp(mass(j, a, b) - peak)
            total += term
            if term < DIGITS * total:
                return peak + mp.log(total)
    s += 2 / mp.sqrt(n)
    modulus = a * mp.expm1(s) + b * mp.expm1(-s) - k * s
    return modulus + _integral(k, a, b, s, mpf("0.1"), lambda z: 1 / (1 - mp.exp(-s) / z))


def skellam(k, a, b):
    log_prob, before, after = (mass(k + move, a, b) for move in (0, -1, 1))
    upper = k + mpf("0.5") > a - b
    small = upper_tail(k + 1, a, b) if upper else upper_tail(-k, b, a)
    grad = (mp.expm1(before - log_prob), mp.expm1(after - log_prob))
    return Point(log_prob, grad, *tails_of(small, not upper), (-mp.exp(log_prob), mp.exp(after)))


def moments(a, b):
    """The entropy is a sum, for a large variance over strides of a quarter of the standard deviation."""
    mean, variance = a - b, a + b
    spread = mp.sqrt(variance)
    stride = int(spread / 4) if spread > 16 else 1
    total = mpf(0)
    for sign in (1, -1):
        k = mp.floor(mean) if sign > 0 else mp.floor(mean) - stride
        while True:
            log_prob = mass(k, a, b)
            total -= log_prob * mp.exp(log_prob)
            if log_prob < -110 and abs(k - mean) > spread:
                break
            k += sign * stride
    return mean, variance, mean / variance ** mpf("1.5"), 1 / variance, stride * total


GRIDS = {
    "Skellam": Grid(
        skellam,
        moments,
        [
            (1e-3, 1e-3),
            (1e-3, 4.0),
            (0.5, 2.0),
            (10.5, 10.5),
            (30.0, 20.0),
            (70.25, 3.0),
            (1e3, 1e3),
            (40.0, 1e5),
            (1e8, 1e8),
            (1e12, 1e10),
        ],
        discrete=True,
        guess=lambda a, b: stats.norm(a - b, np.sqrt(a + b)),
    ),
}
