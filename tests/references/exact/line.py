"""Distributions on the whole line."""

import mpmath as mp
from mpmath import mpf
from scipy import stats

from exact.tools import INF, NAN, Grid, Point, beta_tails, complement, gamma_fraction


def normal_tail(z):
    """The log of the upper tail at z >= 0."""
    y = z * z / 2
    if y < 10:
        return mp.log(mp.erfc(mp.sqrt(y)) / 2)
    return mp.log(y / mp.pi) / 2 - y + mp.log(gamma_fraction(mpf(1) / 2, y) / 2)


def normal(x, loc, scale):
    z = (x - loc) / scale
    log_prob = -z * z / 2 - mp.log(scale) - mp.log(2 * mp.pi) / 2
    density = mp.exp(log_prob)
    grad = (-z / scale, z / scale, (z * z - 1) / scale)
    tail = normal_tail(abs(z))
    log_cdf, log_sf = (tail, complement(tail)) if z < 0 else (complement(tail), tail)
    return Point(log_prob, grad, log_cdf, log_sf, (density, -density, -z * density))


def student_t(x, df, loc, scale):
    nu, half = df, mpf(1) / 2
    z = (x - loc) / scale
    w = z * z / nu
    log_prob = mp.loggamma((nu + 1) / 2) - mp.loggamma(nu / 2) - mp.log(nu * mp.pi) / 2 - mp.log(scale)
    log_prob -= (nu + 1) / 2 * mp.log1p(w)
    density = mp.exp(log_prob)
    pull = (nu + 1) * z / (nu + z * z)
    in_df = (mp.digamma((nu + 1) / 2) - mp.digamma(nu / 2) - 1 / nu - mp.log1p(w) + pull * z / nu) / 2
    grad = (-pull / scale, in_df, pull / scale, (z * pull - 1) / scale)
    if z == 0:
        log_half = mp.log(half)
        return Point(log_prob, grad, log_half, log_half, (density, mpf(0), -density, mpf(0)))
    log_upper, _, in_a, _ = beta_tails(nu / 2, half, 1 / (1 + w), w / (1 + w))
    # The tail is half of I at 1 / (1 + w), which depends on df through both of its arguments.
    slope = in_a / 4 + abs(z) * density * scale / (2 * nu)
    tail = log_upper + mp.log(half)
    log_cdf, log_sf = (tail, complement(tail)) if z < 0 else (complement(tail), tail)
    slope = slope if z < 0 else -slope
    return Point(log_prob, grad, log_cdf, log_sf, (density, slope, -density, -z * density))


def normal_moments(loc, scale):
    return loc, scale**2, mpf(0), mpf(0), mp.log(2 * mp.pi * mp.e) / 2 + mp.log(scale)


def student_t_moments(nu, loc, scale):
    variance = scale**2 * nu / (nu - 2) if nu > 2 else (INF if nu > 1 else NAN)
    kurtosis = 6 / (nu - 4) if nu > 4 else (INF if nu > 2 else NAN)
    half = (nu + 1) / 2
    entropy = half * (mp.digamma(half) - mp.digamma(nu / 2)) + mp.log(nu) / 2 + mp.log(scale)
    entropy += mp.loggamma(nu / 2) + mp.log(mp.pi) / 2 - mp.loggamma(half)
    return (loc if nu > 1 else NAN), variance, (mpf(0) if nu > 3 else NAN), kurtosis, entropy


FREEDOMS = (1e-3, 0.1, 0.5, 1.0, 2.5, 4.5, 30.0, 1e3, 1e5, 1e8)
GRIDS = {
    "Normal": Grid(normal, normal_moments, [(0.0, 1.0), (1e8, 1e-3), (-3.5, 2.5), (1e-3, 1e8), (0.25, 1e-3)]),
    "StudentT": Grid(
        student_t,
        student_t_moments,
        [(df, 0.0, 1.0) for df in FREEDOMS] + [(5.0, 1.0, 2.0), (2.5, 1e8, 1e-3), (30.0, -3.5, 1e8)],
        guess=stats.t,
    ),
}
