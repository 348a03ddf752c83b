"""Constraints: the sets in which parameters and values lie.

Names and meaning are those of ``torch.distributions.constraints``. A constraint is called on
arrays through :meth:`Constraint.check`; two constraints on the same set are equal.
"""

from __future__ import annotations

from fastdist.constraints.constraint import (
    Boolean,
    Constraint,
    Dependent,
    GreaterThan,
    GreaterThanEq,
    HalfOpenInterval,
    Independent,
    IntegerGreaterThanEq,
    IntegerInterval,
    Interval,
    LessThan,
    OpenInterval,
    Real,
    dependent_property,
    is_dependent,
)
from fastdist.constraints.joined import Cat, Stack
from fastdist.constraints.matrices import (
    CorrCholesky,
    CorrMatrix,
    LowerCholesky,
    LowerTriangular,
    Orthogonal,
    PositiveDefinite,
    PositiveSemidefinite,
    Square,
    Symmetric,
)
from fastdist.constraints.vectors import (
    Logits,
    Multinomial,
    OneHot,
    OrderedVector,
    PositiveVector,
    RealVector,
    Simplex,
    Sphere,
    Weights,
)

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
