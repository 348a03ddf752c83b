"""Derivatives of derivatives through distributions: forward over forward, against mpmath's."""

import mpmath as mp
import numpy as np
import pytest

import fastdist as fd

log, gammaln = mp.log, mp.loggamma


def betaln(a, b):
    return gammaln(a) + gammaln(b) - gammaln(a + b)


def gamma_log_prob(x, a, b):
    return a * log(b) - gammaln(a) + (a - 1) * log(x) - b * x


def beta_log_prob(x, a, b):
    return (a - 1) * log(x) + (b - 1) * mp.log1p(-x) - betaln(a, b)


def student_log_prob(x, n, m, s):
    return -betaln(n / 2, mp.mpf(1) / 2) - log(n) / 2 - log(s) - (n + 1) / 2 * mp.log1p(((x - m) / s) ** 2 / n)


def inverse_wishart_log_prob(x, n, v):
    return n / 2 * log(v / 2) - gammaln(n / 2) - (n / 2 + 1) * log(x) - v / (2 * x)


def normal_log_prob(x, m, s):
    return -log(s) - ((x - m) / s) ** 2 / 2


def relaxed_log_prob(y, t, a, b):
    """Of two categories."""
    both = mp.exp(a - t * log(y)) + mp.exp(b - t * mp.log1p(-y))
    return log(t) + a + b - (t + 1) * (log(y) + mp.log1p(-y)) - 2 * log(both)


MASSES = fd.Categorical(probs=[0.25, 0.75])
AFFINE, EXP, POWER = fd.transforms.AffineTransform, fd.transforms.ExpTransform(), fd.transforms.PowerTransform


def lower(s):
    """A triangular matrix with a number in it."""
    return np.stack([np.stack([s, 0.0]), np.array([1.0, 2.0])])


def single(x):
    """A matrix of one number."""
    return np.reshape(x, (1, 1))


def rest(y):
    """Two numbers that sum to 1."""
    return np.stack([y, 1.0 - y])


