"""Derivatives of draws of mixtures of vectors, by the conditional distributions of their numbers.

Given the numbers before it, number i of an event has the cdf F_i = sum_k r_ik F_ik, where r_ik is component k's share
of the density of the numbers before it. The events that have the same F_1, F_2, ... before and after a parameter moves
are what an event moves along: with the Jacobian A of F in the event, which is triangular, and V in the parameter,
the derivative is -A^-1 V (Rosenblatt 1952, doi:10.1214/aoms/1177729394; for mixtures Graves 2016, arXiv:1607.05690, and
Figurnov, Mohamed and Mnih 2018, arXiv:1805.08498). Row i of both is in units of the mixture's conditional density of
number i, so that no row underflows and the diagonal of A is 1.

An event on the simplex is a stick that is broken: its numbers here are the logits of what each piece takes of the rest.
Of a Dirichlet vector these shares are independent beta variates (Connor and Mosimann 1969,
doi:10.1080/01621459.1969.10500963), of a logistic normal one their logits are normal ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from fastdist import linear
from fastdist.distributions.beta import Beta
from fastdist.distributions.dirichlet import Dirichlet
from fastdist.distributions.elliptical import SCALE_TRIL
from fastdist.distributions.independent import Independent
from fastdist.distributions.logistic_normal import LogisticNormal
from fastdist.distributions.low_rank_multivariate_normal import LowRankMultivariateNormal
from fastdist.distributions.multivariate_normal import HALF_LOG_2PI, MultivariateNormal
from fastdist.distributions.multivariate_student_t import MANY, MultivariateStudentT
from fastdist.distributions.normal import Normal
from fastdist.distributions.student_t import StudentT
from fastdist.engine.evaluate import F64

STANDARD = Normal(0.0, 1.0)

# Below, the slope of a log density that is a power of x may overflow: x times it is what it is here.
SMALL, TINIEST = 1e-290, 5e-324

# Distributions on the simplex whose events are broken sticks.
BROKEN = (Dirichlet, LogisticNormal)


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
        own = np.broadcast_to(own, self.share.shape)
        found = self.between(0.0, np.broadcast_to(log, self.share.shape)[..., np.newaxis, :])
        index = np.arange(self.share.shape[-1])
        found[..., index, index] = times(self.share, own)
        return found

    def between(self, own: Any, log: Any) -> np.ndarray:
        """The same where what is done to number m moves number i by its `own`, and the density of those before i.

        Both have the axes (i, m), and of a `log` only what is below the diagonal counts.
        """
        share, pull = self.share[..., np.newaxis], self.pull[..., np.newaxis]
        found = np.zeros((*self.share.shape, self.share.shape[-1]))
        np.multiply(share, own, out=found, where=share != 0)
        below = np.tri(found.shape[-1], k=-1, dtype=bool) & (pull != 0)
        return np.add(found, np.multiply(pull, log, out=np.zeros(found.shape), where=below), out=found)


class Tails(NamedTuple):
    """What the distributions of the numbers of events say of them, along the last axis of each array."""

    log_density: np.ndarray
    cdf: np.ndarray
    sf: np.ndarray


class Own(NamedTuple):
    """The numbers of events, as they are."""

    units: np.ndarray
    """In what moves of each are counted, along the last axis: themselves where they are tiny."""
    event: tuple[int, ...]

    def moved(self, array: np.ndarray) -> np.ndarray:
        """The moves of events for those of their numbers, along the axis that is the last of the units."""
        if (self.units != 1.0).any():
            array = array * _over(self.units, array)
        ndim = self.units.ndim - 1
        return array.reshape(*array.shape[:ndim], *self.event, *array.shape[ndim + 1 :])

    def beside(self, axis: int) -> Own:
        """The same numbers for all components, which have that axis."""
        return Own(np.expand_dims(self.units, axis), self.event)


class Broken(NamedTuple):
    """The pieces of sticks, by the shares that each takes of what those before it left; they move in logits."""

    pieces: np.ndarray
    share: np.ndarray
    rest: np.ndarray
    """1 - share."""

    @property
    def units(self) -> np.ndarray:
        return np.ones(self.share.shape)

    def moved(self, array: np.ndarray) -> np.ndarray:
        """As :meth:`Own.moved`: a piece grows with its logit, and shrinks with those before it."""
        axis = self.share.ndim - 1
        ahead, behind = ((slice(None),) * axis + (part,) for part in (slice(-1), slice(1, None)))
        grown = np.zeros((*array.shape[:axis], self.pieces.shape[-1], *array.shape[axis + 1 :]))
        grown[ahead] = array * _over(self.rest, array)
        grown[behind] -= np.cumsum(array * _over(self.share, array), axis=axis)
        return grown * _over(self.pieces, array)

    def beside(self, axis: int) -> Broken:
        """As :meth:`Own.beside`."""
        return Broken(*(np.expand_dims(part, axis) for part in self))


Numbers = Own | Broken


def numbers_of(groups: Sequence[Any], value: np.ndarray) -> Numbers:
    """What the conditional distributions of a mixture's components are of."""
    first = groups[0][0]
    if isinstance(first, BROKEN):
        left = np.cumsum(value[..., ::-1], axis=-1)[..., :0:-1]
        behind = np.cumsum(value[..., :0:-1], axis=-1)[..., ::-1]
        # Where nothing is left its shares do not matter.
        shares = (np.where(left > 0, part / left, 0.5) for part in (value[..., :-1], behind))
        return Broken(value, *(np.maximum(share, TINIEST) for share in shares))
    event = first.event_shape
    sizes = abs(value).reshape(*value.shape[: value.ndim - len(event)], math.prod(event))
    if not all(isinstance(d, Independent) for d, _ in groups):
        return Own(np.ones(sizes.shape), event)
    return Own(np.where(sizes < SMALL, np.maximum(sizes, TINIEST), 1.0), event)


