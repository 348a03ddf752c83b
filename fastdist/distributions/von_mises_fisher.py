"""Von Mises-Fisher distribution."""

from __future__ import annotations

from math import exp, expm1, log, log1p, sqrt
from typing import Any

import numpy as np

from fastdist import constraints
from fastdist.chain_rule import argument, chained, implicit, with_value
from fastdist.distributions.von_mises import draw as draw_angle
from fastdist.distributions.von_mises import prepare_draw as prepare_angle
from fastdist.engine import rows, trigonometric
from fastdist.engine.bits import fma
from fastdist.engine.elementwise import elementwise
from fastdist.engine.evaluate import F64
from fastdist.engine.kernel import kernel
from fastdist.engine.loops import ATTEMPTS
from fastdist.engine.row_programs import Flat, RowProgram
from fastdist.engine.rows import Table
from fastdist.engine.seed import key_from
from fastdist.forward.kernels import applied, by_slopes
from fastdist.forward.rows import prepared
from fastdist.kl import Whole, register_kl
from fastdist.parameter import Parameter
from fastdist.random.gamma import gamma_constants, propose_gamma
from fastdist.random.philox import normal_at, normal_pair, uniform_at, uniform_pair
from fastdist.random.rows import NORMAL, UNIFORM, RowSampler
from fastdist.special.bessel_order import sphere_constants
from fastdist.special.quadrature import NODES_8, NODES_32, WEIGHTS_8, WEIGHTS_32
from fastdist.vector import Rows, VectorDistribution

INF, NAN = float("inf"), float("nan")
ZERO, ONE, TWO, THREE, FOUR = (np.uint64(i) for i in range(5))
MOST = np.uint64(ATTEMPTS)

# The norm of a value may be off 1 by as much, and that of a mean direction by this many roundings for each number: one
# that is off by more has been rounded to another dtype.
NORM_OFF = 1e-6
ROUNDING = 1e-15
# The log of what does not matter in a sum, and a way that no log density is steep enough for.
NEGLIGIBLE, SHORTEST = -40.0, 1e-300

# The constants are the concentration, the log of the normaliser at the mode, by how much the mean direction's square
# exceeds 1, 1 less the mean resultant length, that length, the variances of a number across the mean direction and
# along it, what the sampler takes, and rows: the mean direction, and the mirror that takes the first axis to it.


@kernel
def prepare(loc, concentration, direction, mirror):
    square = 0.0
    for v in loc:
        square = fma(v, v, square)
    norm = sqrt(square) if abs(square - 1.0) > ROUNDING * len(loc) else 1.0
    excess, tail = -1.0, 0.0
    lost = 0.0
    for k in range(len(loc)):
        v = loc[k] / norm
        direction[k] = v
        mirror[k] = -v
        # The sum of the squares with what the rounding of each step takes.
        product = v * v
        total = excess + product
        back = total - excess
        lost += (excess - (total - back)) + (product - back) + fma(v, v, -product)
        excess = total
        tail += product if k > 0 else 0.0
    # The first axis less the direction: their difference in the first number, without cancellation.
    mirror[0] = tail / (1.0 + direction[0]) if direction[0] > 0.0 else 1.0 - direction[0]
    m = float(len(loc) - 1)
    log_norm, length, gap, across, along = sphere_constants(0.5 * (m - 1.0), concentration)
    b = m / (2.0 * concentration + sqrt(4.0 * concentration * concentration + m * m)) if concentration < 1e150 else 0.0
    b = 0.25 * m / concentration if concentration >= 1e150 else b
    middle = 2.0 * b / (1.0 + b)
    d, c, exponent = gamma_constants(0.5 * m)
    return concentration, log_norm, excess + lost, gap, length, across, along, b, middle, d, c, exponent


@kernel
def term(x, c):
    """The part of loc x - loc loc, which does not cancel, and the square of x."""
    return c[0] * (x - c[0]), x * x


@kernel
def finish(sums, c):
    apart, square = sums
    value = fma(c[0], apart + c[2], c[1])
    return value if abs(sqrt(square) - 1.0) < NORM_OFF else (-INF if square == square else NAN)


