"""Distributions whose parameters are arrays on a CUDA device: how they are frozen, checked, moved and drawn."""

from __future__ import annotations

import functools
import inspect
import math
from math import exp, sqrt
from typing import Any

import numpy as np

from fastdist.constraints import Constraint
from fastdist.engine import rows
from fastdist.engine.broadcast import distinct
from fastdist.engine.device import cuda, on_device
from fastdist.engine.evaluate import F32, F64, Constants
from fastdist.engine.kernel import expression, kernel
from fastdist.reals import axes

HOST_ONLY = ("expect", "enumerate_support")
"""Methods that ask NumPy or Python about parameters, in whatever family."""


def freeze(distribution: Any, validate_args: bool, given: dict[str, Any]) -> None:
    """As :func:`fastdist.parameter.frozen`, where some parameter is on a device: all are copied there."""
    cls, engine = type(distribution), cuda()
    who = cls.__name__
    if cls._vector and not cls._on_device:
        raise NotImplementedError(f"{who}: parameters must be on the host; values may be on a device")
    strong = [value for value in given.values() if not isinstance(value, (int, float))]
    dtypes = {name: engine.dtype_of(value) for name, value in given.items()}
    for name, dtype in dtypes.items():
        if dtype.kind not in "fiub":
            raise TypeError(f"{who}: parameter {name} must be real numbers; got dtype {dtype}")
    narrow = all(engine.dtype_of(value).kind == "f" and engine.dtype_of(value).itemsize <= 4 for value in strong)
    dtype = F32 if narrow else F64
    shapes = {name: engine.shape_of(value) for name, value in given.items()}
    cuts = {name: len(shape) - cls._declared[name].constraint.event_dim for name, shape in shapes.items()}
    for name, cut in cuts.items():
        if cut < 0:
            least = len(shapes[name]) - cut
            raise ValueError(f"{who}: parameter {name} needs at least {axes(least)}; got shape {shapes[name]}")
    try:
        batch_shape = np.broadcast_shapes(*(shape[: cuts[name]] for name, shape in shapes.items()))
    except ValueError:
        listed = ", ".join(f"{name} has shape {shape}" for name, shape in shapes.items())
        raise ValueError(f"{who}: the parameters do not broadcast: {listed}") from None
    place = engine.place_for(who, *given.values())
    own = {name: engine.moved(value, shapes[name], dtype, place) for name, value in given.items()}
    if validate_args:
        for name, array in own.items():
            check_parameter(cls._declared[name], array, who)
    for name, array in own.items():
        own[name] = array.reshape((1,) * (len(batch_shape) - cuts[name]) + shapes[name])
    parameters = {name: repeated(array, batch_shape + shapes[name][cuts[name] :], place) for name, array in own.items()}
    distribution.__dict__.update(
        _parameters=parameters,
        _arguments=tuple(
            parameters[name] if on_device(value) or cuts[name] < len(shapes[name]) else float(np.asarray(value).flat[0])
            for name, value in given.items()
        ),
        batch_shape=batch_shape,
        event_shape=(),
        dtype=dtype,
        _place=place,
        _own=own,
    )


def repeated(array: Any, shape: tuple[int, ...], place: Any = None) -> Any:
    """An array on the device broadcast to a shape: a view where its library has such."""
    if cuda().shape_of(array) == shape:
        return array
    place = place or cuda().Place(array)
    view = place.broadcast(array, shape)
    return cuda().moved(array, shape, cuda().dtype_of(array), place) if view is None else view


def check_parameter(parameter: Any, array: Any, who: str) -> None:
    """Raise the ValueError of the host's own check if the parameter is not in its set; else one number comes back."""
    constraint, engine, shape = parameter.constraint, cuda(), cuda().shape_of(array)
    each = getattr(constraint, "base_constraint", constraint)
    cut = len(shape) - constraint.event_dim
    if each.event_dim == 0:
        flawed = not holds(array, _inside(each, parameter.infinite))
    else:
        flawed = len(set(shape[cut:])) > 1 or is_flawed(rows.prepare(parameter.flaw, (array,), shape[:cut], 1, ()))
    if flawed:
        parameter.check(engine.to_host(array), who)


