"""From a constraint to a transform whose values satisfy it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fastdist import constraints
from fastdist.constraints import Constraint
from fastdist.transforms.affine import AffineTransform
from fastdist.transforms.cholesky import LowerCholeskyTransform, PositiveDefiniteTransform
from fastdist.transforms.compose import ComposeTransform, IndependentTransform, identity_transform
from fastdist.transforms.correlation import CorrCholeskyTransform, CorrMatrixTransform
from fastdist.transforms.exponential import ExpTransform
from fastdist.transforms.joined import CatTransform, StackTransform
from fastdist.transforms.logistic import IntervalTransform, SigmoidTransform
from fastdist.transforms.ordered import OrderedTransform
from fastdist.transforms.orthogonal import OrthogonalTransform, UnitVectorTransform
from fastdist.transforms.simplex import SoftmaxTransform, StickBreakingTransform
from fastdist.transforms.transform import Transform

Factory = Callable[[Any], Transform]


class ConstraintRegistry:
    """Transforms by the class of a constraint.

    Called on a constraint it gives a transform from real numbers to the set. A class without an entry takes that of
    its nearest base class.

    Parameters
    ----------
    name : str
        How errors call the registry.
    """

    def __init__(self, name: str = "ConstraintRegistry") -> None:
        self._name = name
        self._factories: dict[type[Constraint], Factory] = {}

    def register(self, constraint: Any, factory: Factory | None = None) -> Any:
        """Add a factory for a class of constraints, or for the class of a constraint.

        Parameters
        ----------
        constraint : Constraint or type
        factory : callable, optional
            ``factory(constraint)`` gives a transform. Without it, the result is a decorator.

        Examples
        --------
        >>> import fastdist as fd
        >>> registry = type(fd.biject_to)("example")
        >>> @registry.register(fd.constraints.positive)
        ... def positive(constraint):
        ...     return fd.transforms.SoftplusTransform()
        >>> registry(fd.constraints.positive)
        SoftplusTransform()
        """
        cls = type(constraint) if isinstance(constraint, Constraint) else constraint
        if not (isinstance(cls, type) and issubclass(cls, Constraint)):
            raise TypeError(f"{self._name}.register: constraint must be a constraint or a class of them; got {cls!r}")
        if factory is None:
            return lambda factory: self.register(cls, factory)
        if not callable(factory):
            raise TypeError(f"{self._name}.register: factory must be callable; got {factory!r}")
        self._factories[cls] = factory
        return factory

    def __call__(self, constraint: Constraint) -> Transform:
        """The transform to the set of a constraint."""
        if not isinstance(constraint, Constraint):
            raise TypeError(f"{self._name}: a constraint is needed; got {constraint!r}")
        for cls in type(constraint).__mro__:
            if cls in self._factories:
                return self._factories[cls](constraint)
        raise NotImplementedError(f"{self._name}: no transform is registered for {constraint!r}")

    def __repr__(self) -> str:
        return f"<{self._name}: {', '.join(sorted(cls.__name__ for cls in self._factories))}>"


biject_to = ConstraintRegistry("biject_to")
biject_to.__doc__ = """Bijections from unconstrained vectors to the set of a constraint.

Examples
--------
>>> import fastdist as fd
>>> fd.biject_to(fd.constraints.simplex)([0.0, 0.0])
array([0.33333333, 0.33333333, 0.33333333])
"""

transform_to = ConstraintRegistry("transform_to")
transform_to.__doc__ = """Transforms to the set of a constraint that are good for optimisation: not all are bijections.