@kernel
def inside(x, c):
    square = 0.0
    for v in x:
        square += v * v
    return abs(sqrt(square) - 1.0) < NORM_OFF


@kernel
def log_prob_and_grad(x, c, w, in_x, in_loc, in_concentration):
    concentration, direction = c[0], c[12]
    apart = 0.0
    for k in range(len(x)):
        apart += direction[k] * (x[k] - direction[k])
        in_x[k] = concentration * direction[k]
        in_loc[k] = concentration * x[k]
    apart += c[2]
    in_concentration[0] = apart + c[3]
    return fma(concentration, apart, c[1])


# Draws. What is drawn first is 1 less the cosine of the angle to the mean direction: it keeps its digits where the
# concentration is large.


@kernel(heavy=True)
def versine_of_uniform(concentration, u):
    """1 - cos(angle) in three dimensions, where it is a truncated exponential variate."""
    return -log1p(u * expm1(-2.0 * concentration)) / concentration if concentration > 1e-300 else 2.0 * u


@kernel(heavy=True)
def versine(element, k0, k1, m, concentration, b, middle, d, spread, exponent):
    """1 - cos(angle) in m + 1 dimensions, by Wood's rejection from a ratio of two gamma variates."""
    attempt = ZERO
    while attempt < MOST:
        y, z = normal_pair(element, attempt, ONE, k0, k1)
        u, v = uniform_pair(element, attempt, TWO, k0, k1)
        g = propose_gamma(y, u, d, spread)
        h = propose_gamma(z, v, d, spread)
        if exponent > 0.0:
            u, v = uniform_pair(element, attempt, THREE, k0, k1)
            g *= exp(exponent * log(u))
            h *= exp(exponent * log(v))
        u, _ = uniform_pair(element, attempt, FOUR, k0, k1)
        gap = 2.0 * b * g / (h + b * g)
        # 1 - x0 w over 1 - x0**2 for the cosines w = 1 - gap and x0 = 1 - middle.
        share = (gap + middle - middle * gap) / (middle * (2.0 - middle))
        if concentration * (middle - gap) + m * log(share) >= log(u):
            return gap
        attempt += ONE
    return NAN


@kernel
def draw(noise, c, out, first, k0, k1):
    mirror = c[13]
    if len(out) == 3:
        u, _ = uniform_pair(first, ZERO, ONE, k0, k1)
        gap = versine_of_uniform(c[0], u)
    else:
        gap = versine(first, k0, k1, float(len(out) - 1), c[0], c[7], c[8], c[9], c[10], c[11])
    normals = noise[0]
    square = 0.0
    for k in range(1, len(out)):
        square = fma(normals[k], normals[k], square)
    radius = sqrt(gap * (2.0 - gap) / square)
    middle = 1.0 - gap
    product = mirror[0] * middle
    for k in range(1, len(out)):
        product = fma(mirror[k], radius * normals[k], product)
    factor = product / mirror[0] if mirror[0] > 0.0 else 0.0
    out[0] = middle - product
    for k in range(1, len(out)):
        out[k] = fma(-factor, mirror[k], radius * normals[k])


SPHERE = RowSampler(draw, (NORMAL,), redraws=True)


# In two dimensions the angle to the mean direction is that of the von Mises distribution.


@kernel
def prepare_circle(loc, concentration, direction):
    norm = sqrt(loc[0] * loc[0] + loc[1] * loc[1])
    direction[0], direction[1] = loc[0] / norm, loc[1] / norm
    return prepare_angle(0.0, concentration)


@kernel
def draw_angle_twice(noise, c, first, k0, k1):
    angle = draw_angle((noise[0][0], noise[1][0], noise[2][0]), c)
    attempt = ONE
    while angle != angle and attempt < MOST:
        z = normal_at(first, attempt, ZERO, k0, k1)
        u, v = uniform_at(first, attempt, ONE, k0, k1), uniform_at(first, attempt, TWO, k0, k1)
        angle = draw_angle((z, u, v), c)
        attempt += ONE
    noise[0][0] = noise[1][0] = angle


