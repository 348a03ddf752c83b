"""How derivatives go through the methods of distributions: slopes times tangents, added.

A distribution whose parameters carry tangents holds the distribution of the primals, its twin, and the tangents of
parameters by their names. How it comes to be is told in ``lifted.py``; here is what it computes.
"""

from __future__ import annotations

import functools
from typing import Any, ClassVar

import numpy as np

from fastdist import devices
from fastdist.directions import are_few, at_counts, draws_in_directions, log_density, quantile, tail
from fastdist.engine import evaluate
from fastdist.forward.dual import Dual, duals_in, each, level_of, made, remade, stacked, without_tangent
from fastdist.forward.kernels import applied, whole
from fastdist.forward.ufuncs import scaled
from fastdist.lattice import counts_in_table
from fastdist.levels import is_closed, quantile_and_slope
from fastdist.special import slopes as _  # noqa: F401 - declares how special functions move

# How the tangent of a tail, or of a quantile, follows that of the cdf.
TAILS = {"cdf": 1.0, "sf": -1.0, "log_cdf": 1.0, "log_sf": -1.0}
LOG_TAILS = ("log_cdf", "log_sf")
QUANTILES = {"icdf": 1.0, "isf": -1.0}


class Differentiable:
    """How the tangents of parameters go on, unless a family says otherwise."""

    _level: ClassVar[Any] = 0
    """How deep its tangents go: 0 for a distribution that carries none."""
    _twin: Any
    _tangents: dict[str, Dual]

    @property
    def _plain(self: Any) -> Any:
        """The distribution without any tangents."""
        return self

    @property
    def _moves(self: Any) -> bool:
        """Whether the derivatives of a draw are those of a quantile."""
        return self.has_rsample and "sample_grad" in getattr(self, "kernels", ())

    def _tangents_of(self: Any, name: str, given: Any) -> dict[str, Any]:
        """The tangents of parameters that come with what the constructor was given by a name."""
        if isinstance(given, Dual):
            return {name: given}
        raise TypeError(f"{type(self).__name__}: {name} must not have Duals among its parameters; got {given!r}")

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


def level_of_part(value: Any) -> int:
    """Of a parameter, of a distribution, or of the distributions in a sequence."""
    if type(value) in (list, tuple):
        parts = value if value and isinstance(value[0], Differentiable) else ()
        return max(map(level_of_part, parts), default=0)
    return value._level if isinstance(value, (Dual, Differentiable)) else 0


def below(value: Any, level: int) -> Any:
    """A parameter, a distribution or those in a sequence without the tangents of a level."""
    if type(value) in (list, tuple):
        return [below(part, level) for part in value]
    if level_of_part(value) < level:
        return value
    return value.primal if isinstance(value, Dual) else value._twin


def argument(d: Any, name: str, given: Any) -> Any:
    """A parameter of a distribution by its name, with its tangents if it has any."""
    if not d._level:
        return given
    return d._tangents[name] if name in d._tangents else argument(d._twin, name, given)


def arguments_of(d: Any, plain: Any = None) -> tuple[Any, ...]:
    """What kernels take of a distribution: arrays, and Duals where parameters carry tangents.

    Those of `plain`, of which `d` has the parameters, if it is not of the same class.
    """
    if not d._level:
        return d._arguments
    plain = d._plain if plain is None else plain
    given = dict(zip(plain._parameters, plain._arguments, strict=False))
    return (*(argument(d, name, one) for name, one in given.items()), *plain._arguments[len(given) :])


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


def normalised(name: str, weights: Any) -> Any:
    """Weights, or log weights, along the last axis, as they are where the masses sum to 1."""
    if name == "probs":
        return weights / np.sum(weights, axis=-1, keepdims=True)
    top = np.max(weights.primal, axis=-1, keepdims=True)
    return weights - (top + np.log(np.sum(np.exp(weights - top), axis=-1, keepdims=True)))


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


def refuse_out(d: Any, name: str, out: Any) -> None:
    """Raise if an array is given for results that have tangents."""
    if out is not None:
        raise TypeError(f"{type(d).__name__}.{name}: an array given as out= cannot hold the tangent of a Dual")


