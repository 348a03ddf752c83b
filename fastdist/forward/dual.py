"""Arrays with tangents."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from fastdist.engine.device import on_device
from fastdist.reals import as_reals

F32 = np.dtype(np.float32)

# Rules by what NumPy calls: `rule(function, args, kwargs, level)` gives the result for arguments that hold Duals.
UFUNCS: dict[Any, Callable[..., Any]] = {}
FUNCTIONS: dict[Any, Callable[..., Any]] = {}


class Dual(NDArrayOperatorsMixin):
    """An array and its derivatives in some directions.

    NumPy's ufuncs and functions, :mod:`scipy.special`'s ufuncs and the distributions take it in the place of an array
    and give Duals: the results with their derivatives in the same directions. A function that has no rule raises, and
    so does whatever would lose the tangent without a word, as ``np.asarray(dual)`` or ``float(dual)``.

    Parameters
    ----------
    primal : array_like of real
        Integers become float64. Another Dual makes second derivatives.
    tangent : array_like of real
        Of the shape of `primal`: one direction; or with an axis before it: as many directions as that is long.

    Attributes
    ----------
    primal, tangent : ndarray or Dual

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> import fastdist as fd
    >>> x = fd.Dual([1.0, 2.0], [1.0, 1.0])
    >>> np.exp(x) * x
    Dual(primal=array([ 2.71828183, 14.7781122 ]), tangent=array([ 5.43656366, 22.1671683 ]))
    """

    __slots__ = ("_directions", "_level", "_single", "primal")

    primal: Any

    def __init__(self, primal: Any, tangent: Any, _level: int = 0) -> None:
        primal, tangent = _floats("primal", primal), _floats("tangent", tangent)
        single = tangent.shape == primal.shape
        if not single and tangent.shape[1:] != primal.shape:
            raise ValueError(
                f"Dual: tangent must have the shape of primal, {primal.shape}, or that with an axis of directions "
                f"before it; got {tangent.shape}"
            )
        if not single and not len(tangent):
            raise ValueError(f"Dual: tangent must have at least one direction; got shape {tangent.shape}")
        directions = tangent[np.newaxis] if single else tangent
        self._set(primal, directions, single, _level or 1 + max(level_of(primal), level_of(tangent)))

    def _set(self, primal: Any, directions: Any, single: bool, level: int) -> None:
        self.primal = primal
        self._directions = directions
        self._single = single
        self._level = level

    @property
    def tangent(self) -> Any:
        """The derivatives: of the shape of the primal, or with the axis of directions before it."""
        return self._directions[0] if self._single else self._directions

    # NumPy's protocols ---------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        name = f"{ufunc.__name__}" + ("" if method == "__call__" else f".{method}")
        if kwargs.pop("out", None) is not None:
            raise TypeError(f"numpy.{name}: an array given as out= cannot hold the tangent of a Dual")
        key = ufunc if method == "__call__" else (ufunc, method)
        if key not in UFUNCS:
            for module in ("fastdist.forward.special", "fastdist.special.ufuncs"):
                importlib.import_module(module)
        if key not in UFUNCS:
            raise TypeError(f"a Dual has no rule for {name}")
        joined = tuple(map(whole, inputs))
        return UFUNCS[key](ufunc, joined, kwargs, max(map(level_of, joined)))

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        name = f"{func.__module__}.{func.__name__}"
        if kwargs.get("out") is not None:
            raise TypeError(f"{name}: an array given as out= cannot hold the tangent of a Dual")
        if func not in FUNCTIONS:
            raise TypeError(f"a Dual has no rule for {name}")
        return FUNCTIONS[func](func, args, kwargs, max(level_in(args), level_in(kwargs)))

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        raise TypeError("an array cannot hold the tangent of a Dual: take its .primal to drop it")

    # What arrays have ----------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the primal."""
        shape: tuple[int, ...] = self.primal.shape
        return shape

    @property
    def ndim(self) -> int:
        """Of the primal."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Of the primal."""
        size: int = self.primal.size
        return size

    @property
    def dtype(self) -> np.dtype:
        """Of the primal."""
        dtype: np.dtype = self.primal.dtype
        return dtype

    @property
    def T(self) -> Any:
        """The axes in the opposite order."""
        return np.transpose(self)

    @property
    def mT(self) -> Any:
        """The last two axes exchanged."""
        return np.swapaxes(self, -2, -1)

    def __len__(self) -> int:
        return len(self.primal)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index: Any) -> Any:
        """As an array's; Ellipsis and new axes included."""
        whole = index if isinstance(index, tuple) else (index,)
        if any(isinstance(i, Dual) for i in whole):
            raise TypeError("a Dual is no index: take its .primal")
        return remade(self, self.primal[index], each(lambda t: t[index], self._directions))

    def __bool__(self) -> bool:
        return bool(self.primal)

    def __float__(self) -> float:
        raise TypeError("a float cannot hold the tangent of a Dual: take its .primal to drop it")

    __int__ = __index__ = __complex__ = __float__

    def __repr__(self) -> str:
        return f"Dual(primal={self.primal!r}, tangent={self.tangent!r})"

    def __reduce__(self) -> Any:
        return made, (self.primal, self._directions, self._single, self._level)

    def astype(self, dtype: Any, **options: Any) -> Any:
        """In float32 or float64."""
        if np.dtype(dtype).kind != "f":
            raise TypeError(f"a Dual is of real numbers; its dtype cannot be {np.dtype(dtype)}")
        return remade(self, self.primal.astype(dtype, **options), self._directions.astype(dtype, **options))

    def reshape(self, *shape: Any, **options: Any) -> Any:
        """As an array's."""
        return np.reshape(self, shape[0] if len(shape) == 1 else shape, **options)

    def flatten(self) -> Any:
        """As an array's."""
        return np.ravel(self)

    def transpose(self, *axes: Any) -> Any:
        """As an array's."""
        given = axes[0] if len(axes) == 1 else (axes or None)
        return np.transpose(self, given)


