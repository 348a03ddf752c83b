"""Relaxed one-hot categorical distribution, and the logarithm of it."""

from __future__ import annotations

from math import exp, log, log1p
from typing import Any

import numpy as np

from fastdist import constraints
from fastdist.chain_rule import argument, with_value
from fastdist.distributions.images import image
from fastdist.distributions.weighted import Weighted, fill_masses
from fastdist.engine import elementary, rows
from fastdist.engine.kernel import kernel
from fastdist.engine.row_programs import Flat, largest_of, total_of
from fastdist.engine.seed import Key, key_from
from fastdist.forward.dual import without_tangent
from fastdist.parameter import Parameter
from fastdist.random.rows import GUMBEL, RowSampler
from fastdist.random.sampling import noise_loop
from fastdist.special.gamma import gammaln
from fastdist.transforms.exponential import ExpTransform
from fastdist.vector import Rows

INF = float("inf")

# The sum of an event may be off 1 by as much.
SUM_OFF = 1e-6

# The constants are the temperature, whether the parameter is the logits, how many categories have a weight, the log of
# the normaliser, and rows: the masses and their logs.


@kernel
def prepare(temperature, weights, by_logits, probs, logs):
    fill_masses(weights, by_logits, probs, logs)
    count = 0.0
    for p in logs:
        count += 1.0 if p > -INF else 0.0
    return temperature, by_logits, count, gammaln(count) + (count - 1.0) * log(temperature)


# Densities. A category of weight 0 is left out: the others make up a distribution on a face of the simplex.


@kernel
def inside_log(x, c):
    logs = c[5]
    holds = True
    for k in range(len(x)):
        holds = holds and (-INF < x[k] < INF if logs[k] > -INF else x[k] == -INF)
    return holds


@kernel
def inside(x, c):
    logs = c[5]
    total, holds = 0.0, True
    for k in range(len(x)):
        total += x[k]
        holds = holds and (x[k] >= 0.0 if logs[k] > -INF else x[k] == 0.0)
    return holds and abs(total - 1.0) < SUM_OFF


# A score is log p - temperature * y, where y is the log of x; a category's share is exp(score) / sum exp(score).


@kernel
def scores(y, c, w):
    """Fill the first row of scratch with the scores less the largest, and begin the second with their sum."""
    temperature, logs = c[0], c[5]
    score = w[0]
    for k in range(len(y)):
        score[k] = logs[k] - (temperature * y[k] if logs[k] > -INF else 0.0)
    top = largest_of(score)
    for k in range(len(y)):
        score[k] -= top
    w[1][0] = total_of(score)
    if w[1][0] == -INF:
        w[1][0] = 0.0
        for v in score:
            w[1][0] += v if v > -INF else 0.0


@kernel
def sum_up(c, w):
    """The log density of y, and the sum of the shares before they are divided by it."""
    total = total_of(w[0])
    return c[3] + (w[1][0] - c[2] * log(total)), total


@kernel
def log_prob_of_log(y, c, w):
    value, _ = sum_up(c, w)
    return value


@kernel
def log_prob_of_log_and_grad(x, c, w, in_x, in_temperature, in_weight):
    temperature, by_logits, count, probs, logs = c[0], c[1], c[2], c[4], c[5]
    value, total = sum_up(c, w)
    slope = (count - 1.0) / temperature
    for k in range(len(x)):
        possible = logs[k] > -INF
        pull = 1.0 - count * (w[0][k] / total) if possible else 0.0
        slope -= pull * x[k] if possible else 0.0
        in_x[k] = -temperature * pull
        in_weight[k] = pull if by_logits > 0.0 or not possible else pull / probs[k]
    in_temperature[0] = slope
    return value


@kernel
def copy(x, c, w):
    for k in range(len(x)):
        w[2][k] = x[k]


@kernel
def scores_of_logs(x, c, w):
    scores(w[2], c, w)


@kernel
def count_zeros(x, c):
    """How many numbers are 0 though their category has a weight."""
    zeros = 0.0
    for k in range(len(x)):
        zeros += 1.0 if x[k] == 0.0 and c[5][k] > -INF else 0.0
    return zeros


@kernel
def log_prob(x, c, w):
    zeros = count_zeros(x, c)
    if zeros > 0.0:
        return at_the_boundary(x, c, zeros)
    value, _ = sum_up(c, w)
    for k in range(len(x)):
        value -= w[2][k] if c[5][k] > -INF else 0.0
    return value


