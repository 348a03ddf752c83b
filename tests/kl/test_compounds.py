"""Divergences of distributions that are made of others, and bounds on those of mixtures."""

import numpy as np
import pytest

import fastdist as fd

t = fd.transforms

LOCS, SCALES = np.array([[0.0, 1.0, 2.0], [0.5, -1.0, 3.0]]), np.array([1.0, 2.0, 0.5])


# Independent parts -------------------------------------------------------------------------------


def test_independent_parts_add_up():
    p, q = fd.Normal(LOCS, SCALES), fd.Normal(1.0, SCALES[::-1])
    value, in_p, in_q = fd.kl_divergence_and_grad(fd.Independent(p, 1), fd.Independent(q, 1))
    terms, own, other = fd.kl_divergence_and_grad(p, q)
    np.testing.assert_array_equal(value, terms.sum(axis=-1))
    np.testing.assert_array_equal(fd.kl_divergence(fd.Independent(p, 1), fd.Independent(q, 1)), value)
    for grad, want in ((in_p, own), (in_q, other)):
        assert grad.keys() == want.keys()
        assert all(np.array_equal(grad[name], want[name]) for name in want)
    whole = fd.kl_divergence(fd.Independent(p, 2), fd.Independent(fd.Normal(np.ones((2, 3)), SCALES[::-1]), 2))
    assert isinstance(whole, np.float64)
    np.testing.assert_allclose(whole, terms.sum(), rtol=1e-15)


def test_independent_parts_that_are_vectors_or_nested():
    p, q = (fd.MultivariateNormal(LOCS + k, covariance_matrix=(k + 1) * np.eye(3)) for k in range(2))
    value, in_p, _ = fd.kl_divergence_and_grad(fd.Independent(p, 1), fd.Independent(q, 1))
    np.testing.assert_allclose(value, fd.kl_divergence(p, q).sum(), rtol=1e-15)
    assert in_p["loc"].shape == (2, 3) and in_p["covariance_matrix"].shape == (2, 3, 3)
    first, second = fd.Normal(LOCS, SCALES), fd.Normal(LOCS + 1, SCALES)
    nested = fd.Independent(fd.Independent(first, 1), 1)
    assert fd.kl_divergence(nested, fd.Independent(second, 2)) == fd.kl_divergence(
        fd.Independent(first, 2), fd.Independent(second, 2)
    )


def test_independent_parts_of_no_axis():
    p, q = fd.Poisson([1.0, 2.0]), fd.Poisson(3.0)
    np.testing.assert_array_equal(fd.kl_divergence(fd.Independent(p, 0), fd.Independent(q, 0)), fd.kl_divergence(p, q))


def test_narrow_parts():
    p, q = (fd.Normal((LOCS + k).astype(np.float32), np.float32(1.0)) for k in range(2))
    assert fd.kl_divergence(fd.Independent(p, 1), fd.Independent(q, 1)).dtype == np.float32


def test_unlike_parts_are_refused():
    base = fd.MultivariateNormal(np.zeros((4, 3)), np.eye(3))
    with pytest.raises(NotImplementedError, match=r"p takes 2 axes of the batch of a Normal .* and q 1 of a Multi"):
        fd.kl_divergence(fd.Independent(fd.Normal(np.zeros((4, 3)), 1.0), 2), fd.Independent(base, 1))
    with pytest.raises(NotImplementedError, match=r"\(Independent, MultivariateNormal\)"):
        fd.kl_divergence(fd.Independent(fd.Normal(np.zeros(3), 1.0), 1), base)
    with pytest.raises(ValueError, match=r"event_shape \(3,\) and q has \(2,\)"):
        fd.kl_divergence(*(fd.Independent(fd.Normal(np.zeros(n), 1.0), 1) for n in (3, 2)))


# Transformed variates ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "steps",
    [
        [t.ExpTransform()],
        [t.AffineTransform(1.0, -2.0), t.SigmoidTransform()],
        [t.StickBreakingTransform()],
    ],
    ids=str,
)
def test_a_bijection_changes_nothing(steps):
    p, q = (fd.TransformedDistribution(fd.Normal(LOCS + k, SCALES + k), steps) for k in range(2))
    value, in_p, in_q = fd.kl_divergence_and_grad(p, q)
    terms, own, other = fd.kl_divergence_and_grad(fd.Normal(LOCS, SCALES), fd.Normal(LOCS + 1, SCALES + 1))
    want = terms if value.shape == terms.shape else terms.sum(axis=-1)
    assert value.shape == p.batch_shape
    np.testing.assert_allclose(value, want, rtol=1e-15)
    for grad, of_base in ((in_p, own), (in_q, other)):
        assert all(np.array_equal(grad[name], of_base[name]) for name in of_base)
    estimate, error = fd.kl_divergence(p, q, method="monte-carlo", n=4000, rng=3)
    assert np.all(np.abs(estimate - value) <= 5 * error)


