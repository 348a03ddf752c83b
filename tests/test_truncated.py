"""Truncated distributions beyond the conformance suite: bases of all kinds, narrow intervals, far tails."""

import pickle

import mpmath as mp
import numpy as np
import pytest
from mixtures.exact import EXACT
from scipy import integrate

import fastdist as fd

INF = np.inf


def test_keeps_its_base():
    base = fd.Gamma([2.5, 3.0], 1.0)
    d = fd.Truncated(base, low=1.0)
    assert d.base == base and isinstance(d, fd.Truncated)
    assert d.batch_shape == (2,) and np.all(d.low == 1.0) and np.all(d.high == INF)
    assert type(d) is type(fd.Truncated(fd.Gamma(1.0, 1.0), high=2.0))
    assert fd.Truncated(base, [[0.0], [1.0], [2.0]]).batch_shape == (3, 2)
    assert fd.Truncated(fd.Gamma(np.float32(2), np.float32(1)), 1.0, 4.0).dtype == np.float32


def test_repr():
    text = "Truncated(Normal(loc=0.0, scale=1.0), low=-1.0, high=2.0)"
    assert repr(fd.Truncated(fd.Normal(0.0, 1.0), -1, 2)) == text


@pytest.mark.parametrize("base", [None, 1.0, fd.Normal, "Normal", fd.Categorical([0.5, 0.5]), "truncated"], ids=str)
def test_refuses_what_is_not_univariate(base):
    base = fd.Truncated(fd.Gamma(1.0, 1.0), 1.0) if base == "truncated" else base
    with pytest.raises(TypeError, match="Truncated: base must be a univariate"):
        fd.Truncated(base, 0.0, 1.0)


def test_an_interval_without_mass():
    with pytest.raises(
        ValueError, match=r"TruncatedGamma: there must be mass.*low = -2.0, high = -1.0 at index \(1,\)"
    ):
        fd.Truncated(fd.Gamma(1.0, 1.0), low=[0.0, -2.0], high=[1.0, -1.0])
    with pytest.raises(ValueError, match="TruncatedUniform: there must be mass"):
        fd.Truncated(fd.Uniform(0.0, 1.0), 3.0, 4.0)


def test_of_a_normal_is_a_truncated_normal():
    a, b = fd.Truncated(fd.Normal(1.0, 2.0), 3.0, 4.0), fd.TruncatedNormal(1.0, 2.0, 3.0, 4.0)
    x = np.linspace(2.5, 4.5, 9)
    for method in ("log_prob", "cdf", "log_sf"):
        np.testing.assert_array_equal(getattr(a, method)(x), getattr(b, method)(x))
    assert a.mean() == b.mean() and a.entropy() == b.entropy()


def test_a_base_with_ends_of_the_same_names():
    d = fd.Truncated(fd.Uniform(0.0, 4.0), 1.0, 3.0)
    assert d.base == fd.Uniform(0.0, 4.0) and (d.low, d.high) == (1.0, 3.0)
    assert d.prob(2.0) == pytest.approx(0.5, rel=1e-14) and d.icdf(0.25) == pytest.approx(1.5, rel=1e-14)
    assert set(d.log_prob_and_grad(2.0)[1]) == {"value", "base_low", "base_high", "low", "high"}
    assert pickle.loads(pickle.dumps(d)) == d and eval(repr(d), {**vars(fd)}) == d


BASES = [
    (fd.Laplace(0.0, 1.0), -0.5, 1e-9),
    (fd.Laplace(0.0, 1.0), -1e-9, 2e-9),
    (fd.Laplace(2.0, 0.5), 30.0, INF),
    (fd.Triangular(0.0, 4.0, 1.0), 0.999, 1.001),
    (fd.Beta(0.5, 0.5), 0.0, 0.25),
    (fd.Beta(2.0, 3.0), 0.9, 1.0),
    (fd.StudentT(3.0, 0.0, 1.0), 10.0, 10.5),
]


