"""Derivatives of draws of mixtures of vectors, by the conditional distributions of their numbers.

Given the numbers before it, number i of an event has the cdf F_i = sum_k r_ik F_ik, where r_ik is component k's share
of the density of the numbers before it. The events that have the same F_1, F_2, ... before and after a parameter moves
are what an event moves along: with the Jacobian A of F in the event, which is triangular, and V in the parameter,
the derivative is -A^-1 V (Rosenblatt 1952, doi:10.1214/aoms/1177729394; for mixtures Graves 2016, arXiv:1607.05690, and
Figurnov, Mohamed and Mnih 2018, arXiv:1805.08498). Row i of both is in units of the mixture's conditional density of
number i, so that no row underflows and the diagonal of A is 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from fastdist import linear
from fastdist.distributions.elliptical import COVARIANCE, SCALE_TRIL
from fastdist.distributions.independent import Independent
from fastdist.distributions.low_rank_multivariate_normal import LowRankMultivariateNormal
from fastdist.distributions.multivariate_normal import HALF_LOG_2PI, MultivariateNormal
from fastdist.distributions.normal import Normal
from fastdist.engine.evaluate import F64

STANDARD = Normal(0.0, 1.0)

# Below, the slope of a log density that is a power of x may overflow: x times it is what it is here.
SMALL = 1e-290


class Effect(NamedTuple):
    """What moves of a component do to the events of a mixture; the numbers of an event are along the last axis."""

    share: np.ndarray
    """The component's share of the density of the numbers up to each: how far a move of its own moves the mixture's."""
    pull: np.ndarray
    """How far each number moves with the logarithm of the component's density of those before it."""

    def of(self, own: Any, log: Any) -> np.ndarray:
        """The moves of all numbers i, for each number m to which the component does something.

        That moves its own number m by `own`, and the logarithm of its density by `log`. The result has the axes (i, m).
        """
        share, pull = self.share, self.pull
        own, log = np.broadcast_to(own, share.shape), np.broadcast_to(log, share.shape)
        found = np.zeros((*share.shape, share.shape[-1]))
        pulled, logs = pull[..., :, np.newaxis], log[..., np.newaxis, :]
        below = np.tri(share.shape[-1], k=-1, dtype=bool) & (pulled != 0)
        np.multiply(pulled, logs, out=found, where=below)
        index = np.arange(share.shape[-1])
        found[..., index, index] = np.multiply(share, own, out=np.zeros(share.shape), where=share != 0)
        return found


class Conditionals(NamedTuple):
    """The distributions of the numbers of events given those before them, along the last axis of each array."""

    log_density: np.ndarray
    cdf: np.ndarray
    sf: np.ndarray
    in_value: Callable[[Effect], np.ndarray]
    """The moves of all numbers, along the last but one axis, for a unit of the formulas' own numbers along the last."""
    in_parameters: Callable[[Effect, np.ndarray], dict[str, np.ndarray]]
    """A matrix times the same for each parameter, whose axes come last."""


def known(d: Any) -> bool:
    """Whether :func:`conditionals` has those of a distribution."""
    if isinstance(d, Independent):
        base = parts_of(d)
        return not base.event_shape and base._moves and not any(map(base._axes_of, base._parameters))
    return isinstance(d, (MultivariateNormal, LowRankMultivariateNormal))


def conditionals(d: Any, x: np.ndarray, units: np.ndarray) -> Conditionals:
    """Those of the distribution's events at `x`, which broadcasts with its batch, in units of the numbers."""
    return _of_parts(d, x, units) if isinstance(d, Independent) else _of_normal(d, x)


def parts_of(d: Any) -> Any:
    """The distribution of the parts of an event."""
    while isinstance(d, Independent):
        d = d.base_dist
    return d


