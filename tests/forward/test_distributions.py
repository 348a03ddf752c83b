"""Duals as parameters and values of distributions."""

import mpmath as mp
import numpy as np
import pytest
from helpers import HELD, SUMMARISED, if_summarised

import fastdist as fd

METHODS = ("log_prob", "prob", "cdf", "sf", "log_cdf", "log_sf", "icdf", "isf")
LEVELS = np.array([0.08, 0.35, 0.7, 0.93])
STEP = 1e-4


# Those that carry tangents: not what is made of other distributions, nor what has integers for parameters.
CASES = [
    c
    for c in HELD
    if not str(c).startswith(("Truncated(", "ZeroInflated("))
    and not all(p.is_discrete for p in c.distribution.arg_constraints.values())
]
each_case = pytest.mark.parametrize("case", CASES, ids=str)


def moving(case):
    """A row's first parameter set, its continuous parameters, and a direction for each: small beside all distances."""
    parameters = case.ordinary[0]
    random = np.random.default_rng(11)
    kinds = case.distribution.arg_constraints
    directions = {
        name: random.uniform(0.2, 1.0, np.shape(value)) * np.asarray(value) * 0.1
        for name, value in parameters.items()
        if not kinds[name].is_discrete
    }
    if case.distribution is fd.Categorical:  # the derivative is that of the normalised masses
        directions = {name: d - np.mean(d) for name, d in directions.items()}
    return parameters, directions


def difference(function):
    """The derivative at 0, by a fourth-order difference."""
    far, near = (function(s * STEP) - function(-s * STEP) for s in (2.0, 1.0))
    return (8.0 * near - far) / (12.0 * STEP)


def has(case, method):
    d = case.distribution(**case.ordinary[0])
    if method in ("icdf", "isf"):
        return d._moves
    return d._moves or ("log_prob" if method == "prob" else method.removeprefix("log_").replace("sf", "cdf")) in (
        *case.gradients,
        *(("log_prob",) if method == "log_prob" else ()),
    )


@pytest.mark.parametrize(
    ("case", "method"), [if_summarised(c, m) for c in CASES for m in METHODS if has(c, m)], ids=str
)
def test_methods_of_a_value(case, method):
    """Along a direction of all parameters and the value, against a difference."""
    parameters, directions = moving(case)
    d = case.distribution(**parameters)
    value = LEVELS if method in ("icdf", "isf") else d.icdf(LEVELS)
    signs = 0.0 if d.support.is_discrete else np.array([0.01, -0.01, 0.01, -0.01])
    spread = signs * np.maximum(abs(value), 0.01)

    def along(s):
        moved = {n: v + s * directions[n] if n in directions else v for n, v in parameters.items()}
        return getattr(case.distribution(**moved), method)(value + s * spread)

    lifted = case.distribution(
        **{n: fd.Dual(v, directions[n]) if n in directions else v for n, v in parameters.items()}
    )
    result = getattr(lifted, method)(value if d.support.is_discrete else fd.Dual(value, spread))
    np.testing.assert_allclose(result.primal, getattr(d, method)(value), rtol=1e-13)
    here = np.isfinite(result.primal)
    with np.errstate(invalid="ignore"):
        want = difference(along)
    np.testing.assert_allclose(result.tangent[here], want[here], rtol=1e-6, atol=1e-9)
    assert np.all(result.tangent[~here] == 0)


@each_case
def test_draws(case):
    """The slopes of draws times the tangents; a plain array where the gradient stops."""
    parameters, directions = moving(case)
    lifted = case.distribution(
        **{n: fd.Dual(v, directions[n]) if n in directions else v for n, v in parameters.items()}
    )
    plain = case.distribution(**parameters)
    assert isinstance(lifted, case.distribution) and lifted.batch_shape == plain.batch_shape
    draws = lifted.sample((5,), rng=3)
    np.testing.assert_array_equal(draws, plain.sample((5,), rng=3))
    assert type(draws) is np.ndarray
    if not plain.has_rsample:
        with pytest.raises(NotImplementedError, match="score"):
            lifted.rsample((5,), rng=3)
        return
    result = lifted.rsample((5,), rng=3)
    _, slopes = plain.rsample_and_grad((5,), rng=3)
    np.testing.assert_array_equal(result.primal, draws)
    np.testing.assert_allclose(result.tangent, sum(slopes[n] * t for n, t in directions.items()), rtol=1e-14)


