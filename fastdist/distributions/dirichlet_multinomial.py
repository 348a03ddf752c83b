"""Dirichlet-multinomial distribution."""

from __future__ import annotations

from math import exp, floor, log1p, sqrt
from typing import Any

import numpy as np

from fastdist import constraints
from fastdist.distributions.multinomial import fill_mode, log_factorial_correction, next_count
from fastdist.distributions.weighted import fill_others
from fastdist.engine import elementary, rows
from fastdist.engine.kernel import kernel
from fastdist.engine.loops import ATTEMPTS
from fastdist.engine.row_programs import Columns, Flat, largest_of
from fastdist.parameter import Parameter
from fastdist.random.gamma import gamma_constants, propose_log_gamma
from fastdist.random.philox import normal_at, uniform_at
from fastdist.random.rows import NORMAL, UNIFORM, RowSampler
from fastdist.special.beta import digamma_rise
from fastdist.special.categories import fill_covariance, fill_mean, fill_variance
from fastdist.special.gamma import deviance, stirling_error
from fastdist.special.logs import log_ratio
from fastdist.special.quadrature import NODES_32, WEIGHTS_32, even_stride
from fastdist.vector import Rows, VectorDistribution

INF, NAN = float("inf"), float("nan")
ONE, NORMALS, ACCEPTS = np.uint64(1), np.uint64(2), np.uint64(3)
MOST = np.uint64(ATTEMPTS)
NODES, WEIGHTS = NODES_32, WEIGHTS_32

# So many counts from each end of a margin are summed one by one, before sums become integrals.
END = 1024.0
# From concentrations of this on a margin is a bell, of whose standard deviations so many matter; six counts for each
# are enough if it is wide (Poisson's summation formula).
BELL, REACH, RESOLVED, WIDE = 64.0, 16.0, 6.0, 48.0

# The constants are the number of trials, two parts of the mass that depend on it and on the sum of the concentrations,
# that sum, and rows: what `term` takes of each category, then the concentrations of all others and the constants of the
# gamma variates.


@kernel
def log1p_ratio(x, y):
    """log(1 + x / y) for x >= 0 and y > 0, whose quotient may overflow."""
    ratio = x / y
    return log1p(ratio) if ratio < INF else log_ratio(x, y)


@kernel
def prepare(concentration, total_count, own, hit, miss, lack, none, others, d, c, power):
    n = total_count
    total = 0.0
    for a in concentration:
        total += a
    fill_others(concentration, others)
    for k in range(len(concentration)):
        a = concentration[k]
        own[k], hit[k], miss[k] = a, n / (total + n), total / (total + n)
        lack[k] = stirling_error(a)
        none[k] = a * log1p_ratio(n, total)
        d[k], c[k], power[k] = gamma_constants(a)
    spread = 0.5 * log1p_ratio(n, total) - (stirling_error(total + n) - stirling_error(total))
    return n, log_factorial_correction(n), spread, total


@kernel
def parts(x, c):
    """The parts of the log mass of a negative binomial count that do not cancel: that of log x!, and the rest.

    The distribution is that of independent negative binomial counts, given their sum. Any chance may be theirs: with
    the one that makes the mean of the sum what the sum is, the mass of the sum is free of cancellation too.
    """
    a, hit, miss, lack, none = c
    whole = a + x
    apart = 0.5 * log1p_ratio(x, a) + (lack - stirling_error(whole))
    some = apart + deviance(a, whole * miss) + deviance(x, whole * hit)
    return log_factorial_correction(x), some if x > 0.0 else none


@kernel
def term(x, c):
    """The parts of a number, and the number itself, or inf for what is no count."""
    count = (x >= 0.0) & (x == floor(x))
    correction, rest = parts(x if count else 0.0, c)
    return correction, rest, x if count | (x != x) else INF


@kernel
def finish(sums, c):
    corrections, rest, total = sums
    value = (c[1] - corrections) + (c[2] - rest)
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
    corrections, rest = 0.0, 0.0
    whole = digamma_rise(c[3], c[0]) if c[0] > 0.0 else 0.0
    for k in range(len(x)):
        correction, other = parts(x[k], (c[4][k], c[5][k], c[6][k], c[7][k], c[8][k]))
        corrections += correction
        rest += other
        slope[k] = (digamma_rise(c[4][k], x[k]) if x[k] > 0.0 else 0.0) - whole
    return finish((corrections, rest, c[0]), (c[0], c[1], c[2]))


