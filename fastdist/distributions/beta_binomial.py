"""Beta-binomial distribution."""

from __future__ import annotations

from math import exp, floor, sqrt
from typing import Any

import numpy as np

from fastdist import constraints, lattice
from fastdist.distribution import Distribution
from fastdist.engine.bits import float_bits
from fastdist.engine.kernel import kernel
from fastdist.kernels import Kernels
from fastdist.parameter import Parameter
from fastdist.random.binomial import binomial_constants, propose_binomial
from fastdist.random.counts import as_count
from fastdist.random.gamma import gamma_constants, propose_gamma, propose_log_gamma
from fastdist.random.philox import LOW, ONE, ZERO, uniform_pair
from fastdist.random.sampling import Sampler
from fastdist.special.incomplete_beta import betainc_constants, betainccinv_prepared, betaincinv_prepared
from fastdist.special.logs import expit
from fastdist.special.normal import ndtr
from fastdist.special.urn import (
    beta_binomial_constants,
    beta_binomial_entropy,
    beta_binomial_mass,
    beta_binomial_scores,
    beta_binomial_tail,
    difference_of_products,
)
from fastdist.tails import from_smaller

NAN = float("nan")
HALF_LOG_2PI = 0.9189385332046728
# The binomial proposals reject less than a half: none comes to so many attempts.
ATTEMPTS = np.uint64(200)


@kernel
def prepare(total_count, concentration1, concentration0):
    return beta_binomial_constants(total_count, concentration1, concentration0)


@kernel
def bounds(c):
    return 0.0, c[0]


@kernel
def log_prob(x, c):
    return beta_binomial_mass(x, c)


@kernel
def log_prob_and_grad(x, c):
    return log_prob(x, c), *beta_binomial_scores(x, c)


TAILS = from_smaller(beta_binomial_tail)


@kernel
def prepare_quantile(total_count, concentration1, concentration0):
    """Also what the quantiles of a beta variate of the same mean and variance as x / n need."""
    total = concentration1 + concentration0
    spread = (total + 1.0) * (total_count / (total + total_count)) - 1.0
    spread = spread if spread > 1e-10 else 1e-10
    share, other = concentration1 / total, concentration0 / total
    rest = prepare(total_count, concentration1, concentration0)
    return *rest, *betainc_constants(share * spread, other * spread)


@kernel
def guess(z, c):
    """The quantile of the beta variate, and the slope that the mass there gives it."""
    x, y = betaincinv_prepared(ndtr(z), c[5:]) if z < 0.0 else betainccinv_prepared(ndtr(-z), c[5:])
    n = c[0]
    k = floor(n * x) if x < y else n - floor(n * y)
    slope = exp(-0.5 * z * z - HALF_LOG_2PI - log_prob(k, c))
    return k, slope if slope < n else n


@kernel
def prepare_draw(total_count, concentration1, concentration0):
    return total_count, *gamma_constants(concentration1), *gamma_constants(concentration0)


@kernel(heavy=True)
def _successes(n, p, q, u, v):
    """A binomial count from two uniforms.

    How often a proposal is accepted depends on the chance p. So that no chance is favoured, a rejected count is
    proposed again for the same one, from uniforms whose key is the bits of the first two.
    """
    proposal = binomial_constants(n, p, q)
    k0, k1 = np.uint64(float_bits(u)) & LOW, np.uint64(float_bits(v)) & LOW
    k = propose_binomial(u, v, proposal)
    attempt = ONE
    while k != k and attempt < ATTEMPTS:
        u, v = uniform_pair(attempt, ZERO, ZERO, k0, k1)
        k = propose_binomial(u, v, proposal)
        attempt += ONE
    return k


@kernel
def draw(noise, c):
    x = propose_gamma(noise[0], noise[2], c[1], c[2])
    y = propose_gamma(noise[1], noise[3], c[4], c[5])
    total = x + y
    return as_count(_successes(c[0], x / total, y / total, noise[4], noise[5])) if total == total else NAN


@kernel
def draw_any(noise, c):
    log_x = propose_log_gamma(noise[0], noise[2], noise[4], c[1], c[2], c[3])
    log_y = propose_log_gamma(noise[1], noise[3], noise[5], c[4], c[5], c[6])
    log_odds = log_x - log_y
    chance, other = expit(log_odds), expit(-log_odds)
    return as_count(_successes(c[0], chance, other, noise[6], noise[7])) if log_odds == log_odds else NAN


@kernel
def mean(total_count, concentration1, concentration0):
    return total_count * (concentration1 / (concentration1 + concentration0))


@kernel
def variance(total_count, concentration1, concentration0):
    total = concentration1 + concentration0
    share, other = concentration1 / total, concentration0 / total
    return total_count * share * other * ((total + total_count) / (total + 1.0))


@kernel
def skewness(total_count, concentration1, concentration0):
    n, a, b = total_count, concentration1, concentration0
    total = a + b
    lean = (total + 2.0 * n) / (total + 2.0) * (b - a)
    return lean * sqrt(total + 1.0) / (sqrt(n) * sqrt(a) * sqrt(b) * sqrt(n + total)) if n > 0.0 else NAN