# A function of numbers, the same in mpmath, and where.
CASES = {
    "Normal.log_prob": (
        lambda x, m, s: fd.Normal(m, s).log_prob(x),
        lambda x, m, s: -log(s) - ((x - m) / s) ** 2 / 2,
        (1.3, 0.4, 1.7),
    ),
    "Normal.cdf": (lambda x, m, s: fd.Normal(m, s).cdf(x), lambda x, m, s: mp.ncdf((x - m) / s), (1.3, 0.4, 1.7)),
    "Normal.log_sf": (
        lambda x, m, s: fd.Normal(m, s).log_sf(x),
        lambda x, m, s: log(mp.ncdf((m - x) / s)),
        (4.0, 0.4, 1.7),
    ),
    "Laplace.log_prob": (
        lambda x, m, s: fd.Laplace(m, s).log_prob(x),
        lambda x, m, s: -log(2 * s) - abs(x - m) / s,
        (1.3, 0.4, 1.7),
    ),
    "Exponential.log_prob": (lambda x, r: fd.Exponential(r).log_prob(x), lambda x, r: log(r) - r * x, (1.3, 0.4)),
    "Gamma.log_prob": (lambda x, a, b: fd.Gamma(a, b).log_prob(x), gamma_log_prob, (1.3, 2.4, 1.7)),
    "Gamma.log_prob, large": (lambda x, a, b: fd.Gamma(a, b).log_prob(x), gamma_log_prob, (100.3, 202.4, 1.7)),
    # Where a shape of 1 takes a term away, the derivative of the term stays.
    "Gamma.log_prob, shape 1": (lambda x, a, b: fd.Gamma(a, b).log_prob(x), gamma_log_prob, (1.3, 1.0, 1.7)),
    "Beta.log_prob, shapes 1": (lambda x, a, b: fd.Beta(a, b).log_prob(x), beta_log_prob, (0.3, 1.0, 1.0)),
    "MixtureSameFamily.log_prob": (
        lambda x, a, b: fd.MixtureSameFamily(MASSES, fd.Gamma(np.stack([a, b]), 2.0)).log_prob(x),
        lambda x, a, b: log(0.25 * mp.exp(gamma_log_prob(x, a, 2)) + 0.75 * mp.exp(gamma_log_prob(x, b, 2))),
        (1.3, 1.0, 2.3),
    ),
    "MixtureSameFamily.variance": (
        lambda a, b: fd.MixtureSameFamily(MASSES, fd.Gamma(2.0, np.stack([a, b]))).variance(),
        lambda a, b: 1.5 / a**2 + 4.5 / b**2 - (0.5 / a + 1.5 / b) ** 2,
        (0.7, 2.3),
    ),
    "MultivariateNormal.log_prob": (
        lambda x, m, s: fd.MultivariateNormal(np.stack([m, 1.0]), scale_tril=lower(s)).log_prob(np.stack([x, 2.0])),
        lambda x, m, s: -log(2 * mp.pi * 2 * s) - ((x - m) / s) ** 2 / 2 - ((1 - (x - m) / s) / 2) ** 2 / 2,
        (1.3, 0.4, 1.7),
    ),
    "MultivariateStudentT.log_prob": (
        lambda x, n, s: fd.MultivariateStudentT(n, np.zeros(1), np.reshape(s, (1, 1))).log_prob(np.stack([x])),
        lambda x, n, s: student_log_prob(x, n, 0, s),
        (1.3, 3.5, 1.7),
    ),
    "Dirichlet.log_prob": (
        lambda a, b: fd.Dirichlet(np.stack([a, b])).log_prob([0.25, 0.75]),
        lambda a, b: beta_log_prob(mp.mpf(0.25), a, b),
        (2.4, 0.7),
    ),
    "Dirichlet.entropy": (
        lambda a, b: fd.Dirichlet(np.stack([a, b])).entropy(),
        lambda a, b: betaln(a, b) + (a + b - 2) * mp.psi(0, a + b) - (a - 1) * mp.psi(0, a) - (b - 1) * mp.psi(0, b),
        (2.4, 0.7),
    ),
    "Gamma.entropy": (
        lambda a, b: fd.Gamma(a, b).entropy(),
        lambda a, b: a - log(b) + gammaln(a) + (1 - a) * mp.digamma(a),
        (2.4, 1.7),
    ),
    "Beta.log_prob": (lambda x, a, b: fd.Beta(a, b).log_prob(x), beta_log_prob, (0.3, 2.4, 1.7)),
    "StudentT.log_prob": (
        lambda x, n, m, s: fd.StudentT(n, m, s).log_prob(x),
        student_log_prob,
        (1.3, 3.5, 0.4, 1.7),
    ),
    "Poisson.log_prob": (lambda r: fd.Poisson(r).log_prob(4), lambda r: 4 * log(r) - r, (2.4,)),
    "Bernoulli.log_prob": (lambda a: fd.Bernoulli(logits=a).log_prob(1), lambda a: -mp.log1p(mp.exp(-a)), (0.4,)),
    "Binomial.log_prob, logits": (
        lambda a: fd.Binomial(10, logits=a).log_prob(3),
        lambda a: 3 * a - 10 * mp.log1p(mp.exp(a)),
        (0.4,),
    ),
    "Binomial.log_prob": (
        lambda p: fd.Binomial(10, p).log_prob(3),
        lambda p: 3 * log(p) + 7 * mp.log1p(-p),
        (0.4,),
    ),
    "Categorical.log_prob": (
        lambda *w: fd.Categorical(probs=np.stack(w)).log_prob(1),
        lambda a, b, c: log(b) - log(a + b + c),
        (0.1, 0.3, 0.5),
    ),
    "Categorical.log_prob, logits": (
        lambda *w: fd.Categorical(logits=np.stack(w)).log_prob(1),
        lambda a, b, c: b - log(mp.exp(a) + mp.exp(b) + mp.exp(c)),
        (0.1, 0.3, -0.5),
    ),
    "kl_divergence": (
        lambda a, b: fd.kl_divergence(fd.Gamma(a, b), fd.Gamma(2.0, 1.0)),
        lambda a, b: (a - 2) * mp.digamma(a) - gammaln(a) + 2 * log(b) + a * (1 / b - 1),
        (0.7, 1.3),
    ),
    "kl_divergence of parts": (
        lambda a, b: fd.kl_divergence(
            *(fd.Independent(d, 1) for d in (fd.Gamma(np.stack([a]), b), fd.Gamma([2.0], 1.0)))
        ),
        lambda a, b: (a - 2) * mp.digamma(a) - gammaln(a) + 2 * log(b) + a * (1 / b - 1),
        (0.7, 1.3),
    ),
    "Independent.log_prob": (
        lambda a, b: fd.Independent(fd.Gamma(np.stack([a, b]), 2.0), 1).log_prob([0.5, 1.5]),
        lambda a, b: gamma_log_prob(mp.mpf(0.5), a, 2) + gamma_log_prob(mp.mpf(1.5), b, 2),
        (0.7, 2.3),
    ),
}
for _name in ("Gamma.cdf", "Gamma.log_sf"):
    CASES[_name] = (
        lambda x, a, b, method=_name[6:]: getattr(fd.Gamma(a, b), method)(x),
        (lambda x, a, b: mp.gammainc(a, 0, b * x, regularized=True))
        if _name == "Gamma.cdf"
        else (lambda x, a, b: log(mp.gammainc(a, b * x, mp.inf, regularized=True))),
        (3.3, 2.4, 1.7),
    )


