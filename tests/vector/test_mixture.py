"""Mixtures of components that are vectors, or have no formulas of numbers."""

import pickle

import numpy as np
import pytest
from scipy import stats

import fastdist as fd

WEIGHTS = [0.2, 0.5, 0.3]
LOC = np.array([[0.0, 1.0], [-2.0, 0.5], [3.0, -1.0]])
TRIL = np.array([[[1.0, 0.0], [0.5, 2.0]], [[0.5, 0.0], [0.0, 0.25]], [[1.5, 0.0], [-1.0, 1.0]]])


def normals(weights=WEIGHTS, loc=LOC, tril=TRIL):
    return fd.MixtureSameFamily(fd.Categorical(weights), fd.MultivariateNormal(loc, scale_tril=tril))


def unlike():
    parts = [
        fd.MultivariateNormal(LOC[0], scale_tril=TRIL[0]),
        fd.MultivariateStudentT(5.0, LOC[1], TRIL[1]),
        fd.Independent(fd.Laplace(LOC[2], 1.5), 1),
    ]
    return fd.Mixture(fd.Categorical(logits=[0.0, 1.0, -0.5]), parts)


X = np.random.default_rng(2).normal(size=(40, 2)) * 2


def test_density_is_scipys():
    d = normals()
    parts = [stats.multivariate_normal(m, t @ t.T).pdf(X) for m, t in zip(LOC, TRIL, strict=True)]
    want = np.tensordot(WEIGHTS, parts, 1)
    np.testing.assert_allclose(d.prob(X), want, rtol=1e-13)
    np.testing.assert_allclose(d.log_prob(X), np.log(want), rtol=1e-12, atol=1e-13)
    assert (d.batch_shape, d.event_shape) == ((), (2,)) and d.log_prob(X[0]) == d.log_prob(X)[0]
    assert d.log_likelihood(X) == pytest.approx(d.log_prob(X).sum(), rel=1e-14)
    long = np.tile(X, (2000, 1))  # held in parts
    np.testing.assert_array_equal(d.log_prob(long)[-40:], d.log_prob(X))
    assert np.isnan(d.log_prob([[np.nan, 0.0]])).all() and d.log_prob([[np.inf, 0.0]])[0] == -np.inf


@pytest.mark.parametrize("make", [normals, unlike])
def test_derivatives_by_differences(make):
    d = make()
    value, grad = d.log_prob_and_grad(X)
    np.testing.assert_array_equal(value, d.log_prob(X))
    h = 1e-6
    for i in range(2):
        step = h * np.eye(2)[i]
        slope = (d.log_prob(X + step) - d.log_prob(X - step)) / (2 * h)
        np.testing.assert_allclose(grad["value"][:, i], slope, rtol=1e-6, atol=1e-7)
    weights = next(iter(d.mixture_distribution._parameters.values()))
    for k in range(3):
        up, down = (_reweighted(d, weights + sign * h * np.eye(3)[k]).log_prob(X) for sign in (1, -1))
        slope = grad["probs" if "probs" in grad else "logits"][:, k]
        np.testing.assert_allclose(slope, (up - down) / (2 * h), rtol=1e-6, atol=1e-7)
    total, sums = d.log_likelihood_and_grad(X)
    assert total == pytest.approx(value.sum(), rel=1e-14)
    for name, g in sums.items():
        np.testing.assert_allclose(g, grad[name].sum(0), rtol=1e-12)
    if make is normals:
        for k, i in np.ndindex(3, 2):
            up, down = (normals(loc=LOC + sign * h * _unit((3, 2), k, i)).log_prob(X) for sign in (1, -1))
            np.testing.assert_allclose(grad["loc"][:, k, i], (up - down) / (2 * h), rtol=1e-6, atol=1e-7)
            up, down = (normals(tril=TRIL + sign * h * _unit((3, 2, 2), k, i, i)).log_prob(X) for sign in (1, -1))
            np.testing.assert_allclose(grad["scale_tril"][:, k, i, i], (up - down) / (2 * h), rtol=1e-6, atol=1e-7)
    else:
        own = d.components[2].log_prob_and_grad(X)
        share = d.mixture_distribution.probs[2] * np.exp(own[0] - value)
        np.testing.assert_allclose(
            grad["components_2_loc"], share[:, np.newaxis] * own[1]["loc"], rtol=1e-12, atol=1e-300
        )


def _unit(shape, *place):
    found = np.zeros(shape)
    found[place] = 1.0
    return found


def _reweighted(d, weights):
    name = next(iter(d.mixture_distribution._parameters))
    mixture = fd.Categorical(**{name: weights})
    if isinstance(d, fd.Mixture):
        return fd.Mixture(mixture, d.components)
    return fd.MixtureSameFamily(mixture, d.component_distribution)


