"""Binomial distribution."""

from __future__ import annotations

from math import exp, floor, log, log1p, sqrt
from typing import Any

import numpy as np

from fastdist import constraints, lattice
from fastdist.distribution import Distribution
from fastdist.distributions.bernoulli import Bernoulli, by_quick_trials, kl_trial
from fastdist.engine.bits import fma
from fastdist.engine.kernel import kernel
from fastdist.kernels import Kernels
from fastdist.kl import As, Formula, register_kl, through
from fastdist.lattice import AS_NORMAL
from fastdist.odds import (
    chance_slope,
    chances,
    extended_logits,
    smaller_rest,
    trial_kurtosis,
    trial_skewness,
    unit_probs,
)
from fastdist.parameter import Parameter
from fastdist.random.binomial import binomial_constants, propose_binomial
from fastdist.random.counts import as_count
from fastdist.random.sampling import Sampler
from fastdist.special.beta import digamma_gap_fall, saddle_offset
from fastdist.special.beta_tail import log_tail_value, tail_value
from fastdist.special.binomial import binomial_mass_constants, log_binomial_mass, near_count_tail
from fastdist.special.incomplete_beta import betainc_falls
from fastdist.special.logs import exp_excess
from fastdist.special.quadrature import even_stride
from fastdist.tails import with_slopes

# A chance below this has lost digits, or all of them, to underflow. Its logarithm has not, and of a tail it
# leaves no more than the first term.
RARE = 1e-300
INF, NAN = float("inf"), float("nan")
# A sum over counts moves in strides where this many of them span its standard deviation: six a standard deviation leave
# an error of exp(-2 (6 pi)**2), and the ends of the range are this many of them away.
SMOOTH, RESOLVED = 48.0, 6.0
REACH, LEAST_REACH = 12.0, 60.0
# Below this divergence both masses are summed; the second alone where it is exp(STEEP) times the first.
NEAR, STEEP = 0.5, 600.0


@kernel
def prepare(total_count, weight, by_logits):
    p, q, log_p, log_q = chances(weight, by_logits)
    rest = smaller_rest(weight, by_logits)
    return *binomial_mass_constants(total_count, p, q, rest, log_p, log_q), log_q, by_logits


@kernel
def bounds(c):
    return 0.0, c[7]


@kernel
def log_prob(x, c):
    return log_binomial_mass(x, c)


@kernel
def _count_slope(x, y, p, q, log_q):
    """The derivative in x + y of the log mass at x: digamma(n + 1) - digamma(y + 1) + log(q)."""
    excess = (saddle_offset(x, y, p, q) - p) / (y + 1.0)
    steep = abs(excess) > 0.5
    rise = log((x + y + 1.0) / (y + 1.0)) + log_q if steep else log1p(excess)
    return rise + digamma_gap_fall(y + 1.0, x)


@kernel
def log_prob_and_grad(x, c):
    p, q, n = c[0], c[1], c[7]
    y = n - x
    slope = saddle_offset(x, y, p, q)
    if c[12] == 0.0:
        slope = -n / q if x == 0.0 else (n / p if y == 0.0 else slope / (p * q))
    return log_prob(x, c), _count_slope(x, y, p, q, c[11]), slope if n > 0.0 else 0.0


@kernel(heavy=True)
def near_tail(x, c):
    """The tail that is not close to 1, as (log_power, factor, whether it is the lower one)."""
    p, q, n = c[0], c[1], c[7]
    if p < RARE:
        return log_prob(x + 1.0, c), 1.0, 0.0
    log_mass = log_prob(x, c)
    if q < RARE:
        return log_mass, 1.0, 1.0
    return near_count_tail(n - x, x + 1.0, q, p, log_mass, (n - x) * p)


@kernel
def cdf(x, c):
    power, factor, lower = near_tail(x, c)
    return tail_value(power, factor, lower == 1.0)


