"""Geometric distribution."""

from __future__ import annotations

from math import ceil, exp, expm1, floor, log, log1p, sqrt
from typing import Any

from fastdist import constraints
from fastdist.distribution import Distribution
from fastdist.distributions.bernoulli import LEAST, by_quick_trials, kl_trial
from fastdist.engine.bits import fma
from fastdist.engine.elementary import log_of_uniform
from fastdist.engine.kernel import kernel
from fastdist.kernels import Kernels
from fastdist.kl import Formula, register_kl
from fastdist.lattice import spacing
from fastdist.odds import chance_slope, chances, positive_logits, positive_probs, smaller_rest
from fastdist.random.counts import as_count
from fastdist.random.sampling import Sampler
from fastdist.special.beta import log_pair, saddle_offset
from fastdist.special.logs import exp_excess, log1mexp
from fastdist.tails import with_slopes

INF, NAN = float("inf"), float("nan")
# The logarithm of a chance that may have lost digits to underflow, and a chance whose log is minus itself.
LEAST_LOG, SMALL = -667.0, 1e-17
# Where log(q) is closer to 0 it has lost digits to underflow, unlike the log of p, which is as large.
LOST = 1e-305
# Where k log(q) is closer to 0 a cdf is k p.
LINEAR = 1e-290
# The rounding of times and of tails, relative to their own size, is some ten times smaller.
SLACK = 4e-15


@kernel
def prepare(weight, by_logits):
    """p, q, log p, log q, what log q lost to rounding; and the same parameter's kind."""
    p, q, log_p, log_q = chances(weight, by_logits)
    rest = 0.0
    if LEAST < q < 0.8:
        lost = smaller_rest(weight, by_logits)
        high, low = log_pair(q, (((1.0 - q) - p) - p * lost) / q if p < q else lost)
        rest = (high - log_q) + low
    return p, q, log_p, log_q, rest, by_logits


@kernel
def power(k, c):
    """k log(q) as a sum of two floats, where the second is small."""
    whole = k * c[3] if c[3] < -LOST else -exp(log(k) + c[2])
    rest = fma(k, c[3], -whole) + k * c[4] if whole > -1e300 and c[3] < -LOST else 0.0
    return (whole, rest) if k > 0.0 else (0.0, 0.0)


@kernel
def log_prob(x, c):
    whole, rest = power(x, c)
    return c[2] + (whole + rest)


@kernel
def prob(x, c):
    whole, rest = power(x, c)
    e = exp(whole)
    return c[0] * fma(e, rest, e)


@kernel
def log_prob_and_grad(x, c):
    p, q = c[0], c[1]
    slope = saddle_offset(1.0, x, p, q)  # q - x p
    if c[5] == 0.0:
        slope = slope / (p * q) if x > 0.0 else 1.0 / p
    return log_prob(x, c), slope


@kernel
def sf(x, c):
    whole, rest = power(x + 1.0, c)
    e = exp(whole)
    return fma(e, rest, e)


@kernel
def cdf(x, c):
    whole, rest = power(x + 1.0, c)
    lost = expm1(whole)
    return 1.0 if whole < -40.0 else -fma(lost, rest, lost + rest)


@kernel
def log_sf(x, c):
    whole, rest = power(x + 1.0, c)
    return whole + rest


@kernel
def log_cdf(x, c):
    whole, rest = power(x + 1.0, c)
    return log1mexp(whole + rest) if whole < -LINEAR else log(x + 1.0) + c[2]


@kernel
def log_sf_and_grad(x, c):
    slope = c[0] if c[5] > 0.0 else 1.0 / c[1]
    return log_sf(x, c), -(x + 1.0) * slope if c[1] > 0.0 else 0.0


@kernel
def falls(x, c):
    if c[5] > 0.0:
        return power(x + 1.0, c)[0] + log(x + 1.0) + c[2], -1.0
    return power(x, c)[0], -(x + 1.0)


@kernel(heavy=True)
def _nearest(k, p, c, upper):
    """The smallest count whose cdf reaches p, or whose tail is at most p if `upper`, from a count nearby."""
    k = k if k > 0.0 else 0.0
    if k == INF:
        return k
    step = spacing(k)
    if sf(k, c) <= p if upper else cdf(k, c) >= p:
        high, low = k, -1.0
        while high > 0.0 and low < 0.0:
            k = high - step if high > step else 0.0
            if not (k < high):
                break
            if sf(k, c) <= p if upper else cdf(k, c) >= p:
                high = k
                step = 2.0 * step
            else:
                low = k
    else:
        low, high = k, k + step
        while high < INF and not (sf(high, c) <= p if upper else cdf(high, c) >= p):
            low = high
            step = 2.0 * step
            high = high + step
    while high - low > 1.0:
        k = low + floor(0.5 * (high - low))
        if not low < k < high:
            break
        if sf(k, c) <= p if upper else cdf(k, c) >= p:
            high = k
        else:
            low = k
    return high


@kernel
def _count_at(time, c):
    """The last whole number below -time / log(q)."""
    return ceil(-time / c[3] if c[3] < -LOST else exp(log(time) - c[2])) - 1.0


@kernel
def _certain(time, slack, k, c):
    """Whether k is the count at a time whatever the rounding of times and tails, which is below that of `slack`."""
    beyond, margin = time + k * c[3], SLACK * (time + slack)
    return beyond > margin and beyond < -c[3] - margin