@kernel
def kurtosis(total_count, concentration1, concentration0):
    n, a, b = total_count, concentration1, concentration0
    total = a + b
    share, other = a / total, b / total
    product = share * other
    flat = (1.0 - 6.0 * product - 1.0 / total) / product * (total / n) * (total / (total + n))
    gap = share - other
    lean = 6.0 * (gap * gap / product * ((total + 1.0) / (total + 2.0)) - 1.0)
    return (flat * ((total + 1.0) / (total + 2.0)) + lean) / (total + 3.0) if n > 0.0 else NAN


@kernel
def mode(total_count, concentration1, concentration0):
    n, a, b = total_count, concentration1 - 1.0, concentration0 - 1.0
    if a <= 0.0 or b <= 0.0:
        return 0.0 if a <= 0.0 and (b > 0.0 or a <= b) else n
    k = floor((n + 1.0) * (a / (a + b)))
    # k is at most the mode where k b <= (n + 1 - k) a: without rounding.
    k = k + 1.0 if k < n and difference_of_products(k + 1.0, b, n - k, a) <= 0.0 else k
    k = k - 1.0 if k > 0.0 and difference_of_products(k, b, n + 1.0 - k, a) > 0.0 else k
    return k if k < n else n


@kernel
def entropy(total_count, concentration1, concentration0):
    top = mode(total_count, concentration1, concentration0)
    return beta_binomial_entropy(top, prepare(total_count, concentration1, concentration0))


_QUANTILES: dict[str, Any] = {
    name: (prepare_quantile, formula)
    for name, formula in lattice.quantiles(TAILS["cdf"], TAILS["sf"], guess, bounds).items()
}


class BetaBinomial(Distribution):
    r"""Beta-binomial distribution: successes in trials whose common chance is drawn from a beta distribution.

    .. math:: P(k) = \binom{n}{k} \frac{B(k + \alpha, n - k + \beta)}{B(\alpha, \beta)}, \quad k = 0, 1, \dots, n

    Parameters
    ----------
    total_count : array_like of nonnegative integers
        Number of trials :math:`n`.
    concentration1 : array_like of positive
        First shape :math:`\alpha`: large values move the mass to n.
    concentration0 : array_like of positive
        Second shape :math:`\beta`: large values move the mass to 0.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``betabinom(n, a, b)`` is the same distribution; torch has none. The mass is a quotient of three negative
    binomial ones in Loader's saddle-point form (2000), which cancels no digits at any number of trials. A tail is
    the mass times a sum of products of neighbours' ratios, or, where that is long, an integral with Euler and
    Maclaurin's correction, at a cost that does not grow with `total_count`. The derivative in `total_count` is that
    of the formula with :math:`\binom{n}{k}` in gamma functions, which holds for real n too. Draws are int64: from an
    alias table where one parameter set has few counts, else binomial ones with the odds of two gamma variates. Of
    two modes the larger is given, of the whole support 0.

    Raises
    ------
    ValueError
        If `total_count` is no nonnegative integer, or a concentration is not positive and finite.
    NotImplementedError
        By `enumerate_support` where `total_count` varies over the batch.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.BetaBinomial(total_count=10, concentration1=2.0, concentration0=3.0)
    >>> d.prob([0, 4, 10])
    array([0.06593407, 0.13986014, 0.01098901])
    >>> d.icdf(0.99)
    np.float64(10.0)
    >>> round(fd.BetaBinomial(10**12, 2e6, 3e6).log_sf(4 * 10**11), 9)
    np.float64(-0.693195741)
    """

    total_count = Parameter(constraints.nonnegative_integer)
    concentration1 = Parameter(constraints.positive)
    concentration0 = Parameter(constraints.positive)
    has_enumerate_support = True
    kernels = Kernels(
        prepare=prepare,
        bounds=bounds,
        tabulated=True,
        log_prob=log_prob,
        log_prob_and_grad=log_prob_and_grad,
        **TAILS,
        **_QUANTILES,
        sampler=Sampler(draw_any, normals=2, uniforms=6, rejects=True, prepare=prepare_draw),
        mean=mean,
        variance=variance,
        skewness=skewness,
        kurtosis=kurtosis,
        mode=mode,
        entropy=entropy,
    )

    def __init__(self, total_count: Any, concentration1: Any, concentration0: Any, validate_args: bool = True) -> None:
        self._freeze(
            validate_args,
            total_count=total_count,
            concentration1=concentration1,
            concentration0=concentration0,
        )

    @constraints.dependent_property(is_discrete=True)
    def support(self) -> Any:
        """The integers from 0 to the number of trials."""
        return constraints.integer_interval(0, self.total_count)

    def _sampler(self) -> Sampler:
        """Without the boost of the gamma variates where no concentration needs it."""
        ones = np.minimum(self.concentration1, self.concentration0)
        return _UNBOOSTED if np.all(ones >= 1.0) else self.kernels.sampler


_UNBOOSTED = Sampler(draw, normals=2, uniforms=4, rejects=True, prepare=prepare_draw)
