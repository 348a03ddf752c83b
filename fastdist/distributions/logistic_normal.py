"""Logistic normal distribution."""

from __future__ import annotations

from math import exp, expm1, log
from typing import Any

import numpy as np

from fastdist import chain_rule, constraints, devices
from fastdist.distributions.images import image
from fastdist.distributions.independent import Independent
from fastdist.distributions.normal import Normal
from fastdist.engine import elementary, rows
from fastdist.engine.device import on_device
from fastdist.engine.kernel import kernel
from fastdist.engine.row_programs import Flat
from fastdist.engine.rows import Table
from fastdist.kl import Of, register_kl
from fastdist.parameter import Parameter
from fastdist.random.rows import NORMAL, RowSampler
from fastdist.special.logs import expit, log_expit, log_ratio
from fastdist.special.normal import ndtr
from fastdist.transforms.simplex import StickBreakingTransform
from fastdist.vector import Rows, VectorDistribution

INF = float("inf")
HALF_LOG_2PI = 0.9189385332046728
# Values of Dirichlet's eta function, sums of alternating inverse powers.
ETA_2, ETA_4, ETA_6 = 0.8224670334241132, 0.9470328294972460, 0.9855510912974352
# From this scale on a share is close to a step. Normal variates end here.
SHARP, END = 1e3, 9.5

# The sum of an event may be off 1 by as much.
SUM_OFF = 1e-6

# A draw breaks a stick of length 1: share k of what is left has the logit normal(loc, scale) - log(K - k), for k from 1
# on, and the last number is what is left of all. The constants are the log of the normaliser, and rows, of which the
# last number has no use: the means of these logits, and their scales.


@kernel
def prepare(loc, scale, means, scales):
    log_norm = 0.0
    n = len(loc)
    for k in range(n):
        means[k], scales[k] = loc[k] - log(float(n - k)), scale[k]
        log_norm -= log(scale[k]) + HALF_LOG_2PI
    means[n], scales[n] = 0.0, 1.0
    return log_norm


@kernel
def inside(x, c):
    total, holds = 0.0, True
    for v in x:
        total += v
        holds = holds and v > 0.0
    return holds and abs(total - 1.0) < SUM_OFF


@kernel
def log_prob(x, c, w):
    """The Jacobian's determinant is the product of all numbers."""
    log_norm, means, scales = c
    last = len(x) - 1
    rest = x[last]
    value = log_norm - log(rest)
    for k in range(last - 1, -1, -1):
        z = (log_ratio(x[k], rest) - means[k]) / scales[k]
        value -= 0.5 * z * z + log(x[k])
        rest += x[k]
    return value


@kernel
def log_prob_and_grad(x, c, w, in_x, in_loc, in_scale):
    log_norm, means, scales = c
    last = len(x) - 1
    rest = x[last]
    value = log_norm - log(rest)
    for k in range(last - 1, -1, -1):
        z = (log_ratio(x[k], rest) - means[k]) / scales[k]
        value -= 0.5 * z * z + log(x[k])
        in_loc[k] = z / scales[k]
        in_scale[k] = (z * z - 1.0) / scales[k]
        w[0][k] = in_loc[k] / rest
        rest += x[k]
    # Number k is in the logit of its own share, and in those of the shares before it as a part of what was left.
    pull = 0.0
    for k in range(last):
        in_x[k] = pull - (in_loc[k] + 1.0) / x[k]
        pull += w[0][k]
    in_x[last] = pull - 1.0 / x[last]
    return value


# Draws.


@kernel
def logits(noise, c):
    for k in range(len(noise[0])):
        v = c[1][k] + c[2][k] * noise[0][k]
        noise[0][k] = v
        noise[1][k] = -abs(v)


@kernel
def share_of(v, tail):
    """The share with logit v, and its complement, for tail = exp(-abs(v))."""
    larger = 1.0 / (1.0 + tail)
    smaller = tail * larger
    return (larger, smaller) if v > 0.0 else (smaller, larger)


@kernel
def break_stick(noise, c, out):
    rest = 1.0
    last = len(out) - 1
    for k in range(last):
        share, other = share_of(noise[0][k], noise[1][k])
        out[k] = rest * share
        rest *= other
    out[last] = rest


@kernel
def logits_kept(noise, c):
    for k in range(len(noise[0])):
        noise[2][k] = noise[0][k]
    logits(noise, c)


@kernel
def break_stick_and_grad(noise, c, out, in_loc, in_scale):
    rest = 1.0
    last = len(out) - 1
    for i in range(last + 1):
        share, other = share_of(noise[0][i], noise[1][i]) if i < last else (1.0, 0.0)
        number = rest * share
        out[i] = number
        rest *= other
        for k in range(last):
            slope = 0.0
            if k <= i:
                own, _ = share_of(noise[0][k], noise[1][k])
                slope = number * (other if k == i else -own)
            in_loc[i, k] = slope
            in_scale[i, k] = slope * noise[2][k]


# Summaries, by means of functions of one share s = 1 / (1 + exp(-v)), v a normal variate.