@kernel
def log_gammas(noise, c, first, k0, k1):
    """Logs of gamma variates, less the largest, in place of the normals."""
    d, scale, power = c[10], c[11], c[12]
    log_gamma, accept, boost = noise[2], noise[3], noise[4]
    for k in range(len(boost)):
        log_gamma[k] = propose_log_gamma(log_gamma[k], accept[k], boost[k], d[k], scale[k], power[k])
    for k in range(len(boost)):
        attempt = ONE
        while log_gamma[k] != log_gamma[k] and attempt < MOST:
            element = first + np.uint64(k)
            normal = normal_at(element, attempt, NORMALS, k0, k1)
            uniform = uniform_at(element, attempt, ACCEPTS, k0, k1)
            log_gamma[k] = propose_log_gamma(normal, uniform, boost[k], d[k], scale[k], power[k])
            attempt += ONE
    top = largest_of(log_gamma)
    for k in range(len(boost)):
        log_gamma[k] -= top


@kernel
def chances(noise, c, first, k0, k1):
    """From gamma variates to the chance of each category among itself and those behind it, and the complement.

    Where both underflow, what is before them leaves no trial.
    """
    gamma, rest = noise[2], noise[4]
    tail = 0.0
    for k in range(len(gamma) - 1, -1, -1):
        whole = gamma[k] + tail
        inverse = 1.0 / (whole if whole > 0.0 else 1.0)
        gamma[k], rest[k] = gamma[k] * inverse, tail * inverse
        tail = whole


@kernel
def draw(state, last, noise, c, element, k0, k1):
    left = state if state == state else c[0]
    return next_count(left, last, noise[0], noise[1], noise[2], noise[4], element, k0, k1)


@kernel
def _part(count, n, lead, own, other, mirrored):
    """The mass of a count times the part of its category in the log mass; or of a count of the others.

    Counts are told from the nearer end, where they differ though n is beyond 2**53.
    """
    x, y = (n - count, count) if mirrored else (count, n - count)
    correction, rest = parts(x, own)
    beyond, remainder = parts(y, other)
    return exp(lead - (correction + beyond) - (rest + remainder)) * (correction + rest)


@kernel
def _sum(low, high, stride, n, lead, own, other, mirrored):
    total, moved = 0.0, 0.0
    while low + moved <= high:
        total += _part(low + moved, n, lead, own, other, mirrored)
        moved += stride
    return total * stride


@kernel
def _integral(low, high, n, lead, own, other, mirrored):
    total = 0.0
    for i in range(len(NODES)):
        step = NODES[i] * (high - low)
        first = _part(low + step, n, lead, own, other, mirrored)
        total += WEIGHTS[i] * (first + _part(high - step, n, lead, own, other, mirrored))
    return total * (high - low)


@kernel(heavy=True)
def _information(n, lead, own, other):
    """Mean of the part of a category in the log mass, over its margin."""
    a, b = own[0], other[0]
    if a >= BELL and b >= BELL:
        mean = n * (min(a, b) / (a + b))
        spread = sqrt(mean * (max(a, b) / (a + b)) * ((a + b + n) / (a + b + 1.0)))
        if spread > WIDE:
            stride = even_stride(spread / RESOLVED)
            low, high = stride * floor((mean - REACH * spread) / stride), floor(mean + REACH * spread)
        else:
            reach = REACH * spread + BELL
            stride, low, high = 1.0, floor(mean - reach), floor(mean + reach)
        return _sum(low if low > 0.0 else 0.0, high if high < n else n, stride, n, lead, own, other, a > b)
    if n <= 4.0 * END:
        return _sum(0.0, n, 1.0, n, lead, own, other, False)
    total = 0.0
    for mirrored in (False, True):
        total += _sum(0.0, END, 1.0, n, lead, own, other, mirrored)
        # Euler and Maclaurin's formula from there on; intervals double.
        rise = _part(END + 1.0, n, lead, own, other, mirrored) - _part(END, n, lead, own, other, mirrored)
        total += rise / 24.0
        low = END + 0.5
        while low < 0.5 * n:
            high = 2.0 * low if 4.0 * low < n else 0.5 * n
            total += _integral(low, high, n, lead, own, other, mirrored)
            low = high
    return total


@kernel
def entropy(c, out):
    n, whole = c[0], c[3]
    lead = c[1] + c[2]
    total = -lead
    for k in range(len(c[4])):
        own = (c[4][k], c[5][k], c[6][k], c[7][k], c[8][k])
        b = c[9][k]
        if 0.0 < n < INF and b > 0.0:
            other = (b, c[5][k], c[6][k], stirling_error(b), b * log1p_ratio(n, whole))
            total += _information(n, lead, own, other)
        else:
            correction, rest = parts(n, own)
            total += correction + rest
    out[0] = total


