"""Categorical distribution."""

from __future__ import annotations

import functools
import math
from math import exp, log, log1p
from typing import Any

import numpy as np

from fastdist import constraints, lifted
from fastdist.distribution import Distribution
from fastdist.engine import evaluate, row_pairs
from fastdist.engine.bits import to_int
from fastdist.engine.evaluate import Constants
from fastdist.engine.kernel import filled, kernel
from fastdist.engine.row_pairs import Batch
from fastdist.engine.row_programs import total_of
from fastdist.forward.dual import without_tangent
from fastdist.kernels import Kernels
from fastdist.kl import Whole, register_kl
from fastdist.parameter import Parameter
from fastdist.random.alias import ALIAS, alias_tables
from fastdist.random.sampling import Sampler
from fastdist.special.categorical_divergence import OF_LOGS, OF_MASSES, TOTAL, fill_slopes_of, rough_term, rough_total

INF, NAN = float("inf"), float("nan")

# A cdf of at most so many categories is counted for a draw, a longer one is halved.
COUNTED = 48

# The constants are rows over the categories: log of the mass, the cdf and the tail. What follows makes them of the
# parameter, a row that is normalised.


@kernel
def _accumulate(below, above):
    """The cdf and the tail in place of the masses that `below` holds."""
    total = 0.0
    for k in range(len(below) - 1, -1, -1):
        above[k] = total
        total += below[k]
    total = 0.0
    for k in range(len(below)):
        total += below[k]
        # The larger of the two sums is the less accurate: take it from the other.
        below[k] = 1.0 - above[k] if above[k] < total else total
        above[k] = above[k] if above[k] < total else 1.0 - total


@kernel
def of_probs(probs, log_probs, below, above):
    total = 0.0
    for p in probs:  # in float32 it may be off by more than rounding here
        total += p
    for k in range(len(probs)):
        below[k] = probs[k] / total
        log_probs[k] = log(below[k])
    _accumulate(below, above)


@kernel
def of_logits(logits, log_probs, below, above):
    total = 0.0
    for k in range(len(logits)):
        below[k] = exp(logits[k])
        total += below[k]
    log_total = log(total)
    for k in range(len(logits)):
        log_probs[k] = logits[k] - log_total
        below[k] = below[k] / total
    _accumulate(below, above)


@kernel
def prepare(probs):
    """The constants of unnormalised `probs`."""
    p = probs / probs.sum()
    log_probs, below, above = np.empty_like(p), np.empty_like(p), np.empty_like(p)
    of_probs(p, log_probs, below, above)
    return log_probs, below, above


# For draws the cdf alone, in which nothing follows the last category that is possible.


@kernel
def _sum_up(below):
    """The cdf in place of masses."""
    total, last = 0.0, 0
    for k in range(len(below)):
        last = k if below[k] > 0.0 else last
        total += below[k]
        below[k] = total
    for k in range(last):
        below[k] = below[k] / total
    for k in range(last, len(below)):
        below[k] = 1.0


@kernel
def draws_of_probs(probs, below):
    for k in range(len(probs)):
        below[k] = probs[k]
    _sum_up(below)


@kernel
def draws_of_logits(logits, below):
    for k in range(len(logits)):
        below[k] = exp(logits[k])
    _sum_up(below)


# A parameter that is off by rounding alone is kept as it was given: normalised twice is normalised once.


@kernel
def normalise_probs(weights, probs):
    """Weights over their sum; NaN if one is none, or all are 0."""
    largest, total = 0.0, 0.0
    for w in weights:
        largest = w if w > largest else largest
        total += w if 0.0 <= w < INF else NAN
    scale = 1.0
    if total == INF:
        scale, total = 1.0 / largest, 0.0
        for w in weights:
            total += scale * w
    off = not abs(total - 1.0) <= ROUNDING * len(weights)
    divisor = total if total > 0.0 else NAN
    for k in range(len(weights)):
        probs[k] = scale * weights[k] / divisor if off else weights[k]


