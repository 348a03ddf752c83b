"""The Kumaraswamy distribution: its cdf is closed, its moments are beta functions."""

import mpmath as mp
from mpmath import mpf

from exact.tools import Grid, Point, complement


def kumaraswamy(x, a, b):
    """Gradients by the chain rule through x**a and its complement."""
    log_x = mp.log(x)
    power = mp.exp(a * log_x)
    log_rest = complement(a * log_x)
    odds = power / mp.exp(log_rest)
    log_prob = mp.log(a) + mp.log(b) + (a - 1) * log_x + (b - 1) * log_rest
    grad = ((a - 1 - (b - 1) * a * odds) / x, 1 / a + log_x - (b - 1) * log_x * odds, 1 / b + log_rest)
    log_sf = b * log_rest
    density, sf = mp.exp(log_prob), mp.exp(log_sf)
    return Point(log_prob, grad, complement(log_sf), log_sf, (density, density * x * log_x / a, -sf * log_rest))


def quantile(level, upper, a, b):
    log_sf = mp.log(level) if upper else mp.log1p(-level)
    return mp.exp(complement(log_sf / b) / a)


@mp.workdps(160)
def kumaraswamy_moments(a, b):
    """Central moments from the raw ones, in digits enough for all that cancel."""
    raw = [b * mp.exp(mp.loggamma(1 + n / a) + mp.loggamma(b) - mp.loggamma(1 + n / a + b)) for n in range(5)]
    mean, second = raw[1], raw[2] - raw[1] ** 2
    third = raw[3] - 3 * mean * raw[2] + 2 * mean**3
    fourth = raw[4] - 4 * mean * raw[3] + 6 * mean**2 * raw[2] - 3 * mean**4
    harmonic = mp.digamma(b + 1) + mp.euler
    entropy = (1 - 1 / b) + (1 - 1 / a) * harmonic - mp.log(a * b)
    return mean, second, third / second ** mpf("1.5"), fourth / second**2 - 3, entropy


SHAPES = [
    (1e-3, 1e-3),
    (0.1, 0.2),
    (0.5, 0.5),
    (1.0, 1.0),
    (2.0, 3.0),
    (3.0, 5.0),
    (0.5, 20.0),
    (0.1, 30.0),
    (20.0, 0.3),
]
SHAPES += [(1e-3, 2.0), (1.0, 1e8), (1e3, 2.5), (1e3, 1e3), (2.5, 1e5), (1e8, 1e-3), (1e8, 2.5), (1e8, 1e8)]
GRIDS = {
    "Kumaraswamy": Grid(kumaraswamy, kumaraswamy_moments, SHAPES, 0.0, 1.0, quantile=quantile),
}
