"""Families of powers and of extreme values."""

import mpmath as mp
from mpmath import mpf

from exact.location_scale import LOWEST, gumbel, gumbel_quantile, gumbel_tails
from exact.tools import INF, NAN, Grid, complement, differentiated

SHAPES = (-1e8, -2.0, -1.0, -0.5, -1e-3, -1e-12, 0.0, 1e-12, 1e-3, 0.1, 0.3, 0.45, 0.9, 2.5, 1e3, 1e8)


def pareto(x, scale, alpha):
    return mp.log(alpha) + alpha * mp.log(scale) - (alpha + 1) * mp.log(x)


def pareto_tails(x, scale, alpha):
    log_sf = alpha * (mp.log(scale) - mp.log(x))
    return complement(log_sf), log_sf


def pareto_quantile(p, upper, scale, alpha):
    return scale * mp.exp(-(mp.log(p) if upper else mp.log1p(-p)) / alpha)


def _from_raw(raw):
    """Mean, variance, skewness and excess kurtosis of raw moments, infinite ones included."""
    m1, m2, m3, m4 = raw
    variance = m2 - m1**2 if mp.isfinite(m2) else INF
    if not mp.isfinite(m2):
        return m1, variance, NAN, NAN
    skewness = (m3 - 3 * m1 * m2 + 2 * m1**3) / variance ** mpf("1.5") if mp.isfinite(m3) else INF
    kurtosis = (m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4) / variance**2 - 3 if mp.isfinite(m4) else INF
    return m1, variance, skewness, kurtosis


@mp.workdps(150)
def pareto_moments(scale, alpha):
    raw = [alpha / (alpha - n) if alpha > n else INF for n in range(1, 5)]
    mean, variance, skewness, kurtosis = _from_raw(raw)
    return scale * mean, scale**2 * variance, skewness, kurtosis, mp.log(scale / alpha) + 1 + 1 / alpha


def weibull(x, scale, k):
    far = mp.log(x) - mp.log(scale)
    return mp.log(k) - mp.log(scale) + (k - 1) * far - mp.exp(k * far)


def weibull_tails(x, scale, k):
    log_sf = -mp.exp(k * (mp.log(x) - mp.log(scale)))
    return complement(log_sf), log_sf


def weibull_quantile(p, upper, scale, k):
    return scale * mp.exp(mp.log(-(mp.log(p) if upper else mp.log1p(-p))) / k)


@mp.workdps(150)
def weibull_moments(scale, k):
    mean, variance, skewness, kurtosis = _from_raw([mp.gamma(1 + n / k) for n in range(1, 5)])
    entropy = mp.euler * (1 - 1 / k) + mp.log(scale / k) + 1
    return scale * mean, scale**2 * variance, skewness, kurtosis, entropy


def _straight(x, loc, scale, shape):
    z = (x - loc) / scale
    if abs(shape) < mpf(10) ** -15:  # with the slope in the shape at 0
        return z - shape * z * z / 2 + shape**2 * z**3 / 3
    return mp.log1p(shape * z) / shape


def _bent(y, loc, scale, shape):
    return loc + scale * (mp.expm1(shape * y) / shape if shape else y)


def generalized_pareto(x, loc, scale, shape):
    return -mp.log(scale) - (1 + shape) * _straight(x, loc, scale, shape)


def generalized_pareto_tails(x, loc, scale, shape):
    log_sf = -_straight(x, loc, scale, shape)
    return complement(log_sf), log_sf


def generalized_pareto_quantile(p, upper, loc, scale, shape):
    return _bent(-(mp.log(p) if upper else mp.log1p(-p)), loc, scale, shape)


@mp.workdps(150)
def generalized_pareto_moments(loc, scale, shape):
    raw, value = [], mpf(1)
    for n in range(1, 5):  # E[Z**n] = n! / prod(1 - i shape)
        value = value * n / (1 - n * shape) if n * shape < 1 else INF
        raw.append(value)
    mean, variance, skewness, kurtosis = _from_raw(raw)
    return loc + scale * mean, scale**2 * variance, skewness, kurtosis, mp.log(scale) + shape + 1