# The compilation of the others takes longest.
each_base = pytest.mark.parametrize(
    ("base", "low", "high"), [*BASES[:4], *(pytest.param(*row, marks=pytest.mark.slow) for row in BASES[4:])], ids=repr
)


@each_base
def test_over_many_bases(base, low, high):
    """The cdf is the integral of the base's density; quantiles invert it; moments and slopes agree."""
    d = fd.Truncated(base, low, high)
    a, b = d.icdf(1e-3), d.isf(1e-3)
    points = sorted({a, d.median(), d.isf(0.1), b})
    kinks = [v for v in (float(np.atleast_1d(base.mode())[0]),) if a < v < b]
    mass = integrate.quad(base.prob, a, b, points=kinks or None, epsabs=0, epsrel=1e-13)[0]
    for x in points[1:]:
        inside = [v for v in kinks if v < x]
        part = integrate.quad(base.prob, a, x, points=inside or None, epsabs=0, epsrel=1e-13)[0]
        assert (d.cdf(x) - 1e-3) / 0.998 == pytest.approx(part / mass, rel=1e-11)
    p = np.array([1e-12, 1e-3, 0.3, 0.6, 0.999])
    rounding = 4e-16 * np.abs(d.icdf(p)) * d.prob(d.icdf(p)) / p
    assert np.all(np.abs(d.cdf(d.icdf(p)) / p - 1) < 1e-12 + 4 * rounding)
    assert low <= d.icdf(1e-300) <= d.isf(1e-300) <= high
    assert d.icdf(0.0) == max(low, base.support.lower) and d.icdf(1.0) == min(high, base.support.upper)


@each_base
def test_slopes_in_the_ends(base, low, high):
    d = fd.Truncated(base, low, high)
    x = d.median()
    _, grad = d.log_prob_and_grad(x)
    at_low = 0.0 if low <= base.support.lower else d.prob(low)
    at_high = 0.0 if high >= base.support.upper else d.prob(high)
    assert (grad["low"], grad["high"]) == (pytest.approx(at_low), pytest.approx(-at_high))
    _, grad = d.cdf_and_grad(x)
    assert (grad["low"], grad["high"]) == (pytest.approx(-0.5 * at_low), pytest.approx(-0.5 * at_high))


@pytest.mark.slow
def test_ends_in_one_place():
    """Of two ends in one place the base's is the one that counts: all derivatives are those of an end beyond it."""

    def tangents(low, moving):
        ends = [fd.Dual(v, 1.0) if i == moving else v for i, v in enumerate((0.0, 1.0, low, 0.5))]
        d = fd.Truncated(fd.Uniform(*ends[:2]), *ends[2:])
        values = d.log_prob(0.3), d.cdf(0.3), d.log_sf(0.3), d.icdf(0.3), d.mean(), d.variance(), d.entropy()
        return np.array([float(v.tangent) for v in values])

    for moving, expected in ((0, (2.0, -0.8, 2.0, 0.7, 0.5, -1 / 12, -2.0)), (2, (0.0,) * 7)):
        np.testing.assert_allclose(tangents(0.0, moving), expected, rtol=1e-13, atol=1e-15)
        np.testing.assert_allclose(tangents(-1.0, moving), expected, rtol=1e-13, atol=1e-15)
    d = fd.Truncated(fd.Uniform(0.0, 1.0), 0.0, 0.5)
    for method in ("log_prob_and_grad", "cdf_and_grad"):
        assert getattr(d, method)(0.3)[1]["low"] == 0.0
    assert d.log_prob_and_grad(0.3)[1]["base_low"] == pytest.approx(2.0, rel=1e-14)


def test_slopes_at_the_end_of_all_numbers():
    """Shares of 0, and intervals of subnormal length."""
    d = fd.Truncated(fd.Gamma(3.0, 2.0), -1.0, 3.0)
    for x in (0.0, 5e-324, 1e-310):
        assert not np.isnan(list(d.cdf_and_grad(x)[1].values())).any()
    assert not np.isnan(list(d._slopes_of_draws(np.array([0.0, 3.0])).values())).any()
    assert not np.isnan(list(fd.Truncated(fd.Gamma(2.5, 1.0), 20.0).cdf_and_grad(1.7e308)[1].values())).any()


