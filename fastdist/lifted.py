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

from fastdist import vector_moments
from fastdist.directions import are_few, draws_in_directions, log_density, quantile, tail, tail_of_counts
from fastdist.engine import evaluate
from fastdist.forward.dual import Dual, duals_in, level_of, made, remade, without_tangent
from fastdist.forward.kernels import applied, whole
from fastdist.forward.ufuncs import scaled
from fastdist.lattice import counts_in_table
from fastdist.special import slopes as _  # noqa: F401 - declares how special functions move

# How the tangent of a tail, or of a quantile, follows that of the cdf.
TAILS = {"cdf": 1.0, "sf": -1.0, "log_cdf": 1.0, "log_sf": -1.0}
QUANTILES = {"icdf": 1.0, "isf": -1.0}
POINTWISE = ("log_prob", "prob", *TAILS, *QUANTILES)
SUMMARIES = ("mean", "variance", "skewness", "kurtosis", "entropy", "mode", "covariance")
# Methods that are made of others.
DERIVED = ("stddev", "var", "std", "stats", "moment", "interval")


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
        own = any("__new__" in vars(kind) for kind in cls.__mro__[:-1])
        whole = inspect.signature(getattr(cls, "__new__" if own else "__init__"))
        return whole.replace(parameters=list(whole.parameters.values())[1:])


class Differentiable:
    """How the tangents of parameters go on, unless a family says otherwise."""

    @property
    def _moves(self: Any) -> bool:
        """Whether the derivatives of a draw are those of a quantile."""
        return self.has_rsample and "sample_grad" in getattr(self, "kernels", ())

    def _tangents_of(self: Any, name: str, given: Any) -> dict[str, Any]:
        """The tangents of parameters that come with what the constructor was given by a name."""
        if isinstance(given, Dual):
            return {name: given}
        raise TypeError(f"{type(self).__name__}: {name} must not have Duals among its parameters; got {given!r}")

    def _slopes_of_summary(self: Any, name: str) -> dict[str, Any] | None:
        """The derivatives of a moment or of the entropy of vectors, where they are no NumPy formula."""
        return None

    def _axes_of(self: Any, name: str) -> int:
        """How many axes a derivative in a parameter has behind those of a result."""
        return self._declared[name].constraint.event_dim

    def _differentiated(self: Any, name: str, d: Any, *value: Any) -> tuple[Any, ...]:
        """The results of a formula at the parameters of `d`, which carry tangents, and at a value."""
        return differentiated(self, name, d, *value)

    def _at_duals(self: Any, name: str, d: Any, value: Any) -> Any:
        """A method of a value where either is a Dual, for a family of which the rules of densities do not hold."""
        return None

    def _nested(self: Any, name: str, d: Any, value: Any) -> Any:
        """A method of a value where tangents carry tangents, at the parameters of `d`: None for what has no own way."""
        return None

    def _nested_draws(self: Any, d: Any, shape: Any, rng: Any) -> Any:
        """Draws where tangents carry tangents, at the parameters of `d`."""
        if "sample_grad" in getattr(self, "kernels", ()):
            draws, slopes = d._twin.rsample_and_grad(shape, rng=rng)
            return chained(d._twin, "rsample", draws, slopes, d._tangents, 0)
        if self.event_shape:
            raise TypeError(f"{type(self).__name__}.rsample: there is no rule for second derivatives")
        return following(d, d._twin.rsample(shape, rng=rng))

    def _rsampled(self: Any, tangents: dict[str, Dual], shape: Any, rng: Any) -> Any:
        """Draws with the tangents that follow from those of parameters."""
        return moved_draws(self, tangents, shape, rng)


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
        _no_out(self, "rsample", out)
        return self._twin._rsampled(self._tangents, shape, rng)

    def log_likelihood(self, value: Any) -> Any:
        """The sum of log densities with its tangent."""
        if level_of(value) or isinstance(self._twin, Lifted):
            total = self.log_prob(value)
            samples = total.ndim - len(self._twin.batch_shape)
            return np.sum(total, axis=tuple(range(samples))) if samples else total
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
        """The distribution of the primals."""
        return self._twin._plain if isinstance(self._twin, Lifted) else self._twin

    def median(self) -> Any:
        """The quantile of one half."""
        return self.icdf(np.full(self._twin.batch_shape, 0.5, self._twin.dtype)[()])

    def perplexity(self) -> Any:
        """Exponential of the entropy."""
        return np.exp(self.entropy())

    def expand(self, batch_shape: Any) -> Any:
        """The same distribution with its parameters broadcast to `batch_shape`."""
        return _made(self._twin.expand(batch_shape), self._tangents, self._own)


