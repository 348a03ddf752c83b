"""The base of all transforms: calls, inverses, log determinants, caching, equality.

A transform's own file gives formulas: of single numbers (:mod:`fastdist.transforms.elementwise`), of rows
(:mod:`fastdist.transforms.vectors`), or of arrays.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fastdist.constraints import Constraint
from fastdist.engine.device import negative, refuse, summed
from fastdist.engine.evaluate import F32, F64, operand
from fastdist.forward.dual import Dual, level_of, without_tangent
from fastdist.reals import as_float, as_reals, axes
from fastdist.transforms import parameters, tangents
from fastdist.transforms.chain import Piece

Shape = tuple[int, ...]

# What a transform keeps beside the attributes that make it.
_KEPT = {"_made", "_cache_size", "_level", "_kept", "_inv", "_lower", "_fused_chain", "_kept_pieces"}
_KEPT |= {"_joined", "_prefixes", "_cached_by"}


class _Immutable(type):
    """The class of transforms: their attributes are set in ``__init__`` and never again."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        transform = super().__call__(*args, **kwargs)
        transform._set(_made=True)
        return transform


class Transform(metaclass=_Immutable):
    """A map of values, with its inverse and the log of the absolute determinant of its Jacobian.

    A transform is immutable. Where it takes vectors or matrices, the axes of an event come last; all axes before them
    are a batch. float32 values give float32 results, and a result without axes is a NumPy scalar.

    A subclass of your own defines `domain`, `codomain`, `bijective`, ``_call(x)``, ``_inverse(y)``, and for a bijection
    ``log_abs_det_jacobian(x, y)``, as for torch. It keeps its parameters as attributes, set in ``__init__``. Transforms
    of one class whose attributes are equal are equal; copies and pickles keep them all.

    Parameters
    ----------
    cache_size : int
        With 1, the last pair (x, y) is kept, so that ``t.inv(t(x))`` is `x` itself, and is not computed; arrays are
        compared by identity, so do not write to them in between. With 0, nothing is kept.

    Attributes
    ----------
    domain, codomain : Constraint
        Where values and results lie.
    bijective : bool
        Whether the inverse undoes the transform.
    sign : int or array
        For a bijection of numbers, 1 if it increases and -1 if it decreases.

    Examples
    --------
    >>> import numpy as np
    >>> import fastdist as fd
    >>> class CubeTransform(fd.transforms.Transform):
    ...     domain = codomain = fd.constraints.real
    ...     bijective = True
    ...     sign = 1
    ...
    ...     def __init__(self, scale):
    ...         super().__init__()
    ...         self.scale = scale
    ...
    ...     def _call(self, x):
    ...         return self.scale * x**3
    ...
    ...     def _inverse(self, y):
    ...         return np.cbrt(y / self.scale)
    ...
    ...     def log_abs_det_jacobian(self, x, y):
    ...         return np.log(3.0 * self.scale * x**2)
    >>> cube = CubeTransform(2.0)
    >>> cube([1.0, 2.0])
    array([ 2., 16.])
    >>> cube == CubeTransform(2.0), cube == CubeTransform(3.0)
    (True, False)
    >>> fd.TransformedDistribution(fd.Normal(0.0, 1.0), cube).log_prob(16.0).round(6)
    np.float64(-6.096992)
    """

    @property
    def domain(self) -> Any:
        """Where values lie."""
        raise NotImplementedError(f"{type(self).__name__} has no domain")

    @property
    def codomain(self) -> Any:
        """Where results lie."""
        raise NotImplementedError(f"{type(self).__name__} has no codomain")

    @property
    def bijective(self) -> bool:
        """Whether the inverse undoes the transform."""
        return False

    def __init__(self, cache_size: int = 0) -> None:
        if type(cache_size) is bool or cache_size not in (0, 1):
            raise ValueError(f"{type(self).__name__}: cache_size must be 0 or 1; got {cache_size!r}")
        self._set(_cache_size=int(cache_size))

    # The public face ----------------------------------------------------------------------------

    def __call__(self, x: Any) -> Any:
        """The value of the transform at `x`."""
        if type(x) is Dual or self._level:
            return tangents.call(self, x)
        x = self._listed(x)
        if not self._cache_size:
            return self._call(x)
        kept = self.__dict__.get("_kept")
        if kept is not None and kept[0] is x:
            return kept[1]
        y = self._call(x)
        self._set(_kept=(x, y))
        return y

    @property
    def inv(self) -> Transform:
        """The inverse transform: ``t.inv.inv`` is ``t``."""
        inverse = self.__dict__.get("_inv")
        if inverse is None:
            inverse = self._inverted()
            self._set(_inv=inverse)
        return inverse

    def log_abs_det_jacobian(self, x: Any, y: Any = None) -> Any:
        """Log of the absolute determinant of the Jacobian at `x`, whose value is `y`: of the batch's shape."""
        self._check_bijective("log_abs_det_jacobian")
        if type(x) is Dual or self._level:
            return tangents.log_det(self, x)
        return self._log_det(x)

    def forward_and_log_det(self, x: Any) -> tuple[Any, Any]:
        """The value at `x` and the log of the absolute determinant of the Jacobian, in one pass."""
        self._check_bijective("forward_and_log_det")
        if type(x) is Dual or self._level:
            return tangents.call(self, x), tangents.log_det(self, x)
        return self._call_and_log_det(x)

    @property
    def event_dim(self) -> int:
        """How many axes an event of the domain has, which for this property is the same in the codomain."""
        if self.domain.event_dim != self.codomain.event_dim:
            raise ValueError(f"{type(self).__name__}: use domain.event_dim or codomain.event_dim, which differ")
        return self.domain.event_dim

    @property
    def sign(self) -> Any:
        """1 if the transform increases, -1 if it decreases: for a bijection of numbers."""
        raise NotImplementedError(f"{type(self).__name__}.sign is not defined: it is not a bijection of numbers")

    def with_cache(self, cache_size: int = 1) -> Transform:
        """The same transform with another `cache_size`."""
        if cache_size == self._cache_size:
            return self
        return rebuilt(type(self), self._made_of(), cache_size)

    def forward_shape(self, shape: Shape) -> Shape:
        """The shape of the value at an `x` of this shape."""
        return self._at_least(shape, self.domain.event_dim)

    def inverse_shape(self, shape: Shape) -> Shape:
        """The shape of the inverse at a `y` of this shape."""
        return self._at_least(shape, self.codomain.event_dim)

    # What a transform defines -------------------------------------------------------------------

    def _call(self, x: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no forward map")

    def _inverse(self, y: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no inverse")

    def _log_det(self, x: Any) -> Any:
        return self._call_and_log_det(x)[1]

    def _call_and_log_det(self, x: Any) -> tuple[Any, Any]:
        x = self._listed(x)
        y, cls = self(x), type(self)
        if cls._log_det is not Transform._log_det:
            return y, self._log_det(x)
        if cls.log_abs_det_jacobian is Transform.log_abs_det_jacobian:
            raise NotImplementedError(f"{cls.__name__} has no log_abs_det_jacobian")
        return y, self.log_abs_det_jacobian(x, y)

    def _inverse_and_log_det(self, y: Any) -> tuple[Any, Any]:
        """The inverse at `y`, and the log of the determinant of the inverse."""
        x = self._inverse(self._listed(y, inverse=True))
        return x, -self._log_det(x)

    def _pieces(self) -> tuple[Piece, ...] | None:
        """The transform as a chain of maps of single numbers, or None if it is something else."""
        return None

    def _push(self, x: np.ndarray, y: np.ndarray, tangent: np.ndarray) -> np.ndarray:
        """How the value y moves when x does: `tangent` and the result may have more axes behind those of x and y."""
        raise NotImplementedError(f"{type(self).__name__} has no derivative of its values")

    def _pull(self, x: np.ndarray, y: np.ndarray, slope: np.ndarray) -> np.ndarray:
        """The derivative in y of a function of x, of which `slope` is that in x, minus the log determinant."""
        raise NotImplementedError(f"{type(self).__name__} has no derivative of its inverse")

    def _moving(self, shape: Shape) -> dict[str, Any]:
        """The parameters in which there are derivatives, each with a number for each of a value of this shape."""
        return {}

    def _moves(self, x: np.ndarray, y: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """How each number of the value y, and what it adds to the log determinant, move with its number of each."""
        return {}

    # Of a transform of which parameters are Duals.

    def _carried_call(self, x: Any) -> Any:
        """The value with its tangent."""
        level = max(self._level, level_of(x))
        return tangents.pushed(self._below(level), x, self._tangents_at(x, level))

    def _carried_log_det(self, x: Any) -> Any:
        """The log of the determinant with its tangent."""
        level = max(self._level, level_of(x))
        return tangents.log_det_of(self._below(level), x, self._tangents_at(x, level))

    def _tangents_at(self, x: Any, level: int) -> dict[str, Dual]:
        return self._carried(self.forward_shape(np.shape(x)), level)

    def _below(self, level: int) -> Transform:
        """The transform without the tangents of a level, which is the deepest."""
        return self

    def _carried(self, shape: Shape, level: int) -> dict[str, Any]:
        """The parameters that are Duals of a level, each with a number for each of a value of this shape."""
        return {}

    def _arguments(self) -> dict[str, Any]:
        """The arguments of the class that make this transform, without `cache_size`: its attributes by default."""
        return self._attributes()

    # Identity -----------------------------------------------------------------------------------

    def _set(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)

    def __setattr__(self, name: str, value: Any) -> None:
        if self._made:
            raise AttributeError(f"{type(self).__name__} is immutable: make a new one instead of setting {name!r}")
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable: {name!r} cannot be deleted")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Transform):
            return NotImplemented
        mine, others = self._identity(), other._identity()
        return len(mine) == len(others) and all(parameters.same(a, b) for a, b in zip(mine, others, strict=True))

    def __hash__(self) -> int:
        return hash(self._identity()[0])

    def _identity(self) -> tuple[Any, ...]:
        """What equal transforms have in common; the first entry is hashable."""
        return type(self), *self._arguments().values()

    def _inverse_identity(self) -> tuple[Any, ...]:
        """The same for the inverse."""
        return "inverse", self

    def __reduce__(self) -> Any:
        return rebuilt, (type(self), self._made_of(), self._cache_size)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={parameters.shown(value)}" for name, value in self._arguments().items())
        return f"{type(self).__name__}({shown})"

    def _attributes(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in _KEPT}

    def _made_of(self) -> dict[str, Any]:
        """What a copy is made of: arguments, or attributes."""
        return self._arguments() if _takes_arguments(type(self)) else self._attributes()

    # Helpers ------------------------------------------------------------------------------------

    _made: bool = False
    _cache_size: int = 0
    _level: int = 0
    """How deep the derivatives of parameters go: 0 if none is a Dual."""

    def _inverted(self) -> Transform:
        return _InverseTransform(self)

    def _inv_call(self, y: Any) -> Any:
        y = self._listed(y, inverse=True)
        if not self._cache_size:
            return self._inverse(y)
        kept = self.__dict__.get("_kept")
        if kept is not None and kept[1] is y:
            return kept[0]
        x = self._inverse(y)
        self._set(_kept=(x, y))
        return x

    def _check_bijective(self, method: str) -> None:
        if not self.bijective:
            raise NotImplementedError(f"{type(self).__name__}.{method}: the transform is not a bijection")

    def _at_least(self, shape: Shape, ndim: int) -> Shape:
        shape = tuple(shape)
        if len(shape) < ndim:
            raise ValueError(f"{type(self).__name__}: a value needs at least {axes(ndim)}; got shape {shape}")
        return shape

    def _listed(self, value: Any, inverse: bool = False) -> Any:
        """A list as an array of floats, for arithmetic."""
        if type(value) is not list and type(value) is not tuple:
            return value
        return _floats(operand(value, f"{type(self).__name__}.inv" if inverse else type(self).__name__))

    def _array(self, value: Any, ndim: int = 0) -> Any:
        """`value` as an array of floats with at least `ndim` axes: float32 as it is, else float64."""
        who = type(self).__name__
        array = operand(value, who)
        self._at_least(array.shape, ndim)
        return _floats(array)

    def _parameter(self, name: str, value: Any) -> Any:
        """A parameter as a float, or as a read-only array of floats if it has a dtype."""
        who = type(self).__name__
        if isinstance(value, (float, int)) and not isinstance(value, np.generic):
            return as_float(value, who, f"parameter {name}")
        refuse(value, who)
        array = as_reals(value, who, f"parameter {name}")
        array = _floats(array, copy=True)
        array.flags.writeable = False
        return array[()]

    def _require(self, name: str, value: Any, valid: Any, what: str) -> None:
        """Raise a ValueError that shows the first number of a parameter that is not valid."""
        if valid if np.ndim(valid) == 0 else np.all(valid):
            return
        index = tuple(int(i) for i in np.unravel_index(int(np.argmin(valid)), np.shape(valid)))
        place = f" at index {index}" if index else ""
        shown = np.asarray(without_tangent(value))[index]
        raise ValueError(f"{type(self).__name__}: parameter {name} must be {what}; got {shown}{place}")


class _InverseTransform(Transform):
    """The inverse of a transform: what :attr:`Transform.inv` gives."""

    def __init__(self, transform: Transform) -> None:
        self._set(_cache_size=transform._cache_size, _inv=transform, _level=transform._level)

    def __call__(self, x: Any) -> Any:
        return tangents.call(self, x) if type(x) is Dual or self._level else self.inv._inv_call(x)

    @property
    def domain(self) -> Constraint:
        """The codomain of the transform."""
        return self.inv.codomain

    @property
    def codomain(self) -> Constraint:
        """The domain of the transform."""
        return self.inv.domain

    @property
    def bijective(self) -> bool:
        """Whether the transform is a bijection."""
        return self.inv.bijective

    @property
    def sign(self) -> Any:
        return self.inv.sign

    def with_cache(self, cache_size: int = 1) -> Transform:
        return self.inv.with_cache(cache_size).inv

    def forward_shape(self, shape: Shape) -> Shape:
        return self.inv.inverse_shape(shape)

    def inverse_shape(self, shape: Shape) -> Shape:
        return self.inv.forward_shape(shape)

    def log_abs_det_jacobian(self, x: Any, y: Any = None) -> Any:
        """Minus that of the transform at `y`, which is computed if it is not given."""
        self._check_bijective("log_abs_det_jacobian")
        if type(x) is Dual or self._level:
            return tangents.log_det(self, x)
        return self._log_det(x) if y is None else negative(self.inv._log_det(y))

    def _below(self, level: int) -> Transform:
        return self.inv._below(level).inv

    def _carried(self, shape: Shape, level: int) -> dict[str, Any]:
        return self.inv._carried(shape, level)

    def _call(self, x: Any) -> Any:
        return self.inv._inverse(x)

    def _inverse(self, y: Any) -> Any:
        return self.inv._call(y)

    def _push(self, x: np.ndarray, y: np.ndarray, tangent: np.ndarray) -> np.ndarray:
        return tangents.through_inverse(self.inv, y, x, tangent)

    def _pull(self, x: np.ndarray, y: np.ndarray, slope: np.ndarray) -> np.ndarray:
        ndim = self.codomain.event_dim
        event = y.shape[y.ndim - ndim :]
        size = math.prod(event)
        unit = np.broadcast_to(np.eye(size).reshape((*event, size)), (*y.shape, size))
        jacobian = self.inv._push(y, x, unit)
        # What the transform pulls of nothing is how its log determinant moves, through the inverse of the Jacobian.
        moved = slope - self.inv._pull(y, x, np.zeros_like(y))
        axes = tuple(range(y.ndim - ndim, x.ndim))
        return np.sum(jacobian * moved[..., np.newaxis], axis=axes).reshape(y.shape)

    def _call_and_log_det(self, x: Any) -> tuple[Any, Any]:
        return self.inv._inverse_and_log_det(x)

    def _inverse_and_log_det(self, y: Any) -> tuple[Any, Any]:
        return self.inv._call_and_log_det(y)

    def _moving(self, shape: Shape) -> dict[str, Any]:
        return self.inv._moving(shape)

    def _moves(self, x: np.ndarray, y: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        found = self.inv._moves(y, x)
        if not found:
            return {}
        # Of the map of each number by itself: its slope, and minus that of the slope's logarithm over it.
        slope, pulled = self.inv._push(y, x, np.ones(x.shape)), self.inv._pull(y, x, np.zeros(x.shape))
        return {
            name: (np.where(p == 0, 0.0, -p / slope), np.where(p == 0, -q, -q - pulled * p))
            for name, (p, q) in found.items()
        }

    def _pieces(self) -> tuple[Piece, ...] | None:
        pieces = self.inv._pieces()
        return None if pieces is None else tuple(piece.flipped for piece in reversed(pieces))

    def _identity(self) -> tuple[Any, ...]:
        return self.inv._inverse_identity()

    def _inverse_identity(self) -> tuple[Any, ...]:
        return self.inv._identity()

    def __reduce__(self) -> Any:
        return _inverse_of, (self.inv,)

    def __repr__(self) -> str:
        return f"{self.inv!r}.inv"


def _floats(array: np.ndarray, copy: bool = False) -> np.ndarray:
    return array.astype(F32 if array.dtype.kind == "f" and array.dtype.itemsize <= 4 else F64, copy=copy)


def sum_last(value: Any, ndim: int, who: str) -> Any:
    """The sum over the last `ndim` axes."""
    if not ndim:
        return value
    if np.ndim(value) < ndim:
        raise ValueError(f"{who}: a value needs at least {axes(ndim)}; got shape {np.shape(value)}")
    return summed(value, ndim)


def _takes_arguments(cls: type) -> bool:
    """Whether ``_arguments`` are those of the constructor: not if a class below the one that says so has its own."""
    said = next(base for base in cls.__mro__ if "_arguments" in vars(base) or "__init__" in vars(base))
    return "_arguments" in vars(said)


def rebuilt(cls: type[Transform], made_of: dict[str, Any], cache_size: int) -> Transform:
    if _takes_arguments(cls):
        return cls(**made_of, **({"cache_size": cache_size} if cache_size else {}))
    transform = object.__new__(cls)
    transform._set(_cache_size=cache_size)
    for name, value in made_of.items():
        setattr(transform, name, value)
    transform._set(_made=True)
    return transform


def _inverse_of(transform: Transform) -> Transform:
    return transform.inv
