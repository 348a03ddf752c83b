"""Divergences: closed forms against mpmath, the registry, and the estimates for what has no closed form."""

import mpmath as mp
import numpy as np
import pytest
from mpmath import mpf

import fastdist as fd
from fastdist import kl

mp.mp.dps = 60
HALF_ULP = mpf(2) ** -53


def normal(a, s, b, t):
    return mp.log(t / s) + (s**2 + (a - b) ** 2) / (2 * t**2) - mpf(1) / 2


def exponential(a, b):
    return mp.log(a / b) + b / a - 1


def gamma(a, b, c, d):
    return (a - c) * mp.digamma(a) - mp.loggamma(a) + mp.loggamma(c) + c * mp.log(b / d) + a * (d - b) / b


def log_excess(r):
    return r - 1 - mp.log(r)


def cauchy(a, s, b, t):
    return mp.log(((s + t) ** 2 + (a - b) ** 2) / (4 * s * t))


def laplace(a, s, b, t):
    d = abs(a - b)
    return (s * mp.exp(-d / s) + d) / t + mp.log(t / s) - 1


def gumbel(a, s, b, t):
    r, d = s / t, (b - a) / t
    return -mp.log(r) + mp.euler * (r - 1) + mp.exp(d) * mp.gamma(1 + r) - 1 - d


def weibull(s, k, t, m):
    own = mp.log(k / s**k) - mp.log(m / t**m) + (k - m) * (mp.log(s) - mp.euler / k)
    return own + (s / t) ** m * mp.gamma(m / k + 1) - 1


def inverse_gaussian(m, c, n, d):
    return (mp.log(c / d) + d / c - 1 + d * (m - n) ** 2 / (m * n**2)) / 2


def trial(p, q):
    parts = [(p, q), (1 - p, 1 - q)]
    return mp.fsum(a * mp.log(a / b) for a, b in parts if a)


