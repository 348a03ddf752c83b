"""Distributions of which parameters or values are Duals: every result with its derivatives.

A class that is called with a Dual makes the distribution of the primals, its twin, and gives an object of a subclass
of its own that holds the twin and the tangents. The methods of that object are made of the twin's gradients by the
chain rule: families know nothing of it, and calls without Duals pass by.
"""

from __future__ import annotations

import functools
import inspect
from typing import Any

import numpy as np

from fastdist import devices, vector_moments
from fastdist.chain_rule import (
    QUANTILES,
    TAILS,
    Differentiable,
    argument,
    below,
    chained,
    level_of_part,
    pointwise,
    refuse_out,
)
from fastdist.forward.dual import Dual, level_of, made, remade

POINTWISE = ("log_prob", "prob", *TAILS, *QUANTILES)
SUMMARIES = ("mean", "variance", "skewness", "kurtosis", "entropy", "mode", "covariance")
# Methods that are made of others.
DERIVED = ("var", "std", "stats", "moment", "interval")


class Liftable(type):
    """The class of distributions' classes."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """A distribution, or one that carries tangents if an argument does."""
        for value in args:
            if isinstance(value, CARRIERS) or (type(value) in (list, tuple) and level_of_part(value)):
                return _lifted(cls, args, kwargs)
        if kwargs:
            for value in kwargs.values():
                if isinstance(value, CARRIERS) or (type(value) in (list, tuple) and level_of_part(value)):
                    return _lifted(cls, args, kwargs)
        return super().__call__(*args, **kwargs)

    @property
    def __signature__(cls) -> inspect.Signature:
        """That of the constructor."""
        makers = (name for kind in cls.__mro__ for name in ("__init__", "__new__") if name in vars(kind))
        whole = inspect.signature(getattr(cls, next(makers)))
        return whole.replace(parameters=list(whole.parameters.values())[1:])


class Lifted:
    """What a distribution does whose parameters carry tangents."""

    _twin: Any
    _tangents: dict[str, Dual]
    _level: int
    _own: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        """The shapes, the dtype and whatever else has no tangent."""
        if name.startswith("__") or "_twin" not in self.__dict__:
            raise AttributeError(name)
        value = getattr(self._twin, name)
        first = value[0] if type(value) is tuple and value else value
        if isinstance(type(first), Liftable):
            raise TypeError(f"{type(self).__name__}.{name} has no tangent: {', '.join(self._tangents)} has")
        return value

    @property
    def support(self) -> Any:
        """That of the twin."""
        return self._twin.support

    def __repr__(self) -> str:
        return f"{self._twin!r} with tangents in {', '.join(self._tangents)}"

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__

    def __reduce__(self) -> Any:
        return _made, (self._twin, self._tangents, self._own)

    def sample(self, shape: Any = (), *, rng: Any = None, out: Any = None, device: str | None = None) -> Any:
        """Draws without tangents: see :meth:`rsample`."""
        return self._twin.sample(shape, rng=rng, out=out, device=device)

    def rvs(self, size: Any = None, random_state: Any = None) -> Any:
        """Draws without tangents."""
        return self._twin.rvs(size, random_state)

    def rsample(self, shape: Any = (), *, rng: Any = None, out: Any = None) -> Any:
        """Draws with their tangents."""
        refuse_out(self, "rsample", out)
        return self._twin._rsampled(self._tangents, shape, rng)

    def log_likelihood(self, value: Any) -> Any:
        """The sum of log densities with its tangent."""
        if level_of(value) or isinstance(self._twin, Lifted):
            total = self.log_prob(value)
            samples = total.ndim - len(self._twin.batch_shape)
            return np.sum(total, axis=tuple(range(samples))) if samples else total
        devices.refuse_tangents(self._plain, ".log_likelihood", value)
        result, slopes = self._twin.log_likelihood_and_grad(value)
        return chained(self._twin, "log_likelihood", result, slopes, self._tangents, 0)

    # What a distribution whose parameters carry tangents twice is made of.

    def log_prob_and_grad(self, value: Any) -> tuple[Any, dict[str, Any]]:
        """The log density and its derivatives, all with their tangents."""
        return self._with_gradient("log_prob_and_grad", value)

    def cdf_and_grad(self, value: Any) -> tuple[Any, dict[str, Any]]:
        """The cdf and its derivatives, all with their tangents."""
        return self._with_gradient("cdf_and_grad", value)

    def rsample_and_grad(self, shape: Any = (), *, rng: Any = None) -> tuple[Any, dict[str, Any]]:
        """Draws and their derivatives, all with their tangents."""
        draws = self.rsample(shape, rng=rng)
        return draws, self._slopes_of_draws(draws)

    def log_likelihood_and_grad(self, value: Any) -> tuple[Any, dict[str, Any]]:
        """The sum of log densities and its derivatives, all with their tangents."""
        result, slopes = self.log_prob_and_grad(value)
        axes = tuple(range(result.ndim - len(self._twin.batch_shape)))
        total = {name: np.sum(slopes[name], axis=axes) for name in self._plain._parameters}
        return np.sum(result, axis=axes), total

    def _with_gradient(self, name: str, value: Any) -> tuple[Any, dict[str, Any]]:
        results = self._plain._differentiated(name, self, value)
        return results[0], dict(zip(self._plain._gradient_names(), results[1:], strict=True))

    def _slopes_of_draws(self, draws: Any) -> dict[str, Any]:
        results = self._plain._differentiated("sample_grad", self, draws)
        return dict(zip(self._plain._parameters, results, strict=True))

    def _rsampled(self, tangents: dict[str, Dual], shape: Any, rng: Any) -> Any:
        return self._plain._nested_draws(_made(self, tangents), shape, rng)

    def _axes_of(self, name: str) -> int:
        return self._plain._axes_of(name)

    @property
    def _plain(self) -> Any:
        """The distribution without any tangents."""
        return self._twin._plain

    def median(self) -> Any:
        """The quantile of one half."""
        return self.icdf(np.full(self._twin.batch_shape, 0.5, self._twin.dtype)[()])

    def stddev(self) -> Any:
        """Square root of the variance."""
        own = "stddev" in getattr(self._plain, "kernels", ())
        return _summary("stddev")(self) if own else np.sqrt(self.variance())

    def perplexity(self) -> Any:
        """Exponential of the entropy."""
        return np.exp(self.entropy())

    def expand(self, batch_shape: Any) -> Any:
        """The same distribution with its parameters broadcast to `batch_shape`."""
        return _made(self._twin.expand(batch_shape), self._tangents, self._own)


CARRIERS = Dual, Lifted


def _lifted(cls: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What a class makes of arguments with tangents."""
    given = _by_name(cls, args, kwargs)
    level = max(map(level_of_part, given.values()))
    carriers = {name: value for name, value in given.items() if level_of_part(value) == level}
    plain = {name: below(value, level) for name, value in carriers.items()}
    # A number is frozen sooner than an array of one.
    plain = {name: v[()] if type(v) is np.ndarray and not v.ndim else v for name, v in plain.items()}
    twin = cls(**{**given, **plain})
    devices.refuse_tangents(twin._plain, "")
    tangents: dict[str, Dual] = {}
    for name, value in carriers.items():
        tangents.update(twin._tangents_of(name, value))
    return _made(twin, tangents)


