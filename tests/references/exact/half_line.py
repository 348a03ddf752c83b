"""Distributions on half of the line."""

import mpmath as mp
import numpy as np
from mpmath import mpf
from scipy import stats

from exact.line import normal
from exact.tools import Grid, Point, differentiated, gamma_tails


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


def log_normal(x, loc, scale):
    return normal(mp.log(x), loc, scale).log_prob - mp.log(x)


def log_normal_tails(x, loc, scale):
    point = normal(mp.log(x), loc, scale)
    return point.log_cdf, point.log_sf


@mp.workdps(120)
def log_normal_moments(loc, scale):
    w = mp.exp(scale**2)
    kurtosis = w**4 + 2 * w**3 + 3 * w**2 - 6
    entropy = loc + mp.log(2 * mp.pi * mp.e) / 2 + mp.log(scale)
    mean = mp.exp(loc + scale**2 / 2)
    return mean, (w - 1) * mean**2, (w + 2) * mp.sqrt(w - 1), kurtosis, entropy


SHAPES = (1e-3, 0.1, 0.5, 1.0, 2.5, 15.9, 16.5, 30.0, 1e3, 1e5, 1e8)
GRIDS = {
    "LogNormal": Grid(
        differentiated(log_normal, log_normal_tails),
        log_normal_moments,
        [(0.0, 1.0), (-3.5, 2.5), (300.0, 1e-3), (1e-3, 20.0), (0.25, 1e-3), (0.0, 1e8)],
        0.0,
        scale=lambda loc, scale: (mp.exp(loc), mp.exp(loc) * min(scale, 1)),
        guess=lambda loc, scale: stats.lognorm(scale, scale=np.exp(loc)),
    ),
    "Exponential": Grid(exponential, exponential_moments, [(1e-3,), (1.0,), (2.5,), (1e8,)], 0.0),
    "Gamma": Grid(
        gamma,
        gamma_moments,
        [*((a, 1.0) for a in SHAPES), (1e-3, 1e8), (2.5, 1e-3), (1e8, 1e8), (30.0, 1e-3)],
        0.0,
        guess=lambda a, rate: stats.gamma(a, scale=1 / rate),
    ),
}