@np.errstate(all="ignore")
def pointwise(d: Any, name: str, value: Any, out: Any) -> Any:
    """A method of a value where the value is a Dual, or parameters of the distribution are."""
    refuse_out(d, name, out)
    devices.refuse_tangents(d._plain, f".{name}", value)
    own, given = d._level, value
    level = max(own, level_of(value))
    carried: dict[str, Dual] = dict(d._tangents) if own == level else {}
    twin = d._twin if own == level else d
    if level_of(value) == level:
        carried["value"] = value
        value = value.primal
    plain = d._plain
    found = plain._at_duals(name, d, given)
    if found is not None:
        return found
    nested = twin._level or level_of(value)
    if nested or (name in LOG_TAILS and plain.support.is_discrete):  # tails of components may underflow
        found = plain._nested("log_prob" if name == "prob" else name, d, given)
        if found is not None:
            return np.exp(found) if name == "prob" else found
        if nested and name in QUANTILES and "sample_grad" not in getattr(plain, "kernels", ()):
            return following(d, getattr(twin, name)(value), name, given)
    counts = None if name in QUANTILES or nested or "value" in carried else counts_in_table(twin, name, value)
    if counts is not None:
        return at_counts(twin, name, counts, carried, value, lambda x: pointwise(d, name, x, None))
    if name in TAILS and not plain._moves and _has_tails_alone(plain):
        return _of_formula(plain, name, d, carried, value)
    if name not in LOG_TAILS or plain.support.is_discrete or not is_closed(plain, name):
        return _by_slopes(twin, name, value, carried, nested)
    # The formula itself loses no digits far out, where the density and the tail are exponentials of large numbers.
    exact = plain._differentiated(name, d, given)[0]
    if nested:
        return exact
    known = np.isfinite(exact._directions) & (exact.primal == exact.primal)
    if known.all():
        return exact
    others = _by_slopes(twin, name, value, carried, nested)._directions
    return remade(exact, exact.primal, np.where(known, exact._directions, others))


def _by_slopes(d: Any, name: str, value: Any, carried: dict[str, Dual], nested: Any) -> Dual:
    """A method of a distribution without the tangents that are carried, and its tangent: slopes times theirs."""
    if name == "log_prob" and not nested and are_few(d, "log_prob_and_grad", carried, value):
        return log_density(d, carried, value)
    if not nested and d._moves and are_few(d, "sample_grad", carried, value):
        if name in TAILS:
            return tail(d, name, TAILS[name], carried, value)
        if name in QUANTILES:
            return quantile(d, name, QUANTILES[name], carried, value)
    result, slopes = _slopes(d, name, value, carried.keys())
    return chained(d, name, result, slopes, carried, 0)


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
        with np.errstate(invalid="ignore"):
            moved = {key: _along(density, slope) * slope for key, slope in slopes.items()}
        if d.support.is_discrete and "cdf_and_grad" in getattr(d._plain, "kernels", ()):
            moved = _with_steps(d, value, moved)
        return density, moved
    if name in QUANTILES and d.support.is_discrete:
        raise TypeError(f"{type(d).__name__}.{name} is a step function: it has no derivative")
    if name in QUANTILES:
        result, slope = quantile_and_slope(d, name, QUANTILES[name], value)
        return result, {"value": slope} if asked == {"value"} else {"value": slope, **slopes_of_draws(d, result)}
    result = getattr(d, name)(value)
    return result, _of_tail(d, name, value, result, asked)


def _with_steps(d: Any, value: Any, moved: dict[str, Any]) -> dict[str, Any]:
    """Derivatives of masses, as those of steps of the cdf where the logarithm has none."""
    lost = {key: ~np.isfinite(without_tangent(slope)) for key, slope in moved.items()}
    if not any(map(np.any, lost.values())):
        return moved
    here, before = d.cdf_and_grad(value)[1], d.cdf_and_grad(value - 1.0)[1]
    return {key: np.where(lost[key], here[key] - before[key], slope)[()] for key, slope in moved.items()}


def _with_gradient(d: Any, name: str, value: Any) -> tuple[Any, dict[str, Any]]:
    """A method with derivatives, of a value that may be a Dual where parameters are not."""
    if d._level or not level_of(value):
        return getattr(d, name)(value)
    results = d._differentiated(name, d, value)
    return results[0], dict(zip(d._gradient_names(), results[1:], strict=True))


