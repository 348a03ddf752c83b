"""Hypergeometric distribution."""

from __future__ import annotations

from math import exp, floor, log, sqrt
from typing import Any

import numpy as np

from fastdist import constraints, devices, lattice
from fastdist.distribution import Distribution
from fastdist.engine.kernel import kernel
from fastdist.kernels import Kernels
from fastdist.parameter import Parameter
from fastdist.random.sampling import Sampler
from fastdist.special.urn import (
    difference_of_products,
    hypergeometric_constants,
    hypergeometric_entropy,
    hypergeometric_mass,
    hypergeometric_scores,
    hypergeometric_tail,
)
from fastdist.tails import from_smaller

NAN = float("nan")
# Up to this standard deviation a count is found by adding up masses from the mode, beyond it by rejection.
SEARCH = 6.0
# A mass below this is less than a uniform can tell.
NEVER = 1e-17
# Stadlober's table mountain: 2 sqrt(2 / e) and 3 - 2 sqrt(3 / e).
SLOPE, WIDTH = 1.7155277699214135, 0.8989161620588988


@kernel
def prepare(population, successes, draws):
    return hypergeometric_constants(population, successes, draws)


@kernel
def bounds(c):
    others, successes, draws = c[0], c[1], c[2]
    return (0.0 if others >= 0.0 else -others), successes if successes < draws else draws


@kernel
def log_prob(x, c):
    return hypergeometric_mass(x, c)


@kernel
def log_prob_and_grad(x, c):
    return log_prob(x, c), *hypergeometric_scores(x, c)


TAILS = from_smaller(hypergeometric_tail)


@kernel
def prepare_quantile(population, successes, draws):
    """Also the standard deviation, and a sixth of the third cumulant over the variance."""
    spread = sqrt(variance(population, successes, draws))
    lean = spread * skewness(population, successes, draws) / 6.0 if spread > 0.0 else 0.0
    return *prepare(population, successes, draws), spread, lean


@kernel
def guess(z, c):
    """The quantile of a normal quantile by Cornish and Fisher, to about half a count."""
    return c[3] + c[5] * z + c[6] * (z * z - 1.0) + 0.5, c[5]


@kernel
def prepare_draw(population, successes, draws):
    """What a proposal needs: about the mode, its log mass, and the half width and the centre of the hat."""
    rest = prepare(population, successes, draws)
    top = mode(population, successes, draws)
    spread_squared = variance(population, successes, draws)
    reach = SLOPE * sqrt(spread_squared + 0.5) + WIDTH if spread_squared > SEARCH * SEARCH else 0.0
    return *rest, top, log_prob(top, rest), reach, rest[3] + 0.5


@kernel(heavy=True)
def _search(u, c):
    """The count of a uniform, by adding up masses on both sides of the mode in turn."""
    others, successes, draws, top = c[0], c[1], c[2], c[5]
    above = below = exp(c[6])
    up = down = top
    u -= above
    while u > 0.0 and above + below > NEVER:
        above *= ((successes - up) / (up + 1.0)) * ((draws - up) / (others + up + 1.0))
        up += 1.0
        u -= above
        if not u > 0.0:
            return up
        below *= (down / (successes - down + 1.0)) * ((others + down) / (draws - down + 1.0))
        down -= 1.0
        u -= below
        if not u > 0.0:
            return down
    return top


@kernel
def draw(noise, c):
    u, v = noise[0], noise[1]
    if c[7] == 0.0:
        return _search(u, c)
    k = floor(c[8] + c[7] * (v - 0.5) / u)
    low, high = bounds(c)
    if not low <= k <= high:
        return NAN
    return k if 2.0 * log(u) <= log_prob(k, c) - c[6] else NAN


@kernel
def mean(population, successes, draws):
    return successes * (draws / (population if population > 0.0 else 1.0))


@kernel
def variance(population, successes, draws):
    N = population if population > 1.0 else 2.0
    share = successes / N * ((N - successes) / N)
    return draws * share * ((N - draws) / (N - 1.0)) if population > 1.0 else 0.0


@kernel
def skewness(population, successes, draws):
    N = population
    root = sqrt(variance(population, successes, draws))
    lean = (N - 2.0 * successes) / N * ((N - 2.0 * draws) / (N - 2.0 if N > 2.0 else 1.0))
    return lean / root if root > 0.0 else NAN


@kernel
def kurtosis(population, successes, draws):
    N, spread_squared = population, variance(population, successes, draws)
    if not spread_squared > 0.0:
        return NAN
    if N < 4.0:  # two neighbours
        return (1.0 - 6.0 * spread_squared) / spread_squared
    u, v = successes / N * ((N - successes) / N), draws / N * ((N - draws) / N)
    flat = ((N - 1.0) / N) * (1.0 + 1.0 / N - 6.0 * (u + v)) / (u * v)
    return (flat + 6.0 * (5.0 - 6.0 / N)) / (N - 2.0) * (N / (N - 3.0))


