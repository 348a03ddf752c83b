"""Distributions on the integers."""

import mpmath as mp
import numpy as np
from mpmath import mpf
from scipy import stats

from exact.tools import Grid, Point, gamma_tails


def poisson(k, rate):
    log_prob = k * mp.log(rate) - rate - mp.loggamma(k + 1)
    log_sf, log_cdf, _ = gamma_tails(k + 1, rate)
    return Point(log_prob, (k / rate - 1,), log_cdf, log_sf, (-mp.exp(log_prob),))


@mp.workdps(700)
def categorical(k, weights):
    """Weights need not be normalised; gradients are in them, at their normalised values."""
    total = mp.fsum(weights)
    p = [w / total for w in weights]
    k = int(k)
    cdf = mp.fsum(p[: k + 1])
    grad = tuple((1 / p[j] if j == k else 0) - 1 for j in range(len(p)))
    slope = tuple((1 if j <= k else 0) - cdf for j in range(len(p)))
    return Point(mp.log(p[k]), grad, mp.log(cdf), mp.log(mp.fsum(p[k + 1 :])), slope)


@mp.workdps(700)
def categorical_logits(k, logits):
    """As :func:`categorical`; gradients are in the unnormalised log weights."""
    weights = [mp.exp(v - max(logits)) for v in logits]
    total = mp.fsum(weights)
    point = categorical(k, weights)
    grads = (
        tuple(g * w / total for g, w in zip(grad, weights, strict=True))
        for grad in (point.log_prob_grad, point.cdf_grad)
    )
    log_prob_grad, cdf_grad = grads
    return point._replace(log_prob_grad=log_prob_grad, cdf_grad=cdf_grad)


def poisson_moments(rate):
    if rate <= 2e4:
        spread = 40 * mp.sqrt(rate) + 100
        ks = range(max(0, int(rate - spread)), int(rate + spread))
        logs = [k * mp.log(rate) - rate - mp.loggamma(k + 1) for k in ks]
        entropy = -mp.fsum(mp.exp(v) * v for v in logs)
    else:  # the asymptotic series, whose terms fall by a factor of the rate
        series = [mpf(1) / 12, mpf(1) / 24, mpf(19) / 360, mpf(9) / 80]
        entropy = mp.log(2 * mp.pi * mp.e * rate) / 2 - mp.fsum(c / rate ** (i + 1) for i, c in enumerate(series))
    return rate, rate, 1 / mp.sqrt(rate), 1 / rate, entropy


def categorical_moments(weights):
    total = mp.fsum(weights)
    p = [w / total for w in weights]
    mean = mp.fsum(k * q for k, q in enumerate(p))
    second, third, fourth = (mp.fsum((k - mean) ** n * q for k, q in enumerate(p)) for n in (2, 3, 4))
    entropy = -mp.fsum(q * mp.log(q) for q in p if q)
    return mean, second, third / second ** mpf("1.5"), fourth / second**2 - 3, entropy


def categorical_logits_moments(logits):
    return categorical_moments([mp.exp(v - max(logits)) for v in logits])


GRIDS = {
    "Poisson": Grid(
        poisson,
        poisson_moments,
        [(rate,) for rate in (1e-3, 0.5, 4.0, 10.5, 64.5, 1e3, 1e5, 1e8)],
        0.0,
        discrete=True,
        guess=lambda rate: stats.norm(rate, np.sqrt(rate)),
    ),
    "Categorical": Grid(
        categorical,
        categorical_moments,
        [(0.125, 0.5, 0.25, 0.125), (0.1, 0.2, 0.3, 0.4), (1e-300, 1e8, 1e-3, 3.0), (1.0, 1e-30, 1e-20, 1e-10)],
        0.0,
        3.0,
        discrete=True,
        vector=True,
    ),
    "Categorical(logits)": Grid(
        categorical_logits,
        categorical_logits_moments,
        [(0.0, 1.0, -1.0, 0.5), (1e8, 1e8 + 1, 1e8 - 1, 1e8), (-300.0, 0.0, -30.0, -600.0), (1e-3, 0.0, 2.0, -1e-3)],
        0.0,
        3.0,
        discrete=True,
        vector=True,
    ),
}