@kernel
def turn(noise, c, out, first, k0, k1):
    x, y = noise[0][0], noise[1][0]
    out[0] = c[6][0] * x - c[6][1] * y
    out[1] = c[6][1] * x + c[6][0] * y


CIRCLE = RowSampler(
    (draw_angle_twice, Flat(0, trigonometric.cos), Flat(1, trigonometric.sin), turn),
    (NORMAL, UNIFORM, UNIFORM),
    redraws=True,
)


# Derivatives of draws. With v for 1 less the cosine of the angle, whose density f is proportional to
# exp(-concentration v) (v (2 - v))**((m - 2) / 2), v moves with the concentration by the integral of (s - mean) f(s)
# from 0 to v over f(v), or less that from v to 2: of the two the one that does not change its sign. It is taken over
# y = 1 - sqrt(s / v), or 1 - sqrt((2 - s) / (2 - v)), in which the integrand is smooth, and largest close to 0.


@kernel
def log_weight(y, side, other, tilt, m):
    """Log of the integrand over f(v), without the factor s - mean: on the way of length `side` to one end."""
    way = y * (2.0 - y) * side
    return tilt * way + 0.5 * (m - 2.0) * log1p(way / other) + (m - 1.0) * log1p(-y)


@kernel(heavy=True)
def slope_of_versine(v, concentration, mean, m):
    """The derivative of v in the concentration; `mean` is that of v."""
    if not 0.0 < v < 2.0:
        return 0.0
    below = v < mean
    side = v if below else 2.0 - v
    other = 2.0 - v if below else v
    tilt = concentration if below else -concentration
    # As far as the integrand matters, and no farther: it then falls by exp(62) at most, which 32 nodes still follow.
    reach = 1.0
    while reach > SHORTEST and log_weight(0.8 * reach, side, other, tilt, m) < NEGLIGIBLE:
        reach *= 0.8
    total = 0.0
    for i in range(len(NODES_32)):
        for y in (reach * NODES_32[i], reach * (1.0 - NODES_32[i])):
            way = y * (2.0 - y) * side
            distance = (v - way if below else v + way) - mean
            total += WEIGHTS_32[i] * distance * exp(log_weight(y, side, other, tilt, m))
    return (2.0 if below else -2.0) * side * reach * total


@kernel
def fill_slopes(x, direction, concentration, mean, in_loc, in_concentration):
    """A change of the mean direction turns the sphere on the shortest way."""
    versine, cosine = 0.0, 0.0
    for k in range(len(x)):
        apart = x[k] - direction[k]
        versine = fma(0.5 * apart, apart, versine)
        cosine = fma(x[k], direction[k], cosine)
    slope = slope_of_versine(versine, concentration, mean, float(len(x) - 1))
    # The part across the axis is as long as the root of v (2 - v).
    stretch = slope * cosine / (versine * (2.0 - versine)) if slope != 0.0 else 0.0
    for i in range(len(x)):
        across = x[i] - cosine * direction[i]
        in_concentration[i] = stretch * across - slope * direction[i]
        for j in range(len(x)):
            turned = cosine * ((1.0 if i == j else 0.0) - direction[i] * direction[j])
            in_loc[i, j] = turned - direction[i] * (x[j] - cosine * direction[j])


@kernel
def slopes_of(x, c, w, in_loc, in_concentration):
    fill_slopes(x, c[12], c[0], c[3], in_loc, in_concentration)
    return 0.0


SLOPES = RowProgram("sample_grad", slopes_of, (0, 2, 1))


