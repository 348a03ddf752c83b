"""Transforms of vectors and matrices: values against mpmath, log determinants against Jacobians, extremes, batches."""

from math import inf, nan

import mpmath as mp
import numpy as np
import pytest

import fastdist as fd
from fastdist import transforms as t

RANDOM = np.random.default_rng(20)
VECTOR = RANDOM.normal(size=6)
MATRIX = RANDOM.normal(size=(3, 3))
BELOW = np.tril_indices(4, -1)

# A transform, a value, and the coordinates of a result that the Jacobian is of.
BIJECTIONS = [
    (t.StickBreakingTransform(), VECTOR, lambda y: y[..., :-1]),
    (t.OrderedTransform(), VECTOR, lambda y: y),
    (t.CorrCholeskyTransform(), VECTOR, lambda y: y[..., BELOW[0], BELOW[1]]),
    (t.CorrMatrixTransform(), VECTOR, lambda y: y[..., BELOW[0], BELOW[1]]),
    (t.HouseholderTransform(RANDOM.normal(size=6)), VECTOR, lambda y: y),
    (t.PermuteTransform([3, 1, 0, 5, 4, 2]), VECTOR, lambda y: y),
]
OTHERS = [
    (t.SoftmaxTransform(), VECTOR, None),
    (t.UnitVectorTransform(), VECTOR, None),
    (t.LowerCholeskyTransform(), MATRIX, None),
    (t.PositiveDefiniteTransform(), MATRIX, None),
    (t.OrthogonalTransform(), MATRIX, None),
]
bijections = pytest.mark.parametrize(("transform", "x", "part"), BIJECTIONS, ids=[repr(row[0]) for row in BIJECTIONS])
every = pytest.mark.parametrize(
    ("transform", "x", "part"), BIJECTIONS + OTHERS, ids=[type(row[0]).__name__ for row in BIJECTIONS + OTHERS]
)


@bijections
def test_log_det_is_that_of_the_jacobian(transform, x, part):
    h = 1e-5
    steps = h * np.eye(len(x))
    jacobian = (part(transform(x + steps)) - part(transform(x - steps))) / (2 * h)
    _, want = np.linalg.slogdet(jacobian)
    y, log_det = transform.forward_and_log_det(x)
    assert log_det == pytest.approx(want, abs=1e-8)
    assert transform.log_abs_det_jacobian(x, y) == log_det and type(log_det) is np.float64
    assert transform.inv.log_abs_det_jacobian(y, x) == -log_det
    back, of_inverse = transform.inv.forward_and_log_det(y)
    np.testing.assert_allclose(back, x, rtol=1e-12)
    assert of_inverse == pytest.approx(-log_det, rel=1e-12)


@every
def test_values_lie_in_the_codomain(transform, x, part):
    batch = RANDOM.normal(size=(50, *x.shape)) * 2
    y = transform(batch)
    assert transform.codomain.check(y).all() and transform.domain.check(batch).all()
    again = transform(transform.inv(y))
    np.testing.assert_allclose(again, y, rtol=1e-10, atol=1e-14)
    if transform.bijective:
        np.testing.assert_allclose(transform.inv(y), batch, rtol=1e-7, atol=1e-7)


