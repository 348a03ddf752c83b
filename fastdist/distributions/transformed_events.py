"""Transformed distributions whose events are vectors or matrices, or whose formulas are not those of numbers."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from fastdist import chain_rule, constraints, devices, lifted
from fastdist.constraints import Constraint
from fastdist.distribution import Distribution
from fastdist.distributions.independent import Independent
from fastdist.engine import evaluate, rows
from fastdist.engine.evaluate import F32, F64
from fastdist.engine.rows import Table
from fastdist.forward.dual import Dual, without_tangent
from fastdist.reals import axes
from fastdist.transforms import tangents as tangents_of
from fastdist.transforms.compose import ComposeTransform, leaves
from fastdist.transforms.transform import Transform, sum_last

# The other tail: what a decreasing map makes of a method.
MIRRORED = {"cdf": "sf", "sf": "cdf", "log_cdf": "log_sf", "log_sf": "log_cdf", "icdf": "isf", "isf": "icdf"}


class TransformedEvents(Distribution):
    """The methods of such distributions, on arrays of events: one pass of each transform over them."""

    base_dist: Distribution
    transforms: list[Transform]
    _whole: ComposeTransform

    def _freeze_events(self, base: Distribution, transforms: list[Transform], steps: list[Transform]) -> None:
        """Find out the shapes, as torch does: a transform of longer events takes axes of the base's batch."""
        who = "TransformedDistribution"
        whole = ComposeTransform(steps)
        shape = base.batch_shape + base.event_shape
        if len(shape) < whole.domain.event_dim:
            raise ValueError(
                f"{who}: the transforms take events of {axes(whole.domain.event_dim)}; base_distribution has only "
                f"{len(shape)}, batch_shape {base.batch_shape} and event_shape {base.event_shape}"
            )
        forward = whole.forward_shape(shape)
        back = whole.inverse_shape(forward)
        if back != shape:
            base = base.expand(back[: len(back) - len(base.event_shape)])
        more = whole.domain.event_dim - len(base.event_shape)
        if more > 0:
            base = Independent(base, more)
        change = whole.codomain.event_dim - whole.domain.event_dim
        cut = len(forward) - (len(base.event_shape) + change)
        dtype = F64
        if base.dtype == F32:
            dtype = np.asarray(whole(base.sample(rng=0))).dtype
        self.__dict__.update(
            base_dist=base,
            transforms=transforms,
            batch_shape=forward[:cut],
            event_shape=forward[cut:],
            dtype=dtype,
            has_rsample=base.has_rsample,
            _draw_dtype=dtype,
            _whole=whole,
        )

    @functools.cached_property
    def _moving(self) -> dict[str, tuple[np.ndarray, int]]:
        """The parameters of the transforms, and how many axes an event has where one has made it."""
        base = self.base_dist
        found: dict[str, tuple[np.ndarray, int]] = {}
        shape, axes = base.batch_shape + base.event_shape, len(base.event_shape)
        for part, prefix in self._whole._named_runs():
            shape = part.forward_shape(shape)
            axes += part.codomain.event_dim - part.domain.event_dim
            found.update({f"transforms_{prefix}{name}": (v, axes) for name, v in part._moving(shape).items()})
        return found

    @functools.cached_property
    def _parameters(self) -> dict[str, Any]:  # type: ignore[override]
        return {**self.base_dist._parameters, **{name: value for name, (value, _) in self._moving.items()}}

    def _axes_of(self, name: str) -> int:
        return self._moving[name][1] if name in self._moving else self.base_dist._axes_of(name)

    def _image(self) -> Constraint:
        """The codomain of the last transform, along as many axes as an event has."""
        if not self.transforms:
            return self.base_dist.support
        codomain = self._whole.codomain
        more = len(self.event_shape) - codomain.event_dim
        return constraints.independent(codomain, more) if more else codomain

    # Tangents -----------------------------------------------------------------------------------

    def _tangents_of_steps(self, steps: list[Transform]) -> dict[str, Dual]:
        """The Duals among the parameters of transforms."""
        found = {}
        level = max(step._level for step in steps)
        shape = self.base_dist.batch_shape + self.base_dist.event_shape
        for i, step in enumerate(steps):
            shape = step.forward_shape(shape)
            found.update({f"transforms_{i}_{name}": dual for name, dual in step._carried(shape, level).items()})
        return found

    def _rsampled(self, tangents: dict[str, Dual], shape: Any, rng: Any) -> Any:
        self._check_rsample("rsample")
        own = {name: dual for name, dual in tangents.items() if name not in self._moving}
        base = self.base_dist
        x = base._rsampled(own, shape, rng) if own else base.sample(shape, rng=rng)
        for part, prefix in self._whole._named_runs():
            names = {name: f"transforms_{prefix}{name}" for name in part._moving(part.forward_shape(np.shape(x)))}
            moving = {name: tangents[full] for name, full in names.items() if full in tangents}
            x = tangents_of.pushed(part, x, moving) if moving or isinstance(x, Dual) else part(x)
        return x

    def _nested(self, name: str, d: Any, value: Any) -> Any:
        if name != "log_prob":
            return None
        base, whole = self._parts_at(d)
        x = whole.inv(value)
        more = len(self.event_shape) - whole.codomain.event_dim
        found = base.log_prob(x) - sum_last(whole.log_abs_det_jacobian(x), more, "TransformedDistribution")
        plain = self.log_prob(without_tangent(value))
        return np.where(np.isfinite(plain), found, plain)

    def _nested_draws(self, d: Any, shape: Any, rng: Any) -> Any:
        self._check_rsample("rsample")
        base, whole = self._parts_at(d)
        return whole((base.rsample if isinstance(base, lifted.Lifted) else base.sample)(shape, rng=rng))

    def _parts_at(self, d: Any) -> tuple[Any, ComposeTransform]:
        """The base and the transforms at the parameters of `d`, which carry tangents."""
        base = lifted.with_tangents(self.base_dist, d, {name: name for name in self.base_dist._parameters})
        return base, ComposeTransform(leaves(d.transforms))

    # Identity -----------------------------------------------------------------------------------

    @property
    def base(self) -> Distribution:
        """The distribution of X: `base_dist`."""
        return self.base_dist

    def expand(self, batch_shape: Any) -> Distribution:
        """The same distribution with its parameters broadcast to `batch_shape`."""
        shape = self._whole.inverse_shape(self._shape(batch_shape, "batch_shape") + self.event_shape)
        base = self.base_dist.expand(shape[: len(shape) - len(self.base_dist.event_shape)])
        return type(self)(base, self.transforms, False)  # type: ignore[call-arg, arg-type]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TransformedEvents):
            return NotImplemented
        return self.base_dist == other.base_dist and self.transforms == other.transforms

    def __hash__(self) -> int:
        return hash((TransformedEvents, self.base_dist, *self.transforms))

    # Evaluation ---------------------------------------------------------------------------------

    def _events(self, value: Any, who: str) -> np.ndarray:
        """`value` as an array of floats that ends in the axes of an event."""
        x, _ = rows.as_events(value, self.event_shape, Table((), self.batch_shape), self.dtype, who)
        return x.astype(F32 if x.dtype.kind == "f" and x.dtype.itemsize <= 4 else F64, copy=False)

    def _undone(self, y: np.ndarray) -> tuple[list[Any], Any, Any]:
        """The values before each transform and after the last, the log determinant, and which events are possible."""
        event_dim = len(self.event_shape)
        values, total = [y], np.zeros(())
        possible: Any = True
        for part in reversed(self._whole._runs()):
            codomain, more = part.codomain, event_dim - part.codomain.event_dim
            if not _is_real(codomain):
                inside = np.asarray(codomain.check(values[0]))
                possible = possible & (inside.all(axis=tuple(range(-more, 0))) if more else inside)
            x, term = part._inverse_and_log_det(values[0])
            total = total + sum_last(term, more, type(self).__name__)
            event_dim += part.domain.event_dim - codomain.event_dim
            values.insert(0, x)
        return values, total, possible

    def _impossible(self, y: np.ndarray, result: np.ndarray, possible: Any) -> np.ndarray | None:
        """Which events the transforms never give, if there are any: not what holds NaN."""
        bad = np.isnan(result) | ~np.broadcast_to(possible, result.shape)
        if not bad.any():
            return None
        nothing = np.isnan(y).any(axis=tuple(range(y.ndim - len(self.event_shape), y.ndim)))
        return bad & ~np.broadcast_to(nothing, bad.shape)

    def _pointwise(self, name: str, value: Any, out: Any = None) -> Any:
        if type(value) is Dual:
            return chain_rule.pointwise(self, name, value, out)
        who = f"TransformedDistribution.{name}"
        if name in MIRRORED:
            result = self._of_numbers(name, value, who)
        else:
            y = self._events(value, who)
            result = self._log_density(y)
            if name == "prob":
                result = np.exp(result)
        result = np.asarray(result)
        target, given = evaluate.destination(out, result.shape, result.dtype, who)
        target[...] = result
        if given is not None:
            given[...] = target
            return given
        return target if out is not None else target[()]

    def _log_density(self, y: np.ndarray) -> np.ndarray:
        self._whole._check_bijective("log_abs_det_jacobian")
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            values, total, possible = self._undone(y)
            result = np.asarray(self.base_dist.log_prob(values[0]) + total)
        never = self._impossible(y, result, possible)
        result = result if never is None else np.where(never, -np.inf, result)
        return _rounded(result, evaluate.result_dtype(y, self.dtype, False, False))

    def _of_numbers(self, name: str, value: Any, who: str) -> Any:
        """Tails and quantiles, where an event is a number: a decreasing map exchanges them."""
        if self.event_shape or self.base_dist.event_shape:
            raise NotImplementedError(f"{who} is not defined for events that are not numbers")
        increasing = np.asarray(self._whole.sign) > 0
        base, whole = self.base_dist, self._whole
        own, other = getattr(base, name), getattr(base, MIRRORED[name])

        def chosen(v: Any) -> Any:
            if increasing.all():
                return own(v)
            return np.where(increasing, own(v), other(v)) if increasing.any() else other(v)

        if name in ("icdf", "isf"):
            return whole(chosen(value))
        y = self._events(value, who)
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            ends = np.asarray(whole(base.support.lower)), np.asarray(whole(base.support.upper))
            x = whole._inverse(np.clip(y, np.minimum(*ends), np.maximum(*ends)))
        return chosen(np.where(np.isnan(y), y, x))

    # Gradients ----------------------------------------------------------------------------------

    def _with_gradient(self, name: str, value: Any) -> tuple[Any, dict[str, Any]]:
        who = f"TransformedDistribution.{name}"
        if name != "log_prob_and_grad":
            raise NotImplementedError(f"{who} is not defined for events that are not plain numbers")
        return self._slopes(self._events(value, who), in_value=True)

    def _slopes(self, y: np.ndarray, in_value: bool) -> tuple[Any, dict[str, Any]]:
        self._whole._check_bijective("log_abs_det_jacobian")
        ndim = y.ndim - len(self.event_shape)
        y = np.broadcast_to(y, np.broadcast_shapes(y.shape[:ndim], self.batch_shape) + self.event_shape)
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            values, total, possible = self._undone(y)
            density, grad = self.base_dist.log_prob_and_grad(values[0])
            result = np.asarray(density + total)
            slope = grad.pop("value")
            if in_value or self._moving:
                for (part, prefix), before, after in zip(self._whole._named_runs(), values, values[1:], strict=False):
                    slope = part._pull(before, after, slope)
                    for name, (moved, in_log) in part._moves(before, after).items():
                        grad[f"transforms_{prefix}{name}"] = -slope * moved - in_log
                grad = {"value": slope, **grad} if in_value else grad
        never = self._impossible(y, result, possible)
        if never is not None:
            result = np.where(never, -np.inf, result)
            for key, g in grad.items():
                g = np.asarray(g)
                grad[key] = np.where(never.reshape(never.shape + (1,) * (g.ndim - never.ndim)), 0.0, g)
        dtype = evaluate.result_dtype(y, self.dtype, False, False)
        return _rounded(result, dtype)[()], {key: _rounded(np.asarray(g), dtype)[()] for key, g in grad.items()}

    def _total(self, name: str, value: Any) -> tuple[Any, ...]:
        each = self._log_density(self._events(value, "TransformedDistribution.log_likelihood"))
        return (self._added_up(each),)

    def log_likelihood_and_grad(self, value: Any) -> tuple[Any, dict[str, Any]]:
        """:meth:`log_likelihood` with its derivative in each parameter."""
        y = self._events(value, "TransformedDistribution.log_likelihood_and_grad")
        each, grad = self._slopes(y, in_value=False)
        return self._added_up(each), {key: self._added_up(g, each) for key, g in grad.items()}

    def _added_up(self, value: Any, each: Any = None) -> Any:
        """The sum over the sample axes, which are those of `each`."""
        samples = np.ndim(value if each is None else each) - len(self.batch_shape)
        return np.sum(value, axis=tuple(range(samples)), dtype=F64)

    # Draws --------------------------------------------------------------------------------------

    def sample(self, shape: Any = (), *, rng: Any = None, out: Any = None, device: str | None = None) -> Any:
        devices.only_on_host(self, device)
        draws = np.asarray(self._whole(self.base_dist.sample(shape, rng=rng)))
        if out is None:
            return draws[()]
        target, given = evaluate.destination(out, draws.shape, draws.dtype, "TransformedDistribution")
        target[...] = draws
        if given is not None:
            given[...] = target
        return out

    sample.__doc__ = Distribution.sample.__doc__

    def rsample_and_grad(self, shape: Any = (), *, rng: Any = None) -> tuple[Any, dict[str, Any]]:
        """Draws with their derivatives in the base's parameters, and in those of the transforms.

        Where the transforms move each number by itself, they have the axes that the base's derivatives have. Else the
        derivative in each number of a parameter is an event: the axes of the draws, and behind them those of the event
        or batch of which the parameter belongs to one number each, and its own.
        """
        self._check_rsample("rsample_and_grad")
        x, grad = self.base_dist.rsample_and_grad(shape, rng=rng)
        x = np.asarray(x)
        single, ndims = self.base_dist, 0
        while isinstance(single, Independent):
            ndims, single = ndims + single.reinterpreted_batch_ndims, single.base_dist
        runs = self._whole._named_runs()
        mixing = [k for k, (part, _) in enumerate(runs) if part._pieces() is None]
        last = max(mixing, default=-1)
        tangents = {name: np.asarray(g) for name, g in grad.items()}
        place = x.ndim - len(self.base_dist.event_shape)
        if ndims and mixing:
            tangents = {name: _spread(g, place, ndims) for name, g in tangents.items()}
        for k, (part, prefix) in enumerate(runs):
            y = np.asarray(part(x))
            tangents = {name: part._push(x, y, g) for name, g in tangents.items()}
            for own, (moved, _) in part._moves(x, y).items():
                name = f"transforms_{prefix}{own}"
                tangents[name] = _spread(moved, place, self._moving[name][1]) if k < last else moved
            x = y
        return x[()], tangents

    def _of_parameters(self, name: str) -> Any:
        raise NotImplementedError(
            f"TransformedDistribution.{name} has no closed form for transforms of vectors; average over draws"
        )

    def median(self) -> Any:
        """The quantile of one half, where an event is a number."""
        return self.icdf(np.full(self.batch_shape, 0.5, self.dtype)[()])

    def perplexity(self) -> Any:
        """Exponential of the entropy."""
        return np.exp(self.entropy())

    def expect(self, func: Any = None) -> Any:
        """The base's mean of ``func`` of the transformed variate, where an event is a number."""
        if self.event_shape or self.base_dist.event_shape:
            raise NotImplementedError("TransformedDistribution.expect works on univariate distributions")
        return self.base_dist.expect(lambda x: self._whole(x) if func is None else func(self._whole(x)))


def _rounded(value: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """`value` in another dtype: infinite where that has no number as large."""
    with np.errstate(over="ignore"):
        return value.astype(dtype, copy=False)


def _is_real(constraint: Constraint) -> bool:
    """Whether all arrays of finite numbers lie in a set."""
    while isinstance(constraint, constraints.independent):
        constraint = constraint.base_constraint
    return isinstance(constraint, type(constraints.real))


def _spread(g: np.ndarray, place: int, ndims: int) -> np.ndarray:
    """Derivatives of parts in their own parameters as those in the parameters of all parts: 0 where they differ.

    The parts are numbers; their axes are `ndims` from number `place` on. Those of the parameters follow them.
    """
    parts = g.shape[place : place + ndims]
    if g.ndim > place + ndims:
        raise NotImplementedError(
            "TransformedDistribution.rsample_and_grad: no derivatives where a transform mixes parts that are vectors"
        )
    size = math.prod(parts)
    flat = g.reshape((*g.shape[:place], size))
    found = np.zeros((*g.shape[:place], size, size))
    index = np.arange(size)
    found[..., index, index] = flat
    return found.reshape((*g.shape[:place], *parts, *parts))
