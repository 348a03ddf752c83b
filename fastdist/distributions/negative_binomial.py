"""Negative binomial distribution."""

from __future__ import annotations

from math import exp, floor, log, log1p, sqrt
from typing import Any

import numpy as np

from fastdist import constraints, lattice
from fastdist.distribution import Distribution
from fastdist.distributions.bernoulli import by_quick_trials, chance_gap, deviance_of_chances, log_of_ratio
from fastdist.distributions.gamma import entropy as gamma_entropy
from fastdist.distributions.gamma import kl_gamma
from fastdist.engine.kernel import kernel
from fastdist.kernels import Kernels
from fastdist.kl import Formula, register_kl
from fastdist.odds import chance_slope, chances, logits_below_inf, probs_below_one, smaller_rest
from fastdist.parameter import Parameter
from fastdist.random.negative_binomial import negative_binomial_constants, propose_negative_binomial
from fastdist.random.sampling import Sampler
from fastdist.special.beta import digamma_gap_fall, digamma_rise, gammaln_rise, saddle_offset
from fastdist.special.beta_tail import log_tail_value, tail_value
from fastdist.special.binomial import near_count_tail
from fastdist.special.gamma import gammaln, log_gamma1p
from fastdist.special.incomplete_beta import betainc_falls
from fastdist.special.negative_binomial import log_negative_binomial_mass, negative_binomial_mass_constants
from fastdist.special.negative_binomial_divergence import failures_divergence
from fastdist.special.normal import ndtr
from fastdist.special.quadrature import NODES_32, WEIGHTS_32
from fastdist.tails import with_slopes

INF, NAN = float("inf"), float("nan")

# A chance below this has lost digits, or all of them, to underflow. Its logarithm has not, and of a tail it
# leaves no more than the first term.
RARE = 1e-300
# From this total_count on digamma functions are compared by their asymptotic series.
LARGE = 16.0
# A total_count below this has the slope of the cdf at 0, and masses that are as it.
SMALLEST = 1e-30

# The entropy is summed over a bell from this total_count on; and is that of a gamma distribution where the chance
# of a failure is below CONTINUOUS, and that of 0 below exp(-100).
BELL, CONTINUOUS = 32.0, 1e-30
# Below it the first so many terms are added up, and Gregory's end correction joins them to the integral: the
# coefficients of log(1 + x) / x, reciprocal, as weights of the next nine terms.
FIRST = 256.0
GREGORY = (
    0.7130245535714286,
    -0.5890197861552028,
    0.9640148258377425,
    -1.240890376984127,
    1.1405643738977072,
    -0.7209438381834216,
    0.2978546626984127,
    -0.07249696869488537,
    0.00789255401234568,
)
# From exp(ASYMPTOTIC) on the mass is k ** (r - 1) exp(-k rate) to the last digit, and a power alone as long as k
# is below exp(-FLAT) / rate.
ASYMPTOTIC, FLAT = 40.0, 40.0


@kernel
def prepare(total_count, weight, by_logits):
    p, q, log_p, log_q = chances(weight, by_logits)
    rest = smaller_rest(weight, by_logits)
    return *negative_binomial_mass_constants(total_count, p, q, rest, log_p, log_q), by_logits


@kernel
def log_prob(x, c):
    return log_negative_binomial_mass(x, c)


@kernel
def _count_slope(x, r, p, q, log_q):
    """The derivative in r of the log mass at x: digamma(x + r) - digamma(r) + log(q)."""
    if r < LARGE:
        return digamma_rise(r, x) + log_q if x > 0.0 else log_q
    excess = saddle_offset(x, r, p, q) / r
    rise = log1p(excess) if abs(excess) < 0.5 else log1p(x / r) + log_q
    return rise + digamma_gap_fall(r, x)


@kernel
def log_prob_and_grad(x, c):
    p, q, r = c[0], c[1], c[7]
    slope = saddle_offset(x, r, p, q)
    if c[11] == 0.0:
        slope = slope / (p * q) if x > 0.0 else -r / q
    return log_prob(x, c), _count_slope(x, r, p, q, c[10]), slope


