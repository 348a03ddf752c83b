"""Distributions on half of the line."""

import mpmath as mp
from mpmath import mpf
from scipy import stats

from exact.tools import Grid, Point, gamma_tails


def exponential(x, rate):
    y = rate * x
    log_prob = mp.log(rate) - y
    tail = mp.exp(-y)
    return Point(log_prob, (-rate, 1 / rate - x), mp.log(-mp.expm1(-y)), -y, (rate * tail, x * tail))


def gamma(x, concentration, rate):
    a, y = concentration, rate * x
    log_prob = mp.log(rate) + (a - 1) * mp.log(y) - y - mp.loggamma(a)
    grad = ((a - 1) / x - rate, mp.log(y) - mp.digamma(a), (a - y) / rate)
    log_cdf, log_sf, slope = gamma_tails(a, y)
    density = mp.exp(log_prob)
    return Point(log_prob, grad, log_cdf, log_sf, (density, slope, density * x / rate))


def exponential_moments(rate):
    return 1 / rate, 1 / rate**2, mpf(2), mpf(6), 1 - mp.log(rate)


def gamma_moments(a, rate):
    entropy = a - mp.log(rate) + mp.loggamma(a) + (1 - a) * mp.digamma(a)
    return a / rate, a / rate**2, 2 / mp.sqrt(a), 6 / a, entropy


SHAPES = (1e-3, 0.1, 0.5, 1.0, 2.5, 15.9, 16.5, 30.0, 1e3, 1e5, 1e8)
GRIDS = {
    "Exponential": Grid(exponential, exponential_moments, [(1e-3,), (1.0,), (2.5,), (1e8,)], 0.0),
    "Gamma": Grid(
        gamma,
        gamma_moments,
        [*((a, 1.0) for a in SHAPES), (1e-3, 1e8), (2.5, 1e-3), (1e8, 1e8), (30.0, 1e-3)],
        0.0,
        guess=lambda a, rate: stats.gamma(a, scale=1 / rate),
    ),
}
