"""What families share whose density depends on the squared length of a standardised event.

The matrix is kept as it was given, and beside it one triangular factor F: that of the covariance, ``F F^T``, which
standardises by ``z = F^-1 (x - loc)`` and draws by ``loc + F z``; or that of the precision, ``F^T F``, which does both
the other way round. So no matrix is inverted on the way to a density or to a draw.
"""

from __future__ import annotations

import functools
import math
from typing import Any, ClassVar, NamedTuple

import numpy as np

from fastdist import chain_rule, constraints, devices, linear
from fastdist.distributions.in_lanes import InLanes, Lanes
from fastdist.engine import rows
from fastdist.engine.broadcast import distinct
from fastdist.engine.evaluate import F64
from fastdist.engine.kernel import filled, kernel
from fastdist.engine.row_programs import RowProgram
from fastdist.engine.rows import Table
from fastdist.engine.seed import Key, key_from
from fastdist.forward.rows import Operand
from fastdist.linear import Mixed, Solved, Standardised
from fastdist.parameter import Parameter, exactly_one, wants_checks
from fastdist.random.rows import NORMAL, RowSampler
from fastdist.special import matrices
from fastdist.special.lanes import SPARE, multiplied_squares, solved_squares
from fastdist.special.matrices import (
    add_multiple,
    far_length,
    multiply_lower,
    multiply_lower_transposed,
    solve_lower,
    solve_lower_transposed,
    sum_of_squares,
)
from fastdist.vector import Rows

INF = float("inf")

# The constants of an event's formulas are loc, F, what a derivative in the matrix takes beside it, and the numbers of
# the family. Scratch holds z, and for derivatives what the inverse covariance makes of x - loc.


# What is filled in is in capitals.


def STANDARDISE(factor, z):
    """In the place of what makes z of x - loc."""
    raise NotImplementedError


def PULL(factor, z):
    """In the place of what makes of z the inverse covariance times x - loc."""
    raise NotImplementedError


def MATRIX_SLOPE(x, c, w, weight, slope):
    """In the place of what fills the derivative in the matrix."""
    raise NotImplementedError


def SQUARED_LENGTH(x, c, w):
    """In the place of the squared length of an event, or of minus its length where that overflows."""
    raise NotImplementedError


def FINISH(square, numbers):
    """In the place of the log density of a squared length."""
    raise NotImplementedError


def FAR(square, numbers):
    """In the place of the same where that is not finite."""
    raise NotImplementedError


def DENSITY(square, numbers):
    """In the place of what chooses between the two."""
    raise NotImplementedError


def FILL_SLOPES(x, c, w, unit, weight, in_x, in_loc, in_matrix):
    """In the place of what fills the derivatives."""
    raise NotImplementedError


def MIX(factor, z):
    """In the place of what makes a draw's deviation of noise."""
    raise NotImplementedError


@kernel
def inside(x, c):
    holds = True
    for v in x:
        holds = holds and -INF < v < INF
    return holds


@kernel
def squared_length(x, c, w):
    loc, z = c[0], w[0]
    for k in range(len(x)):
        z[k] = x[k] - loc[k]
    STANDARDISE(c[1], z)
    square = sum_of_squares(z)
    return square if square < INF else far_length(x, loc, z)


@kernel
def fill_slopes(x, c, w, unit, weight, in_x, in_loc, in_matrix):
    """Derivatives of a log density of which that in half the negative squared length is `weight` / `unit`**2.

    A `unit` other than 1 is for an event of which the length has a square that overflows.
    """
    z, pull = w
    for k in range(len(x)):
        z[k] /= unit
        pull[k] = z[k]
    PULL(c[1], pull)
    for k in range(len(x)):
        in_loc[k] = weight / unit * pull[k]
        in_x[k] = -in_loc[k]
    MATRIX_SLOPE(x, c, w, weight, in_matrix)


@kernel
def in_scale_tril(x, c, w, weight, slope):
    factor, z, pull = c[1], w[0], w[1]
    for i in range(len(x)):
        for j in range(len(x)):
            slope[i, j] = weight * pull[i] * z[j] if j <= i else 0.0
        slope[i, i] -= 1.0 / factor[i, i]