@pytest.mark.parametrize(
    ("case", "method"),
    [
        pytest.param(c, m, marks=[] if str(c) in SUMMARISED and m not in ("mode", "median") else pytest.mark.slow)
        for c in CASES
        for m in ("mean", "variance", "stddev", "mode", "entropy", "median")
    ],
    ids=str,
)
def test_summaries(case, method):
    """Against differences, where the family has a formula."""
    parameters, directions = moving(case)
    plain = case.distribution(**parameters)
    if (
        plain.kernels.rows
        or (method == "mode" and plain.support.is_discrete)
        or (method == "median" and not plain._moves)
        or "entropy" not in plain.kernels
    ):
        return

    def along(s):
        moved = {n: v + s * directions[n] if n in directions else v for n, v in parameters.items()}
        return getattr(case.distribution(**moved), method)()

    lifted = case.distribution(
        **{n: fd.Dual(v, directions[n]) if n in directions else v for n, v in parameters.items()}
    )
    result = getattr(lifted, method)()
    np.testing.assert_array_equal(result.primal, getattr(plain, method)())
    if np.isfinite(result.primal):
        np.testing.assert_allclose(result.tangent, difference(along), rtol=1e-6, atol=1e-9)


def test_far_tails():
    """Derivatives of logarithms of tails that underflow."""
    d = fd.Normal(fd.Dual(0.0, 1.0), 1.0)
    assert d.log_sf(200.0).tangent == pytest.approx(float(200 + 1 / mp.mpf(200) - 2 / mp.mpf(200) ** 3), rel=1e-11)
    assert d.log_cdf(-200.0).tangent == -d.log_sf(200.0).tangent
    gamma = fd.Gamma(2.0, fd.Dual(1.0, 1.0))
    assert gamma.log_sf(1e5).tangent == pytest.approx(-1e5 * 1e5 / (1e5 + 1), rel=1e-11)
    assert gamma.sf(1e5).tangent == 0.0
    assert gamma.log_prob(-1.0).primal == -np.inf and gamma.log_prob(-1.0).tangent == 0.0


def test_batches():
    """Parameters and values of several shapes, in several directions."""
    rate, value = np.array([[1.0], [2.0], [3.0]]), np.linspace(0.5, 2.0, 4)
    towards = np.random.default_rng(1).normal(size=(2, 3, 1))
    d = fd.Gamma(fd.Dual(2.5, [1.0, -1.0]), fd.Dual(rate, towards))
    assert d.batch_shape == (3, 1)
    result = d.log_prob(value)
    _, slopes = fd.Gamma(2.5, rate).log_prob_and_grad(value)
    want = slopes["concentration"] * np.array([1.0, -1.0])[:, None, None] + slopes["rate"] * towards
    assert result.shape == (3, 4) and result.tangent.shape == (2, 3, 4)
    np.testing.assert_allclose(result.tangent, want, rtol=1e-14)
    assert d.rsample((5,), rng=1).tangent.shape == (2, 5, 3, 1)
    wide = d.expand((2, 3, 4))
    np.testing.assert_allclose(wide.log_prob(value).tangent[:, 0], want, rtol=1e-14)
    total = d.log_likelihood(np.ones((6, 3, 1)))
    _, slopes = fd.Gamma(2.5, rate).log_likelihood_and_grad(np.ones((6, 3, 1)))
    assert total.shape == (3, 1) and np.allclose(total.primal, fd.Gamma(2.5, rate).log_likelihood(np.ones((6, 3, 1))))
    np.testing.assert_allclose(
        total.tangent, slopes["concentration"] * np.array([1.0, -1.0])[:, None, None] + slopes["rate"] * towards
    )
    moved = d.log_likelihood(fd.Dual(np.ones((6, 3, 1)), np.zeros((2, 6, 3, 1))))
    np.testing.assert_allclose(moved.tangent, total.tangent, rtol=1e-13)
    narrow = fd.Normal(fd.Dual(np.float32(1.0), np.float32(1.0)), np.float32(2.0))
    assert narrow.log_prob(np.float32(0.5)).dtype == np.float32


