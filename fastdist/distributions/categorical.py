"""Categorical distribution."""

from __future__ import annotations

import math
from math import exp, log
from typing import Any

import numpy as np

from fastdist import chain_rule, constraints, devices
from fastdist.distribution import Distribution
from fastdist.engine import evaluate, row_pairs, rows
from fastdist.engine.bits import to_int
from fastdist.engine.device import on_device
from fastdist.engine.evaluate import Constants
from fastdist.engine.kernel import expression, kernel
from fastdist.engine.row_pairs import Batch, Sum
from fastdist.engine.row_programs import RowProgram
from fastdist.engine.rows import Table
from fastdist.forward.dual import without_tangent
from fastdist.kernels import Kernels
from fastdist.kl import Whole, register_kl
from fastdist.parameter import Parameter, wants_checks
from fastdist.random.alias import ALIAS, alias_tables
from fastdist.random.sampling import Sampler
from fastdist.special import category_tables as tables
from fastdist.special.categorical_divergence import (
    OF_LOGS,
    OF_MASSES,
    TOTAL,
    fill_slopes_of,
    near_term,
    rough_term,
    rough_total,
)
from fastdist.special.categories import cdf_and_grad, fill_likelihood_slope, fill_slopes, log_prob_and_grad, summaries

INF, NAN = float("inf"), float("nan")

# A cdf of at most so many categories is counted for a draw, a longer one is halved.
COUNTED = 48

# The constants are rows over the categories: log of the mass, the cdf and the tail.


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


GRADIENTS = {
    "log_prob_and_grad": RowProgram("log_prob_and_grad", log_prob_and_grad, (0, 1)),
    "cdf_and_grad": RowProgram("cdf_and_grad", cdf_and_grad, (0, 1)),
}


SUMMARIES = {name: i for i, name in enumerate(("mean", "variance", "skewness", "kurtosis", "entropy", "mode"))}

_LOG, _EXP = expression("log(x)", "x", log=log), expression("exp(x)", "x", exp=exp)


def _normalised_logits(d: Any) -> Any:
    if d._place is not None:
        return devices.of_array(_LOG, d.probs, d)
    with np.errstate(divide="ignore"):
        return np.log(d.probs)


def _normalised_probs(d: Any) -> Any:
    return np.exp(d.logits) if d._place is None else devices.of_array(_EXP, d.logits, d)