@kernel
def normalise_logits(weights, logits):
    """Log weights less the log of their sum; NaN if one is none, or all are -inf."""
    largest = -INF
    for w in weights:
        largest = w if w > largest else largest
    total = 0.0
    for w in weights:
        total += exp(w - largest)
    log_total = log(total)
    off = not abs(largest + log_total) <= ROUNDING * len(weights)
    for k in range(len(weights)):
        logits[k] = weights[k] - largest - log_total if off else weights[k]


ROUNDING = 0.0


@functools.cache
def _normaliser(name: str, dtype: np.dtype) -> Any:
    normalise = normalise_probs if name == "probs" else normalise_logits
    return filled(normalise, ROUNDING=4.0 * float(np.finfo(dtype).eps))


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
def search(p, row):
    """The first entry that reaches p, or the last."""
    low, high = -1, len(row) - 1
    while high - low > 1:
        k = (low + high) // 2
        if row[k] >= p:
            high = k
        else:
            low = k
    return float(high)


@kernel
def icdf(p, c):
    return search(p, c[1])


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
    """The first category whose cdf reaches a uniform."""
    row = c[0]
    if len(row) > COUNTED:
        return search(noise[0], row)
    # A short row is counted: that takes no branch that cannot be predicted.
    k = 0
    for below in row:
        k += below < noise[0]
    return float(k)


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
        self._freeze_either(False, {"probs": probs, "logits": logits})
        ((name, given),) = self._parameters.items()
        values = evaluate.prepare_rows(_normaliser(name, self.dtype), self._rows(given), 1)[0]
        if validate_args and (not self._categories or np.isnan(values[:, 0]).any()):
            self._declared[name].check(np.asarray(given), type(self).__name__)
        values = values.reshape(np.shape(given)).astype(self.dtype, copy=False)
        values.flags.writeable = False
        self.__dict__.update(_parameters={name: values}, _arguments=(values,))

    @constraints.dependent_property(is_discrete=True)
    def support(self) -> Any:
        """The integers from 0 to K - 1."""
        return constraints.integer_interval(0, self._categories - 1)

    @property
    def _categories(self) -> int:
        return self._arguments[0].shape[-1]

    def _tangents_of(self, name: str, given: Any) -> dict[str, Any]:
        return {name: lifted.normalised(name, given)}

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

    def _masses_and_logs(self) -> tuple[np.ndarray, np.ndarray]:
        """Both of the above, made once."""
        key = masses_and_logs
        if key not in self._constants:
            self._constants[key] = self._of_given(masses_and_logs, masses_and_logs_of_logits, 2)
        masses, logs = self._constants[key].array.reshape((2, *self._arguments[0].shape))
        return masses, logs

    def _rows(self, values: np.ndarray) -> np.ndarray:
        """One row a parameter set."""
        return np.ascontiguousarray(values).reshape(math.prod(self.batch_shape), self._categories)

    def _of_given(self, of_probs: Any, of_logits: Any, count: int) -> Constants:
        """Constants from the parameter that was given."""
        of_given = of_logits if "logits" in self._parameters else of_probs
        return Constants(evaluate.prepare_rows(of_given, self._rows(self._arguments[0]), count), self.batch_shape)

    def _prepared(self, prepare: Any) -> Constants:
        if prepare not in self._constants:
            self._constants[prepare] = self._of_given(of_probs, of_logits, 3)
        return self._constants[prepare]

    def _sampling(self) -> tuple[Sampler, Constants]:
        sampler = ALIAS if math.prod(self.batch_shape) == 1 else self.kernels.sampler
        if sampler not in self._constants:
            if sampler is ALIAS:
                self._constants[ALIAS] = alias_tables(self._rows(self._masses()), self.batch_shape)
            else:
                self._constants[sampler] = self._of_given(draws_of_probs, draws_of_logits, 1)
        return sampler, self._constants[sampler]

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

    def _differentiated(self, name: str, d: Any, *value: Any) -> tuple[Any, ...]:
        (given,), numbers = lifted.arguments_of(d), np.arange(self._categories)
        masses = np.exp(given) if "logits" in self._parameters else given
        if name in ("mean", "variance"):
            mean = np.sum(masses * numbers, axis=-1)
            distances = numbers - mean[..., np.newaxis]
            return (mean if name == "mean" else np.sum(masses * np.square(distances), axis=-1),)
        possible = without_tangent(masses) > 0
        logs = given if "logits" in self._parameters else np.log(np.where(possible, masses, 1.0))
        if name == "entropy":
            return (-np.sum(masses * np.where(possible, logs, 0.0), axis=-1),)
        if name != "log_prob_and_grad":
            return super()._differentiated(name, d, *value)
        (k,) = value
        plain = np.asarray(self.log_prob(k))
        inside = np.isfinite(plain)
        hit = np.where(np.broadcast_to(k, plain.shape)[..., np.newaxis] == numbers, 1.0, 0.0)
        slope = hit - masses if "logits" in self._parameters else hit / np.where(possible, masses, 1.0) - 1.0
        result = np.where(inside, np.sum(np.where(hit == 1.0, logs, 0.0), axis=-1), plain)
        return result, np.where(inside[..., np.newaxis], slope, 0.0)

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


