"""Second derivatives where formulas change from one to the next, or a parameter is what a family is simplest at."""

import mpmath as mp
import numpy as np
import pytest
from scipy import special

import fastdist as fd


def second(f, x):
    return fd.jvp(lambda s: fd.jvp(f, (s,), (1.0,))[1], (x,), (1.0,))[1]


def mixed(f, a, b):
    """d/db of d/da."""
    return fd.jvp(lambda t: fd.jvp(lambda s: f(s, t), (a,), (1.0,))[1], (b,), (1.0,))[1]


def test_gamma_of_shape_2():
    for x in (0.6, 2.0, 5.0):
        want = mp.diff(lambda a, x=x: mp.gammainc(a, 0, x, regularized=True), 2, 2)
        assert second(lambda a, x=x: fd.Gamma(a, 1.0).cdf(x), 2.0) == pytest.approx(float(want), rel=1e-9)


def test_students_at_their_centre():
    loc = np.array([-1.0, 0.0, 1.0])
    found = second(lambda m: fd.StudentT(3.0, m, 2.0).log_prob(loc), 0.0)
    ratio = loc / 2.0
    np.testing.assert_allclose(found, -1.0 / 3.0 * (1 - ratio**2 / 3) / (1 + ratio**2 / 3) ** 2, rtol=1e-14)
    _, slopes = fd.StudentT(3.0, 0.0, 1.0).log_prob_and_grad([0.0, 1e-200, 1e200])
    np.testing.assert_allclose(slopes["loc"], [0.0, 4e-200 / 3.0, 4e-200], rtol=1e-15)
    np.testing.assert_allclose(slopes["scale"], [-1.0, -1.0, 3.0], rtol=1e-15)


DENSITIES = [
    (lambda x, k: fd.Weibull(1.0, k).log_prob(x), lambda x, k: mp.log(k) + (k - 1) * mp.log(x) - x**k, 0.3, 1.0),
    (
        lambda x, k: fd.GeneralizedPareto(0.0, 1.0, k).log_prob(x),
        lambda x, k: -(1 / k + 1) * mp.log(1 + k * x),
        0.3,
        -1.0,
    ),
    (
        lambda x, k: fd.GeneralizedExtremeValue(0.0, 1.0, k).log_prob(x),
        lambda x, k: -(1 / k + 1) * mp.log(1 + k * x) - (1 + k * x) ** (-1 / k),
        0.3,
        -1.0,
    ),
    (
        lambda x, t: fd.RelaxedBernoulli(t, logits=0.5).log_prob(x),
        lambda x, t: (
            mp.log(t)
            + 0.5
            - (t + 1) * mp.log(x)
            - (t + 1) * mp.log(1 - x)
            - 2 * mp.log(mp.exp(0.5) * x**-t + (1 - x) ** -t)
        ),
        0.3,
        1.0,
    ),
    (
        lambda x, logits: fd.RelaxedBernoulli(1.0, logits=logits).log_prob(x),
        lambda x, logits: logits - 2 * mp.log(x) - 2 * mp.log(1 - x) - 2 * mp.log(mp.exp(logits) / x + 1 / (1 - x)),
        0.5,
        0.0,
    ),
    (
        lambda m, k: fd.VonMises(m, k).cdf(0.0),
        lambda m, k: mp.quad(lambda y: mp.exp(k * mp.cos(y - m)), [-mp.pi + m, 0]) / (2 * mp.pi * mp.besseli(0, k)),
        0.0,
        1.0,
    ),
]


@pytest.mark.parametrize(("own", "formula", "a", "b"), DENSITIES)
def test_hessians_at_special_parameters(own, formula, a, b):
    with mp.workdps(40):
        want = float(mp.diff(formula, (a, b), (1, 1)))
    assert mixed(own, a, b) == pytest.approx(want, rel=1e-8)
    assert mixed(lambda t, s: own(s, t), b, a) == pytest.approx(want, rel=1e-8)


def test_an_infinite_slope_takes_nothing_from_other_numbers():
    start, grows = np.array([0.0, 4.0]), np.array([0.0, 1.0])
    assert second(lambda t: np.sum(np.sqrt(start + grows * t * t)), 0.0) == 0.5
    found = second(lambda t: fd.Beta(1 + t * t, 2.0).log_prob(np.array([0.0, 0.5])), 0.0)
    assert found[1] == pytest.approx(2 * (1.5 + np.log(0.5)), rel=1e-13)


def test_functions_of_products_at_zero():
    assert second(lambda t: special.xlogy(t, 1 + t), 0.0) == 2.0
    assert second(lambda t: special.xlog1py(t, t), 0.0) == 2.0


