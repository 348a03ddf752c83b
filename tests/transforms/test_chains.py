"""Transforms of transforms: one pass for a chain, equality, caching, immutability, parts of arrays."""

import copy
import pickle
from math import inf

import numpy as np
import pytest

import fastdist as fd
from fastdist import constraints as c
from fastdist import transforms as t

X = np.linspace(-1.5, 2.0, 7)
ALL = [
    t.AbsTransform(),
    t.AffineTransform(1.0, -2.0),
    t.AffineTransform(1.0, np.array([1.0, 2.0]), event_dim=1),
    t.CatTransform([t.ExpTransform(), t.identity_transform], dim=-1, lengths=[1, 2]),
    t.ComposeTransform([t.AffineTransform(1.0, 2.0), t.ExpTransform()]),
    t.CorrCholeskyTransform(),
    t.CorrMatrixTransform(),
    t.CumulativeDistributionTransform(fd.Gamma(2.0, 1.0)),
    t.ExpTransform(),
    t.HouseholderTransform([1.0, 2.0]),
    t.IndependentTransform(t.ExpTransform(), 1),
    t.IntervalTransform(0.5, 2.0),
    t.LogTransform(),
    t.LowerCholeskyTransform(),
    t.OrderedTransform(),
    t.OrthogonalTransform(),
    t.PermuteTransform([1, 0]),
    t.PositiveDefiniteTransform(),
    t.PowerTransform(np.float32([2.0, 3.0])),
    t.ReshapeTransform((4,), (2, 2)),
    t.SigmoidTransform(),
    t.SinhArcsinhTransform(0.5, 1.5),
    t.SoftmaxTransform(),
    t.SoftplusTransform(),
    t.StackTransform([t.ExpTransform(), t.identity_transform], dim=1),
    t.StickBreakingTransform(),
    t.TanhTransform(),
    t.UnitVectorTransform(),
    t.identity_transform,
]
every = pytest.mark.parametrize("transform", ALL + [transform.inv for transform in ALL], ids=repr)


def test_all_are_here():
    own = {name for name in t.__all__ if name.endswith("Transform") and name != "Transform"}
    assert {type(transform).__name__ for transform in ALL} == own


@every
def test_is_a_value(transform):
    assert transform.inv.inv is transform
    copies = (pickle.loads(pickle.dumps(transform)), copy.deepcopy(transform), copy.copy(transform))
    for other in copies:
        assert other == transform and hash(other) == hash(transform)
    if "array(" not in repr(transform) and "dtype" not in repr(transform):
        assert eval(repr(transform), {**vars(fd), **vars(t)}) == transform
    for name in ("loc", "parts", "anything"):
        with pytest.raises(AttributeError, match="immutable"):
            setattr(transform, name, 1.0)
    with pytest.raises(AttributeError, match="immutable"):
        del transform.domain
    cached = transform.with_cache()
    assert cached == transform and cached is not transform and transform.with_cache(0) is transform
    assert isinstance(transform.domain, c.Constraint) and isinstance(transform.codomain, c.Constraint)
    assert transform.inv.domain == transform.codomain and transform.inv.bijective == transform.bijective


def test_equality():
    for i, a in enumerate(ALL):
        for j, b in enumerate(ALL):
            assert (a == b) == (i == j) and (a != b) == (i != j)
    assert t.ExpTransform().inv == t.LogTransform() and t.LogTransform().inv == t.ExpTransform()
    assert t.ExpTransform() != t.LogTransform() and t.TanhTransform().inv != t.TanhTransform()
    assert t.AffineTransform(0.0, [1.0, 2.0]) == t.AffineTransform(0.0, np.array([1.0, 2.0]))
    assert t.AffineTransform(0.0, [1.0, 2.0]) != t.AffineTransform(0.0, [1.0, 3.0]) != t.AffineTransform(0.0, 1.0)
    one, other = (t.ComposeTransform([t.ExpTransform(), t.AffineTransform(0.0, s)]) for s in (1.0, 2.0))
    assert one == t.ComposeTransform((t.ExpTransform(), t.AffineTransform(0.0, 1.0))) != other
    assert one.inv == t.ComposeTransform([t.AffineTransform(0.0, 1.0).inv, t.ExpTransform().inv])
    assert t.ExpTransform() != 1 and t.ExpTransform() is not None