def test_called_by_its_class_with_tangents():
    """The class that is made for a base takes the base's parameters by name, Duals too."""
    whole = fd.Truncated(fd.Gamma(fd.Dual(2.5, 1.0), 1.0), 1.0, fd.Dual(4.0, 0.5))
    kind = type(fd.Truncated(fd.Gamma(2.5, 1.0), 1.0, 4.0))
    for d in (
        kind(concentration=fd.Dual(2.5, 1.0), rate=1.0, low=1.0, high=fd.Dual(4.0, 0.5)),
        kind(fd.Gamma(fd.Dual(2.5, 1.0), 1.0), 1.0, fd.Dual(4.0, 0.5)),
    ):
        assert d.log_prob(2.0) == whole.log_prob(2.0)
    kind = type(fd.ZeroInflated(fd.Poisson(2.0), 0.25))
    one, other = kind(rate=fd.Dual(2.0, 1.0), gate=0.25), fd.ZeroInflated(fd.Poisson(fd.Dual(2.0, 1.0)), 0.25)
    assert one.log_prob(0) == other.log_prob(0)
    with pytest.raises(TypeError, match="ZeroInflatedPoisson has no parameter concentration"):
        kind(concentration=fd.Dual(2.0, 1.0), rate=1.0, gate=0.25)


def test_moments_that_do_not_exist():
    one, both = fd.Truncated(fd.StudentT(1.5, 0.0, 1.0), low=1.0), fd.Truncated(fd.StudentT(1.0, 0.0, 1.0))
    assert np.isfinite(one.mean()) and one.variance() == INF and np.isnan(one.skewness()) and np.isnan(one.kurtosis())
    assert np.isnan(both.mean()) and np.isnan(both.variance())
    assert fd.Truncated(fd.StudentT(1.0, 0.0, 1.0), low=1.0).mean() == INF
    assert fd.Truncated(fd.StudentT(1.0, 0.0, 1.0), high=1.0).mean() == -INF
    bounded = fd.Truncated(fd.StudentT(1.0, 0.0, 1.0), -1.0, 1.0)
    assert bounded.mean() == pytest.approx(0.0, abs=1e-15)
    assert bounded.variance() == pytest.approx(4 / np.pi - 1, rel=1e-13)


def test_a_base_with_a_choice_of_parameters():
    for chosen in ({"probs": 0.25}, {"logits": 0.5}):
        base = fd.ContinuousBernoulli(**chosen)
        d = fd.Truncated(base, 0.25, 0.5)
        mass = base.cdf(0.5) - base.cdf(0.25)
        assert d.prob(0.4) == pytest.approx(base.prob(0.4) / mass, rel=1e-13)
        assert d.base == base and pickle.loads(pickle.dumps(d)) == d and eval(repr(d), {**vars(fd)}) == d
        assert set(d.log_prob_and_grad(0.4)[1]) == {"value", *chosen, "low", "high"}


# Of mixtures ------------------------------------------------------------------------------------

NORMALS = EXACT[0]


def exact_mass(case, low, high):
    upper = low >= 0
    return case.sf(low) - case.sf(high) if upper else case.cdf(high) - case.cdf(low)