def _by_name(cls: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a class by their names."""
    names = _names(cls)
    given = dict(zip(names, args, strict=False))
    if len(args) <= len(names) and given.keys().isdisjoint(kwargs) and kwargs.keys() <= set(names):
        return {**given, **kwargs}
    signature = inspect.signature(cls)
    given = signature.bind(*args, **kwargs).arguments
    for name, parameter in signature.parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            given.update(given.pop(name, {}))
    return given


@functools.cache
def _names(cls: Any) -> tuple[str, ...]:
    """Those of the arguments of a class, if it takes no others."""
    arguments = inspect.signature(cls).parameters.values()
    return tuple(a.name for a in arguments) if all(a.kind is a.POSITIONAL_OR_KEYWORD for a in arguments) else ()


def _made(twin: Any, tangents: dict[str, Dual], own: dict[str, Any] | None = None) -> Any:
    """A distribution that carries tangents, with attributes of its own in the place of the twin's."""
    kind: Any = type(twin._plain)
    result = object.__new__(_subclass(kind))
    level = level_of(next(iter(tangents.values())))
    result.__dict__.update(_twin=twin, _tangents=tangents, _level=level, _own=own or {}, **(own or {}))
    return result


@functools.cache
def _subclass(cls: Any) -> Any:
    """The subclass of a class whose objects carry tangents."""
    namespace: dict[str, Any] = {"__module__": cls.__module__, "__doc__": cls.__doc__, "__qualname__": cls.__qualname__}
    for name in dir(cls):
        method = inspect.getattr_static(cls, name)
        if isinstance(method, property) and not name.startswith("_") and name not in vars(Lifted):
            namespace[name] = _parameter(name)
        if name.startswith("_") or not inspect.isfunction(method):
            continue
        own = method.__name__
        if own in POINTWISE:
            namespace[name] = _method_of_value(own)
        elif own in SUMMARIES:
            namespace[name] = _summary(own)
        elif name not in vars(Lifted) and name not in DERIVED:
            namespace[name] = _refused(own)
    for name in cls._declared:
        namespace[name] = _parameter(name)
    return type(cls)(cls.__name__, (Lifted, cls), namespace)


def _method_of_value(name: str) -> Any:
    def method(self: Any, value: Any, *, out: Any = None) -> Any:
        return pointwise(self, name, value, out)

    return method


def _summary(name: str) -> Any:
    def method(self: Any) -> Any:
        plain = self._plain
        own = type(plain)._differentiated is not Differentiable._differentiated
        if (plain._vector or plain.event_shape) and not own:
            return _moment(self, name)
        (result,) = plain._differentiated(name, self)
        return result if level_of(result) == self._level else _still(self, result)

    return method


def _moment(d: Any, name: str) -> Any:
    """A moment of vectors; what is not finite does not move."""
    plain = d._plain
    result = getattr(plain, name)()
    given = {own: argument(d, own, value) for own, value in plain._parameters.items()}
    given["dim"] = plain.event_shape[-1]
    found = vector_moments.moment(type(plain).__name__, name, given)
    if found is None:
        raise TypeError(f"{type(plain).__name__}.{name}: there is no rule for parameters that are Duals")
    if not isinstance(found, Dual):
        return _still(d, result)
    moved = np.where(np.isfinite(result), found._directions, 0.0)
    return remade(found, found.primal if isinstance(d._twin, Lifted) else result, moved)


def _still(d: Any, result: Any) -> Dual:
    """A result that depends on none of the parameters that carry tangents."""
    directions = len(next(iter(d._tangents.values()))._directions)
    single = all(tangent._single for tangent in d._tangents.values())
    return made(result, np.zeros((directions, *np.shape(result))), single, d._level)


def _refused(name: str) -> Any:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(f"{type(self).__name__}.{name}: there is no rule for parameters that are Duals")

    return method


def _parameter(name: str) -> property:
    def get(self: Any) -> Any:
        if name in self._tangents:
            return self._tangents[name]
        if name in self._twin._parameters:
            return getattr(self._twin, name)
        raise TypeError(f"{type(self).__name__}.{name} has no tangent: {', '.join(self._tangents)} has")

    return property(get)


def carried_by(d: Any) -> set[str]:
    """The names of the parameters that carry tangents."""
    return {*d._tangents, *carried_by(d._twin)} if isinstance(d, Lifted) else set()


def with_tangents(part: Any, d: Any, names: dict[str, str]) -> Any:
    """A part of a distribution with the tangents that its parameters have in the whole, by their `names` there."""
    if not isinstance(d, Lifted):
        return part
    part = with_tangents(part, d._twin, names)
    own = {name: d._tangents[theirs] for name, theirs in names.items() if theirs in d._tangents}
    return _made(part, own) if own else part


def of_part(part: Lifted, names: dict[str, str]) -> dict[str, Dual]:
    """The tangents of a part by the names that its parameters have in the whole, over the part's batch."""
    twin = part._twin
    found = {}
    for name, tangent in part._tangents.items():
        events = tangent.shape[tangent.ndim - twin._axes_of(name) :]
        shape = twin.batch_shape + events
        found[names.get(name, name)] = tangent if tangent.shape == shape else np.broadcast_to(tangent, shape)
    return found  # type: ignore[return-value]
