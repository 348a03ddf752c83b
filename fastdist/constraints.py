"""Constraints: the sets in which parameters and values lie.

Names and meaning are those of ``torch.distributions.constraints``. A constraint is called on
arrays through :meth:`Constraint.check`; two constraints on the same set are equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any

import numpy as np

__all__ = [
    "Constraint",
    "boolean",
    "cat",
    "corr_cholesky",
    "corr_matrix",
    "dependent",
    "dependent_property",
    "greater_than",
    "greater_than_eq",
    "half_open_interval",
    "independent",
    "integer_interval",
    "interval",
    "is_dependent",
    "less_than",
    "lower_cholesky",
    "lower_triangular",
    "multinomial",
    "nonnegative",
    "nonnegative_integer",
    "one_hot",
    "open_interval",
    "ordered_vector",
    "orthogonal",
    "positive",
    "positive_definite",
    "positive_integer",
    "positive_semidefinite",
    "positive_vector",
    "real",
    "real_vector",
    "simplex",
    "sphere",
    "square",
    "stack",
    "symmetric",
    "unit_interval",
    "unit_vector",
]

# How far sums, norms and products may be from what they should be, as in torch.
TOLERANCE = 1e-6


class Constraint:
    """A set of values.

    Attributes
    ----------
    lower, upper : float or array or None
        The ends of an interval; None where they depend on a distribution's parameters.
    closed_lower, closed_upper : bool
        Whether an end belongs to the set.
    is_discrete : bool
        Whether the set holds integers only.
    event_dim : int
        How many of the value's last axes make up one event.
    """

    lower: Any = -inf
    upper: Any = inf
    closed_lower = False
    closed_upper = False
    is_discrete = False
    event_dim = 0

    def check(self, value: Any) -> Any:
        """Whether each event of `value` lies in the set: booleans of the batch's shape."""
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        mine, others = self._identity(), other._identity()
        return all(np.array_equal(a, b) for a, b in zip(mine, others, strict=True))

    def __hash__(self) -> int:
        return hash(type(self).__name__)

    def _identity(self) -> tuple[Any, ...]:
        return ()

    def _events(self, value: Any) -> Any:
        """`value` as an array that has the axes of an event."""
        array = np.asarray(value)
        if array.ndim < self.event_dim:
            raise ValueError(f"{self!r}: a value needs at least {self.event_dim} axes; got shape {array.shape}")
        return array

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class _Interval(Constraint):
    """An interval of reals or of integers."""

    _ends: tuple[str, ...] = ("lower_bound", "upper_bound")

    def __init__(self, lower_bound: Any = -inf, upper_bound: Any = inf) -> None:
        self.lower = lower_bound
        self.upper = upper_bound

    @property
    def lower_bound(self) -> Any:
        """The lower end."""
        return self.lower

    @property
    def upper_bound(self) -> Any:
        """The upper end."""
        return self.upper

    def check(self, value: Any) -> Any:
        value = np.asarray(value)
        above = value >= self.lower if self.closed_lower else value > self.lower
        below = value <= self.upper if self.closed_upper else value < self.upper
        inside = above & below
        return inside & (value == np.floor(value)) if self.is_discrete else inside

    def _identity(self) -> tuple[Any, ...]:
        return self.lower, self.upper

    def __repr__(self) -> str:
        ends = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._ends)
        return f"{type(self).__name__}({ends})"


class Interval(_Interval):
    """lower <= value <= upper."""

    closed_lower = closed_upper = True


class OpenInterval(_Interval):
    """lower < value < upper."""


class HalfOpenInterval(_Interval):
    """lower <= value < upper."""

    closed_lower = True


class GreaterThan(_Interval):
    """value > lower."""

    _ends = ("lower_bound",)

    def __init__(self, lower_bound: Any) -> None:
        super().__init__(lower_bound=lower_bound)


class GreaterThanEq(GreaterThan):
    """value >= lower."""

    closed_lower = True


class LessThan(_Interval):
    """value < upper."""

    _ends = ("upper_bound",)

    def __init__(self, upper_bound: Any) -> None:
        super().__init__(upper_bound=upper_bound)


class Real(_Interval):
    """Any finite number."""

    _ends = ()

    def __init__(self) -> None:
        super().__init__()


class IntegerInterval(_Interval):
    """lower <= value <= upper, integers only."""

    is_discrete = True
    closed_lower = closed_upper = True