class VonMisesFisher(VectorDistribution):
    r"""Von Mises-Fisher distribution on the unit sphere.

    .. math:: p(x) = \frac{\kappa^{d/2-1}}{(2 \pi)^{d/2} I_{d/2-1}(\kappa)} \, e^{\kappa \, \mu^T x},
       \quad \lVert x \rVert = 1

    Parameters
    ----------
    loc : array_like, shape (..., d)
        Mean direction :math:`\mu`, a unit vector in two dimensions or more.
    concentration : array_like of nonnegative
        :math:`\kappa`: 0 is the uniform distribution.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``vonmises_fisher(mu, kappa)`` is the same distribution; torch has none. The density is with respect to the
    area of the sphere, and -inf for a vector whose length is off 1 by more than 1e-6. Derivatives in the value and in
    `loc` are those of the formula above with d numbers that are free: along the sphere they are its own.

    The Bessel functions are those of :mod:`fastdist.special.bessel_order`, and kappa (cos(angle) - 1) is formed without
    cancellation. What is drawn is 1 less the cosine of the angle to the mean direction: by Wood's rejection (1994,
    doi:10.1080/03610919408813161), in three dimensions by inversion, in two from the angle of :class:`VonMises`.
    Householder's mirror takes the first axis to the mean direction (Kurz and Hanebeck 2015,
    doi:10.1109/SDF.2015.7347705). Derivatives of draws are implicit, exact by a quadrature, and a function of the draw
    alone.

    Raises
    ------
    ValueError
        If `loc` is not of length 1 to 1e-6, or has a single number, or if `concentration` is negative or not finite.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.VonMisesFisher(loc=[0.0, 0.6, 0.8], concentration=10.0)
    >>> d.mean()
    array([0.  , 0.54, 0.72])
    >>> d.log_prob([0.0, 0.0, 1.0])
    np.float64(-1.53529197135)
    >>> d.sample(5, rng=1).shape
    (5, 3)
    """

    loc = Parameter(constraints.sphere)
    concentration = Parameter(constraints.nonnegative)
    support = constraints.sphere
    has_rsample = True
    rows = Rows(
        prepare=prepare,
        inside=inside,
        terms=(term, finish, 2, 1),
        log_prob_and_grad=log_prob_and_grad,
        sampler=SPHERE,
        numbers=12,
        rows=2,
    )

    def __init__(self, loc: Any, concentration: Any, validate_args: bool = True) -> None:
        self._freeze(validate_args, loc=loc, concentration=concentration)
        if self.event_shape[0] < 2:
            raise ValueError(f"VonMisesFisher: loc needs at least two numbers; got shape {np.shape(self.loc)}")

    def _event(self) -> tuple[int, ...]:
        return self._parameters["loc"].shape[-1:]

    def _row_sampling(self) -> tuple[RowSampler, Table, int | tuple[int, ...] | None]:
        if self.event_shape[0] > 2:
            return SPHERE, self._table(), None
        if prepare_circle not in self._tables:
            shapes = (self.event_shape,)
            self._tables[prepare_circle] = rows.prepare(prepare_circle, self._arguments, self.batch_shape, 6, shapes)
        return CIRCLE, self._tables[prepare_circle], (1, 1, 1)

    def rsample_and_grad(self, shape: Any = (), *, rng: Any = None) -> tuple[Any, dict[str, Any]]:
        """Draws with their Jacobian in the mean direction, and their derivatives in the concentration.

        ``grad["loc"][..., i, j]`` is the derivative of number i of a draw in number j of `loc`: d times the memory of
        the draws. A change of `loc` along itself moves nothing, any other turns the sphere on the shortest way.
        """
        draws = np.empty(self._shape(shape, "shape") + self.batch_shape + self.event_shape)
        self._fill(draws, key_from(rng, self))
        kinds = (), self.event_shape * 2, self.event_shape
        who = f"{type(self).__name__}.rsample_and_grad"
        _, *slopes = rows.evaluate(SLOPES, draws, self._table(), self.event_shape, kinds, F64, who)
        return self._rounded(draws), {"loc": self._rounded(slopes[0]), "concentration": self._rounded(slopes[1])}

    def _nested_draws(self, d: Any, shape: Any, rng: Any) -> Any:
        draws, slopes = d._twin.rsample_and_grad(shape, rng=rng)
        return chained(d._twin, "rsample", draws, slopes, d._tangents, 1)

    def _summary(self, *places: int) -> tuple[np.ndarray, ...]:
        """Constants by their place, with an axis for the numbers of an event, and the mean direction."""
        arrays, batch = self._table().arrays, self.batch_shape
        return *(arrays[place].reshape(*batch, 1) for place in places), arrays[12].reshape(batch + self.event_shape)

    def mean(self) -> Any:
        """The mean direction times the mean resultant length: a point inside the sphere."""
        length, direction = self._summary(4)
        return self._rounded(length * direction)

    def mode(self) -> Any:
        """The mean direction."""
        return self._rounded(self._summary()[0].copy())

    def variance(self) -> Any:
        """Variance of each number."""
        across, along, direction = self._summary(5, 6)
        square = direction * direction
        return self._rounded(across * (1.0 - square) + along * square)

    def covariance(self) -> Any:
        across, along, direction = self._summary(5, 6)
        size = self.event_shape[0]
        square = direction[..., :, np.newaxis] * direction[..., np.newaxis, :]
        return self._rounded(across[..., np.newaxis] * (np.eye(size) - square) + along[..., np.newaxis] * square)

    covariance.__doc__ = VectorDistribution.covariance.__doc__

    def _differentiated(self, name: str, d: Any, *value: Any) -> tuple[Any, ...]:
        if value and name != "sample_grad":
            return super()._differentiated(name, d, *value)
        loc, concentration = (argument(d, own, given) for own, given in self._parameters.items())
        norm = np.sqrt(np.sum(np.square(loc), axis=-1, keepdims=True))
        direction = loc / norm
        size, batch = self.event_shape[0], self.batch_shape

        def constants(kappa: Any) -> tuple[Any, ...]:
            found = applied(sphere_constants, (0.5 * size - 1.0, kappa), np.shape(kappa), F64, f"VonMisesFisher.{name}")
            return tuple(v + np.zeros(batch) for v in found)

        if value:
            gap = self._table().arrays[3].reshape(batch)
            gap = implicit(gap, concentration, lambda _, kappa, along: -constants(kappa)[4] * along)
            operands = [(value[0], 1), (with_value(self._summary()[0], direction), 1), (concentration, 0), (gap, 0)]
            kinds = self.event_shape * 2, self.event_shape
            in_loc, in_concentration = prepared(fill_slopes, operands, value[0].shape[:-1], 0, kinds)
            return in_loc / norm[..., np.newaxis], in_concentration
        # The mean cosine A moves by A', and the entropy by -kappa A'; nothing cancels.
        if name == "entropy":
            given = self.entropy(), concentration
            return (implicit(*given, lambda _, kappa, along: -kappa * constants(kappa)[4] * along),)
        if name in ("mean", "mode"):
            length = self._table().arrays[4].reshape(batch)
            length = implicit(length, concentration, lambda _, kappa, along: constants(kappa)[4] * along)
            found = length[..., np.newaxis] * direction if name == "mean" else direction
        elif name == "variance":
            across, along = (v[..., np.newaxis] for v in constants(concentration)[3:])
            square = np.square(direction)
            found = across * (1.0 - square) + along * square
        else:
            across, along = (v[..., np.newaxis, np.newaxis] for v in constants(concentration)[3:])
            square = direction[..., :, np.newaxis] * direction[..., np.newaxis, :]
            found = across * (np.eye(size) - square) + along * square
        plain = getattr(self, name)()
        return (with_value(plain, found + np.zeros(np.shape(plain))),)

    def entropy(self) -> Any:
        """Entropy in nats, with respect to the area of the sphere."""
        concentration, log_norm, gap = self._summary(0, 1, 3)[:3]
        return self._rounded((concentration * gap - log_norm)[..., 0])


