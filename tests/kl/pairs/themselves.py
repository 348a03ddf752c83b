"""Families against themselves."""

import mpmath as mp
from kl.pairs.case import Pair
from mpmath import mpf

import fastdist as fd


def normal(a, s, b, t):
    return mp.log(t / s) + (s**2 + (a - b) ** 2) / (2 * t**2) - mpf(1) / 2


def exponential(a, b):
    return mp.log(a / b) + b / a - 1


def gamma(a, b, c, d):
    return (a - c) * mp.digamma(a) - mp.loggamma(a) + mp.loggamma(c) + c * mp.log(b / d) + a * (d - b) / b


def log_excess(r):
    return r - 1 - mp.log(r)


def cauchy(a, s, b, t):
    return mp.log(((s + t) ** 2 + (a - b) ** 2) / (4 * s * t))


def laplace(a, s, b, t):
    d = abs(a - b)
    return (s * mp.exp(-d / s) + d) / t + mp.log(t / s) - 1


def gumbel(a, s, b, t):
    r, d = s / t, (b - a) / t
    return -mp.log(r) + mp.euler * (r - 1) + mp.exp(d) * mp.gamma(1 + r) - 1 - d


def weibull(s, k, t, m):
    own = mp.log(k / s**k) - mp.log(m / t**m) + (k - m) * (mp.log(s) - mp.euler / k)
    return own + (s / t) ** m * mp.gamma(m / k + 1) - 1


def inverse_gaussian(m, c, n, d):
    return (mp.log(c / d) + d / c - 1 + d * (m - n) ** 2 / (m * n**2)) / 2


def trial(p, q):
    parts = [(p, q), (1 - p, 1 - q)]
    return mp.fsum(a * mp.log(a / b) for a, b in parts if a)