@kernel(heavy=True)
def share_means(loc, scale):
    """The means of s and 1 - s, the variance of s, and the means of log(s) and log(1 - s).

    By the midpoint rule, which converges exponentially: s has its poles at a distance of pi / scale from the line.
    """
    if scale > SHARP:
        return sharp_share_means(loc, scale)
    step = 0.4 / scale if scale > 1.0 else 0.4
    # Of exp(v) and its square the mean may be made at the far end, where s is still small.
    off = abs(loc) / scale
    off = off if off < 2.0 * scale else 2.0 * scale
    count = int((END + (off if off < 30.0 else 30.0)) / step) + 1
    total, first, second = 0.0, 0.0, 0.0
    share, other, log_share, log_other = 0.0, 0.0, 0.0, 0.0
    for i in range(-count, count + 1):
        z = i * step
        weight = exp(-0.5 * z * z)
        change = scale * z
        v = loc + change
        s, rest = expit(v), expit(-v)
        # s less that at the mean of v, which a difference would lose where the scale is small.
        apart = expm1(change) * expit(loc) * rest if change < 0.0 else -expm1(-change) * expit(-loc) * s
        total += weight
        first += weight * apart
        second += weight * apart * apart
        share += weight * s
        other += weight * rest
        log_share += weight * log_expit(v)
        log_other += weight * log_expit(-v)
    drift = first / total
    return share / total, other / total, second / total - drift * drift, log_share / total, log_other / total


@kernel(heavy=True)
def sharp_share_means(loc, scale):
    """`share_means` for a large scale: s is a step, and the density of v beside it a polynomial.

    The integrals of powers of v times what s, its derivative and log(s) are off a step are values of Dirichlet's eta
    function (DLMF 25.2.3).
    """
    at, unit = loc / scale, 1.0 / (scale * scale)
    density = exp(-0.5 * at * at - HALF_LOG_2PI)
    beside, tilt = density / scale, at / scale
    square = tilt * tilt
    second = 0.5 * (square - unit)
    third = tilt * (square / 6.0 - 0.5 * unit)
    fourth = square * square / 24.0 - 0.25 * square * unit + 0.125 * unit * unit
    lost = beside * (tilt * 2.0 * ETA_2 + third * 12.0 * ETA_4)
    both = beside * (1.0 + second * 4.0 * ETA_2 + fourth * 48.0 * ETA_4)
    rest = beside * (2.0 * ETA_2 + second * 4.0 * ETA_4 + fourth * 48.0 * ETA_6)
    share, other = ndtr(at) - lost, ndtr(-at) + lost
    over = scale * density
    return share, other, share * other - both, loc * ndtr(-at) - over - rest, -loc * ndtr(at) - over - rest


@kernel
def shares(c, mean, covariance, entropy):
    """Sums over what is left of the stick, whose mean and variance follow from break to break."""
    last = len(mean) - 1
    left, spread = 1.0, 0.0
    value = 0.0
    covariance[:, :] = 0.0
    for i in range(last + 1):
        share, other, variance, log_share, log_other = 1.0, 0.0, 0.0, 0.0, 0.0
        if i < last:
            share, other, variance, log_share, log_other = share_means(c[1][i], c[2][i])
            value += log(c[2][i]) + HALF_LOG_2PI + 0.5 + log_share + (last - i) * log_other
        mean[i] = left * share
        covariance[i, i] = spread * (share * share + variance) + left * left * variance
        # With each later number what is left is shared in proportions that do not depend on this break.
        common = spread * (share * other - variance) - left * left * variance
        for j in range(i + 1, last + 1):
            covariance[i, j] = common
        for k in range(i):
            covariance[k, i] *= share
            covariance[i, k] = covariance[k, i]
            for j in range(i + 1, last + 1):
                covariance[k, j] *= other
        spread = spread * (other * other + variance) + left * left * variance
        left *= other
    entropy[0] = value


@kernel
def fill_diagonal(matrix, diagonal):
    for k in range(len(diagonal)):
        diagonal[k] = matrix[k, k]


