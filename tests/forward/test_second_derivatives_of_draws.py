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
        "wishart": lambda t: fd.Wishart(3.5, SYMMETRIC + t * TOWARDS),
        "wishart factor": lambda t: fd.Wishart(3.5, scale_tril=FACTOR * np.exp(t)),
        "wishart precision": lambda t: fd.Wishart(3.5, precision_matrix=SYMMETRIC + t * TOWARDS),
        "inverse wishart": lambda t: fd.InverseWishart(4.5, SYMMETRIC + t * TOWARDS),
        "relaxed": lambda t: fd.RelaxedOneHotCategorical(np.exp(t), logits=LOC * t),
        "relaxed probs": lambda t: fd.RelaxedOneHotCategorical(0.1 * np.exp(t), probs=np.exp(LOC * t * t)),
        "relaxed logs": lambda t: fd.ExpRelaxedCategorical(1e-3 * np.exp(t), logits=LOC * t * t),
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
        *("low rank", "matrix", "relaxed"),
        *(pytest.param(n, marks=pytest.mark.slow) for n in ("covariance", "precision", "student", "logistic")),
        *(pytest.param(n, marks=pytest.mark.slow) for n in ("wishart", "wishart factor", "wishart precision")),
        *(pytest.param(n, marks=pytest.mark.slow) for n in ("inverse wishart", "relaxed probs", "relaxed logs")),
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