PAIRS = [
    Pair(
        fd.Normal,
        fd.Normal,
        normal,
        [
            (0.0, 1.0, 1.0, 2.0),
            (-3.5, 1e-8, 1e6, 1e3),
            (0.25, 1e150, -0.5, 1e150),
            (1.0, 1.0, 1.0 + 2e-13, 1.0 + 1e-9),
            (5.0, 1e-3, 5.0, 1e3),
        ],
    ),
    Pair(fd.Exponential, fd.Exponential, exponential, [(2.0, 3.0), (1e-9, 1e9), (1e9, 1e-9), (1.0, 1.0 + 1e-12)]),
    Pair(
        fd.Gamma,
        fd.Gamma,
        gamma,
        [
            (2.5, 1.0, 0.5, 3.0),
            (1e10, 2.0, 1e10 + 1e3, 2.0),
            (1e-8, 1.0, 2e-5, 30.0),
            (0.3, 1.0, 0.35, 1.2),
            (0.3, 1.0, 0.36, 1.2),
            (1e-6, 1.0, 1.4e-6, 2.0),
            (3.0, 1.0, 3.0 + 1e-9, 1.0 - 1e-9),
            (1e4, 1e4, 1e-4, 1e-4),
            (40.0, 3.0, 1e7, 2e6),
        ],
    ),
    Pair(
        fd.Laplace,
        fd.Laplace,
        laplace,
        [
            (0.5, 1.0, -1.0, 2.0),
            (1.0, 3.0, 1.0 + 2e-12, 3.0 + 2e-12),
            (1e6, 1e-3, 0.0, 1.0),
            (2.0, 5.0, 2.5, 0.5),
            (0.25, 1e3, 1.0, 2e3),
            (-1250.0, 6.0, -885600.0, 6e-8),
        ],
    ),
    Pair(
        fd.Gumbel,
        fd.Gumbel,
        gumbel,
        [
            (0.5, 1.0, -1.0, 2.0),
            (1.0, 3.0, 1.0 + 2e-9, 3.0 + 2e-8),
            (10.0, 1e-3, 0.0, 1.0),
            (2.0, 5.0, 2.5, 2.5),
            (0.0, 1.0, 60.0, 1.5),
        ],
    ),
    Pair(
        fd.Cauchy,
        fd.Cauchy,
        cauchy,
        [
            (0.5, 1.0, -1.0, 2.0),
            (1.0, 3.0, 1.0 + 2e-12, 3.0 + 2e-12),
            (1e6, 1e-3, 0.0, 1.0),
            (0.0, 1e-9, 0.0, 1e9),
            (1e130, 1e-30, 0.0, 1e-60),
        ],
    ),
    Pair(fd.HalfCauchy, fd.HalfCauchy, lambda s, t: cauchy(0, s, 0, t), [(1.0, 2.0), (3.0, 3.0 + 1e-12), (1e-9, 1e9)]),
    Pair(fd.HalfNormal, fd.HalfNormal, lambda s, t: normal(0, s, 0, t), [(1.0, 2.0), (3.0, 3.0 + 1e-12), (1e-9, 1e9)]),
    Pair(
        fd.Rayleigh,
        fd.Rayleigh,
        lambda s, t: log_excess((s / t) ** 2),
        [(1.0, 2.0), (3.0, 3.0 + 1e-12), (1e-9, 1e9)],
    ),
    Pair(
        fd.LogNormal, fd.LogNormal, normal, [(0.0, 1.0, 1.0, 2.0), (-3.5, 1e-8, 1e6, 1e3), (1.0, 1.0, 1.0, 1.0 + 1e-9)]
    ),
    Pair(fd.InverseGamma, fd.InverseGamma, gamma, [(2.5, 1.0, 0.5, 3.0), (1e10, 2.0, 1e10 + 1e3, 2.0)]),
    Pair(
        fd.Weibull,
        fd.Weibull,
        weibull,
        [
            (1.0, 2.0, 2.0, 1.5),
            (3.0, 5.0, 3.0 + 1e-9, 5.0 + 1e-8),
            (1e-3, 0.5, 1e3, 0.25),
            (2.0, 40.0, 1.9, 60.0),
        ],
    ),
    Pair(
        fd.InverseGaussian,
        fd.InverseGaussian,
        inverse_gaussian,
        [(1.0, 2.0, 2.0, 1.5), (3.0, 5.0, 3.0 + 1e-9, 5.0 + 1e-8), (1e-3, 0.5, 1e3, 0.25)],
    ),
    Pair(
        fd.Poisson,
        fd.Poisson,
        lambda a, b: a * mp.log(a / b) - a + b,
        [(3.0, 4.0), (1e10, 1e10 + 3), (1e-10, 1e-3), (1e-3, 1e10)],
    ),
    Pair(
        fd.Pareto,
        fd.Pareto,
        lambda s, a, t, b: log_excess(b / a) + b * mp.log(s / t),
        [(2.0, 3.0, 1.0, 4.0), (2.0 + 1e-12, 3.0, 2.0, 3.0 + 1e-12), (1e200, 1e-3, 1e-100, 1e3)],
    ),
    Pair(
        fd.Uniform,
        fd.Uniform,
        lambda a, b, c, d: mp.log((d - c) / (b - a)),
        [(0.0, 1.0, -1.0, 3.0), (0.0, 1.0, 0.0, 1.0 + 1e-12), (-1e307, 1e307, -8e307, 8e307)],
    ),
    Pair(
        fd.Bernoulli,
        fd.Bernoulli,
        trial,
        [(0.25, 0.5), (0.3, 0.3 + 1e-12), (1e-20, 1e-10), (0.9, 1e-8), (1e-8, 0.9)],
    ),
    Pair(
        fd.Geometric,
        fd.Geometric,
        lambda p, q: trial(p, q) / p,
        [(0.25, 0.5), (0.3, 0.3 + 1e-12), (1e-9, 1e-10), (0.9, 1e-8)],
    ),
]
