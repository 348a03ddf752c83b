"""Duals through transforms, their inverses and their log determinants."""

import numpy as np
import pytest

import fastdist as fd
from fastdist import constraints as c
from fastdist import transforms as t

STEP = 1e-4
AFFINE = t.AffineTransform(np.array([0.5, -1.0, 2.0]), 1.5)
TRANSFORMS = {
    "abs": (t.AbsTransform(), False),
    "affine": AFFINE,
    "exp": t.ExpTransform(),
    "log": t.ExpTransform().inv,
    "power": t.PowerTransform(1.7),
    "sigmoid": t.SigmoidTransform(),
    "softplus": t.SoftplusTransform(),
    "tanh": t.TanhTransform(),
    "sinh-arcsinh": t.SinhArcsinhTransform(0.3, 1.2),
    "cdf": t.CumulativeDistributionTransform(fd.Gamma(2.0, 1.0)),
    "quantile": t.CumulativeDistributionTransform(fd.Normal(0.0, 1.0)).inv,
    "chain": t.ComposeTransform([AFFINE, t.ExpTransform(), t.PowerTransform(2.0)]),
    "chain of inverses": t.ComposeTransform([t.ExpTransform().inv, AFFINE.inv]),
    "independent": t.IndependentTransform(t.ExpTransform(), 1),
    "softmax": (t.SoftmaxTransform(), False),
    "stick-breaking": t.StickBreakingTransform(),
    "ordered": t.OrderedTransform(),
    "lower cholesky": (t.LowerCholeskyTransform(), False),
    "positive definite": (t.PositiveDefiniteTransform(), False),
    "correlation": t.CorrCholeskyTransform(),
    "permutation": t.PermuteTransform([2, 0, 1]),
    "reshape": t.ReshapeTransform((3,), (1, 3)),
    "reflection": t.HouseholderTransform([1.0, 2.0, -1.0]),
    "cat": t.CatTransform([t.ExpTransform(), t.SigmoidTransform()], dim=-1, lengths=[1, 2]),
    "stack": t.StackTransform([t.ExpTransform(), t.TanhTransform(), AFFINE], dim=0),
    "simplex": fd.biject_to(c.simplex),
    "interval": fd.biject_to(c.interval(-1.0, 2.0)),
}
X = np.array([[0.3, 0.6, 0.45], [0.8, 0.2, 0.55], [0.7, 0.4, 0.9]])
DIRECTIONS = np.random.default_rng(7).normal(size=(2, 3, 3))


def difference(function, x, towards):
    far, near = (function(x + s * STEP * towards) - function(x - s * STEP * towards) for s in (2.0, 1.0))
    return (8.0 * near - far) / (12.0 * STEP)


def places(transform):
    """Where the transform takes a value: matrices for what takes them."""
    if transform.domain.event_dim == 2:
        return np.stack([X, X.T]), np.stack([DIRECTIONS, DIRECTIONS[::-1]], axis=1)
    return X, DIRECTIONS


@pytest.mark.parametrize("name", TRANSFORMS)
def test_values_and_log_dets(name):
    transform, bijective = TRANSFORMS[name] if isinstance(TRANSFORMS[name], tuple) else (TRANSFORMS[name], True)
    x, directions = places(transform)
    y = transform(fd.Dual(x, directions))
    np.testing.assert_array_equal(y.primal, transform(x))
    for k in range(2):
        np.testing.assert_allclose(y.tangent[k], difference(transform, x, directions[k]), rtol=1e-7, atol=1e-9)
    if not bijective:
        return
    log_det = transform.log_abs_det_jacobian(fd.Dual(x, directions))
    both = transform.forward_and_log_det(fd.Dual(x, directions))
    np.testing.assert_allclose(log_det.primal, transform.log_abs_det_jacobian(x), rtol=1e-14)
    np.testing.assert_array_equal(both[0].tangent, y.tangent)
    np.testing.assert_array_equal(both[1].tangent, log_det.tangent)
    for k in range(2):
        want = difference(transform.log_abs_det_jacobian, x, directions[k])
        np.testing.assert_allclose(log_det.tangent[k], want, rtol=1e-7, atol=1e-8)
    back = transform.inv(y)
    np.testing.assert_allclose(back.tangent, fd.Dual(x, directions).tangent, rtol=1e-9, atol=1e-9)
    backwards = transform.inv.log_abs_det_jacobian(y)
    np.testing.assert_allclose(backwards.tangent, -log_det.tangent, rtol=1e-7, atol=1e-9)