def _of_parts(d: Independent, x: np.ndarray, units: np.ndarray) -> Conditionals:
    base, ndim, size = parts_of(d), len(d.event_shape), math.prod(d.event_shape)

    def flat(array: Any) -> np.ndarray:
        array = np.asarray(array, F64)
        return array.reshape(*array.shape[: array.ndim - ndim], size)

    log_density, slopes = base.log_prob_and_grad(x)
    logs = {name: flat(slope) for name, slope in slopes.items()}
    if (units != 1.0).any():
        tiny = units.reshape(x.shape) != 1.0
        away = base.log_prob_and_grad(np.where(tiny, np.copysign(SMALL, x), x))[1]["value"]
        logs["value"] = flat(np.where(tiny, SMALL * away, slopes["value"]))

    def in_parameters(effect: Effect, matrix: np.ndarray) -> dict[str, np.ndarray]:
        owns = base._slopes_of_draws(x)
        moved = {name: np.matmul(matrix, effect.of(flat(own) / units, logs[name])) for name, own in owns.items()}
        return {name: array.reshape(*array.shape[:-1], *d.event_shape) for name, array in moved.items()}

    return Conditionals(
        flat(log_density),
        flat(base.cdf(x)),
        flat(base.sf(x)),
        lambda effect: effect.of(-1.0, logs["value"]),
        in_parameters,
    )


def _of_normal(d: Any, x: np.ndarray) -> Conditionals:
    """By z = F^-1 (x - loc), whose numbers are independent standard normals, with the factor F of the covariance."""
    low_rank = isinstance(d, LowRankMultivariateNormal)
    factor = d._side().factor if low_rank else d._derived(SCALE_TRIL)
    inverse = d._factor if not low_rank and d._form.precision else linear.inverse(factor)
    scales = np.diagonal(factor, axis1=-2, axis2=-1)
    z = np.matmul(inverse, (x - d._parameters["loc"])[..., np.newaxis])[..., 0]

    def in_value(effect: Effect) -> np.ndarray:
        return np.matmul(effect.of(-scales, -z), inverse)

    def in_parameters(effect: Effect, matrix: np.ndarray) -> dict[str, np.ndarray]:
        in_loc = np.matmul(matrix, -in_value(effect))
        # The factor moves z by -F^-1 dF z, and the logarithm of the density by its diagonal.
        index = np.arange(z.shape[-1])
        slope = in_loc[..., np.newaxis] * (z[..., np.newaxis, :] * np.tri(len(index)))[..., np.newaxis, :, :]
        slope[..., index, index] += np.matmul(matrix, effect.of(0.0, -1.0 / scales))
        found = {"loc": in_loc}
        if low_rank:
            slope = _in_covariance(factor, inverse, slope)
            own, _ = d._factor_and_diagonal()
            found["cov_factor"] = 2.0 * np.matmul(slope, own[..., np.newaxis, :, :])
            found["cov_diag"] = np.diagonal(slope, axis1=-2, axis2=-1)
        elif d._form is SCALE_TRIL:
            found["scale_tril"] = slope
        elif d._form is COVARIANCE:
            found["covariance_matrix"] = _in_covariance(factor, inverse, slope)
        else:
            slope = _in_covariance(factor, inverse, slope)
            covariance = np.matmul(factor, np.swapaxes(factor, -2, -1))[..., np.newaxis, :, :]
            found["precision_matrix"] = -np.matmul(np.matmul(covariance, slope), covariance)
        return found

    log_density = -0.5 * z * z - HALF_LOG_2PI - np.log(scales)
    return Conditionals(log_density, STANDARD.cdf(z), STANDARD.sf(z), in_value, in_parameters)