@kernel
def mode(population, successes, draws):
    N, K, n = population + 2.0, successes + 1.0, draws + 1.0
    k = floor(n * (K / N))
    # The mode is the largest k with k N <= n K: without rounding.
    k = k + 1.0 if difference_of_products(k + 1.0, N, n, K) <= 0.0 else k
    return k - 1.0 if difference_of_products(k, N, n, K) > 0.0 else k


@kernel
def entropy(population, successes, draws):
    return hypergeometric_entropy(mode(population, successes, draws), prepare(population, successes, draws))


_QUANTILES: dict[str, Any] = {
    name: (prepare_quantile, formula)
    for name, formula in lattice.quantiles(TAILS["cdf"], TAILS["sf"], guess, bounds).items()
}


@kernel
def enough_to_succeed(population, successes, draws):
    """Whether the population holds as many successes."""
    return successes <= population


@kernel
def enough_to_draw(population, successes, draws):
    """Whether the population holds as many as are drawn."""
    return draws <= population


class Hypergeometric(Distribution):
    r"""Hypergeometric distribution: successes in draws from a finite population without putting back.

    .. math::

        P(k) = \binom{K}{k} \binom{N - K}{n - k} \Big/ \binom{N}{n},
        \quad \max(0, n + K - N) \le k \le \min(K, n)

    Parameters
    ----------
    population : array_like of nonnegative integers
        Size :math:`N` of the population.
    successes : array_like of nonnegative integers
        How many of it, :math:`K`, count as successes.
    draws : array_like of nonnegative integers
        How many are drawn, :math:`n`.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``hypergeom(M, n, N)`` takes the same three numbers in this order; NumPy's ``hypergeometric`` takes
    ``successes, population - successes, draws``; torch has none. The mass is a quotient of three binomial ones in
    Loader's saddle-point form (2000), which cancels no digits in any population. A tail is the mass times a sum of
    products of neighbours' ratios, or, where that is long, an integral with Euler and Maclaurin's correction, at a
    cost that does not grow. All parameters are counts; derivatives of the log mass are those of the formula in gamma
    functions, which holds for real parameters too. Draws are int64: from an alias table where one parameter set has
    few counts, else by adding up masses from the mode or, where the standard deviation exceeds 6, by the ratio of
    uniforms of Stadlober (1990, doi:10.1016/0377-0427(90)90349-5), whose cost does not grow. Of two modes the larger
    is given.

    Raises
    ------
    ValueError
        If a parameter is no nonnegative integer, or `successes` or `draws` exceeds `population`.
    NotImplementedError
        By `enumerate_support` where the support varies over the batch.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.Hypergeometric(population=20, successes=7, draws=12)
    >>> d.prob([3, 4, 7.5])
    array([0.19865841, 0.35758514, 0.        ])
    >>> d.icdf(0.99)
    np.float64(7.0)
    >>> round(fd.Hypergeometric(10**12, 10**11, 10**9).log_sf(10**8), 9)
    np.float64(-0.693200452)
    """

    population = Parameter(constraints.nonnegative_integer)
    successes = Parameter(constraints.nonnegative_integer)
    draws = Parameter(constraints.nonnegative_integer)
    has_enumerate_support = True
    _relations = (
        ("successes must not exceed population", enough_to_succeed),
        ("draws must not exceed population", enough_to_draw),
    )
    kernels = Kernels(
        prepare=prepare,
        bounds=bounds,
        tabulated=True,
        log_prob=log_prob,
        log_prob_and_grad=log_prob_and_grad,
        **TAILS,
        **_QUANTILES,
        sampler=Sampler(draw, uniforms=2, rejects=True, prepare=prepare_draw),
        mean=mean,
        variance=variance,
        skewness=skewness,
        kurtosis=kurtosis,
        mode=mode,
        entropy=entropy,
    )

    def __init__(self, population: Any, successes: Any, draws: Any, validate_args: bool = True) -> None:
        self._freeze(validate_args, population=population, successes=successes, draws=draws)

    @constraints.dependent_property(is_discrete=True)
    @devices.host_only
    def support(self) -> Any:
        """The integers from max(0, draws + successes - population) to min(successes, draws)."""
        low = np.maximum(0.0, np.subtract(self.draws, np.subtract(self.population, self.successes)))
        return constraints.integer_interval(low, np.minimum(self.successes, self.draws))