def test_parameters_are_copied():
    scale = np.array([1.0, 2.0])
    s = t.AffineTransform(0.0, scale)
    scale[:] = 5.0
    np.testing.assert_array_equal(s(1.0), [1.0, 2.0])
    with pytest.raises(ValueError, match="read-only"):
        s.scale[0] = 3.0


def test_cache():
    x = np.array([0.3, 40.0])
    s = t.SigmoidTransform(cache_size=1)
    y = s(x)
    assert s(x) is y and s.inv(y) is x and s.inv.inv is s
    assert s.inv(y.copy())[1] == inf
    z = s.inv(np.array([0.25]))
    assert s(z) == [0.25] and s(x) is not y
    assert s.with_cache(0).inv(s(x))[1] == inf
    chain = t.ComposeTransform([t.TanhTransform(), t.ExpTransform()], cache_size=1)
    y = chain(x)
    assert chain.inv(y) is x and chain(x) is y


CDF = t.CumulativeDistributionTransform
CHAINS = [
    [t.AffineTransform(1.0, -0.5), t.ExpTransform(), t.AffineTransform(0.5, 2.0), t.LogTransform()],
    [t.TanhTransform(), t.IntervalTransform(-1.0, 1.0).inv, t.SoftplusTransform(), t.PowerTransform(0.5)],
    [t.ComposeTransform([t.SigmoidTransform(), t.AffineTransform(0.0, np.array([[1.0], [2.0]]))]), t.ExpTransform()],
    [CDF(fd.Normal(0.0, 1.0)), CDF(fd.Weibull(2.0, 3.0)).inv],
    [],
]


