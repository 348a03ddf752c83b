"""Categorical distribution."""

from __future__ import annotations

import math
from math import log, log1p
from typing import Any

import numpy as np

from fastdist import constraints
from fastdist.distribution import Distribution
from fastdist.engine import loops
from fastdist.engine.bits import to_int
from fastdist.engine.evaluate import Constants
from fastdist.engine.kernel import kernel
from fastdist.kernels import Kernels
from fastdist.parameter import Parameter
from fastdist.random.alias import ALIAS, alias_tables
from fastdist.random.sampling import Sampler

# The constants are rows over the categories: log of the mass, the cdf and the tail.


@kernel
def fill(probs, logits, log_probs, below, above):
    """The constants of normalised `probs`, with their logs, in place."""
    n = len(probs)
    total = 0.0
    for k in range(n):
        log_probs[k] = logits[k]
        total += probs[k]
        below[k] = total
    total = 0.0
    for k in range(n - 1, -1, -1):
        above[k] = total
        total += probs[k]
        # The larger of the two sums is the less accurate: take it from the other.
        if above[k] < below[k]:
            below[k] = 1.0 - above[k]
        else:
            above[k] = 1.0 - below[k]


@kernel
def prepare(probs):
    """The constants of unnormalised `probs`."""
    p = probs / probs.sum()
    log_probs, below, above = np.empty_like(p), np.empty_like(p), np.empty_like(p)
    fill(p, np.log(p), log_probs, below, above)
    return log_probs, below, above


@kernel
def bounds(c):
    return 0.0, len(c[0]) - 1.0


@kernel
def log_prob(x, c):
    return c[0][to_int(x)]


@kernel
def cdf(x, c):
    return c[1][to_int(x)]


@kernel
def sf(x, c):
    return c[2][to_int(x)]


@kernel
def log_cdf(x, c):
    k = to_int(x)
    return log(c[1][k]) if c[1][k] < 0.5 else log1p(-c[2][k])


@kernel
def log_sf(x, c):
    k = to_int(x)
    return log(c[2][k]) if c[2][k] < 0.5 else log1p(-c[1][k])


@kernel(heavy=True)
def icdf(p, c):
    row = c[1]
    low, high = -1, len(row) - 1
    while high - low > 1:
        k = (low + high) // 2
        if row[k] >= p:
            high = k
        else:
            low = k
    return float(high)


@kernel(heavy=True)
def isf(q, c):
    row = c[2]
    low, high = -1, len(row) - 1
    while high - low > 1:
        k = (low + high) // 2
        if row[k] <= q:
            high = k
        else:
            low = k
    return float(high)


@kernel
def draw(noise, c):
    return icdf(noise[0], c)


def _normalised_logits(d: Any) -> Any:
    with np.errstate(divide="ignore"):
        return np.log(d.probs)


def _normalised_probs(d: Any) -> Any:
    return np.exp(d.logits)


