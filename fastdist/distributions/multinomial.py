"""Multinomial distribution."""

from __future__ import annotations

from math import exp, floor, log, sqrt
from typing import Any

import numpy as np

from fastdist import constraints, devices
from fastdist.distributions.binomial import stretch
from fastdist.distributions.one_hot_categorical import counted
from fastdist.distributions.weighted import Weighted, fill_masses, fill_others
from fastdist.engine import rows
from fastdist.engine.bits import fma
from fastdist.engine.device import on_device
from fastdist.engine.elementwise import elementwise
from fastdist.engine.evaluate import F64
from fastdist.engine.kernel import kernel
from fastdist.engine.row_programs import Columns
from fastdist.engine.rows import Table
from fastdist.kl import Whole, kl_divergence, kl_divergence_and_grad, moving_as, register_kl
from fastdist.lattice import AS_NORMAL, INEXACT, spacing
from fastdist.parameter import Parameter
from fastdist.random.binomial_once import binomial
from fastdist.random.rows import UNIFORM, RowSampler
from fastdist.special.binomial import binomial_mass_constants, log_binomial_mass
from fastdist.special.categories import fill_covariance, fill_mean, fill_variance
from fastdist.special.gamma import deviance, stirling_error
from fastdist.vector import Rows

INF, NAN = float("inf"), float("nan")
HALF_LOG_2PI = 0.9189385332046728

# An expected count below this is taken for it, unless it is 0.
TINY, LOG_TINY = 1e-307, -706.893623549172
# For each category a draw takes as long as so many draws of a single trial.
SINGLE = 20

# The constants are the number of trials, its part of the mass, whether the parameter is the logits, and rows: what
# `expected` gives of each category, the masses, their logs, the masses of all others, and the chance of each category
# among itself and those behind it, with its complement.


@kernel
def log_factorial_correction(x):
    """log x! - x log x + x for x > 0, and 0 for 0: what the deviances lack."""
    positive = x > 0.0
    z = x if positive else 1.0
    value = stirling_error(z) + (0.5 * log(z) + HALF_LOG_2PI)
    return value if positive else 0.0


@kernel
def expected(n, p, log_p):
    """n p, what it is short of as a fraction, and by how much its log is too large: above 0 where it is set to TINY."""
    mean = n * p
    tiny = mean < TINY and log_p > -INF
    rest = fma(n, p, -mean) / mean if mean >= TINY else 0.0
    return TINY if tiny else mean, rest, LOG_TINY - log(n) - log_p if tiny else 0.0


@kernel
def prepare(total_count, weights, by_logits, means, rests, excesses, probs, logs, others, chance, rest):
    fill_masses(weights, by_logits, probs, logs)
    fill_others(probs, others)
    tail = 0.0
    for k in range(len(probs) - 1, -1, -1):
        whole = probs[k] + tail
        chance[k] = probs[k] / whole if whole > 0.0 else 0.0
        rest[k] = tail / whole if whole > 0.0 else 1.0
        tail = whole
        means[k], rests[k], excesses[k] = expected(total_count if total_count > 0.0 else 1.0, probs[k], logs[k])
    return total_count, log_factorial_correction(total_count), by_logits


@kernel
def term(x, c):
    """The parts of log x! and of the log mass that do not cancel, and x itself, or inf for what is no count."""
    mean, rest, excess = c
    count = (x >= 0.0) & (x == floor(x))
    safe = x if count else 0.0
    shift = x * excess
    off = deviance(safe, mean) - rest * (safe - mean) + (shift if shift > 0.0 else 0.0)
    off = 0.0 if (safe == 0.0) & (excess > 0.0) else off
    return log_factorial_correction(safe), off, x if count | (x != x) else INF


@kernel
def finish(sums, c):
    corrections, deviances, total = sums
    # Without trials the means of one trial are in the place of none.
    value = c[1] - corrections - deviances if c[0] > 0.0 else 0.0
    return value if total == c[0] else (-INF if total == total else NAN)


@kernel
def inside(x, c):
    total, whole = 0.0, True
    for v in x:
        whole = whole and v >= 0.0 and v == floor(v)
        total += v
    return whole and total == c[0]