@kernel
def mode(c, out, share):
    """The x-th count of a category multiplies the mass by 1 + (a - 1) / x: as in a multinomial of weights a - 1.

    A category of a < 1 comes after all others; if there are no others, the largest takes all.
    """
    own = c[4]
    total, best = 0.0, 0
    for k in range(len(own)):
        share[k] = own[k] - 1.0 if own[k] > 1.0 else 0.0
        total += share[k]
        best = k if own[k] > own[best] else best
    for k in range(len(own)):
        share[k] = share[k] / total if total > 0.0 else (1.0 if k == best else 0.0)
    fill_mode(c[0], share, out)


@kernel
def shares(c, probs, others, trials, spread):
    n, total = c[0], c[3]
    for k in range(len(probs)):
        probs[k], others[k] = c[4][k] / total, c[9][k] / total
    trials[0] = n
    spread[0] = n * ((total + n) / (total + 1.0))


class DirichletMultinomial(VectorDistribution):
    r"""Counts of K categories in n trials whose common probabilities have a Dirichlet distribution.

    .. math:: P(x) = \frac{n! \, \Gamma(A)}{\Gamma(n + A)} \prod_k \frac{\Gamma(x_k + a_k)}{x_k! \, \Gamma(a_k)},
       \quad A = \sum_k a_k, \ \sum_k x_k = n

    Parameters
    ----------
    concentration : array_like of positive, shape (..., K)
        Parameters :math:`a` of the Dirichlet distribution along the last axis.
    total_count : array_like of nonnegative integers
        Number of trials :math:`n`.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``dirichlet_multinomial(concentration, total_count)`` is the same distribution; torch has none. For two
    categories it is the beta-binomial distribution. Draws are int64. A vector that does not sum to `total_count` has a
    log mass of -inf.

    The mass is a sum of Loader's deviances and Stirling terms (2000), which cancels no digits at any number of trials
    and any concentrations. Draws are conditional binomials (Hormann 1993) whose chances are ratios of gamma variates,
    made in log space (Marsaglia and Tsang 2000), so that small concentrations do not underflow. The gradient is in the
    concentrations and has their last axis; `total_count` is not differentiated in.

    Raises
    ------
    ValueError
        If a concentration is not positive or not finite, or if `total_count` is negative or not an integer.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.DirichletMultinomial(concentration=[1.0, 1.0, 1.0], total_count=4)
    >>> d.prob([[4, 0, 0], [2, 1, 1], [2, 1, 0]])
    array([0.06666667, 0.06666667, 0. ])
    >>> d.sample(rng=1).sum()
    np.int64(4)
    """

    concentration = Parameter(constraints.positive_vector)
    total_count = Parameter(constraints.nonnegative_integer)
    _on_device = True
    rows = Rows(
        prepare=prepare,
        inside=inside,
        terms=(term, finish, 3, 5),
        log_prob_and_grad=log_prob_and_grad,
        sampler=RowSampler(
            (log_gammas, Flat(2, elementary.exp), chances, Columns(draw)),
            (UNIFORM, UNIFORM, NORMAL, UNIFORM, UNIFORM),
            scratch=1,
            redraws=True,
        ),
        numbers=4,
        rows=9,
    )

    def __init__(self, concentration: Any, total_count: Any = 1, validate_args: bool = True) -> None:
        self._freeze(validate_args, concentration=concentration, total_count=total_count)
        if self.event_shape == (0,):
            shape = np.shape(self.concentration)
            raise ValueError(f"{type(self).__name__}: parameter concentration has no category; got shape {shape}")

    @constraints.dependent_property(is_discrete=True, event_dim=1)
    def support(self) -> Any:
        """Vectors of counts that sum to `total_count`."""
        return constraints.multinomial(self.total_count)

    def _shares(self) -> tuple[Any, ...]:
        """Mean probabilities, those of all others, the number of trials, and that times how much more counts spread."""
        return rows.of_sets(shares, self._table(), (self.event_shape, self.event_shape, (), ()))

    def mean(self) -> Any:
        """Expected counts."""
        probs, others, trials, _ = self._shares()
        return self._filled(fill_mean, self.event_shape, probs, others, trials)

    def variance(self) -> Any:
        """Variance of each count."""
        probs, others, _, spread = self._shares()
        return self._filled(fill_variance, self.event_shape, probs, others, spread)

    def covariance(self) -> Any:
        probs, others, _, spread = self._shares()
        return self._filled(fill_covariance, self.event_shape * 2, probs, others, spread)

    covariance.__doc__ = VectorDistribution.covariance.__doc__

    def mode(self) -> Any:
        """Counts of the largest mass."""
        return self._rounded(rows.of_sets(mode, self._table(), (self.event_shape,) * 2)[0], self._draw_dtype)

    def entropy(self) -> Any:
        """Entropy in nats, by sums over the beta-binomial margins, or integrals where they are long."""
        return self._rounded(rows.of_sets(entropy, self._table(), ((),))[0])