def twice(f, x, directions):
    """How the derivative of f in one direction moves in another: by Duals of Duals, and by a difference."""

    def slope(x):
        return fd.jvp(f, (x,), (directions[0],))[1]

    return fd.jvp(slope, (x,), (directions[1],))[1], difference(slope, x, directions[1])


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(n, marks=[] if n in ("exp", "correlation", "stick-breaking", "stack") else pytest.mark.slow)
        for n in TRANSFORMS
    ],
)
def test_second_derivatives(name):
    transform, bijective = TRANSFORMS[name] if isinstance(TRANSFORMS[name], tuple) else (TRANSFORMS[name], True)
    x, directions = places(transform)
    np.testing.assert_allclose(*twice(transform, x, directions), rtol=1e-7, atol=1e-8)
    if bijective:
        np.testing.assert_allclose(*twice(transform.log_abs_det_jacobian, x, directions), rtol=1e-7, atol=1e-8)
        back = twice(lambda x: transform.inv(transform(x)), x, directions)[0]
        np.testing.assert_allclose(back, 0.0, atol=1e-10)


def test_one_direction_and_batches():
    x = fd.Dual(0.5, 2.0)
    assert t.ExpTransform()(x).tangent == pytest.approx(2.0 * np.exp(0.5))
    many = t.AffineTransform(np.zeros((2, 1)), np.array([1.0, 2.0, 3.0]))(fd.Dual(np.ones(3), np.ones(3)))
    assert many.shape == (2, 3) and many.tangent.tolist() == [[1.0, 2.0, 3.0]] * 2
    with pytest.raises(TypeError, match="primal"):
        t.HouseholderTransform(fd.Dual([1.0, 2.0], [0.0, 1.0]))


@pytest.mark.parametrize("inverted", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_derivatives_of_a_chain_move_with_its_parameters(inverted):
    def results(s):
        parts = [
            t.AffineTransform(0.5 * s, 1.5 + s),
            t.ExpTransform(),
            t.IndependentTransform(t.PowerTransform(2.0 * s), 0),
        ]
        chain = t.ComposeTransform(parts)
        return chain.inv.forward_and_grad(X * s) if inverted else chain.forward_and_grad(X)

    plain = results(0.7)
    moving = results(fd.Dual(0.7, 1.0))
    assert len(plain) == len(moving) == 10
    ends = [results(0.7 + k * STEP) for k in (2, 1, -1, -2)]
    for i, (value, dual) in enumerate(zip(plain, moving, strict=True)):
        np.testing.assert_allclose(dual.primal, value, rtol=1e-14)
        want = (8.0 * (ends[1][i] - ends[2][i]) - (ends[0][i] - ends[3][i])) / (12.0 * STEP)
        np.testing.assert_allclose(dual.tangent, np.broadcast_to(want, np.shape(value)), rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize(
    "make", [lambda s: fd.Exponential(2.0 * s), pytest.param(lambda s: fd.Gamma(2.0 * s, 1.0), marks=pytest.mark.slow)]
)
def test_a_cdf_moves_with_the_parameters_of_its_distribution(make):
    def through(s):
        return t.CumulativeDistributionTransform(make(s))

    levels = through(0.7)(X)
    for f in (lambda s: through(s)(X), lambda s: through(s).inv(levels), lambda s: through(s).log_abs_det_jacobian(X)):
        _, moved = fd.jvp(f, (0.7,), (1.0,))
        np.testing.assert_allclose(moved, difference(f, 0.7, 1.0), rtol=1e-8)
    image = fd.jvp(
        lambda s: fd.TransformedDistribution(fd.Uniform(0.0, 1.0), [through(s).inv]).log_prob(X), (0.7,), (1.0,)
    )
    np.testing.assert_allclose(image[1], difference(lambda s: make(s).log_prob(X), 0.7, 1.0), rtol=1e-8)
    results = through(fd.Dual(0.7, 1.0)).forward_and_grad(X)
    for i, found in enumerate(results):
        want = difference(lambda s, i=i: through(s).forward_and_grad(X)[i], 0.7, 1.0)
        np.testing.assert_allclose(found.tangent, np.broadcast_to(want, X.shape), rtol=1e-7, atol=1e-9)
