"""Families on an interval, to each other and to those on the line."""

import mpmath as mp
from kl.pairs.case import Pair
from mpmath import mpf

import fastdist as fd


def log_beta(a, b):
    return mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)


def normal(mean, variance, loc, scale):
    """The mean of a normal distribution's negative log density."""
    return mp.log(2 * mp.pi) / 2 + mp.log(scale) + (variance + (mean - loc) ** 2) / (2 * scale**2)


# Beta distributions: the means of log(x) and of log(1 - x), the negative entropy.


def logs(a, b):
    return mp.digamma(a) - mp.digamma(a + b), mp.digamma(b) - mp.digamma(a + b)


def beta_known(a, b):
    low, high = logs(a, b)
    return (a - 1) * low + (b - 1) * high - log_beta(a, b)


def beta_beta(a, b, c, d):
    low, high = logs(a, b)
    return log_beta(c, d) - log_beta(a, b) + (a - c) * low + (b - d) * high


def beta_gamma(a, b, c, rate):
    return beta_known(a, b) + mp.loggamma(c) - c * mp.log(rate) - (c - 1) * logs(a, b)[0] + rate * a / (a + b)


def beta_normal(a, b, loc, scale):
    n = a + b
    return beta_known(a, b) + normal(a / n, a * b / n**2 / (n + 1), loc, scale)


# Exponential curves over the unit interval: the log normaliser, the mean, the variance, the negative entropy.


def odds(p):
    return mp.log(p / (1 - p))


def log_norm(u):
    return mp.log(mp.expm1(u) / u)


def tilted_mean(u):
    return 1 / (1 - mp.exp(-u)) - 1 / u


def tilted_variance(u):
    return 1 / u**2 - 1 / (4 * mp.sinh(u / 2) ** 2)


def tilted_known(u):
    return u * tilted_mean(u) - log_norm(u)


def tilted_tilted(p, q):
    u, v = odds(p), odds(q)
    return tilted_known(u) + log_norm(v) - v * tilted_mean(u)


def tilted_exponential(p, rate):
    return tilted_known(odds(p)) - mp.log(rate) + rate * tilted_mean(odds(p))


def tilted_normal(p, loc, scale):
    u = odds(p)
    return tilted_known(u) + normal(tilted_mean(u), tilted_variance(u), loc, scale)


def beta_tilted(a, b, p):
    return beta_known(a, b) + log_norm(odds(p)) - odds(p) * a / (a + b)


# Uniform distributions: the mean of log(x).


def mean_log(low, high):
    return (high * mp.log(high) - low * mp.log(low)) / (high - low) - 1


def uniform_normal(a, b, loc, scale):
    return normal((a + b) / 2, (b - a) ** 2 / 12, loc, scale) - mp.log(b - a)


def uniform_gamma(a, b, c, rate):
    own = mp.loggamma(c) - c * mp.log(rate) - (c - 1) * mean_log(a, b)
    return own + rate * (a + b) / 2 - mp.log(b - a)


def uniform_pareto(a, b, scale, alpha):
    return (alpha + 1) * mean_log(a, b) - alpha * mp.log(scale) - mp.log(alpha * (b - a))


def uniform_gumbel(a, b, loc, scale):
    low, high = (a - loc) / scale, (b - loc) / scale
    return (low + high) / 2 + (mp.exp(-low) - mp.exp(-high)) / (high - low) - mp.log(high - low)


def uniform_beta(low, high, a, b):
    powers = (a - 1) * mean_log(low, high) + (b - 1) * mean_log(1 - high, 1 - low)
    return log_beta(a, b) - powers - mp.log(high - low)


def bernoulli_poisson(p, rate):
    return mp.fsum(c * mp.log(c / (mp.exp(-rate) * rate**k)) for c, k in ((1 - p, 0), (p, 1)))


def uniform_tilted(low, high, p):
    return log_norm(odds(p)) - odds(p) * (low + high) / 2 - mp.log(high - low)