@pytest.mark.parametrize(
    "d",
    [fd.Exponential(2.0), fd.Uniform(-1.0, 2.0), fd.Gamma(2.5, 1.0), fd.VonMises(0.5, 2.0), fd.Normal(0.0, 3.0)],
    ids=str,
)
def test_a_value_that_moves(d):
    """By the density, in one pass with the tail or the quantile where formulas are short; 0 outside the support."""
    x, p = np.array([-5.0, 0.3, 1.5, 2.5, np.inf, np.nan]), np.array([0.0, 0.2, 0.9, 1.0, 1.5, np.nan])
    outside = (x < d.support.lower) | (x > d.support.upper)
    density = np.where(outside, 0.0, d.prob(x))
    for method, sign in (("cdf", 1.0), ("sf", -1.0), ("log_cdf", 1.0), ("log_sf", -1.0)):
        found, tail = getattr(d, method)(fd.Dual(x, np.full(6, 2.0))), getattr(d, method)(x)
        with np.errstate(divide="ignore", invalid="ignore"):
            want = np.where(density > 0.0, 2.0 * sign * density / np.exp(tail if "log" in method else 0.0), density)
        np.testing.assert_array_equal(found.primal, tail)
        np.testing.assert_allclose(found.tangent, want, rtol=1e-14)
        assert getattr(d, method)(fd.Dual(1.5, 2.0)).tangent == pytest.approx(want[2], rel=1e-14)
    for method, sign in (("icdf", 1.0), ("isf", -1.0)):
        found = getattr(d, method)(fd.Dual(p, np.full(6, 2.0)))
        np.testing.assert_array_equal(found.primal, getattr(d, method)(p))
        np.testing.assert_allclose(found.tangent[1:3], 2.0 * sign / d.prob(found.primal[1:3]), rtol=1e-14)
        assert np.isnan(found.tangent[4:]).all()


def test_far_tails_of_narrow_values():
    """The quotient of density and tail is taken before anything is rounded to float32."""
    x = fd.Dual(np.full(3, 1e10, np.float32), np.ones(3, np.float32))
    np.testing.assert_allclose(fd.Laplace(0.0, 2.5).log_sf(x).tangent, -0.4, rtol=1e-5)
    np.testing.assert_allclose(fd.Exponential(2.5).log_sf(x).tangent, -2.5, rtol=1e-5)


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("family", [fd.Exponential, fd.Gamma, fd.Poisson, fd.Uniform])
def test_one_pass(family, batch):
    """Few directions are taken where slopes are made; of many the slopes are kept, and give the same."""
    random = np.random.default_rng(5)
    given = [np.array([1.5, 2.5]) + k if batch else 1.5 + k for k in range(len(family.arg_constraints))]
    value = np.array([[2.0, 3.0], [-1.0, np.nan]])
    kinds = [(v, random.normal(size=np.shape(v))) for v in given]
    kinds += [] if family is fd.Poisson else [(value, random.normal(size=value.shape))]
    for moving in ((0,), (len(kinds) - 1,), range(len(kinds))):

        def lifted(count, moving=moving):
            duals = [
                fd.Dual(v, np.stack([t] * count) if count else t) if i in moving else v
                for i, (v, t) in enumerate(kinds)
            ]
            d, x = family(*duals[: len(given)]), duals[-1] if len(duals) > len(given) else value
            results = [d.log_prob(x)] + ([d.rsample(4, rng=1)] if d.has_rsample and min(moving) < len(given) else [])
            return [result if isinstance(result, fd.Dual) else fd.Dual(result, 0.0 * result) for result in results]

        for one, three, many in zip(lifted(0), lifted(1 if len(kinds) - 1 in moving else 3), lifted(5), strict=True):
            np.testing.assert_array_equal(one.primal, many.primal)
            np.testing.assert_allclose(one.tangent, many.tangent[0], rtol=1e-14)
            np.testing.assert_allclose(three.tangent[-1], many.tangent[0], rtol=1e-14)
    narrow = fd.Normal(fd.Dual(np.float32(1.0), np.float32(0.5)), np.float32(2.0)).log_prob(np.ones(3, np.float32))
    assert narrow.primal.dtype == narrow.tangent.dtype == np.float32


