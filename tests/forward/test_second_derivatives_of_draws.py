"""Second derivatives of draws of vectors and matrices, of the same noise or at the draws, and of divergences."""

import numpy as np
import pytest

import fastdist as fd

LOC = np.array([0.3, -1.0, 0.5])
FACTOR = np.array([[1.2, 0.0, 0.0], [0.4, 0.8, 0.0], [-0.3, 0.5, 1.5]])
SYMMETRIC = FACTOR @ FACTOR.T
TOWARDS = np.array([[0.3, 0.1, -0.2], [0.1, 0.4, 0.1], [-0.2, 0.1, 0.2]])
STEP = 1e-3


def family(name):
    """A distribution along a curve, of which parameters move in t and in t**2."""
    families = {
        "scale_tril": lambda t: fd.MultivariateNormal(LOC + t * t, scale_tril=FACTOR * np.exp(t)),
        "covariance": lambda t: fd.MultivariateNormal(LOC * t, SYMMETRIC + t * TOWARDS),
        "precision": lambda t: fd.MultivariateNormal(LOC, precision_matrix=SYMMETRIC + t * TOWARDS),
        "student": lambda t: fd.MultivariateStudentT(4.0, LOC * np.exp(t), scale_tril=FACTOR * np.exp(t)),
        "low rank": lambda t: fd.LowRankMultivariateNormal(LOC * t, TOWARDS[:, :2] * np.exp(t), np.exp(LOC * t)),
        "matrix": lambda t: fd.MatrixNormal(TOWARDS * t * t, FACTOR * np.exp(t), FACTOR * (1.0 + t * t)),
        "logistic": lambda t: fd.LogisticNormal(LOC * t, np.exp(LOC * t)),
    }
    return families[name]


def twice(f, t):
    """The value and the first two derivatives."""
    (value, first), (_, second) = fd.jvp(lambda s: fd.jvp(f, (s,), (1.0,)), (t,), (1.0,))
    return value, first, second


@pytest.mark.parametrize(
    "name",
    [
        "scale_tril",
        *("low rank", "matrix"),
        *(pytest.param(n, marks=pytest.mark.slow) for n in ("covariance", "precision", "student", "logistic")),
    ],
)
def test_of_the_same_noise(name):
    make = family(name)
    t = 0.4
    value, first, second = twice(lambda s: make(s).rsample((5,), rng=3), t)
    np.testing.assert_array_equal(value, make(t).sample((5,), rng=3))

    def along(s):
        return fd.jvp(lambda u: make(u).rsample((5,), rng=3), (s,), (1.0,))[1]

    far, near = (along(t + s * STEP) - along(t - s * STEP) for s in (2.0, 1.0))
    np.testing.assert_allclose(first, along(t), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(second, (8.0 * near - far) / (12.0 * STEP), rtol=1e-8, atol=1e-9)


@pytest.mark.slow
def test_degrees_of_freedom():
    """Of one number in all, a draw of the multivariate family is one of Student's, and moves as its quantile does."""

    def make(t):
        return fd.MultivariateStudentT(3.0 * np.exp(t), np.zeros(1), scale_tril=np.eye(1))

    draws, first, second = twice(lambda t: make(t).rsample((4,), rng=5), 0.0)
    d = fd.MultivariateStudentT(3.0, np.zeros(1), scale_tril=np.eye(1))
    np.testing.assert_array_equal(draws, d.sample((4,), rng=5))
    slopes = d.rsample_and_grad((4,), rng=5)[1]["df"]
    np.testing.assert_allclose(first, 3.0 * slopes, rtol=1e-12)
    # A radius is the root of df / 2 over a gamma variate of df / 2, whose quantile moves as this.
    z = fd.MultivariateNormal(np.zeros(1), scale_tril=np.eye(1)).sample((4,), rng=5)
    radii = draws / z
    levels = fd.Gamma(1.5, 1.0).cdf(1.5 / radii**2)

    def radius(t):
        half = 1.5 * np.exp(t)
        return z * np.sqrt(half / fd.Gamma(half, 1.0).icdf(levels))

    _, once, again = twice(radius, 0.0)
    np.testing.assert_allclose(first, once, rtol=1e-9)
    np.testing.assert_allclose(second, again, rtol=1e-8)


@pytest.mark.slow
def test_dirichlet():
    """Each number moves with its own concentration, the others fixed, as a beta quantile does, the others' sum too."""
    concentration, others = np.array([0.7, 2.5, 1.2]), np.array([1.0, 0.0, 0.0])

    def draw(t):
        return fd.Dirichlet(concentration + t * others).rsample((6,), rng=2)

    draws, first, second = twice(draw, 0.0)
    np.testing.assert_array_equal(draws, fd.Dirichlet(concentration).sample((6,), rng=2))
    np.testing.assert_allclose(np.sum(second, axis=-1), 0.0, atol=1e-12)
    level = fd.Beta(0.7, 3.7).cdf(draws[:, 0])
    _, once, again = twice(lambda t: fd.Beta(0.7 + t, 3.7).icdf(level), 0.0)
    np.testing.assert_allclose(first[:, 0], once, rtol=1e-9)
    np.testing.assert_allclose(second[:, 0], again, rtol=1e-8)


PAIRS = {
    "factors": lambda t: (
        fd.MultivariateNormal(LOC * t, scale_tril=FACTOR * np.exp(t)),
        fd.MultivariateNormal(LOC, SYMMETRIC + t * TOWARDS),
    ),
    "precisions": lambda t: (
        fd.MultivariateNormal(LOC * t, precision_matrix=SYMMETRIC + t * TOWARDS),
        fd.MultivariateNormal(LOC, precision_matrix=SYMMETRIC * np.exp(t)),
    ),
    "logits": lambda t: (fd.Categorical(logits=LOC * t), fd.Categorical(probs=np.exp(LOC + t * t))),
    "one hot": lambda t: (fd.OneHotCategorical(logits=LOC * t), fd.OneHotCategorical(logits=LOC)),
    "dirichlet": lambda t: (fd.Dirichlet(np.exp(LOC * t)), fd.Dirichlet(np.exp(LOC + t * t))),
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in ("logits", "one hot") else pytest.mark.slow) for name in PAIRS]
)
def test_divergences(name):
    """Against differences of the derivative; the value is that without tangents to the last bit."""
    t = 0.4
    value, first, second = twice(lambda s: fd.kl_divergence(*PAIRS[name](s)), t)
    assert value == fd.kl_divergence(*PAIRS[name](t))

    def along(s):
        return fd.jvp(lambda u: fd.kl_divergence(*PAIRS[name](u)), (s,), (1.0,))[1]

    far, near = (along(t + s * STEP) - along(t - s * STEP) for s in (2.0, 1.0))
    assert first == pytest.approx(along(t), rel=1e-12)
    assert second == pytest.approx((8.0 * near - far) / (12.0 * STEP), rel=1e-9)