def _over(numbers: np.ndarray, array: np.ndarray) -> np.ndarray:
    """`numbers` with the axes that `array` has behind theirs."""
    return numbers.reshape(numbers.shape + (1,) * (array.ndim - numbers.ndim))


class Conditionals(NamedTuple):
    """The distributions of the numbers of events given those before them."""

    tails: Tails
    in_value: Callable[[Effect], np.ndarray]
    """The moves of all numbers, along the last but one axis, for a unit of the formulas' own numbers along the last."""
    in_parameters: Callable[[Effect, np.ndarray], dict[str, np.ndarray]]
    """A matrix times the same for each parameter, whose axes come last."""


def known(components: Sequence[Any]) -> bool:
    """Whether :func:`slopes_of_draws` has the derivatives of a mixture of such components."""
    broken = [isinstance(d, BROKEN) for d in components]
    return all(broken) or (not any(broken) and all(map(_known, components)))


def _known(d: Any) -> bool:
    if isinstance(d, Independent):
        base = parts_of(d)
        return moves(base) and not any(map(base._axes_of, base._parameters))
    return isinstance(d, (MultivariateNormal, LowRankMultivariateNormal, MultivariateStudentT))


def moves(d: Any) -> bool:
    """Whether a distribution is one of numbers whose draws have derivatives."""
    return not d.event_shape and d._moves


def conditionals(d: Any, x: np.ndarray, numbers: Numbers) -> Conditionals:
    """Those of the distribution's events at `x`, which broadcasts with its batch."""
    if isinstance(numbers, Broken):
        return _of_beta_shares(d, numbers) if isinstance(d, Dirichlet) else _of_normal_logits(d, numbers)
    return _of_parts(d, x, numbers.units) if isinstance(d, Independent) else _of_elliptical(d, x)


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
        Tails(flat(log_density), flat(base.cdf(x)), flat(base.sf(x))),
        lambda effect: effect.of(-1.0, logs["value"]),
        in_parameters,
    )


def _of_beta_shares(d: Dirichlet, x: Broken) -> Conditionals:
    """Share m is a beta variate of concentration m and the sum of those behind it; the smaller of it and 1 - it is."""
    concentration = np.asarray(d.concentration, F64)
    own, behind = concentration[..., :-1], np.cumsum(concentration[..., :0:-1], axis=-1)[..., ::-1]
    low = x.share <= x.rest
    near, far = Beta(own, behind), Beta(behind, own)
    to_near, to_far = (np.where(side, value, 0.5) for side, value in ((low, x.share), (~low, x.rest)))

    def of_smaller(name: str, mirrored: str) -> np.ndarray:
        return np.where(low, getattr(near, name)(to_near), getattr(far, mirrored)(to_far))

    def slopes(nears: Any, fars: Any, sign: float) -> tuple[np.ndarray, np.ndarray]:
        """In the concentration of the share, and in the other."""
        one, two = "concentration1", "concentration0"
        return np.where(low, nears[one], sign * fars[two]), np.where(low, nears[two], sign * fars[one])

    scale = x.share * x.rest
    log_density = of_smaller("log_prob", "log_prob") + np.log(x.share) + np.log(x.rest)
    in_log = own * x.rest - behind * x.share

    def in_parameters(effect: Effect, matrix: np.ndarray) -> dict[str, np.ndarray]:
        logs = slopes(near.log_prob_and_grad(to_near)[1], far.log_prob_and_grad(to_far)[1], 1.0)
        owns = slopes(near._slopes_of_draws(to_near), far._slopes_of_draws(to_far), -1.0)
        first, second = (np.matmul(matrix, effect.of(o / scale, log)) for o, log in zip(owns, logs, strict=True))
        slope = np.zeros((*first.shape[:-1], concentration.shape[-1]))
        slope[..., :-1] = first
        slope[..., 1:] += np.cumsum(second, axis=-1)
        return {"concentration": slope}

    return Conditionals(
        Tails(log_density, of_smaller("cdf", "sf"), of_smaller("sf", "cdf")),
        lambda effect: effect.of(-1.0, in_log),
        in_parameters,
    )