def _in_covariance(factor: np.ndarray, inverse: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Derivatives in a covariance, symmetric, from those in its factor: F moves by F times the lower half of
    F^-1 dS F^-T, its diagonal halved.
    """
    inner = np.tril(np.matmul(np.swapaxes(factor, -2, -1)[..., np.newaxis, :, :], slope))
    index = np.arange(factor.shape[-1])
    inner[..., index, index] *= 0.5
    inverse = inverse[..., np.newaxis, :, :]
    whole = np.matmul(np.matmul(np.swapaxes(inverse, -2, -1), inner), inverse)
    return 0.5 * (whole + np.swapaxes(whole, -2, -1))


# Mixtures ----------------------------------------------------------------------------------------


def slopes_of_draws(
    groups: Sequence[Any], value: np.ndarray, events: int, logs: np.ndarray, by_logits: bool
) -> tuple[np.ndarray, list[dict[str, np.ndarray]]]:
    """The derivatives of a mixture's draws in the weights, which have the logarithms `logs`, and in the parameters.

    All have the axes of the draws, the last `events` of which are an event's, and behind them their own. In the
    parameters of a group of components there is one dict for each group; where a group holds all components, their axis
    comes before those of a parameter.
    """
    batch, event = value.shape[: value.ndim - events], value.shape[value.ndim - events :]
    ndim, size = len(batch), math.prod(event)
    units = np.ones((*batch, size))
    if all(isinstance(d, Independent) for d, _ in groups):
        sizes = abs(value).reshape(units.shape)
        units = np.where(sizes < SMALL, np.maximum(sizes, 5e-324), 1.0)
    with np.errstate(all="ignore"):
        parts = [
            conditionals(d, *(np.expand_dims(a, ndim) if isinstance(place, slice) else a for a in (value, units)))
            for d, place in groups
        ]
        effects, in_weights = _effects(groups, parts, (*batch, logs.shape[-1], size), logs, by_logits, units)
        jacobian = np.zeros((*batch, size, size))
        for (_, place), part, effect in zip(groups, parts, effects, strict=True):
            own = part.in_value(effect)
            jacobian -= own.sum(axis=ndim) if isinstance(place, slice) else own
        inverse, whole = linear.inverse(jacobian), bool((units == 1.0).all())

        def of_events(array: np.ndarray, place: Any = None) -> np.ndarray:
            array = np.moveaxis(array, ndim, ndim + 1) if isinstance(place, slice) else array
            array = array if whole else array * units.reshape(units.shape + (1,) * (array.ndim - units.ndim))
            return array.reshape(*batch, *event, *array.shape[ndim + 1 :])

        found = []
        for (_, place), part, effect in zip(groups, parts, effects, strict=True):
            matrix = inverse[..., np.newaxis, :, :] if isinstance(place, slice) else inverse
            slopes = part.in_parameters(effect, matrix)
            found.append({name: of_events(slope, place) for name, slope in slopes.items()})
        return of_events(np.matmul(inverse, in_weights)), found


def _effects(
    groups: Sequence[Any],
    parts: list[Conditionals],
    shape: tuple[int, ...],
    logs: np.ndarray,
    by_logits: bool,
    units: np.ndarray,
) -> tuple[list[Effect], np.ndarray]:
    """What moves of each group's components do, and of the weights, over the axes (number, component)."""
    log_density, cdf, sf = (np.empty(shape) for _ in range(3))
    for (_, place), part in zip(groups, parts, strict=True):
        log_density[..., place, :] = part.log_density
        cdf[..., place, :], sf[..., place, :] = part.cdf, part.sf
    # The logarithms of the components' densities of the numbers up to each, of those before it, and the mixture's.
    up_to = np.cumsum(log_density, axis=-1)
    joint = logs[..., np.newaxis] + up_to
    top = joint.max(axis=-2, keepdims=True)
    whole = top + np.log(np.exp(joint - top).sum(axis=-2, keepdims=True))
    earlier, before = np.zeros(shape), np.zeros(whole.shape)
    earlier[..., 1:], before[..., 1:] = up_to[..., :-1], whole[..., :-1]
    share = np.exp(logs[..., np.newaxis] + (earlier - before))
    counted = share > 0

    def mean(tail: np.ndarray) -> np.ndarray:
        return np.multiply(share, tail, out=np.zeros(shape), where=counted).sum(axis=-2, keepdims=True)

    below, beyond = mean(cdf), mean(sf)
    gap = np.where(below < 0.5, below - cdf, sf - beyond)
    scaled = whole + np.log(units)[..., np.newaxis, :]
    pull = np.multiply(share, gap * np.exp(before - scaled), out=np.zeros(shape), where=counted)
    in_weights = pull if by_logits else gap * np.exp(earlier - scaled)
    own = np.exp(joint - whole)
    return [Effect(own[..., place, :], pull[..., place, :]) for _, place in groups], np.swapaxes(in_weights, -2, -1)
