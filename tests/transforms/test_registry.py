"""biject_to and transform_to: a transform for each constraint, and back."""

from math import inf

import numpy as np
import pytest

import fastdist as fd
from fastdist import constraints as c
from fastdist import transforms as t

RANDOM = np.random.default_rng(4)

# Constraints, and the shape of an unconstrained value.
BOTH = [
    (c.real, ()),
    (c.positive, ()),
    (c.nonnegative, ()),
    (c.greater_than(2.5), ()),
    (c.greater_than_eq(-1.0), ()),
    (c.greater_than(np.array([1.0, -2.0])), (2,)),
    (c.less_than(-3.0), ()),
    (c.unit_interval, ()),
    (c.interval(-2.0, 5.0), ()),
    (c.interval(np.array([0.0, 1.0]), np.array([1.0, 4.0])), (2,)),
    (c.half_open_interval(1.0, 2.0), ()),
    (c.open_interval(1.0, 2.0), ()),
    (c.interval(-inf, inf), ()),
    (c.interval(1.0, inf), ()),
    (c.interval(-inf, np.array([1.0, 2.0])), (2,)),
    (c.real_vector, (3,)),
    (c.positive_vector, (3,)),
    (c.independent(c.unit_interval, 2), (2, 3)),
    (c.logits, (3,)),
    (c.weights, (3,)),
    (c.simplex, (3,)),
    (c.ordered_vector, (4,)),
    (c.corr_cholesky, (6,)),
    (c.corr_matrix, (6,)),
    (c.cat([c.positive, c.real, c.interval(0.0, 3.0)], dim=-1, lengths=[1, 2, 1]), (4,)),
    (c.cat([c.simplex, c.ordered_vector], dim=0), (2, 3)),
    (c.stack([c.positive, c.real], dim=0), (2, 5)),
]
ONE_WAY = [
    (c.lower_cholesky, (3, 3)),
    (c.positive_definite, (3, 3)),
    (c.positive_semidefinite, (3, 3)),
    (c.sphere, (3,)),
    (c.orthogonal, (3, 3)),
]
NEITHER = [
    c.boolean,
    c.nonnegative_integer,
    c.integer_interval(0, 3),
    c.one_hot,
    c.multinomial(3),
    c.dependent,
    c.square,
]


@pytest.mark.parametrize(("constraint", "shape"), BOTH, ids=[repr(row[0]) for row in BOTH])
def test_bijections(constraint, shape):
    if isinstance(constraint, c.Cat) and constraint.dim == 0:
        constraint = c.cat([c.real_vector, c.ordered_vector], dim=0)  # the parts of a result have one length
    transform = fd.biject_to(constraint)
    assert transform.bijective
    x = 2 * RANDOM.normal(size=shape if isinstance(constraint, (c.Cat, c.Stack)) else (40, *shape))
    y = transform(x)
    assert np.all(constraint.check(y))
    np.testing.assert_allclose(transform.inv(y), x, rtol=1e-7, atol=1e-7)
    log_det = transform.log_abs_det_jacobian(x, y)
    np.testing.assert_allclose(transform.inv.log_abs_det_jacobian(y, x), -log_det, rtol=1e-12)
    assert np.isfinite(log_det).all()
    assert fd.biject_to(constraint) == transform


@pytest.mark.parametrize(("constraint", "shape"), BOTH + ONE_WAY, ids=[repr(row[0]) for row in BOTH + ONE_WAY])
def test_transforms(constraint, shape):
    transform = fd.transform_to(constraint)
    x = 2 * RANDOM.normal(size=shape if isinstance(constraint, (c.Cat, c.Stack)) else (40, *shape))
    y = transform(x)
    assert np.all(constraint.check(y))
    np.testing.assert_allclose(transform(transform.inv(y)), y, rtol=1e-9, atol=1e-12)


def test_what_is_chosen():
    assert fd.biject_to(c.real) == t.identity_transform
    assert fd.biject_to(c.positive) == fd.transform_to(c.nonnegative) == t.ExpTransform()
    assert fd.biject_to(c.unit_interval) == t.SigmoidTransform()
    assert fd.biject_to(c.simplex) == t.StickBreakingTransform() and fd.transform_to(c.simplex) == t.SoftmaxTransform()
    assert fd.biject_to(c.corr_cholesky) == t.CorrCholeskyTransform()
    assert fd.biject_to(c.less_than(1.0)).sign == -1
    assert fd.biject_to(c.interval(0.0, inf)) == t.ExpTransform()
    assert fd.transform_to(c.positive_definite) == t.PositiveDefiniteTransform()


def test_extremes_stay_inside():
    for constraint in (c.interval(0.1, 0.4), c.unit_interval, c.interval(-1e-300, 1e300), c.less_than(2.0)):
        y = fd.biject_to(constraint)(np.array([-1e4, -745.0, -40.0, 40.0]))
        assert (y <= constraint.upper).all() and (y >= constraint.lower).all()


@pytest.mark.parametrize(
    "family", [fd.Normal, fd.Gamma, fd.Beta, fd.StudentT, fd.Uniform, fd.VonMises], ids=lambda f: f.__name__
)
def test_parameters_of_distributions(family):
    """What variational inference does: each parameter from a real number."""
    for name, constraint in family.arg_constraints.items():
        values = fd.biject_to(constraint)(np.linspace(-3.0, 3.0, 7))
        assert constraint.check(values).all(), name


@pytest.mark.parametrize("constraint", NEITHER, ids=repr)
def test_refused(constraint):
    for registry, name in ((fd.biject_to, "biject_to"), (fd.transform_to, "transform_to")):
        with pytest.raises(
            NotImplementedError, match=f"{name}: no transform is registered for {type(constraint).__name__}"
        ):
            registry(constraint)


@pytest.mark.parametrize("constraint", [row[0] for row in ONE_WAY], ids=repr)
def test_no_bijection(constraint):
    with pytest.raises(NotImplementedError, match="biject_to"):
        fd.biject_to(constraint)


def test_mixed_ends():
    with pytest.raises(NotImplementedError, match="only some ends"):
        fd.biject_to(c.interval(np.array([0.0, -inf]), 1.0))


def test_register():
    registry = t.ConstraintRegistry("mine")

    class Even(c.Constraint):
        pass

    class EvenMore(Even):
        pass

    @registry.register(Even)
    def even(constraint):
        return t.ExpTransform()

    assert registry(Even()) == registry(EvenMore()) == t.ExpTransform() and even(None) == t.ExpTransform()
    assert registry.register(EvenMore(), lambda constraint: t.TanhTransform())(None) == t.TanhTransform()
    assert registry(EvenMore()) == t.TanhTransform() and registry(Even()) == t.ExpTransform()
    assert repr(registry) == "<mine: Even, EvenMore>"
    with pytest.raises(NotImplementedError, match="mine: no transform is registered for Real"):
        registry(c.real)
    for bad in (lambda: registry.register(int, even), lambda: registry.register(Even, 1), lambda: registry(Even)):
        with pytest.raises(TypeError, match="mine"):
            bad()