def _of_normal_logits(d: LogisticNormal, x: Broken) -> Conditionals:
    size = x.share.shape[-1]
    logit = np.log(x.share) - np.log(x.rest) + np.log(np.arange(size, 0.0, -1.0))
    normal = Independent(Normal(d._parameters["loc"], d._parameters["scale"]), 1)
    return _of_parts(normal, logit, np.ones(logit.shape))


class Standardised(NamedTuple):
    """What is known of z = F^-1 (x - loc), with the factor F of the covariance or of what is in its place."""

    tails: Tails
    """Of the numbers of an event, of which F's diagonal are the scales."""
    of_z: Callable[[Effect], np.ndarray]
    """The moves of all numbers for a unit of each of z."""
    in_df: Callable[[Effect], np.ndarray] | None
    """The same for a unit of the degrees of freedom, if there are any."""


def _normal(z: np.ndarray, scales: np.ndarray) -> Standardised:
    """Its numbers are independent standard normals."""
    log_density = -0.5 * z * z - HALF_LOG_2PI - np.log(scales)
    tails = Tails(log_density, STANDARD.cdf(z), STANDARD.sf(z))
    return Standardised(tails, lambda effect: effect.of(-scales, -z), None)


def _student(z: np.ndarray, scales: np.ndarray, df: np.ndarray) -> Standardised:
    """Given those before it, number i is a Student variate of df + i degrees, times the root of (df + q) / (df + i).

    There q is the squared length of those before it (Ding 2016, doi:10.1080/00031305.2016.1164756).
    """
    df = np.minimum(df, MANY)[..., np.newaxis]
    known = np.zeros(z.shape)
    np.cumsum(z[..., :-1] * z[..., :-1], axis=-1, out=known[..., 1:])
    many, rest = df + np.arange(z.shape[-1]), df + known
    stretch = np.sqrt(rest / many)
    t, variate = z / stretch, StudentT(np.broadcast_to(many, z.shape))
    log_density, slopes = variate.log_prob_and_grad(t)
    tails = Tails(log_density - np.log(stretch * scales), variate.cdf(t), variate.sf(t))

    def of_z(effect: Effect) -> np.ndarray:
        before, size = z[..., np.newaxis, :], z.shape[-1]
        own = np.tri(size, k=-1) * (scales * z / rest)[..., np.newaxis] * before
        index = np.arange(size)
        own[..., index, index] = -scales
        return effect.between(own, -(many / rest)[..., np.newaxis] * before)

    def in_df(effect: Effect) -> np.ndarray:
        growth = 0.5 * (1.0 / rest - 1.0 / many)
        in_log = slopes["df"] - (t * slopes["value"] + 1.0) * growth
        earlier = np.zeros(z.shape)
        np.cumsum(in_log[..., :-1], axis=-1, out=earlier[..., 1:])
        own = scales * (z * growth + stretch * variate._slopes_of_draws(t)["df"])
        return times(effect.share, own) + times(effect.pull, earlier)

    return Standardised(tails, of_z, in_df)