# Of transforms, and of what is made of other distributions.
CASES.update(
    {
        "ExpTransform": (EXP, mp.exp, (0.7,)),
        "LogTransform": (EXP.inv, log, (0.7,)),
        "ComposeTransform.log_abs_det_jacobian": (
            lambda x, a, b, p: fd.transforms.ComposeTransform([AFFINE(a, b), POWER(p)]).log_abs_det_jacobian(x),
            lambda x, a, b, p: log(b) + log(p) + (p - 1) * log(a + b * x),
            (1.3, 0.4, 1.7, 2.3),
        ),
        "StickBreakingTransform": (
            lambda x: fd.transforms.StickBreakingTransform()(np.stack([x]))[0],
            lambda x: 1 / (1 + mp.exp(-x)),
            (0.7,),
        ),
        "TransformedDistribution.log_prob": (
            lambda x, m, s: fd.TransformedDistribution(fd.Normal(m, 1.0), [AFFINE(0.0, s), EXP]).log_prob(x),
            lambda x, m, s: -log(x) - log(s) - (log(x) / s - m) ** 2 / 2,
            (1.3, 0.4, 1.7),
        ),
        "TransformedDistribution of vectors": (
            lambda x, m, s: fd.TransformedDistribution(
                fd.MultivariateNormal(np.stack([m]), np.eye(1)), [AFFINE(0.0, s), EXP]
            ).log_prob(np.stack([x])),
            lambda x, m, s: -log(x) - log(s) - (log(x) / s - m) ** 2 / 2,
            (1.3, 0.4, 1.7),
        ),
        "Mixture.log_sf": (
            lambda x, m, r: fd.Mixture(MASSES, [fd.Normal(m, 1.0), fd.Exponential(r)]).log_sf(x),
            lambda x, m, r: log(mp.ncdf(m - x) / 4 + 3 * mp.exp(-r * x) / 4),
            (4.3, 0.4, 1.7),
        ),
        "Mixture.icdf": (
            lambda q, m, r: fd.Mixture(MASSES, [fd.Normal(m, 1.0), fd.Exponential(r)]).icdf(q),
            lambda q, m, r: mp.findroot(lambda x: mp.ncdf(x - m) / 4 - 3 * mp.expm1(-r * x) / 4 - q, 1.0),
            (0.7, 0.4, 1.7),
        ),
        "Independent of vectors": (
            lambda x, s: fd.Independent(fd.MultivariateNormal(np.zeros((2, 1)), scale_tril=single(s)), 1).log_prob(
                np.reshape(rest(x), (2, 1))
            ),
            lambda x, s: normal_log_prob(x, 0, s) + normal_log_prob(1 - x, 0, s),
            (0.7, 1.3),
        ),
    }
)
# Of vectors and matrices: by their compiled formulas of rows, each of which takes seconds.
VECTORS = {
    "Dirichlet.log_prob, concentrations 1": (
        lambda y, a, b: fd.Dirichlet(np.stack([a, b])).log_prob(rest(y)),
        beta_log_prob,
        (0.3, 1.0, 1.0),
    ),
    "DirichletMultinomial.log_prob": (
        lambda a, b: fd.DirichletMultinomial(np.stack([a, b]), 7).log_prob([3, 4]),
        lambda a, b: betaln(a + 3, b + 4) - betaln(a, b),
        (0.7, 1.3),
    ),
    "Multinomial.log_prob": (
        lambda a, b: fd.Multinomial(7, logits=np.stack([a, b])).log_prob([3, 4]),
        lambda a, b: 3 * a + 4 * b - 7 * log(mp.exp(a) + mp.exp(b)),
        (0.7, 1.3),
    ),
    "LowRankMultivariateNormal.log_prob": (
        lambda x, w, d: fd.LowRankMultivariateNormal(np.zeros(1), single(w), np.stack([d])).log_prob(np.stack([x])),
        lambda x, w, d: normal_log_prob(x, 0, mp.sqrt(w * w + d)),
        (1.3, 0.4, 1.7),
    ),
    "MultivariateNormal.log_prob, precision": (
        lambda x, p: fd.MultivariateNormal(np.zeros(1), precision_matrix=single(p)).log_prob(np.stack([x])),
        lambda x, p: normal_log_prob(x, 0, 1 / mp.sqrt(p)),
        (1.3, 0.4),
    ),
    "MatrixNormal.log_prob": (
        lambda x, r, c: fd.MatrixNormal(np.zeros((1, 1)), single(r), single(c)).log_prob(single(x)),
        lambda x, r, c: normal_log_prob(x, 0, r * c),
        (1.3, 0.4, 1.7),
    ),
    "Wishart.log_prob": (
        lambda x, n, v: fd.Wishart(n, single(v)).log_prob(single(x)),
        lambda x, n, v: gamma_log_prob(x, n / 2, 1 / (2 * v)),
        (1.3, 2.4, 1.7),
    ),
    "InverseWishart.log_prob": (
        lambda x, n, v: fd.InverseWishart(n, single(v)).log_prob(single(x)),
        inverse_wishart_log_prob,
        (1.3, 2.4, 1.7),
    ),
    "LKJ.log_prob": (
        lambda a: fd.LKJ(2, a).log_prob([[1.0, 0.5], [0.5, 1.0]]),
        lambda a: (a - 1) * log(mp.mpf(0.75)) - betaln(mp.mpf(0.5), a),
        (1.7,),
    ),
    "LKJCholesky.log_prob": (
        lambda a: fd.LKJCholesky(2, a).log_prob([[1.0, 0.0], [0.5, 0.75**0.5]]),
        lambda a: (a - 1) * log(mp.mpf(0.75)) - betaln(mp.mpf(0.5), a),
        (1.7,),
    ),
    "VonMisesFisher.log_prob": (
        lambda k: fd.VonMisesFisher([0.0, 0.0, 1.0], k).log_prob([0.0, 0.6, 0.8]),
        lambda k: k * mp.mpf(0.8) + log(k) - log(mp.sinh(k)),
        (1.7,),
    ),
    "LogisticNormal.log_prob": (
        lambda y, m, s: fd.LogisticNormal(np.stack([m]), np.stack([s])).log_prob(rest(y)),
        lambda y, m, s: normal_log_prob(log(y) - mp.log1p(-y), m, s) - log(y) - mp.log1p(-y),
        (0.3, 0.4, 1.7),
    ),
    "RelaxedOneHotCategorical.log_prob": (
        lambda y, t, a, b: fd.RelaxedOneHotCategorical(t, logits=np.stack([a, b])).log_prob(rest(y)),
        relaxed_log_prob,
        (0.3, 0.7, 0.4, 1.3),
    ),
}
CASES.update(VECTORS)
DEAR = {*VECTORS, "ComposeTransform.log_abs_det_jacobian", "Mixture.icdf", "MultivariateStudentT.log_prob"}