def slopes_of_draws(d: Any, draws: Any) -> dict[str, Any]:
    """The derivatives of draws, which may be Duals where parameters are not."""
    if d._level or not level_of(draws):
        return d._slopes_of_draws(draws)
    return dict(zip(d._parameters, d._differentiated("sample_grad", d, draws), strict=True))


def with_value(value: Any, moving: Any) -> Any:
    """A value with the tangents of what is equal to it, but for rounding."""
    return remade(moving, with_value(value, moving.primal), moving._directions) if level_of(moving) else value


def implicit(draws: Any, theta: Any, moved: Any) -> Any:
    """Draws as they move with a parameter, in each direction by ``moved(draws, theta, direction)``."""
    if not level_of(theta):
        return draws
    inner = implicit(draws, theta.primal, moved)
    return remade(theta, inner, each(functools.partial(moved, inner, theta.primal), theta._directions))


def _along(values: Any, slope: Any) -> Any:
    """Values with the axes of events that a slope has behind them."""
    return np.reshape(values, np.shape(values) + (1,) * (np.ndim(slope) - np.ndim(values)))


def _of_tail(d: Any, name: str, value: Any, result: Any, asked: Any) -> dict[str, Any]:
    """Where draws have slopes the cdf moves by them: so the tangent of its logarithm does not underflow with it."""
    sign, in_log = TAILS[name], name.startswith("log")
    if not d._moves:
        if in_log and f"{name}_and_grad" in getattr(d._plain, "kernels", ()):
            return d._with_gradient(f"{name}_and_grad", value)[1]
        _, slopes = _with_gradient(d, "cdf_and_grad", value)
        factor = sign * (np.where(result > -np.inf, np.exp(-result), 0.0) if in_log else np.ones(np.shape(result)))
        return {key: _along(factor, slope) * slope for key, slope in slopes.items()}
    log_density = d.log_prob(value)
    log_weight = log_density - result if in_log else log_density
    weight = sign * np.where(log_density == -np.inf, 0.0, np.exp(log_weight))
    slopes = {"value": weight}
    if asked != {"value"}:
        for key, slope in slopes_of_draws(d, value).items():
            along = _along(weight, slope)
            slopes[key] = np.where(along == 0, 0.0, -along * slope)
    return slopes


def moved_draws(d: Any, tangents: dict[str, Dual], shape: Any, rng: Any) -> Dual:
    """Draws with the tangents that follow from those of parameters."""
    if are_few(d, "sample_grad", tangents):
        return draws_in_directions(d, tangents, shape, rng)
    draws, slopes = d.rsample_and_grad(shape, rng=rng)
    return chained(d, "rsample", draws, slopes, tangents, len(d.event_shape))


def divergence(p: Any, q: Any, method: str, with_gradient: Any) -> Any:
    """The divergence in closed form, of which ``with_gradient(p, q)`` gives the derivatives."""
    if method != "exact":
        raise TypeError(f"kl_divergence: method={method!r} has no rule for parameters that are Duals")
    level = max(p._level, q._level)
    carries = [d._level == level for d in (p, q)]
    twins = [d._twin if carried else d for d, carried in zip((p, q), carries, strict=True)]
    value, *slopes = with_gradient(*twins)
    found = [
        chained(twin, "kl_divergence", value, own, d._tangents, 0)
        for d, twin, own, carried in zip((p, q), twins, slopes, carries, strict=True)
        if carried
    ]
    return found[0] if len(found) == 1 else remade(found[0], value, found[0]._directions + found[1]._directions)


@np.errstate(all="ignore")
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
    return made(result, stacked(moved), all(dual._single for dual in found), found[0]._level)


def _grown(dual: Dual, batch: int, events: int, own: int) -> Any:
    """Directions with axes of length 1 where a slope has more, whose last `own` are those of a parameter's events."""
    directions = dual._directions
    shape = directions.shape[1:]
    cut = len(shape) - own
    grown = (len(directions),) + (1,) * (batch - cut) + shape[:cut] + (1,) * events + shape[cut:]
    return np.reshape(directions, grown)