# Divergences: masses and logarithms are kept with each side.


@kernel
def masses_and_logs(probs, masses, logs):
    total = total_of(probs)
    for k in range(len(probs)):
        masses[k] = probs[k] / total
        logs[k] = log(masses[k])


@kernel
def masses_and_logs_of_logits(logits, masses, logs):
    for k in range(len(logits)):
        masses[k] = exp(logits[k])
    log_total = log(total_of(masses))
    for k in range(len(logits)):
        logs[k] = logits[k] - log_total
        masses[k] = exp(logs[k])


class _Pair:
    """The masses of two categorical distributions and their logarithms; the one that has fewer has no more of them."""

    def __init__(self, p: Categorical, q: Categorical, shape: tuple[int, ...]) -> None:
        self.size = max(p._categories, q._categories)
        self.by_logits = "logits" in p._parameters, "logits" in q._parameters
        (self.p, self.log_p), (self.q, self.log_q) = (self._rows(d, shape) for d in (p, q))
        self.shape = shape

    def _rows(self, d: Categorical, shape: tuple[int, ...]) -> list[Batch]:
        tables = d._masses_and_logs()
        short = self.size - d._categories
        ends = [(0, 0)] * len(d.batch_shape) + [(0, short)]
        return [
            Batch(np.pad(table, ends, constant_values=end) if short else table, shape)
            for table, end in zip(tables, (0.0, -INF), strict=True)
        ]

    def exact(self) -> tuple[Any, Batch, Batch]:
        """The term that loses no digits, and what it takes: logarithms where they are given."""
        return (OF_LOGS, self.log_p, self.log_q) if any(self.by_logits) else (OF_MASSES, self.p, self.q)

    def divergence(self) -> np.ndarray:
        n = math.prod(self.shape)
        found = row_pairs.sums(rough_term, rough_total, 1, (self.p, self.log_p, self.log_q), n)
        rest = np.flatnonzero(np.isnan(found))
        if rest.size:
            term, *rows = self.exact()
            found[rest] = row_pairs.sums(term, TOTAL, 1, tuple(rows), n, rest)
        return found


def kl_categorical(p: Categorical, q: Categorical, shape: tuple[int, ...]) -> np.ndarray:
    return _Pair(p, q, shape).divergence().reshape(shape)


def kl_categorical_and_grad(p: Categorical, q: Categorical, shape: tuple[int, ...]) -> tuple[Any, Any, Any]:
    pair = _Pair(p, q, shape)
    value = pair.divergence()
    found = row_pairs.slopes(fill_slopes_of(*pair.by_logits), value, *pair.exact()[1:])
    in_p, in_q = (
        {name: rows.reshape((*shape, pair.size))[..., : d._categories] for name in d._parameters}
        for d, rows in zip((p, q), found, strict=True)
    )
    return value.reshape(shape), in_p, in_q


register_kl(Categorical, Categorical)(Whole(kl_categorical, kl_categorical_and_grad))
