"""Mixtures of numbers, given that the value is between two ends.

With the masses m_k of the components in the interval and M = sum_k w_k m_k, it is the mixture of the truncated
components with the weights w_k m_k / M: that is what computes, so that nothing cancels which does not in a component.
"""

from __future__ import annotations

import functools
from math import inf
from typing import Any

import numpy as np

from fastdist import chain_rule, constraints, lifted
from fastdist.distribution import Distribution
from fastdist.distributions.categorical import Categorical
from fastdist.distributions.mixed import MixtureDistribution
from fastdist.distributions.mixture import Mixture
from fastdist.distributions.mixture_same_family import MixtureSameFamily
from fastdist.distributions.truncated import Truncated, support_between
from fastdist.engine import evaluate
from fastdist.engine.device import on_device
from fastdist.engine.evaluate import F32, F64
from fastdist.forward.dual import Dual
from fastdist.parameter import shown, wants_checks

ENDS = "low", "high"


class TruncatedMixture(Truncated):
    """What :class:`Truncated` is over a mixture."""

    support = constraints.dependent_property(support_between)

    _base_mixture: Any
    _whole: Any
    """The mixture of the truncated components."""
    _parts: list[tuple[Any, Any]]
    """Components and truncated components, as in the groups of the mixture."""
    _log_masses: np.ndarray
    _log_total: np.ndarray

    def __new__(cls, *arguments: Any, **parameters: Any) -> TruncatedMixture:
        return object.__new__(cls)

    def __init__(self, base: MixtureDistribution, low: Any = -inf, high: Any = inf, validate_args: bool = True) -> None:
        validate_args = wants_checks(validate_args)
        if base._place is not None or on_device(low) or on_device(high):
            raise NotImplementedError(
                "Truncated: a mixture is truncated on the host only, and parameters are on a device: it moves by "
                ".to('cpu'), and what is made of it by .to('cuda')"
            )
        ends = {"low": np.asarray(low, F64), "high": np.asarray(high, F64)}
        if validate_args:
            for name, end in ends.items():
                self._declared[name].check(end, "Truncated")
        batch_shape = np.broadcast_shapes(base.batch_shape, *(end.shape for end in ends.values()))
        own: Any = base if base.batch_shape == batch_shape else base.expand(batch_shape)
        kept = {name: np.broadcast_to(end, batch_shape) for name, end in ends.items()}
        names = {f"base_{name}" if name in ENDS else name: name for name in own._parameters}
        parameters = {name: own._parameters[theirs] for name, theirs in names.items()}
        self.__dict__.update(
            _base_mixture=own,
            _parameters={**parameters, **{name: end.astype(own.dtype)[()] for name, end in kept.items()}},
            _names=names,
            _weak=False,
            _constants={},
            _methods={},
            _calls={},
            batch_shape=batch_shape,
            event_shape=(),
            dtype=own.dtype,
            _draw_dtype=own._draw_dtype,
        )
        if validate_args:
            relation = "low must not be above high" if own.support.is_discrete else "low must be below high"
            self._require(relation, (np.less_equal if own.support.is_discrete else np.less)(*kept.values()))
        self._cut(kept["low"], kept["high"])
        if validate_args:
            self._require("there must be mass between low and high", np.greater(self._log_total, -inf))
        self.__dict__.update(has_rsample=self._whole.has_rsample)

    def _cut(self, low: np.ndarray, high: np.ndarray) -> None:
        """Truncate the components, and weigh them."""
        own = self._base_mixture
        parts, masses = [], np.empty((*self.batch_shape, own._weights.shape[-1]))
        for component, place in own._groups:
            ends = (low[..., np.newaxis], high[..., np.newaxis]) if isinstance(place, slice) else (low, high)
            cut: Any = Truncated(component, *ends, validate_args=False)
            parts.append((component, cut))
            masses[..., place] = _log_mass(component, cut)
        logs = np.where(own._logs > -inf, own._logs + masses, -inf)
        top = logs.max(axis=-1, keepdims=True)
        with np.errstate(invalid="ignore", divide="ignore"):
            total = top[..., 0] + np.log(np.exp(logs - top).sum(axis=-1))
        total = np.where(top[..., 0] > -inf, total, -inf)
        shares = logs - np.where(total > -inf, total, 0.0)[..., np.newaxis]
        kind = F32 if own.dtype == F32 else F64
        given = {"logits": shares} if own._by_logits else {"probs": np.exp(shares)}
        mixture = Categorical(**{name: value.astype(kind) for name, value in given.items()}, validate_args=False)
        cut_parts = [cut for _, cut in parts]
        same = isinstance(own, MixtureSameFamily)
        whole = MixtureSameFamily(mixture, cut_parts[0]) if same else Mixture(mixture, cut_parts)
        self.__dict__.update(_whole=whole, _parts=parts, _log_masses=masses, _log_total=total[()])

    # Identity -----------------------------------------------------------------------------------

    @property
    def base(self) -> Distribution:
        """The mixture that this one is over, with its batch shape."""
        return self._base_mixture

    def _others(self) -> dict[str, Any]:
        return {name: self._parameters[name] for name in ENDS}

    def __reduce__(self) -> Any:
        return TruncatedMixture, (self.base, *self._others().values(), False)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TruncatedMixture):
            return NotImplemented
        same = all(np.array_equal(value, other._parameters[name]) for name, value in self._others().items())
        return same and self.base == other.base

    def __hash__(self) -> int:
        return hash((TruncatedMixture, self.base))

    def __repr__(self) -> str:
        own = ", ".join(f"{name}={shown(value, not self.batch_shape)}" for name, value in self._others().items())
        return f"Truncated({self.base!r}, {own})"

    def expand(self, batch_shape: Any) -> Distribution:
        """The same distribution with its parameters broadcast to `batch_shape`."""
        shape = self._shape(batch_shape, "batch_shape")
        low, high = (np.broadcast_to(value, shape) for value in self._others().values())
        base: Any = self.base.expand(shape)
        found = TruncatedMixture(base, low, high, validate_args=False)
        return found if self._place is None else found.to("cuda")

    def to(self, device: str) -> Distribution:
        moved = super().to(device)
        if moved is not self:
            moved.__dict__["_whole"] = self._whole.to(device)
        return moved

    to.__doc__ = Distribution.to.__doc__

    # By the mixture of what is truncated --------------------------------------------------------

    def _pointwise(self, name: str, value: Any, out: Any = None) -> Any:
        if type(value) is Dual:
            return chain_rule.pointwise(self, name, value, out)
        return self._whole._pointwise(name, value, out)

    def _total(self, name: str, value: Any) -> tuple[Any, ...]:
        return self._whole._total(name, value)

    def sample(self, shape: Any = (), *, rng: Any = None, out: Any = None, device: str | None = None) -> Any:
        return self._whole.sample(shape, rng=rng, out=out, device=device)

    sample.__doc__ = Distribution.sample.__doc__

    def _of_parameters(self, name: str) -> Any:
        return getattr(self._whole, name)()

    def median(self) -> Any:
        """The quantile of one half."""
        return self._whole.median()

    def perplexity(self) -> Any:
        """Exponential of the entropy."""
        return self._whole.perplexity()

    def expect(self, func: Any = None) -> Any:
        """The mean of the truncated components' ``expect(func)``."""
        return self._whole.expect(func)

    # Derivatives --------------------------------------------------------------------------------

    @property
    def _moves(self) -> bool:
        return bool(self._whole._moves)

    def _axes_of(self, name: str) -> int:
        return 0 if name in ENDS else self.base._axes_of(self._names[name])

    def _whole_at(self, d: Any) -> Any:
        """The mixture of the truncated components at the parameters of `d`, which carry tangents."""
        base, own = self._base_mixture, {theirs: name for name, theirs in self._names.items()}
        low, high = (chain_rule.argument(d, name, self._parameters[name]) for name in ENDS)
        whole = lifted.with_tangents(base, d, own)
        weights = chain_rule.argument(
            d, own[base._weights_name], base.mixture_distribution._parameters[base._weights_name]
        )
        logs = weights if base._by_logits else np.log(weights)
        if isinstance(base, MixtureSameFamily):
            component = lifted.with_tangents(base._component, whole, base._own_names)
            cut: Any = Truncated(component, np.expand_dims(low, -1), np.expand_dims(high, -1), validate_args=False)
            mixture = Categorical(logits=logs + _log_mass_at(component, cut), validate_args=False)
            return MixtureSameFamily(mixture, cut)
        components = [
            lifted.with_tangents(part, whole, {name: f"components_{k}_{name}" for name in part._parameters})
            for k, part in enumerate(base.components)
        ]
        cuts: Any = [Truncated(component, low, high, validate_args=False) for component in components]
        masses = [_log_mass_at(component, part) for component, part in zip(components, cuts, strict=True)]
        mixture = Categorical(logits=logs + np.stack(masses, axis=-1), validate_args=False)
        return Mixture(mixture, cuts)

    def _nested(self, name: str, d: Any, value: Any) -> Any:
        return None if name in chain_rule.QUANTILES else getattr(self._whole_at(d), name)(value)

    def _differentiated(self, name: str, d: Any, *value: Any) -> tuple[Any, ...]:
        if value:
            return super()._differentiated(name, d, *value)
        return (getattr(self._whole_at(d), name)(),)

    def _with_gradient(self, name: str, value: Any) -> tuple[Any, dict[str, Any]]:
        result, grad = self._whole._with_gradient(name, value)
        in_value = {"value": grad["value"]} if "value" in grad else {}
        return result, {**in_value, **self._chained(grad)}

    def log_likelihood_and_grad(self, value: Any) -> tuple[Any, dict[str, Any]]:
        """:meth:`log_likelihood` with its derivative in each parameter."""
        total, grad = self._whole.log_likelihood_and_grad(value)
        return total, self._chained(grad)

    def _slopes_of_draws(self, draws: Any) -> dict[str, Any]:
        return self._chained(self._whole._slopes_of_draws(draws))

    def _chained(self, grad: dict[str, Any]) -> dict[str, Any]:
        """Derivatives in the weights and the truncated components' parameters as those in this one's."""
        base, whole = self._base_mixture, self._whole
        in_weights = grad[whole._weights_name]
        if on_device(in_weights):
            raise NotImplementedError(
                "Truncated: derivatives of a truncated mixture are computed on the host only, and an array is on a "
                "device; it moves by .to('cpu')"
            )
        # Of the log of a component's share, and of its weight.
        in_log = in_weights if base._by_logits else whole._weights * in_weights
        # What has nothing between the ends has no say, whatever its density would be there.
        none = whole._weights == 0.0
        with np.errstate(invalid="ignore"):
            in_own_weights = np.where(none, 0.0, in_weights * self._relative_masses)
        found: dict[str, Any] = {base._weights_name: in_own_weights}
        ends: dict[str, Any] = dict.fromkeys(ENDS, 0.0)
        for k, ((_, cut), slopes) in enumerate(zip(self._parts, self._slopes_of_masses, strict=True)):
            same = len(self._parts) == 1 and isinstance(base, MixtureSameFamily)
            for name, slope in slopes.items():
                inner = whole._own_names[name] if same else f"components_{k}_{name}"
                own = in_log if same else in_log[..., k]
                axes = np.ndim(grad[inner]) - np.ndim(own)
                moved = grad[inner] + _beside(own, axes) * slope
                nothing = _beside(none if same else none[..., k], axes)
                moved = np.where(nothing & ~np.isfinite(moved), 0.0, moved)
                if name in ENDS:
                    ends[name] = ends[name] + (moved.sum(axis=-1) if same else moved)
                else:
                    theirs = cut._names[name]
                    outer = base._own_names[theirs] if same else f"components_{k}_{theirs}"
                    found[f"base_{outer}" if outer in ENDS else outer] = moved
        found.update(ends)
        return {name: np.asarray(found[name]).astype(in_weights.dtype, copy=False)[()] for name in self._parameters}

    @functools.cached_property
    def _relative_masses(self) -> Any:
        """What the derivative in a component's share is times as much in its weight: 1 if that is a log."""
        if self._base_mixture._by_logits:
            return 1.0
        with np.errstate(over="ignore"):
            return np.exp(self._log_masses - np.asarray(self._log_total)[..., np.newaxis])

    @functools.cached_property
    def _slopes_of_masses(self) -> list[dict[str, np.ndarray]]:
        """The derivatives of the logs of the components' masses, in their parameters and in the ends."""
        found = []
        for component, cut in self._parts:
            # The two log densities differ by the log of the mass wherever both are finite.
            middle = cut.median()
            whole, part = component.log_prob_and_grad(middle)[1], cut.log_prob_and_grad(middle)[1]
            slopes = {
                name: np.asarray((0.0 if name in ENDS else whole[cut._names[name]]) - part[name])
                for name in cut._parameters
            }
            found.append({name: np.where(np.isfinite(slope), slope, 0.0) for name, slope in slopes.items()})
        return found


def _beside(value: Any, axes: int) -> np.ndarray:
    """`value` with so many axes behind it."""
    value = np.asarray(value)
    return value.reshape(value.shape + (1,) * axes)


def _log_mass_at(component: Any, cut: Any) -> Any:
    """The logs of the masses that were kept, by what the log densities differ by."""
    middle = cut._plain.median()
    return component.log_prob(middle) - cut.log_prob(middle)


def _log_mass(component: Any, cut: Any) -> np.ndarray:
    """The logs of the masses that were kept."""
    if isinstance(cut, TruncatedMixture):
        return cut._log_total
    if cut._mass is not None:
        return evaluate.of_parameters(cut._mass, cut._arguments, cut.batch_shape, F64)
    middle = np.asarray(cut.median(), F64)
    return np.asarray(component.log_prob(middle) - cut.log_prob(middle))