def test_a_category_without_weight():
    """It is out of it all, and a softmax of noise moves as the relaxed distribution of the same logits does."""
    logits, towards = np.array([0.3, -np.inf, 1.0, -0.5]), np.array([1.0, 3.0, -0.5, 2.0])
    kept = np.array([0, 2, 3])

    def soft(t):
        return fd.gumbel_softmax(logits + t * towards, 0.7 * np.exp(t), rng=3)

    def distribution(t):
        return fd.RelaxedOneHotCategorical(0.7 * np.exp(t), logits=(logits + t * towards)).rsample(rng=3)

    found, expected = twice(soft, 0.2), twice(distribution, 0.2)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-13)
        assert one[1] == 0.0
    assert abs(np.sum(found[2])) <= 1e-15 * np.sum(np.abs(found[2])) + 1e-15
    hard = twice(lambda t: fd.gumbel_softmax(logits + t * towards, 0.7 * np.exp(t), hard=True, rng=3), 0.2)
    np.testing.assert_array_equal(hard[2], found[2])
    through = twice(lambda t: fd.OneHotCategoricalStraightThrough(logits=logits + t * towards).rsample(rng=3), 0.2)
    weights = twice(
        lambda t: np.exp(logits[kept] + t * towards[kept]) / np.sum(np.exp(logits[kept] + t * towards[kept])), 0.2
    )
    np.testing.assert_allclose(through[2][kept], weights[2], rtol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("family", [fd.Wishart, fd.InverseWishart])
def test_degrees_of_freedom_of_matrices(family):
    """The squares on the diagonal of a triangle move as chi-square quantiles of a fixed level."""
    inverse = family is fd.InverseWishart

    def draw(t):
        return family(2.0 * np.exp(t), np.eye(2)).rsample((6,), rng=4)

    draws, first, second = twice(draw, 0.0)
    np.testing.assert_array_equal(draws, family(2.0, np.eye(2)).sample((6,), rng=4))
    factor = np.linalg.cholesky(draws)
    triangle = np.linalg.inv(factor) if inverse else factor
    steps = np.array([1.0, 0.0] if inverse else [0.0, 1.0])
    roots = np.diagonal(triangle, axis1=-2, axis2=-1)
    levels = fd.Chi2(2.0 - steps).cdf(np.square(roots))

    def again(t):
        moved = np.sqrt(fd.Gamma(np.exp(t) - 0.5 * steps, 0.5).icdf(levels))
        made = np.tril(triangle, -1) + moved[..., np.newaxis] * np.eye(2)
        made = np.linalg.inv(made) if inverse else made
        return np.matmul(made, np.swapaxes(made, -2, -1))

    _, once, twofold = twice(again, 0.0)
    np.testing.assert_allclose(first, once, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(second, twofold, rtol=1e-8, atol=1e-11)


@pytest.mark.slow
@pytest.mark.parametrize("make", [lambda v: fd.MultivariateNormal(np.zeros(2), v), lambda v: fd.Wishart(4.5, v)])
def test_a_single_entry_of_a_symmetric_matrix(make):
    """It counts for half wherever it stands, however deep tangents go."""
    matrix, upper = np.array([[2.0, 0.3], [0.3, 1.0]]), np.array([[0.0, 1.0], [0.0, 0.0]])
    x = make(matrix).sample(rng=2)
    methods = [lambda v: make(v).rsample(rng=1), lambda v: make(v).log_prob(x)]
    methods += [lambda v: make(v).entropy(), lambda v: make(v).covariance()]
    for f in methods:
        one, both = (twice(lambda t, f=f, d=d: f(matrix + t * d), 0.0) for d in (upper, 0.5 * (upper + upper.T)))
        np.testing.assert_allclose(one[1], fd.jvp(f, (matrix,), (upper,))[1], rtol=1e-12, atol=1e-15)
        for found, expected in zip(one, both, strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)


@pytest.mark.slow
def test_on_the_sphere():
    """Draws turn with the mean direction, and their angle to it moves as its quantile does."""

    def turned(t):
        sine, cosine, nothing = np.sin(t), np.cos(t), t * 0.0
        return np.stack(
            [np.stack([cosine, -sine, nothing]), np.stack([sine, cosine, nothing]), [0.0, 0.0, 1.0 + nothing]]
        )

    def draw(t):
        return fd.VonMisesFisher(turned(t)[:, 0], 2.0 * np.exp(t)).rsample((8,), rng=4)

    draws, first, second = twice(draw, 0.3)
    np.testing.assert_array_equal(draws, fd.VonMisesFisher(turned(0.3)[:, 0], 2.0 * np.exp(0.3)).sample((8,), rng=4))
    own = draws @ turned(0.3)
    gap = 1.0 - own[:, 0]
    levels = np.expm1(-2.0 * np.exp(0.3) * gap) / np.expm1(-4.0 * np.exp(0.3))
    around = own[:, 1:] / np.linalg.norm(own[:, 1:], axis=-1, keepdims=True)

    def again(t):
        moved = -np.log1p(levels * np.expm1(-4.0 * np.exp(t))) / (2.0 * np.exp(t))
        across = np.sqrt(moved * (2.0 - moved))[:, np.newaxis] * around
        return np.matmul(np.concatenate([(1.0 - moved)[:, np.newaxis], across], axis=-1), turned(t).T)

    _, once, twofold = twice(again, 0.3)
    np.testing.assert_allclose(first, once, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(second, twofold, rtol=1e-10, atol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("concentration", [0.3, 2.0, 1e5])
def test_correlations(concentration):
    """The squares on the diagonal of a factor move as beta quantiles, and the rest of a row keeps its direction."""

    def draw(t):
        return fd.LKJCholesky(3, concentration * np.exp(t)).rsample((6,), rng=4)

    draws, first, second = twice(draw, 0.0)
    np.testing.assert_array_equal(draws, fd.LKJCholesky(3, concentration).sample((6,), rng=4))
    below, order = np.tril(draws, -1), np.arange(1, 3)
    squares = np.sum(np.square(below), axis=-1)[:, 1:]
    levels = fd.Beta(0.5 * order, concentration + 0.5 * (2 - order)).cdf(squares)

    def again(t):
        moved = fd.Beta(0.5 * order, concentration * np.exp(t) + 0.5 * (2 - order)).icdf(levels)
        rows = np.sqrt(moved / squares)[..., np.newaxis] * below[:, 1:]
        rows = rows + np.sqrt(1.0 - moved)[..., np.newaxis] * np.eye(3)[1:]
        return np.concatenate([np.broadcast_to(np.eye(3)[:1], (6, 1, 3)), rows], axis=-2)

    _, once, twofold = twice(again, 0.0)
    np.testing.assert_allclose(first, once, rtol=1e-9)
    np.testing.assert_allclose(second, twofold, rtol=1e-8)
    products = twice(lambda t: fd.LKJ(3, concentration * np.exp(t)).rsample((6,), rng=4), 0.0)
    np.testing.assert_array_equal(products[0], fd.LKJ(3, concentration).sample((6,), rng=4))
    expected = twice(lambda t: np.matmul(again(t), np.swapaxes(again(t), -2, -1)), 0.0)
    for found, other in zip(products[1:], expected[1:], strict=True):
        np.testing.assert_allclose(found, other, rtol=1e-8, atol=1e-12)


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
    # Where one number is all but 1, its share of what is left is not known from it.
    sparse, towards = np.array([1e-3, 2e-3]), np.array([1e-4, 3e-4])
    draws, first, second = twice(lambda t: fd.Dirichlet(sparse + t * towards).rsample((6,), rng=1), 0.0)
    assert np.any(draws == 1.0)
    slopes = fd.Dirichlet(sparse).rsample_and_grad((6,), rng=1)[1]["concentration"]
    np.testing.assert_allclose(first, slopes @ towards, rtol=1e-10)
    assert np.isfinite(second).all()


LOADINGS, TILT = TOWARDS[:, :2], np.array([0.0, 0.6, 0.8])
PAIRS = {
    "factors": lambda t: (
        fd.MultivariateNormal(LOC * t, scale_tril=FACTOR * np.exp(t)),
        fd.MultivariateNormal(LOC, SYMMETRIC + t * TOWARDS),
    ),
    "precisions": lambda t: (
        fd.MultivariateNormal(LOC * t, precision_matrix=SYMMETRIC + t * TOWARDS),
        fd.MultivariateNormal(LOC, precision_matrix=SYMMETRIC * np.exp(t)),
    ),
    "both": lambda t: (
        fd.MultivariateNormal(LOC * t, precision_matrix=SYMMETRIC + t * TOWARDS),
        fd.MultivariateNormal(LOC, SYMMETRIC * np.exp(t)),
    ),
    "low rank": lambda t: (
        fd.LowRankMultivariateNormal(LOC * t, LOADINGS * np.exp(t), np.exp(LOC * t)),
        fd.LowRankMultivariateNormal(LOC, LOADINGS[:, :1] + t * t, np.exp(LOC)),
    ),
    "from low rank": lambda t: (
        fd.LowRankMultivariateNormal(LOC * t, LOADINGS * np.exp(t), np.exp(LOC * t)),
        fd.MultivariateNormal(LOC, SYMMETRIC + t * TOWARDS),
    ),
    "to low rank": lambda t: (
        fd.MultivariateNormal(LOC, SYMMETRIC + t * TOWARDS),
        fd.LowRankMultivariateNormal(LOC * t, LOADINGS * np.exp(t), np.exp(LOC * t)),
    ),
    "matrices": lambda t: (
        fd.MatrixNormal(TOWARDS * t * t, FACTOR * np.exp(t), FACTOR * (1.0 + t * t)),
        fd.MatrixNormal(TOWARDS, FACTOR, FACTOR * np.exp(-t)),
    ),
    "wishart": lambda t: (fd.Wishart(3.5 * np.exp(t), SYMMETRIC + t * TOWARDS), fd.Wishart(4.0 + t * t, SYMMETRIC)),
    "inverse wishart": lambda t: (
        fd.InverseWishart(3.5 * np.exp(t), SYMMETRIC + t * TOWARDS),
        fd.InverseWishart(20.0, scale_tril=FACTOR * np.exp(t)),
    ),
    "to an inverse": lambda t: (
        fd.Wishart(5.5 * np.exp(t), SYMMETRIC + t * TOWARDS),
        fd.InverseWishart(4.0 + t * t, SYMMETRIC),
    ),
    "from an inverse": lambda t: (
        fd.InverseWishart(5.5 * np.exp(t), SYMMETRIC + t * TOWARDS),
        fd.Wishart(4.0 + t * t, precision_matrix=SYMMETRIC * np.exp(t)),
    ),
    "correlations": lambda t: (fd.LKJ(4, 0.7 * np.exp(t)), fd.LKJ(4, 2.0 + t * t)),
    "directions": lambda t: (
        fd.VonMisesFisher(np.stack([np.sin(t), 0.0 * t, np.cos(t)]), 2.0 * np.exp(t)),
        fd.VonMisesFisher(TILT, 3.0 + t * t),
    ),
    "counts": lambda t: (fd.Multinomial(5, logits=LOC * t), fd.Multinomial(5, probs=np.exp(LOC + t * t))),
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