@pytest.mark.parametrize(("low", "high"), [(-1.0, 2.5), (20.0, 22.0), (0.4, 0.4001), (-np.inf, -30.0)])
def test_of_a_mixture(low, high):
    d = fd.Truncated(NORMALS.distribution, low, high)
    x = d.icdf(np.array([0.01, 0.3, 0.8]))
    with mp.workdps(50):
        a, b = mp.mpf(low), mp.mpf(high)
        mass = exact_mass(NORMALS, a, b)
        want = [mp.log(NORMALS.density(mp.mpf(v)) / mass) for v in x]
        below = [exact_mass(NORMALS, a, mp.mpf(v)) / mass for v in x]
        np.testing.assert_allclose(d.log_prob(x), [float(w) for w in want], rtol=5e-13, atol=1e-13)
        # What the rounding of x moves the cdf by is the density times it.
        room = 1e-13 + 2.0**-51 * np.abs(x) * d.prob(x)
        assert np.all(abs(d.cdf(x) - [float(w) for w in below]) < room)
        assert np.all(abs(d.sf(x) - [float(1 - w) for w in below]) < room)
    np.testing.assert_array_equal(d.prob([low - 1.0, high + 1.0]), 0.0)
    np.testing.assert_array_equal(d.cdf([low, high]), [0.0, 1.0])
    assert d.support.check(d.sample(50, rng=1)).all()


def test_slopes_of_a_truncated_mixture():
    low, high = -1.0, 2.5
    d = fd.Truncated(NORMALS.distribution, low, high)
    x = np.array([-0.5, 0.6, 1.1, 2.0])  # not as many as there are components
    _, grad = d.log_prob_and_grad(x)
    with mp.workdps(30):
        for name in ("probs", "loc", "scale"):
            for k in range(3):

                def log_prob(case, v):
                    return mp.log(case.density(v) / exact_mass(case, mp.mpf(low), mp.mpf(high)))

                want = [float(NORMALS.slope(lambda case, v=v: log_prob(case, mp.mpf(v)), name, (k,))) for v in x]
                np.testing.assert_allclose(grad[name][:, k], want, rtol=2e-12, atol=1e-13, err_msg=name)
    np.testing.assert_allclose(grad["low"], d.prob(low), rtol=1e-13)
    np.testing.assert_allclose(grad["high"], -d.prob(high), rtol=1e-13)
    np.testing.assert_allclose(grad["value"], NORMALS.distribution.log_prob_and_grad(x)[1]["value"], rtol=1e-12)
    assert d.log_likelihood_and_grad(x)[1]["low"] == pytest.approx(grad["low"].sum(), rel=1e-13)