def generalized_extreme_value(x, loc, scale, shape):
    y = _straight(x, loc, scale, shape)
    return gumbel(y) - shape * y - mp.log(scale)


def generalized_extreme_value_tails(x, loc, scale, shape):
    return gumbel_tails(_straight(x, loc, scale, shape))


def generalized_extreme_value_quantile(p, upper, loc, scale, shape):
    return _bent(gumbel_quantile(p, upper), loc, scale, shape)


@mp.workdps(150)
def generalized_extreme_value_moments(loc, scale, shape):
    entropy = mp.log(scale) + mp.euler * (1 + shape) + 1
    if not shape:
        skewness = 12 * mp.sqrt(6) * mp.zeta(3) / mp.pi**3
        return loc + scale * mp.euler, scale**2 * mp.pi**2 / 6, skewness, mpf("2.4"), entropy
    if abs(shape) > 1e7:  # Gamma(1 + 1e8) is beyond any float
        low = shape < 0
        return (-INF, INF, -INF, INF, entropy) if low else (INF, INF, NAN, NAN, entropy)
    raw = [mp.gamma(1 - n * shape) if n * shape < 1 else INF for n in range(1, 5)]
    mean, variance, skewness, kurtosis = _from_raw(raw)
    mean = (mean - 1) / shape if mp.isfinite(mean) else INF
    return loc + scale * mean, scale**2 * variance / shape**2, mp.sign(shape) * skewness, kurtosis, entropy


def _inside(x, loc, scale, shape):
    """Whether a value is inside the exact ends, which float64 rounds, and the series in the shape holds there."""
    z = (x - loc) / scale
    return 1 + shape * z > 0 and (shape != 0 or abs(z) < mpf(10) ** 12)


def _upper(loc, scale, shape):
    return loc - scale / shape if shape < 0 else mp.inf


def _lower(loc, scale, shape):
    return loc - scale / shape if shape > 0 else -mp.inf


GRIDS = {
    "Pareto": Grid(
        differentiated(pareto, pareto_tails),
        pareto_moments,
        [(1.0, a) for a in (1e-3, 0.5, 1.0, 1.5, 2.5, 3.5, 10.0, 1e5, 1e8)] + [(1e-3, 3.0), (1e8, 1e3)],
        lower=lambda scale, alpha: scale,
        scale=lambda scale, alpha: (scale, scale / alpha),
        quantile=pareto_quantile,
    ),
    "Weibull": Grid(
        differentiated(weibull, weibull_tails),
        weibull_moments,
        [(1.0, k) for k in (1e-3, 0.1, 0.5, 1.0, 1.5, 3.6, 10.0, 1e3, 1e5, 1e8)] + [(1e-3, 3.0), (1e8, 0.25)],
        lower=0.0,
        scale=lambda scale, k: (scale, scale / k),
        quantile=weibull_quantile,
        within=lambda x, scale, k: k * mp.log(x / scale) < -LOWEST,
    ),
    "GeneralizedPareto": Grid(
        differentiated(generalized_pareto, generalized_pareto_tails),
        generalized_pareto_moments,
        [(0.0, 1.0, c) for c in SHAPES] + [(-3.5, 1e-3, 0.25), (1e3, 1e8, -0.25)],
        lower=lambda loc, scale, shape: loc,
        upper=_upper,
        scale=lambda loc, scale, shape: (loc, scale),
        quantile=generalized_pareto_quantile,
        within=_inside,
    ),
    "GeneralizedExtremeValue": Grid(
        differentiated(generalized_extreme_value, generalized_extreme_value_tails),
        generalized_extreme_value_moments,
        [(0.0, 1.0, c) for c in SHAPES] + [(-3.5, 1e-3, 0.25), (1e3, 1e8, -0.25)],
        lower=_lower,
        upper=_upper,
        scale=lambda loc, scale, shape: (loc, scale),
        quantile=generalized_extreme_value_quantile,
        within=lambda *a: _inside(*a) and _straight(*a) > LOWEST,
    ),
}
