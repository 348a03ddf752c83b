"""Independent: sums over the axes that it reinterprets, and everything else as its base has it."""

import copy
import pickle

import numpy as np
import pytest
from helpers import batch, each_case

import fastdist as fd
from fastdist import constraints as c

LOC = np.arange(24.0).reshape(2, 3, 4) / 7
NORMALS = fd.Normal(LOC, [0.5, 1.0, 2.0, 3.0])


@pytest.mark.parametrize("ndims", [0, 1, 2, 3])
def test_shapes_and_sums(ndims):
    d = fd.Independent(NORMALS, ndims)
    axes = tuple(range(-ndims, 0))
    assert d.batch_shape == (2, 3, 4)[: 3 - ndims] and d.event_shape == (2, 3, 4)[3 - ndims :]
    x = np.random.default_rng(0).normal(size=(5, 2, 3, 4))
    want = NORMALS.log_prob(x).sum(axes)
    np.testing.assert_allclose(d.log_prob(x), want, rtol=1e-14)
    np.testing.assert_allclose(d.prob(x), np.exp(want), rtol=1e-13)
    # A value for all of the batch.
    one = x[(0,) * (4 - ndims)]
    np.testing.assert_allclose(d.log_prob(one), NORMALS.log_prob(one).sum(axes), rtol=1e-14)
    np.testing.assert_allclose(d.entropy(), NORMALS.entropy().sum(axes), rtol=1e-14)
    value, grad = d.log_prob_and_grad(x)
    np.testing.assert_allclose(value, want, rtol=1e-14)
    for name, slope in NORMALS.log_prob_and_grad(x)[1].items():
        np.testing.assert_array_equal(grad[name], slope)
    np.testing.assert_allclose(d.log_likelihood(x), want.sum(0), rtol=1e-13)
    total, sums = d.log_likelihood_and_grad(x)
    np.testing.assert_allclose(total, want.sum(0), rtol=1e-13)
    np.testing.assert_allclose(sums["scale"], grad["scale"].sum(0), rtol=1e-12)
    for method in ("mean", "variance", "mode"):
        np.testing.assert_array_equal(getattr(d, method)(), getattr(NORMALS, method)())
    np.testing.assert_array_equal(d.sample(3, rng=1), NORMALS.sample(3, rng=1))
    draws, moved = d.rsample_and_grad(3, rng=1)
    np.testing.assert_array_equal(moved["scale"], NORMALS.rsample_and_grad(3, rng=1)[1]["scale"])
    np.testing.assert_array_equal(draws, d.rsample(3, rng=1))
    wide = d.expand((6, *d.batch_shape))
    assert wide.batch_shape == (6, *d.batch_shape) and wide.event_shape == d.event_shape
    np.testing.assert_allclose(wide.log_prob(x[:1]), np.broadcast_to(d.log_prob(x[:1]), wide.batch_shape), rtol=1e-14)
    out = np.empty(want.shape)
    assert d.log_prob(x, out=out) is out
    assert d.support == (c.independent(c.real, ndims) if ndims else c.real)


@pytest.mark.slow
@each_case
def test_over_every_family(case):
    """The log density of a row of draws is the sum of those of its numbers."""
    base = case.distribution(**batch(case, (3,)))
    d = fd.Independent(base, 1)
    x = base.sample((5,), rng=2)
    np.testing.assert_allclose(d.log_prob(x), base.log_prob(x).sum(-1), rtol=1e-13)
    assert d.has_rsample == base.has_rsample and d.sample(rng=2).dtype == base.sample(rng=2).dtype


VECTORS = [
    fd.MultivariateNormal(LOC[0, :, :2], scale_tril=np.eye(2)),
    fd.Dirichlet(LOC[0] + 1.0),
    fd.Wishart([3.0, 4.0, 5.0], scale_tril=np.eye(2)),
    fd.Multinomial(4, probs=LOC[0] + 1.0),
    fd.Categorical(LOC[0] + 1.0),
    fd.Independent(fd.Gamma(LOC[0] + 1.0, 1.0), 1),
    fd.Truncated(fd.Normal([0.0, 1.0, 2.0], 1.0), -1.0, 4.0),
    fd.MixtureSameFamily(fd.Categorical(LOC[0] + 1.0), fd.Normal(LOC[0], 1.0)),
    fd.TransformedDistribution(fd.Normal([0.0, 1.0, 2.0], 1.0), fd.transforms.ExpTransform()),
]


@pytest.mark.parametrize("base", VECTORS, ids=lambda base: type(base).__name__)
def test_over_others(base):
    d = fd.Independent(base, 1)
    x = base.sample((5,), rng=2)
    np.testing.assert_allclose(d.log_prob(x), base.log_prob(x).sum(-1), rtol=1e-13)
    np.testing.assert_allclose(d.log_likelihood(x), base.log_prob(x).sum(), rtol=1e-12)
    value, grad = d.log_prob_and_grad(x)
    np.testing.assert_allclose(value, d.log_prob(x), rtol=1e-12)
    assert d.event_shape == (3, *base.event_shape) and d.batch_shape == () and d.support.check(x).all()
    assert {name: np.shape(g) for name, g in grad.items()} == {
        name: np.shape(g) for name, g in base.log_prob_and_grad(x)[1].items()
    }
    assert pickle.loads(pickle.dumps(d)) == d