def test_far_out():
    for f in (np.tanh, lambda x: np.logaddexp(x, 0.0), lambda x: np.logaddexp2(x, 0.0)):
        for x in (-2000.0, -800.0, 400.0, 2000.0):
            assert abs(second(f, x)) < 1e-100
    assert second(np.tanh, 0.5) == pytest.approx(-2 * np.tanh(0.5) / np.cosh(0.5) ** 2, rel=1e-14)
    assert second(lambda x: np.logaddexp(x, 0.0), 0.0) == 0.25


def test_relative_exponential():
    def exprel(x):
        return mp.expm1(x) / x if x else mp.mpf(1)

    with mp.workdps(60):
        for x in (1e-12, -1e-9, 0.3, 0.499, 0.501, -0.501, 3.0, -1e3):
            first, bend = (float(mp.diff(exprel, x, n)) for n in (1, 2))
            assert fd.jvp(special.exprel, (x,), (1.0,))[1] == pytest.approx(first, rel=2e-15)
            assert second(special.exprel, x) == pytest.approx(bend, rel=2e-13)
    assert second(special.exprel, 0.0) == pytest.approx(1 / 3, rel=1e-15)


def test_what_fills_and_what_is_beside_a_dual():
    x, y = fd.Dual(np.ones(3), np.ones(3)), fd.Dual(3.0, 2.0)
    filled = np.full_like(x, y)
    np.testing.assert_array_equal(filled.primal, 3.0)
    np.testing.assert_array_equal(filled.tangent, np.full(3, 2.0))
    moved, still = np.atleast_1d(x, np.array([7.0, 8.0]))
    assert moved.shape == (3,) and type(still) is np.ndarray
    assert [f(x).shape for f in (np.atleast_2d, np.atleast_3d)] == [(1, 3), (1, 3, 1)]


def test_reductions_over_everything():
    x = fd.Dual(np.arange(6.0).reshape(2, 3), np.arange(6.0).reshape(2, 3))
    assert np.add.reduce(x, axis=None).tangent == 15.0 and np.maximum.reduce(x, axis=None).tangent == 5.0
    np.testing.assert_array_equal(np.add.reduce(x).tangent, [3.0, 5.0, 7.0])
    assert np.isnan(np.median(fd.Dual(np.array([np.nan, 1.0, 2.0]), np.ones(3))).primal)
    np.testing.assert_allclose(x.std(0).tangent, np.std(x, 0).tangent)
    with pytest.raises(TypeError, match=r"numpy\.sum .* dtype"):
        np.sum(x, dtype=int)
    with pytest.raises(TypeError, match=r"numpy\.dot .* by position"):
        np.dot(a=x, b=x)


def test_gradients_in_nothing():
    value, slope = fd.value_and_grad(lambda t: np.sum(t) + 3.0)(np.zeros(0))
    assert value == 3.0 and slope.shape == (0,)


def normal_on_an_interval(x, m):
    low, high = mp.ncdf((-1 - m) / 1.3), mp.ncdf((2 - m) / 1.3)
    return (mp.ncdf((x - m) / 1.3) - low) / (high - low)


def continuous_bernoulli(x, p):
    logits = mp.log(p / (1 - p))
    return mp.expm1(logits * x) / mp.expm1(logits)


def students_below(x, df):
    return mp.mpf(1) / 2 + x * mp.hyp2f1(0.5, (df + 1) / 2, 1.5, -x * x / df) / mp.sqrt(df) / mp.beta(0.5, df / 2)


def gamma_below(x, a):
    return mp.gammainc(a, 0, x, regularized=True)


def beta_below(x, a):
    return mp.betainc(a, 50, 0, x, regularized=True)


def fisher_below(x, a):
    return mp.betainc(a / 2, 35, 0, a * x / (a * x + 70), regularized=True)


def failures_below(r, p):
    return mp.betainc(r, 4, 0, 1 - p, regularized=True)