class LogisticNormal(VectorDistribution):
    r"""Logistic normal distribution on the simplex: independent normal variates that break a stick.

    .. math:: p(x) = \prod_{k<K} \frac{1}{\sigma_k} \varphi\left(\frac{z_k - \mu_k}{\sigma_k}\right)
       \prod_{k \le K} \frac{1}{x_k}, \quad z_k = \log \frac{(K - k) \, x_k}{x_{k+1} + \dots + x_K}

    Parameters
    ----------
    loc : array_like of real, shape (..., K - 1)
        Means :math:`\mu` of the normal variates.
    scale : array_like of positive, shape (..., K - 1)
        Their standard deviations :math:`\sigma`; it broadcasts with `loc`.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy has no such distribution. It is torch's: a normal distribution behind a ``StickBreakingTransform``, which
    takes 0 to equal numbers. The density is with respect to the first K - 1 numbers. A vector that is off the simplex
    by more than 1e-6, or holds a 0, has a log density of -inf.

    What is left of the stick is summed up from its end, where torch subtracts from 1: it keeps its digits however small
    it is. Derivatives in the value are those of the formula above in each number by itself. Mean, covariance and
    entropy are made of integrals over one normal variate, by a quadrature that converges exponentially; the mode has no
    closed form.

    Raises
    ------
    ValueError
        If a parameter is not finite, if a scale is not positive, or if their last axes do not broadcast.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.LogisticNormal(loc=[0.0, 0.0], scale=1.0)
    >>> d.log_prob([1 / 3, 1 / 3, 1 / 3])
    np.float64(1.4579598)
    >>> d.sample(5, rng=1).shape
    (5, 3)
    """

    loc = Parameter(constraints.real_vector)
    scale = Parameter(constraints.positive_vector)
    support = constraints.simplex
    has_rsample = True
    _on_device = True
    rows = Rows(
        prepare=prepare,
        inside=inside,
        log_prob=log_prob,
        log_prob_and_grad=log_prob_and_grad,
        sampler=RowSampler((logits, Flat(1, elementary.exp), break_stick), (NORMAL,), scratch=1),
        numbers=1,
        rows=2,
        scratch=1,
    )
    _with_slopes = RowSampler(
        (logits_kept, Flat(1, elementary.exp), break_stick_and_grad), (NORMAL,), scratch=2, results=(1, 2, 2)
    )

    base_dist, transforms = image(lambda d: Independent(Normal(d.loc, d.scale), 1), lambda d: StickBreakingTransform())

    def __init__(self, loc: Any, scale: Any, validate_args: bool = True) -> None:
        loc, scale = together(loc, scale)
        self._freeze(validate_args, loc=loc, scale=scale)

    def _event(self) -> tuple[int, ...]:
        return (tuple(self.loc.shape)[-1] + 1,)

    def _row_sampling(self) -> tuple[RowSampler, Table, int | tuple[int, ...] | None]:
        sampler = self.rows.sampler
        assert sampler is not None
        return sampler, self._table(), self._size

    def rsample_and_grad(self, shape: Any = (), *, rng: Any = None) -> tuple[Any, dict[str, Any]]:
        """Draws with their Jacobians in the means and in the scales.

        Entry ``[..., i, k]`` is the derivative of number i of a draw in number k of the parameter: K - 1 times the
        memory of the draws for each of the two.
        """
        size = self._size
        kinds = ((*self.event_shape, size),) * 2
        draws, in_loc, in_scale = self._draw_with_slopes(self._with_slopes, shape, rng, kinds, size)
        return draws, {"loc": in_loc, "scale": in_scale}

    def _nested_draws(self, d: Any, shape: Any, rng: Any) -> Any:
        draws, z = self._with_noise(shape, rng, self._size)
        loc, scale = (chain_rule.argument(d, name, given) for name, given in self._parameters.items())
        return chain_rule.with_value(draws, StickBreakingTransform()(loc + scale * z))

    @property
    def _size(self) -> int:
        """How many normal variates break the stick."""
        return self.event_shape[0] - 1

    def _shares(self) -> tuple[Any, ...]:
        shapes = self.event_shape, self.event_shape * 2, ()
        return rows.of_sets(shares, self._table(), shapes)

    def mean(self) -> Any:
        """Mean of each number."""
        return self._rounded(self._shares()[0])

    def variance(self) -> Any:
        """Variance of each number."""
        return self._filled(fill_diagonal, self.event_shape, self._shares()[1])

    def covariance(self) -> Any:
        return self._rounded(self._shares()[1])

    covariance.__doc__ = VectorDistribution.covariance.__doc__

    def entropy(self) -> Any:
        """Entropy in nats."""
        return self._rounded(self._shares()[2])


def together(loc: Any, scale: Any) -> tuple[Any, Any]:
    """Both parameters with the last axis to which they broadcast; numbers without a dtype take the other's."""
    try:
        shapes = [tuple(np.shape(value)[-1:]) for value in (loc, scale)]
        size = np.broadcast_shapes(*shapes, (1,))
    except ValueError:
        raise ValueError(
            f"LogisticNormal: the parameters do not broadcast: loc has shape {np.shape(loc)}, scale {np.shape(scale)}"
        ) from None
    found = []
    if on_device(loc) or on_device(scale):
        return devices.together(loc, scale, size)
    for value, other in ((loc, scale), (scale, loc)):
        array = np.asarray(value)
        if isinstance(value, (int, float)) and np.ndim(other) and np.asarray(other).dtype.kind == "f":
            array = array.astype(np.asarray(other).dtype)
        found.append(np.broadcast_to(array, (*array.shape[:-1], *size)))
    return found[0], found[1]


def _normals(*sides: Any) -> tuple[Normal, Normal, int]:
    """The distributions of the variates that break the stick."""
    first, second = (Normal(d.loc, d.scale, validate_args=False) for d in sides)
    return first, second, 1


register_kl(LogisticNormal, LogisticNormal)(Of(_normals))