@kernel(heavy=True)
def near_tail(x, c):
    """The tail that is not close to 1, as (log_power, factor, whether it is the lower one)."""
    p, q, r = c[0], c[1], c[7]
    if p < RARE or r == 0.0:
        return log_prob(x + 1.0, c), 1.0, 0.0
    if q < RARE:  # the first term in powers of it
        return gammaln_rise(x + 1.0, r) - log_gamma1p(r) + r * c[10], 1.0, 1.0
    return near_count_tail(r, x + 1.0, q, p, log_prob(x, c), (x + r) * p)


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
    p, q, r = c[0], c[1], c[7]
    log_size, in_r = betainc_falls(r if r > SMALLEST else SMALLEST, x + 1.0, q, p)
    if c[11] > 0.0:
        return log_size, in_r, log_prob(x + 1.0, c) + log(x + 1.0), 1.0
    return log_size, in_r, log_prob(x, c) + log(x + r) - c[10], 1.0


@kernel
def guess(z, c):
    """About the quantile of a normal quantile, by the Pearson curve of type III with the same three moments."""
    p, q, r = c[0], c[1], c[7]
    variance = r * p / q / q
    spread = sqrt(variance)
    half_skew = 0.5 * (1.0 + p) / sqrt(r * p) if r * p > 0.0 else INF
    if half_skew < 1.0:
        # Wilson and Hilferty's cube of a normal variate
        t = half_skew / 3.0
        base = 1.0 + t * (z - t)
        base = base if base > 0.0 else 0.0
        k = r * (p / q) + spread * ((base * base * base - 1.0) / half_skew)
        return k + 0.5, spread * (base * base) + 0.5
    scale = p / q
    share = ndtr(-z) / r if r > 0.0 else INF
    if share < 0.3:
        # The exponential tail of a gamma variate, r exp(-y) / y
        y = -log(share)
        y = y - log(y) if y > 1.0 else y
        return scale * y, scale * abs(z) + 1.0
    k = scale * exp((log(ndtr(z)) + log_gamma1p(r)) / r)
    return k if k < scale else scale, k + 1.0


@kernel
def prepare_draw(total_count, weight, by_logits):
    return negative_binomial_constants(total_count, *chances(weight, by_logits))


@kernel
def draw(noise, c):
    return propose_negative_binomial(noise[0], noise[1], 0.5, c)


@kernel
def draw_any(noise, c):
    return propose_negative_binomial(noise[0], noise[1], noise[2], c)


@kernel
def mean(total_count, weight, by_logits):
    p, q, _, _ = chances(weight, by_logits)
    odds = p / q
    return 0.0 if total_count == 0.0 and odds == INF else total_count * odds


@kernel
def variance(total_count, weight, by_logits):
    q = chances(weight, by_logits)[1]
    return mean(total_count, weight, by_logits) / q


@kernel
def stddev(total_count, weight, by_logits):
    q = chances(weight, by_logits)[1]
    return sqrt(mean(total_count, weight, by_logits)) / sqrt(q)


@kernel
def skewness(total_count, weight, by_logits):
    p, _, log_p, _ = chances(weight, by_logits)
    return (1.0 + p) / sqrt(total_count) * (1.0 / sqrt(p) if p > RARE else exp(-0.5 * log_p))


@kernel
def kurtosis(total_count, weight, by_logits):
    p, q, _, _ = chances(weight, by_logits)
    return 6.0 / total_count + q * (q / p) / total_count


@kernel
def mode(total_count, weight, by_logits):
    p, q, _, _ = chances(weight, by_logits)
    return 0.0 if total_count <= 1.0 else floor((total_count - 1.0) * (p / q))


@kernel
def extent(total_count, weight, by_logits):
    middle = mean(total_count, weight, by_logits)
    return 0.0, INF, middle, sqrt(variance(total_count, weight, by_logits))


_bell_entropy = lattice.entropy(prepare, log_prob, extent, skewness, kurtosis)