class Categorical(Distribution):
    r"""Distribution over the integers 0, ..., K - 1.

    .. math:: P(k) = p_k

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
    SciPy's ``rv_discrete(values=(range(K), probs))`` is the same distribution. Moments and
    quantiles are those of the integer k, where torch gives NaN for the mean. Draws are int64. One
    frozen table is drawn by Walker's alias method (Vose 1991, doi:10.1109/32.92917), a batch of
    tables by bisection of each cdf. A category of weight 0 is never drawn.

    Gradients are in the given parameter and have its last axis: for `logits` that of the
    unnormalised log weights, for `probs` that of the unnormalised weights at sum 1.

    Raises
    ------
    ValueError
        If both or neither of `probs` and `logits` are given, if a weight is negative or not
        finite, or if all weights of a table are 0.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.Categorical(probs=[0.5, 0.25, 0.25])
    >>> d.prob([0, 2, 3])
    array([0.5 , 0.25, 0.  ])
    >>> d.entropy() / fd.Categorical(logits=[0.0, 0.0]).entropy()
    np.float64(1.5)
    """

    probs = Parameter(constraints.weights, derived=_normalised_probs)
    logits = Parameter(constraints.logits, derived=_normalised_logits)
    has_enumerate_support = True
    kernels = Kernels(
        prepare=prepare,
        rows=3,
        bounds=bounds,
        log_prob=log_prob,
        cdf=cdf,
        sf=sf,
        log_cdf=log_cdf,
        log_sf=log_sf,
        icdf=icdf,
        isf=isf,
        sampler=Sampler(draw, uniforms=1),
    )

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool = True) -> None:
        self._freeze_either(validate_args, {"probs": probs, "logits": logits})
        if logits is None:
            weights = self._arguments[0].astype(np.float64)
            total = weights.sum(axis=-1, keepdims=True)
            self._normalise("probs", abs(total - 1.0), weights / total)
        else:
            weights = self._arguments[0].astype(np.float64)
            largest = weights.max(axis=-1, keepdims=True)
            log_total = np.log(np.exp(weights - largest).sum(axis=-1, keepdims=True))
            self._normalise("logits", abs(largest + log_total), weights - largest - log_total)

    def _normalise(self, name: str, off: np.ndarray, values: np.ndarray) -> None:
        """Keep normalised `values`, but what was given where it is `off` by rounding alone: once is enough."""
        rounding = 4 * self._categories * np.finfo(self.dtype).eps
        values = np.where(off <= rounding, self._arguments[0], values.astype(self.dtype))
        values.flags.writeable = False
        self.__dict__.update(_parameters={name: values}, _arguments=(values,))

    @constraints.dependent_property(is_discrete=True)
    def support(self) -> Any:
        """The integers from 0 to K - 1."""
        return constraints.integer_interval(0, self._categories - 1)

    @property
    def _categories(self) -> int:
        return self._arguments[0].shape[-1]

    def _masses(self) -> np.ndarray:
        """The masses in float64, where rounding to the parameters' dtype has not left them a sum other than 1."""
        given = self._arguments[0].astype(np.float64)
        masses = given if "probs" in self._parameters else np.exp(given)
        return masses / masses.sum(axis=-1, keepdims=True)

    def _logs(self) -> np.ndarray:
        """Their logarithms."""
        given = self._arguments[0].astype(np.float64)
        if "logits" in self._parameters:
            return given - np.log(np.exp(given).sum(axis=-1, keepdims=True))
        with np.errstate(divide="ignore"):
            return np.log(self._masses())

    def _rows(self, values: np.ndarray) -> np.ndarray:
        """One row a parameter set."""
        return np.ascontiguousarray(values).reshape(-1, self._categories)

    def _prepared(self, prepare: Any) -> Constants:
        if prepare not in self._constants:
            tables = self._rows(self._masses()), self._rows(self._logs())
            self._constants[prepare] = Constants(loops.prepare_rows(fill, tables, 3), self.batch_shape)
        return self._constants[prepare]

    def _sampling(self) -> tuple[Sampler, Constants]:
        if math.prod(self.batch_shape) != 1:
            return super()._sampling()
        if ALIAS not in self._constants:
            self._constants[ALIAS] = alias_tables(self._rows(self._masses()), self.batch_shape)
        return ALIAS, self._constants[ALIAS]

    # Gradients have the categories as a last axis: they are formed here, not by elementwise loops.

    def log_prob_and_grad(self, value: Any) -> tuple[Any, dict[str, Any]]:
        """:meth:`log_prob` with its derivative in the given parameter, along a new last axis."""
        result = self.log_prob(value)
        k = np.broadcast_to(value, np.shape(result))[..., np.newaxis]
        inside = np.isfinite(result)[..., np.newaxis]
        grad = self._slope(k == np.arange(self._categories))
        return result, self._gradient(np.where(inside, grad, 0.0))

    def cdf_and_grad(self, value: Any) -> tuple[Any, dict[str, Any]]:
        """:meth:`cdf` with its derivative in the given parameter, along a new last axis."""
        result = self.cdf(value)
        k = np.broadcast_to(value, np.shape(result))[..., np.newaxis]
        below, above = np.asarray(result)[..., np.newaxis], np.asarray(self.sf(value))[..., np.newaxis]
        grad = np.where(np.arange(self._categories) <= k, above, -below)
        return result, self._gradient(grad * self._masses() if "logits" in self._parameters else grad)

    def log_likelihood_and_grad(self, value: Any) -> tuple[Any, dict[str, Any]]:
        """:meth:`log_likelihood` with its derivative in the given parameter: from the counts alone."""
        total = self.log_likelihood(value)
        batch = np.shape(total)
        k = np.broadcast_to(value, np.broadcast_shapes(np.shape(value), batch))
        sets = math.prod(batch)
        valid = np.isfinite(self.log_prob(k))
        row = np.broadcast_to(np.arange(sets).reshape(batch), k.shape)[valid]
        cell = row * self._categories + np.asarray(k[valid], np.int64)
        counts = np.bincount(cell, minlength=sets * self._categories).reshape((*batch, self._categories))
        rest = counts.sum(axis=-1, keepdims=True) - counts
        with np.errstate(divide="ignore", invalid="ignore"):
            hits = np.where(counts > 0, counts * self._slope(True), 0.0)
        return total, self._gradient(hits + rest * self._slope(False))

    def _others(self) -> np.ndarray:
        """The mass of all other categories, which 1 - p loses where p is close to 1."""
        _, below, above = self._prepared(self.kernels.prepare).array
        before = np.concatenate([np.zeros_like(below[:, :1]), below[:, :-1]], axis=-1)
        return (before + above).reshape((*self.batch_shape, self._categories))

    def _slope(self, hit: Any) -> Any:
        """Derivative of the log mass in each category's parameter, at that category or at another."""
        if "logits" in self._parameters:
            return np.where(hit, self._others(), -self._masses())
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(hit, self._others() / self._masses(), -1.0)

    def _gradient(self, grad: np.ndarray) -> dict[str, Any]:
        return {name: grad.astype(self.dtype, copy=False) for name in self._parameters}

    # Summaries ----------------------------------------------------------------------------------

    def mean(self) -> Any:
        """Mean of the category's number."""
        return self._rounded(self._moment(0.0, 1))

    def variance(self) -> Any:
        """Variance of the category's number."""
        return self._rounded(self._moment(self._moment(0.0, 1), 2))

    def skewness(self) -> Any:
        """Skewness of the category's number: NaN for a point mass."""
        return self._rounded(self._standardised(3))

    def kurtosis(self) -> Any:
        """Excess kurtosis of the category's number: NaN for a point mass."""
        return self._rounded(self._standardised(4) - 3.0)

    def _standardised(self, order: int) -> np.ndarray:
        mean = self._moment(0.0, 1)
        with np.errstate(invalid="ignore"):
            return self._moment(mean, order) / self._moment(mean, 2) ** (order / 2)

    def _moment(self, about: Any, order: int) -> np.ndarray:
        """Mean of the distance from `about` to a power, in float64."""
        distance = np.arange(self._categories) - np.asarray(about)[..., np.newaxis]
        return (self._masses() * distance**order).sum(axis=-1)

    def _rounded(self, value: np.ndarray) -> Any:
        return value.astype(self.dtype)[()]

    def mode(self) -> Any:
        """The first category of the largest weight."""
        return self._arguments[0].argmax(axis=-1)[()]

    def entropy(self) -> Any:
        """Entropy in nats; categories of weight 0 add nothing."""
        masses, logs = self._masses(), self._logs()
        return self._rounded(-np.where(masses > 0, masses * np.where(masses > 0, logs, 0.0), 0.0).sum(axis=-1))

    def enumerate_support(self, expand: bool = True) -> np.ndarray:
        """The integers from 0 to K - 1 along a new first axis."""
        values = np.arange(self._categories).reshape((-1, *(1,) * len(self.batch_shape)))
        return np.broadcast_to(values, (self._categories, *self.batch_shape)).copy() if expand else values