@pytest.mark.parametrize("parts", CHAINS, ids=repr)
def test_a_chain_is_its_parts(parts):
    chain = t.ComposeTransform(parts)
    y, log_det = X, 0.0
    for part in parts:
        before, y = y, part(y)
        log_det = log_det + part.log_abs_det_jacobian(before, y)
    np.testing.assert_allclose(chain(X), y, rtol=1e-14)
    np.testing.assert_allclose(
        chain.log_abs_det_jacobian(X, y), np.broadcast_to(log_det, y.shape), rtol=1e-12, atol=1e-13
    )
    np.testing.assert_array_equal(chain.forward_and_log_det(X)[0], chain(X))
    np.testing.assert_allclose(chain.forward_and_log_det(X)[1], chain.log_abs_det_jacobian(X), rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(chain.inv(y), np.broadcast_to(X, y.shape), rtol=1e-12)
    np.testing.assert_allclose(
        chain.inv.log_abs_det_jacobian(y, X), -chain.log_abs_det_jacobian(X, y), rtol=1e-11, atol=1e-12
    )
    np.testing.assert_allclose(
        chain.inv.forward_and_log_det(y)[1], -chain.forward_and_log_det(X)[1], rtol=1e-11, atol=1e-12
    )
    assert chain(X.astype(np.float32)).dtype == (np.float64 if y.ndim == 2 else np.float32)
    assert chain.forward_shape(X.shape) == chain.inverse_shape(y.shape) == y.shape
    assert len(chain._runs()) == 1


def test_signs():
    down = t.AffineTransform(0.0, -1.0)
    assert t.ComposeTransform([down, t.ExpTransform()]).sign == -1
    assert t.ComposeTransform([down, t.PowerTransform(-1.0)]).sign == t.identity_transform.sign == 1
    np.testing.assert_array_equal(t.ComposeTransform([down, t.PowerTransform([1.0, -1.0])]).inv.sign, [-1, 1])
    with pytest.raises(NotImplementedError, match=r"SoftmaxTransform.sign"):
        _ = t.SoftmaxTransform().sign


def test_a_chain_of_numbers_and_vectors():
    """What comes before and after a transform of vectors is summed over their axis."""
    chain = t.ComposeTransform(
        [t.AffineTransform(0.5, 2.0), t.StickBreakingTransform(), t.LogTransform(), t.TanhTransform()]
    )
    assert len(chain._runs()) == 3
    assert chain.domain == c.real_vector and chain.codomain.event_dim == 1
    x = np.random.default_rng(1).normal(size=(4, 5, 3))
    a = t.AffineTransform(0.5, 2.0)(x)
    b = t.StickBreakingTransform()(a)
    y = np.tanh(np.log(b))
    np.testing.assert_allclose(chain(x), y, rtol=1e-13)
    want = (
        3 * np.log(2.0)
        + t.StickBreakingTransform().log_abs_det_jacobian(a)
        + np.sum(-np.log(b) - 2 * np.log(np.cosh(np.log(b))), axis=-1)
    )
    np.testing.assert_allclose(chain.log_abs_det_jacobian(x, y), want, rtol=1e-12)
    np.testing.assert_allclose(chain.inv(y), x, rtol=1e-9)
    np.testing.assert_allclose(chain.inv.log_abs_det_jacobian(y, x), -want, rtol=1e-9)
    assert chain.forward_shape((4, 5, 3)) == y.shape and chain.inverse_shape(y.shape) == x.shape
    with pytest.raises(NotImplementedError, match="not all parts are maps of numbers"):
        chain.forward_and_grad(x)


def test_events_of_a_chain():
    chain = t.ComposeTransform([t.ExpTransform(), t.AffineTransform(0.0, 2.0, event_dim=1)])
    assert chain.domain.event_dim == chain.codomain.event_dim == chain.event_dim == 1
    assert chain.log_abs_det_jacobian(X) == pytest.approx(X.sum() + 7 * np.log(2.0), rel=1e-14)
    wide = t.IndependentTransform(chain, 1)
    assert wide.log_abs_det_jacobian(np.zeros((3, 2, 2))).shape == (3,) and wide.domain.event_dim == 2


def test_independent():
    s = t.IndependentTransform(t.ExpTransform(), 2)
    x = np.arange(24.0).reshape(2, 3, 4) / 24
    assert s.domain == c.independent(c.real, 2) and s.codomain == c.independent(c.positive, 2)
    np.testing.assert_allclose(s(x), np.exp(x), rtol=1e-15)
    np.testing.assert_allclose(s.log_abs_det_jacobian(x), x.sum(axis=(1, 2)), rtol=1e-15)
    np.testing.assert_allclose(s.forward_and_log_det(x)[1], x.sum(axis=(1, 2)), rtol=1e-15)
    np.testing.assert_allclose(s.inv.log_abs_det_jacobian(s(x), x), -x.sum(axis=(1, 2)), rtol=1e-15)
    for call in (s, s.inv, s.log_abs_det_jacobian):
        with pytest.raises(ValueError, match=r"IndependentTransform.*needs at least 2 axes"):
            call([1.0, 2.0])
    with pytest.raises(TypeError, match="IndependentTransform: base_transform"):
        t.IndependentTransform(1, 1)
    with pytest.raises(ValueError, match=r"IndependentTransform: reinterpreted_batch_ndims.*-1"):
        t.IndependentTransform(t.ExpTransform(), -1)


def test_reshape():
    s = t.ReshapeTransform((2, 3), (6,))
    x = np.arange(24.0).reshape(4, 2, 3)
    np.testing.assert_array_equal(s(x), x.reshape(4, 6))
    np.testing.assert_array_equal(s.inv(s(x)), x)
    np.testing.assert_array_equal(s.log_abs_det_jacobian(x, s(x)), np.zeros(4))
    assert s(x.astype(np.float32)).dtype == np.float32 and s(np.arange(6).reshape(2, 3)).dtype == np.float64
    assert s.domain.event_dim == 2 and s.codomain.event_dim == 1
    assert s.forward_shape((5, 2, 3)) == (5, 6) and s.inverse_shape((6,)) == (2, 3)
    for call in (
        lambda: t.ReshapeTransform((2, 3), (5,)),
        lambda: s.forward_shape((3, 2)),
        lambda: s.inverse_shape((5,)),
        lambda: s([1.0]),
    ):
        with pytest.raises(ValueError, match="ReshapeTransform"):
            call()


def test_permute():
    s = t.PermuteTransform([2, 0, 1], axis=-2)
    x = np.arange(24.0).reshape(4, 3, 2)
    np.testing.assert_array_equal(s(x), x[:, [2, 0, 1]])
    np.testing.assert_array_equal(s.inv(s(x)), x)
    np.testing.assert_array_equal(s.log_abs_det_jacobian(x), np.zeros(4))
    for call in (
        lambda: t.PermuteTransform([0, 0]),
        lambda: t.PermuteTransform([0, 1], axis=1),
        lambda: s(np.zeros((2, 2))),
    ):
        with pytest.raises(ValueError, match="PermuteTransform"):
            call()
    with pytest.raises(TypeError, match="PermuteTransform"):
        t.PermuteTransform([0.5])


@pytest.mark.parametrize("dim", [0, 1, -1, -2])
def test_cat_and_stack(dim):
    parts = [t.ExpTransform(), t.AffineTransform(1.0, -2.0)]
    x = np.arange(12.0).reshape(3, 4) / 12 if dim in (0, -2) else np.arange(12.0).reshape(4, 3) / 12
    s = t.CatTransform(parts, dim, lengths=[1, 2])
    first, second = np.split(x, [1], axis=dim)
    y = np.concatenate([np.exp(first), 1 - 2 * second], axis=dim)
    log_det = np.concatenate([first, np.full(second.shape, np.log(2.0))], axis=dim)
    np.testing.assert_allclose(s(x), y, rtol=1e-15)
    np.testing.assert_allclose(s.inv(y), x, rtol=1e-14)
    np.testing.assert_allclose(s.log_abs_det_jacobian(x, y), log_det, rtol=1e-15)
    assert s.length == 3 and s.bijective
    stacked = t.StackTransform(parts, dim)
    x = np.moveaxis(np.arange(8.0).reshape(2, 4) / 8, 0, dim)
    first, second = np.moveaxis(x, dim, 0)
    y = np.stack([np.exp(first), 1 - 2 * second], axis=dim)
    np.testing.assert_allclose(stacked(x), y, rtol=1e-15)
    np.testing.assert_allclose(stacked.inv(y), x, rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(
        stacked.log_abs_det_jacobian(x, y), np.stack([first, np.full(4, np.log(2.0))], axis=dim), rtol=1e-15
    )
    assert stacked.codomain.check(y).shape == y.shape


def test_cat_inside_events():
    """Along an axis of the event, log determinants are added up."""
    s = t.CatTransform([t.OrderedTransform(), t.ExpTransform()], dim=-1, lengths=[3, 2])
    x = np.random.default_rng(2).normal(size=(6, 5))
    y = s(x)
    assert s.domain.event_dim == 1 and s.codomain.check(y).all()
    np.testing.assert_allclose(s.log_abs_det_jacobian(x, y), x[:, 1:].sum(axis=-1), rtol=1e-13)
    np.testing.assert_allclose(s.inv(y), x, rtol=1e-12)
    np.testing.assert_allclose(s.inv.log_abs_det_jacobian(y, x), -x[:, 1:].sum(axis=-1), rtol=1e-13)
    rows = t.CatTransform([t.OrderedTransform(), t.IndependentTransform(t.ExpTransform(), 1)], dim=0, lengths=[2, 4])
    assert rows.log_abs_det_jacobian(x).shape == (6,)


BAD = [
    (lambda: t.ComposeTransform([1]), TypeError, "ComposeTransform: parts"),
    (lambda: t.ComposeTransform(t.ExpTransform()), TypeError, "ComposeTransform: parts"),
    (
        lambda: t.ComposeTransform([t.ExpTransform(), t.AbsTransform()]).log_abs_det_jacobian(1.0),
        NotImplementedError,
        "not a bij",
    ),
    (lambda: t.CatTransform([]), TypeError, "CatTransform: tseq"),
    (
        lambda: t.CatTransform([t.ExpTransform()], lengths=[1, 2]),
        ValueError,
        "CatTransform.*1 transforms and 2 lengths",
    ),
    (lambda: t.CatTransform([t.ExpTransform()], dim=1)([1.0]), ValueError, "CatTransform: there is no axis 1"),
    (
        lambda: t.CatTransform([t.ExpTransform()])([1.0, 2.0]),
        ValueError,
        r"CatTransform: axis 0 must have length 1.*\(2,\)",
    ),
    (lambda: t.StackTransform([t.ExpTransform()], dim=0.5), TypeError, "StackTransform: dim must be an int; got 0.5"),
    (lambda: t.StackTransform([t.ExpTransform()])([1.0, 2.0]), ValueError, "StackTransform: axis 0 must have length 1"),
]


@pytest.mark.parametrize(("call", "error", "says"), BAD, ids=range(len(BAD)))
def test_errors(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_a_transform_of_ones_own():
    class Cube(t.Transform):
        domain = codomain = c.real
        bijective = True
        sign = 1

        def __init__(self, scale, cache_size=0):
            super().__init__(cache_size)
            self._set(scale=float(scale))

        def _call(self, x):
            return self.scale * np.asarray(x) ** 3

        def _inverse(self, y):
            return np.cbrt(np.asarray(y) / self.scale)

        def _log_det(self, x):
            return np.log(3 * self.scale) + 2 * np.log(np.abs(x))

        def _arguments(self):
            return {"scale": self.scale}

    cube = Cube(2.0)
    chain = t.ComposeTransform([t.ExpTransform(), cube, t.AffineTransform(1.0, 2.0)])
    np.testing.assert_allclose(chain(X), 1 + 4 * np.exp(3 * X), rtol=1e-14)
    np.testing.assert_allclose(chain.inv(chain(X)), X, rtol=1e-12)
    np.testing.assert_allclose(chain.log_abs_det_jacobian(X), np.log(12.0) + 3 * X, rtol=1e-13)
    assert cube == Cube(2.0) != Cube(3.0) and repr(cube) == "Cube(scale=2.0)" and cube.with_cache()._cache_size == 1
    assert len(chain._runs()) == 3


class Scaled(t.Transform):
    """As torch's users write one: parameters are attributes, and the constructor's name for one is another."""

    domain = codomain = c.real
    bijective = True
    sign = 1

    def __init__(self, factor):
        super().__init__()
        self.scale = factor

    def _call(self, x):
        return self.scale * x

    def _inverse(self, y):
        return y / self.scale

    def log_abs_det_jacobian(self, x, y):
        return np.log(self.scale) + np.zeros_like(x)


class Shifted(t.AffineTransform):
    """Of a class that takes other parameters."""

    def __init__(self, shift):
        super().__init__(shift, 1.0)


class Squashed(Scaled):
    def __init__(self, scale):
        self._set(scale=scale, _log_scale=np.log(scale))


@pytest.mark.parametrize("make", [Scaled, Shifted, Squashed])
def test_transforms_of_users_are_values(make):
    for parameter, other in ((2.0, 3.0), (np.array([1.0, 2.0]), np.array([1.0, 2.5]))):
        mine = make(parameter)
        assert mine == make(parameter) != make(other) and hash(mine) == hash(make(parameter))
        assert mine.inv == make(parameter).inv != make(other).inv
        for copied in (pickle.loads(pickle.dumps(mine)), copy.copy(mine), copy.deepcopy(mine), mine.with_cache()):
            assert copied == mine and repr(copied) == repr(mine)
            np.testing.assert_array_equal(copied([0.5, 1.0]), mine([0.5, 1.0]))
            with pytest.raises(AttributeError, match="immutable"):
                copied.scale = 7.0
    assert "2.0" in repr(make(2.0))


def test_transforms_as_torch_has_them():
    mine, twin = Scaled(2), t.AffineTransform(0.0, 2.0)
    for x in (0.5, [0.5, -1.0], np.array([0.5, -1.0])):
        for ours, theirs in ((mine, twin), (t.ComposeTransform([mine, twin]), t.ComposeTransform([twin, twin]))):
            np.testing.assert_array_equal(ours(x), theirs(x))
            np.testing.assert_array_equal(ours.inv(x), theirs.inv(x))
            np.testing.assert_allclose(ours.forward_and_log_det(x)[1], theirs.forward_and_log_det(x)[1])
            np.testing.assert_allclose(ours.inv.forward_and_log_det(x)[1], theirs.inv.forward_and_log_det(x)[1])
        base = fd.Normal(0.0, 1.0)
        ours, theirs = fd.TransformedDistribution(base, mine), fd.TransformedDistribution(base, twin)
        for method in ("log_prob", "cdf", "log_sf"):
            np.testing.assert_allclose(getattr(ours, method)(x), getattr(theirs, method)(x), rtol=1e-14)
    both = t.IndependentTransform(mine, 1)
    assert both.log_abs_det_jacobian([1.0, 2.0]) == pytest.approx(2 * np.log(2.0), rel=1e-15)


def test_a_transform_without_a_log_determinant():
    class Bare(t.Transform):
        domain = codomain = c.real
        bijective = True

        def _call(self, x):
            return x

    with pytest.raises(NotImplementedError, match="Bare has no log_abs_det_jacobian"):
        Bare().log_abs_det_jacobian(1.0)