def _of_elliptical(d: Any, x: np.ndarray) -> Conditionals:
    low_rank = isinstance(d, LowRankMultivariateNormal)
    factor = d._side().factor if low_rank else d._derived(SCALE_TRIL)
    inverse = d._factor if not low_rank and d._form.precision else linear.inverse(factor)
    scales = np.diagonal(factor, axis1=-2, axis2=-1)
    z = np.matmul(inverse, (x - d._parameters["loc"])[..., np.newaxis])[..., 0]
    student = isinstance(d, MultivariateStudentT)
    tails, of_z, in_df = _student(z, scales, d._parameters["df"]) if student else _normal(z, scales)

    def in_value(effect: Effect) -> np.ndarray:
        return np.matmul(of_z(effect), inverse)

    def in_parameters(effect: Effect, matrix: np.ndarray) -> dict[str, np.ndarray]:
        in_loc = np.matmul(matrix, -in_value(effect))
        # The factor moves z by -F^-1 dF z, and the logarithm of the density by its diagonal.
        index = np.arange(z.shape[-1])
        slope = in_loc[..., np.newaxis] * (z[..., np.newaxis, :] * np.tri(len(index)))[..., np.newaxis, :, :]
        slope[..., index, index] += np.matmul(matrix, effect.of(0.0, -1.0 / scales))
        found = {"loc": in_loc}
        if in_df is not None:
            found["df"] = np.matmul(matrix, in_df(effect)[..., np.newaxis])[..., 0]
        if low_rank:
            slope = _in_covariance(factor, inverse, slope)
            own, _ = d._factor_and_diagonal()
            found["cov_factor"] = 2.0 * np.matmul(slope, own[..., np.newaxis, :, :])
            found["cov_diag"] = np.diagonal(slope, axis1=-2, axis2=-1)
            return found
        (name,) = d._forms.keys() & d._parameters.keys()
        found[name] = slope if d._form is SCALE_TRIL else _in_covariance(factor, inverse, slope)
        if d._form.precision:
            covariance = np.matmul(factor, np.swapaxes(factor, -2, -1))[..., np.newaxis, :, :]
            found[name] = -np.matmul(np.matmul(covariance, found[name]), covariance)
        return found

    return Conditionals(tails, in_value, in_parameters)


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
    groups: Sequence[Any], value: np.ndarray, logs: np.ndarray, by_logits: bool
) -> tuple[np.ndarray, list[dict[str, np.ndarray]]]:
    """The derivatives of a mixture's draws in the weights, which have the logarithms `logs`, and in the parameters.

    All have the axes of the draws, the last of which are an event's, and behind them their own. In the parameters of a
    group of components there is one dict for each group; where a group holds all components, their axis comes before
    those of a parameter.
    """
    batch = value.shape[: value.ndim - len(groups[0][0].event_shape)]
    ndim = len(batch)
    with np.errstate(all="ignore"):
        numbers = numbers_of(groups, value)
        size = numbers.units.shape[-1]
        parts = [
            conditionals(d, np.expand_dims(value, ndim), numbers.beside(ndim))
            if isinstance(place, slice)
            else conditionals(d, value, numbers)
            for d, place in groups
        ]
        tails = [part.tails for part in parts]
        effects, in_weights = _effects(groups, tails, (*batch, logs.shape[-1], size), logs, by_logits, numbers.units)
        jacobian = np.zeros((*batch, size, size))
        for (_, place), part, effect in zip(groups, parts, effects, strict=True):
            own = part.in_value(effect)
            jacobian -= own.sum(axis=ndim) if isinstance(place, slice) else own
        inverse = linear.inverse(jacobian)

        def of_events(array: np.ndarray, place: Any = None) -> np.ndarray:
            return numbers.moved(np.moveaxis(array, ndim, ndim + 1) if isinstance(place, slice) else array)

        found = []
        for (_, place), part, effect in zip(groups, parts, effects, strict=True):
            matrix = inverse[..., np.newaxis, :, :] if isinstance(place, slice) else inverse
            slopes = part.in_parameters(effect, matrix)
            found.append({name: of_events(slope, place) for name, slope in slopes.items()})
        return of_events(np.matmul(inverse, in_weights)), found


def slopes_of_numbers(
    groups: Sequence[Any], value: np.ndarray, logs: np.ndarray, by_logits: bool
) -> tuple[np.ndarray, list[dict[str, np.ndarray]]]:
    """The same where an event is a number: whatever axes a parameter has, a component moves a draw by its share."""
    given = [value[..., np.newaxis] if isinstance(place, slice) else value for _, place in groups]
    with np.errstate(all="ignore"):
        parts = [
            Tails(*(np.asarray(getattr(d, name)(x), F64)[..., np.newaxis] for name in ("log_prob", "cdf", "sf")))
            for (d, _), x in zip(groups, given, strict=True)
        ]
        shape, units = (*value.shape, logs.shape[-1], 1), np.ones((*value.shape, 1))
        effects, in_weights = _effects(groups, parts, shape, logs, by_logits, units)
        found = []
        for (d, _), x, effect in zip(groups, given, effects, strict=True):
            share = effect.share[..., 0]
            found.append({name: times(share, slope) for name, slope in d._slopes_of_draws(x).items()})
    return in_weights[..., 0, :], found


def times(share: Any, slope: Any) -> np.ndarray:
    """Their product, 0 where the share is, whatever axes a slope has behind those of shares."""
    share, slope = np.asarray(share, F64), np.asarray(slope, F64)
    share = share.reshape(share.shape + (1,) * (slope.ndim - share.ndim))
    return np.multiply(share, slope, out=np.zeros(slope.shape), where=share != 0)


def _effects(
    groups: Sequence[Any],
    parts: list[Tails],
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