def holds(array: Any, condition: str) -> bool:
    """Whether a condition over ``v`` holds for all numbers of an array on a device: one number comes back."""
    return cuda().first_outside(array, condition, cuda().Place(array)) is None


def together(first: Any, second: Any, size: tuple[int, ...]) -> tuple[Any, ...]:
    """Two parameters, of which one at least is on the device, with a last axis of the same length."""
    place = cuda().place_for("the parameters", first, second)
    strong = [value for value in (first, second) if not isinstance(value, (int, float))]
    dtype = np.result_type(*map(cuda().dtype_of, strong))
    shapes = [(*cuda().shape_of(value)[:-1], *size) for value in (first, second)]
    return tuple(cuda().moved(value, s, dtype, place) for value, s in zip((first, second), shapes, strict=True))


def on_host(array: Any) -> np.ndarray:
    """An array, copied to the host if it is on a device: for errors."""
    return cuda().to_host(array) if on_device(array) else np.asarray(array)


def number(array: Any) -> Any:
    """The one number in an array on a device."""
    return cuda().to_host(array).reshape(-1)[0]


def is_flawed(table: Any) -> bool:
    """Whether the first number of any parameter set is other than 0: one number comes back."""
    return not holds(table.arrays[0], "v == ZERO")


def _inside(constraint: Constraint, infinite: bool) -> str:
    """The condition under which a number ``v`` is in the set, as a loop says it."""
    lower, upper = (
        f"{'=' if closed or (infinite and np.isinf(end)) else ''} {float(end)!r}".replace("inf", "INF")
        for closed, end in ((constraint.closed_lower, constraint.lower), (constraint.closed_upper, constraint.upper))
    )
    return f"v >{lower} and v <{upper}" + (" and v == floor(v)" if constraint.is_discrete else "")


def constants(distribution: Any, prepared: Constants) -> Any:
    """What loops need of the parameters, on the distribution's device."""
    return cuda().placed(prepared, distribution._place)


@functools.cache
def _number(holds: Any, names: str) -> Any:
    """A relation between parameters as a kernel: 1 where it holds, else 0."""
    return expression(f"1.0 if holds({names}) else 0.0", names, holds=holds)


def place_of_parts(who: str, weights: Any, components: list[Any]) -> Any:
    """Where what is made of weights and components has its parameters: None on the host.

    On a device it is where the weights are, and components go along that have numbers for parameters.
    """
    parts = [weights, *components]
    if all(_place_of(part) is None for part in parts):
        return None
    for part in parts:
        if _place_of(part) is None and (part is weights or part.batch_shape):
            raise TypeError(
                f"{who}: the parameters of {part!r} are on the host and others are on the device; move one of them (a "
                "distribution moves by .to('cuda') or .to('cpu'))"
            )
    return weights._place


def _place_of(part: Any) -> Any:
    """Where the parameters of a distribution are, or those of what it is made of."""
    while part._place is None and hasattr(part, "base_dist"):
        part = part.base_dist
    return part._place


def of_components(distribution: Any, pool: Any, weights: Constants, groups: list[Any]) -> Constants:
    """Rows over the components of a mixture, as ``Pool.array`` makes them on the host, on the device.

    `weights` are the first two rows, and may have a third of zeros.
    """
    parts: list[Any] = [(0, None, weights)]
    parts += [(2, k, Constants(np.full((1, 1), float(kind)), ())) for kind, _, k in groups if kind]
    parts += [(first, None if isinstance(k, slice) else k, constants) for first, k, constants in pool.parts(groups)]
    count, shape = distribution.mixture_distribution._categories, distribution.batch_shape
    found: Constants = cuda().assembled(parts, pool.size, count, shape, distribution._place)
    return found