@kernel
def log_prob_and_grad(x, c, w, slope):
    n, by_logits, probs, others = c[0], c[2], c[6], c[8]
    corrections, deviances = 0.0, 0.0
    for k in range(len(x)):
        correction, off, _ = term(x[k], (c[3][k], c[4][k], c[5][k]))
        corrections += correction
        deviances += off
    value = finish((corrections, deviances, n), (n, c[1]))
    for k in range(len(x)):
        hit, miss = x[k] * others[k], n - x[k]
        in_weight = (hit / probs[k] if hit > 0.0 else 0.0) - miss
        slope[k] = (hit - miss * probs[k] if by_logits > 0.0 else in_weight) if value > -INF else 0.0
    return value


@kernel
def next_count(left, last, u, v, chance, rest, element, k0, k1):
    """The next of conditional binomials, and how many trials are left after it."""
    count = left
    if not last:
        possible = left > 0.0 and chance > 0.0
        count = binomial(u, v, left, chance, rest, element, k0, k1) if possible else 0.0
    return count, left - count


@kernel
def draw(state, last, noise, c, element, k0, k1):
    left = state if state == state else c[0]
    return next_count(left, last, noise[0], noise[1], c[9], c[10], element, k0, k1)


@kernel(heavy=True)
def _information(n, p, q, log_p, log_q):
    """Mean of deviance(x, n p) + log_factorial_correction(x) for a binomial x."""
    mean = n * p
    spread = sqrt(mean * q)
    if spread > AS_NORMAL and spread * AS_NORMAL < mean:
        return 0.5 * q + log_factorial_correction(mean)
    if not spread < INF:
        return NAN
    low, high, stride = stretch(n, p, q)
    mass = binomial_mass_constants(n, p, q, 0.0, log_p, log_q)
    total, weight, moved = 0.0, 0.0, 0.0
    while low + moved <= high:
        x = low + moved
        chance = exp(log_binomial_mass(x, mass))
        if chance > 0.0:
            total += chance * (deviance(x, mean) + log_factorial_correction(x))
            weight += chance
        moved += stride
    return total / weight


@kernel
def entropy(c, out):
    n, probs, logs, others = c[0], c[6], c[7], c[8]
    total = -c[1]
    for k in range(len(probs)):
        if n > 0.0 and probs[k] > 0.0:
            total += _information(n, probs[k], others[k], logs[k], log(others[k]))
    out[0] = total


@kernel
def fill_mode(n, probs, out):
    """n counts, each of which goes where p / x is largest for the x-th of a category: those above some level.

    A guess of the level is off by few counts.
    """
    size = len(probs)
    level = n + 0.5 * size
    total = 0.0
    for k in range(size):
        out[k] = floor(level * probs[k])
        total += out[k]
    # Beyond 2**53 counts are further apart than 1, and so is what they add up to.
    while abs(total - n) >= spacing(n) * (size if n > INEXACT else 1.0):
        fewer = total > n
        best, worth = 0, -1.0
        for k in range(size):
            value = (out[k] / probs[k] if probs[k] > 0.0 else 0.0) if fewer else probs[k] / (out[k] + 1.0)
            best = k if value > worth else best
            worth = value if value > worth else worth
        change = -spacing(n) if fewer else spacing(n)
        out[best] += change
        total += change


@kernel
def mode(c, out):
    fill_mode(c[0], c[6], out)