def hessian(f, x):
    """By rows: how the gradient moves."""
    units = [tuple(unit) for unit in np.eye(len(x))]

    def slope(unit):
        return lambda *y: fd.jvp(f, y, unit)[1]

    return np.array([[fd.jvp(slope(unit), x, other)[1] for unit in units] for other in units])


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=pytest.mark.slow if n in DEAR else []) for n in CASES],
)
def test_hessians(name):
    f, exact, x = CASES[name]
    got = hessian(f, x)
    with mp.workdps(40):
        for i in range(len(x)):
            for j in range(i + 1):
                orders = tuple(int(k == i) + int(k == j) for k in range(len(x)))
                want = float(mp.diff(exact, tuple(map(mp.mpf, x)), orders))
                assert got[i, j] == pytest.approx(want, rel=1e-12, abs=1e-15)
                assert got[j, i] == pytest.approx(want, rel=1e-12, abs=1e-15)


def test_draws():
    """At the noise that is held: exactly for a location and a scale, by differences of the slope for a gamma draw."""
    draw = fd.Normal(0.0, 1.0).sample(rng=3)
    assert np.allclose(
        hessian(lambda a: np.exp(fd.Normal(a, a * a).rsample(rng=3)), (0.7,)),
        np.exp(0.7 + 0.49 * draw) * ((1 + 1.4 * draw) ** 2 + 2 * draw),
        rtol=1e-13,
    )
    shape, draw = 2.4, fd.Gamma(2.4, 1.0).sample(rng=3)
    level = fd.Gamma(shape, 1.0).cdf(draw)

    def slope(a):
        return fd.Gamma(a, 1.0)._slopes_of_draws(fd.Gamma(a, 1.0).icdf(level))["concentration"]

    want = (8 * (slope(shape + 1e-3) - slope(shape - 1e-3)) - slope(shape + 2e-3) + slope(shape - 2e-3)) / 12e-3
    assert hessian(lambda a: fd.Gamma(a, 1.0).rsample(rng=3), (shape,)) == pytest.approx(want, rel=1e-8)