CARRIERS = Dual, Lifted


def _lifted(cls: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What a class makes of arguments with tangents."""
    given = _signature(cls).bind(*args, **kwargs).arguments
    level = max(map(level_of_part, given.values()))
    carriers = {name: value for name, value in given.items() if level_of_part(value) == level}
    plain = {name: below(value, level) for name, value in carriers.items()}
    twin = cls(**{**given, **plain})
    tangents: dict[str, Dual] = {}
    for name, value in carriers.items():
        tangents.update(twin._tangents_of(name, value))
    return _made(twin, tangents)


@functools.cache
def _signature(cls: Any) -> inspect.Signature:
    return inspect.signature(cls)


def level_of_part(value: Any) -> int:
    """Of a parameter, of a distribution, or of the distributions in a sequence."""
    if type(value) in (list, tuple):
        parts = value if value and isinstance(type(value[0]), Liftable) else ()
        return max(map(level_of_part, parts), default=0)
    return value._level if isinstance(value, CARRIERS) else 0


def below(value: Any, level: int) -> Any:
    """A parameter, a distribution or those in a sequence without the tangents of a level."""
    if type(value) in (list, tuple):
        return [below(part, level) for part in value]
    if level_of_part(value) < level:
        return value
    return value._twin if isinstance(value, Lifted) else value.primal


def _made(twin: Any, tangents: dict[str, Dual], own: dict[str, Any] | None = None) -> Any:
    """A distribution that carries tangents, with attributes of its own in the place of the twin's."""
    kind: Any = type(twin._plain if isinstance(twin, Lifted) else twin)
    result = object.__new__(_subclass(kind))
    level = level_of(next(iter(tangents.values())))
    result.__dict__.update(_twin=twin, _tangents=tangents, _level=level, _own=own or {}, **(own or {}))
    return result


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
        return result

    return method


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


def _no_out(d: Any, name: str, out: Any) -> None:
    if out is not None:
        raise TypeError(f"{type(d).__name__}.{name}: an array given as out= cannot hold the tangent of a Dual")


def normalised(name: str, weights: Any) -> Any:
    """Weights, or log weights, along the last axis, as they are where the masses sum to 1."""
    if name == "probs":
        return weights / np.sum(weights, axis=-1, keepdims=True)
    top = np.max(weights.primal, axis=-1, keepdims=True)
    return weights - (top + np.log(np.sum(np.exp(weights - top), axis=-1, keepdims=True)))


def divergence(p: Any, q: Any, method: str, with_gradient: Any) -> Any:
    """The divergence in closed form, of which ``with_gradient(p, q)`` gives the derivatives."""
    if method != "exact":
        raise TypeError(f"kl_divergence: method={method!r} has no rule for parameters that are Duals")
    level = max(d._level for d in (p, q) if isinstance(d, Lifted))
    carries = [isinstance(d, Lifted) and d._level == level for d in (p, q)]
    twins = [d._twin if carried else d for d, carried in zip((p, q), carries, strict=True)]
    value, *slopes = with_gradient(*twins)
    found = [
        chained(twin, "kl_divergence", value, own, d._tangents, 0)
        for d, twin, own, carried in zip((p, q), twins, slopes, carries, strict=True)
        if carried
    ]
    return found[0] if len(found) == 1 else remade(found[0], value, found[0]._directions + found[1]._directions)


def _moment(d: Any, name: str) -> Any:
    """A moment of vectors; what is not finite does not move."""
    plain = d._plain
    result = getattr(plain, name)()
    slopes = None if isinstance(d._twin, Lifted) else plain._slopes_of_summary(name)
    if slopes is not None:
        return chained(plain, name, result, slopes, d._tangents, len(plain.event_shape) if name != "entropy" else 0)
    given = {own: argument(d, own, value) for own, value in plain._parameters.items()}
    given["dim"] = plain.event_shape[-1]
    found = vector_moments.moment(type(plain).__name__, name, given)
    if found is None:
        raise TypeError(f"{type(plain).__name__}.{name}: there is no rule for parameters that are Duals")
    if not isinstance(found, Dual):  # it depends on none of those that have tangents
        level, single = d._level, all(t._single for t in d._tangents.values())
        directions = len(next(iter(d._tangents.values()))._directions)
        return made(result, np.zeros((directions, *np.shape(result))), single, level)
    moved = np.where(np.isfinite(result), found._directions, 0.0)
    return remade(found, found.primal if isinstance(d._twin, Lifted) else result, moved)


def arguments_of(d: Any, plain: Any = None) -> tuple[Any, ...]:
    """What kernels take of a distribution: arrays, and Duals where parameters carry tangents.

    Those of `plain`, of which `d` has the parameters, if it is not of the same class.
    """
    if not isinstance(d, Lifted):
        return d._arguments
    plain = d._plain if plain is None else plain
    given = dict(zip(plain._parameters, plain._arguments, strict=False))
    return (*(argument(d, name, one) for name, one in given.items()), *plain._arguments[len(given) :])


def argument(d: Any, name: str, given: Any) -> Any:
    """A parameter of a distribution by its name, with its tangents if it has any."""
    if not isinstance(d, Lifted):
        return given
    return d._tangents[name] if name in d._tangents else argument(d._twin, name, given)


def differentiated(plain: Any, name: str, d: Any, *value: Any) -> tuple[Any, ...]:
    """The results of a formula of `plain` at the parameters of `d`, which may carry tangents, and at a value."""
    who = f"{type(plain).__name__}.{name.removesuffix('_and_grad')}"
    kernels = getattr(plain, "kernels", None)
    if kernels is None or name not in kernels or kernels.rows or plain._vector:
        raise TypeError(f"{who}: there is no rule for this derivative in parameters that are Duals")
    prepare, formula = kernels[name]
    arguments = arguments_of(d, plain)
    if not value:
        return applied(formula, arguments, plain.batch_shape, plain.dtype, who)
    given = without_tangent(value[0])
    shape = evaluate.broadcast_shape(np.shape(given), plain.batch_shape, who)
    dtype = evaluate.result_dtype(np.asarray(given), plain.dtype, plain._weak, type(given) in (float, int))
    formula = whole(plain._family.program(name), prepare, len(arguments))
    return applied(formula, (*value, *arguments), shape, dtype, who)


# The chain rule ----------------------------------------------------------------------------------


def following(d: Any, x: Any, name: str = "", levels: Any = None) -> Dual:
    """A draw x of `d` as it moves so that its cdf value stays, or a quantile of levels that may move, too.

    It moves by the tangent of a tail over the density: of the smaller one, both as logarithms, which do not underflow.
    """
    if d.support.is_discrete:
        raise TypeError(f"{type(d).__name__}.{name} is a step function: it has no derivative")
    level = max(level_of_part(d), level_of(levels))
    twin = below(d, level)
    with np.errstate(all="ignore"):
        log_density = twin.log_prob(x)
        moved: Any = 0.0
        carriers: list[Dual] = []
        if level_of(levels) == level:
            carriers.append(levels)
            moved = QUANTILES[name] * _grown(levels, np.ndim(x), 0, 0) * np.exp(-log_density)
        if level_of_part(d) == level:
            lower, upper = d.log_cdf(x), d.log_sf(x)
            carriers += [lower, upper]
            down, up = (t._directions * np.exp(t.primal - log_density) for t in (lower, upper))
            moved = moved + np.where(without_tangent(lower) < without_tangent(upper), -down, up)
    return made(x, moved, all(dual._single for dual in carriers), level)


def pointwise(d: Any, name: str, value: Any, out: Any) -> Any:
    """A method of a value where the value is a Dual, or parameters of the distribution are."""
    _no_out(d, name, out)
    own, given = d._level if isinstance(d, Lifted) else 0, value
    level = max(own, level_of(value))
    carried: dict[str, Dual] = dict(d._tangents) if own == level else {}
    twin = d._twin if own == level else d
    if level_of(value) == level:
        carried["value"] = value
        value = value.primal
    plain = d._plain if isinstance(d, Lifted) else d
    found = plain._at_duals(name, d, given)
    if found is not None:
        return found
    nested = isinstance(twin, Lifted) or level_of(value)
    if nested:
        found = plain._nested("log_prob" if name == "prob" else name, d, given)
        if found is not None:
            return np.exp(found) if name == "prob" else found
        if name in QUANTILES and "sample_grad" not in getattr(plain, "kernels", ()):
            return following(d, getattr(twin, name)(value), name, given)
    counts = None if name not in TAILS or nested or "value" in carried else counts_in_table(twin, name, value)
    if counts is not None:
        return tail_of_counts(twin, name, counts, carried, value, lambda x: pointwise(d, name, x, None))
    if name in TAILS and not plain._moves and _has_tails_alone(plain):
        return _of_formula(plain, name, d, carried, value)
    if name == "log_prob" and not nested and are_few(twin, "log_prob_and_grad", carried, value):
        return log_density(twin, carried, value)
    if not nested and twin._moves and are_few(twin, "sample_grad", carried, value):
        if name in TAILS:
            return tail(twin, name, TAILS[name], carried, value)
        if name in QUANTILES:
            return quantile(twin, name, QUANTILES[name], carried, value)
    result, slopes = _slopes(twin, name, value, carried.keys())
    return chained(twin, name, result, slopes, carried, 0)


def _has_tails_alone(plain: Any) -> bool:
    """Whether a family has formulas of tails and none of their derivatives."""
    kernels = getattr(plain, "kernels", None)
    return kernels is not None and not kernels.rows and "cdf" in kernels and "cdf_and_grad" not in kernels


def _of_formula(plain: Any, name: str, d: Any, carried: dict[str, Dual], value: Any) -> Any:
    """A tail whose family has no derivatives of it: its formula at Duals."""
    for key in carried:
        if key == "value" or plain._declared[key].constraint.is_discrete:
            why = "the support is" if key == "value" else "that is"
            raise TypeError(f"{type(plain).__name__}.{name} has no derivative in {key}: {why} of integers")
    return plain._differentiated(name, d, value)[0]


def _slopes(d: Any, name: str, value: Any, asked: Any) -> tuple[Any, dict[str, Any]]:
    """The result of a method and its derivatives."""
    if name == "log_prob":
        return _with_gradient(d, "log_prob_and_grad", value)
    if name == "prob":
        log, slopes = _with_gradient(d, "log_prob_and_grad", value)
        density = np.exp(log)
        return density, {key: _along(density, slope) * slope for key, slope in slopes.items()}
    if name in QUANTILES and d.support.is_discrete:
        raise TypeError(f"{type(d).__name__}.{name} is a step function: it has no derivative")
    result = getattr(d, name)(value)
    with np.errstate(all="ignore"):
        if name in QUANTILES:
            moved = {"value": QUANTILES[name] / d.prob(result)}
            return result, moved if asked == {"value"} else {**moved, **_slopes_of_draws(d, result)}
        return result, _of_tail(d, name, value, result, asked)


def _with_gradient(d: Any, name: str, value: Any) -> tuple[Any, dict[str, Any]]:
    """A method with derivatives, of a value that may be a Dual where parameters are not."""
    if isinstance(d, Lifted) or not level_of(value):
        return getattr(d, name)(value)
    results = d._differentiated(name, d, value)
    return results[0], dict(zip(d._gradient_names(), results[1:], strict=True))


def _slopes_of_draws(d: Any, draws: Any) -> dict[str, Any]:
    """The derivatives of draws, which may be Duals where parameters are not."""
    if isinstance(d, Lifted) or not level_of(draws):
        return d._slopes_of_draws(draws)
    return dict(zip(d._parameters, d._differentiated("sample_grad", d, draws), strict=True))


def _along(values: Any, slope: Any) -> Any:
    """Values with the axes of events that a slope has behind them."""
    return np.reshape(values, np.shape(values) + (1,) * (np.ndim(slope) - np.ndim(values)))


def _of_tail(d: Any, name: str, value: Any, result: Any, asked: Any) -> dict[str, Any]:
    """Where draws have slopes the cdf moves by them: so the tangent of its logarithm does not underflow with it."""
    sign, in_log = TAILS[name], name.startswith("log")
    if not d._moves:
        _, slopes = _with_gradient(d, "cdf_and_grad", value)
        factor = sign * (np.where(result > -np.inf, np.exp(-result), 0.0) if in_log else np.ones(np.shape(result)))
        return {key: _along(factor, slope) * slope for key, slope in slopes.items()}
    log_density = d.log_prob(value)
    log_weight = log_density - result if in_log else log_density
    weight = sign * np.where(log_density > -np.inf, np.exp(log_weight), 0.0)
    slopes = {"value": weight}
    if asked != {"value"}:
        for key, slope in _slopes_of_draws(d, value).items():
            along = _along(weight, slope)
            slopes[key] = np.where(along == 0, 0.0, -along * slope)
    return slopes


def moved_draws(d: Any, tangents: dict[str, Dual], shape: Any, rng: Any) -> Dual:
    """Draws with the tangents that follow from those of parameters."""
    if are_few(d, "sample_grad", tangents):
        return draws_in_directions(d, tangents, shape, rng)
    draws, slopes = d.rsample_and_grad(shape, rng=rng)
    return chained(d, "rsample", draws, slopes, tangents, len(d.event_shape))


def chained(d: Any, name: str, result: Any, slopes: dict[str, Any], carried: dict[str, Dual], events: int) -> Dual:
    """A result whose last `events` axes are those of an event, with its tangent: slopes times tangents, added."""
    found = duals_in(list(carried.values()), max(map(level_of, carried.values())))
    shape = np.shape(result)
    total: list[Any] = [None] * len(found[0]._directions)
    for key, dual in carried.items():
        if key not in slopes:
            raise TypeError(f"{type(d).__name__}.{name} has no derivative in {key}")
        own = len(d.event_shape) if key == "value" else d._axes_of(key)
        directions = _grown(dual, len(shape) - events, events, own)
        for j, direction in enumerate(directions):
            if level_of(direction) or np.any(direction):
                term = scaled(slopes[key], direction)
                term = np.sum(term, axis=tuple(range(-own, 0))) if own else term
                total[j] = term if total[j] is None else total[j] + term
    moved = [np.broadcast_to(0.0 if term is None else term, shape) for term in total]
    whole = np.stack(moved) if len(moved) > 1 else moved[0][np.newaxis]
    return made(result, whole, all(dual._single for dual in found), found[0]._level)


def _grown(dual: Dual, batch: int, events: int, own: int) -> Any:
    """Directions with axes of length 1 where a slope has more, whose last `own` are those of a parameter's events."""
    directions = dual._directions
    shape = directions.shape[1:]
    cut = len(shape) - own
    grown = (len(directions),) + (1,) * (batch - cut) + shape[:cut] + (1,) * events + shape[cut:]
    return np.reshape(directions, grown)
