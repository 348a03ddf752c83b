"""What a constraint is, those on numbers, and those that depend on parameters."""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np

from fastdist.reals import as_index, axes, refuse_mask

# Types of what is not on a device.
ON_HOST = (np.ndarray, float, int, type(None))


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
        for given in (value, self.lower, self.upper):
            if type(given) in ON_HOST:
                continue
            if hasattr(given, "__cuda_array_interface__") or hasattr(given, "__cuda_ndarray__"):
                raise TypeError(f"{type(self).__name__}.check: this is computed on the host only, not on a device")
        try:
            array = np.asarray(value)
        except ValueError as error:
            raise ValueError(f"{self!r}: a value is not an array: {error}") from None
        refuse_mask(value, self, "a value")
        if array.ndim < self.event_dim:
            raise ValueError(f"{self!r}: a value needs at least {axes(self.event_dim)}; got shape {array.shape}")
        return array

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


def plain(value: Any) -> Any:
    """A NumPy number as Python's, for a repr."""
    return value.item() if isinstance(value, np.generic) else value


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
        value = self._events(value)
        above = value >= self.lower if self.closed_lower else value > self.lower
        below = value <= self.upper if self.closed_upper else value < self.upper
        inside = above & below
        return inside & (value == np.floor(value)) if self.is_discrete else inside

    def _identity(self) -> tuple[Any, ...]:
        return self.lower, self.upper

    def __repr__(self) -> str:
        ends = ", ".join(f"{name}={plain(getattr(self, name))!r}" for name in self._ends)
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

    def check(self, value: Any) -> Any:
        value = self._events(value)
        return np.isfinite(value) if value.dtype.kind in "fiub" else super().check(value)


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
        value = self._events(value)
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
        reinterpreted_batch_ndims = as_index(reinterpreted_batch_ndims, "independent", "reinterpreted_batch_ndims")
        if reinterpreted_batch_ndims < 0:
            raise ValueError(
                f"independent: reinterpreted_batch_ndims must not be negative; got {reinterpreted_batch_ndims}"
            )
        self.base_constraint = base_constraint
        self.reinterpreted_batch_ndims = reinterpreted_batch_ndims
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
