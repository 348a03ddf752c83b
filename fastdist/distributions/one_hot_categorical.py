"""One-hot categorical distribution, and the one whose draws are differentiable straight through."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from fastdist import chain_rule, constraints, devices
from fastdist.distributions.categorical import Categorical
from fastdist.distributions.weighted import Weighted, fill_masses, fill_others
from fastdist.engine import rows
from fastdist.engine.bits import to_int
from fastdist.engine.kernel import filled, kernel
from fastdist.engine.rows import Table
from fastdist.kl import Of, register_kl
from fastdist.random.rows import UNIFORM, RowSampler
from fastdist.random.sampling import Sampler
from fastdist.special.categories import fill_covariance, fill_mean, fill_one_hot, fill_variance
from fastdist.vector import Rows

INF, NAN = float("inf"), float("nan")

# The constants are whether the parameter is the logits, and rows: logs of masses, the masses, those of all others.


@kernel
def prepare(weights, by_logits, logs, probs, others):
    fill_masses(weights, by_logits, probs, logs)
    fill_others(probs, others)
    return by_logits


@kernel
def inside(x, c):
    ones, zeros = 0, 0
    for v in x:
        ones += v == 1.0
        zeros += v == 0.0
    return ones == 1 and zeros == len(x) - 1


@kernel
def term(x, c):
    """1 for the one, and its log mass; NaN for NaN, inf for what is neither 0 nor 1."""
    hot = x == 1.0
    count = 1.0 if hot else (0.0 if x == 0.0 else (INF if x == x else NAN))
    return count, c[0] if hot else 0.0


@kernel
def finish(sums, c):
    count, value = sums
    return value if count == 1.0 else (-INF if count == count else NAN)


@kernel
def log_prob_and_grad(x, c, w, slope):
    by_logits, logs, probs, others = c
    hot = 0
    for k in range(len(x)):
        hot = k if x[k] == 1.0 else hot
    possible = logs[hot] > -INF
    for k in range(len(x)):
        slope[k] = (-probs[k] if by_logits > 0.0 else -1.0) if possible else 0.0
    if possible:
        slope[hot] = others[hot] if by_logits > 0.0 else others[hot] / probs[hot]
    return logs[hot]


def CATEGORY(noise, c):
    """In the place of a categorical sampler's formula."""
    raise NotImplementedError


@kernel
def draw(noise, c, out):
    """How often each category comes up among those that the uniforms of the row give."""
    for k in range(len(out)):
        out[k] = 0
    for u in noise[0]:
        out[to_int(CATEGORY((u,), c))] += 1


@functools.cache
def _counted(sampler: Sampler) -> RowSampler:
    return RowSampler(filled(draw, CATEGORY=sampler.formula), (UNIFORM,))


def counted(categorical: Categorical, batch_shape: tuple[int, ...]) -> tuple[RowSampler, Table]:
    """The sampler for counts of categories, as many as a row of noise has numbers, and its constants."""
    sampler, constants = categorical._sampling()
    return _counted(sampler), rows.of_constants(constants)


@kernel
def fill_jacobian(probs, others, factor, jacobian):
    """Derivatives of the masses in unnormalised weights at sum 1."""
    for i in range(len(probs)):
        for j in range(len(probs)):
            jacobian[i, j] = factor * (others[i] if i == j else -probs[i])


