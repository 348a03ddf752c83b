"""Distributions on an interval."""

import mpmath as mp
from mpmath import mpf
from scipy import stats

from exact.tools import Grid, Point, beta_tails


def uniform(x, low, high):
    width = high - low
    p, q = (x - low) / width, (high - x) / width
    grad = (mpf(0), 1 / width, -1 / width)
    log_cdf, log_sf = (mp.log(p), mp.log1p(-p)) if p < q else (mp.log1p(-q), mp.log(q))
    return Point(-mp.log(width), grad, log_cdf, log_sf, (1 / width, -q / width, -p / width))


def beta(x, concentration1, concentration0):
    a, b, y = concentration1, concentration0, 1 - x
    log_x, log_y = mp.log(x), mp.log1p(-x)
    log_prob = (a - 1) * log_x + (b - 1) * log_y - mp.loggamma(a) - mp.loggamma(b) + mp.loggamma(a + b)
    whole = mp.digamma(a + b)
    grad = ((a - 1) / x - (b - 1) / y, log_x - mp.digamma(a) + whole, log_y - mp.digamma(b) + whole)
    log_cdf, log_sf, slope1, slope0 = beta_tails(a, b, x, y)
    return Point(log_prob, grad, log_cdf, log_sf, (mp.exp(log_prob), slope1, slope0))


def uniform_moments(low, high):
    return (low + high) / 2, (high - low) ** 2 / 12, mpf(0), mpf(-6) / 5, mp.log(high - low)


def beta_moments(a, b):
    n = a + b
    skewness = 2 * (b - a) * mp.sqrt(n + 1) / ((n + 2) * mp.sqrt(a * b))
    kurtosis = 6 * ((a - b) ** 2 * (n + 1) - a * b * (n + 2)) / (a * b * (n + 2) * (n + 3))
    entropy = mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(n)
    entropy += (n - 2) * mp.digamma(n) - (a - 1) * mp.digamma(a) - (b - 1) * mp.digamma(b)
    return a / n, a * b / (n**2 * (n + 1)), skewness, kurtosis, entropy


BETAS = [(1e-3, 1e-3), (1e-3, 1e8), (1e8, 1e-3), (0.5, 0.5), (1.0, 1.0), (2.0, 3.0), (1.0, 3.0), (0.1, 30.0)]
BETAS += [(16.5, 17.5), (20.0, 3.0), (1e3, 2.5), (1e3, 1e3), (1e5, 10.0), (1e5, 1e5), (1e8, 2.5), (1e8, 1e8)]
GRIDS = {
    "Uniform": Grid(
        uniform,
        uniform_moments,
        [(0.0, 1.0), (-1.0, 3.0), (1e8, 1e8 + 7), (1e-3, 1e8)],
        lower=lambda low, high: low,
        upper=lambda low, high: high,
        quantile=lambda p, upper, low, high: high - (high - low) * p if upper else low + (high - low) * p,
    ),
    "Beta": Grid(
        beta,
        beta_moments,
        BETAS,
        0.0,
        1.0,
        guess=stats.beta,
    ),
}
