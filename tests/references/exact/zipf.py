"""The Zipf distribution, by the zeta functions of mpmath."""

import mpmath as mp
from mpmath import mpf

from exact.tools import INF, NAN, Grid, Point, complement


def hurwitz(s, q, order=0):
    """A derivative of the zeta function; mpmath's has digits by its own size, not by the result's."""
    with mp.workdps(100 + 3 * int(s)):
        return mp.zeta(s, q, order)


def zipf(k, power):
    whole, above = hurwitz(power, 1), hurwitz(power, k + 1)
    mean_log, above_mean = (-hurwitz(power, a, 1) / value for a, value in ((1, whole), (k + 1, above)))
    log_sf = mp.log(above / whole)
    return Point(
        -power * mp.log(k) - mp.log(whole),
        (mean_log - mp.log(k),),
        complement(log_sf),
        log_sf,
        (above / whole * (above_mean - mean_log),),
    )


@mp.workdps(1000)
def zipf_moments(power):
    whole = mp.zeta(power)
    entropy = mp.log(whole) - power * mp.zeta(power, 1, 1) / whole
    raw = [mp.zeta(power - n) / whole if power > n + 1 else INF for n in range(1, 5)]
    mean, second, third, fourth = raw
    if power <= 3:
        return mean, INF, NAN, NAN, entropy
    variance = second - mean**2
    skewness = (third - 3 * mean * second + 2 * mean**3) / variance ** mpf("1.5") if power > 4 else INF
    if power <= 5:
        return mean, variance, skewness, INF, entropy
    kurtosis = (fourth - 4 * mean * third + 6 * mean**2 * second - 3 * mean**4) / variance**2 - 3
    return mean, variance, skewness, kurtosis, entropy


GRIDS = {
    "Zipf": Grid(
        zipf,
        zipf_moments,
        [(power,) for power in (1.25, 1.5, 2.0, 2.5, 3.25, 4.5, 5.125, 8.25, 15.0, 40.0, 150.0)],
        1.0,
        discrete=True,
        scale=lambda power: (mpf(1), mpf(10)),
    ),
}