# A pair of classes, its textbook formula, and parameter sets of both sides: plain, far apart, and nearly equal.
PAIRS = [
    (
        fd.Normal,
        fd.Normal,
        normal,
        [
            (0.0, 1.0, 1.0, 2.0),
            (-3.5, 1e-8, 1e6, 1e3),
            (0.25, 1e150, -0.5, 1e150),
            (1.0, 1.0, 1.0 + 2e-13, 1.0 + 1e-9),
            (5.0, 1e-3, 5.0, 1e3),
        ],
    ),
    (fd.Exponential, fd.Exponential, exponential, [(2.0, 3.0), (1e-9, 1e9), (1e9, 1e-9), (1.0, 1.0 + 1e-12)]),
    (
        fd.Gamma,
        fd.Gamma,
        gamma,
        [
            (2.5, 1.0, 0.5, 3.0),
            (1e10, 2.0, 1e10 + 1e3, 2.0),
            (1e-8, 1.0, 2e-5, 30.0),
            (0.3, 1.0, 0.35, 1.2),
            (0.3, 1.0, 0.36, 1.2),
            (1e-6, 1.0, 1.4e-6, 2.0),
            (3.0, 1.0, 3.0 + 1e-9, 1.0 - 1e-9),
            (1e4, 1e4, 1e-4, 1e-4),
            (40.0, 3.0, 1e7, 2e6),
        ],
    ),
    (
        fd.Laplace,
        fd.Laplace,
        laplace,
        [
            (0.5, 1.0, -1.0, 2.0),
            (1.0, 3.0, 1.0 + 2e-12, 3.0 + 2e-12),
            (1e6, 1e-3, 0.0, 1.0),
            (2.0, 5.0, 2.5, 0.5),
            (0.25, 1e3, 1.0, 2e3),
        ],
    ),
    (
        fd.Gumbel,
        fd.Gumbel,
        gumbel,
        [
            (0.5, 1.0, -1.0, 2.0),
            (1.0, 3.0, 1.0 + 2e-9, 3.0 + 2e-8),
            (10.0, 1e-3, 0.0, 1.0),
            (2.0, 5.0, 2.5, 2.5),
            (0.0, 1.0, 60.0, 1.5),
        ],
    ),
    (
        fd.Cauchy,
        fd.Cauchy,
        cauchy,
        [(0.5, 1.0, -1.0, 2.0), (1.0, 3.0, 1.0 + 2e-12, 3.0 + 2e-12), (1e6, 1e-3, 0.0, 1.0), (0.0, 1e-9, 0.0, 1e9)],
    ),
    (fd.HalfCauchy, fd.HalfCauchy, lambda s, t: cauchy(0, s, 0, t), [(1.0, 2.0), (3.0, 3.0 + 1e-12), (1e-9, 1e9)]),
    (fd.HalfNormal, fd.HalfNormal, lambda s, t: normal(0, s, 0, t), [(1.0, 2.0), (3.0, 3.0 + 1e-12), (1e-9, 1e9)]),
    (
        fd.Rayleigh,
        fd.Rayleigh,
        lambda s, t: log_excess((s / t) ** 2),
        [(1.0, 2.0), (3.0, 3.0 + 1e-12), (1e-9, 1e9)],
    ),
    (fd.LogNormal, fd.LogNormal, normal, [(0.0, 1.0, 1.0, 2.0), (-3.5, 1e-8, 1e6, 1e3), (1.0, 1.0, 1.0, 1.0 + 1e-9)]),
    (fd.InverseGamma, fd.InverseGamma, gamma, [(2.5, 1.0, 0.5, 3.0), (1e10, 2.0, 1e10 + 1e3, 2.0)]),
    (
        fd.Weibull,
        fd.Weibull,
        weibull,
        [
            (1.0, 2.0, 2.0, 1.5),
            (3.0, 5.0, 3.0 + 1e-9, 5.0 + 1e-8),
            (1e-3, 0.5, 1e3, 0.25),
            (2.0, 40.0, 1.9, 60.0),
        ],
    ),
    (
        fd.InverseGaussian,
        fd.InverseGaussian,
        inverse_gaussian,
        [(1.0, 2.0, 2.0, 1.5), (3.0, 5.0, 3.0 + 1e-9, 5.0 + 1e-8), (1e-3, 0.5, 1e3, 0.25)],
    ),
    (
        fd.Poisson,
        fd.Poisson,
        lambda a, b: a * mp.log(a / b) - a + b,
        [(3.0, 4.0), (1e10, 1e10 + 3), (1e-10, 1e-3), (1e-3, 1e10)],
    ),
    (
        fd.Pareto,
        fd.Pareto,
        lambda s, a, t, b: log_excess(b / a) + b * mp.log(s / t),
        [(2.0, 3.0, 1.0, 4.0), (2.0 + 1e-12, 3.0, 2.0, 3.0 + 1e-12), (1e200, 1e-3, 1e-100, 1e3)],
    ),
    (
        fd.Uniform,
        fd.Uniform,
        lambda a, b, c, d: mp.log((d - c) / (b - a)),
        [(0.0, 1.0, -1.0, 3.0), (0.0, 1.0, 0.0, 1.0 + 1e-12), (-1e307, 1e307, -8e307, 8e307)],
    ),
    (
        fd.Bernoulli,
        fd.Bernoulli,
        trial,
        [(0.25, 0.5), (0.3, 0.3 + 1e-12), (1e-20, 1e-10), (0.9, 1e-8), (1e-8, 0.9)],
    ),
    (
        fd.Geometric,
        fd.Geometric,
        lambda p, q: trial(p, q) / p,
        [(0.25, 0.5), (0.3, 0.3 + 1e-12), (1e-9, 1e-10), (0.9, 1e-8)],
    ),
]
SETS = [(*pair[:3], parameters) for pair in PAIRS for parameters in pair[3]]
IDS = [f"{p.__name__}-{q.__name__}{parameters}".replace(" ", "") for p, q, _, parameters in SETS]
each_set = pytest.mark.parametrize(("first", "second", "formula", "parameters"), SETS, ids=IDS)


def of(first, second, parameters):
    count = len(parameters) // 2
    return first(*parameters[:count]), second(*parameters[count:])


def moved(function, parameters):
    """How far a function goes if each parameter moves by half an ulp."""
    exact = list(map(mpf, parameters))
    here = function(*exact)
    nudged = [[v * (1 + HALF_ULP) if i == j else v for j, v in enumerate(exact)] for i in range(len(exact))]
    return here, mp.fsum(abs(function(*other) - here) for other in nudged)


@each_set
def test_closed_form(first, second, formula, parameters):
    p, q = of(first, second, parameters)
    want, conditioning = moved(formula, parameters)
    assert abs(fd.kl_divergence(p, q) - want) <= 6 * HALF_ULP * abs(want) + 4 * conditioning