def test_a_transform_may_have_the_larger_batch():
    steps = [t.AffineTransform(np.zeros(3), 2.0)]
    p, q = (fd.TransformedDistribution(fd.Normal(loc, 1.0), steps) for loc in (0.0, 1.0))
    value, in_p, _ = fd.kl_divergence_and_grad(p, q)
    np.testing.assert_array_equal(value, [0.5, 0.5, 0.5])
    np.testing.assert_array_equal(in_p["loc"], [-1.0, -1.0, -1.0])


def exponentials(base, *affine):
    return fd.TransformedDistribution(base, [*(t.AffineTransform(*pair) for pair in affine), t.ExpTransform()])


# An image of a normal distribution, and the normal distribution of its logarithm, as functions of two numbers.
IMAGES = [
    (lambda a, b: exponentials(fd.Normal(0.25, 1.5), (a, b)), lambda a, b: fd.Normal(a + 0.25 * b, 1.5 * abs(b))),
    (lambda a, b: exponentials(fd.Normal(a, b), (1.0, -0.5)), lambda a, b: fd.Normal(1.0 - 0.5 * a, 0.5 * b)),
    (
        lambda a, b: exponentials(fd.Normal(a, 1.0), (1.0, -2.0), (0.5, b)),
        lambda a, b: fd.Normal(0.5 + b * (1.0 - 2.0 * a), 2.0 * abs(b)),
    ),
    (lambda a, b: fd.LogNormal(a, b), lambda a, b: fd.Normal(a, b)),
]


@pytest.mark.parametrize("second", IMAGES)
@pytest.mark.parametrize("first", IMAGES)
def test_affine_images_of_normal_variates(first, second):
    def image(*x):
        return fd.kl_divergence(first[0](x[0], x[1]), second[0](x[2], x[3]))

    def itself(*x):
        return fd.kl_divergence(first[1](x[0], x[1]), second[1](x[2], x[3]))

    x = (0.75, 0.5, 0.5, 1.25)
    for unit in np.eye(4):
        value, slope = fd.jvp(image, x, tuple(unit))
        want, of_base = fd.jvp(itself, x, tuple(unit))
        assert value == pytest.approx(want, rel=1e-14, abs=1e-15)
        assert slope == pytest.approx(of_base, rel=1e-13, abs=1e-14)
    if first is IMAGES[0]:
        bend = [fd.jvp(lambda *y, f=f: fd.jvp(f, y, (0, 1, 0, 1))[1], x, (0, 0, 1, 1))[1] for f in (image, itself)]
        assert bend[0] == pytest.approx(bend[1], rel=1e-13)


def test_slopes_in_transforms_that_are_equal():
    p = exponentials(fd.Normal(0.25, 1.5), (1.0, 0.5))
    _, in_p, in_q = fd.kl_divergence_and_grad(p, exponentials(fd.Normal(0.25, 2.0), (1.0, 0.5)))
    _, own, other = fd.kl_divergence_and_grad(fd.Normal(1.125, 0.75), fd.Normal(1.125, 1.0))
    assert in_p["transforms_0_scale"] == pytest.approx(own["loc"] * 0.25 + own["scale"] * 1.5, rel=1e-14)
    assert in_q["transforms_0_scale"] == pytest.approx(other["loc"] * 0.25 + other["scale"] * 2.0, rel=1e-14)


def test_unlike_transforms_are_refused():
    p = fd.TransformedDistribution(fd.Normal(0.0, 1.0), t.ExpTransform())
    with pytest.raises(NotImplementedError, match=r"transforms are the same; got \[ExpTransform\(\)\] and \[Sigmoid"):
        fd.kl_divergence(p, fd.TransformedDistribution(fd.Normal(0.0, 1.0), t.SigmoidTransform()))
    flat = fd.TransformedDistribution(fd.Normal(LOCS, SCALES), t.SoftmaxTransform())
    with pytest.raises(NotImplementedError, match="must be bijections"):
        fd.kl_divergence(flat, flat)