# The cdf as a function of two numbers, where its formula changes sides, or a term of it vanishes.
BELOW = {
    "TruncatedNormal": (lambda x, m: fd.TruncatedNormal(m, 1.3, -1.0, 2.0), normal_on_an_interval, 0.5, 0.5),
    "ContinuousBernoulli": (lambda x, p: fd.ContinuousBernoulli(p), continuous_bernoulli, 0.3, 0.5),
    "StudentT": (lambda x, df: fd.StudentT(df, 0.0, 1.0), students_below, 0.0, 3.0),
    "StudentT, many": (lambda x, df: fd.StudentT(df, 0.0, 1.0), students_below, 0.0, 40.0),
    "Gamma": (lambda x, a: fd.Gamma(a, 1.0), gamma_below, 50.0, 50.0),
    "Beta": (lambda x, a: fd.Beta(a, 50.0), beta_below, 0.5, 50.0),
    "FisherSnedecor": (lambda x, a: fd.FisherSnedecor(a, 70.0), fisher_below, 1.0, 70.0),
    "NegativeBinomial": (lambda r, p: fd.NegativeBinomial(r, p), failures_below, 1.0, 0.5),
}


# Whose tails take long to compile.
LONG = ("Beta", "FisherSnedecor", "NegativeBinomial")


@pytest.mark.parametrize("method", ["cdf", pytest.param("log_sf", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.slow] if n in LONG else []) for n in BELOW])
def test_hessians_of_tails(name, method):
    family, below, a, b = BELOW[name]

    def own(s, t):
        return getattr(family(s, t), method)(3.0 if name == "NegativeBinomial" else s)

    def formula(s, t):
        return below(s, t) if method == "cdf" else mp.log(1 - below(s, t))

    def found(orders):
        if orders == (1, 1):
            return mixed(own, a, b)
        return second(lambda s: own(s, b), a) if orders == (2, 0) else second(lambda t: own(a, t), b)

    with mp.workdps(60):
        for orders in ((2, 0), (1, 1), (0, 2)):
            # Beside 1/2, of which the textbook's quotient is the limit.
            place = (mp.mpf(a), mp.mpf(b) + (mp.mpf(10) ** -25 if name == "ContinuousBernoulli" else 0))
            want = float(mp.diff(formula, place, orders, h=mp.mpf(10) ** -15))
            assert found(orders) == pytest.approx(want, rel=2e-12, abs=1e-14)
    assert mixed(lambda t, s: own(s, t), b, a) == pytest.approx(mixed(own, a, b), rel=2e-12, abs=1e-14)


@pytest.mark.parametrize("method", ["cdf", pytest.param("log_cdf", marks=pytest.mark.slow)])
@pytest.mark.parametrize(("total", "k"), [(10, 3), (100, 50), (10, 0)])
def test_bends_of_binomial_tails(method, total, k):
    """By the slope of the cdf, which is a mass."""
    p, n = 0.5, mp.mpf(total)
    mass = (n - k) * mp.binomial(n, k) * mp.mpf(p) ** n
    below = mp.fsum(mp.binomial(n, i) for i in range(k + 1)) / 2**n
    slope, bend = -mass / (1 - p), -mass * (k / p - (n - k - 1) / (1 - p)) / (1 - p)
    want = bend if method == "cdf" else bend / below - (slope / below) ** 2
    found = second(lambda p: getattr(fd.Binomial(float(total), p), method)(float(k)), p)
    assert found == pytest.approx(float(want), rel=1e-12, abs=1e-13)


def logistic_log_prob(x):
    return -x - 2 * mp.log1p(mp.exp(-x))


@pytest.mark.parametrize(
    ("own", "formula", "at"),
    [
        (lambda x: fd.Logistic(0.0, 1.0).log_prob(x), logistic_log_prob, 30.0),
        (lambda x: fd.Logistic(0.0, 1.0).log_prob(x), logistic_log_prob, -30.0),
        (lambda x: fd.Logistic(0.0, 1.0).log_prob(x), logistic_log_prob, 0.0),
        (lambda x: fd.Gumbel(0.0, 1.0).log_prob(x), lambda x: -x - mp.exp(-x), 30.0),
        (
            lambda u: fd.ContinuousBernoulli(logits=u).log_prob(0.3),
            lambda u: mp.mpf(0.3) * u - mp.log(mp.expm1(u) / u),
            800.0,
        ),
    ],
)
def test_bends_of_densities_that_are_nearly_straight(own, formula, at):
    with mp.workdps(60):
        want = float(mp.diff(formula, at, 2, h=mp.mpf(10) ** -15))
    assert second(own, at) == pytest.approx(want, rel=1e-13, abs=0.0)


def test_a_shape_that_is_hardly_more_than_0():
    def log_prob(a, b):
        return fd.Beta(a, b).log_prob(0.3)

    want = float(mp.psi(1, 1.0 + 1e-8))
    assert mixed(log_prob, 1e-8, 1.0) == pytest.approx(want, rel=1e-14)
    assert mixed(lambda b, a: log_prob(a, b), 1.0, 1e-8) == pytest.approx(want, rel=1e-14)