def test_vectors():
    """The axes of an event are summed over."""
    factor = np.array([[1.0, 0.0], [0.5, 2.0]])
    random = np.random.default_rng(4)
    loc, x = random.normal(size=(3, 2)), random.normal(size=(5, 3, 2))
    directions = {"loc": random.normal(size=(2, 3, 2)), "scale_tril": np.tril(random.normal(size=(2, 2, 2)))}
    towards = random.normal(size=(2, 5, 3, 2))
    d = fd.MultivariateNormal(fd.Dual(loc, directions["loc"]), scale_tril=fd.Dual(factor, directions["scale_tril"]))
    result = d.log_prob(fd.Dual(x, towards))

    def along(k, s):
        moved = loc + s * directions["loc"][k], factor + s * directions["scale_tril"][k]
        return fd.MultivariateNormal(moved[0], scale_tril=moved[1]).log_prob(x + s * towards[k])

    for k in range(2):
        np.testing.assert_allclose(result.tangent[k], difference(lambda s, k=k: along(k, s)), rtol=1e-8, atol=1e-8)
    draws = d.rsample((4,), rng=2)
    for k in range(2):

        def drawn(s, k=k):
            moved = loc + s * directions["loc"][k], factor + s * directions["scale_tril"][k]
            return fd.MultivariateNormal(moved[0], scale_tril=moved[1]).sample((4,), rng=2)

        np.testing.assert_allclose(draws.tangent[k], difference(drawn), rtol=1e-8, atol=1e-8)
    dirichlet = fd.Dirichlet(fd.Dual([1.0, 2.0, 3.0], np.eye(3)))
    _, slopes = fd.Dirichlet([1.0, 2.0, 3.0]).log_prob_and_grad([0.2, 0.3, 0.5])
    np.testing.assert_allclose(dirichlet.log_prob([0.2, 0.3, 0.5]).tangent, slopes["concentration"], rtol=1e-14)
    _, slopes = fd.Dirichlet([1.0, 2.0, 3.0]).rsample_and_grad((4,), rng=1)
    moved = np.moveaxis(dirichlet.rsample((4,), rng=1).tangent, 0, -1)
    np.testing.assert_allclose(moved, slopes["concentration"], rtol=1e-14)


POINTS = np.random.default_rng(2).normal(size=(3, 2, 2))
FACTORS = np.linalg.cholesky(POINTS @ np.swapaxes(POINTS, -1, -2) + np.eye(2))
WEIGHTS, COUNTS = abs(POINTS[:, 0]) + 1.5, np.array([7.0, 8.0, 9.5])
VECTORS = {
    "Dirichlet": (fd.Dirichlet, (WEIGHTS,)),
    "DirichletMultinomial": (lambda a: fd.DirichletMultinomial(a, 5), (WEIGHTS,)),
    "Independent": (lambda a: fd.Independent(fd.Gamma(a, 2.0), 1), (WEIGHTS,)),
    "InverseWishart": (lambda n, s: fd.InverseWishart(n, scale_tril=s), (COUNTS, FACTORS)),
    "LKJ": (lambda a: fd.LKJ(4, a), (COUNTS,)),
    "LKJCholesky": (lambda a: fd.LKJCholesky(4, a), (COUNTS,)),
    "LowRankMultivariateNormal": (fd.LowRankMultivariateNormal, (WEIGHTS, POINTS, WEIGHTS)),
    "MatrixNormal": (fd.MatrixNormal, (POINTS, FACTORS, FACTORS[:1])),
    "Multinomial": (lambda a: fd.Multinomial(5, logits=a), (WEIGHTS,)),
    "MultivariateNormal": (lambda m, s: fd.MultivariateNormal(m, precision_matrix=s @ s.mT), (WEIGHTS, FACTORS)),
    "MultivariateStudentT": (fd.MultivariateStudentT, (COUNTS, WEIGHTS, FACTORS)),
    "OneHotCategorical": (fd.OneHotCategorical, (WEIGHTS,)),
    "VonMisesFisher": (fd.VonMisesFisher, (WEIGHTS / np.linalg.norm(WEIGHTS, axis=-1, keepdims=True), COUNTS)),
    "Wishart": (lambda n, s: fd.Wishart(n, s @ s.mT), (COUNTS, FACTORS)),
}


# What has no formula for Duals, or is a step function.
UNKNOWN = {
    *(("LKJ", m) for m in ("mean", "variance", "covariance", "mode")),
    *(("LKJCholesky", m) for m in ("mean", "variance", "covariance", "mode")),
    *(("Multinomial", m) for m in ("mode", "entropy")),
    *(("DirichletMultinomial", m) for m in ("mode", "entropy")),
    ("OneHotCategorical", "mode"),
}