def test_bases_without_a_pair():
    p, q = (
        fd.TransformedDistribution(base, t.ExpTransform())
        for base in (fd.SkewNormal(0.0, 1.0, 2.0), fd.Normal(0.0, 1.0))
    )
    with pytest.raises(NotImplementedError, match=r"\(SkewNormal, Normal\)"):
        fd.kl_divergence(p, q)


# Bounds ------------------------------------------------------------------------------------------


def mixture(seed, count):
    random = np.random.default_rng(seed)
    weights = fd.Categorical(probs=random.dirichlet(np.ones(count)))
    return fd.MixtureSameFamily(weights, fd.Normal(3 * random.normal(size=count), random.uniform(0.5, 2.0, count)))


def integrated(p, q):
    """By the trapezoidal rule, which for analytic densities that vanish at the ends leaves nothing to be desired."""
    x = np.linspace(-60.0, 60.0, 12_001)
    log_p = p.log_prob(x)
    return np.sum(np.exp(log_p) * (log_p - q.log_prob(x))) * (x[1] - x[0])


PAIRS_OF_NUMBERS = [
    (mixture(1, 3), mixture(2, 3)),
    (mixture(3, 2), mixture(4, 5)),
    (mixture(5, 4), fd.Normal(0.0, 3.0)),
    (fd.Normal(0.0, 3.0), mixture(6, 2)),
    (
        fd.Mixture(fd.Categorical(probs=[0.25, 0.75]), [fd.Normal(0.0, 1.0), fd.Normal(3.0, 2.0)]),
        fd.Mixture(fd.Categorical(probs=[0.5, 0.5]), [fd.Normal(1.0, 2.0), fd.Normal(4.0, 2.0)]),
    ),
]


@pytest.mark.parametrize(("p", "q"), PAIRS_OF_NUMBERS, ids=range(len(PAIRS_OF_NUMBERS)))
def test_bounds_hold_the_quadrature(p, q):
    lower, upper = fd.kl_divergence(p, q, method="bounds")
    assert 0.8 * integrated(p, q) < lower <= integrated(p, q) <= upper < np.inf


@pytest.mark.parametrize("p", [p for p, _ in PAIRS_OF_NUMBERS], ids=range(len(PAIRS_OF_NUMBERS)))
def test_equal_mixtures_have_bounds_of_0(p):
    assert tuple(fd.kl_divergence(p, p, method="bounds")) == (0.0, 0.0)


def test_components_far_apart_leave_no_room():
    """What is left is the divergence of the weights and of the components that belong together."""
    first, second = ([0.25, 0.75], [0.0, 1e3]), ([0.5, 0.5], [1e3 + 1, 0.5])
    p, q = (fd.MixtureSameFamily(fd.Categorical(probs=w), fd.Normal(loc, 1.0)) for w, loc in (first, second))
    want = 0.25 * np.log(0.5) + 0.75 * np.log(1.5) + 0.25 * 0.125 + 0.75 * 0.5
    lower, upper = fd.kl_divergence(p, q, method="bounds")
    np.testing.assert_allclose(upper, want, rtol=1e-12)
    assert 0.9 * want < lower <= upper


def test_bounds_of_a_batch():
    random = np.random.default_rng(5)
    weights, locs = random.dirichlet(np.ones(3), size=4), random.normal(size=(4, 3))
    p = fd.MixtureSameFamily(fd.Categorical(probs=weights), fd.Normal(locs, 1.0))
    q = fd.MixtureSameFamily(fd.Categorical(probs=[0.5, 0.5]), fd.Normal([[[-1.0, 1.0]], [[0.0, 3.0]]], 2.0))
    found = fd.kl_divergence(p, q, method="bounds")
    assert found.lower.shape == found.upper.shape == (2, 4)
    for i in range(4):
        one = fd.MixtureSameFamily(fd.Categorical(probs=weights[i]), fd.Normal(locs[i], 1.0))
        own = fd.kl_divergence(one, q, method="bounds")
        np.testing.assert_allclose(found.lower[:, i], own.lower[:, 0], rtol=1e-12)
        np.testing.assert_allclose(found.upper[:, i], own.upper[:, 0], rtol=1e-6)


def vectors(seed, count, kind):
    random = np.random.default_rng(seed)
    weights, locs = fd.Categorical(probs=random.dirichlet(np.ones(count))), 2 * random.normal(size=(count, 2))
    if kind == "independent":
        return fd.MixtureSameFamily(weights, fd.Independent(fd.Normal(locs, 1.0), 1))
    factor = np.tril(random.normal(size=(count, 2, 2)), -1) + np.eye(2)
    return fd.MixtureSameFamily(weights, fd.MultivariateNormal(locs, scale_tril=factor))