def stacked(distribution: Any, each: list[Any], shape: tuple[int, ...] | None, value: Any = None) -> Any:
    """Arrays on a device, and numbers, broadcast to a shape, or to that of all of them, along a new last axis."""
    place = cuda().Place(value) if on_device(value) else distribution._place
    if shape is not None:
        return cuda().stacked(each, shape, place)
    dtype = np.result_type(*map(cuda().dtype_of, each))
    found = cuda().stacked(each, np.broadcast_shapes(*map(cuda().shape_of, each)), place)
    return found if dtype == F64 else cuda().moved(found, tuple(found.shape), dtype, place)


def with_axis(distribution: Any, value: Any, method: str) -> Any:
    """A value on a device with one axis more before those of an event, along which are the components of a mixture."""
    who = f"{type(distribution).__name__}.{method}"
    return cuda().of_numbers(value, who, distribution._place, len(distribution.event_shape))


def require(distribution: Any, relation: str, holds: Any) -> None:
    """Raise a ValueError that shows the first parameter set for which ``holds(*parameters)`` is false."""
    engine, shape = cuda(), distribution.batch_shape
    number = _number(holds, ", ".join(distribution._parameters))
    arguments = distribution._arguments[: len(distribution._parameters)]
    (found,) = engine.elementwise(number, arguments, shape, F64, type(distribution).__name__)
    _refuse(distribution, relation, engine.first_outside(found, "v > ZERO", distribution._place))


def require_of(distribution: Any, name: str, relation: str, condition: str) -> None:
    """The same of one parameter that is a number, for a condition over ``v``."""
    found = cuda().first_outside(distribution._parameters[name], condition, distribution._place)
    _refuse(distribution, relation, found)


def _refuse(distribution: Any, relation: str, index: int | None) -> None:
    if index is not None:
        sets = {name: cuda().to_host(array) for name, array in distribution._parameters.items()}
        raise ValueError(failure(type(distribution).__name__, relation, sets, distribution.batch_shape, index))


def failure(who: str, relation: str, parameters: dict[str, Any], shape: tuple[int, ...], index: int) -> str:
    """What an error says about parameters that do not satisfy a relation at a flat index of the batch."""
    place = tuple(int(i) for i in np.unravel_index(index, shape)) if shape else ()
    shown = ", ".join(f"{name} = {np.asarray(value)[place]}" for name, value in parameters.items())
    return f"{who}: {relation}; got {shown}" + (f" at index {place}" if place else "")


def check(device: Any, who: str) -> None:
    """Raise a ValueError unless `device` names one."""
    if device not in ("cpu", "cuda"):
        raise ValueError(f"{who}: device must be 'cpu' or 'cuda'; got {device!r}")


def moved(distribution: Any, device: str) -> Any:
    """The same distribution for values in the memory of the host, ``"cpu"``, or of a device, ``"cuda"``."""
    cls = type(distribution)
    check(device, cls.__name__)
    if (device == "cuda") == (distribution._place is not None):
        return distribution
    if moves_whole(distribution):
        if device == "cuda":
            there = {name: cuda().of_host(_own(distribution, name)) for name in distribution._parameters}
        else:
            there = {name: cuda().to_host(array)[()] for name, array in distribution._own.items()}
        other = cls(**there, validate_args=False)
        return other if other.batch_shape == distribution.batch_shape else other.expand(distribution.batch_shape)
    # Rows, and what is made of another distribution: only what loops need of the parameters goes to the device.
    other = object.__new__(cls)
    place = cuda().new_place() if device == "cuda" else None
    other.__dict__.update(distribution.__dict__, _place=place, _methods={}, _calls={}, _singles={})
    return other