@every
def test_batches_and_dtypes(transform, x, part):
    batch = np.stack([x, 2 * x, -x, 0.5 * x]).reshape((2, 2, *x.shape))
    y = transform(batch)
    for index in np.ndindex(2, 2):
        np.testing.assert_array_equal(y[index], transform(batch[index]))
        np.testing.assert_array_equal(transform.inv(y)[index], transform.inv(y[index]))
    assert transform.forward_shape(batch.shape) == y.shape and transform.inverse_shape(y.shape) == batch.shape
    narrow = transform(batch.astype(np.float32))
    own = isinstance(transform, t.HouseholderTransform)
    assert narrow.dtype == (np.float64 if own else np.float32)
    np.testing.assert_allclose(narrow, y, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(transform(np.swapaxes(np.swapaxes(batch, 0, 1).copy(), 0, 1)), y)
    np.testing.assert_array_equal(transform(batch.tolist()), y)
    assert transform(np.ones(x.shape, int)).dtype == np.float64
    assert transform(np.empty((0, *x.shape))).shape == (0, *y.shape[2:])
    if part is not None:
        assert transform.log_abs_det_jacobian(batch).shape == (2, 2)
        assert transform.log_abs_det_jacobian(batch.astype(np.float32)).dtype == narrow.dtype
    else:
        with pytest.raises(NotImplementedError, match="not a bijection"):
            transform.log_abs_det_jacobian(batch, y)
    with pytest.raises(ValueError, match=f"{type(transform).__name__}.*needs at least"):
        transform(1.0)
    with pytest.raises(TypeError, match=f"{type(transform).__name__}.*real numbers"):
        transform(batch.astype(complex))


@every
def test_nan_stays_in_its_event(transform, x, part):
    batch = np.stack([x, x])
    batch[0].flat[0] = nan
    y = transform(batch)
    assert np.isnan(y[0]).any()
    np.testing.assert_array_equal(y[1], transform(x))


# Stick breaking and softmax ---------------------------------------------------------------------------


def exact_sticks(x):
    """Pieces of a stick, at 50 digits."""
    with mp.workdps(50):
        left, pieces = mp.mpf(1), []
        for k, v in enumerate(x):
            share = 1 / (1 + (len(x) - k) * mp.exp(-mp.mpf(float(v))))
            pieces.append(left * share)
            left *= 1 - share
        return [*pieces, left]


@pytest.mark.parametrize("size", [1, 2, 30, 1000])
@pytest.mark.parametrize("spread", [0.1, 3.0, 30.0])
def test_sticks(size, spread):
    x = RANDOM.normal(size=size) * spread
    want = np.array([float(v) for v in exact_sticks(x)])
    s = t.StickBreakingTransform()
    y = s(x)
    big = want > 1e-290
    # Half an ulp of x changes a piece by so much, the sum of what it changes of all breaks before.
    bound = 2e-15 + 4e-16 * spread * np.arange(1, size + 2) ** 0.5
    assert (abs(y[big] / want[big] - 1) < bound[big]).all()
    np.testing.assert_allclose(y[~big], want[~big], rtol=1e-10, atol=1e-320)
    if spread < 10:
        np.testing.assert_allclose(s.inv(y), x, rtol=1e-9, atol=1e-10)
    with mp.workdps(50):
        v = [mp.mpf(float(a)) - mp.log(size - k) for k, a in enumerate(x)]
        total = mp.fsum(a - (size - k + 1) * mp.log1p(mp.exp(a)) for k, a in enumerate(v))
    assert s.log_abs_det_jacobian(x) == pytest.approx(float(total), rel=1e-14)


def test_a_long_stick():
    """Nothing cancels: equal pieces stay equal to an ulp, and come back as zeros."""
    size = 100_000
    s = t.StickBreakingTransform()
    y = s(np.zeros(size - 1))
    np.testing.assert_allclose(y, 1 / size, rtol=5e-16)
    np.testing.assert_allclose(s.inv(y), 0.0, atol=5e-16)


def test_sticks_at_the_ends():
    s = t.StickBreakingTransform()
    np.testing.assert_array_equal(s([1e4, -1e4, 0.0]), [1.0, 0.0, 0.0, 0.0])
    np.testing.assert_array_equal(s([-inf, inf]), [0.0, 1.0, 0.0])
    np.testing.assert_allclose(s([-700.0, 0.0]), [np.exp(-700.0) / 2, 0.5, 0.5], rtol=1e-14)
    np.testing.assert_array_equal(s.inv([0.0, 1.0, 0.0]), [-inf, inf])
    assert not np.isnan(s.inv([1.0, 0.0, 0.0])).any()
    assert s.inv([1e-310, 1.0 - 1e-310]) == pytest.approx(np.log(1e-310), rel=1e-14)
    assert s.log_abs_det_jacobian([800.0]) == pytest.approx(-800.0, rel=1e-15)
    assert s.log_abs_det_jacobian([-800.0]) == pytest.approx(-800.0, rel=1e-15)
    assert s.log_abs_det_jacobian([inf, 0.0]) == s.log_abs_det_jacobian([-inf, 0.0]) == -inf
    np.testing.assert_array_equal(s(np.empty((3, 0))), np.ones((3, 1)))
    np.testing.assert_array_equal(s.inv(np.ones((3, 1))), np.empty((3, 0)))
    with pytest.raises(ValueError, match=r"StickBreakingTransform.inv"):
        s.inv(np.empty((3, 0)))


def test_softmax():
    s = t.SoftmaxTransform()
    x = RANDOM.normal(size=(20, 7)) * 5
    with mp.workdps(40):
        want = [
            [float(mp.exp(mp.mpf(float(v))) / mp.fsum(mp.exp(mp.mpf(float(u))) for u in row)) for v in row] for row in x
        ]
    np.testing.assert_allclose(s(x), want, rtol=3e-15)
    np.testing.assert_array_equal(s([1e4, 0.0, -1e4]), [1.0, 0.0, 0.0])
    np.testing.assert_array_equal(s([1000.0, 1000.0]), [0.5, 0.5])
    np.testing.assert_array_equal(s([inf, 0.0]), [1.0, 0.0])
    np.testing.assert_array_equal(s([-inf, 0.0]), [0.0, 1.0])
    np.testing.assert_array_equal(s.inv([0.0, 1.0]), [-inf, 0.0])
    np.testing.assert_allclose(s(np.zeros(100_000)), 1e-5, rtol=3e-16)


# Matrices ---------------------------------------------------------------------------------------------


def test_correlation_at_the_ends():
    """Where the partial correlations round to 1, what is left of a row still has its digits."""
    s = t.CorrCholeskyTransform()
    x = np.array([0.5, 30.0, -25.0])
    y = s(x)
    with mp.workdps(60):
        a, b, d = (mp.mpf(v) for v in (0.5, 30.0, -25.0))
        want = [
            [1, 0, 0],
            [mp.tanh(a), mp.sech(a), 0],
            [mp.tanh(b), mp.tanh(d) * mp.sech(b), mp.sech(b) * mp.sech(d)],
        ]
        want = np.array([[float(v) for v in row] for row in want])
    np.testing.assert_allclose(y, want, rtol=2e-14)
    np.testing.assert_allclose(s.inv(y), x, rtol=1e-13)
    assert s.codomain.check(y)
    far = s([400.0])
    np.testing.assert_allclose(s.inv(far), [400.0], rtol=1e-14)
    assert s.log_abs_det_jacobian([400.0]) == pytest.approx(-2 * (400.0 - np.log(2)), rel=1e-15)
    np.testing.assert_array_equal(s([0.0] * 6), np.eye(4))
    np.testing.assert_array_equal(s.inv(np.eye(4)), np.zeros(6))
    for matrix in (s, t.CorrMatrixTransform()):
        np.testing.assert_array_equal(matrix(np.empty((2, 0))), np.ones((2, 1, 1)))
        assert matrix.inv(np.ones((2, 1, 1))).shape == (2, 0)
        with pytest.raises(ValueError, match=r"n \(n - 1\) / 2 entries; got 4"):
            matrix(np.zeros(4))
        with pytest.raises(ValueError, match="square matrices; got 2 by 3"):
            matrix.inv(np.zeros((2, 3)))


@pytest.mark.parametrize("transform", [t.CorrCholeskyTransform(), t.CorrMatrixTransform()], ids=repr)
@pytest.mark.parametrize("size", [1, 3, 28])
def test_many_correlations(transform, size):
    """Chunks of events, each with its own scratch."""
    x = RANDOM.normal(size=(5000, size)) * 0.3
    np.testing.assert_allclose(transform.inv(transform(x)), x, rtol=1e-10, atol=1e-11)


def test_correlation_matrix_is_the_square_of_its_factor():
    x = RANDOM.normal(size=(30, 10))
    factor, matrix = t.CorrCholeskyTransform()(x), t.CorrMatrixTransform()(x)
    np.testing.assert_allclose(matrix, factor @ np.swapaxes(factor, -1, -2), atol=1e-15)
    assert np.isnan(t.CorrMatrixTransform().inv(np.ones((3, 3)) * 2 - np.eye(3))).all()


def test_positive_definite():
    s = t.PositiveDefiniteTransform()
    x = RANDOM.normal(size=(40, 5, 5))
    lower = np.tril(x, -1) + np.exp(np.diagonal(x, axis1=-2, axis2=-1))[..., np.newaxis] * np.eye(5)
    np.testing.assert_allclose(t.LowerCholeskyTransform()(x), lower, rtol=4e-16)
    np.testing.assert_allclose(s(x), lower @ np.swapaxes(lower, -1, -2), rtol=1e-13, atol=1e-14)
    np.testing.assert_array_equal(s(x), np.swapaxes(s(x), -1, -2))
    np.testing.assert_allclose(np.tril(s.inv(s(x))), np.tril(x), rtol=1e-8, atol=1e-9)
    got = s.inv(np.stack([np.eye(2), -np.eye(2), [[1.0, 2.0], [2.0, 1.0]]]))
    np.testing.assert_array_equal(got[0], 0.0)
    assert np.isnan(got[1:]).all()
    np.testing.assert_allclose(t.LowerCholeskyTransform()([[-700.0]]), [[np.exp(-700.0)]], rtol=1e-15)
    for matrix in (s, t.LowerCholeskyTransform(), t.OrthogonalTransform()):
        with pytest.raises(ValueError, match="square matrices; got 2 by 3"):
            matrix(np.zeros((2, 3)))


def test_householder():
    v = RANDOM.normal(size=(3, 5))
    s = t.HouseholderTransform(v)
    x = RANDOM.normal(size=(4, 1, 5))
    want = x - 2 * v * np.sum(v * x, axis=-1, keepdims=True) / np.sum(v * v, axis=-1, keepdims=True)
    np.testing.assert_allclose(s(x), want, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(s.inv(s(x)), np.broadcast_to(x, (4, 3, 5)), rtol=1e-13, atol=1e-14)
    assert s.forward_shape((4, 1, 5)) == (4, 3, 5) and s.log_abs_det_jacobian(x).shape == (4, 3)
    np.testing.assert_allclose(t.HouseholderTransform([1e-300, 0.0])([2.0, 3.0]), [-2.0, 3.0], rtol=1e-15)
    assert t.HouseholderTransform(np.float32([1.0, 2.0]))(np.float32([1.0, 2.0])).dtype == np.float32
    for bad in ([0.0, 0.0], [1.0, nan], 1.0):
        with pytest.raises(ValueError, match="HouseholderTransform: parameter v"):
            t.HouseholderTransform(bad)
    with pytest.raises(ValueError, match="length of v, 5; got 4"):
        s(np.zeros(4))


def test_directions():
    s = t.UnitVectorTransform()
    np.testing.assert_allclose(s([3e200, 4e200]), [0.6, 0.8], rtol=1e-15)
    np.testing.assert_allclose(s([3e-300, 4e-300]), [0.6, 0.8], rtol=1e-15)
    assert np.isnan(s([0.0, 0.0])).all()
    q = t.OrthogonalTransform()(RANDOM.normal(size=(100, 4, 4)))
    np.testing.assert_allclose(q @ np.swapaxes(q, -1, -2), np.broadcast_to(np.eye(4), q.shape), atol=2e-15)


def test_ordered():
    s = t.OrderedTransform()
    np.testing.assert_allclose(s([1.0, -700.0, 0.0]), [1.0, 1.0, 2.0], rtol=1e-15)
    assert fd.constraints.ordered_vector.check(s(RANDOM.normal(size=50)))
    np.testing.assert_array_equal(s([2.0]), [2.0])
    assert s.log_abs_det_jacobian([5.0, 1.0, 2.0]) == 3.0