def test_likelihoods():
    """The Hessian of a likelihood over batches, by both ways of writing it, and a step of Newton's method."""
    x = fd.Gamma(3.0, 2.0).sample(200, rng=1)

    def summed(theta):
        return np.sum(fd.Gamma(theta[0], theta[1]).log_prob(x))

    def at_once(theta):
        return fd.Gamma(theta[0], theta[1]).log_likelihood(x)

    theta = np.array([3.0, 2.0])

    def slopes(likelihood):
        return lambda theta: fd.value_and_grad(likelihood)(theta)[1]

    for likelihood in (summed, at_once):
        gradient, rows = fd.jvp(slopes(likelihood), (theta,), (np.eye(2),))
        want = [[-float(mp.psi(1, 3.0)), 0.5], [0.5, -0.75]]
        np.testing.assert_allclose(rows, 200 * np.array(want), rtol=1e-12)
    for _ in range(5):
        gradient, rows = fd.jvp(slopes(at_once), (theta,), (np.eye(2),))
        theta = theta - np.linalg.solve(rows, gradient)
    assert abs(fd.value_and_grad(at_once)(theta)[1]).max() < 1e-10


def test_third_derivatives():
    def twice(f):
        return lambda a: fd.jvp(f, (a,), (1.0,))[1]

    third = twice(twice(twice(lambda a: fd.Gamma(a, 1.0).log_prob(0.5))))
    assert third(0.3) == pytest.approx(-float(mp.psi(2, 0.3)), rel=1e-12)


@pytest.mark.parametrize(
    ("name", "f"),
    [
        (
            "MixtureSameFamily.entropy",
            lambda a: fd.MixtureSameFamily(fd.Categorical(a), fd.Normal(a, 1)).entropy(),
        ),
        ("kl_divergence.*Delta", lambda a: fd.kl_divergence(fd.Delta(a), fd.Poisson(a))),
    ],
)
def test_what_has_none(name, f):
    with pytest.raises(TypeError, match=name):
        fd.jvp(lambda a: fd.jvp(f, (a,), (np.ones(2),))[1], (np.array([0.4, 0.6]),), (np.ones(2),))