class IntegerGreaterThanEq(_Interval):
    """value >= lower, integers only."""

    is_discrete = True
    closed_lower = True
    _ends = ("lower_bound",)

    def __init__(self, lower_bound: Any) -> None:
        super().__init__(lower_bound=lower_bound)


class Boolean(Constraint):
    """0 or 1."""

    is_discrete = True
    lower, upper = 0.0, 1.0
    closed_lower = closed_upper = True

    def check(self, value: Any) -> Any:
        value = np.asarray(value)
        return (value == 0) | (value == 1)


class Independent(Constraint):
    """Events of another constraint along more axes: valid where each of them is.

    Parameters
    ----------
    base_constraint : Constraint
    reinterpreted_batch_ndims : int
        How many more of the last axes belong to an event.
    """

    def __init__(self, base_constraint: Constraint, reinterpreted_batch_ndims: int) -> None:
        if not isinstance(base_constraint, Constraint):
            raise TypeError(f"independent: base_constraint must be a constraint; got {base_constraint!r}")
        if isinstance(reinterpreted_batch_ndims, bool) or not hasattr(reinterpreted_batch_ndims, "__index__"):
            raise TypeError(f"independent: reinterpreted_batch_ndims must be an int; got {reinterpreted_batch_ndims!r}")
        if reinterpreted_batch_ndims < 0:
            raise ValueError(
                f"independent: reinterpreted_batch_ndims must not be negative; got {reinterpreted_batch_ndims}"
            )
        self.base_constraint = base_constraint
        self.reinterpreted_batch_ndims = reinterpreted_batch_ndims.__index__()
        self.is_discrete = base_constraint.is_discrete
        self.event_dim = base_constraint.event_dim + self.reinterpreted_batch_ndims
        self.lower, self.upper = base_constraint.lower, base_constraint.upper
        self.closed_lower, self.closed_upper = base_constraint.closed_lower, base_constraint.closed_upper

    def check(self, value: Any) -> Any:
        valid = np.asarray(self.base_constraint.check(self._events(value)))
        return valid.all(axis=tuple(range(valid.ndim - self.reinterpreted_batch_ndims, valid.ndim)))

    def __eq__(self, other: object) -> bool:
        return self._identity() == other._identity() if isinstance(other, Independent) else NotImplemented

    def __hash__(self) -> int:
        return hash(Independent.__name__)

    def _identity(self) -> tuple[Any, ...]:
        return self.base_constraint, self.reinterpreted_batch_ndims

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_constraint!r}, {self.reinterpreted_batch_ndims})"


class RealVector(Independent):
    """A vector of finite numbers."""

    def __init__(self) -> None:
        super().__init__(Real(), 1)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class PositiveVector(Independent):
    """A vector of positive finite numbers."""

    def __init__(self) -> None:
        super().__init__(GreaterThan(0.0), 1)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class OneHot(Constraint):
    """A vector of zeros and a single one."""

    is_discrete = True
    event_dim = 1

    def check(self, value: Any) -> Any:
        value = self._events(value)
        return ((value == 0) | (value == 1)).all(axis=-1) & (value.sum(axis=-1) == 1)


class Multinomial(Constraint):
    """A vector of nonnegative integers with the sum `total_count`, which torch only takes for an upper bound."""

    is_discrete = True
    event_dim = 1

    def __init__(self, total_count: Any) -> None:
        self.total_count = total_count

    def check(self, value: Any) -> Any:
        value = self._events(value)
        whole = ((value >= 0) & (value == np.floor(value))).all(axis=-1)
        return whole & (value.sum(axis=-1) == self.total_count)

    def _identity(self) -> tuple[Any, ...]:
        return (self.total_count,)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(total_count={self.total_count!r})"


class Simplex(Constraint):
    """A vector of nonnegative numbers with sum 1, to 1e-6."""

    event_dim = 1

    def check(self, value: Any) -> Any:
        value = self._events(value)
        return (value >= 0).all(axis=-1) & (abs(value.sum(axis=-1) - 1) < 1e-6)


class Weights(Constraint):
    """A vector of nonnegative finite numbers that are not all 0."""

    event_dim = 1

    def check(self, value: Any) -> Any:
        value = self._events(value)
        return ((value >= 0) & (value < inf)).all(axis=-1) & (value > 0).any(axis=-1)