@kernel
def icdf(p, c):
    time = -log1p(-p)
    k = _count_at(time, c)
    if _certain(time, p / (1.0 - p), k, c):
        return k
    return k if cdf(k, c) >= p and cdf(k - 1.0, c) < p else _nearest(k, p, c, False)


@kernel
def isf(q, c):
    time = -log(q)
    k = _count_at(time, c)
    if _certain(time, 1.0, k, c):
        return k
    return k if sf(k, c) <= q and sf(k - 1.0, c) > q else _nearest(k, q, c, True)


@kernel
def draw(noise, c):
    k = floor(-log_of_uniform(noise[0]) / abs(c[3]))
    return as_count(k)


@kernel
def mean(weight, by_logits):
    p, q, _, _ = chances(weight, by_logits)
    return q / p


@kernel
def variance(weight, by_logits):
    p, q, _, _ = chances(weight, by_logits)
    return q / p / p


@kernel
def stddev(weight, by_logits):
    p, q, _, _ = chances(weight, by_logits)
    return sqrt(q) / p


@kernel
def skewness(weight, by_logits):
    _, q, _, log_q = chances(weight, by_logits)
    return (1.0 + q) * exp(-0.5 * log_q) if q < LEAST else (1.0 + q) / sqrt(q)


@kernel
def kurtosis(weight, by_logits):
    p, q, _, log_q = chances(weight, by_logits)
    return 6.0 + p * (exp(-log_q) if q < LEAST else p / q)


@kernel
def mode(weight, by_logits):
    return 0.0


@kernel
def entropy(weight, by_logits):
    p, q, log_p, log_q = chances(weight, by_logits)
    return 0.0 - log_p - (q * (log_q / p) if q > 0.0 else 0.0)


class Geometric(Distribution):
    r"""Geometric distribution: the number of failures before the first success.

    .. math:: P(k) = p\, (1 - p)^k, \quad k = 0, 1, 2, \dots

    Parameters
    ----------
    probs : array_like of (0, 1]
        Chance :math:`p` of a success. Exactly one of `probs` and `logits` is given.
    logits : array_like of real
        Log odds of `probs`; inf for 1.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    Counts begin at 0, as in torch. SciPy's ``geom(p)`` counts the trials, from 1: ours is ``geom(p, loc=-1)``.
    Everything is in closed form; quantiles are then moved to the count at which our own cdf reaches the level.
    Draws are int64, by inversion; one beyond the largest float64 that an int64 holds, 2**63 - 1024, is that
    number, which takes a `probs` below 1e-17.

    Raises
    ------
    ValueError
        If both or neither of `probs` and `logits` are given, or a parameter is outside its set.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.Geometric(probs=0.25)
    >>> d.prob([0, 1, 2.5])
    array([0.25  , 0.1875, 0.    ])
    >>> d.mean(), d.icdf(0.99)
    (np.float64(3.0), np.float64(16.0))
    """

    probs = positive_probs()
    logits = positive_logits()
    support = constraints.nonnegative_integer
    kernels = Kernels(
        prepare=prepare,
        log_prob=log_prob,
        prob=prob,
        log_prob_and_grad=log_prob_and_grad,
        cdf=cdf,
        sf=sf,
        log_cdf=log_cdf,
        log_sf=log_sf,
        icdf=icdf,
        isf=isf,
        **{
            **with_slopes(falls, {"cdf": cdf, "log_cdf": log_cdf, "log_sf": log_sf}, 1),
            "log_sf_and_grad": log_sf_and_grad,
        },
        sampler=Sampler(draw, uniforms=1),
        mean=mean,
        variance=variance,
        stddev=stddev,
        skewness=skewness,
        kurtosis=kurtosis,
        mode=mode,
        entropy=entropy,
    )

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool = True) -> None:
        self._freeze_either(validate_args, {"probs": probs, "logits": logits})


@kernel
def kl_geometric(weight, by_logits, other, other_by_logits):
    p, _, log_p, _ = chances(weight, by_logits)
    s, t, log_s, log_t = chances(other, other_by_logits)
    if log_p < LEAST_LOG and by_logits + other_by_logits > 0.0:
        # Exponential distributions, unless the other chance is no longer small.
        both = by_logits > 0.0 and other_by_logits > 0.0 and s < SMALL
        rise = other - weight if both else log_s - log_p
        further = exp(log(-log_t) - log_p)
        kl = exp_excess(rise) if s < SMALL else further - 1.0 - rise
        in_own = -expm1(rise) if s < SMALL else 1.0 - further
        in_own = in_own if by_logits > 0.0 else in_own / p
        in_other = expm1(rise) + s
        in_other = in_other if other_by_logits > 0.0 else in_other / (s * t)
        return (kl, in_own, in_other) if kl < INF else (INF, NAN, NAN)
    # Until the success there are 1 / p trials.
    kl, in_own, in_other = kl_trial(weight, by_logits, other, other_by_logits)
    return kl / p, (in_own - kl / p * chance_slope(weight, by_logits)) / p, in_other / p


register_kl(Geometric, Geometric)(Formula(kl_geometric, quick=by_quick_trials("kl / p")))
