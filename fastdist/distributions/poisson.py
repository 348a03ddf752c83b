"""Poisson distribution."""

from __future__ import annotations

from math import exp, floor, log, sqrt
from typing import Any

from fastdist import constraints, lattice
from fastdist.distribution import Distribution
from fastdist.engine.kernel import kernel
from fastdist.kernels import Kernels
from fastdist.parameter import Parameter
from fastdist.random.sampling import Sampler
from fastdist.special.gamma import deviance, stirling_error
from fastdist.special.incomplete_gamma import gammainc, gammaincc, log_gammainc, log_gammaincc

INF, NAN = float("inf"), float("nan")
HALF_LOG_2PI = 0.91893853320467274178

# Below this rate a count is found by adding up probabilities, above it by rejection.
SEARCH = 10.0


@kernel
def prepare(rate):
    return rate, log(rate) if rate > 0.0 else 0.0


@kernel
def log_prob(x, c):
    rate = c[0]
    saddle = -stirling_error(x) - deviance(x, rate) - 0.5 * log(x if x > 0.0 else 1.0) - HALF_LOG_2PI
    return saddle if x > 0.0 else -rate


@kernel
def log_prob_and_grad(x, c):
    rate = c[0]
    return log_prob(x, c), (x - rate) / rate if rate > 0.0 else (-1.0 if x == 0.0 else NAN)


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
def cdf_and_grad(x, c):
    return gammaincc(x + 1.0, c[0]), -exp(log_prob(x, c))


@kernel
def guess(z, c):
    """The quantile of a normal quantile by Cornish and Fisher, to about half a count."""
    rate = c[0]
    root = sqrt(rate)
    k = rate + root * (z + (z * z - 1.0) / (6.0 * root) + (z - z * z * z) / (72.0 * rate))
    return k if rate > 0.0 else 0.0, root


@kernel
def prepare_draw(rate):
    """Constants of Hormann's transformed rejection with squeeze."""
    b = 0.931 + 2.53 * sqrt(rate)
    a = -0.059 + 0.02483 * b
    inv_alpha = 1.1239 + 1.1328 / (b - 3.4)
    return rate, exp(-rate), a, b, log(inv_alpha), 0.9277 - 3.6224 / (b - 2.0)


@kernel(heavy=True)
def draw(noise, c):
    u, v = noise[0], noise[1]
    rate, term, a, b, log_inv_alpha, v_squeeze = c
    if rate < SEARCH:
        k = 0.0
        while u > term and k < 200.0:
            u -= term
            k += 1.0
            term *= rate / k
        return k
    u -= 0.5
    us = 0.5 - abs(u)
    k = floor((2.0 * a / us + b) * u + rate + 0.43)
    if us >= 0.07 and v <= v_squeeze:
        return k
    if k < 0.0 or (us < 0.013 and v > us):
        return NAN
    log_accept = log(v) + log_inv_alpha - log(a / (us * us) + b)
    return k if log_accept <= log_prob(k, (rate, 0.0)) else NAN


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
        cdf_and_grad=cdf_and_grad,
        sampler=Sampler(draw, uniforms=2, rejects=True, prepare=prepare_draw),
        mean=mean,
        variance=mean,
        skewness=skewness,
        kurtosis=kurtosis,
        mode=mode,
        entropy=lattice.entropy(prepare, log_prob, extent),
    )

    def __init__(self, rate: Any, validate_args: bool = True) -> None:
        self._freeze(validate_args, rate=rate)