@kernel
def sf(x, c):
    power, factor, lower = near_tail(x, c)
    return tail_value(power, factor, lower == 0.0)


@kernel
def log_cdf(x, c):
    power, factor, lower = near_tail(x, c)
    return log_tail_value(power, factor, lower == 1.0)


@kernel
def log_sf(x, c):
    power, factor, lower = near_tail(x, c)
    return log_tail_value(power, factor, lower == 0.0)


@kernel
def falls(x, c):
    p, q, n = c[0], c[1], c[7]
    log_size, in_n = betainc_falls(n - x, x + 1.0, q, p)
    # n times the mass of x among n - 1: from the mass of a neighbour that is not the larger one, so that nothing is
    # lost where the smaller chance has underflowed; where it is 0, from the only one that is possible.
    if p < q if c[12] > 0.0 or (p > 0.0 and q > 0.0) else q == 0.0:
        log_slope = log_prob(x + 1.0, c) + (log((x + 1.0) * q) if c[12] > 0.0 else log(x + 1.0) - log(p))
    else:
        log_slope = log_prob(x, c) + log((n - x) * p if c[12] > 0.0 else (n - x) / q)
    return log_size, in_n, log_slope, 1.0


@kernel
def guess(z, c):
    """The quantile of a normal quantile by Cornish and Fisher, to about half a count."""
    p, q = c[0], c[1]
    middle, variance = c[7] * p, c[7] * p * q
    spread = sqrt(variance)
    square = z * z
    bend = (square - 1.0) * (q - p) / 6.0
    twist = z * ((square - 3.0) * (1.0 - 6.0 * p * q) / 24.0 - (2.0 * square - 5.0) * (1.0 - 4.0 * p * q) / 36.0)
    k = middle + spread * z + bend + (twist / spread if variance > 0.0 else 0.0)
    return k + 0.5, spread


@kernel
def prepare_draw(total_count, weight, by_logits):
    p, q, _, _ = chances(weight, by_logits)
    return binomial_constants(total_count, p, q)


@kernel
def draw(noise, c):
    return as_count(propose_binomial(noise[0], noise[1], c))


@kernel
def mean(total_count, weight, by_logits):
    return total_count * chances(weight, by_logits)[0]


@kernel
def variance(total_count, weight, by_logits):
    p, q, _, _ = chances(weight, by_logits)
    return total_count * p * q


@kernel
def skewness(total_count, weight, by_logits):
    return trial_skewness(weight, by_logits) / sqrt(total_count)


@kernel
def kurtosis(total_count, weight, by_logits):
    return trial_kurtosis(weight, by_logits) / total_count


@kernel
def mode(total_count, weight, by_logits):
    k = floor((total_count + 1.0) * chances(weight, by_logits)[0])
    return k if k < total_count else total_count


@kernel
def extent(total_count, weight, by_logits):
    p, q, _, _ = chances(weight, by_logits)
    return 0.0, total_count, total_count * p, sqrt(total_count * p * q)


