"""The discrete uniform distribution."""

import mpmath as mp
from mpmath import mpf

from exact.tools import Grid, Point


def discrete_uniform(k, low, high):
    count = high - low + 1
    cdf, sf = max(k - low + 1, mpf(0)) / count, min(high - k, count) / count  # searches come from below the support
    slopes = (-sf / count, -cdf / count) if sf else (sf, sf)  # from the last on the cdf is 1
    return Point(-mp.log(count), (1 / count, -1 / count), mp.log(cdf), mp.log(sf), slopes)


def discrete_uniform_moments(low, high):
    count = high - low + 1
    square = count**2
    kurtosis = -mpf(6) / 5 * (square + 1) / (square - 1)
    return (low + high) / 2, (square - 1) / 12, mpf(0), kurtosis, mp.log(count)


GRIDS = {
    "DiscreteUniform": Grid(
        discrete_uniform,
        discrete_uniform_moments,
        [(0.0, 9.0), (1.0, 6.0), (3.0, 4.0), (0.0, 96.0), (17.0, 1e6), (0.0, 2.0**32 - 1), (1e8, 1e12), (0.0, 2.0**53)],
        lower=lambda low, high: low,
        upper=lambda low, high: high,
        discrete=True,
    ),
}