@kernel
def in_covariance(x, c, w, weight, slope):
    inverse, pull = c[2], w[1]
    for i in range(len(x)):
        for j in range(len(x)):
            slope[i, j] = 0.5 * (weight * pull[i] * pull[j] - inverse[i, j])


@kernel
def in_precision(x, c, w, weight, slope):
    loc, inverse = c[0], c[2]
    for i in range(len(x)):
        for j in range(len(x)):
            slope[i, j] = 0.5 * (inverse[i, j] - weight * (x[i] - loc[i]) * (x[j] - loc[j]))


# Derivatives of draws in the matrix, of their noise.


@kernel(heavy=True)
def jacobian_in_scale_tril(z, c, w, jacobian):
    for i in range(len(z)):
        for j in range(len(z)):
            for k in range(len(z)):
                jacobian[i, j, k] = z[k] if i == j and k <= j else 0.0
    return 0.0


@kernel(heavy=True)
def jacobian_in_symmetric(z, c, w, jacobian):
    """The factor F of S moves by F times the lower half of F^-1 dS F^-T, its diagonal halved."""
    factor, other, sign, lower = c[0], c[1], c[2], w[0]
    n = len(z)
    for i in range(n):
        lower[i] = 0.0
        for j in range(n):
            for k in range(n):
                jacobian[i, j, k] = 0.0
    for a in range(n):
        # Half of what row a adds, on the diagonal.
        add_multiple(0.5 * z[a], other[a], lower)
        for i in range(a, n):
            for j in range(n):
                weight = sign * factor[i, a] * other[a, j]
                if weight != 0.0:
                    add_multiple(weight, lower, jacobian[i, j])
        add_multiple(0.5 * z[a], other[a], lower)
    for i in range(n):
        for j in range(n):
            for k in range(j):
                jacobian[i, j, k] = jacobian[i, k, j] = 0.5 * (jacobian[i, j, k] + jacobian[i, k, j])
    return 0.0


IN_SCALE_TRIL = RowProgram("rsample_and_grad", jacobian_in_scale_tril, (0, 3))
IN_SYMMETRIC = RowProgram("rsample_and_grad", jacobian_in_symmetric, (0, 3), scratch=1)


@kernel
def keep(noise, c, out):
    for k in range(len(out)):
        out[k] = noise[0][k]


NOISE = RowSampler(keep, (NORMAL,))


class Form(NamedTuple):
    """How the matrix of a family may be given: what it is, and the formulas that follow."""

    precision: bool
    slope: Any


SCALE_TRIL = Form(False, in_scale_tril)
COVARIANCE = Form(False, in_covariance)
PRECISION = Form(True, in_precision)


class Density(NamedTuple):
    """The formulas of a family.

    `finish` takes the squared length and the numbers, as many as `numbers`, and so does `far` where that is not finite:
    with minus the length where its square overflows. `log_prob_and_grad` is a template of rows over `SQUARED_LENGTH`,
    `DENSITY` and `FILL_SLOPES`, and `draw` one over `MIX`: of a row of normals and, for each kind in `noise`, of a row
    of one number.
    """

    finish: Any
    far: Any
    log_prob_and_grad: Any
    draw: Any
    noise: tuple[Any, ...]
    numbers: int


@kernel
def density_at(square, numbers):
    value = FINISH(square, numbers)
    return value if square >= 0.0 and -INF < value < INF else FAR(square, numbers)


@kernel
def log_prob(x, c, w):
    return DENSITY(SQUARED_LENGTH(x, c, w), c[3:])


@functools.cache
def rows_of(density: Density, form: Form) -> Rows:
    """The formulas of events where the matrix has a form."""
    multiply, solve = (multiply_lower, multiply_lower_transposed), (solve_lower, solve_lower_transposed)
    (standardise, pull), (mix, _) = (multiply, solve) if form.precision else (solve, multiply)
    parts = {
        "SQUARED_LENGTH": filled(squared_length, STANDARDISE=standardise),
        "DENSITY": filled(density_at, FINISH=density.finish, FAR=density.far),
    }
    slopes = filled(fill_slopes, PULL=pull, MATRIX_SLOPE=form.slope)
    return Rows(
        prepare=None,
        inside=inside,
        log_prob=filled(log_prob, **parts),
        log_prob_and_grad=filled(density.log_prob_and_grad, FILL_SLOPES=slopes, **parts),
        sampler=RowSampler(filled(density.draw, MIX=mix), (NORMAL, *density.noise)),
        scratch=2,
    )