@pytest.mark.parametrize("method", ["mean", "variance", "covariance", "mode", "entropy"])
@pytest.mark.parametrize("name", VECTORS)
def test_moments_of_vectors(name, method):
    make, given = VECTORS[name]
    random = np.random.default_rng(8)
    towards = [random.normal(size=np.shape(v)) * (v != 0) for v in given]
    if name == "VonMisesFisher":  # the direction turns
        towards[0] -= given[0] * np.sum(given[0] * towards[0], axis=-1, keepdims=True)
    lifted = make(*map(fd.Dual, given, towards))
    if (name, method) in UNKNOWN:
        with pytest.raises((TypeError, NotImplementedError), match=f"{name}.{method}.*(Duals|form|number)"):
            getattr(lifted, method)()
        return
    got = getattr(lifted, method)()
    want = difference(lambda s: getattr(make(*(v + s * t for v, t in zip(given, towards, strict=True))), method)())
    np.testing.assert_array_equal(got.primal, getattr(make(*given), method)())
    np.testing.assert_allclose(got.tangent, want, rtol=1e-8, atol=1e-9)


AFFINE_EXP = [fd.transforms.AffineTransform(1.0, 0.5), fd.transforms.ExpTransform()]
COMPOUNDS = {
    "Independent": lambda a, b: fd.Independent(fd.Gamma(a, b), 1),
    "Independent of all": lambda a, b: fd.Independent(fd.Gamma(a, b), 2),
    "Truncated": lambda a, b: fd.Truncated(fd.Gamma(a, b), 0.25, 4.0),
    "Truncated at a Dual": lambda a, b: fd.Truncated(fd.Gamma(a, 1.0), 0.1 * b, 5.0),
    "ZeroInflated": lambda a, b: fd.ZeroInflated(fd.Poisson(a), 0.2 * b / np.max(b)),
    "TransformedDistribution": lambda a, b: fd.TransformedDistribution(fd.Normal(a, b), AFFINE_EXP),
    "MixtureSameFamily": lambda a, b: fd.MixtureSameFamily(fd.Categorical(probs=b), fd.Gamma(a, b)),
    "Mixture": lambda a, b: fd.Mixture(
        fd.Categorical(probs=b), [fd.Normal(a, 1.0), fd.Gamma(2.0, a), fd.Cauchy(0.0, 1.0)]
    ),
    "MixtureSameFamily of logits": lambda a, b: fd.MixtureSameFamily(fd.Categorical(logits=b), fd.Normal(a, b)),
}


@pytest.mark.parametrize(
    ("name", "method"),
    [
        # Tails of mixtures with their tangents are long to compile.
        pytest.param(name, method, marks=pytest.mark.slow if "Mixture" in name and method in ("log_sf", "icdf") else [])
        for name in COMPOUNDS
        for method in ("log_prob", "log_sf", "icdf", "rsample")
    ],
)
def test_what_is_made_of_others(name, method):
    """Tangents in the parameters of the parts, against differences: a draw keeps its cdf value."""
    make = COMPOUNDS[name]
    a, b = np.array([[1.2], [2.5]]), np.array([0.8, 1.4, 2.0])
    towards = np.random.default_rng(3).normal(size=(2, 1)), np.random.default_rng(4).normal(size=3)
    plain, d = make(a, b), make(fd.Dual(a, towards[0]), fd.Dual(b, towards[1]))
    if method == "rsample" and not plain.has_rsample:
        return
    if plain.event_shape and method in ("log_sf", "icdf"):
        return
    if plain.support.is_discrete and method == "icdf":
        return
    if method == "rsample":
        got = d.rsample(rng=1)
        draw = plain.sample(rng=1)
        np.testing.assert_array_equal(got.primal, draw)
        if plain.event_shape:
            _, slopes = plain.rsample_and_grad(rng=1)
            want = slopes["concentration"] * towards[0] + slopes["rate"] * towards[1]
            np.testing.assert_allclose(got.tangent, want, rtol=1e-13)
            return
        level = plain.cdf(draw)
        want = difference(lambda s: make(a + s * towards[0], b + s * towards[1]).icdf(level))
    else:
        x = plain.mean() if plain.event_shape else plain.median()
        x = np.full(plain.batch_shape, 0.3) if method == "icdf" else x
        got = getattr(d, method)(x)
        want = difference(lambda s: getattr(make(a + s * towards[0], b + s * towards[1]), method)(x))
        np.testing.assert_allclose(got.primal, getattr(plain, method)(x), rtol=1e-13)
    np.testing.assert_allclose(got.tangent, want, rtol=2e-6, atol=1e-9)