class Logits(Constraint):
    """A vector of numbers below inf that are not all -inf."""

    event_dim = 1

    def check(self, value: Any) -> Any:
        value = self._events(value)
        return (value < inf).all(axis=-1) & (value > -inf).any(axis=-1)


class OrderedVector(Constraint):
    """A vector of finite numbers, each above the one before it."""

    event_dim = 1

    def check(self, value: Any) -> Any:
        value = self._events(value)
        return np.isfinite(value).all(axis=-1) & (value[..., 1:] > value[..., :-1]).all(axis=-1)


class Sphere(Constraint):
    """A vector of Euclidean norm 1, to 1e-6."""

    event_dim = 1

    def check(self, value: Any) -> Any:
        value = self._events(value)
        return abs(np.sqrt(np.square(_finite(value)).sum(axis=-1)) - 1) < TOLERANCE


class Square(Constraint):
    """A matrix with as many rows as columns."""

    event_dim = 2

    def check(self, value: Any) -> Any:
        value = self._events(value)
        rows, columns = value.shape[-2:]
        return np.full(value.shape[:-2], rows == columns)[()]


class LowerTriangular(Constraint):
    """A matrix with zeros above its diagonal."""

    event_dim = 2

    def check(self, value: Any) -> Any:
        value = self._events(value)
        return (np.tril(value) == value).all(axis=(-2, -1))


class LowerCholesky(Square):
    """A square lower triangular matrix with a positive diagonal: the Cholesky factor of a matrix."""

    def check(self, value: Any) -> Any:
        value = self._events(value)
        square = super().check(value)
        if not square.all():
            return square
        diagonal = np.diagonal(value, axis1=-2, axis2=-1)
        return ((np.tril(value) == value) & np.isfinite(value)).all(axis=(-2, -1)) & (diagonal > 0).all(axis=-1)


class CorrCholesky(LowerCholesky):
    """The Cholesky factor of a correlation matrix: its rows have norm 1, to 10 n roundings."""

    def check(self, value: Any) -> Any:
        value = self._events(value)
        factor = super().check(value)
        dtype = value.dtype if value.dtype.kind == "f" else np.dtype(np.float64)
        tolerance = 10 * value.shape[-1] * np.finfo(dtype).eps
        norms = np.sqrt(np.square(_finite(value)).sum(axis=-1))
        return factor & (abs(norms - 1) <= tolerance).all(axis=-1)


class Symmetric(Square):
    """A square matrix that equals its transpose, to 1e-6 or five digits."""

    def check(self, value: Any) -> Any:
        value = self._events(value)
        square = super().check(value)
        if not square.all():
            return square
        return np.isclose(value, np.swapaxes(value, -2, -1), atol=TOLERANCE).all(axis=(-2, -1))


class PositiveSemidefinite(Symmetric):
    """A symmetric matrix without a negative eigenvalue, beyond what rounding makes of 0."""

    def check(self, value: Any) -> Any:
        value = self._events(value)
        symmetric = super().check(value)
        finite = np.isfinite(value).all(axis=(-2, -1))
        if not symmetric.any():
            return symmetric
        matrix = np.where(finite[..., np.newaxis, np.newaxis], value, 0.0)
        eigenvalues = np.linalg.eigvalsh(matrix.astype(np.float64))
        dtype = value.dtype if value.dtype.kind == "f" else np.dtype(np.float64)
        largest = abs(eigenvalues).max(axis=-1, keepdims=True, initial=0.0)
        enough = eigenvalues >= -value.shape[-1] * np.finfo(dtype).eps * largest
        return symmetric & finite & enough.all(axis=-1)


class PositiveDefinite(Symmetric):
    """A symmetric matrix that has a Cholesky factor."""

    def check(self, value: Any) -> Any:
        value = self._events(value)
        symmetric = super().check(value)
        if not symmetric.any():
            return symmetric
        return symmetric & _has_factor(value)


class CorrMatrix(PositiveDefinite):
    """A positive definite matrix with ones on its diagonal, to 1e-6."""

    def check(self, value: Any) -> Any:
        value = self._events(value)
        definite = super().check(value)
        diagonal = np.diagonal(value, axis1=-2, axis2=-1)
        return definite & (abs(diagonal - 1) < TOLERANCE).all(axis=-1)