class Binomial(Distribution):
    r"""Binomial distribution: the number of successes in independent trials.

    .. math:: P(k) = \binom{n}{k} p^k (1 - p)^{n - k}, \quad k = 0, 1, \dots, n

    Parameters
    ----------
    total_count : array_like of nonnegative integers
        Number of trials :math:`n`.
    probs : array_like of [0, 1]
        Chance :math:`p` of a success. Exactly one of `probs` and `logits` is given.
    logits : array_like of real
        Log odds of `probs`, infinite for 0 and 1.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``binom(n, p)`` is the same distribution. The mass is Loader's saddle-point form (2000), which cancels
    no digits at any number of trials; the tails are incomplete beta functions. The derivative in `total_count` is
    that of the formulas with :math:`\binom{n}{k}` in gamma functions, which hold for real n too. Draws are int64:
    from an alias table where one parameter set has few counts, else by adding up masses (below 10 expected
    successes or failures) or by the transformed rejection of Hormann (1993, doi:10.1080/00949659308811496), whose
    cost does not grow. The mode is the largest one, floor((n + 1) p), and n for ``probs = 1``, as in torch.

    Raises
    ------
    ValueError
        If both or neither of `probs` and `logits` are given, or a parameter is outside its set.
    NotImplementedError
        By `enumerate_support` where `total_count` varies over the batch.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.Binomial(10, probs=[0.5, 0.25])
    >>> d.prob(3)
    array([0.1171875 , 0.25028229])
    >>> d.icdf(0.99)
    array([9., 6.])
    >>> round(fd.Binomial(10**12, probs=0.5).log_prob(5 * 10**11), 9)
    np.float64(-14.041301911)
    """

    total_count = Parameter(constraints.nonnegative_integer)
    probs = unit_probs()
    logits = extended_logits()
    has_enumerate_support = True
    kernels = Kernels(
        prepare=prepare,
        bounds=bounds,
        tabulated=True,
        log_prob=log_prob,
        log_prob_and_grad=log_prob_and_grad,
        cdf=cdf,
        sf=sf,
        log_cdf=log_cdf,
        log_sf=log_sf,
        **lattice.quantiles(cdf, sf, guess, bounds),
        **with_slopes(falls, {"cdf": cdf, "log_cdf": log_cdf, "log_sf": log_sf}, 2),
        sampler=Sampler(draw, uniforms=2, rejects=True, prepare=prepare_draw),
        mean=mean,
        variance=variance,
        skewness=skewness,
        kurtosis=kurtosis,
        mode=mode,
        entropy=lattice.entropy(prepare, log_prob, extent, skewness, kurtosis),
    )

    def __init__(self, total_count: Any = 1, probs: Any = None, logits: Any = None, validate_args: bool = True) -> None:
        self._freeze_either(validate_args, {"probs": probs, "logits": logits}, total_count=total_count)

    @constraints.dependent_property(is_discrete=True)
    def support(self) -> Any:
        """The integers from 0 to the number of trials."""
        return constraints.integer_interval(0, self.total_count)

    def enumerate_support(self, expand: bool = True) -> np.ndarray:
        """The integers from 0 to the number of trials, the same for the whole batch, along a new first axis."""
        counts = np.unique(self.total_count)
        if counts.size > 1:
            raise NotImplementedError(
                "Binomial.enumerate_support: total_count varies over the batch, and the number of values with it"
            )
        values = np.arange(int(counts[0]) + 1 if counts.size else 0).reshape((-1, *(1,) * len(self.batch_shape)))
        return np.broadcast_to(values, (len(values), *self.batch_shape)).copy() if expand else values


@kernel
def stretch(n, p, q):
    """Where the counts of n trials are: the first and the last one, and the stride of a sum over them."""
    middle, spread = n * p, sqrt(n * p * q)
    reach = REACH * spread + LEAST_REACH
    stride = even_stride(spread / RESOLVED) if spread > SMOOTH else 1.0
    low, high = stride * floor((middle - reach) / stride), floor(middle + reach)
    return low if low > 0.0 else 0.0, high if high < n else n, stride


@kernel
def log_step(x, n, p, q, m, s, t):
    """By how much log(g / f) grows from a count x to the next: differences of what is given, where it is small."""
    own = n * p
    gap = fma(m, s, -own) - fma(n, p, -own)
    over = gap - x * (s - p) - s * p * (m - n) if p < 0.5 else (m - n) * s * q + (n - x) * (q - t)
    below = (n - x) * p * t
    step = over / below
    return log1p(step) if abs(step) < 0.5 else log((m - x) * s * q / below)