@pytest.mark.parametrize("make", [normals, unlike])
def test_moments_are_those_of_the_draws(make):
    d = make()
    x = d.sample(200_000, rng=6)
    spread = np.sqrt(d.variance() / len(x))
    assert np.all(abs(x.mean(0) - d.mean()) < 5 * spread)
    np.testing.assert_allclose(x.var(0), d.variance(), rtol=0.03)
    np.testing.assert_array_equal(d.sample(10, rng=6), x[:10])
    if make is normals:
        np.testing.assert_allclose(np.cov(x.T), d.covariance(), rtol=0.03, atol=0.03)
        np.testing.assert_allclose(np.diagonal(d.covariance()), d.variance(), rtol=1e-14)
        # Every draw is of one component: each has its share of them near its mean.
        near = (((x - LOC[1]) / [0.5, 0.25]) ** 2).sum(1) < 0.02
        assert abs(near.mean() - 0.5 * stats.chi2.cdf(0.02, 2)) < 5e-4
    assert d.has_rsample


BATCHES = [
    lambda w: (fd.Dirichlet(np.linspace(0.5, 4.0, 24).reshape(2, 3, 4)), w),
    lambda w: (fd.Independent(fd.Normal(np.linspace(-4.0, 4.0, 24).reshape(2, 3, 4), 0.5), 1), w),
    lambda w: (fd.MultivariateNormal(np.linspace(-4.0, 4.0, 12).reshape(2, 3, 2), scale_tril=np.eye(2)), w),
    lambda w: (fd.Wishart(np.array([[3.0, 4.0, 9.0], [2.5, 5.0, 3.0]]), scale_tril=np.eye(2)), w),
    lambda w: (fd.Multinomial(5, probs=np.linspace(1.0, 9.0, 24).reshape(2, 3, 4)), w),
    lambda w: (fd.Categorical(np.linspace(1.0, 9.0, 24).reshape(2, 3, 4)), w),
]


@pytest.mark.parametrize("make", BATCHES)
def test_batches(make):
    """Each set of a batch is the mixture of its own components."""
    weights = np.array([[0.2, 0.3, 0.5], [0.7, 0.3, 0.0]])
    component, weights = make(weights)
    d = fd.MixtureSameFamily(fd.Categorical(weights), component)
    x = d.sample(30_000, rng=3)
    assert x.shape == (30_000, 2, *d.event_shape) and d.batch_shape == (2,)
    each = np.stack([component.log_prob(np.expand_dims(x[:9], 2))[..., k] for k in range(3)], -1)
    np.testing.assert_allclose(d.log_prob(x[:9]), np.log(np.sum(weights * np.exp(each), -1)), rtol=1e-12)
    means = np.sum(weights.reshape((2, 3) + (1,) * len(d.event_shape)) * component.mean(), axis=1)
    np.testing.assert_allclose(d.mean(), means, rtol=1e-14)
    assert np.all(abs(x.mean(0) - means) < 5.5 * np.sqrt(d.variance() / len(x)))
    assert x.dtype == (np.int64 if component.support.is_discrete else np.float64)
    assert d.support.check(x).all() and d.expand((4, 2)).log_prob(x[:3, np.newaxis]).shape == (3, 4, 2)
    assert pickle.loads(pickle.dumps(d)) == d and hash(d) == hash(pickle.loads(pickle.dumps(d)))
    assert not any(np.isnan(g).any() for g in d.log_prob_and_grad(x[:9])[1].values())


def test_categories():
    """Tails and quantiles need no formulas of numbers."""
    d = fd.MixtureSameFamily(fd.Categorical([0.25, 0.75]), fd.Categorical([[0.5, 0.5, 0.0], [0.2, 0.2, 0.6]]))
    np.testing.assert_allclose(d.prob([0, 1, 2, 3]), [0.275, 0.275, 0.45, 0.0], rtol=1e-15)
    np.testing.assert_allclose(d.cdf([0, 1, 2]), [0.275, 0.55, 1.0], rtol=1e-15)
    np.testing.assert_allclose(d.log_sf([0, 1]), np.log([0.725, 0.45]), rtol=1e-15)
    assert list(d.log_prob_and_grad(1)[1]) == ["probs", "component_probs"]
    np.testing.assert_array_equal(d.icdf([0.1, 0.3, 0.5, 0.9]), [0, 1, 1, 2])
    np.testing.assert_array_equal(d.isf([0.1, 0.45, 0.5, 0.9]), [2, 1, 1, 0])


@pytest.mark.parametrize("name", ["cdf", "icdf"])
def test_what_is_not_defined(name):
    with pytest.raises(NotImplementedError, match=f"{name} is not defined"):
        getattr(normals(), name)(0.5)
    for method in ("entropy", "mode", "skewness"):
        with pytest.raises(NotImplementedError):
            getattr(normals(), method)()
    with pytest.raises(ValueError, match=r"axes of an event, \(2,\); got shape \(3,\)"):
        normals().log_prob([1.0, 2.0, 3.0])