def normalised(d: Any, validate_args: bool) -> tuple[str, Any]:
    """The name of the weights of `d`, and the weights, normalised; a ValueError if there are none."""
    validate_args = wants_checks(validate_args)
    name = "logits" if "logits" in d._parameters else "probs"
    given, who = d._parameters[name], type(d).__name__
    found = evaluate.prepare_rows(tables.normaliser(name, d.dtype), given, 1, d.batch_shape).array[0]
    if d._place is not None:
        values = devices.checked_rows(d, name, found, validate_args)
        d.__dict__["_own"] = {**d._own, name: values}
        return name, values
    if validate_args and (not given.shape[-1] or np.isnan(found[:, 0]).any()):
        d._declared[name].check(np.asarray(given), who)
    values = found.reshape(given.shape).astype(d.dtype, copy=False)
    values.flags.writeable = False
    return name, values


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
    _on_device = True
    kernels = Kernels(
        prepare=tables.prepare,
        rows=3,
        bounds=bounds,
        log_prob=log_prob,
        cdf=cdf,
        sf=sf,
        log_cdf=(tables.prepare_logs, cdf),
        log_sf=(tables.prepare_logs, sf),
        icdf=icdf,
        isf=isf,
        sampler=Sampler(draw, uniforms=1),
    )

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool = True) -> None:
        self._freeze_either(False, {"probs": probs, "logits": logits})
        name, values = normalised(self, validate_args)
        self.__dict__.update(_parameters={name: values}, _arguments=(values,))

    @constraints.dependent_property(is_discrete=True)
    def support(self) -> Any:
        """The integers from 0 to K - 1."""
        return constraints.integer_interval(0, self._categories - 1)

    @property
    def _categories(self) -> int:
        return tuple(self._arguments[0].shape)[-1]

    def _tangents_of(self, name: str, given: Any) -> dict[str, Any]:
        return {name: chain_rule.normalised(name, given)}

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

    def _masses_and_logs(self) -> Constants:
        """Both of the above as rows, made once."""
        key = tables.masses_and_logs
        if key not in self._constants:
            self._constants[key] = self._of_given(tables.masses_and_logs, tables.masses_and_logs_of_logits, 2)
        return self._constants[key]

    def _of_given(self, of_probs: Any, of_logits: Any, count: int) -> Constants:
        """Constants from the parameter that was given."""
        of_given = of_logits if "logits" in self._parameters else of_probs
        return evaluate.prepare_rows(of_given, self._arguments[0], count, self.batch_shape)

    def _prepared(self, prepare: Any) -> Constants:
        if prepare not in self._constants:
            made = tables.of_probs, tables.of_logits
            if prepare is tables.prepare_logs:
                made = tables.logs_of_probs, tables.logs_of_logits
            self._constants[prepare] = self._of_given(*made, 3)
        return self._constants[prepare]

    def _sampling(self) -> tuple[Sampler, Constants]:
        sampler = ALIAS if math.prod(self.batch_shape) == 1 else self.kernels.sampler
        if sampler not in self._constants:
            if sampler is ALIAS:
                masses, _ = rows.of_constants(self._masses_and_logs()).batched()
                self._constants[ALIAS] = alias_tables(masses, self.batch_shape)
            else:
                self._constants[sampler] = self._of_given(tables.draws_of_probs, tables.draws_of_logits, 1)
        return sampler, self._constants[sampler]

    def _slope_table(self) -> Table:
        """The rows that gradients take, made once."""
        if "slopes" not in self._constants:
            prepared = self._prepared(self.kernels.prepare)
            own = rows.of_constants(prepared)
            shapes = ((self._categories,),) * 2
            given = self._arguments[0], float("logits" in self._parameters), *own.batched()[1:]
            slopes = rows.prepare(fill_slopes, given, self.batch_shape, 0, shapes)
            self._constants["slopes"] = rows.of_constants(prepared, slopes.arrays)
        return self._constants["slopes"]

    def _with_gradient(self, name: str, value: Any) -> tuple[Any, dict[str, Any]]:
        x = self._kind(value) if type(value) in (float, int) else value
        kinds, who = ((), (self._categories,)), f"{type(self).__name__}.{name}"
        result, slope = rows.evaluate(GRADIENTS[name], x, self._slope_table(), (), kinds, self.dtype, who)
        return result, dict.fromkeys(self._parameters, slope)

    def log_prob_and_grad(self, value: Any) -> tuple[Any, dict[str, Any]]:
        """:meth:`log_prob` with its derivative in the given parameter, along a new last axis."""
        return self._with_gradient("log_prob_and_grad", value)

    def cdf_and_grad(self, value: Any) -> tuple[Any, dict[str, Any]]:
        """:meth:`cdf` with its derivative in the given parameter, along a new last axis."""
        return self._with_gradient("cdf_and_grad", value)

    def log_likelihood_and_grad(self, value: Any) -> tuple[Any, dict[str, Any]]:
        """:meth:`log_likelihood` with its derivative in the given parameter: from the counts alone."""
        total, size = self.log_likelihood(value), self._categories
        batch, table = np.shape(total), rows.beside(self._slope_table(), value)
        logs, _, _, hits, misses = table.batched()
        given = rows.counts(value, size, batch, table), logs, hits, misses
        slope = rows.prepare(fill_likelihood_slope, given, batch, 0, ((size,),)).batched()[0]
        return total, dict.fromkeys(self._parameters, self._rounded(slope, (*batch, size), value))

    def _differentiated(self, name: str, d: Any, *value: Any) -> tuple[Any, ...]:
        (given,), numbers = chain_rule.arguments_of(d), np.arange(self._categories)
        masses = np.exp(given) if "logits" in self._parameters else given
        if name in ("mean", "variance"):
            mean = np.sum(masses * numbers, axis=-1)
            distances = numbers - mean[..., np.newaxis]
            return (mean if name == "mean" else np.sum(masses * np.square(distances), axis=-1),)
        possible = without_tangent(masses) > 0
        logs = given if "logits" in self._parameters else np.log(np.where(possible, masses, 1.0))
        if name == "entropy":
            return (-np.sum(masses * np.where(possible, logs, 0.0), axis=-1),)
        if name == "cdf_and_grad":
            plain = np.asarray(self.cdf(*value))
            reached = np.broadcast_to(np.floor(value[0]), plain.shape)[..., np.newaxis]
            below = np.where(np.isnan(plain)[..., np.newaxis], np.nan, np.where(numbers <= reached, 1.0, 0.0))
            total = np.sum(masses * below, axis=-1)
            distances = below - total[..., np.newaxis]
            return total, masses * distances if "logits" in self._parameters else distances
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

    def _of_parameters(self, name: str) -> Any:
        if name not in SUMMARIES:
            return super()._of_parameters(name)
        if "summaries" not in self._constants:
            given = self._arguments[0], *rows.of_constants(self._masses_and_logs()).batched()
            self._constants["summaries"] = rows.prepare(summaries, given, self.batch_shape, len(SUMMARIES), ())
        return self._rounded(self._constants["summaries"].batched()[SUMMARIES[name]], self.batch_shape)

    def _rounded(self, result: Any, shape: tuple[int, ...], value: Any = None) -> Any:
        if on_device(result):
            return devices.rounded(self, result, shape, like=value)
        return result.astype(self.dtype)[()]

    def mode(self) -> Any:
        """The first category of the largest weight."""
        if self._place is not None:
            return devices.rounded(self, self._of_parameters("mode"), self.batch_shape, dtype=self._draw_dtype)
        return self._of_parameters("mode").astype(self._draw_dtype)[()]