PAIRS = [
    Pair(
        fd.Beta,
        fd.Beta,
        beta_beta,
        [
            (2.0, 3.0, 1.5, 5.0),
            (1e10, 1e10, 1e10 + 1e5, 1e10 - 1e5),
            (1e-10, 1e-10, 2e-10, 1e-10),
            (1.0, 1e-10, 1.5, 1e-10),
            (1.0, 1e-10, 1.0 + 1e-6, 1e-10),
            (1e10, 1e-5, 2e10, 1e-5),
            (0.3, 40.0, 0.3 + 1e-9, 40.0 - 1e-7),
            (0.25, 0.5, 1e10, 1e-10),
            (3.0, 1e6, 3.3, 1.1e6),
            (0.5, 7.463499999999999e20, 0.5 + 1e-6, 7.464246e20),
        ],
    ),
    Pair(
        fd.Beta,
        fd.Gamma,
        beta_gamma,
        [
            (2.0, 3.0, 1.5, 4.0),
            (3.0, 1e10, 3.0, 1e10),
            (1e10, 20.0, 0.5, 1.0),
            (0.02, 5e4, 0.02, 5e4),
            (1e-6, 1e-3, 2.0, 3.0),
            (261640556.773918, 1.17379877724809e-05, 5.831986072698118e21, 5.831986072698379e21),
            (1.4738354300685384e-09, 631.2642085189417, 1.4761701663187888e-09, 632.2642085212191),
        ],
        2,
    ),
    Pair(
        fd.Beta,
        fd.Exponential,
        lambda a, b, rate: beta_gamma(a, b, mpf(1), rate),
        [(2.0, 3.0, 1.5), (1.0, 1e10, 1e10), (1.0, 1e-3, 5.0), (1.0 + 1e-8, 1e3, 1e3)],
        2,
    ),
    Pair(
        fd.Beta,
        fd.Normal,
        beta_normal,
        [
            (2.0, 3.0, 0.5, 0.25),
            (1e5, 1e5, 0.5, 0.0011180312009),
            (1e9, 2e9, 1 / 3, 8.6e-6),
            (1e-3, 0.1, 0.0, 1.0),
            (20.0, 17.0, 0.5, 0.1),
        ],
        2,
    ),
    Pair(
        fd.Beta,
        fd.Uniform,
        lambda a, b, low, high: beta_known(a, b) + mp.log(high - low),
        [
            (2.0, 3.0, -0.5, 1.5),
            (1.0 + 1e-9, 1.0 - 1e-9, -1e-12, 1.0 + 1e-9),
            (1e10, 1e9, -2.0, 3.0),
            (1e-9, 1e-9, -1.0, 1e9),
        ],
        2,
    ),
    Pair(
        fd.Beta,
        fd.ContinuousBernoulli,
        beta_tilted,
        [
            (2.0, 3.0, 0.25),
            (1.0, 30.0, 1e-13),
            (1.0 + 1e-6, 1.0 - 1e-6, 0.5000001),
            (30.0, 1.0, 0.99999),
            (0.01, 1e9, 0.75),
        ],
        2,
    ),
    Pair(
        fd.ContinuousBernoulli,
        fd.ContinuousBernoulli,
        tilted_tilted,
        [(0.25, 0.5625), (1e-20, 0.875), (0.3, 0.3 + 1e-10), (0.5000001, 0.5000002), (0.999, 1e-9), (1e-200, 2e-200)],
    ),
    Pair(
        fd.ContinuousBernoulli,
        fd.Exponential,
        tilted_exponential,
        [(0.25, 1.5), (1e-100, 230.0), (0.99, 1.0), (0.5000001, 1e6), (1e-9, 20.7)],
        1,
    ),
    Pair(
        fd.ContinuousBernoulli,
        fd.Normal,
        tilted_normal,
        [(0.25, 0.625, 0.25), (1e-100, 0.004, 0.005), (0.999, 0.875, 0.125), (0.5000001, -3.0, 100.0)],
        1,
    ),
    Pair(
        fd.ContinuousBernoulli,
        fd.Uniform,
        lambda p, low, high: tilted_known(odds(p)) + mp.log(high - low),
        [(0.25, -0.5, 1.5), (0.500001, -1e-13, 1.0 + 2e-13), (1e-200, -1e9, 2.0)],
        1,
    ),
    Pair(
        fd.Uniform,
        fd.Normal,
        uniform_normal,
        [(0.25, 1.5, 0.5, 0.75), (-1e-3, 1e-3, 1e3, 5.0), (1e3, 1e3 + 1.0, 1000.5, 0.28867)],
    ),
    Pair(
        fd.Uniform,
        fd.Exponential,
        lambda a, b, rate: rate * (a + b) / 2 - mp.log(rate * (b - a)),
        [(0.25, 1.5, 0.5), (1e-9, 1e9, 2e-9), (1e3, 1e3 + 1e-6, 1e-3)],
        2,
    ),
    Pair(
        fd.Uniform,
        fd.Gamma,
        uniform_gamma,
        [(0.25, 1.5, 2.5, 0.75), (1e-9, 1.0, 1e-5, 3.0), (1e3, 1e3 + 1.0, 1.2e7, 1.2e4), (0.025, 0.0777, 11.36, 220.0)],
    ),
    Pair(
        fd.Uniform,
        fd.Pareto,
        uniform_pareto,
        [(0.75, 1.5, 0.5, 2.5), (1e-3, 1e3, 1e-3, 1e-2), (3.0, 3.0 + 1e-5, 3.0, 1e5), (1e200, 2e200, 1e-200, 0.5)],
    ),
    Pair(
        fd.Uniform,
        fd.Gumbel,
        uniform_gumbel,
        [
            (0.25, 1.5, 0.5, 0.75),
            (-1e-9, 1e-9, 20.0, 1.0),
            (-3.0, 500.0, 2.0, 1.0),
            (-20.0, 0.0, 2.0, 1.0),
            (-35.5, 2e8, 0.0, 0.5875),
        ],
    ),
    Pair(
        fd.Uniform,
        fd.Beta,
        uniform_beta,
        [
            (0.25, 0.75, 2.5, 1.5),
            (1e-9, 1.0 - 1e-9, 1.01, 0.99),
            (0.5, 0.5 + 1e-4, 3e8, 3e8),
            (1e-6, 0.5, 1e-5, 20.0),
            (4.863e-05, 5.0238e-05, 0.043, 1390790.8),
        ],
    ),
    Pair(
        fd.Uniform,
        fd.ContinuousBernoulli,
        uniform_tilted,
        [
            (0.25, 0.75, 0.125),
            (1e-9, 1.0 - 1e-9, 0.5000001),
            (0.5, 0.5 + 1e-4, 1e-200),
            (0.25, 0.875, 0.999999),
            (9.66e-12, 1.11e-11, 5e-12),
        ],
        2,
    ),
    Pair(
        fd.Bernoulli, fd.Poisson, bernoulli_poisson, [(0.25, 0.5), (1e-9, 1.0000001e-9), (0.9999, 30.0), (1e-4, 1e-4)]
    ),
]
