"""Distributions whose parameters are arrays on a CUDA device: how they are frozen, checked, moved and drawn."""

from __future__ import annotations

import functools
import inspect
import math
from typing import Any

import numpy as np

from fastdist.constraints import Constraint
from fastdist.engine.device import cuda, cuda_rows, on_device
from fastdist.engine.evaluate import F32, F64, Constants
from fastdist.engine.kernel import expression


def freeze(distribution: Any, validate_args: bool, given: dict[str, Any]) -> None:
    """As ``Distribution._freeze_arrays``, where some parameter is on a device: all are copied there."""
    cls, engine = type(distribution), cuda()
    who = cls.__name__
    if cls._vector:
        raise NotImplementedError(
            f"{who}: parameters that are vectors or matrices must be on the host; values may be on a device"
        )
    strong = [value for value in given.values() if not isinstance(value, (int, float))]
    dtypes = {name: engine.dtype_of(value) for name, value in given.items()}
    for name, dtype in dtypes.items():
        if dtype.kind not in "fiub":
            raise TypeError(f"{who}: parameter {name} must be real numbers; got dtype {dtype}")
    narrow = all(engine.dtype_of(value).kind == "f" and engine.dtype_of(value).itemsize <= 4 for value in strong)
    dtype = F32 if narrow else F64
    shapes = {name: engine.shape_of(value) for name, value in given.items()}
    try:
        batch_shape = np.broadcast_shapes(*shapes.values())
    except ValueError:
        listed = ", ".join(f"{name} has shape {shape}" for name, shape in shapes.items())
        raise ValueError(f"{who}: the parameters do not broadcast: {listed}") from None
    place = engine.place_for(who, *given.values())
    parameters = {name: engine.moved(value, batch_shape, dtype, place) for name, value in given.items()}
    distribution.__dict__.update(
        _parameters=parameters,
        _arguments=tuple(
            parameters[name] if on_device(value) else float(np.asarray(value).reshape(-1)[0])
            for name, value in given.items()
        ),
        batch_shape=batch_shape,
        event_shape=(),
        dtype=dtype,
        _place=place,
    )
    if validate_args:
        for name, array in parameters.items():
            parameter = cls._declared[name]
            index = engine.first_outside(array, _inside(parameter.constraint, parameter.infinite), place)
            if index is not None:
                raise ValueError(parameter.message(*_found(array, batch_shape, index, who)))


def _inside(constraint: Constraint, infinite: bool) -> str:
    """The condition under which a number ``v`` is in the set, as a loop says it."""
    lower, upper = (
        f"{'=' if closed or (infinite and np.isinf(end)) else ''} {float(end)!r}".replace("inf", "INF")
        for closed, end in ((constraint.closed_lower, constraint.lower), (constraint.closed_upper, constraint.upper))
    )
    return f"v >{lower} and v <{upper}" + (" and v == floor(v)" if constraint.is_discrete else "")


def _found(array: Any, shape: tuple[int, ...], index: int, who: str) -> tuple[Any, str, str]:
    place = tuple(int(i) for i in np.unravel_index(index, shape))
    value = cuda().to_host(array).reshape(-1)[index]
    return value, who, f" at index {place}" if place else ""


def constants(distribution: Any, prepared: Constants) -> Any:
    """What loops need of the parameters, on the distribution's device."""
    return cuda().placed(prepared, distribution._place)


@functools.cache
def _number(holds: Any, names: str) -> Any:
    """A relation between parameters as a kernel: 1 where it holds, else 0."""
    return expression(f"1.0 if holds({names}) else 0.0", names, holds=holds)


def require(distribution: Any, relation: str, holds: Any) -> None:
    """Raise a ValueError that shows the first parameter set for which ``holds(*parameters)`` is false."""
    engine, shape = cuda(), distribution.batch_shape
    number = _number(holds, ", ".join(distribution._parameters))
    arguments = distribution._arguments[: len(distribution._parameters)]
    (found,) = engine.elementwise(number, arguments, shape, F64, type(distribution).__name__)
    index = engine.first_outside(found, "v > ZERO", distribution._place)
    if index is not None:
        sets = {name: engine.to_host(array) for name, array in distribution._parameters.items()}
        raise ValueError(failure(type(distribution).__name__, relation, sets, shape, index))


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
    if not cls._vector and _made_of_parameters(distribution):
        if device == "cuda":
            parameters = {name: cuda().of_host(np.asarray(value)) for name, value in distribution._parameters.items()}
        else:
            parameters = {name: cuda().to_host(array)[()] for name, array in distribution._parameters.items()}
        return cls(**parameters, validate_args=False)
    # Rows, and what is made of another distribution: only what loops need of the parameters goes to the device.
    other = object.__new__(cls)
    place = cuda().new_place() if device == "cuda" else None
    other.__dict__.update(distribution.__dict__, _place=place, _methods={}, _calls={}, _singles={})
    return other


def _made_of_parameters(distribution: Any) -> bool:
    """Whether the constructor takes the parameters, and asks for nothing else."""
    given = inspect.signature(type(distribution).__init__).parameters
    names = distribution._parameters.keys()
    asked = {name for name, p in given.items() if p.default is p.empty and name != "self"}
    return asked <= names <= given.keys()


def expanded(distribution: Any, shape: tuple[int, ...]) -> Any:
    """The same distribution with its parameters broadcast to a batch of `shape`, on the device."""
    try:
        fits = np.broadcast_shapes(distribution.batch_shape, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        who = type(distribution).__name__
        raise ValueError(f"{who}: batch_shape {distribution.batch_shape} does not expand to {shape}")
    dtype, place = distribution.dtype, distribution._place
    parameters = {n: cuda().moved(array, shape, dtype, place) for n, array in distribution._parameters.items()}
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


def drawn(distribution: Any, shape: tuple[int, ...], key: tuple[int, int], out: Any) -> Any:
    """Draws of ``shape + batch_shape`` on the device."""
    place = _place_of_draws(distribution, out)
    sampler, constants = distribution._sampling()
    full = shape + distribution.batch_shape
    return cuda().draw(sampler, constants, full, distribution._draw_dtype, key, place)


def drawn_rows(distribution: Any, shape: tuple[int, ...], key: tuple[int, int], out: Any) -> Any:
    """Draws of ``shape + batch_shape + event_shape`` on the device."""
    place = _place_of_draws(distribution, out)
    sampler, table, width = distribution._row_sampling()
    full = shape + distribution.batch_shape
    event_shape, dtype = distribution.event_shape, distribution._draw_dtype
    return cuda_rows().draw(sampler, table, full, event_shape, dtype, key, width, place)


def _place_of_draws(distribution: Any, out: Any) -> Any:
    if out is not None:
        raise TypeError(f"{type(distribution).__name__}.sample: draws on a device are a new array: out is not taken")
    return distribution._place or cuda().new_place()


def described(array: Any) -> str:
    """A parameter on a device, as a repr shows it."""
    shape = cuda().shape_of(array)
    return f"<{cuda().dtype_of(array)} array of shape {shape} on the device>" if math.prod(shape) else "[]"