@kernel(heavy=True)
def at_the_boundary(x, c, zeros):
    """The log density where `zeros` numbers go to 0 together: like their log times `power`."""
    temperature, count, logs = c[0], c[2], c[5]
    power = count * temperature - zeros * (temperature + 1.0)
    if power != 0.0:
        return INF if power < 0.0 else -INF
    value, total = c[3], 0.0
    for k in range(len(x)):
        if logs[k] > -INF:
            value += logs[k] - ((temperature + 1.0) * log(x[k]) if x[k] > 0.0 else 0.0)
            total += exp(logs[k]) if x[k] == 0.0 else 0.0
    return value - count * log(total)


@kernel
def log_prob_and_grad(x, c, w, in_x, in_temperature, in_weight):
    zeros = count_zeros(x, c)
    if zeros > 0.0:
        boundary_slopes(x, c, zeros, in_x, in_temperature, in_weight)
        return at_the_boundary(x, c, zeros)
    value = log_prob_of_log_and_grad(w[2], c, w, in_x, in_temperature, in_weight)
    for k in range(len(x)):
        possible = c[5][k] > -INF
        value -= w[2][k] if possible else 0.0
        in_x[k] = (in_x[k] - 1.0) / x[k] if possible else 0.0
    return value


OF_LOG = (scores, Flat(0, elementary.exp))
OF_SIMPLEX = (copy, Flat(2, elementary.log), scores_of_logs, Flat(0, elementary.exp))


@kernel(heavy=True)
def boundary_slopes(x, c, zeros, in_x, in_temperature, in_weight):
    """Derivatives in the limit of :func:`at_the_boundary`, where the zeros alone have a share."""
    temperature, by_logits, count, probs, logs = c[0], c[1], c[2], c[4], c[5]
    total = 0.0
    for k in range(len(x)):
        total += probs[k] if x[k] == 0.0 else 0.0
    for k in range(len(x)):
        possible = logs[k] > -INF
        zero = possible and x[k] == 0.0
        pull = 1.0 - (count * probs[k] / total if zero else 0.0)
        slope = -temperature * pull - 1.0
        in_x[k] = ((INF if slope > 0.0 else -INF) if zero else slope / x[k]) if possible else 0.0
        in_weight[k] = (pull if by_logits > 0.0 else pull / probs[k]) if possible else 0.0
    in_temperature[0] = -INF if zeros < count else INF


# Draws, from a row of Gumbel noise.


@kernel
def relax(noise, temperature, logs):
    """Turn noise into scores less the largest: which that is. A score is (log p + noise) / temperature."""
    for k in range(len(noise)):
        noise[k] += logs[k]
    top = largest_of(noise)
    best = 0
    for k in range(len(noise)):
        noise[k] = (noise[k] - top) / temperature
        best = k if noise[k] == 0.0 else best
    return best


@kernel
def relaxed_noise(noise, c):
    relax(noise[0], c[0], c[5])


@kernel
def normalise(shares, out):
    inverse = 1.0 / total_of(shares)
    for k in range(len(shares)):
        out[k] = shares[k] * inverse


@kernel
def draw_relaxed(noise, c, out):
    normalise(noise[0], out)


@kernel
def relaxed_noise_twice(noise, c):
    best = relax(noise[0], c[0], c[5])
    for k in range(len(noise[0])):
        noise[1][k] = noise[0][k]
    # Its exponential is 0: the sum of the others is what the log of the sum is made of.
    noise[1][best] = -INF


@kernel
def draw_log(noise, c, out):
    log_total = log1p(total_of(noise[1]))
    for k in range(len(out)):
        out[k] = noise[0][k] - log_total


@kernel
def draw_and_grad(noise, temperature, by_logits, probs, logs, by_log, out, jacobian, in_temperature):
    """A draw, or its log if `by_log`, with its derivatives in the weights or log weights and in the temperature.

    The draw is that of :func:`draw_relaxed` or :func:`draw_log`, to the last bit.
    """
    score, share = noise
    best = relax(score, temperature, logs)
    for k in range(len(score)):
        share[k] = exp(score[k])
    total = total_of(share)
    share[best] = 0.0
    rest = total_of(share)
    share[best] = 1.0
    log_total, inverse, mean = log1p(rest), 1.0 / total, 0.0
    for k in range(len(score)):
        share[k] *= inverse
        score[k] -= log_total
        mean += share[k] * score[k] if share[k] > 0.0 else 0.0
    for k in range(len(score)):
        out[k] = score[k] if by_log else share[k]
        pull = (mean - score[k]) / temperature if score[k] > -INF else 0.0
        in_temperature[k] = pull if by_log else (share[k] * pull if share[k] > 0.0 else 0.0)
        factor = (1.0 if by_log else share[k]) / temperature
        for j in range(len(score)):
            others = rest * inverse if k == best else 1.0 - share[k]
            pull = factor * (others if j == k else -share[j]) if logs[j] > -INF and logs[k] > -INF else 0.0
            jacobian[k, j] = pull if by_logits > 0.0 or pull == 0.0 else pull / probs[j]