@functools.cache
def _standardised(density: Density, precision: bool) -> Standardised:
    squares = multiplied_squares if precision else solved_squares
    return Standardised(squares, density.finish, density.far, density.numbers)


@functools.cache
def _mixed(precision: bool) -> Mixed:
    return Solved() if precision else Mixed()


class Elliptical(InLanes):
    """A family of a location and a positive definite matrix, which is given in one of several forms."""

    loc = Parameter(constraints.real_vector)
    _on_device = True
    support = constraints.real_vector
    has_rsample = True

    _density: ClassVar[Density]
    _forms: ClassVar[dict[str, Form]]

    _form: Form
    _factor: np.ndarray
    """Of its own batch, which broadcasts to that of the distribution."""

    def _freeze_matrix(self, validate_args: bool, forms: dict[str, Any], **others: Any) -> None:
        name, value = exactly_one(type(self).__name__, forms)
        self._freeze(validate_args, **others, **{name: value})
        validate_args = wants_checks(validate_args)
        own, size = self._of_own_batch(name, 2), self.event_shape[0]
        shape = tuple(own.shape)[-2:]
        if not size or shape != (size, size):
            raise ValueError(f"{type(self).__name__}: loc has events of {size} numbers and {name} is of shape {shape}")
        form = self._forms[name]
        if form is SCALE_TRIL and self._place is not None:
            factor = linear.of_each(matrices.fill_lower, own)
        elif form is SCALE_TRIL:
            factor = np.ascontiguousarray(own if validate_args else np.tril(own))
        else:
            factor, minors = linear.cholesky(own) if form is COVARIANCE else linear.reverse_cholesky(own)
            if validate_args and self._place is not None and not devices.holds(minors, "v == ZERO"):
                self._declared[name].check(devices.on_host(self._own[name]), type(self).__name__)
        self.__dict__.update(_form=form, _factor=factor, rows=rows_of(self._density, form))

    def _of_own_batch(self, name: str, ndim: int) -> Any:
        """A parameter whose events have `ndim` axes, in float64, with length 1 where it only repeats."""
        if self._place is not None:
            return self._own[name]
        return distinct(np.asarray(self._parameters[name]), ndim).astype(F64, copy=False)

    # What is derived from the matrix -------------------------------------------------------------

    def _of_matrix(self, form: Form) -> np.ndarray:
        """The matrix in another form, with the batch's axes."""
        return self._once(("matrix", form), lambda: self._shared(self._derived(form)))

    def _shared(self, array: Any) -> Any:
        """A matrix of each set, over the whole batch and of the distribution's dtype."""
        shape = self.batch_shape + self.event_shape * 2
        if self._place is not None:
            return devices.rounded(self, array, shape)
        return np.broadcast_to(self._rounded(array), shape)

    def _derived(self, form: Form) -> np.ndarray:
        """The matrix in a form, of the factor's batch and in float64: made once."""
        return self._once(form, lambda: self._derive(form))

    def _derive(self, form: Form) -> np.ndarray:
        if form is SCALE_TRIL:
            return linear.inverse(self._factor) if self._form.precision else self._factor
        if form is self._form:
            (name,) = (name for name, own in self._forms.items() if own is form)
            return self._of_own_batch(name, 2)
        if form is COVARIANCE:
            return linear.gram(self._derived(SCALE_TRIL), True)
        return linear.gram(linear.inverse(self._factor), False)

    def _diagonal(self) -> np.ndarray:
        """The diagonal of the covariance, or of what is in its place, with the batch's axes."""
        given, fill = self._derived(COVARIANCE), matrices.fill_diagonal
        if self._form is not COVARIANCE:
            given, fill = self._derived(SCALE_TRIL), matrices.fill_squared_rows
        diagonal = linear.of_each(fill, given, ndim=1)
        return diagonal if self._place is not None else np.broadcast_to(diagonal, self.batch_shape + self.event_shape)

    def _log_scale(self) -> np.ndarray:
        """Half the log-determinant of the covariance, or of what is in its place: made once."""
        sign = -1.0 if self._form.precision else 1.0
        return self._once("log_scale", lambda: linear.half_log_determinant(self._factor, sign))

    def _numbers(self) -> tuple[np.ndarray, ...]:
        """What the family's formulas take beside the squared length: float64, all of one batch shape; made once."""
        return self._once("numbers", self._make_numbers)

    def _make_numbers(self) -> tuple[np.ndarray, ...]:
        raise NotImplementedError

    # Tangents -----------------------------------------------------------------------------------

    def _place_at(self, d: Any) -> tuple[Any, Any]:
        """The location and the factor at the parameters of `d`, which may carry tangents."""
        (name,) = self._forms.keys() & self._parameters.keys()
        given, form = chain_rule.argument(d, name, None), self._form
        factor = self._factor if given is None else linear.factor_at(given, form is SCALE_TRIL, form.precision)
        return chain_rule.argument(d, "loc", self._parameters["loc"]), factor

    def _constants_at(self, d: Any) -> list[Operand]:
        loc, factor = self._place_at(d)
        numbers = [(number, 0) for number in self._numbers_at(d, factor)]
        return [(loc, 1), (factor, 2), (factor, 2), *numbers]

    def _nested_draws(self, d: Any, shape: Any, rng: Any) -> Any:
        key = key_from(rng, self)
        full = self._shape(shape, "shape") + self.batch_shape + self.event_shape
        draws = np.empty(full, self.dtype)
        self._fill(draws, key)
        loc, factor = self._place_at(d)
        radius = self._radius(full[:-1], key)(0, math.prod(full[:-1])).reshape(full[:-1])
        radius = self._radius_at(d, radius)
        column = linear.noise(key, np.empty(full))[..., np.newaxis] * radius[..., np.newaxis, np.newaxis]
        deviation = np.linalg.solve(factor, column) if self._form.precision else np.matmul(factor, column)
        return chain_rule.with_value(draws, loc + deviation[..., 0])

    def _radius_at(self, d: Any, radius: Any) -> Any:
        """By how much noise is stretched, as it moves with the parameters of `d`."""
        return radius

    def _numbers_at(self, d: Any, factor: Any) -> list[Any]:
        """What :meth:`_numbers` gives, at the parameters of `d`, which carry tangents."""
        raise NotImplementedError

    # Evaluation ---------------------------------------------------------------------------------

    def _table(self) -> Table:
        return self._constants_with(None)

    def _slope_table(self) -> Table:
        if self._form is SCALE_TRIL:
            return self._table()
        return self._constants_with(PRECISION if self._form is COVARIANCE else COVARIANCE)

    def _constants_with(self, other: Form | None) -> Table:
        """The constants of all parameter sets, with the matrix in another form for derivatives."""
        key = "table", other
        if key not in self._tables:
            beside = self._factor if other is None else self._derived(other)
            factors = [(self._factor, 2), (beside, 2)]
            loc = self._parameters["loc"] if self._place is None else self._own["loc"]
            numbers = [(number, 0) for number in self._numbers()]
            self._tables[key] = linear.written_out([(loc, 1), *factors, *numbers], self.batch_shape)
        return self._tables[key]

    def _sets(self) -> int:
        return math.prod(tuple(self._factor.shape)[:-2])

    def _lanes(self) -> Lanes:
        return self._once("lanes", self._make_lanes)

    def _make_lanes(self) -> Lanes:
        size, program = self.event_shape[0], _standardised(self._density, self._form.precision)
        factors = (self._factor.reshape(size, size),)
        return Lanes(program, factors, self._numbers()[: self._density.numbers], size + SPARE)

    # Draws --------------------------------------------------------------------------------------

    @property
    def _singly(self) -> bool:
        return not self.batch_shape and self.dtype == F64

    def _fill(self, target: np.ndarray, key: Key) -> None:
        size = self.event_shape[0]
        events = target.size // size
        if not self._together(events):
            super()._fill(target, key)
            return
        loc = distinct(self._parameters["loc"], 1)
        radius = self._radius(target.shape[:-1], key)
        mixed = _mixed(self._form.precision)
        layout = self._once("layout", lambda: mixed.layout(self._factor.reshape(size, size)))
        mixed(key, radius, loc, layout, target)

    def _radius(self, shape: tuple[int, ...], key: Key) -> Any:
        """``f(start, stop)``: by how much the noise of each event is stretched."""
        return lambda start, stop: np.ones(stop - start)

    def rsample_and_grad(self, shape: Any = (), *, rng: Any = None) -> tuple[Any, dict[str, Any]]:
        """Draws with their Jacobian in each parameter.

        A Jacobian has the axes of the draws and behind them those of the parameter: entry ``[..., i, j, k]`` is the
        derivative of number i of a draw in entry (j, k) of the matrix, so that it takes the square of the event's size
        times the memory of the draws. That of `loc` is the identity, a view that cannot be written to. In a symmetric
        matrix it is symmetric: what a symmetric change does to a draw is the sum over all entries of the product.
        """
        key = key_from(rng, self)
        if self._place is not None:
            return self._draws_and_slopes_on_device(self._shape(shape, "shape"), key)
        full = self._shape(shape, "shape") + self.batch_shape + self.event_shape
        draws = np.empty(full, self.dtype)
        self._fill(draws, key)
        z = linear.noise(key, np.empty(full))
        radius = self._radius(full[:-1], key)(0, z.size // self.event_shape[0])
        slopes = self._draw_slopes(z, radius.reshape(full[:-1]))
        return draws, {name: self._rounded(slopes[name]) for name in self._parameters}

    def _draws_and_slopes_on_device(self, shape: tuple[int, ...], key: Key) -> tuple[Any, dict[str, Any]]:
        if self._density.noise:
            raise NotImplementedError(f"{type(self).__name__}.rsample_and_grad: Jacobians are made on the host only")
        full = shape + self.batch_shape + self.event_shape
        z = devices.noise(self, NOISE, full, key)
        (name,) = self._forms.keys() & self._parameters.keys()
        in_loc, in_matrix = devices.identity(self, full), self._in_matrix(z)
        slopes = {"loc": in_loc, name: devices.rounded(self, in_matrix, tuple(in_matrix.shape))}
        return devices.drawn_rows(self, shape, key), slopes

    def _draw_slopes(self, z: np.ndarray, radius: np.ndarray) -> dict[str, Any]:
        """The Jacobians of draws in loc and in the matrix, for their noise before a radius stretches it."""
        size = self.event_shape[0]
        identity = np.broadcast_to(np.eye(size, dtype=self.dtype), (*z.shape, size))
        (name,) = self._forms.keys() & self._parameters.keys()
        return {"loc": identity, name: self._in_matrix(z)}

    def _in_matrix(self, z: Any) -> Any:
        """The Jacobian of draws in the matrix, for their noise."""
        who, kinds = f"{type(self).__name__}.rsample_and_grad", ((), self.event_shape * 3)
        program = IN_SCALE_TRIL if self._form is SCALE_TRIL else IN_SYMMETRIC
        return rows.evaluate(program, z, self._jacobian_table(), self.event_shape, kinds, F64, who)[1]

    def _jacobian_table(self) -> Table:
        """The lower factor of the covariance, and its inverse; for a precision less the transposed factor instead."""
        if "jacobian" not in self._tables:
            factor, sign = self._derived(SCALE_TRIL), -1.0 if self._form.precision else 1.0
            other = linear.of_each(matrices.fill_transposed, factor) if self._form.precision else linear.inverse(factor)
            constants = [(factor, 2), (other, 2), (np.float64(sign), 0)]
            self._tables["jacobian"] = linear.written_out(constants, self.batch_shape)
        return self._tables["jacobian"]

    # Summaries ----------------------------------------------------------------------------------

    def mode(self) -> Any:
        """The location, where the density is largest."""
        return self._parameters["loc"]