@kernel
def _surprise(t, c, log_gamma, log_rate):
    """-k f(k) log f(k) at k = exp(t), for a mass that falls like exp(-k exp(log_rate)) in the end."""
    if t < ASYMPTOTIC:
        log_mass = log_prob(exp(t), c)
        return -exp(t + log_mass) * log_mass
    power = c[7] * (t + c[10]) - log_gamma - exp(t + log_rate)
    return exp(power) * (t - power)


@kernel(heavy=True)
def summed_entropy(total_count, weight, by_logits):
    """The sum of -f log f: the first terms, then Gregory's formula with an integral over the logarithm of k.

    A mass whose shape is large is a bell, which is summed in strides.
    """
    r = total_count
    _, q, log_p, log_q = chances(weight, by_logits)
    if q < CONTINUOUS and r * log_q < -100.0:
        return gamma_entropy(r, 1.0) + (log_p - log_q)
    if r >= BELL:
        return _bell_entropy(r, weight, by_logits)
    c = prepare(r, weight, by_logits)
    middle = mean(r, weight, by_logits)
    total = 0.0
    k = 0.0
    while k < FIRST:
        log_mass = log_prob(k, c)
        term = -exp(log_mass) * log_mass if log_mass > -745.0 else 0.0
        total += term
        if term <= 1e-19 * total and k > middle:
            return total
        k += 1.0
    for w in GREGORY:
        log_mass = log_prob(k, c)
        total -= w * exp(log_mass) * log_mass
        k += 1.0
    log_rate = log_q if q < 1e-17 else log(-log_p)
    log_gamma = gammaln(r)
    t = log(FIRST)
    while t < 7.0 - log_rate:
        width = 1.0
        if t > ASYMPTOTIC and t < -FLAT - log_rate:
            # A power of k as yet: in panels in which it grows by exp(32).
            width = 32.0 / r
            width = width if width < -FLAT - log_rate - t else -FLAT - log_rate - t
        panel = 0.0
        for i in range(16):
            s = NODES_32[i] * width
            panel += WEIGHTS_32[i] * (
                _surprise(t + s, c, log_gamma, log_rate) + _surprise(t + (width - s), c, log_gamma, log_rate)
            )
        total += panel * width
        t += width
    return total


@kernel(heavy=True)
def entropy(total_count, weight, by_logits):
    """Below SMALLEST all masses but that of 0 are as the total_count: the sum is of those at SMALLEST."""
    p, _, log_p, log_q = chances(weight, by_logits)
    if total_count == 0.0 or log_p == -INF:
        return sqrt(total_count * p)  # 0, which grows infinitely fast
    if total_count >= SMALLEST:
        return summed_entropy(total_count, weight, by_logits)
    share = summed_entropy(SMALLEST, weight, by_logits) / SMALLEST
    return total_count * (share + log_q * log(total_count / SMALLEST))


