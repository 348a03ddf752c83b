"""Poisson distribution."""

from __future__ import annotations

from math import exp, floor, log, sqrt
from typing import Any

from fastdist import constraints, lattice
from fastdist.distribution import Distribution
from fastdist.engine.kernel import kernel
from fastdist.kernels import Kernels
from fastdist.kl import As, register_kl, through
from fastdist.odds import chance_slope, chances
from fastdist.parameter import Parameter
from fastdist.random.counts import as_count
from fastdist.random.poisson import poisson_constants, propose_poisson
from fastdist.random.sampling import Sampler
from fastdist.special.gamma import deviance
from fastdist.special.incomplete_gamma import gammainc, gammaincc, log_gammainc, log_gammaincc
from fastdist.special.logs import log_quotient
from fastdist.special.poisson import log_poisson_mass
from fastdist.tails import with_slopes

INF, NAN = float("inf"), float("nan")


@kernel
def prepare(rate):
    return rate, log(rate) if rate > 0.0 else 0.0


@kernel
def log_prob(x, c):
    return log_poisson_mass(x, c[0])


@kernel
def log_prob_and_grad(x, c):
    rate = c[0]
    return log_prob(x, c), (x - rate) / rate if rate > 0.0 else (-1.0 if x == 0.0 else INF)


@kernel
def cdf(x, c):
    return gammaincc(x + 1.0, c[0])


@kernel
def sf(x, c):
    return gammainc(x + 1.0, c[0])


@kernel
def log_cdf(x, c):
    return log_gammaincc(x + 1.0, c[0])


@kernel
def log_sf(x, c):
    return log_gammainc(x + 1.0, c[0])


@kernel
def falls(x, c):
    return log_prob(x, c), 1.0


@kernel
def guess(z, c):
    """The quantile of a normal quantile by Cornish and Fisher, to about half a count."""
    rate = c[0]
    root = sqrt(rate)
    k = rate + root * (z + (z * z - 1.0) / (6.0 * root) + (z - z * z * z) / (72.0 * rate))
    return k if rate > 0.0 else 0.0, root


@kernel(heavy=True)
def draw(noise, c):
    return as_count(propose_poisson(noise[0], noise[1], c))


@kernel
def mean(rate):
    return rate


@kernel
def skewness(rate):
    return 1.0 / sqrt(rate)


@kernel
def kurtosis(rate):
    return 1.0 / rate


@kernel
def mode(rate):
    return floor(rate)


@kernel
def extent(rate):
    return 0.0, INF, rate, sqrt(rate)


class Poisson(Distribution):
    r"""Poisson distribution.

    .. math:: P(k) = \frac{\lambda^k e^{-\lambda}}{k!}, \quad k = 0, 1, 2, \dots

    Parameters
    ----------
    rate : array_like of nonnegative
        Mean :math:`\lambda`; 0 is a point mass at 0.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``poisson(mu)`` is the same distribution. Draws are int64, where torch gives floats: a
    count is an integer, and an int64 holds every count that a float64 holds exactly. The mass is
    Loader's saddle-point form (2000), which cancels no digits at any rate. One frozen rate of
    few counts is drawn from an alias table; other rates by adding up probabilities (below 10) or by the
    transformed rejection of Hormann (1993, doi:10.1016/0167-6687(93)90997-4). The mode of an
    integer rate is that rate, as in torch.

    Raises
    ------
    ValueError
        If `rate` is negative or not finite.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.Poisson(rate=4.0)
    >>> d.prob([0, 4, 4.5])
    array([0.01831564, 0.19536681, 0.        ])
    >>> d.icdf(0.99)
    np.float64(9.0)
    """

    rate = Parameter(constraints.nonnegative)
    support = constraints.nonnegative_integer
    kernels = Kernels(
        prepare=prepare,
        tabulated=True,
        log_prob=log_prob,
        log_prob_and_grad=log_prob_and_grad,
        cdf=cdf,
        sf=sf,
        log_cdf=log_cdf,
        log_sf=log_sf,
        **lattice.quantiles(cdf, sf, guess, lattice.whole_line),
        **with_slopes(falls, {"cdf": cdf, "log_cdf": log_cdf, "log_sf": log_sf}, 1),
        sampler=Sampler(draw, uniforms=2, rejects=True, prepare=poisson_constants),
        mean=mean,
        variance=mean,
        skewness=skewness,
        kurtosis=kurtosis,
        mode=mode,
        entropy=lattice.entropy(prepare, log_prob, extent, skewness, kurtosis),
    )

    def __init__(self, rate: Any, validate_args: bool = True) -> None:
        self._freeze(validate_args, rate=rate)


@register_kl(Poisson, Poisson)
@kernel
def kl_poisson(rate, other):
    return deviance(rate, other), log_quotient(rate, other), (other - rate) / other


@kernel
def kl_poisson_binomial(rate, total_count, weight, by_logits):
    """Infinite, but for a rate of 0: then the only count is 0."""
    _, _, _, log_q = chances(weight, by_logits)
    value = -total_count * log_q if total_count > 0.0 else 0.0
    in_weight = total_count * (chance_slope(weight, by_logits) * exp(-log_q))
    return (value, NAN, in_weight) if rate == 0.0 else (INF, NAN, NAN)


register_kl(Poisson, "Binomial")(kl_poisson_binomial)
ITSELF, ONE_TRIAL = As("rate", "rate", "g[0]"), As("weight, by_logits", "1.0, weight, by_logits", "g[0]")
register_kl(Poisson, "Bernoulli")(through(kl_poisson_binomial, ITSELF, ONE_TRIAL, 1))
