"""Geometric and negative binomial distributions."""

import mpmath as mp
from mpmath import mpf
from scipy import stats

from exact.binomial import by_odds, enough_digits, moments_by_odds, outside, summed_entropy
from exact.tools import Grid, Point, beta_tails, complement


@enough_digits
def geometric(k, p):
    if k < 0:
        return outside(True, mpf(0))
    q = 1 - p
    log_sf = (k + 1) * mp.log(q)
    return Point(
        mp.log(p) + k * mp.log(q), (1 / p - k / q,), complement(log_sf), log_sf, ((k + 1) * mp.exp(k * mp.log(q)),)
    )


@enough_digits
def geometric_moments(p):
    q = 1 - p
    return q / p, q / p**2, (2 - p) / mp.sqrt(q), 6 + p**2 / q, -mp.log(p) - q * mp.log(q) / p


@enough_digits
def negative_binomial(k, r, p):
    if k < 0:
        return outside(True, mpf(0), mpf(0))
    q = 1 - p
    log_prob = mp.loggamma(k + r) - mp.loggamma(k + 1) - mp.loggamma(r) + k * mp.log(p) + r * mp.log(q)
    grad = mp.digamma(k + r) - mp.digamma(r) + mp.log(q), k / p - r / q
    log_cdf, log_sf, slope, _ = beta_tails(r, k + 1, q, p)
    return Point(log_prob, grad, log_cdf, log_sf, (slope, -mp.exp(log_prob) * (k + r) / q))


@enough_digits
def negative_binomial_moments(r, p):
    q = 1 - p
    mean, variance = r * p / q, r * p / q**2
    start = int(mp.floor(mean))
    with mp.workdps(40 if min(p, q) > mpf("1e-15") else mp.mp.dps):
        log_start = mp.loggamma(start + r) - mp.loggamma(start + 1) - mp.loggamma(r) + start * mp.log(p) + r * mp.log(q)
        entropy = summed_entropy(start, log_start, lambda k: (k + r) * p / (k + 1), mp.inf)
    return mean, variance, (1 + p) / mp.sqrt(r * p), 6 / r + q**2 / (r * p), entropy


def _guess(r, p):
    return stats.gamma(r, scale=p / (1 - p)) if r < 1e3 else stats.norm(r * p / (1 - p), (r * p) ** 0.5 / (1 - p))


def _guess_by_odds(r, logits):
    return _guess(r, 1 / (1 + mp.exp(-logits)).__float__())


GRIDS = {
    "Geometric": Grid(
        geometric,
        geometric_moments,
        [(p,) for p in (3e-300, 3e-20, 1e-8, 1e-3, 0.2, 0.25, 0.501, 0.9, 0.999)],
        0.0,
        discrete=True,
        guess=lambda p: stats.expon(scale=min(1 / p, 1e300)),
    ),
    "Geometric(logits)": Grid(
        by_odds(geometric),
        moments_by_odds(geometric_moments),
        [(v,) for v in (-40.0, -20.0, -3.0, -0.5, 1e-3, 1.5, 10.0, 40.0, 700.0)],
        0.0,
        discrete=True,
        guess=lambda v: stats.expon(scale=float(mp.exp(-v)) + 1),
    ),
    "NegativeBinomial": Grid(
        negative_binomial,
        negative_binomial_moments,
        [
            (1e-300, 0.5),
            (1e-10, 0.9),
            (0.01, 0.99),
            (0.5, 0.3),
            (1.0, 1e-3),
            (2.5, 0.75),
            (5.0, 0.51),
            (3.0, 1e-300),
            (10.0, 0.999),
            (40.0, 0.2),
            (400.0, 1e-8),
            (1e4, 0.6),
            (1e8, 1e-6),
            (1e7, 0.3),
        ],
        0.0,
        discrete=True,
        guess=_guess,
    ),
    "NegativeBinomial(logits)": Grid(
        by_odds(negative_binomial),
        moments_by_odds(negative_binomial_moments),
        [
            (1e-3, 6.0),
            (0.5, -1.0),
            (1.0, -20.0),
            (2.5, 1.0),
            (5.0, 0.01),
            (3.0, -800.0),
            (10.0, 5.0),
            (40.0, -2.0),
            (1e4, 0.5),
            (1e7, -14.0),
        ],
        0.0,
        discrete=True,
        guess=_guess_by_odds,
    ),
}