@pytest.mark.slow
@pytest.mark.parametrize(
    "base",
    [
        NORMALS.distribution,
        fd.Mixture(fd.Categorical(logits=[0.0, 1.0]), [fd.Normal(-1.0, 0.75), fd.Gamma(2.5, 1.5)]),
        fd.MixtureSameFamily(fd.Categorical([0.3, 0.7]), fd.Uniform([0.0, 0.5], [1.0, 2.0])),
        fd.MixtureSameFamily(fd.Categorical(logits=[0.3, 0.7]), fd.Poisson([1.0, 6.0])),
    ],
    ids=("normals", "unlike", "uniforms", "counts"),
)
def test_over_mixtures(base):
    """Everything by the mixture's own tails and densities, and by differences."""
    low, high = (0.25, 1.5) if not base.support.is_discrete else (1.0, 5.0)
    d = fd.Truncated(base, low, high)
    discrete = base.support.is_discrete
    start = base.cdf(low - 1.0) if discrete else base.cdf(low)
    mass = base.cdf(high) - start
    x = np.array([1.0, 3.0, 5.0]) if discrete else np.array([0.3, 0.7, 1.2])
    np.testing.assert_allclose(d.prob(x), base.prob(x) / mass, rtol=1e-12)
    np.testing.assert_allclose(d.cdf(x), (base.cdf(x) - start) / mass, rtol=1e-12)
    p = np.array([0.05, 0.5, 0.95])
    q = d.icdf(p)
    assert np.all(d.cdf(q) >= p - 1e-13) if discrete else np.allclose(d.cdf(q), p, rtol=1e-12)
    draws = d.sample(40_000, rng=2)
    assert abs(draws.mean() - d.mean()) < 5 * np.sqrt(d.variance() / 40_000)
    assert draws.var() == pytest.approx(d.variance(), rel=0.05)
    assert d.entropy() == pytest.approx(-np.mean(d.log_prob(draws)), abs=0.02)
    assert pickle.loads(pickle.dumps(d)) == d and repr(d).startswith("Truncated(Mixture")
    assert d.expand((3,)).log_prob(x).shape == (3,)

    parameters = base._parameters
    _, grad = d.log_prob_and_grad(x)
    assert list(grad) == ([] if discrete else ["value"]) + list(d._parameters)
    h = 1e-6

    def moved(low, high, s, function):
        ends = [fd.Truncated(base, low + sign * s[0], high + sign * s[1]) for sign in (1, -1)]
        return (function(ends[0]) - function(ends[1])) / (2 * h)

    if not discrete:
        np.testing.assert_allclose(grad["low"], moved(low, high, (h, 0.0), lambda d: d.log_prob(x)), rtol=1e-6)
        np.testing.assert_allclose(grad["high"], moved(low, high, (0.0, h), lambda d: d.log_prob(x)), rtol=1e-6)
    if d.has_rsample:
        y, slopes = d.rsample_and_grad(4, rng=5)
        level = d.cdf(y)
        np.testing.assert_allclose(slopes["low"], moved(low, high, (h, 0.0), lambda d: d.icdf(level)), rtol=1e-5)
        np.testing.assert_allclose(slopes["high"], moved(low, high, (0.0, h), lambda d: d.icdf(level)), rtol=1e-5)
        at = d.cdf_and_grad(y)[1]
        for name, slope in slopes.items():
            density = np.reshape(d.prob(y), (4,) + (1,) * (slope.ndim - 1))
            np.testing.assert_allclose(slope, -at[name] / density, rtol=1e-6, atol=1e-9)
    name = next(iter(parameters))
    weights = np.asarray(parameters[name])
    for k in range(2):
        ends = []
        for s in (h, -h):
            other = fd.Categorical(**{name: weights + s * np.eye(len(weights))[k]})
            parts = base.components if isinstance(base, fd.Mixture) else base.component_distribution
            ends.append(fd.Truncated(type(base)(other, parts), low, high).log_prob(x))
        np.testing.assert_allclose(grad[name][:, k], (ends[0] - ends[1]) / (2 * h), rtol=1e-5, atol=1e-7)


def test_of_mixtures_refuses():
    with pytest.raises(ValueError, match="low must be below high"):
        fd.Truncated(NORMALS.distribution, 2.0, 1.0)
    with pytest.raises(ValueError, match="there must be mass between low and high"):
        fd.Truncated(fd.MixtureSameFamily(fd.Categorical([0.5, 0.5]), fd.Uniform([0.0, 0.5], [1.0, 2.0])), 3.0, 4.0)
    with pytest.raises(ValueError, match="low"):
        fd.Truncated(NORMALS.distribution, np.nan, 1.0)


def test_counts_of_which_the_next_is_the_same():
    """Sums over counts end where adding 1 to one changes nothing."""
    d = fd.Truncated(fd.Poisson(4.0), low=1)
    _, grad = d.cdf_and_grad([2.0, 1e19, 1e100, 1.7e308])
    np.testing.assert_array_equal(grad["rate"][1:], 0.0)
    far = fd.Truncated(fd.Poisson(1e19), 1e19, 1e19 + 2e5)
    assert np.isfinite(far.log_prob_and_grad(1e19 + 2048)[0])
    near = fd.Truncated(fd.Poisson(1e17), 1e17, 1e17 + 2e5)
    np.testing.assert_allclose(near.icdf([0.1, 0.5, 0.9]) - 1e17, [2e4, 1e5, 1.8e5], atol=32)
    assert np.all(np.abs(near.sample((100,), rng=1) - 1e17) <= 2e5)