class OneHotCategorical(Weighted):
    r"""Distribution over the K vectors of zeros and a single one.

    .. math:: P(x) = \prod_k p_k^{x_k}

    Parameters
    ----------
    probs : array_like of nonnegative, shape (..., K)
        Weights of the categories along the last axis; they are normalised.
    logits : array_like of real, shape (..., K)
        Unnormalised log weights, -inf for weight 0. Give exactly one of `probs` and `logits`.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``multinomial(1, probs)`` is the same distribution. Draws are int64, where torch gives floats: they are
    counts, as those of :class:`Multinomial` are. A seed gives the category that it gives a
    :class:`Categorical`. What is not one-hot has a log mass of -inf.

    Gradients are in the given parameter and have its last axis: for `logits` that of the unnormalised log weights, for
    `probs` that of the unnormalised weights at sum 1.

    Raises
    ------
    ValueError
        If both or neither of `probs` and `logits` are given, if a weight is negative or not finite, or if all weights
        of a table are 0.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.OneHotCategorical(probs=[0.5, 0.25, 0.25])
    >>> d.prob([[1, 0, 0], [0, 0, 1], [1, 1, 0]])
    array([0.5 , 0.25, 0.  ])
    >>> d.sample(rng=1).sum()
    np.int64(1)
    """

    support = constraints.one_hot
    has_enumerate_support = True
    rows = Rows(
        prepare=prepare,
        inside=inside,
        terms=(term, finish, 2, 1),
        log_prob_and_grad=log_prob_and_grad,
        numbers=1,
        rows=3,
    )

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool = True) -> None:
        self._freeze_weights(validate_args, probs, logits)

    def _row_sampling(self) -> tuple[RowSampler, Table, Any]:
        return *counted(self._categorical, self.batch_shape), 1

    def mean(self) -> Any:
        """The masses."""
        return self._filled(fill_mean, self.event_shape, *self._masses(), 1.0)

    def variance(self) -> Any:
        """Variance of each component: p (1 - p)."""
        return self._filled(fill_variance, self.event_shape, *self._masses(), 1.0)

    def covariance(self) -> Any:
        return self._filled(fill_covariance, self.event_shape * 2, *self._masses(), 1.0)

    covariance.__doc__ = Weighted.covariance.__doc__

    def mode(self) -> Any:
        """The vector of the first category of the largest weight."""
        return self._filled(fill_one_hot, self.event_shape, self._arguments[0], dtype=self._draw_dtype)

    def entropy(self) -> Any:
        """Entropy in nats; categories of weight 0 add nothing."""
        return self._categorical.entropy()

    def enumerate_support(self, expand: bool = True) -> np.ndarray:
        """The K one-hot vectors along a new first axis."""
        size = self.event_shape[0]
        ndim = len(self.batch_shape)
        values = np.eye(size, dtype=np.int64).reshape((size, *(1,) * ndim, size))
        return np.broadcast_to(values, (size, *self.batch_shape, size)).copy() if expand else values


class OneHotCategoricalStraightThrough(OneHotCategorical):
    r"""One-hot categorical distribution whose draws have the gradient of the probabilities.

    .. math:: P(x) = \prod_k p_k^{x_k}, \qquad \frac{\partial x}{\partial \theta} := \frac{\partial p}{\partial \theta}

    Parameters
    ----------
    probs : array_like of nonnegative, shape (..., K)
        Weights of the categories along the last axis; they are normalised.
    logits : array_like of real, shape (..., K)
        Unnormalised log weights, -inf for weight 0. Give exactly one of `probs` and `logits`.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``multinomial(1, probs)`` is the same distribution. :meth:`rsample` gives the one-hot draws of
    :class:`OneHotCategorical`. :meth:`rsample_and_grad` gives with them the estimate of Bengio, Leonard and Courville
    2013 (arXiv:1308.3432), which is biased: the Jacobian of the probabilities in the given parameter, for `probs` that
    of the unnormalised weights at sum 1.

    Raises
    ------
    ValueError
        As :class:`OneHotCategorical`.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.OneHotCategoricalStraightThrough(logits=[0.0, 0.0])
    >>> draws, grad = d.rsample_and_grad(3, rng=1)
    >>> grad["logits"][0]
    array([[ 0.25, -0.25], [-0.25,  0.25]])
    """

    has_rsample = True

    def rsample_and_grad(self, shape: Any = (), *, rng: Any = None) -> tuple[Any, dict[str, Any]]:
        """Hard draws with the Jacobian of the probabilities in the given parameter.

        The Jacobian has the axes of the draws and behind them that of the parameter. It is the same for all draws, a
        view that cannot be written to.
        """
        draws = self.sample(shape, rng=rng)
        fill = fill_covariance if self._by_logits else fill_jacobian
        jacobian = self._filled(fill, self.event_shape * 2, *self._masses(), 1.0)
        shape = (*draws.shape, *self.event_shape)
        repeat = np.broadcast_to if self._place is None else devices.repeated
        return draws, dict.fromkeys(self._parameters, repeat(jacobian, shape))

    def _nested_draws(self, d: Any, shape: Any, rng: Any) -> Any:
        draws = self.sample(shape, rng=rng)
        ((name, given),) = self._parameters.items()
        weights = chain_rule.argument(d, name, given)
        masses = np.exp(weights) if self._by_logits else weights
        return chain_rule.with_value(draws, np.broadcast_to(masses, draws.shape))


register_kl(OneHotCategorical, OneHotCategorical)(Of(lambda p, q: (p._categorical, q._categorical, 0)))