@kernel
def draw_relaxed_and_grad(noise, c, out, jacobian, in_temperature):
    draw_and_grad(noise, c[0], c[1], c[4], c[5], False, out, jacobian, in_temperature)


@kernel
def draw_log_and_grad(noise, c, out, jacobian, in_temperature):
    draw_and_grad(noise, c[0], c[1], c[4], c[5], True, out, jacobian, in_temperature)


def gumbel_noise(key: Key, shape: tuple[int, ...]) -> np.ndarray:
    """The noise that draws of a shape are made of."""
    noise = np.empty(shape)
    noise_loop(GUMBEL)(noise.reshape(-1), 0, noise.size, 0, *key)
    return noise


def relaxed_at(noise: np.ndarray, logs: Any, temperature: Any, by_log: bool) -> Any:
    """Draws, or their logs if `by_log`, where log weights or the temperature carry tangents."""
    possible = without_tangent(logs) > -INF
    scores = np.where(possible, logs, 0.0) + noise
    best = np.argmax(np.where(possible, without_tangent(scores), -INF), axis=-1)[..., np.newaxis]
    scores = (scores - np.take_along_axis(scores, best, axis=-1)) / temperature
    largest = np.arange(noise.shape[-1]) == best
    others = possible & ~largest
    shares = np.where(others, np.exp(np.where(others, scores, 0.0)), 0.0)
    rest = np.sum(shares, axis=-1, keepdims=True)
    if by_log:
        return np.where(possible, scores - np.log1p(rest), -INF)
    return np.where(largest, 1.0, shares) / (1.0 + rest)


@kernel
def entropy(c, out):
    harmonic = 0.0
    for k in range(1, int(c[2])):
        harmonic += 1.0 / k
    out[0] = c[2] * harmonic - c[3]


class _Relaxed(Weighted):
    """What the relaxed distribution and its logarithm share."""

    temperature = Parameter(constraints.positive)
    has_rsample = True

    _with_slopes: RowSampler

    def __init__(self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool = True) -> None:
        self._freeze_weights(validate_args, probs, logits, temperature=temperature)

    def rsample_and_grad(self, shape: Any = (), *, rng: Any = None) -> tuple[Any, dict[str, Any]]:
        """Draws with their derivatives in the temperature, and their Jacobian in the probs or logits.

        The derivative in the temperature has the axes of the draws; the Jacobian has behind them that of the parameter:
        for `logits` that of the unnormalised log weights, for `probs` that of the unnormalised weights at sum 1.
        A category of weight 0 is out of it all.
        """
        kinds = self.event_shape * 2, self.event_shape
        draws, jacobian, in_temperature = self._draw_with_slopes(self._with_slopes, shape, rng, kinds)
        return draws, dict(zip(self._parameters, (in_temperature, jacobian), strict=True))

    def _nested_draws(self, d: Any, shape: Any, rng: Any) -> Any:
        key = key_from(rng, self)
        draws = np.empty(self._shape(shape, "shape") + self.batch_shape + self.event_shape, self.dtype)
        self._fill(draws, key)
        temperature, weights = (argument(d, name, given) for name, given in self._parameters.items())
        with np.errstate(divide="ignore"):
            logs = weights if self._by_logits else np.log(weights)
        by_log = isinstance(self, ExpRelaxedCategorical)
        return with_value(draws, relaxed_at(gumbel_noise(key, draws.shape), logs, temperature[..., np.newaxis], by_log))


