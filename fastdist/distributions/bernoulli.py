"""Bernoulli distribution."""

from __future__ import annotations

from math import expm1, log1p, sqrt
from typing import Any

import numpy as np

from fastdist import constraints
from fastdist.distribution import Distribution
from fastdist.engine.elementary import exp_within
from fastdist.engine.kernel import expression, kernel
from fastdist.kernels import Kernels
from fastdist.kl import Formula, register_kl
from fastdist.odds import chance_slope, chances, extended_logits, trial_kurtosis, trial_skewness, unit_probs
from fastdist.random.sampling import Sampler
from fastdist.special.beta import log_curvature
from fastdist.special.excess import moderate_gap_excesses
from fastdist.special.gamma import deviance, deviance_of_gap
from fastdist.special.logs import log_quotient, log_ratio

INF, NAN = float("inf"), float("nan")
# A smaller chance may have lost digits, where its logarithm has not.
LEAST = 1e-290
# Up to it the smaller chance is a normal number by far.
FAR_LOGIT = 600.0


@kernel
def prepare(weight, by_logits):
    return chances(weight, by_logits)


@kernel
def log_prob(x, c):
    return c[2] if x == 1.0 else c[3]


@kernel
def prob(x, c):
    return c[0] if x == 1.0 else c[1]


@kernel
def prepare_grad(weight, by_logits):
    p, q, log_p, log_q = chances(weight, by_logits)
    slope = chance_slope(weight, by_logits)
    return p, q, log_p, log_q, q if by_logits > 0.0 else 1.0 / p, -p if by_logits > 0.0 else -1.0 / q, -slope


@kernel
def log_prob_and_grad(x, c):
    return log_prob(x, c), c[4] if x == 1.0 else c[5]


# Between the guards there is only the value 0.


@kernel
def cdf(x, c):
    return c[1]


@kernel
def sf(x, c):
    return c[0]


@kernel
def log_cdf(x, c):
    return c[3]


@kernel
def log_sf(x, c):
    return c[2]


@kernel
def icdf(p, c):
    return 0.0 if p <= c[1] else 1.0


@kernel
def isf(q, c):
    return 0.0 if q >= c[0] else 1.0


@kernel
def cdf_and_grad(x, c):
    return c[1], c[6]


@kernel
def log_cdf_and_grad(x, c):
    return c[3], c[5]


@kernel
def log_sf_and_grad(x, c):
    return c[2], c[4]


@kernel
def draw(noise, c):
    return 1.0 if noise[0] < c[0] else 0.0


@kernel
def mean(weight, by_logits):
    return chances(weight, by_logits)[0]


@kernel
def variance(weight, by_logits):
    p, q, _, _ = chances(weight, by_logits)
    return p * q


@kernel
def mode(weight, by_logits):
    p, q, _, _ = chances(weight, by_logits)
    return 1.0 if p >= q else 0.0


@kernel
def entropy(weight, by_logits):
    p, q, log_p, log_q = chances(weight, by_logits)
    # Of a chance of 0 it is 0, and grows infinitely fast with that.
    return (-p * log_p if p > 0.0 else sqrt(p)) + (-q * log_q if q > 0.0 else sqrt(q))


class Bernoulli(Distribution):
    r"""Bernoulli distribution: 1 for a success, 0 for a failure.

    .. math:: P(1) = p, \quad P(0) = 1 - p

    Parameters
    ----------
    probs : array_like of [0, 1]
        Chance :math:`p` of a success. Exactly one of `probs` and `logits` is given.
    logits : array_like of real
        Log odds of `probs`, infinite for 0 and 1.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``bernoulli(p)`` is the same distribution. The parameter is kept as it is given: chances of 0 and 1
    stay what they are, and ``logits = -800`` has a finite log mass at 1, though its `probs` is below all float64.
    At ``probs = 1/2`` both values are modes; 1 is given, as by ``Binomial(1)``, where torch gives NaN. Draws are
    int64: whether a uniform lies below `probs`.

    Raises
    ------
    ValueError
        If both or neither of `probs` and `logits` are given, or a parameter is outside its set.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.Bernoulli(probs=[0.25, 1.0])
    >>> d.log_prob(1)
    array([-1.38629436,  0.        ])
    >>> fd.Bernoulli(logits=-800.0).log_sf(0)
    np.float64(-800.0)
    """

    probs = unit_probs()
    logits = extended_logits()
    support = constraints.boolean
    has_enumerate_support = True
    kernels = Kernels(
        prepare=prepare,
        log_prob=log_prob,
        prob=prob,
        log_prob_and_grad=(prepare_grad, log_prob_and_grad),
        cdf=cdf,
        sf=sf,
        log_cdf=log_cdf,
        log_sf=log_sf,
        icdf=icdf,
        isf=isf,
        cdf_and_grad=(prepare_grad, cdf_and_grad),
        log_cdf_and_grad=(prepare_grad, log_cdf_and_grad),
        log_sf_and_grad=(prepare_grad, log_sf_and_grad),
        sampler=Sampler(draw, uniforms=1),
        mean=mean,
        variance=variance,
        skewness=trial_skewness,
        kurtosis=trial_kurtosis,
        mode=mode,
        entropy=entropy,
    )

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool = True) -> None:
        self._freeze_either(validate_args, {"probs": probs, "logits": logits})

    def enumerate_support(self, expand: bool = True) -> np.ndarray:
        """0 and 1 along a new first axis."""
        values = np.arange(2).reshape((-1, *(1,) * len(self.batch_shape)))
        return np.broadcast_to(values, (2, *self.batch_shape)).copy() if expand else values