def test_unnormalised_weights():
    """What is given, not what is kept, carries the tangent."""
    weights, towards = np.array([1.0, 2.0, 5.0]), np.array([0.3, -0.2, 1.0])
    for family, value in ((fd.Categorical, 1), (fd.OneHotCategorical, [0, 1, 0])):
        for name, given in (("probs", weights), ("logits", np.log(weights) + 2.0)):

            def along(s, name=name, given=given, family=family, value=value):
                return family(**{name: given + s * towards}).log_prob(value)

            got = family(**{name: fd.Dual(given, towards)}).log_prob(value).tangent
            assert got == pytest.approx(difference(along), rel=1e-7)


def test_relaxed_draws():
    """Gumbel-softmax draws at the same noise, along each axis; hard ones have the tangents of soft ones."""
    logits, towards = np.random.default_rng(1).normal(size=(2, 3, 4))
    for axis in (0, 1):
        got = fd.gumbel_softmax(fd.Dual(logits, towards), fd.Dual(0.7, 0.3), axis=axis, rng=3)
        want = difference(lambda s, axis=axis: fd.gumbel_softmax(logits + s * towards, 0.7 + s * 0.3, axis=axis, rng=3))
        np.testing.assert_allclose(got.tangent, want, rtol=1e-8, atol=1e-10)
        hard = fd.gumbel_softmax(fd.Dual(logits, towards), fd.Dual(0.7, 0.3), hard=True, axis=axis, rng=3)
        np.testing.assert_array_equal(hard.tangent, got.tangent)
        assert np.all(hard.primal.sum(axis=axis) == 1.0)


@pytest.mark.slow
def test_tails_by_their_formula():
    """Where a family has no derivatives of its cdf."""
    d = fd.BetaBinomial(10, fd.Dual(2.0, 1.0), 3.0)

    def cdf(a):
        return mp.fsum(mp.binomial(10, j) * mp.beta(j + a, 13 - j) / mp.beta(a, 3) for j in range(5))

    assert d.cdf(4).tangent == pytest.approx(float(mp.diff(cdf, 2)), rel=1e-13)
    assert d.log_sf(4).tangent == pytest.approx(float(mp.diff(lambda a: mp.log(1 - cdf(a)), 2)), rel=1e-13)


def test_what_users_see():
    d = fd.Normal(fd.Dual(1.0, 1.0), scale=2.0)
    assert d.loc.tangent == 1.0 and d.scale == 2.0 and d.support == fd.Normal(0.0, 1.0).support
    assert repr(d).startswith("Normal(loc=") and repr(d).endswith("with tangents in loc")
    assert (d.loc / d.scale).tangent == 0.5
    with pytest.raises(ValueError, match="scale"):
        fd.Normal(fd.Dual(1.0, 1.0), -2.0)
    with pytest.raises(TypeError, match=r"enumerate_support.*Duals"):
        d.enumerate_support()
    with pytest.raises(TypeError, match=r"Independent.base_dist has no tangent"):
        fd.Independent(d, 0).base_dist.mean()
    with pytest.raises(TypeError, match=r"base has no tangent"):
        fd.Truncated(fd.Normal(fd.Dual(0.0, 1.0), 1.0), 0.0, 1.0).base.mean()
    with pytest.raises(TypeError, match=r"covariance_matrix has no tangent"):
        np.sum(fd.LowRankMultivariateNormal(fd.Dual([0.0], [1.0]), [[1.0]], [1.0]).covariance_matrix)
    with pytest.raises(TypeError, match=r"Hypergeometric.cdf has no derivative in population.*integers"):
        fd.Hypergeometric(fd.Dual(20.0, 1.0), 7, 12).cdf(4)
    with pytest.raises(TypeError, match="out="):
        d.log_prob(np.zeros(2), out=np.zeros(2))
    with pytest.raises(TypeError, match=r"Poisson.*icdf.*step"):
        fd.Poisson(fd.Dual(3.0, 1.0)).icdf(0.5)
    with pytest.raises(TypeError, match=r"Poisson.log_prob has no derivative in value"):
        fd.Poisson(3.0).log_prob(fd.Dual(3.0, 1.0))