class NegativeBinomial(Distribution):
    r"""Negative binomial distribution: the number of successes before a given number of failures.

    .. math:: P(k) = \frac{\Gamma(k + r)}{k!\, \Gamma(r)}\, p^k (1 - p)^r, \quad k = 0, 1, 2, \dots

    Parameters
    ----------
    total_count : array_like of nonnegative
        Number of failures :math:`r` that are waited for, an integer or not; 0 is a point mass at 0.
    probs : array_like of [0, 1)
        Chance :math:`p` of a success. Exactly one of `probs` and `logits` is given.
    logits : array_like of real
        Log odds of `probs`; -inf for 0.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    As in torch successes are counted, and `probs` is the chance of one: the mean is
    ``total_count * probs / (1 - probs)``. SciPy counts failures before a number of successes: ours is its
    ``nbinom(total_count, 1 - probs)``. The mass is Loader's saddle-point form (2000), which cancels no digits; the
    tails are incomplete beta functions. Draws are int64, at a cost that does not grow: from an alias table where one
    parameter set has few counts, else by adding up masses (below a mean of 10), by transformed rejection, or for a
    total_count below 1 as geometric counts of random odds. A draw beyond the largest float64 that an int64 holds,
    2**63 - 1024, is that number. The mode is the largest one, as in torch.

    Raises
    ------
    ValueError
        If both or neither of `probs` and `logits` are given, or a parameter is outside its set.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.NegativeBinomial(2.5, probs=0.75)
    >>> d.mean()
    np.float64(7.5)
    >>> d.prob([0, 1, 2.5])
    array([0.03125   , 0.05859375, 0.        ])
    >>> d.icdf(0.99)
    np.float64(25.0)
    """

    total_count = Parameter(constraints.nonnegative)
    probs = probs_below_one()
    logits = logits_below_inf()
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
        **with_slopes(falls, {"cdf": cdf, "log_cdf": log_cdf, "log_sf": log_sf}, 2),
        sampler=Sampler(draw_any, uniforms=3, rejects=True, prepare=prepare_draw),
        mean=mean,
        variance=variance,
        stddev=stddev,
        skewness=skewness,
        kurtosis=kurtosis,
        mode=mode,
        entropy=entropy,
    )

    def __init__(self, total_count: Any, probs: Any = None, logits: Any = None, validate_args: bool = True) -> None:
        self._freeze_either(validate_args, {"probs": probs, "logits": logits}, total_count=total_count)

    def _sampler(self) -> Sampler:
        """Without the noise of less than one failure where there is none: the draws are the same."""
        return OF_WHOLE if np.all(np.greater_equal(self.total_count, 1.0)) else self.kernels.sampler


OF_WHOLE = Sampler(draw, uniforms=2, rejects=True, prepare=prepare_draw)


@kernel(heavy=True)
def kl_negative_binomial(r, weight, by_logits, n, other, other_by_logits):
    """To the distribution of n failures and the same mean, and from there to the other chance; with derivatives."""
    p, q, log_p, log_q = chances(weight, by_logits)
    s, t, log_s, log_t = chances(other, other_by_logits)
    if r == 0.0 or p == 0.0:  # a point mass at 0
        in_r, in_p = (0.0 if p == 0.0 else -INF), (0.0 if r == 0.0 or by_logits > 0.0 else -INF)
        return 0.0 - n * log_t, in_r, in_p, 0.0 - log_t, n / t * chance_slope(other, other_by_logits)
    if n == 0.0:
        return INF, NAN, NAN, NAN, NAN
    if q < RARE and r * log_q < -100.0:  # gamma distributions to the last digit
        ratio = exp(log_q - log_t)
        value, in_r, in_rate, in_n, in_other = kl_gamma(r, ratio, n, 1.0)
        in_p, in_s = -in_rate * ratio * p, -in_other * s
        return (
            value, in_r, in_p if by_logits > 0.0 else in_p / q, in_n, in_s if other_by_logits > 0.0 else in_s / t
        )  # fmt: skip
    # The chances of n failures with this mean.
    mixed = r * p + n * q
    u, v = (p, q) if r == n else (r * p / mixed, n * q / mixed)
    log_u, log_v = log_p + log(r / mixed), log_q + log(n / mixed)
    beyond, in_r, in_mean, in_n = failures_divergence(r, n, r * (p / q))
    apart = s - u if u + s < 1.0 else v - t
    gap = chance_gap(weight, by_logits, other, other_by_logits) if r == n else apart
    rise, fall = log_of_ratio(u, s, -gap / s, log_u, log_s), log_of_ratio(v, t, gap / t, log_v, log_t)
    in_mean += rise
    in_p = r * in_mean * (p / q if by_logits > 0.0 else 1.0 / q / q)
    in_s = n * (gap / v) / (s * t) * chance_slope(other, other_by_logits)
    own = deviance_of_chances(u, s, log_u, log_s, -gap) + deviance_of_chances(v, t, log_v, log_t, gap)
    value = beyond + n * (own / v)
    return value, in_r + p / q * in_mean, in_p, in_n + fall, in_s


register_kl(NegativeBinomial, NegativeBinomial)(
    Formula(kl_negative_binomial, quick=by_quick_trials("r * kl / q if r == r_ and r > 0.0 else NAN", "r"))
)
