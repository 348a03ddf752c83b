"""Bernoulli and binomial distributions."""

import mpmath as mp
import numpy as np
from mpmath import mpf
from scipy import stats

from exact.tools import INF, Grid, Point, beta_tails

MANY_DIGITS = 750


def by_odds(point):
    """The family whose last parameter is the log odds of the chance that `point` takes."""

    @mp.workdps(MANY_DIGITS)
    def other(k, *parameters):
        *rest, logits = parameters
        p = 1 / (1 + mp.exp(-logits))
        found = point(k, *rest, p)
        slope = p / (1 + mp.exp(logits))
        grads = ((*g[:-1], g[-1] * slope) for g in (found.log_prob_grad, found.cdf_grad))
        log_prob_grad, cdf_grad = grads
        return found._replace(log_prob_grad=log_prob_grad, cdf_grad=cdf_grad)

    return other


def moments_by_odds(moments):
    @mp.workdps(MANY_DIGITS)
    def other(*parameters):
        *rest, logits = parameters
        return moments(*rest, 1 / (1 + mp.exp(-logits)))

    return other


def enough_digits(function):
    """With more digits where 1 - p, for the last parameter p, would lose a tiny one."""

    def careful(*arguments):
        *_, p = arguments
        if mp.mp.dps < MANY_DIGITS and min(p, 1 - p) < mpf("1e-15"):
            with mp.workdps(MANY_DIGITS):
                return careful(*arguments)
        return function(*arguments)

    return careful


def outside(below, *gradient):
    """Below or above the support."""
    return Point(-INF, gradient, -INF if below else mpf(0), mpf(0) if below else -INF, gradient)


@enough_digits
def bernoulli(k, p):
    q = 1 - p
    if k == 1:
        return Point(mp.log(p), (1 / p,), mpf(0), -INF, (mpf(0),))
    return Point(mp.log(q), (-1 / q,), mp.log(q), mp.log(p), (mpf(-1),))


@enough_digits
def bernoulli_moments(p):
    q = 1 - p
    entropy = -p * mp.log(p) - q * mp.log(q)
    return p, p * q, (q - p) / mp.sqrt(p * q), (1 - 6 * p * q) / (p * q), entropy


@enough_digits
def binomial(k, n, p):
    if not 0 <= k <= n:
        return outside(k < 0, mpf(0), mpf(0))
    q = 1 - p
    log_prob = mp.loggamma(n + 1) - mp.loggamma(k + 1) - mp.loggamma(n - k + 1) + k * mp.log(p) + (n - k) * mp.log(q)
    grad = mp.digamma(n + 1) - mp.digamma(n - k + 1) + mp.log(q), k / p - (n - k) / q
    if k == n:
        return Point(log_prob, grad, mpf(0), -INF, (mpf(0), mpf(0)))
    log_cdf, log_sf, slope, _ = beta_tails(n - k, k + 1, q, p)
    return Point(log_prob, grad, log_cdf, log_sf, (slope, -mp.exp(log_prob) * (n - k) / q))


def summed_entropy(start, log_start, ratio, last):
    """The sum of -f log f from the mass at `start` outwards, where ``ratio(k)`` is that of k + 1 over that of k."""
    total, largest = mpf(0), -INF
    for step in (1, -1):
        k, f = start, mp.exp(log_start)
        while 0 <= k <= last:
            if step == 1 or k != start:
                total -= f * mp.log(f)
                largest = max(largest, f)
            if f < largest * mpf("1e-45"):
                break
            f = f * ratio(k) if step == 1 else f / ratio(k - 1) if k > 0 else mpf(0)
            k += step
    return total


@enough_digits
def binomial_moments(n, p):
    q = 1 - p
    mean, variance = n * p, n * p * q
    start = int(mp.floor(mean))
    with mp.workdps(40 if min(p, q) > mpf("1e-15") else mp.mp.dps):
        log_start = binomial(mpf(start), n, p).log_prob
        entropy = summed_entropy(start, log_start, lambda k: (n - k) * p / ((k + 1) * q), int(n))
    return mean, variance, (q - p) / mp.sqrt(variance), (1 - 6 * p * q) / variance, entropy


def _guess(n, p):
    return stats.norm(n * p, np.sqrt(n * p * (1 - p)))


def _guess_by_odds(n, logits):
    return _guess(n, 1 / (1 + np.exp(-logits)))


TRIALS = [
    (1.0, 0.25),
    (10.0, 0.3),
    (12.0, 0.5),
    (40.0, 0.9),
    (70.0, 1e-3),
    (100.0, 0.4),
    (1e3, 1e-8),
    (1e3, 0.999),
    (2e3, 1e-300),
    (1e5, 0.01),
    (1e7, 1e-6),
    (1e7, 0.7),
    (1e8, 0.5),
]
ODDS = [
    (1.0, -1.5),
    (10.0, 0.25),
    (12.0, 0.0),
    (40.0, 3.0),
    (70.0, -20.0),
    (100.0, -0.5),
    (1e3, 700.0),
    (2e3, -800.0),
    (1e5, 5.0),
    (1e7, -14.0),
    (1e7, 1e-3),
]

GRIDS = {
    "Bernoulli": Grid(
        bernoulli,
        bernoulli_moments,
        [(p,) for p in (1e-299, 3e-20, 1e-3, 0.2, 0.501, 0.75, 0.999, 1 - 2.0**-50)],
        0.0,
        1.0,
        discrete=True,
    ),
    "Bernoulli(logits)": Grid(
        by_odds(bernoulli),
        moments_by_odds(bernoulli_moments),
        [(v,) for v in (-800.0, -40.0, -3.0, -1e-8, 1e-3, 0.5, 4.0, 40.0, 700.0)],
        0.0,
        1.0,
        discrete=True,
    ),
    "Binomial": Grid(binomial, binomial_moments, TRIALS, 0.0, lambda n, p: n, discrete=True, guess=_guess),
    "Binomial(logits)": Grid(
        by_odds(binomial),
        moments_by_odds(binomial_moments),
        ODDS,
        0.0,
        lambda n, logits: n,
        discrete=True,
        guess=_guess_by_odds,
    ),
}