class Orthogonal(Square):
    """A square matrix whose inverse is its transpose, to 1e-6."""

    def check(self, value: Any) -> Any:
        value = self._events(value)
        square = super().check(value)
        if not square.all():
            return square
        # A column of a matrix that is not finite has no norm.
        value = _finite(value)
        product = np.matmul(np.swapaxes(value, -2, -1), value)
        return (abs(product - np.eye(value.shape[-1])) < TOLERANCE).all(axis=(-2, -1))


def _finite(value: Any) -> Any:
    """NaN in the place of numbers whose squares are of no interest, because they overflow."""
    return np.where(abs(value) < 1e18, value, np.nan)


def _has_factor(value: Any) -> Any:
    """Whether Cholesky's algorithm goes through: column by column, for all matrices at once."""
    size = value.shape[-1]
    valid = np.isfinite(value).all(axis=(-2, -1))
    matrix = np.where(valid[..., np.newaxis, np.newaxis], value, np.eye(size))
    factor = np.zeros(matrix.shape)
    for j in range(size):
        row = factor[..., j, :j]
        pivot = matrix[..., j, j] - np.square(row).sum(axis=-1)
        valid = valid & (pivot > 0)
        root = np.sqrt(np.where(valid, pivot, 1.0))
        rest = np.matmul(factor[..., j:, :j], row[..., np.newaxis])[..., 0]
        column = (matrix[..., j:, j] - rest) / root[..., np.newaxis]
        factor[..., j:, j] = np.where(valid[..., np.newaxis], column, 0.0)
        factor[..., j, j] = root
    return valid


def _constraints(who: str, given: Sequence[Constraint]) -> tuple[Constraint, ...]:
    """The constraints of a sequence that is not empty."""
    found = tuple(given)
    if not found or not all(isinstance(c, Constraint) for c in found):
        raise TypeError(f"{who}: cseq must be constraints, at least one; got {given!r}")
    return found


def _axis(self: Cat | Stack, value: Any, length: int) -> int:
    """The axis along which parts lie, counted from the first; it must have this length."""
    if not -value.ndim <= self.dim < value.ndim:
        raise ValueError(f"{self!r}: there is no axis {self.dim} in a value of shape {value.shape}")
    if value.shape[self.dim] != length:
        raise ValueError(f"{self!r}: axis {self.dim} must have length {length}; got shape {value.shape}")
    return self.dim % value.ndim


def _together(self: Cat | Stack, checks: list[Any], axis: int, joined: Any) -> Any:
    """The results of the parts along an axis of the value, counted from its last, or all as one inside an event."""
    events = max(c.event_dim for c in self.cseq)
    parts = []
    for constraint, check in zip(self.cseq, checks, strict=True):
        extra = events - constraint.event_dim
        parts.append(np.asarray(check).all(axis=tuple(range(-extra, 0))) if extra else check)
    if axis >= -self.event_dim:
        return np.logical_and.reduce(parts)
    return joined(parts, axis=axis + events)


class Cat(Constraint):
    """Constraints on the parts of a value along an axis.

    Parameters
    ----------
    cseq : sequence of Constraint
    dim : int
        The axis of the value.
    lengths : sequence of int, optional
        How long each part is: 1 if not given.

    Notes
    -----
    :meth:`check` puts the results of the parts together along the axis; where the axis belongs to an event it says
    whether all parts are valid.
    """

    def __init__(self, cseq: Sequence[Constraint], dim: int = 0, lengths: Sequence[int] | None = None) -> None:
        self.cseq = _constraints("cat", cseq)
        self.lengths = (1,) * len(self.cseq) if lengths is None else tuple(int(length) for length in lengths)
        if len(self.lengths) != len(self.cseq):
            raise ValueError(f"cat: there are {len(self.cseq)} constraints and {len(self.lengths)} lengths")
        self.dim = dim
        self.is_discrete = any(c.is_discrete for c in self.cseq)
        self.event_dim = max(c.event_dim for c in self.cseq)

    def check(self, value: Any) -> Any:
        value = self._events(value)
        axis = _axis(self, value, sum(self.lengths))
        ends = np.cumsum(self.lengths)[:-1]
        parts = np.split(value, ends, axis=axis)
        checks = [c.check(part) for c, part in zip(self.cseq, parts, strict=True)]
        return _together(self, checks, axis - value.ndim, np.concatenate)

    def _identity(self) -> tuple[Any, ...]:
        return self.cseq, self.dim, self.lengths

    def __eq__(self, other: object) -> bool:
        return self._identity() == other._identity() if isinstance(other, Cat) else NotImplemented

    __hash__ = Constraint.__hash__

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self.cseq)!r}, dim={self.dim}, lengths={list(self.lengths)})"


