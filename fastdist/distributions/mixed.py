"""What mixtures share: of components of one family, and of unlike ones."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from fastdist import chain_rule, composition, devices
from fastdist.distribution import Distribution
from fastdist.distributions import conditionals
from fastdist.distributions.categorical import Categorical
from fastdist.distributions.components import draw_each, members
from fastdist.distributions.mixture_summaries import MixtureSummaries
from fastdist.distributions.moving_mixture import MovingMixture
from fastdist.engine import evaluate, rows
from fastdist.engine.device import described, on_device, plain
from fastdist.engine.evaluate import F32, F64, Constants
from fastdist.engine.loops import Program
from fastdist.engine.row_programs import RowProgram
from fastdist.engine.rows import Table
from fastdist.engine.seed import key_from
from fastdist.forward.dual import Dual
from fastdist.mixtures.formulas import log_of_sum
from fastdist.mixtures.pool import Kind
from fastdist.mixtures.programs import Programs, programs
from fastdist.mixtures.search import counts, quantiles
from fastdist.random import sampling
from fastdist.random.alias import alias_tables
from fastdist.reals import as_float

# Log densities of components that are vectors are held for about so many events and components at a time.
PART = 1 << 16

# From so many events on components are worth being asked one by one.
MANY = 1 << 8


class Group(NamedTuple):
    """Components of one class: a distribution, and which of the components it is.

    The place is an index, or a slice if the last axis of the batch is that of the components.
    """

    distribution: Any
    place: Any


class MixtureDistribution(MovingMixture, MixtureSummaries):
    """A distribution that is one of several others with probability: the component.

    Where all components are distributions of numbers with formulas of numbers, those are compiled into one formula
    of the mixture. Else methods work on arrays that hold what the components say of each event.
    """

    _groups: tuple[Group, ...]
    _programs: Programs | None
    _kinds: tuple[int, ...]

    def _freeze_mixture(
        self, mixture: Categorical, groups: Sequence[Group], batch_shape: tuple[int, ...], event_shape: tuple[int, ...]
    ) -> None:
        """Keep what is common: called by every ``__init__``, once."""
        place = devices.place_of_parts(type(self).__name__, mixture, [g.distribution for g in groups])
        strong = [mixture.dtype, *(g.distribution.dtype for g in groups if not getattr(g.distribution, "_weak", False))]
        dtype = F32 if all(kind == F32 for kind in strong) else F64
        self.__dict__.update(
            mixture_distribution=mixture,
            batch_shape=batch_shape,
            event_shape=event_shape,
            dtype=dtype,
            _groups=tuple(groups),
            _place=place,
            _weak=False,
            _constants={},
            _methods={},
            _calls={},
            _scalar_types=(float, int) if dtype == F32 else (float, int, np.float64),
            _kind=dtype.type,
        )
        first = groups[0].distribution
        discrete = is_discrete(first)
        draws = first._draw_dtype if discrete else dtype
        self.__dict__.update(_draw_dtype=draws, _draw_kind=draws.type, _discrete=discrete, _programs=None, _kinds=())
        if all(composition.accepts(g.distribution) for g in groups):
            kinds = [Kind(type(d), d._place is None and d._in_regime()) for d, _ in groups]
            known = tuple(set(kinds))
            if len(known) > 1:
                known = tuple(sorted(known, key=lambda kind: (kind.family.__qualname__, id(kind.family), kind.regime)))
            self.__dict__["_programs"] = programs(known)
            self.__dict__["_kinds"] = tuple(known.index(kind) for kind in kinds)
        components = [g.distribution for g in groups]
        if self._programs is not None:
            reparametrised = self._programs.has("sample_grad") and all(d.has_rsample for d in components)
        else:
            reparametrised = conditionals.known(components) if event_shape else all(map(conditionals.moves, components))
        self.__dict__["has_rsample"] = reparametrised and not discrete

    @functools.cached_property
    def _weights(self) -> Any:
        """The masses of the components, over the whole batch; on a device with axes of length 1 in it."""
        if self._is_there:
            masses = rows.of_constants(self.mixture_distribution._masses_and_logs()).batched()[0]
            return masses.reshape((1,) * (len(self.batch_shape) + 1 - len(masses.shape)) + tuple(masses.shape))
        return self._of_components(self.mixture_distribution._masses())

    @functools.cached_property
    def _logs(self) -> np.ndarray:
        """Their logarithms."""
        return self._of_components(self.mixture_distribution._logs())

    def _of_components(self, values: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(np.broadcast_to(values, self.batch_shape + values.shape[-1:]))

    # What the two kinds of mixtures define ------------------------------------------------------

    def _one_by_one(self, name: str, value: Any) -> np.ndarray:
        """What `_at` gives, if the batch is a single parameter set."""
        return self._at(name, value)

    def _slopes_at(self, value: Any) -> tuple[np.ndarray, list[tuple[str, Any, np.ndarray]]]:
        """Log densities of all components, and derivatives: the name, which components, and the array.

        The components' axis of those comes after the axes of the batch.
        """
        raise NotImplementedError

    def _named(self, rows: list[np.ndarray]) -> dict[str, np.ndarray]:
        """The derivatives in the components' parameters by name, from rows over the components."""
        raise NotImplementedError

    def _by_group(self, slopes: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
        """The same from those of each group."""
        raise NotImplementedError

    def _one_each(self) -> list[Distribution]:
        """The components one by one, each with the batch of the mixture or with none."""
        found: list[Distribution] = []
        for d, place in self._groups:
            parts = members(d) if isinstance(place, slice) else [d]
            if parts is None:
                raise NotImplementedError(
                    f"{type(self).__name__}: components of {type(d).__name__} cannot be taken one by one; use Mixture"
                )
            found += parts
        return found

    def _of_parts(self, change: Callable[[Any], Any]) -> Distribution:
        """The same with each part replaced."""
        raise NotImplementedError

    # Identity -----------------------------------------------------------------------------------

    def to(self, device: str) -> Distribution:
        parts = [self.mixture_distribution, *(g.distribution for g in self._groups)]
        there = device == "cuda" and self._place is None
        if (device == "cpu" and self._is_there) or (there and all(map(devices.moves_whole, parts))):
            return self._of_parts(lambda d: d.to(device))
        return super().to(device)

    to.__doc__ = Distribution.to.__doc__

    @property
    def _weights_name(self) -> str:
        return "logits" if self._by_logits else "probs"

    @property
    def _by_logits(self) -> bool:
        return "logits" in self.mixture_distribution._parameters

    # Evaluation ---------------------------------------------------------------------------------

    def _rows(self, name: str) -> Constants:
        """The constants of a method, by parameter set and component."""
        assert self._programs is not None
        pool = self._programs.pool(name)
        if pool not in self._constants:
            if self._is_there:
                weights = self.mixture_distribution._masses_and_logs()
                found = devices.of_components(self, pool, weights, self._numbered())
            else:
                found = Constants(pool.array(self._weights, self._logs, self._numbered()), self.batch_shape)
            self._constants[pool] = found
        return self._constants[pool]

    def _numbered(self) -> list[tuple[int, Any, Any]]:
        """The groups, each behind the number of its kind."""
        return [(kind, *group) for kind, group in zip(self._kinds, self._groups, strict=True)]

    def _ready(self, name: str) -> tuple[Program, Constants, str]:
        if name not in self._methods:
            who = f"{type(self).__name__}.{name}"
            if self._programs is None or not self._programs.has(name):
                raise NotImplementedError(f"{who}: the components do not have all that it takes")
            constants = self._rows(name)
            if self._place is not None:
                constants = devices.constants(self, constants)
            self._methods[name] = self._programs.program(name), constants, who
        return self._methods[name]

    def _pointwise(self, name: str, value: Any, out: Any = None) -> Any:
        if type(value) is Dual:
            return chain_rule.pointwise(self, name, value, out)
        if self._programs is None:
            return self._over_arrays(name, value, out)
        return super()._pointwise(name, value, out)

    def _pointwise_general(self, name: str, value: Any, out: Any) -> Any:
        program, constants, who = self._methods.get(name) or self._ready(name)
        if constants.scalars is not None and type(value) in self._scalar_types and out is None:
            entry, scalars = program.scalar(constants.shape), constants.scalars
            self._calls[name] = functools.partial(entry, *scalars)
            return self._kind(entry(*scalars, as_float(value, who, "a value")))
        return evaluate.pointwise(program, value, constants, self.dtype, False, who, out)

    def _with_gradient(self, name: str, value: Any) -> tuple[Any, dict[str, Any]]:
        who = f"{type(self).__name__}.{name}"
        if self._programs is None and name == "log_prob_and_grad":
            return self._gradient_of_arrays(value)
        if self._programs is None and self._moves:
            return self._slopes_of_tail(value)
        program, table, kinds = self._slope_program(name)
        x = rows.of_numbers(value, who, self.dtype, self._place)
        first, *slopes = rows.evaluate(program, x, table, (1,), kinds, self.dtype, who)
        return plain(first), self._by_name(slopes, in_value="value" if len(kinds[1]) == 0 else "")

    def _slope_program(self, name: str) -> tuple[RowProgram, Table, tuple[tuple[int, ...], ...]]:
        """The loops of a method with derivatives, their constants, and the axes of its results for one event."""
        if self._programs is None or not self._programs.has(name):
            raise NotImplementedError(f"{type(self).__name__}.{name}: the components do not have all that it takes")
        program = self._programs.gradient(name, self._by_logits)
        count = self.mixture_distribution._categories
        kinds = ((), *((count,) if axes else () for axes in program.outputs[1:]))
        key = "table", self._programs.pool(name)
        if key not in self._constants:
            self._constants[key] = rows.of_constants(self._rows(name))
        return program, self._constants[key], kinds

    def _by_name(self, slopes: Sequence[np.ndarray], in_value: str) -> dict[str, Any]:
        """Results of a formula with derivatives by what they are derivatives in."""
        found = {"value": plain(slopes[0])} if in_value else {}
        weights, *others = slopes[1:] if in_value else slopes
        return {**found, self._weights_name: weights, **self._named(list(others))}

    def log_likelihood_and_grad(self, value: Any) -> tuple[Any, dict[str, Any]]:
        """:meth:`log_likelihood` with its derivative in each parameter."""
        who = f"{type(self).__name__}.log_likelihood_and_grad"
        if self._programs is None:
            each, grad = self.log_prob_and_grad(value)
            grad.pop("value", None)
            samples = tuple(range(np.ndim(each) - len(self.batch_shape)))
            return np.sum(each, axis=samples), {name: np.sum(g, axis=samples) for name, g in grad.items()}
        program, table, kinds = self._slope_program("log_prob_and_grad")
        x = rows.of_numbers(value, who, self.dtype, self._place)
        first, *slopes = rows.total(program, x, table, (1,), kinds, self.dtype, who)
        grad = self._by_name(slopes, in_value="value" if len(kinds[1]) == 0 else "")
        grad.pop("value", None)
        return first, grad

    def _total(self, name: str, value: Any) -> tuple[Any, ...]:
        if self._programs is not None:
            return super()._total(name, value)
        if self._is_there or on_device(value):
            who = f"{type(self).__name__}.log_likelihood"
            found: tuple[Any, ...] = rows.total(_LOG_OF_SUM, *self._terms_there(value, who), who)
            return found
        each = self.log_prob(value)
        return (np.sum(each, axis=tuple(range(np.ndim(each) - len(self.batch_shape)))),)

    # Components that are vectors, or have no formulas of numbers ----------------------------------

    def _table(self) -> Table:
        """The logarithms of the weights, by parameter set."""
        return Table((self._logs.reshape(-1, self._logs.shape[-1]),), self.batch_shape)

    def _terms_there(self, value: Any, who: str) -> tuple[Any, Table, tuple[int], tuple[tuple[()]], np.dtype]:
        """What loops take for log densities of events on a device: those of the components, and the weights."""
        rows.events_shape(described(value), self.event_shape, self.batch_shape, who)
        table = rows.of_constants(self.mixture_distribution._masses_and_logs()) if self._is_there else self._table()
        return self._at("log_prob", value), table, (self.mixture_distribution._categories,), ((),), self.dtype

    def _events(self, value: Any, who: str) -> np.ndarray:
        """`value` as an array that ends in the axes of an event."""
        return rows.as_events(value, self.event_shape, Table((), self.batch_shape), self.dtype, who)[0]

    def _over_arrays(self, name: str, value: Any, out: Any) -> Any:
        who = f"{type(self).__name__}.{name}"
        if name not in ("log_prob", "prob") and self.event_shape:
            raise NotImplementedError(f"{who} is not defined for events that are not numbers")
        if name in ("icdf", "isf"):
            return self._quantiles(name, value, out)
        if name in ("log_prob", "prob") and (self._is_there or on_device(value)):
            return rows.evaluate(_LOG_OF_SUM, *self._terms_there(value, who), who, out, name == "prob")[0]
        x = self._events(value, who)
        shape = np.broadcast_shapes(x.shape[: x.ndim - len(self.event_shape)], self.batch_shape)
        result, given = evaluate.destination(out, shape, evaluate.result_dtype(x, self.dtype, False, False), who)
        logs = name.startswith("log") or name == "prob"
        method = "log_prob" if name == "prob" else name

        each = self._at
        if not self.batch_shape and math.prod(shape) >= MANY:
            each = self._one_by_one  # of one parameter set many events may have a faster way

        def work(x: Any, result: np.ndarray) -> None:
            terms = each(method, x)
            if logs:
                found = rows.evaluate(_LOG_OF_SUM, terms, self._table(), terms.shape[-1:], ((),), F64, who)[0]
            else:
                found = np.sum(np.where(self._weights > 0, self._weights * terms, 0.0), axis=-1)
            with np.errstate(over="ignore"):
                result[...] = np.exp(found) if name == "prob" else found

        samples = len(shape) - len(self.batch_shape)
        events = math.prod(shape) * self._weights.shape[-1]
        if samples and events > PART and x.ndim == len(shape) + len(self.event_shape):
            step = max(1, PART * shape[0] // events)
            for start in range(0, shape[0], step):
                work(x[start : start + step], result[start : start + step])
        else:
            work(x, result)
        if given is not None:
            given[...] = result
            return given
        return result if out is not None else result[()]

    def _quantiles(self, name: str, value: Any, out: Any) -> Any:
        """Searched for between those of the components."""
        who = f"{type(self).__name__}.{name}"
        p = self._events(value, who)
        dtype = evaluate.result_dtype(p, self.dtype, False, False)
        p = np.broadcast_to(p.astype(F64), np.broadcast_shapes(p.shape, self.batch_shape))
        with np.errstate(all="ignore"):
            each = np.broadcast_to(np.asarray(self._at(name, p), F64), (*p.shape, self._weights.shape[-1]))
            counted = self._weights > 0
            low, high = (np.where(counted, each, end).copy() for end in (np.inf, -np.inf))
            search = counts if self._discrete else quantiles
            found = search(self._tail, p, low.min(axis=-1), high.max(axis=-1), name == "isf")
            result, given = evaluate.destination(out, p.shape, dtype, who)
            result[...] = np.where((p < 0) | (p > 1), np.nan, found)
        if given is not None:
            given[...] = result
        return out if out is not None else result[()]

    def _tail(self, name: str, x: np.ndarray, asked: np.ndarray) -> np.ndarray:
        """A method in float64 at the values that are asked for, or at all of them."""
        if self.batch_shape:
            return np.asarray(self._over_arrays(name, x, None), F64)
        found = np.ones(x.shape)
        found[asked] = self._over_arrays(name, x[asked], None)
        return found

    def _gradient_of_arrays(self, value: Any) -> tuple[Any, dict[str, Any]]:
        x = self._events(value, f"{type(self).__name__}.log_prob_and_grad")
        terms, slopes = self._slopes_at(x)
        who = f"{type(self).__name__}.log_prob_and_grad"
        whole = rows.evaluate(_LOG_OF_SUM, terms, self._table(), terms.shape[-1:], ((),), F64, who)[0]
        inside = (whole > -np.inf)[..., np.newaxis]
        with np.errstate(invalid="ignore", over="ignore"):
            gap = np.where(inside, terms - whole[..., np.newaxis], 0.0)
            share = np.where((self._logs > -np.inf) & inside, np.exp(self._logs + gap), 0.0)
            in_weight = np.expm1(gap)
            if self._by_logits:
                in_weight = np.where(abs(gap) < 0.5, self._weights * in_weight, share - self._weights)
        found: dict[str, Any] = {}
        for name, place, slope in slopes:
            product = conditionals.times(share[..., place], slope)
            if name == "value":
                axis = whole.ndim
                product = product.sum(axis=axis) if isinstance(place, slice) else product
                found[name] = found[name] + product if name in found else product
            else:
                found[name] = product
        value_slope = {"value": found.pop("value")} if "value" in found else {}
        grad = {**value_slope, self._weights_name: np.where(inside, in_weight, 0.0), **found}
        return self._rounded(whole), {name: self._rounded(g) for name, g in grad.items()}

    def _slopes_of_tail(self, value: Any) -> tuple[Any, dict[str, Any]]:
        """The cdf, which moves as a draw there does, times the density."""
        level, density = self.cdf(value), self.prob(value)
        x = np.broadcast_to(self._events(value, f"{type(self).__name__}.cdf_and_grad"), np.shape(level))
        moves = {name: conditionals.times(-density, slope) for name, slope in self._slopes_of_draws(x).items()}
        return level, {"value": density, **moves}

    # Draws --------------------------------------------------------------------------------------

    def _sampling(self) -> tuple[sampling.Sampler, Constants]:
        assert self._programs is not None
        if "sampling" not in self._constants:
            chosen: dict[int, Any] = {}
            for kind, (d, _) in zip(self._kinds, self._groups, strict=True):
                own = d._sampler() if d._place is None else d.kernels.sampler
                chosen[kind] = own if chosen.get(kind, own) is own else d.kernels.sampler
            sampler, pool = self._programs.sampling(tuple(chosen[kind] for kind in range(len(chosen))))
            tables = alias_tables(self._weights, self.batch_shape)
            if self._is_there:
                constants = devices.of_components(self, pool, tables, self._numbered())
            else:
                thresholds, aliases, _ = tables.array
                constants = Constants(pool.array(thresholds, aliases, self._numbered()), self.batch_shape)
            self._constants["sampling"] = sampler, constants
        return self._constants["sampling"]

    def sample(self, shape: Any = (), *, rng: Any = None, out: Any = None, device: str | None = None) -> Any:
        if self._programs is not None:
            return super().sample(shape, rng=rng, out=out, device=device)
        devices.only_on_host(self, device)
        full = self._shape(shape, "shape") + self.batch_shape
        target, given = evaluate.destination(out, full + self.event_shape, self._draw_dtype, type(self).__name__)
        keys = np.random.SeedSequence(key_from(rng, self)).spawn(1 + len(self._groups))
        choice = self._choices(full, keys[0])
        set_of = np.arange(math.prod(self.batch_shape))
        sets = np.broadcast_to(set_of.reshape(self.batch_shape), full).ravel()
        flat = target.reshape((math.prod(full), *self.event_shape))
        for (d, place), key in zip(self._groups, keys[1:], strict=True):
            if isinstance(place, slice):
                flat[...] = draw_each(d, sets * self._weights.shape[-1] + choice, key)
            else:
                own = np.flatnonzero(choice == place)
                flat[own] = draw_each(d, sets[own] if d.batch_shape else np.zeros(len(own), np.int64), key)
        if given is not None:
            given[...] = target
            target = given
        return target if out is not None else target[()]

    sample.__doc__ = Distribution.sample.__doc__

    def _choices(self, full: tuple[int, ...], key: Any) -> np.ndarray:
        """The numbers of components, for all draws."""
        mixture = self.mixture_distribution
        d = mixture if mixture.batch_shape == self.batch_shape else mixture.expand(self.batch_shape)
        return np.asarray(d.sample(full[: len(full) - len(self.batch_shape)], rng=key)).ravel()

    def rsample_and_grad(self, shape: Any = (), *, rng: Any = None) -> tuple[Any, dict[str, Any]]:
        """Draws with their derivatives in the weights and in each parameter of the components.

        For a draw x the derivative is -(dF/dparameter) / density at x: what moves x so that its cdf value stays. Where
        draws are vectors it moves each number so that its cdf value given those before it stays; the derivative
        is a Jacobian, with the axes of the draws and behind them those of the parameter.
        """
        self._check_rsample("rsample_and_grad")
        draws = self.sample(shape, rng=rng)
        return draws, self._slopes_of_draws(draws)

    def _slopes_of_draws(self, draws: Any) -> dict[str, Any]:
        if self._programs is None:
            x = np.asarray(draws, F64)
            slopes_of = conditionals.slopes_of_draws if self.event_shape else conditionals.slopes_of_numbers
            weights, found = slopes_of(self._groups, x, self._logs, self._by_logits)
            named = {self._weights_name: weights, **self._by_group(found)}
            return {name: self._rounded(named[name]) for name in self._parameters}
        program, table, kinds = self._slope_program("sample_grad")
        who = f"{type(self).__name__}.rsample_and_grad"
        x = rows.of_numbers(draws, who, self.dtype, self._place)
        _, *slopes = rows.evaluate(program, x, table, (1,), kinds, self.dtype, who)
        return self._by_name(slopes, in_value="")

    @property
    def _moves(self) -> bool:
        return self.has_rsample and not self.event_shape

    def _check_rsample(self, method: str) -> None:
        if not self.has_rsample and self.event_shape:
            raise NotImplementedError(
                f"{type(self).__name__}.{method}: draws of a mixture of vectors are differentiable where its "
                "components are normal or Student ones, Independent ones of numbers, or all of them Dirichlet or "
                "logistic normal ones; else use the score function: weight the derivative of log_prob at a sample "
                "by the quantity whose mean you differentiate"
            )
        super()._check_rsample(method)

    def _one(self, index: tuple[int, ...]) -> Callable[[str, Any], Any]:
        """``f(method, value)`` of one parameter set."""
        number = np.ravel_multi_index(index, self.batch_shape) if index else 0

        def of_arrays(name: str, value: Any) -> Any:
            value = np.asarray(value, F64).reshape((*np.shape(value), *(1,) * len(index)))
            return self._over_arrays(name, value, None)[(..., *index)]

        def method(name: str, value: Any) -> Any:
            program, constants, who = self._ready(name)
            own = Constants(constants.array[:, number : number + 1].copy(), ())
            return evaluate.pointwise(program, np.asarray(value, F64), own, F64, False, who)

        return of_arrays if self._programs is None else method

    def _of_parameters(self, name: str) -> Any:
        raise NotImplementedError(f"{type(self).__name__}.{name} has no closed form here")


_LOG_OF_SUM = RowProgram("log_prob", log_of_sum)


def is_discrete(d: Any) -> bool:
    """Whether a distribution gives counts: of parameters on a device nothing is asked."""
    support = type(d).support if d._place is not None and hasattr(d, "kernels") else d.support
    return bool(support.is_discrete)


def checked_mixture(who: str, mixture: Any) -> Categorical:
    """The distribution of the components' numbers, or a TypeError if it is something else."""
    if not isinstance(mixture, Categorical):
        raise TypeError(f"{who}: mixture_distribution must be a Categorical; got {mixture!r}")
    return mixture