# Divergences. For two concentrations and one direction that of p and q is how far the log of the integral over the
# sphere lies above its tangent at p's; its second derivative A' is that of the mean cosine A. Where the two are close,
# or both so small that A' hardly bends, the divergence is an integral over A'; else the difference loses no digits.

CLOSE, APART, SMALL = 0.2, 4.0, 10.0


@kernel(heavy=True)
def over_spread(nu, start, step, nodes, weights):
    """The integrals over s from 0 to 1 of (1 - s) A'(start + s step) and of A' itself."""
    total, whole = 0.0, 0.0
    for i in range(len(nodes)):
        for s in (nodes[i], 1.0 - nodes[i]):
            _, _, _, _, bend = sphere_constants(nu, start + s * step)
            total += weights[i] * (1.0 - s) * bend
            whole += weights[i] * bend
    return total, whole


@kernel(heavy=True)
def of_concentrations(concentration, other, nu):
    """The divergence of equal directions, A and A' of the first concentration, and what the other's A has more."""
    log_norm, length, gap, _, bend = sphere_constants(nu, concentration)
    step = other - concentration
    low, high = min(concentration, other), max(concentration, other)
    if abs(step) <= APART * low or high <= SMALL + nu:
        if abs(step) <= CLOSE * low:
            total, whole = over_spread(nu, concentration, step, NODES_8, WEIGHTS_8)
        else:
            total, whole = over_spread(nu, concentration, step, NODES_32, WEIGHTS_32)
        return step * (step * total), length, bend, step * whole
    other_norm, _, other_gap, _, _ = sphere_constants(nu, other)
    return (log_norm - other_norm) + step * gap, length, bend, gap - other_gap