@each_set
def test_gradients(first, second, formula, parameters):
    p, q = of(first, second, parameters)
    value, in_p, in_q = fd.kl_divergence_and_grad(p, q)
    assert value == fd.kl_divergence(p, q)
    assert [*in_p] == [*p._parameters] and [*in_q] == [*q._parameters]
    for i, got in enumerate([*in_p.values(), *in_q.values()]):

        def slope(*at, i=i):
            step = (abs(at[i]) or mpf(1)) * mpf(10) ** -20
            ends = [formula(*(v + s if j == i else v for j, v in enumerate(at))) for s in (-step, step)]
            return (ends[1] - ends[0]) / (2 * step)

        want, conditioning = moved(slope, parameters)
        assert abs(got - want) <= 8 * HALF_ULP * abs(want) + 4 * conditioning + mpf(10) ** -35


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair[0].__name__)
def test_equal_distributions_are_at_no_distance(pair):
    first, second, _, sets = pair
    if first is second:
        for parameters in sets:
            d, _ = of(first, second, parameters)
            assert fd.kl_divergence(d, d) == 0


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair[0].__name__)
def test_batches_and_dtypes(pair):
    first, second, _, sets = pair
    p, q = of(first, second, sets[0])
    one = fd.kl_divergence(p, q)
    assert isinstance(one, np.float64)
    batched = fd.kl_divergence(p.expand((3, 1)), q.expand((4,)))
    np.testing.assert_array_equal(batched, np.full((3, 4), one))
    assert fd.kl_divergence(p.expand((0, 2)), q).shape == (0, 2)
    narrow = type(q)(**{name: np.float32(v) for name, v in q._parameters.items()})
    assert fd.kl_divergence(p, narrow).dtype == np.float32  # p is made of Python's numbers
    assert fd.kl_divergence(p.expand((2,)), narrow).dtype == np.float64
    with pytest.raises(ValueError, match=r"\(3,\).*does not broadcast.*\(2,\)"):
        fd.kl_divergence(p.expand((3,)), q.expand((2,)))


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair[0].__name__)
def test_many_at_once(pair):
    """Long arrays, of which one parameter is a number: the same as one by one, and never negative."""
    first, second, _, sets = pair
    p, q = of(first, second, sets[0])
    random = np.random.default_rng(3)
    sides = [{name: v * (1 - random.random(30_000) / 4) for name, v in d._parameters.items()} for d in (p, q)]
    last = [*sides[1]][-1]
    sides[1][last] = q._parameters[last]
    got = fd.kl_divergence(first(**sides[0]), second(**sides[1]))
    assert np.all(got >= 0)
    for i in range(0, 30_000, 2997):
        one = [{name: float(np.broadcast_to(v, 30_000)[i]) for name, v in side.items()} for side in sides]
        np.testing.assert_allclose(got[i], fd.kl_divergence(first(**one[0]), second(**one[1])), rtol=1e-14)


@pytest.mark.parametrize(
    "q",
    [
        fd.Beta(2.0, 3.0),
        fd.ContinuousBernoulli(0.25),
        fd.Exponential(1.0),
        fd.Gamma(2.0, 1.0),
        fd.Pareto(1.0, 2.0),
        fd.Uniform(0.0, 1.0),
    ],
    ids=str,
)
@pytest.mark.parametrize("p", [fd.Normal(0.0, 1.0), fd.Laplace(0.0, 1.0), fd.Gumbel(0.0, 1.0)], ids=str)
def test_infinite_pairs(p, q):
    assert fd.kl_divergence(p, q) == np.inf == fd.kl_divergence(p, q, method="quadrature")
    value, in_p, in_q = fd.kl_divergence_and_grad(p.expand((2, 1)), q.expand((3,)))
    assert np.array_equal(value, np.full((2, 3), np.inf))
    assert all(np.isnan(slope).all() and slope.shape == (2, 3) for slope in [*in_p.values(), *in_q.values()])


def test_gamma_distributions_under_other_names():
    """Exponential and chi-square distributions are gamma ones."""
    views = {
        fd.Gamma: ((2.5, 0.5), lambda a, b: fd.Gamma(a, b), [(0, 1.0), (1, 1.0)]),
        fd.Exponential: ((3.0,), lambda r: fd.Gamma(1.0, r), [(1, 1.0)]),
        fd.Chi2: ((7.0,), lambda df: fd.Gamma(df / 2, 0.5), [(0, 0.5)]),
    }
    for first, (at, as_gamma, own) in views.items():
        for second, (other_at, other_as_gamma, other) in views.items():
            got = fd.kl_divergence_and_grad(first(*at), second(*other_at))
            want = fd.kl_divergence_and_grad(as_gamma(*at), other_as_gamma(*other_at))
            np.testing.assert_allclose(got[0], want[0], rtol=1e-15)
            for mine, theirs, places in ((got[1], want[1], own), (got[2], want[2], other)):
                theirs = [*theirs.values()]
                expected = [factor * theirs[place] for place, factor in places]
                np.testing.assert_allclose([*mine.values()], expected, rtol=1e-14, atol=1e-300)