@pytest.mark.parametrize(
    ("p", "q"),
    [
        (lambda a, b: fd.Normal(a, b), lambda a, b: fd.Normal(b, a)),
        (lambda a, b: fd.Gamma(a, b), lambda a, b: fd.Exponential(a)),
        (lambda a, b: fd.Independent(fd.Beta(a, b), 1), lambda a, b: fd.Independent(fd.Beta(b, 1.0), 1)),
        (lambda a, b: fd.Dirichlet(a), lambda a, b: fd.Dirichlet(b)),
        (lambda a, b: fd.Categorical(probs=a), lambda a, b: fd.Categorical(logits=b)),
        (
            lambda a, b: fd.MultivariateNormal(a, scale_tril=np.eye(3)),
            lambda a, b: fd.MultivariateNormal(b, covariance_matrix=2.0 * np.eye(3)),
        ),
    ],
    ids=["Normal", "Gamma", "Independent", "Dirichlet", "Categorical", "MultivariateNormal"],
)
def test_divergences(p, q):
    """Along a direction of both sides, or of one, against a difference."""
    a, b = np.array([0.7, 1.3, 2.0]), np.array([1.1, 0.4, 0.9])
    towards = np.array([0.3, -0.2, 0.5]), np.array([-0.1, 0.4, 0.2])
    da, db = fd.Dual(a, towards[0]), fd.Dual(b, towards[1])
    for one, other in (((da, db), (da, db)), ((da, db), (a, b)), ((a, b), (da, db))):
        got = fd.kl_divergence(p(*one), q(*other))

        def along(s, one=one, other=other):
            moved = a + s * towards[0], b + s * towards[1]
            return fd.kl_divergence(*(f(*(moved if g[0] is da else (a, b))) for f, g in ((p, one), (q, other))))

        np.testing.assert_array_equal(got.primal, fd.kl_divergence(p(a, b), q(a, b)))
        np.testing.assert_allclose(got.tangent, difference(along), rtol=1e-7, atol=1e-10)
    crossed = fd.cross_entropy(fd.Normal(da, 1.0), fd.Normal(b, 2.0))
    np.testing.assert_allclose(crossed.tangent, (a - b) / 4.0 * towards[0], rtol=1e-13)
    with pytest.raises(TypeError, match="quadrature"):
        fd.kl_divergence(p(da, db), q(a, b), method="quadrature")


def test_a_fit():
    """The gradient of a likelihood by either way of writing it."""
    x = fd.Gamma(3.0, 2.0).sample(500, rng=1)
    value, gradient = fd.value_and_grad(lambda t: fd.Gamma(np.exp(t["a"]), t["b"]).log_prob(x).sum())(
        {"a": 0.5, "b": 1.0}
    )
    want, slopes = fd.Gamma(np.exp(0.5), 1.0).log_likelihood_and_grad(x)
    assert value == pytest.approx(want)
    assert gradient["a"] == pytest.approx(np.exp(0.5) * slopes["concentration"])
    assert gradient["b"] == pytest.approx(slopes["rate"])
    _, other = fd.value_and_grad(lambda t: fd.Gamma(np.exp(t["a"]), t["b"]).log_likelihood(x))({"a": 0.5, "b": 1.0})
    assert other["a"] == pytest.approx(gradient["a"]) and other["b"] == pytest.approx(gradient["b"])


@pytest.mark.parametrize("values", [(5,), (30, 5)])
def test_as_many_sets_as_values_and_more(values):
    """Slopes are kept where values are few for each parameter set, and added up at once where they are many."""
    rng = np.random.default_rng(0)
    loc, scale, x = rng.normal(size=5), np.exp(rng.normal(size=5)), rng.normal(size=values)
    in_loc, in_scale = rng.normal(size=(2, 2, 5))
    d = fd.Normal(fd.Dual(loc, in_loc), fd.Dual(scale, in_scale))
    _, slopes = fd.Normal(loc, scale).log_prob_and_grad(x)
    for k in range(2):
        want = slopes["loc"] * in_loc[k] + slopes["scale"] * in_scale[k]
        np.testing.assert_allclose(d.log_prob(x).tangent[k], want, rtol=1e-13, atol=1e-14)
    moving = fd.Normal(loc, scale).log_prob(fd.Dual(x, x))
    np.testing.assert_allclose(moving.tangent, slopes["value"] * x, rtol=1e-14)