Examples
--------
>>> import fastdist as fd
>>> fd.transform_to(fd.constraints.simplex)([0.0, 0.0])
array([0.5, 0.5])
"""


def _both(*sets: Any) -> Callable[[Factory], Factory]:
    """Register a factory for bijections and for transforms."""

    def register(factory: Factory) -> Factory:
        for constraint in sets:
            biject_to.register(constraint, factory)
            transform_to.register(constraint, factory)
        return factory

    return register


@_both(constraints.real)
def _to_real(constraint: Any) -> Transform:
    return identity_transform


@_both(constraints.greater_than, constraints.greater_than_eq)
def _to_above(constraint: Any) -> Transform:
    return _above(constraint.lower)


@_both(constraints.less_than)
def _to_below(constraint: Any) -> Transform:
    return _below(constraint.upper)


@_both(constraints.interval, constraints.half_open_interval, constraints.open_interval)
def _to_interval(constraint: Any) -> Transform:
    lower, upper = constraint.lower, constraint.upper
    finite = np.isfinite(lower).all(), np.isfinite(upper).all()
    if np.isfinite(lower).any() != finite[0] or np.isfinite(upper).any() != finite[1]:
        raise NotImplementedError(f"no transform is registered where only some ends are finite; got {constraint!r}")
    if not any(finite):
        return identity_transform
    if not all(finite):
        return _above(lower) if finite[0] else _below(upper)
    unit = np.ndim(lower) == np.ndim(upper) == 0 and lower == 0 and upper == 1
    return SigmoidTransform() if unit else IntervalTransform(lower, upper)


def _above(end: Any) -> Transform:
    is_zero = np.ndim(end) == 0 and end == 0
    return ExpTransform() if is_zero else ComposeTransform([ExpTransform(), AffineTransform(end, 1.0)])


def _below(end: Any) -> Transform:
    return ComposeTransform([ExpTransform(), AffineTransform(end, -1.0)])


@_both(constraints.ordered_vector)
def _to_ordered(constraint: Any) -> Transform:
    return OrderedTransform()


@_both(constraints.corr_cholesky)
def _to_corr_cholesky(constraint: Any) -> Transform:
    return CorrCholeskyTransform()


@_both(constraints.corr_matrix)
def _to_corr_matrix(constraint: Any) -> Transform:
    return CorrMatrixTransform()


@_both(constraints.logits)
def _to_logits(constraint: Any) -> Transform:
    return IndependentTransform(identity_transform, 1)


@_both(constraints.weights)
def _to_weights(constraint: Any) -> Transform:
    return IndependentTransform(ExpTransform(), 1)


@biject_to.register(constraints.simplex)
def _biject_to_simplex(constraint: Any) -> Transform:
    return StickBreakingTransform()


@transform_to.register(constraints.simplex)
def _transform_to_simplex(constraint: Any) -> Transform:
    return SoftmaxTransform()


@transform_to.register(constraints.lower_cholesky)
def _transform_to_lower_cholesky(constraint: Any) -> Transform:
    return LowerCholeskyTransform()


@transform_to.register(constraints.positive_definite)
@transform_to.register(constraints.positive_semidefinite)
def _transform_to_positive_definite(constraint: Any) -> Transform:
    return PositiveDefiniteTransform()


@transform_to.register(constraints.sphere)
def _transform_to_sphere(constraint: Any) -> Transform:
    return UnitVectorTransform()


@transform_to.register(constraints.orthogonal)
def _transform_to_orthogonal(constraint: Any) -> Transform:
    return OrthogonalTransform()


def _register_by_parts(registry: ConstraintRegistry) -> None:
    """Constraints that are made of others, with the transforms to those."""

    @registry.register(constraints.independent)
    def independent(constraint: Any) -> Transform:
        return IndependentTransform(registry(constraint.base_constraint), constraint.reinterpreted_batch_ndims)

    @registry.register(constraints.cat)
    def cat(constraint: Any) -> Transform:
        return CatTransform([registry(c) for c in constraint.cseq], constraint.dim, constraint.lengths)

    @registry.register(constraints.stack)
    def stack(constraint: Any) -> Transform:
        return StackTransform([registry(c) for c in constraint.cseq], constraint.dim)


for _registry in (biject_to, transform_to):
    _register_by_parts(_registry)