class Multinomial(Weighted):
    r"""Counts of K categories in n independent trials.

    .. math:: P(x) = \frac{n!}{\prod_k x_k!} \prod_k p_k^{x_k}, \quad \sum_k x_k = n

    Parameters
    ----------
    total_count : array_like of nonnegative integers
        Number of trials :math:`n`.
    probs : array_like of nonnegative, shape (..., K)
        Weights of the categories along the last axis; they are normalised.
    logits : array_like of real, shape (..., K)
        Unnormalised log weights, -inf for weight 0. Give exactly one of `probs` and `logits`.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``multinomial(total_count, probs)`` is the same distribution. Where torch takes one `total_count`, here it
    broadcasts with the batch. Draws are int64, where torch gives floats: counts are integers. A vector that does not
    sum to `total_count` has a log mass of -inf.

    The mass is a sum of Loader's deviances and Stirling terms (2000), which cancels no digits at any number of trials,
    and the entropy the same sum over the binomial margins. Draws are conditional binomials, by rejection in constant
    time (Hormann 1993), or few categorical draws; a category of weight 0 is never drawn. The mode gives each trial to
    the category to which it is worth most (Finucan 1964, doi:10.1093/biomet/51.3-4.513). Gradients are in the given
    parameter and have its last axis, as those of :class:`OneHotCategorical`.

    Raises
    ------
    ValueError
        If `total_count` is negative or not an integer, if both or neither of `probs` and `logits` are given, if a
        weight is negative or not finite, or if all weights of a table are 0.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.Multinomial(total_count=4, probs=[0.5, 0.25, 0.25])
    >>> d.prob([[4, 0, 0], [2, 1, 1], [2, 1, 0]])
    array([0.0625, 0.1875, 0. ])
    >>> d.sample(rng=1).sum()
    np.int64(4)
    """

    total_count = Parameter(constraints.nonnegative_integer)
    rows = Rows(
        prepare=prepare,
        inside=inside,
        terms=(term, finish, 3, 3),
        log_prob_and_grad=log_prob_and_grad,
        sampler=RowSampler((Columns(draw),), (UNIFORM, UNIFORM), scratch=1, redraws=True),
        numbers=3,
        rows=8,
    )

    def __init__(self, total_count: Any = 1, probs: Any = None, logits: Any = None, validate_args: bool = True) -> None:
        self._freeze_weights(validate_args, probs, logits, total_count=total_count)

    @constraints.dependent_property(is_discrete=True, event_dim=1)
    def support(self) -> Any:
        """Vectors of counts that sum to `total_count`."""
        return constraints.multinomial(self.total_count)

    def _row_sampling(self) -> tuple[RowSampler, Table, Any]:
        n = np.inf if self.batch_shape else self._trials_of_all()
        if 0 < n <= SINGLE * self.event_shape[0]:
            return *counted(self._categorical, self.batch_shape), int(n)
        return super()._row_sampling()

    def _trials_of_all(self) -> float:
        given = self._arguments[0]
        return float(devices.number(given) if on_device(given) else given)

    def _trials(self, ndim: int) -> Any:
        """The number of trials, with `ndim` axes of an event behind it."""
        given = self._parameters["total_count"]
        return given.reshape(self.batch_shape + (1,) * ndim)

    def mean(self) -> Any:
        """Expected counts."""
        return self._filled(fill_mean, self.event_shape, *self._masses(), self._arguments[0])

    def variance(self) -> Any:
        """Variance of each count."""
        return self._filled(fill_variance, self.event_shape, *self._masses(), self._arguments[0])

    def covariance(self) -> Any:
        return self._filled(fill_covariance, self.event_shape * 2, *self._masses(), self._arguments[0])

    covariance.__doc__ = Weighted.covariance.__doc__

    def mode(self) -> Any:
        """Counts of the largest mass."""
        return self._rounded(rows.of_sets(mode, self._table(), (self.event_shape,))[0], self._draw_dtype)

    def entropy(self) -> Any:
        """Entropy in nats."""
        return self._rounded(rows.of_sets(entropy, self._table(), ((),))[0])


@kernel
def times(trials, other, value, infinite):
    """What as many trials add up to; `infinite` where the other side has another number of them."""
    return (trials * value if trials > 0.0 else 0.0) if trials == other else infinite


def kl_multinomial(p: Multinomial, q: Multinomial, shape: tuple[int, ...]) -> Any:
    value = kl_divergence(p._categorical, q._categorical)
    return elementwise(times, (p._trials(0), q._trials(0), value, INF), shape, F64)[0]


def kl_multinomial_and_grad(p: Multinomial, q: Multinomial, shape: tuple[int, ...]) -> tuple[Any, Any, Any]:
    value, *slopes = kl_divergence_and_grad(p._categorical, q._categorical)
    trials, other, whole = p._trials(1), q._trials(1), shape + p.event_shape
    in_p, in_q = (
        {name: elementwise(times, (trials, other, slope, NAN), whole, F64)[0] for name, slope in found.items()}
        for found in slopes
    )
    return elementwise(times, (p._trials(0), q._trials(0), value, INF), shape, F64)[0], in_p, in_q


def _moving_divergence(p: Any, q: Any, shape: tuple[int, ...]) -> Any:
    first, second = (moving_as(d, d._plain._categorical) for d in (p, q))
    trials, other = (d._plain._trials(0) for d in (p, q))
    return np.where(trials == other, trials * kl_divergence(first, second), INF)


register_kl(Multinomial, Multinomial)(
    Whole(kl_multinomial, kl_multinomial_and_grad, on_device=True, moving=_moving_divergence)
)
