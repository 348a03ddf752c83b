"""The von Mises distribution: integrals of exp(kappa cos(x)) by Gauss-Legendre rules of many points."""

import functools

import mpmath as mp
from mpmath import mpf
from scipy import stats

from exact.tools import Grid, Point, tails_of

COUNT = 160
REACH = 180  # exp(-180) is beyond the digits that are kept


@functools.cache
def rule():
    """Nodes and weights on [0, 1]."""
    pairs = []
    for i in range(COUNT):
        x = -mp.cos(mp.pi * (i + mpf("0.75")) / (COUNT + mpf("0.5")))
        for _ in range(8):
            low, high = mpf(1), x
            for k in range(2, COUNT + 1):
                low, high = high, ((2 * k - 1) * x * high - (k - 1) * low) / k
            slope = COUNT * (x * high - low) / (x * x - 1)
            x -= high / slope
        pairs.append(((x + 1) / 2, 1 / ((1 - x * x) * slope**2)))
    return pairs


@functools.cache
def bessel(kappa):
    """log(2 pi I0) and I1/I0."""
    zero = mp.besseli(0, kappa)
    return mp.log(2 * mp.pi * zero), mp.besseli(1, kappa) / zero


def integrals(start, end, y, kappa, ratio):
    """Over the density at y: the probability from `start` to `end`, and its derivative in kappa."""
    tail = slope = mpf(0)
    for node, weight in rule():
        cosine = mp.cos(start + (end - start) * node)
        term = weight * (end - start) * mp.exp(kappa * (cosine - mp.cos(y)))
        tail += term
        slope += term * (cosine - ratio)
    return tail, slope


def von_mises(x, loc, kappa):
    y = x - loc
    log_norm, ratio = bessel(kappa)
    log_prob = kappa * mp.cos(y) - log_norm
    lowest = mp.cos(y) - REACH / kappa
    end = mp.acos(lowest) if lowest > -1 else mp.pi
    tail, slope = integrals(abs(y), end, y, kappa, ratio)
    if mp.cos(y) > ratio:  # beyond y the integrand of the slope changes sign; back to the mode it does not
        slope = -integrals(mpf(0), abs(y), y, kappa, ratio)[1]
    density = mp.exp(log_prob)
    slope *= density * (1 if y < 0 else -1)
    log_cdf, log_sf = tails_of(log_prob + mp.log(tail), y < 0)
    pull = kappa * mp.sin(y)
    return Point(log_prob, (-pull, pull, mp.cos(y) - ratio), log_cdf, log_sf, (density, -density, slope))


def von_mises_moments(loc, kappa):
    log_norm, ratio = bessel(kappa)
    lowest = 1 - REACH / kappa
    end = mp.acos(lowest) if lowest > -1 else mp.pi
    square = fourth = mpf(0)
    for node, weight in rule():
        y = end * node
        term = 2 * end * weight * mp.exp(kappa * mp.cos(y) - log_norm)
        square += term * y**2
        fourth += term * y**4
    return loc, square, mpf(0), fourth / square**2 - 3, log_norm - kappa * ratio


GRIDS = {
    "VonMises": Grid(
        von_mises,
        von_mises_moments,
        [(0.0, kappa) for kappa in (1e-3, 0.3, 1.0, 2.5, 8.0, 30.0, 1e2, 1e3, 1e5, 1e8)]
        + [(0.75, 1.5), (-3.5, 12.0), (1e3, 1e-3), (1e8, 50.0)],
        lower=lambda loc, kappa: loc - mp.pi,
        upper=lambda loc, kappa: loc + mp.pi,
        guess=lambda loc, kappa: stats.vonmises(kappa, loc),
    ),
}