def test_moments_between_ends_that_are_far_apart():
    """However much wider an interval is than what its mass lies on."""
    d = fd.Truncated(fd.Exponential(1.0), 0.0, [1e6, 1e8, 1e10, 1e100])
    for got, want in ((d.mean(), 1.0), (d.variance(), 1.0), (d.kurtosis(), 6.0), (d.entropy(), 1.0)):
        np.testing.assert_allclose(got, want, rtol=1e-12)
    assert fd.Truncated(fd.Laplace(0.0, 1.0), -1e8, 1e8).variance() == pytest.approx(2.0, rel=1e-13)
    assert fd.Truncated(fd.Cauchy(0.0, 1.0), -1e100, 1e100).variance() == pytest.approx(2e100 / np.pi, rel=1e-12)
    assert fd.Truncated(fd.Gamma(1e8, 1.0), 1.0, np.inf).skewness() == pytest.approx(2e-4, rel=1e-8)


def test_moments_between_ends_that_are_close():
    for width in (1e-9, 1e-12):
        d = fd.Truncated(fd.Exponential(1.0), 1.0, 1.0 + width)
        assert d.variance() == pytest.approx(((1.0 + width) - 1.0) ** 2 / 12.0, rel=1e-5)
        assert d.kurtosis() == pytest.approx(-1.2, rel=1e-5)


def test_moments_of_too_many_integers():
    assert np.isnan(fd.Truncated(fd.DiscreteUniform(0, 10**9), 0, 10**8).mean())


def test_a_component_that_has_nothing_in_the_interval():
    d = fd.Truncated(fd.Mixture(fd.Categorical(probs=[0.5, 0.5]), [fd.Gamma(2.0, 1.0), fd.Uniform(0.0, 1.0)]), 2.0)
    alone = fd.Truncated(fd.Gamma(2.0, 1.0), 2.0)
    _, grad = d.log_prob_and_grad(3.0)
    _, own = alone.log_prob_and_grad(3.0)
    np.testing.assert_array_equal(grad["probs"], 0.0)
    assert grad["components_1_low"] == grad["components_1_high"] == 0.0
    for name, like in (("low", "low"), ("components_0_concentration", "concentration"), ("components_0_rate", "rate")):
        assert grad[name] == pytest.approx(own[like], rel=1e-12)


def exact_summaries(shape, power, stop):
    """Mean, variance, skewness, excess kurtosis and entropy of x**(shape - 1) * exp(-(x**power)) from 0 to `stop`."""
    with mp.workdps(40):
        k, top = mp.mpf(shape), mp.log(mp.mpf(stop))
        points = [-120 / k / 2**j for j in range(12) if -120 / k / 2**j < top - 1] + [top]

        def over(function):
            return mp.quad(lambda w: mp.exp(k * w - mp.exp(power * w)) * function(mp.exp(w), w), points)

        mass = over(lambda x, w: 1)
        mean = over(lambda x, w: x) / mass
        second, third, fourth = (over(lambda x, w, n=n: (x - mean) ** n) / mass for n in (2, 3, 4))
        entropy = mp.log(mass) - over(lambda x, w: (k - 1) * w - mp.exp(power * w)) / mass
        return [float(v) for v in (mean, second, third / second**1.5, fourth / second**2 - 3, entropy)]


METHODS = ("mean", "variance", "skewness", "kurtosis", "entropy")


@pytest.mark.parametrize(
    ("d", "expected"),
    [
        (fd.Truncated(fd.Gamma(0.02, 1.0), high=1.0), exact_summaries(0.02, 1, 1)),
        (fd.Truncated(fd.Gamma(0.001, 1.0), high=1.0), exact_summaries(0.001, 1, 1)),
        (fd.Truncated(fd.Gamma(0.5, 1.0), high=2.0), exact_summaries(0.5, 1, 2)),
        (fd.Truncated(fd.Weibull(1.0, 0.3), high=1.0), exact_summaries(0.3, mp.mpf(0.3), 1)),
    ],
    ids=repr,
)
def test_moments_next_to_a_pole(d, expected):
    np.testing.assert_allclose([getattr(d, method)() for method in METHODS], expected, rtol=3e-14)