@pytest.mark.parametrize("kind", ["independent", "dense"])
def test_bounds_of_vectors(kind):
    p, q = vectors(1, 3, kind), vectors(2, 2, kind)
    lower, upper = fd.kl_divergence(p, q, method="bounds")
    value, error = fd.kl_divergence(p, q, method="monte-carlo", rng=1)
    assert 0 < lower < value - 5 * error < value + 5 * error < upper
    assert tuple(fd.kl_divergence(p, p, method="bounds")) == (0.0, 0.0)


def test_infinite_components():
    """No bound is below infinity where q has no mass, and weights of 0 do not count."""
    uniform = fd.MixtureSameFamily(fd.Categorical(probs=[0.5, 0.5]), fd.Uniform([0.0, 2.0], [1.0, 3.0]))
    assert fd.kl_divergence(uniform, fd.Uniform(0.0, 1.0), method="bounds").upper == np.inf
    np.testing.assert_allclose(fd.kl_divergence(uniform, fd.Uniform(0.0, 3.0), method="bounds").upper, np.log(3.0))
    first = fd.MixtureSameFamily(fd.Categorical(probs=[1.0, 0.0]), fd.Uniform([0.0, 2.0], [1.0, 3.0]))
    lower, upper = fd.kl_divergence(first, fd.Uniform(0.0, 2.0), method="bounds")
    np.testing.assert_allclose(upper, np.log(2.0))
    assert 0 < lower <= upper


def test_bounds_that_cannot_be_had():
    p = mixture(1, 2)
    with pytest.raises(NotImplementedError, match=r"\(Normal, SkewNormal\)"):
        fd.kl_divergence(p, fd.SkewNormal(0.0, 1.0, 2.0), method="bounds")
    with pytest.raises(TypeError, match="q must be a distribution"):
        fd.kl_divergence(p, 1.0, method="bounds")
    with pytest.raises(ValueError, match="event_shape"):
        fd.kl_divergence(p, vectors(1, 2, "dense"), method="bounds")
    with pytest.raises(ValueError, match="cross_entropy: method must be one of"):
        fd.cross_entropy(p, p, method="bounds")
    lkj = fd.MixtureSameFamily(fd.Categorical(probs=[0.5, 0.5]), fd.LKJ(2, [1.0, 2.0]))
    with pytest.raises(NotImplementedError, match="LKJ cannot be taken one by one"):
        fd.kl_divergence(lkj, lkj, method="bounds")
    with pytest.raises(NotImplementedError, match=r"\(MixtureSameFamily, MixtureSameFamily\)"):
        fd.kl_divergence(p, p)


def test_upper_bound_is_one_for_any_matrix():
    """Discrete distributions as mixtures of point masses on random sets: the bound is never below the divergence."""
    random = np.random.default_rng(0)
    for _ in range(20):
        parts, others = random.dirichlet(np.ones(4), size=3), random.dirichlet(np.ones(4), size=2)
        weights, other_weights = random.dirichlet(np.ones(3)), random.dirichlet(np.ones(2))
        p, q = (
            fd.MixtureSameFamily(fd.Categorical(probs=w), fd.Categorical(probs=c))
            for w, c in ((weights, parts), (other_weights, others))
        )
        own, other = weights @ parts, other_weights @ others
        value = np.sum(own * np.log(own / other))
        lower, upper = fd.kl_divergence(p, q, method="bounds")
        assert lower <= value + 1e-15 and value <= upper + 1e-15


def test_upper_bound_is_the_least():
    """Against the weights of a general minimiser, from where the components in their order are no good."""
    from scipy.optimize import minimize
    from scipy.special import logsumexp

    p, q = mixture(1, 3), mixture(2, 3)
    apart = np.array([[fd.kl_divergence(a, b) for b in q._one_each()] for a in p._one_each()])

    def bound(free):
        log_shares = free.reshape(3, 3) - logsumexp(free.reshape(3, 3), axis=0)
        logs = log_shares + np.log(q.mixture_distribution.probs)
        weights = p.mixture_distribution.probs
        return np.sum(weights * (np.log(weights) - logsumexp(logs - apart, axis=1)))

    best = min(minimize(bound, np.random.default_rng(k).normal(size=9)).fun for k in range(3))
    np.testing.assert_allclose(fd.kl_divergence(p, q, method="bounds").upper, best, rtol=1e-6)