@kernel(heavy=True)
def kl_more_trials(n, weight, by_logits, m, other, other_by_logits):
    """The divergence of m trials from n < m, and the derivatives: a sum over counts, in strides where there are many.

    Where it is not large all that both can reach is summed, f log(f / g) + g - f, of which nothing is negative. Without
    strides log(g / f) is made of its steps, of which the rounding of either logarithm would be much.
    """
    c, d = prepare(n, weight, by_logits), prepare(m, other, other_by_logits)
    p, q, s, t = c[0], c[1], d[0], d[1]
    mean, variance = n * p, n * p * q
    if variance > AS_NORMAL * AS_NORMAL and sqrt(variance) * AS_NORMAL < mean:
        # Counts are as good as continuous, and the logarithms are parabolas about the mean.
        bend = (m / (m - mean) - n / (n - mean)) / mean
        total = log_prob(mean, c) - log_prob(mean, d) + 0.5 * variance * bend
        in_weight = -variance * log((m - mean) * s / (mean * t))
        in_other = (m * s - mean) / (s * t) * chance_slope(other, other_by_logits)
        return total, in_weight if by_logits > 0.0 else in_weight / (p * q), in_other
    low, high, stride = stretch(n, p, q)
    total, moved, beyond = 0.0, 0.0, 0.0
    while low + beyond <= high:
        x = low + beyond
        log_f = log_prob(x, c)
        mass = exp(log_f)
        if mass > 0.0:
            part = mass * (log_f - log_prob(x, d))
            total += part
            moved += part * saddle_offset(x, n - x, p, q)
        beyond += stride
    total, moved = stride * total, stride * moved
    if total < NEAR:
        other_low, other_high, other_stride = stretch(m, s, t)
        low = low if low < other_low else other_low
        high = high if high > other_high else other_high
        stride = stride if stride < other_stride else other_stride
        total = 0.0
        beyond = 0.0
        log_ratio = log_prob(low, d) - log_prob(low, c)
        while low + beyond <= high:
            x = low + beyond
            log_g = log_prob(x, d)
            log_f = log_prob(x, c) if x <= n else -INF
            log_ratio = log_ratio if stride == 1.0 and x <= n else log_g - log_f
            total += exp(log_f) * exp_excess(log_ratio) if log_f > log_g - STEEP else exp(log_g)
            log_ratio += log_step(x, n, p, q, m, s, t) if x < n else 0.0
            beyond += stride
        total *= stride
    in_weight = moved if by_logits > 0.0 else moved / (p * q)
    in_other = (m * s - n * p) / (s * t) * chance_slope(other, other_by_logits)
    return (total, in_weight, in_other) if total < INF else (INF, NAN, NAN)


@kernel(heavy=True)
def kl_binomial(n, weight, by_logits, m, other, other_by_logits):
    p, _, _, _ = chances(weight, by_logits)
    _, _, _, log_t = chances(other, other_by_logits)
    if n == m:
        value, in_weight, in_other = kl_trial(weight, by_logits, other, other_by_logits)
        return (n * value, n * in_weight, n * in_other) if n > 0.0 else (0.0, 0.0, 0.0)
    if n == 0.0 or p == 0.0:
        in_other = m * (chance_slope(other, other_by_logits) * exp(-log_t)) if m > 0.0 else 0.0
        return -m * log_t if m > 0.0 else 0.0, 0.0 if n == 0.0 else NAN, in_other
    if n > m:
        return INF, NAN, NAN
    return kl_more_trials(n, weight, by_logits, m, other, other_by_logits)


ITSELF = As("total_count, weight, by_logits", "total_count, weight, by_logits", "g[0]")
ONE_TRIAL = As("weight, by_logits", "1.0, weight, by_logits", "g[0]")
register_kl(Binomial, Binomial)(
    Formula(kl_binomial, quick=by_quick_trials("n * kl if n == n_ and n > 0.0 else NAN", "n"))
)
register_kl(Binomial, Bernoulli)(through(kl_binomial, ITSELF, ONE_TRIAL, 1))
register_kl(Bernoulli, Binomial)(through(kl_binomial, ONE_TRIAL, ITSELF, 1))