@kernel
def log_of_ratio(p, s, excess, log_p, log_s):
    """log(p / s) for two chances with p = s (1 + excess), which may be below float64."""
    apart = log_ratio(p, s) if p > LEAST and s > LEAST else log_p - log_s
    return log1p(excess) if abs(excess) < 0.5 else apart


@kernel
def chance_gap(weight, by_logits, other, other_by_logits):
    """How far the second chance is above the first: by the difference of their log odds where these are given."""
    p, q, _, _ = chances(weight, by_logits)
    s, t, _, _ = chances(other, other_by_logits)
    rise = other - weight
    fall = -expm1(-abs(rise))
    by_odds = s * q * fall if rise > 0.0 else -p * t * fall
    apart = s - p if p + s < 1.0 else q - t
    return by_odds if by_logits > 0.0 and other_by_logits > 0.0 and abs(rise) < INF else apart


@kernel
def odds_gap(weight, by_logits, other, other_by_logits):
    """The log odds of the first chance less those of the second."""
    p, q, log_p, log_q = chances(weight, by_logits)
    s, t, log_s, log_t = chances(other, other_by_logits)
    gap = s - p if p + s < 1.0 else q - t
    apart = log_of_ratio(p, s, -gap / s, log_p, log_s) - log_of_ratio(q, t, gap / t, log_q, log_t)
    return weight - other if by_logits > 0.0 and other_by_logits > 0.0 else apart


@kernel
def deviance_of_chances(p, s, log_p, log_s, gap):
    """deviance(p, s) for two chances with p - s = gap, of which the second may be below float64."""
    apart = log_p - log_s
    known = s > LEAST or log_s == -INF or (p <= LEAST and abs(apart) < 1.0)
    return deviance_of_gap(p, s, gap) if known else (p * apart if p > 0.0 else 0.0) + (s - p)


@kernel
def kl_trial(weight, by_logits, other, other_by_logits):
    """The divergence of one trial, and its derivatives in what is given of either side."""
    p, q, log_p, log_q = chances(weight, by_logits)
    s, t, log_s, log_t = chances(other, other_by_logits)
    gap = chance_gap(weight, by_logits, other, other_by_logits)
    value = deviance_of_chances(p, s, log_p, log_s, -gap) + deviance_of_chances(q, t, log_q, log_t, gap)
    slope = chance_slope(weight, by_logits)
    in_weight = slope * odds_gap(weight, by_logits, other, other_by_logits) if slope > 0.0 else 0.0
    in_other = gap if other_by_logits > 0.0 else gap / (s * t)
    return (value, in_weight, in_other) if value < INF else (INF, NAN, NAN)


@kernel
def trial_of_probs(weight, by_logits, other, other_by_logits):
    """The divergence of one trial and its chances, by probabilities that are not too small; else NaN."""
    q, t = 1.0 - weight, 1.0 - other
    gap = other - weight
    of_success, of_failure = moderate_gap_excesses(other, weight, gap, t, q, -gap)
    value = weight * of_success + q * of_failure
    return value if by_logits + other_by_logits == 0.0 else NAN, weight, q


@kernel
def trial_of_logits(weight, by_logits, other, other_by_logits):
    """The divergence of one trial and its chances, by log odds that are not too far out; else NaN."""
    odds, other_odds = exp_within(-abs(weight)), exp_within(-abs(other))
    shared = 1.0 / ((1.0 + odds) * (1.0 + other_odds))
    large, other_large = (1.0 + other_odds) * shared, (1.0 + odds) * shared
    small, other_small = odds * large, other_odds * other_large
    p, q = (large, small) if weight > 0.0 else (small, large)
    s, t = (other_large, other_small) if other > 0.0 else (other_small, other_large)
    rise = other - weight
    fall = -expm1(-abs(rise))
    gap = s * q * fall if rise > 0.0 else -p * t * fall
    of_success, of_failure = moderate_gap_excesses(s, p, gap, t, q, -gap)
    value = p * of_success + q * of_failure
    near = abs(weight) < FAR_LOGIT and abs(other) < FAR_LOGIT
    return value if by_logits * other_by_logits > 0.0 and near else NAN, p, q


def by_quick_trials(text: str, *more: str) -> tuple[Any, ...]:
    """Quick formulas for a divergence that is `text` of one trial's, ``kl``, and the first chances ``p`` and ``q``.

    Parameters named `more` come before what says the chance; those of the second side have a ``_`` at the end.
    """
    trial = ["weight", "by_logits", "other", "other_by_logits"]
    given = [*more, *trial[:2], *(f"{name}_" for name in more), *trial[2:]]
    value = expression(text, ", ".join([*given, "kl", "p", "q"]), NAN=NAN)
    call = f"value({', '.join(given)}, *trial({', '.join(trial)}))"
    return tuple(
        expression(call, ", ".join(given), value=value, trial=formula) for formula in (trial_of_probs, trial_of_logits)
    )


register_kl(Bernoulli, Bernoulli)(Formula(kl_trial, quick=by_quick_trials("kl")))


@register_kl(Bernoulli, "Poisson")
@kernel
def kl_bernoulli_poisson(weight, by_logits, rate):
    p, q, _, log_q = chances(weight, by_logits)
    # 1 - q + q log(q), which is about p**2 / 2
    rest = p * p * (1.0 - 0.5 * q * log_curvature(-p)) if q > 0.0 else 1.0
    rise = (log_quotient(p, rate) if p > 0.0 else -INF) - log_q
    in_weight = rise * chance_slope(weight, by_logits) if p > 0.0 or by_logits == 0.0 else 0.0
    return deviance(p, rate) + rest, in_weight, (rate - p) / rate if rate > 0.0 else (1.0 if p == 0.0 else -INF)