@pytest.mark.slow
def test_moments_next_to_a_pole_that_is_not_at_0():
    """Most of the mass may be closer to 1 than float64 can tell: it counts all the same."""
    for concentration in (0.01, 0.1, 0.5):
        left = fd.Truncated(fd.Beta(concentration, 2.0), high=0.5)
        right = fd.Truncated(fd.Beta(2.0, concentration), low=0.5)
        for method, bound in zip(METHODS, (1e-15, 1e-14, 1e-14, 1e-14, 3e-8), strict=True):
            other = getattr(left, method)()
            other = {"mean": 1.0 - other, "skewness": -other}.get(method, other)
            assert getattr(right, method)() == pytest.approx(other, rel=bound)


def test_an_entropy_of_what_lies_beyond_all_numbers():
    """Where a share of the mass has no number to stand for, the entropy is not known."""
    assert np.isnan(fd.Truncated(fd.Weibull(1.0, 0.001), low=1.0).entropy())
    assert np.isnan(fd.Truncated(fd.Weibull(1.0, 0.001), high=1.0).entropy())


@pytest.mark.parametrize("scale", [3.0, 10.0, 20.0])
def test_mean_of_a_wide_log_normal_part(scale):
    with mp.workdps(60):
        s = mp.mpf(scale)
        expected = float(mp.exp(s * s / 2) * mp.erfc(-s / mp.sqrt(2)))
        cut = (mp.log(mp.mpf(1e200)) - s * s) / s / mp.sqrt(2), mp.log(mp.mpf(1e200)) / s / mp.sqrt(2)
        between = float(mp.exp(s * s / 2) * (mp.erf(cut[0]) - mp.erf(-s / mp.sqrt(2))) / mp.erf(cut[1]))
    assert fd.Truncated(fd.LogNormal(0.0, scale), low=1.0).mean() == pytest.approx(expected, rel=1e-12)
    assert fd.Truncated(fd.LogNormal(0.0, scale), 1.0, 1e200).mean() == pytest.approx(between, rel=1e-12)


def test_moments_at_large_scales():
    """Whether a moment exists does not depend on the scale."""
    small, large = (fd.Truncated(fd.Exponential(rate), 0.5 / rate) for rate in (1.0, 1e-150))
    assert large.mean() == pytest.approx(1e150 * small.mean(), rel=1e-13)
    assert large.variance() == pytest.approx(1e300, rel=1e-13)
    # Beyond all numbers there is more of it than may be left out.
    assert not np.isfinite(fd.Truncated(fd.LogNormal(0.0, 26.0), low=1.0).mean())


@pytest.mark.parametrize("level", [1e-300, 3e-307, 1e-310, 3e-320, 5e-324])
def test_quantiles_of_levels_below_float64(level):
    """The share itself, level times mass, may be below float64: the quantile is not."""
    with mp.workdps(60):
        p = mp.mpf(level)
        mass = 1 - mp.exp(-1)
        power = float(mp.sqrt(-mp.log1p(-p * mass)))
        inside = float(-mp.log1p(-p * mass))
        far = float(700 - mp.log(p * mp.exp(700) + (1 - p)))
    assert fd.Truncated(fd.Weibull(1.0, 2.0), high=1.0).icdf(level) == pytest.approx(power, rel=1e-12)
    assert fd.Truncated(fd.Exponential(1.0), high=1.0).icdf(level) == pytest.approx(inside, rel=1e-12, abs=5e-324)
    assert fd.Truncated(fd.Exponential(1.0), 0.0, 700.0).isf(level) == pytest.approx(far, rel=1e-15)


def test_the_mode_of_a_base_without_one():
    base = fd.TransformedDistribution(fd.Normal(0.3, 1.2), fd.transforms.ExpTransform())
    d = fd.Truncated(base, 1.0, 6.0)
    np.testing.assert_allclose(d.mean(), fd.Truncated(fd.LogNormal(0.3, 1.2), 1.0, 6.0).mean(), rtol=1e-14)
    with pytest.raises(NotImplementedError, match="mode has no closed form"):
        d.mode()