# Divergences: masses and logarithms are kept with each side.


class _Pair:
    """The masses of two categorical distributions and their logarithms; the one that has fewer has no more of them."""

    def __init__(self, p: Categorical, q: Categorical, shape: tuple[int, ...]) -> None:
        self.size = max(p._categories, q._categories)
        self.by_logits = "logits" in p._parameters, "logits" in q._parameters
        (self.p, self.log_p), (self.q, self.log_q) = (self._rows(d, shape) for d in (p, q))

    def _rows(self, d: Categorical, shape: tuple[int, ...]) -> list[Batch]:
        own = rows.of_constants(d._masses_and_logs()).batched()
        return [
            Batch(table if d._categories == self.size else self._longer(table, end, d.batch_shape), shape)
            for table, end in zip(own, (0.0, -INF), strict=True)
        ]

    def _longer(self, table: Any, end: float, batch_shape: tuple[int, ...]) -> Any:
        return rows.prepare(tables.fill_longer, (table, end), batch_shape, 0, ((self.size,),)).batched()[0]

    def exact(self) -> Sum:
        """The sum that loses no digits: of logarithms where they are given."""
        if any(self.by_logits):
            return Sum(OF_LOGS, TOTAL, 1, (self.log_p, self.log_q))
        return Sum(OF_MASSES, TOTAL, 1, (self.p, self.q))

    def divergence(self) -> Any:
        rough = Sum(rough_term, rough_total, 1, (self.log_p, self.log_q))
        near = () if any(self.by_logits) else (Sum(near_term, TOTAL, 1, (self.p, self.q)),)
        return row_pairs.careful(rough, *near, self.exact())


def kl_categorical(p: Categorical, q: Categorical, shape: tuple[int, ...]) -> Any:
    return _Pair(p, q, shape).divergence()


def kl_categorical_and_grad(p: Categorical, q: Categorical, shape: tuple[int, ...]) -> tuple[Any, Any, Any]:
    pair = _Pair(p, q, shape)
    value, each = pair.divergence(), (slice(None),) * len(shape)
    found = row_pairs.slopes(fill_slopes_of(*pair.by_logits), value, *pair.exact().batches)
    in_p, in_q = (
        {name: slope[(*each, slice(d._categories))] for name in d._parameters}
        for d, slope in zip((p, q), found, strict=True)
    )
    return value, in_p, in_q


def _moving_divergence(p: Any, q: Any, shape: tuple[int, ...]) -> Any:
    """The sum of p (log p - log q) over the categories that p has."""
    (first, masses), (second, _) = (_logs_and_masses(d) for d in (p, q))
    return np.sum(masses * np.where(without_tangent(masses) > 0.0, first - second, 0.0), axis=-1)


def _logs_and_masses(d: Any) -> tuple[Any, Any]:
    (given,) = chain_rule.arguments_of(d)
    if "logits" in d._plain._parameters:
        return given, np.exp(given)
    with np.errstate(divide="ignore"):
        return np.log(given), given


register_kl(Categorical, Categorical)(
    Whole(kl_categorical, kl_categorical_and_grad, on_device=True, moving=_moving_divergence)
)