@kernel
def of_concentrations_and_grad(concentration, other, nu):
    """The divergence of equal directions, and its derivatives in both concentrations."""
    value, _, bend, more = of_concentrations(concentration, other, nu)
    return value, bend * (concentration - other), more


def _parts(p: Any, q: Any, shape: tuple[int, ...]) -> tuple[Any, ...]:
    """What `of_concentrations` gives, 1 less the cosine between the directions, and the directions."""
    *_, first = p._summary()
    *_, second = q._summary()
    given = *(np.asarray(d.concentration, F64) for d in (p, q)), 0.5 * (p.event_shape[0] - 2.0)
    apart = 0.5 * np.square(first - second).sum(axis=-1)
    return *elementwise(of_concentrations, given, shape, F64), apart, first, second


def _divergence(p: Any, q: Any, shape: tuple[int, ...]) -> Any:
    kl, length, _, _, apart, _, _ = _parts(p, q, shape)
    return kl + np.asarray(q.concentration, F64) * length * apart


def _moving_divergence(p: Any, q: Any, shape: tuple[int, ...]) -> Any:
    """Where tangents nest: the first derivatives are those of :func:`_divergence_and_grad`."""
    (first, own), (second, other) = (
        [argument(d, name, given) for name, given in d._plain._parameters.items()] for d in (p, q)
    )
    nu = 0.5 * (p.event_shape[0] - 2.0)

    def moved_length(length: Any, kappa: Any, along: Any) -> Any:
        return applied(of_concentrations, (kappa, kappa, nu), np.shape(kappa), F64, "kl_divergence")[2] * along

    _, length, *_, apart, _, _ = _parts(p._plain, q._plain, shape)
    length = implicit(length, own, moved_length)
    apart = with_value(apart, np.broadcast_to(1.0 - np.sum(first * second, axis=-1), shape))
    return by_slopes(of_concentrations_and_grad, (own, other, nu), shape, F64, "kl_divergence") + other * length * apart


def _divergence_and_grad(p: Any, q: Any, shape: tuple[int, ...]) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """Derivatives in the directions are those of -kappa A loc loc, with numbers that are free."""
    kl, length, bend, more, apart, first, second = _parts(p, q, shape)
    own, other = (np.asarray(d.concentration, F64) for d in (p, q))
    value, in_own, in_other = kl + other * length * apart, bend * (own - other + other * apart), more + length * apart
    pull = np.asarray(other * length)[..., np.newaxis]
    return value, {"loc": -pull * second, "concentration": in_own}, {"loc": -pull * first, "concentration": in_other}


register_kl(VonMisesFisher, VonMisesFisher)(Whole(_divergence, _divergence_and_grad, moving=_moving_divergence))
