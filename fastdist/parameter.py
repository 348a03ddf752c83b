"""Declared parameters: their names, their sets, the errors when a value is not in its set, and what is kept of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from math import inf
from typing import Any

import numpy as np

from fastdist import devices
from fastdist.constraints import Constraint
from fastdist.engine.broadcast import distinct
from fastdist.engine.device import on_device
from fastdist.engine.evaluate import F32, F64
from fastdist.reals import as_reals, axes

# An event of more numbers is not shown in an error, and an array of more not in a repr.
SHOWN, LONGEST_REPR = 36, 1000


def exactly_one(who: str, choices: dict[str, Any]) -> tuple[str, Any]:
    """The name and the value of the one choice that is not None."""
    given = {name: value for name, value in choices.items() if value is not None}
    if len(given) != 1:
        *first, last = choices
        two = len(choices) == 2
        found = ("both" if two else " and ".join(given)) if given else ("neither" if two else "none of them")
        raise ValueError(f"{who} takes exactly one of {', '.join(first)} and {last}; got {found}")
    ((name, value),) = given.items()
    return name, value


def wants_checks(validate_args: bool | None) -> bool:
    """Whether arguments are to be checked: also by None, which wrappers of torch's classes hand on."""
    return validate_args is None or bool(validate_args)


class Parameter:
    """A parameter that a distribution declares in its class body.

    Parameters
    ----------
    constraint : Constraint
        The set of valid values; an infinite value is valid only with `infinite`.
    infinite : bool
        Whether the infinite ends of the set are limits that the formulas handle.
    derived : callable, optional
        ``derived(distribution)`` gives the value where another parametrisation was chosen.
    """

    flaw: Any = None
    """For a vector or a matrix on a device: the kernel of one, which gives 0 for a valid one."""

    def __init__(
        self, constraint: Constraint, *, infinite: bool = False, derived: Callable[[Any], Any] | None = None
    ) -> None:
        self.constraint = constraint
        self.infinite = infinite
        self.derived = derived
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        try:
            return instance._parameters[self.name]
        except KeyError:
            if self.derived is None:
                raise
            return self.derived(instance)

    def accepts(self, value: float) -> bool:
        """Whether one number is valid."""
        c = self.constraint
        if not (c.lower < value < c.upper):
            closed = (c.closed_lower and value == c.lower) or (c.closed_upper and value == c.upper)
            return closed or (self.infinite and abs(value) == inf and value in (c.lower, c.upper))
        return not c.is_discrete or value == int(value)

    def check(self, value: np.ndarray, who: str) -> None:
        """Raise a ValueError that names the first value outside the set, and where it stands."""
        each = getattr(self.constraint, "base_constraint", None)
        if each is not None and np.count_nonzero(each.check(value)) == value.size:  # where numbers count by themselves
            return
        valid = np.asarray(self.constraint.check(value))
        if self.infinite:
            valid = valid | np.isinf(value) & ((value == self.constraint.lower) | (value == self.constraint.upper))
        if np.count_nonzero(valid) == valid.size:  # a third of what valid.all() takes
            return
        index = tuple(int(i) for i in np.unravel_index(int(np.argmin(valid)), valid.shape))
        offender = value[index]
        place = f" at index {index}" if index else ""
        raise ValueError(self.message(offender, who, place))

    def message(self, value: Any, who: str, place: str = "") -> str:
        """What an error says about a `value` that is not valid."""
        shown = value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value
        if np.size(value) > SHOWN:
            shown = f"an array of shape {np.shape(value)}"
        return f"{who}: parameter {self.name} must satisfy {self.constraint!r}; got {shown}{place}"


def frozen(who: str, declared: dict[str, Parameter], given: dict[str, Any], checked: bool) -> dict[str, Any]:
    """What a distribution keeps of parameters on the host: copies over its batch, its shapes and its dtype."""
    plain = all(map(_is_plain, given.values()))
    arrays, dtype = (given, F64) if plain else _converted(who, given)
    events, batches = {}, set()
    for name, array in arrays.items():
        batch = array.ndim - declared[name].constraint.event_dim
        if batch < 0:
            raise ValueError(
                f"{who}: parameter {name} needs at least {axes(array.ndim - batch)}; got shape {array.shape}"
            )
        events[name] = array.shape[batch:]
        batches.add(array.shape[:batch])
    try:
        batch_shape = batches.pop() if len(batches) == 1 else np.broadcast_shapes(*batches)
    except ValueError:
        shapes = ", ".join(f"{name} has shape {array.shape}" for name, array in arrays.items())
        raise ValueError(f"{who}: the parameters do not broadcast: {shapes}") from None
    parameters, arguments = {}, []
    for name, array in arrays.items():
        if not plain and 0 in array.strides:
            array = distinct(array, len(events[name]))
        array = array.astype(dtype)
        if checked and not (array.ndim == 0 and declared[name].accepts(float(array))):
            declared[name].check(array, who)
        shape = batch_shape + events[name]
        array = array if array.shape == shape else np.broadcast_to(array, shape)
        array.flags.writeable = False
        parameters[name] = array if shape else array[()]
        arguments.append(array if shape else float(array))
    return {
        "_parameters": parameters,
        "_arguments": tuple(arguments),
        "batch_shape": batch_shape,
        "event_shape": (),
        "dtype": dtype,
    }


def _is_plain(value: Any) -> bool:
    """Whether a parameter is an array of float64 that holds each of its numbers."""
    return type(value) is np.ndarray and value.dtype is F64 and value.ndim > 0 and 0 not in value.strides


def _converted(who: str, given: dict[str, Any]) -> tuple[dict[str, np.ndarray], np.dtype]:
    """Parameters as arrays, and float32 if all that have a dtype have it, or a narrower one, else float64."""
    arrays, strong, narrow = {}, False, True
    for name, value in given.items():
        array = arrays[name] = as_reals(value, who, f"parameter {name}")
        if not isinstance(value, (int, float)) or isinstance(value, np.generic):
            strong = True
            narrow = narrow and array.dtype.kind == "f" and array.dtype.itemsize <= 4
    return arrays, F32 if strong and narrow else F64


def shown(value: Any, weak: bool) -> str:
    """A parameter, as a repr shows it."""
    if weak and not np.ndim(value):
        return repr(float(value))
    if on_device(value):
        return devices.described(value)
    size = math.prod(np.shape(value))
    if not size and np.ndim(value) > 1:
        return f"np.empty({np.shape(value)}, dtype='{value.dtype}')"
    if size > LONGEST_REPR:
        return f"<{value.dtype} array of shape {value.shape}>"
    if value.dtype == F64:
        return repr(value.tolist()) if np.shape(value) else f"np.float64({float(value)!r})"
    kind = "float32({!r})" if not np.shape(value) else "array({!r}, dtype='float32')"
    return "np." + kind.format([float(str(v)) for v in value] if np.ndim(value) == 1 else value.tolist())