# The registry ------------------------------------------------------------------------------------


@pytest.fixture
def registry(monkeypatch):
    """Pairs that a test registers are forgotten after it."""
    monkeypatch.setattr(kl, "_registered", dict(kl._registered))
    yield
    kl._pair.cache_clear()


class Parent(fd.Normal):
    pass


class Child(Parent):
    pass


def test_the_most_specific_pair_is_taken(registry):
    p, q = Child(0.0, 1.0), Child(1.0, 1.0)
    assert fd.kl_divergence(p, q) == 0.5
    fd.register_kl(Parent, fd.Normal)(lambda p, q: 1.0)
    assert fd.kl_divergence(p, q) == 1.0
    fd.register_kl(Parent, Parent)(lambda p, q: 2.0)
    assert fd.kl_divergence(p, q) == 2.0
    assert fd.kl_divergence(p, fd.Normal(0.0, 1.0)) == 1.0
    assert fd.kl_divergence(fd.Normal(0.0, 1.0), q) == 0.5


def test_ambiguity_names_the_candidates(registry):
    fd.register_kl(Parent, fd.Normal)(lambda p, q: 1.0)
    fd.register_kl(fd.Normal, Parent)(lambda p, q: 2.0)
    with pytest.raises(TypeError, match=r"\(Child, Child\).*\(Parent, Normal\), \(Normal, Parent\)"):
        fd.kl_divergence(Child(0.0, 1.0), Child(0.0, 1.0))


def test_what_is_not_registered():
    with pytest.raises(
        NotImplementedError, match=r"\(Gumbel, Normal\).*to Normal from .*Normal.*register_kl.*quadrature"
    ):
        fd.kl_divergence(fd.Gumbel(0.0, 1.0), fd.Normal(0.0, 1.0))
    with pytest.raises(NotImplementedError, match="cross_entropy"):
        fd.cross_entropy(fd.Gumbel(0.0, 1.0), fd.Normal(0.0, 1.0))


def test_without_derivatives(registry):
    fd.register_kl(Parent, Parent)(lambda p, q: 2.0)
    with pytest.raises(NotImplementedError, match=r"\(Parent, Parent\) has no derivatives"):
        fd.kl_divergence_and_grad(Parent(0.0, 1.0), Parent(0.0, 1.0))


@pytest.mark.parametrize("wrong", [int, 3, None])
def test_registers_classes_only(wrong):
    with pytest.raises(TypeError, match="register_kl takes classes"):
        fd.register_kl(fd.Normal, wrong)


@pytest.mark.parametrize("function", [fd.kl_divergence, fd.cross_entropy])
def test_arguments(function):
    p = fd.Normal(0.0, 1.0)
    with pytest.raises(TypeError, match=r"q must be a distribution; got 3"):
        function(p, 3)
    with pytest.raises(TypeError, match=r"p must be a distribution"):
        function("p", p, method="quadrature")
    with pytest.raises(ValueError, match="method must be one of 'exact', 'quadrature', 'monte-carlo'; got 'mc'"):
        function(p, p, method="mc")
    with pytest.raises(ValueError, match="n must be an integer of at least 2; got 1"):
        function(p, p, method="monte-carlo", n=1)
    with pytest.raises(ValueError, match=r"event_shape"):
        function(p, fd.Multinomial(3, probs=[0.5, 0.5]), method="monte-carlo")
    with pytest.raises(NotImplementedError, match="quadrature is for distributions of numbers"):
        function(fd.Multinomial(3, probs=[0.5, 0.5]), fd.Multinomial(3, probs=[0.25, 0.75]), method="quadrature")


# Estimates ---------------------------------------------------------------------------------------