def moves_whole(distribution: Any) -> bool:
    """Whether the parameters of a distribution move with it, and not only what loops need of them."""
    if hasattr(distribution, "reinterpreted_batch_ndims"):
        return moves_whole(distribution.base_dist)
    return (type(distribution)._on_device or not type(distribution)._vector) and _made_of_parameters(distribution)


def _own(distribution: Any, name: str) -> np.ndarray:
    """A parameter without what only repeats."""
    return distinct(np.asarray(distribution._parameters[name]), distribution._declared[name].constraint.event_dim)


def _made_of_parameters(distribution: Any) -> bool:
    """Whether the constructor takes the parameters, and asks for nothing else."""
    given = inspect.signature(type(distribution).__init__).parameters
    names = distribution._parameters.keys()
    whatever = [name for name, p in given.items() if p.kind is p.VAR_KEYWORD]
    asked = {name for name, p in given.items() if p.default is p.empty and name not in ("self", *whatever)}
    return asked <= names and (bool(whatever) or names <= given.keys())


def expanded(distribution: Any, shape: tuple[int, ...]) -> Any:
    """The same distribution with its parameters broadcast to a batch of `shape`, on the device."""
    try:
        fits = np.broadcast_shapes(distribution.batch_shape, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        who = type(distribution).__name__
        raise ValueError(f"{who}: batch_shape {distribution.batch_shape} does not expand to {shape}")
    parameters = {}
    for name, array in distribution._own.items():
        own = cuda().shape_of(array)
        event = own[len(own) - distribution._declared[name].constraint.event_dim :]
        parameters[name] = repeated(array, shape + event, distribution._place)
    return type(distribution)(**parameters, validate_args=False)


def chosen(distribution: Any, device: str | None) -> bool:
    """Whether draws are made on a device: on the distribution's own unless another is named."""
    if device is None:
        return distribution._place is not None
    check(device, type(distribution).__name__)
    return device == "cuda"


def only_on_host(distribution: Any, device: str | None) -> None:
    """Raise a NotImplementedError if draws are to be made on a device, for a family of which none are."""
    if chosen(distribution, device):
        raise NotImplementedError(f"{type(distribution).__name__}.sample: draws are made on the host only")


def host_only(method: Any) -> Any:
    """`method`, which raises a NotImplementedError where parameters are on a device: it would copy them in silence."""

    @functools.wraps(method)
    def checked(self: Any, *args: Any, **kwargs: Any) -> Any:
        refuse(self, method.__name__)
        return method(self, *args, **kwargs)

    return checked


def refuse(distribution: Any, method: str) -> None:
    """Raise a NotImplementedError for what is computed on the host, if the distribution is on a device."""
    if distribution._place is not None:
        raise NotImplementedError(
            f"{type(distribution).__name__}.{method}: this is computed on the host only, and the distribution is on a "
            "device: it moves by .to('cpu')"
        )


def refuse_tangents(distribution: Any, method: str, *values: Any) -> None:
    """Raise a TypeError where a Dual meets arrays on a device."""
    if distribution._place is not None or any(map(on_device, values)):
        raise TypeError(
            f"{type(distribution).__name__}{method}: derivatives by Dual are computed on the host only, and an array "
            "is on a device; log_prob_and_grad, cdf_and_grad and rsample_and_grad compute there"
        )


def drawn(distribution: Any, shape: tuple[int, ...], key: tuple[int, int], out: Any) -> Any:
    """Draws of ``shape + batch_shape`` on the device."""
    place = _place_of_draws(distribution, out)
    sampler, constants = distribution._sampling()
    full = shape + distribution.batch_shape
    return cuda().draw(sampler, constants, full, distribution._draw_dtype, key, place)


def drawn_rows(
    distribution: Any, shape: tuple[int, ...], key: tuple[int, int], out: Any = None, dtype: Any = None
) -> Any:
    """Draws of ``shape + batch_shape + event_shape`` on the device, of their own dtype if no other is named."""
    place = _place_of_draws(distribution, out)
    sampler, table, width = distribution._row_sampling()
    full = shape + distribution.batch_shape
    event_shape, dtype = distribution.event_shape, dtype or distribution._draw_dtype
    return cuda("rows").draw(sampler, table, full, event_shape, dtype, key, width, place)


def noise(distribution: Any, sampler: Any, shape: tuple[int, ...], key: tuple[int, int]) -> Any:
    """Float64 draws by another sampler, of a shape that ends in the axes of an event."""
    event, table, place = distribution.event_shape, distribution._table(), distribution._place
    return cuda("rows").draw(sampler, table, shape[: len(shape) - len(event)], event, F64, key, None, place)


def identity(distribution: Any, shape: tuple[int, ...]) -> Any:
    """The derivatives of each event of draws of a shape in itself: 1 in its own numbers, else 0."""
    event, place = distribution.event_shape, distribution._place
    one = np.eye(math.prod(event)).reshape(event * 2)
    return repeated(cuda().moved(one, one.shape, distribution.dtype, place), shape + event, place)


def drawn_together(
    distribution: Any, sampler: Any, table: Any, shape: tuple[int, ...], kinds: Any, key: tuple[int, int], width: Any
) -> tuple[Any, ...]:
    """Draws and what else a sampler fills beside them, with the axes `kinds` for one event, on the device."""
    dtype = distribution.dtype
    found: tuple[Any, ...] = cuda("rows").draw_together(
        sampler, table, shape, kinds, dtype, key, width, distribution._place
    )
    return found


def _place_of_draws(distribution: Any, out: Any) -> Any:
    if out is not None:
        raise TypeError(f"{type(distribution).__name__}.sample: draws on a device are a new array: out is not taken")
    return distribution._place or cuda().new_place()


def rounded(distribution: Any, result: Any, shape: tuple[int, ...], dtype: Any = None, like: Any = None) -> Any:
    """The engine's own array over a `shape` as one of the distribution's kind and dtype, or like another array."""
    place = cuda().Place(like) if on_device(like) else distribution._place
    return cuda().moved(result, shape, dtype or distribution.dtype, place)


def of_array(kernel: Any, array: Any, distribution: Any) -> Any:
    """A kernel at each number of an array on the device."""
    return cuda().elementwise(kernel, (array,), cuda().shape_of(array), distribution.dtype, "a parameter")[0]


@kernel
def _root(x: Any) -> Any:
    return sqrt(x)


@kernel
def _exponential(x: Any) -> Any:
    return exp(x)


def root(summary: Any, dtype: Any) -> Any:
    """The square root of a summary; on a device of a dtype."""
    return _of_summary(_root, summary, dtype) if on_device(summary) else np.sqrt(summary)


def exponential(summary: Any, dtype: Any) -> Any:
    """The exponential of a summary; on a device of a dtype."""
    return _of_summary(_exponential, summary, dtype) if on_device(summary) else np.exp(summary)


def _of_summary(kernel: Any, summary: Any, dtype: Any) -> Any:
    return cuda().of_parameters(kernel, (summary,), tuple(summary.shape), dtype)


def checked_rows(distribution: Any, name: str, found: Any, validate_args: bool) -> Any:
    """Rows made of a parameter in its place, of which one that holds NaN was made of one that is not valid."""
    given, place = distribution._parameters[name], distribution._place
    shape = cuda().shape_of(given)
    if validate_args and (not shape[-1] or not holds(found, "v == v")):
        distribution._declared[name].check(cuda().to_host(given), type(distribution).__name__)
    return cuda().moved(found.reshape(shape), shape, distribution.dtype, place)


def described(array: Any) -> str:
    """A parameter on a device, as a repr shows it."""
    shape = cuda().shape_of(array)
    return f"<{cuda().dtype_of(array)} array of shape {shape} on the device>" if math.prod(shape) else "[]"