def _method(name: str) -> Any:
    function = getattr(np, name)

    def method(self: Dual, *args: Any, **kwargs: Any) -> Any:
        return function(self, *args, **kwargs)

    method.__name__ = name
    method.__doc__ = f"As ``np.{name}``."
    return method


for _name in (
    *("sum", "mean", "prod", "var", "std", "max", "min", "cumsum", "cumprod", "clip", "dot", "trace", "diagonal"),
    *("ravel", "squeeze", "swapaxes", "repeat", "take", "copy", "argmax", "argmin", "argsort", "any", "all", "round"),
):
    setattr(Dual, _name, _method(_name))


def made(primal: Any, directions: Any, single: bool, level: int) -> Dual:
    """A Dual of what is known to fit."""
    result = object.__new__(Dual)
    result._set(primal, directions, single, level)
    return result


def remade(like: Dual, primal: Any, directions: Any) -> Dual:
    """A Dual in the directions of another."""
    return made(primal, directions, like._single, like._level)


def level_of(value: Any) -> int:
    """How deep derivatives of derivatives go: 0 for what is no Dual."""
    return value._level if isinstance(value, Dual) else 0


def without_tangent(value: Any) -> Any:
    """An array, or the primal below all tangents."""
    while isinstance(value, Dual):
        value = value.primal
    return value


def as_array(value: Any) -> Any:
    """A Dual as it is, anything else as an array."""
    _refuse("what is differentiated", value)
    return value if isinstance(value, Dual) else np.asarray(value)


def _refuse(name: str, value: Any) -> None:
    """Raise a TypeError for an array on a device: nothing is copied in silence."""
    if on_device(value):
        raise TypeError(f"Dual: {name} must be on the host: arrays on a device carry no tangents")


def level_in(values: Any) -> int:
    """The deepest among the parts of tuples, lists and dicts."""
    if isinstance(values, Dual):
        return values._level
    if isinstance(values, (tuple, list)):
        return max(map(level_in, values), default=0)
    return level_in(list(values.values())) if isinstance(values, dict) else 0


def whole(value: Any) -> Any:
    """A list or tuple that holds Duals as one Dual."""
    return _floats("an argument", value) if isinstance(value, (tuple, list)) and level_in(value) else value


def _floats(name: str, value: Any) -> Any:
    if isinstance(value, Dual):
        return value
    if isinstance(value, (tuple, list)) and level_in(value):
        return np.stack([_floats(name, part) for part in value])
    _refuse(name, value)
    array = as_reals(value, "Dual", name)
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def stacked(directions: Any) -> Any:
    """The directions of a sequence along a first axis; of a single one no copy is made."""
    return np.stack(directions) if len(directions) > 1 else np.expand_dims(directions[0], 0)


def each(function: Callable[[Any], Any], directions: Any) -> Any:
    """A function of each direction, along a first axis."""
    return stacked([function(directions[j]) for j in range(len(directions))])


def mapped(values: Any, level: int, take: Callable[[Dual], Any], otherwise: Callable[[Any], Any]) -> Any:
    """Tuples, lists and dicts with other values in the place of the Duals of a level, and of the other leaves."""
    if isinstance(values, (tuple, list)):
        return type(values)(mapped(part, level, take, otherwise) for part in values)
    if isinstance(values, dict):
        return {name: mapped(part, level, take, otherwise) for name, part in values.items()}
    return take(values) if level_of(values) == level else otherwise(values)


def duals_in(values: Any, level: int) -> list[Dual]:
    """The Duals of a level."""
    found: list[Dual] = []
    mapped(values, level, found.append, lambda leaf: None)
    if len({len(d._directions) for d in found}) > 1:
        counts = ", ".join(str(len(d._directions)) for d in found)
        raise ValueError(f"the tangents of Duals that meet must have the same number of directions; got {counts}")
    return found


def primals(values: Any, level: int) -> Any:
    """The same without the tangents of a level."""
    return mapped(values, level, lambda d: d.primal, lambda leaf: leaf)
