"""Distributions on an interval."""

import mpmath as mp
from mpmath import mpf
from scipy import stats

from exact.tools import Grid, Point, beta_tails, differentiated


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


def triangular(x, low, high, peak):
    side = (x - low) / (peak - low) if x < peak else (high - x) / (high - peak)
    return mp.log(2 * side / (high - low))


def triangular_tails(x, low, high, peak):
    width = high - low
    if x < peak:
        lower = (x - low) ** 2 / (width * (peak - low))
        return mp.log(lower), mp.log1p(-lower)
    upper = (high - x) ** 2 / (width * (high - peak))
    return mp.log1p(-upper), mp.log(upper)


def triangular_quantile(p, upper, low, high, peak):
    if upper:
        return -triangular_quantile(p, False, -high, -low, -peak)
    width = high - low
    if p < (peak - low) / width:
        return low + mp.sqrt(p * width * (peak - low))
    return high - mp.sqrt((1 - p) * width * (high - peak))


def triangular_moments(low, high, peak):
    a, b = peak - low, high - peak
    square = a * a + a * b + b * b
    skewness = mp.sqrt(2) * (b - a) * (2 * a + b) * (a + 2 * b) / (5 * square ** mpf("1.5"))
    return (low + high + peak) / 3, square / 18, skewness, mpf("-0.6"), mp.log((high - low) / 2) + mpf("0.5")


BETAS = [(1e-3, 1e-3), (1e-3, 1e8), (1e8, 1e-3), (0.5, 0.5), (1.0, 1.0), (2.0, 3.0), (1.0, 3.0), (0.1, 30.0)]
BETAS += [(16.5, 17.5), (20.0, 3.0), (1e3, 2.5), (1e3, 1e3), (1e5, 10.0), (1e5, 1e5), (1e8, 2.5), (1e8, 1e8)]
GRIDS = {
    "Triangular": Grid(
        differentiated(triangular, triangular_tails),
        triangular_moments,
        [(0.0, 1.0, 0.5), (-1.0, 3.0, 2.5), (1e8, 1e8 + 8, 1e8 + 1), (0.0, 1e8, 1e-3), (-2.0, 1.0, -1.999)],
        lower=lambda low, high, peak: low,
        upper=lambda low, high, peak: high,
        quantile=triangular_quantile,
    ),
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
