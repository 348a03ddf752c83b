"""The base of distributions whose events are vectors or matrices, and what such a distribution declares.

Everything that a user calls is written once, here and in :class:`fastdist.distribution.Distribution`; a
distribution's own file declares formulas of whole events, which :mod:`fastdist.engine.rows` loops over.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from types import FunctionType
from typing import Any, ClassVar

import numpy as np

from fastdist import chain_rule, devices, linear
from fastdist.distribution import Distribution
from fastdist.engine import evaluate, rows
from fastdist.engine.device import on_device
from fastdist.engine.evaluate import F32, F64
from fastdist.engine.row_programs import RowProgram, TermProgram
from fastdist.engine.rows import Table
from fastdist.engine.seed import Key, key_from
from fastdist.forward.dual import Dual
from fastdist.forward.rows import Operand, evaluated, prepared
from fastdist.random.rows import RowSampler, draw, single


class Rows:
    """What a distribution's file declares: its formulas of events.

    Parameters
    ----------
    prepare : function
        ``prepare(*parameters, *rows)`` fills the rows, and gives the numbers: the constants of a parameter set. None
        where a distribution makes its own :class:`fastdist.engine.rows.Table`.
    inside : function
        ``inside(x, constants)``: whether an event lies in the support; False for one that holds NaN.
    log_prob : function or tuple, optional
        ``log_prob(x, constants, scratch)``, or the stages of a :class:`fastdist.engine.row_programs.RowProgram`.
    terms : tuple, optional
        In its place ``(term, finish, sums, rows)`` of a `TermProgram`, where the log
        density is made of sums over the numbers of an event. These formulas see what is not inside, too.
    log_prob_and_grad : function or tuple, optional
        ``log_prob_and_grad(x, constants, scratch, *slopes)`` gives the log density and fills its derivatives: in
        x, where the support is continuous, then in each continuous parameter. The derivative in a number is a row of
        one.
    sampler : RowSampler, optional
    numbers, rows, matrices : int
        How many of each the constants are, in this order.
    scratch : int
        How many rows of scratch the formulas take.
    """

    def __init__(
        self,
        prepare: FunctionType | None,
        inside: FunctionType,
        log_prob: Any = None,
        terms: tuple[FunctionType, FunctionType, int, int] | None = None,
        log_prob_and_grad: Any = None,
        sampler: RowSampler | None = None,
        numbers: int = 0,
        rows: int = 0,
        matrices: int = 0,
        scratch: int = 0,
    ) -> None:
        self.prepare = prepare
        self.sampler = sampler
        self.scratch = scratch
        self.counts = numbers, rows, matrices
        self.formulas = {"log_prob_and_grad": log_prob_and_grad}
        self._inside = inside
        self._programs: dict[Any, RowProgram | TermProgram] = {}
        if terms is not None:
            term, finish, sums, taken = terms
            self._programs["log_prob", (0,)] = TermProgram("log_prob", term, finish, sums, numbers, taken)
        else:
            self.formulas["log_prob"] = log_prob

    def __contains__(self, name: str) -> bool:
        return (name, (0,)) in self._programs or self.formulas.get(name) is not None

    def program(self, name: str, outputs: tuple[int, ...]) -> RowProgram | TermProgram:
        """The loops of a method whose results have so many axes for one event."""
        key = name, outputs
        if key not in self._programs:
            self._programs[key] = RowProgram(name, self.formulas[name], outputs, self._inside, self.scratch)
        return self._programs[key]


class VectorDistribution(Distribution):
    """A frozen distribution whose events are vectors or matrices.

    Results that are one number for each event have the axes of a batch; a derivative in a parameter that is a vector
    has its axes behind them, and so has a derivative in the value. Cdfs, quantiles and medians are not defined.
    """

    rows: ClassVar[Rows]

    _tables: dict[Any, Table]
    _singles: dict[str, Callable[[np.ndarray], Any]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "rows" in vars(cls):
            cls._draws = np.dtype(np.int64) if cls.support.is_discrete else None

    def _freeze(self, validate_args: bool | None, **given: Any) -> None:
        super()._freeze(validate_args, **given)
        self.__dict__.update(event_shape=self._event(), _tables={}, _singles={})

    def _event(self) -> tuple[int, ...]:
        """The axes of an event: those of the first parameter that is a vector or a matrix."""
        ndim = len(self.batch_shape)
        return next(tuple(v.shape[ndim:]) for v in self._parameters.values() if len(v.shape) > ndim)

    # Constants ----------------------------------------------------------------------------------

    def _given(self) -> tuple[Any, ...]:
        """What `prepare` takes of each parameter set."""
        return self._arguments

    def _table(self) -> Table:
        """The constants of all parameter sets, made once."""
        prepare = self.rows.prepare
        if prepare not in self._tables:
            numbers, vectors, matrices = self.rows.counts
            size = self.event_shape[0]
            shapes = ((size,),) * vectors + ((size, size),) * matrices
            self._tables[prepare] = rows.prepare(prepare, self._given(), self.batch_shape, numbers, shapes)
        return self._tables[prepare]

    def _slope_table(self) -> Table:
        """The constants that derivatives take, if they take more."""
        return self._table()

    # Tangents -----------------------------------------------------------------------------------

    def _constants_at(self, d: Any) -> list[Operand]:
        """The constants at the parameters of `d`, which carry tangents, each with its axes for one parameter set."""
        assert self.rows.prepare is not None
        numbers, vectors, matrices = self.rows.counts
        shapes = (self.event_shape[:1],) * vectors + (self.event_shape[:1] * 2,) * matrices
        axes = [self._axes_of(name) for name in self._parameters]
        arguments = chain_rule.arguments_of(d, self)
        given = list(itertools.zip_longest(arguments, axes, fillvalue=0))
        found = prepared(self.rows.prepare, given, self.batch_shape, numbers, shapes)
        return list(zip(found, (*(0,) * numbers, *map(len, shapes)), strict=True))

    def _nested(self, name: str, d: Any, value: Any) -> Any:
        if name != "log_prob":
            return None
        given = value if isinstance(value, Dual) else evaluate.operand(value, type(self).__name__)
        rows.events_shape(given, self.event_shape, self.batch_shape, f"{type(self).__name__}.log_prob")
        return evaluated(self.rows.program("log_prob", (0,)), given, self._constants_at(d), self.event_shape)

    # Evaluation ---------------------------------------------------------------------------------

    def _pointwise(self, name: str, value: Any, out: Any = None) -> Any:
        if out is None and type(value) is np.ndarray and value.shape == self.event_shape and value.dtype is F64:
            single = self._singles.get(name)
            if single is not None and value.flags.c_contiguous:
                return single(value)
        if type(value) is Dual:
            return chain_rule.pointwise(self, name, value, out)
        return self._pointwise_general(name, value, out)

    def _pointwise_general(self, name: str, value: Any, out: Any) -> Any:
        call = self._calls.get(name)
        if call is None:
            who = f"{type(self).__name__}.{name}"
            of_log = name == "prob"
            formula = "log_prob" if of_log else name
            if formula not in self.rows:
                raise NotImplementedError(f"{who} is not defined for events that are not numbers")
            table = self._table()
            rest = table, self.event_shape, ((),), self.dtype, who
            program = self.rows.program(formula, (0,))
            call = self._calls[name] = lambda value, out: rows.evaluate(program, value, *rest, out, of_log)[0]
            if not (self.batch_shape or of_log or self._place) and self.dtype == F64:
                self._singles[name] = rows.single(program, table, self.event_shape)
        return call(value, out)

    def _with_gradient(self, name: str, value: Any) -> tuple[Any, dict[str, Any]]:
        who = f"{type(self).__name__}.{name}"
        if name not in self.rows:
            raise NotImplementedError(f"{who} has no closed form for this family")
        names, kinds = self._slopes(not self.support.is_discrete)
        program = self.rows.program(name, tuple(len(kind) for kind in kinds))
        results = rows.evaluate(program, value, self._slope_table(), self.event_shape, kinds, self.dtype, who)
        return results[0], dict(zip(names, results[1:], strict=True))

    def _slopes(self, in_value: bool) -> tuple[tuple[str, ...], tuple[tuple[int, ...], ...]]:
        """What a log density is differentiated in, and the axes of it and of its derivatives for one event."""
        kinds = {"value": self.event_shape} if in_value else {}
        ndim = len(self.batch_shape)
        for name, value in self._parameters.items():
            if not self._declared[name].constraint.is_discrete:
                kinds[name] = tuple(np.shape(value)[ndim:])
        return tuple(kinds), ((), *kinds.values())

    def _total(self, name: str, value: Any) -> tuple[Any, ...]:
        """Only what :meth:`log_likelihood` needs; :meth:`log_likelihood_and_grad` names its own."""
        who = f"{type(self).__name__}.log_likelihood"
        if name not in self.rows:
            raise NotImplementedError(f"{who}: no closed form of {name} for this family")
        _, kinds = self._slopes(not self.support.is_discrete) if name == "log_prob_and_grad" else ((), ((),))
        program = self.rows.program(name, tuple(len(kind) for kind in kinds))
        table = self._slope_table() if name == "log_prob_and_grad" else self._table()
        return rows.total(program, value, table, self.event_shape, kinds, self.dtype, who)

    def log_likelihood_and_grad(self, value: Any) -> tuple[Any, dict[str, Any]]:
        """:meth:`log_likelihood` with its derivative in each continuous parameter, in one pass over `value`."""
        names, _ = self._slopes(not self.support.is_discrete)
        first, *slopes = self._total("log_prob_and_grad", value)
        return first, {name: slope for name, slope in zip(names, slopes, strict=True) if name != "value"}

    # Draws --------------------------------------------------------------------------------------

    def sample(self, shape: Any = (), *, rng: Any = None, out: Any = None, device: str | None = None) -> Any:
        key = key_from(rng, self)
        if devices.chosen(self, device):
            return devices.drawn_rows(self, self._shape(shape, "shape"), key, out)
        if out is None and type(shape) is tuple and not shape:
            one = self._calls.get("sample")
            if one is None:
                one = self._calls["sample"] = self._drawn_singly()
            if one:
                return one(key)
        full = self._shape(shape, "shape") + self.batch_shape + self.event_shape
        target, given = evaluate.destination(out, full, self._draw_dtype, type(self).__name__)
        self._fill(target, key)
        if given is not None:
            given[...] = target
            return given
        return target

    sample.__doc__ = Distribution.sample.__doc__

    def _with_noise(self, shape: Any, rng: Any, *sizes: int) -> tuple[np.ndarray, ...]:
        """Draws, and the standard normals that they are made of: so many for an event in each slot."""
        key, full = key_from(rng, self), self._shape(shape, "shape") + self.batch_shape
        draws = np.empty(full + self.event_shape, self.dtype)
        self._fill(draws, key)
        return draws, *(linear.noise(key, np.empty((*full, size)), slot) for slot, size in enumerate(sizes))

    def _drawn_singly(self) -> Any:
        """``f(key)``: a single event; False where a sampler of rows does not serve it as it is."""
        if not self._singly:
            return False
        sampler, table, width = self._row_sampling()
        return single(sampler, table, self.event_shape, self._draw_dtype, width)

    @property
    def _singly(self) -> bool:
        """Whether a sampler of rows serves a single event as it is."""
        one = not self.batch_shape and self._draw_dtype != F32 and 0 not in self.event_shape
        return one and type(self)._fill is VectorDistribution._fill

    def _fill(self, target: np.ndarray, key: Key) -> None:
        """Fill `target`, C-contiguous, with draws."""
        sampler, table, width = self._row_sampling()
        draw(sampler, table, (target,), len(self.event_shape), key, width)

    def _row_sampling(self) -> tuple[RowSampler, Table, int | tuple[int, ...] | None]:
        """The sampler, its constants, and how many numbers a row of noise has, if not as many as an event."""
        assert self.rows.sampler is not None
        return self.rows.sampler, self._table(), None

    def rvs(self, size: Any = None, random_state: Any = None) -> Any:
        """Draws of shape `size`, the batch's axes included but not the event's, as SciPy counts them."""
        return super().rvs(size, random_state)

    # Summaries ----------------------------------------------------------------------------------

    def covariance(self) -> Any:
        """Covariance matrix of an event, along two last axes."""
        raise NotImplementedError(f"{type(self).__name__}.covariance has no closed form here")

    def _of_parameters(self, name: str) -> Any:
        raise NotImplementedError(f"{type(self).__name__}.{name} has no closed form here")

    def median(self) -> Any:
        """Not defined: an event is not a number."""
        raise NotImplementedError(f"{type(self).__name__}.median is not defined for events that are not numbers")

    def perplexity(self) -> Any:
        """Exponential of the entropy."""
        return devices.exponential(self.entropy(), self.dtype)

    def interval(self, confidence: float) -> tuple[Any, Any]:
        """Not defined: an event is not a number."""
        raise NotImplementedError(f"{type(self).__name__}.interval is not defined for events that are not numbers")

    def moment(self, order: int) -> Any:
        """Not defined beyond :meth:`mean`, :meth:`variance` and :meth:`covariance`."""
        raise NotImplementedError(f"{type(self).__name__}.moment is not defined for events that are not numbers")

    def _rounded(self, value: Any, dtype: Any = None) -> Any:
        """A result for each parameter set, of the distribution's dtype or another."""
        if on_device(value):
            return devices.rounded(self, value, self.batch_shape + tuple(value.shape)[len(self.batch_shape) :], dtype)
        with np.errstate(over="ignore", invalid="ignore"):
            return np.asarray(value).astype(dtype or self.dtype, copy=False)[()]

    def _filled(self, formula: Any, kind: tuple[int, ...], *given: Any, dtype: Any = None) -> Any:
        """The rows, or matrices, of a `kind` that ``formula(*given, row)`` fills for each parameter set."""
        return self._rounded(rows.prepare(formula, given, self.batch_shape, 0, (kind,)).batched()[0], dtype)

    def _draw_with_slopes(
        self, sampler: RowSampler, shape: Any, rng: Any, kinds: Any, width: Any = None, table: Table | None = None
    ) -> Any:
        """Draws, and what else a sampler fills beside them, of these axes for one event."""
        key, full = key_from(rng, self), self._shape(shape, "shape") + self.batch_shape
        table = table or self._table()
        kinds = (self.event_shape, *kinds)
        if self._place is not None:
            return devices.drawn_together(self, sampler, table, full, kinds, key, width)
        outs = tuple(np.empty(full + kind, self.dtype) for kind in kinds)
        draw(sampler, table, outs, len(self.event_shape), key, width)
        return outs