ESTIMATED = [
    (fd.Normal(0.0, 1.0), fd.Normal(1.0, 2.0), normal(0, 1, 1, 2)),
    (fd.Normal(0.0, 1.0), fd.Normal(0.0, 1.0 + 1e-4), normal(0, 1, 0, mpf(1.0 + 1e-4))),
    (fd.Normal(0.0, 1.0), fd.Normal(40.0, 1.0), mpf(800)),
    (fd.Gamma(2.0, 3.0), fd.Gamma(0.1, 5.0), gamma(mpf(2), mpf(3), mpf(0.1), mpf(5))),
    (fd.Gamma(0.3, 3.0), fd.Gamma(0.02, 5.0), gamma(mpf(0.3), mpf(3), mpf(0.02), mpf(5))),
    (fd.Exponential(2.0), fd.Exponential(1e-6), exponential(mpf(2), mpf(1e-6))),
    (fd.Uniform(0.0, 1.0), fd.Uniform(-1.0, 3.0), mp.log(4)),
    (fd.Poisson(3.0), fd.Poisson(4.0), 3 * mp.log(mpf(3) / 4) + 1),
    (fd.Poisson(3e5), fd.Poisson(3.001e5), mpf(3e5) * mp.log(mpf(3e5) / mpf(3.001e5)) + 100),
    (fd.Bernoulli(0.25), fd.Bernoulli(0.5), mp.log(2) + mpf(3) / 4 * mp.log(mpf(3) / 4) - mpf(1) / 4 * mp.log(4)),
]


@pytest.mark.parametrize(("p", "q", "want"), ESTIMATED, ids=str)
def test_quadrature(p, q, want):
    value, error = fd.kl_divergence(p, q, method="quadrature", return_error=True)
    assert abs(value - want) <= 1e-10 * want
    assert 0 <= error <= 1e-8 * want + 1e-20
    assert fd.kl_divergence(p, q, method="quadrature") == value
    crossed = fd.cross_entropy(p, q, method="quadrature")
    assert abs(crossed - want - p.entropy()) <= 1e-9 * (abs(want) + 1)


@pytest.mark.parametrize(
    ("p", "q"),
    [
        (fd.Cauchy(0.0, 1.0), fd.Normal(0.0, 1.0)),
        (fd.Normal(0.0, 1.0), fd.Uniform(0.0, 1.0)),
        (fd.Binomial(10, 0.3), fd.Binomial(5, 0.3)),
        (fd.Poisson(3.0), fd.Normal(0.0, 1.0)),
        (fd.Normal(0.0, 1.0), fd.Poisson(3.0)),
    ],
    ids=str,
)
def test_infinite_ones(p, q):
    assert fd.kl_divergence(p, q, method="quadrature") == np.inf


@pytest.mark.parametrize(("p", "q", "want"), ESTIMATED[:2] + ESTIMATED[3:5] + ESTIMATED[7:8], ids=str)
def test_monte_carlo(p, q, want):
    value, error = fd.kl_divergence(p, q, method="monte-carlo", n=200_000, rng=5)
    assert error > 0 and abs(value - float(want)) <= 5 * error
    assert fd.kl_divergence(p, q, method="monte-carlo", n=200_000, rng=5).value == value


def test_estimates_of_batches():
    p, q = fd.Normal([0.0, 3.0], 1.0), fd.Normal([[1.0], [2.0], [5.0]], 2.0)
    exact = fd.kl_divergence(p, q)
    np.testing.assert_allclose(fd.kl_divergence(p, q, method="quadrature"), exact, rtol=1e-12)
    value, error = fd.kl_divergence(p, q, method="monte-carlo", rng=2)
    assert value.shape == error.shape == (3, 2)
    assert np.all(np.abs(value - exact) <= 5 * error)


def test_vectors_by_monte_carlo():
    p, q = fd.Multinomial(3, probs=[0.5, 0.5]), fd.Multinomial(3, probs=[0.25, 0.75])
    value, error = fd.kl_divergence(p, q, method="monte-carlo", rng=2)
    assert abs(value - 3 * 0.5 * np.log(4 / 3)) <= 5 * error


def test_cross_entropy():
    p, q = fd.Gamma(2.5, 1.0), fd.Gamma([0.5, 2.5], 3.0)
    np.testing.assert_allclose(fd.cross_entropy(p, q), fd.kl_divergence(p, q) + p.entropy(), rtol=1e-15)
    assert fd.cross_entropy(p, p) == p.entropy()
    value, error = fd.cross_entropy(p, q, method="monte-carlo", rng=1)
    assert np.all(np.abs(value - fd.cross_entropy(p, q)) <= 5 * error)