def test_long_events_and_dtypes():
    x = np.random.default_rng(1).normal(size=(3, 40_000))
    d = fd.Independent(fd.Normal(np.zeros(40_000), 1.0), 1)
    np.testing.assert_allclose(d.log_prob(x), fd.Normal(0.0, 1.0).log_prob(x).sum(-1), rtol=1e-13)
    narrow = fd.Independent(fd.Normal(np.float32([0.0, 1.0]), np.float32(1.0)), 1)
    got = narrow.log_prob(np.float32([[0.5, 2.5], [1.0, 0.0]]))
    assert got.dtype == narrow.dtype == narrow.sample(rng=1).dtype == np.float32
    want = fd.Normal([0.0, 1.0], 1.0).log_prob([[0.5, 2.5], [1.0, 0.0]]).sum(-1)
    np.testing.assert_allclose(got, want, rtol=1e-6)
    np.testing.assert_allclose(
        fd.Independent(fd.Poisson([1.0, 2.0]), 1).log_prob([[1, 2], [0, -1]]), [-2.3068528194400546, -np.inf]
    )
    assert type(fd.Independent(fd.Normal([0.0, 1.0], 1.0), 1).log_prob([0.0, 1.0])) is np.float64
    empty = fd.Independent(fd.Normal(np.zeros((2, 0)), 1.0), 1)
    np.testing.assert_array_equal(empty.log_prob(np.zeros((4, 2, 0))), np.zeros((4, 2)))
    assert fd.Independent(fd.Normal(np.zeros((0, 3)), 1.0), 1).log_prob(np.zeros((0, 3))).shape == (0,)


def test_numbers_keep_their_methods():
    base = fd.Normal([0.0, 1.0], 1.0)
    d = fd.Independent(base, 0)
    for method in ("cdf", "icdf", "isf", "log_sf"):
        np.testing.assert_array_equal(getattr(d, method)(0.3), getattr(base, method)(0.3))
    np.testing.assert_array_equal(d.median(), base.median())
    np.testing.assert_array_equal(d.skewness(), base.skewness())
    np.testing.assert_array_equal(d.interval(0.5), base.interval(0.5))
    np.testing.assert_array_equal(d.cdf_and_grad(0.3)[1]["loc"], base.cdf_and_grad(0.3)[1]["loc"])
    np.testing.assert_array_equal(fd.Independent(base, 1).covariance(), np.eye(2))
    counts = fd.Independent(fd.Bernoulli([0.5, 0.25]), 0)
    np.testing.assert_array_equal(counts.enumerate_support(), fd.Bernoulli([0.5, 0.25]).enumerate_support())
    assert counts.has_enumerate_support and not fd.Independent(fd.Bernoulli([0.5, 0.25]), 1).has_enumerate_support


def test_is_a_value():
    d = fd.Independent(fd.Normal([0.0, 1.0], 1.0), 1)
    for twin in (pickle.loads(pickle.dumps(d)), copy.deepcopy(d), eval(repr(d), vars(fd))):
        assert twin == d and hash(twin) == hash(d)
    assert d != fd.Independent(fd.Normal([0.0, 1.0], 1.0), 0) and d != fd.Normal([0.0, 1.0], 1.0)
    with pytest.raises(AttributeError, match="immutable"):
        d.base_dist = None


D = fd.Independent(fd.Normal([0.0, 1.0], 1.0), 1)
BAD = [
    (lambda: fd.Independent(1.0, 1), TypeError, "must be a distribution; got 1.0"),
    (lambda: fd.Independent(NORMALS, 1.0), TypeError, "must be an int; got 1.0"),
    (lambda: fd.Independent(NORMALS, True), TypeError, "must be an int; got True"),
    (lambda: fd.Independent(NORMALS, -1), ValueError, "from 0 to 3.*got -1"),
    (lambda: fd.Independent(NORMALS, 4), ValueError, r"from 0 to 3.*shape \(2, 3, 4\); got 4"),
    (lambda: D.log_prob([1.0, 2.0, 3.0]), ValueError, r"axes of an event, \(2,\); got shape \(3,\)"),
    (lambda: D.log_prob(1.0), ValueError, r"axes of an event, \(2,\); got shape \(\)"),
    (lambda: fd.Independent(NORMALS, 1).log_prob(np.zeros((5, 4))), ValueError, r"\(5, 4\) does not broadcast"),
    (lambda: D.log_prob(["a", "b"]), TypeError, "real numbers"),
    (lambda: D.cdf([1.0, 2.0]), NotImplementedError, "Independent.cdf is not defined"),
    (lambda: D.median(), NotImplementedError, "Independent.median"),
    (lambda: D.skewness(), NotImplementedError, "Independent.skewness"),
    (lambda: D.moment(3), NotImplementedError, "Independent.moment"),
    (lambda: fd.Independent(fd.Bernoulli([0.5, 0.25]), 1).enumerate_support(), NotImplementedError, "combinations"),
    (lambda: fd.Independent(fd.Poisson([0.5, 0.25]), 1).rsample(), NotImplementedError, "not differentiable"),
    (lambda: D.expand((3,)).log_prob([0.0, 1.0], out=np.zeros(2)), ValueError, "out has shape"),
]


@pytest.mark.parametrize(("call", "error", "says"), BAD, ids=range(len(BAD)))
def test_errors(call, error, says):
    with pytest.raises(error, match=says):
        call()