class ExpRelaxedCategorical(_Relaxed):
    r"""Logarithm of a relaxed one-hot categorical vector.

    .. math:: p(y) = \Gamma(K) \, T^{K-1} \prod_k \frac{p_k e^{-T y_k}}{\sum_j p_j e^{-T y_j}},
       \quad \sum_k e^{y_k} = 1

    Parameters
    ----------
    temperature : array_like of positive
        :math:`T`; the draws come close to a one-hot vector's logarithm as it goes to 0.
    probs : array_like of nonnegative, shape (..., K)
        Weights :math:`p` of the categories along the last axis; they are normalised.
    logits : array_like of real, shape (..., K)
        Unnormalised log weights, -inf for weight 0. Give exactly one of `probs` and `logits`.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy has no such distribution. Like torch's class of this name it has the whole space for its support, though its
    draws lie where their exponentials sum to 1, and its density is that of torch, which does not change where a
    constant is added to a vector. It holds what :class:`RelaxedOneHotCategorical` cannot where the temperature is
    low: numbers that underflow. The entropy is the mean of ``-log_prob`` and does not depend on the weights.

    A category of weight 0 is -inf in every draw; the density is then that of the other categories alone.

    Source: Maddison, Mnih and Teh, "The concrete distribution", 2017, arXiv:1611.00712.

    Raises
    ------
    ValueError
        If `temperature` is not positive, if both or neither of `probs` and `logits` are given, if a weight is negative
        or not finite, or if all weights of a table are 0.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.ExpRelaxedCategorical(temperature=0.5, probs=[0.5, 0.25, 0.25])
    >>> d.log_prob([-0.5, -1.5, -1.8])
    np.float64(-3.9990931378958)
    """

    support = constraints.real_vector
    rows = Rows(
        prepare=prepare,
        inside=inside_log,
        log_prob=(*OF_LOG, log_prob_of_log),
        log_prob_and_grad=(*OF_LOG, log_prob_of_log_and_grad),
        sampler=RowSampler((relaxed_noise_twice, Flat(1, elementary.exp), draw_log), (GUMBEL,), scratch=1),
        numbers=4,
        rows=2,
        scratch=2,
    )
    _with_slopes = RowSampler(draw_log_and_grad, (GUMBEL,), scratch=1, results=(1, 2, 1))

    def entropy(self) -> Any:
        """Mean of the negative log density, in nats."""
        return self._rounded(rows.of_sets(entropy, self._table(), ((),))[0])


class RelaxedOneHotCategorical(_Relaxed):
    r"""Relaxed one-hot categorical (concrete, Gumbel-softmax) distribution on the simplex.

    .. math:: p(x) = \Gamma(K) \, T^{K-1} \prod_k \frac{p_k x_k^{-T-1}}{\sum_j p_j x_j^{-T}},
       \quad x_k > 0, \ \sum_k x_k = 1

    Parameters
    ----------
    temperature : array_like of positive
        :math:`T`; the draws come close to one-hot vectors as it goes to 0.
    probs : array_like of nonnegative, shape (..., K)
        Weights :math:`p` of the categories along the last axis; they are normalised.
    logits : array_like of real, shape (..., K)
        Unnormalised log weights, -inf for weight 0. Give exactly one of `probs` and `logits`.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy has no such distribution. The density is that of torch's class, with respect to the first K - 1 numbers. Draws
    are made in log space, but at a low temperature most of their numbers underflow to 0: there the log density is the
    limit where those go to 0 together, most often inf. :class:`ExpRelaxedCategorical` is exact at any temperature.
    A vector that is off the simplex by more than 1e-6 has a log density of -inf.

    A category of weight 0 is 0 in every draw; the density is then that of the other categories alone.

    Source: Maddison, Mnih and Teh, "The concrete distribution", 2017, arXiv:1611.00712.

    Raises
    ------
    ValueError
        If `temperature` is not positive, if both or neither of `probs` and `logits` are given, if a weight is negative
        or not finite, or if all weights of a table are 0.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.RelaxedOneHotCategorical(temperature=0.5, probs=[0.5, 0.25, 0.25])
    >>> d.log_prob([0.5, 0.3, 0.2])
    np.float64(-0.5304795831991)
    >>> draws, grad = d.rsample_and_grad(10, rng=1)
    >>> grad["probs"].shape
    (10, 3, 3)
    """

    support = constraints.simplex
    rows = Rows(
        prepare=prepare,
        inside=inside,
        log_prob=(*OF_SIMPLEX, log_prob),
        log_prob_and_grad=(*OF_SIMPLEX, log_prob_and_grad),
        sampler=RowSampler((relaxed_noise, Flat(0, elementary.exp), draw_relaxed), (GUMBEL,)),
        numbers=4,
        rows=2,
        scratch=3,
    )
    _with_slopes = RowSampler(draw_relaxed_and_grad, (GUMBEL,), scratch=1, results=(1, 2, 1))
    base_dist, transforms = image(lambda d: ExpRelaxedCategorical(**d._parameters), lambda d: ExpTransform())
