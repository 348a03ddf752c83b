"""Logit of the relaxed Bernoulli distribution."""

from __future__ import annotations

from math import exp, log
from typing import Any

from fastdist import constraints
from fastdist.distribution import Distribution
from fastdist.distributions.logistic import draw as logistic_draw
from fastdist.distributions.logistic import log_prob as logistic_log_prob
from fastdist.distributions.logistic import slope as logistic_slope
from fastdist.engine.bits import fma
from fastdist.engine.kernel import kernel
from fastdist.kernels import Kernels
from fastdist.odds import finite_logits, inner_probs, log_odds, log_odds_slope
from fastdist.parameter import Parameter
from fastdist.random.sampling import Sampler
from fastdist.special.logs import expit, log_expit, logit

VARIANCE = 3.28986813369645287294


@kernel
def prepare(temperature, weight, by_logits):
    return temperature, log_odds(weight, by_logits), log(temperature), log_odds_slope(weight, by_logits)


@kernel
def standard(x, c):
    """The logistic variate of which x is the image."""
    return fma(c[0], x, -c[1])


@kernel
def log_prob(x, c):
    return c[2] + logistic_log_prob(standard(x, c))


@kernel
def log_prob_and_grad(x, c):
    temperature, _, log_temperature, chain = c
    z = standard(x, c)
    slope = logistic_slope(z)
    log_density = log_temperature + logistic_log_prob(z)
    return log_density, temperature * slope, 1.0 / temperature + x * slope, -slope * chain


@kernel
def cdf(x, c):
    return expit(standard(x, c))


@kernel
def sf(x, c):
    return expit(-standard(x, c))


@kernel
def log_cdf(x, c):
    return log_expit(standard(x, c))


@kernel
def log_sf(x, c):
    return log_expit(-standard(x, c))


@kernel
def icdf(p, c):
    return (logit(p) + c[1]) / c[0]


@kernel
def isf(q, c):
    return (c[1] - logit(q)) / c[0]


@kernel
def cdf_and_grad(x, c):
    z = standard(x, c)
    density = exp(logistic_log_prob(z))
    return expit(z), c[0] * density, x * density, -density * c[3]


@kernel
def draw(noise, c):
    return (logistic_draw(noise) + c[1]) / c[0]


@kernel
def sample_grad(x, c):
    return -x / c[0], c[3] / c[0]


@kernel
def mean(temperature, weight, by_logits):
    return log_odds(weight, by_logits) / temperature


@kernel
def variance(temperature, weight, by_logits):
    return VARIANCE / temperature / temperature


@kernel
def skewness(temperature, weight, by_logits):
    return 0.0


@kernel
def kurtosis(temperature, weight, by_logits):
    return 1.2


@kernel
def entropy(temperature, weight, by_logits):
    return 2.0 - log(temperature)


class LogitRelaxedBernoulli(Distribution):
    r"""Distribution of the logit of a relaxed Bernoulli variate.

    .. math:: p(x) = \frac{\tau e^{-z}}{(1 + e^{-z})^2}, \quad z = \tau x - \operatorname{logit}(p)

    Parameters
    ----------
    temperature : array_like of positive
        Temperature :math:`\tau`.
    probs : array_like of (0, 1)
        Probability :math:`p` that a draw is positive. Exactly one of `probs` and `logits` is given.
    logits : array_like of real
        Log odds of `probs`.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    This is SciPy's ``logistic(logits / temperature, 1 / temperature)``. Source: Maddison, Mnih, Teh
    (2017), arXiv:1611.00712.

    Raises
    ------
    ValueError
        If both or neither of `probs` and `logits` are given, or a parameter is outside its set.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.LogitRelaxedBernoulli(temperature=0.5, probs=0.75)
    >>> d.sf(0.0), d.mean()
    (np.float64(0.75), np.float64(2.19722457733622))
    """

    temperature = Parameter(constraints.positive)
    probs = inner_probs()
    logits = finite_logits()
    support = constraints.real
    has_rsample = True
    kernels = Kernels(
        prepare=prepare,
        log_prob=log_prob,
        log_prob_and_grad=log_prob_and_grad,
        cdf=cdf,
        sf=sf,
        log_cdf=log_cdf,
        log_sf=log_sf,
        icdf=icdf,
        isf=isf,
        cdf_and_grad=cdf_and_grad,
        sampler=Sampler(draw, uniforms=1),
        sample_grad=sample_grad,
        mean=mean,
        variance=variance,
        skewness=skewness,
        kurtosis=kurtosis,
        median=mean,
        mode=mean,
        entropy=entropy,
    )

    def __init__(self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool = True) -> None:
        self._freeze_either(validate_args, {"probs": probs, "logits": logits}, temperature=temperature)