class Stack(Constraint):
    """Constraints on the slices of a value along an axis, one for each.

    Parameters
    ----------
    cseq : sequence of Constraint
    dim : int
        The axis of the value.
    """

    def __init__(self, cseq: Sequence[Constraint], dim: int = 0) -> None:
        self.cseq = _constraints("stack", cseq)
        self.dim = dim
        self.is_discrete = any(c.is_discrete for c in self.cseq)
        own = max(c.event_dim for c in self.cseq)
        self.event_dim = own + (-own <= dim < 0)

    def check(self, value: Any) -> Any:
        value = self._events(value)
        axis = _axis(self, value, len(self.cseq))
        slices = np.moveaxis(value, axis, 0)
        if not len(self.cseq):
            return np.full(value.shape, True)
        checks = [c.check(part) for c, part in zip(self.cseq, slices, strict=True)]
        return _together(self, checks, axis - value.ndim, np.stack)

    def _identity(self) -> tuple[Any, ...]:
        return self.cseq, self.dim

    def __eq__(self, other: object) -> bool:
        return self._identity() == other._identity() if isinstance(other, Stack) else NotImplemented

    __hash__ = Constraint.__hash__

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self.cseq)!r}, dim={self.dim})"


class Dependent(Constraint):
    """A set that depends on a distribution's parameters: ask an instance for it."""

    lower = upper = None

    def __init__(self, is_discrete: bool = False, event_dim: int = 0, closed: bool = True) -> None:
        self.is_discrete = is_discrete
        self.event_dim = event_dim
        self.closed_lower = self.closed_upper = closed

    def __call__(self, *, is_discrete: bool | None = None, event_dim: int | None = None) -> Dependent:
        """The same with other static attributes: ``constraints.dependent(is_discrete=True)``."""
        return Dependent(
            self.is_discrete if is_discrete is None else is_discrete,
            self.event_dim if event_dim is None else event_dim,
            self.closed_lower,
        )

    def check(self, value: Any) -> Any:
        raise ValueError("a dependent constraint has no set of its own: take it from an instance")

    def _identity(self) -> tuple[Any, ...]:
        return self.is_discrete, self.event_dim


def is_dependent(constraint: Constraint) -> bool:
    """Whether the set depends on a distribution's parameters."""
    return isinstance(constraint, Dependent)


boolean = Boolean()
cat = Cat
corr_cholesky = CorrCholesky()
corr_matrix = CorrMatrix()
dependent = Dependent()
greater_than = GreaterThan
greater_than_eq = GreaterThanEq
half_open_interval = HalfOpenInterval
independent = Independent
integer_interval = IntegerInterval
interval = Interval
less_than = LessThan
lower_cholesky = LowerCholesky()
lower_triangular = LowerTriangular()
multinomial = Multinomial
open_interval = OpenInterval
one_hot = OneHot()
nonnegative = GreaterThanEq(0.0)
nonnegative_integer = IntegerGreaterThanEq(0)
ordered_vector = OrderedVector()
orthogonal = Orthogonal()
positive = GreaterThan(0.0)
positive_definite = PositiveDefinite()
positive_integer = IntegerGreaterThanEq(1)
positive_semidefinite = PositiveSemidefinite()
positive_vector = PositiveVector()
real = Real()
real_vector = RealVector()
simplex = Simplex()
sphere = unit_vector = Sphere()
square = Square()
stack = Stack
symmetric = Symmetric()
unit_interval = Interval(0.0, 1.0)
logits = Logits()
weights = Weights()


class dependent_property(property):
    """A support that depends on the parameters: of a class a `Dependent`, of an instance the set itself."""

    def __init__(
        self, getter: Any = None, *, is_discrete: bool = False, event_dim: int = 0, closed: bool = True
    ) -> None:
        super().__init__(getter)
        self._dependent = Dependent(is_discrete, event_dim, closed)

    def __call__(self, getter: Any) -> dependent_property:
        self.__init__(  # type: ignore[misc]
            getter,
            is_discrete=self._dependent.is_discrete,
            event_dim=self._dependent.event_dim,
            closed=self._dependent.closed_lower,
        )
        return self

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self._dependent if instance is None else super().__get__(instance, owner)
