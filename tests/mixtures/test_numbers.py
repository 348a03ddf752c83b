"""Mixtures of distributions of numbers: against mpmath, their own inverses, differences, draws, awkward input."""

import copy
import pickle

import mpmath as mp
import numpy as np
import pytest
from helpers import ks_bound
from mixtures.exact import EXACT, UNLIKE

import fastdist as fd

P = np.array([1e-300, 1e-100, 1e-20, 1e-3, 0.05, 0.3, 0.5, 0.6, 0.97, 0.999999])
DIGITS = 50

each = pytest.mark.parametrize("case", EXACT, ids=str)


def three(weights=(0.2, 0.5, 0.3)):
    return fd.MixtureSameFamily(fd.Categorical(probs=list(weights)), fd.Normal([-2.0, 0.5, 3.0], [1.0, 0.25, 2.0]))


def near(got, want, relative):
    """Equal to a number of mpmath's, relative to its size."""
    return abs(mp.mpf(float(got)) - want) <= relative * abs(want)


# Against mpmath -----------------------------------------------------------------------------------


@each
def test_density_and_tails(case):
    d = case.distribution
    x = np.concatenate([d.icdf(P), d.isf(P)])
    with mp.workdps(DIGITS):
        density, below, above = (
            [f(mp.mpf(float(v))) for v in x] for f in (case.density, lambda v: case.cdf(v), lambda v: case.sf(v))
        )
        # Half an ulp of a value moves a tail by the ratio of the density to it.
        slack = [abs(v) * float(f / min(b, a)) * 2.0**-52 for v, f, b, a in zip(x, density, below, above, strict=True)]
        for method, want in (("prob", density), ("cdf", below), ("sf", above)):
            got = getattr(d, method)(x)
            logs = getattr(d, {"prob": "log_prob"}.get(method, f"log_{method}"))(x)
            for k in range(len(x)):
                allowed = case.tolerance + 8 * slack[k]
                assert near(got[k], want[k], allowed), (method, x[k])
                assert abs(logs[k] - mp.log(want[k])) <= allowed * (1 + abs(mp.log(want[k]))), (method, x[k])
                assert getattr(d, method)(float(x[k])) == pytest.approx(float(got[k]), rel=1e-14)


@each
def test_quantiles_undo_tails(case):
    d = case.distribution
    np.testing.assert_allclose(d.cdf(d.icdf(P)), P, rtol=1e-11)
    np.testing.assert_allclose(d.sf(d.isf(P)), P, rtol=1e-11)
    q = P[P <= 0.5]
    with mp.workdps(DIGITS):
        for p in q:
            x = d.icdf(p)
            exact = case.cdf(mp.mpf(float(x)))
            slack = abs(x) * case.density(mp.mpf(float(x))) / exact * 2.0**-52
            assert near(p, exact, 4e-14 + 8 * slack), p
    np.testing.assert_array_equal(d.icdf([0.0, 1.0]), [d.support.lower, d.support.upper])
    np.testing.assert_array_equal(d.isf([0.0, 1.0]), [d.support.upper, d.support.lower])
    assert np.isnan(d.icdf([np.nan, -0.5, 1.5])).all() and np.isnan(d.isf([np.nan, -0.5, 1.5])).all()


@each
def test_derivatives(case):
    """Of the log density and of the cdf, in the value, the weights and each parameter, by differences at 50 digits."""
    d = case.distribution
    x = d.icdf(np.array([1e-3, 0.2, 0.55, 0.9, 0.9999]))
    value, grad = d.log_prob_and_grad(x)
    below, slopes = d.cdf_and_grad(x)
    draws, moved = d.rsample_and_grad(7, rng=5)
    np.testing.assert_allclose(value, d.log_prob(x), rtol=1e-13)
    np.testing.assert_allclose(below, d.cdf(x), rtol=1e-13)
    np.testing.assert_array_equal(draws, d.sample(7, rng=5))
    assert list(grad) == list(slopes) == ["value", *moved]
    with mp.workdps(DIGITS):
        for k, v in enumerate(x):
            assert near(grad["value"][k], mp.diff(lambda v: mp.log(case.density(v)), mp.mpf(float(v))), 1e-11)
            assert near(slopes["value"][k], case.density(mp.mpf(float(v))), 1e-12)
    for name in moved:
        for place in case.places(name):
            with mp.workdps(DIGITS):
                for k, v in enumerate(x):
                    of_log = case.slope(lambda e, v=v: mp.log(e.density(mp.mpf(float(v)))), name, place)
                    of_cdf = case.slope(lambda e, v=v: e.cdf(mp.mpf(float(v))), name, place)
                    assert abs(grad[name][k][place] - of_log) <= 1e-12 * (1 + abs(of_log)), (name, place, v)
                    assert abs(slopes[name][k][place] - of_cdf) <= 1e-12 * (1e-3 + abs(of_cdf)), (name, place, v)
    at = d.cdf_and_grad(draws)[1]
    for name, slope in moved.items():
        density = d.prob(draws).reshape((-1, *(1,) * (slope.ndim - 1)))
        np.testing.assert_allclose(slope, -at[name] / density, rtol=1e-9, atol=1e-12)


def test_moments_and_entropy():
    d = three()
    w, m, s = (np.array(v) for v in ((0.2, 0.5, 0.3), (-2.0, 0.5, 3.0), (1.0, 0.25, 2.0)))
    with mp.workdps(30):
        mean = mp.fsum(mp.mpf(float(a)) * float(b) for a, b in zip(w, m, strict=True))
        powers = {2: lambda e, u: u**2 + e**2, 3: lambda e, u: e**3 + 3 * e * u**2,
                  4: lambda e, u: e**4 + 6 * e**2 * u**2 + 3 * u**4}  # fmt: skip
        central = {
            n: mp.fsum(mp.mpf(float(a)) * f(float(b) - mean, mp.mpf(float(u))) for a, b, u in zip(w, m, s, strict=True))
            for n, f in powers.items()
        }
        assert near(d.mean(), mean, 1e-15) and near(d.variance(), central[2], 1e-15)
        assert near(d.skewness(), central[3] / central[2] ** 1.5, 2e-14)
        assert near(d.kurtosis(), central[4] / central[2] ** 2 - 3, 2e-14)

        def surprise(x):
            p = mp.fsum(mp.mpf(float(a)) * mp.npdf(x, float(b), float(u)) for a, b, u in zip(w, m, s, strict=True))
            return -p * mp.log(p)

        exact = mp.quad(surprise, [-40, -10, -5, -2, -1, 0, 0.5, 1, 2, 3, 5, 10, 20, 60])
    assert near(d.entropy(), exact, 1e-12)
    assert d.perplexity() == pytest.approx(np.exp(d.entropy()))
    assert d.median() == d.icdf(0.5) and d.stddev() == np.sqrt(d.variance())
    assert d.moment(2) == pytest.approx(d.expect(lambda x: x * x), rel=1e-12)
    with pytest.raises(NotImplementedError, match="as many modes as components"):
        d.mode()


def test_moments_of_components_that_have_none():
    heavy = fd.MixtureSameFamily(fd.Categorical([0.5, 0.5, 0.0]), fd.StudentT([3.5, 1.5, 0.5], 0.0, 1.0))
    assert heavy.mean() == 0.0 and heavy.variance() == np.inf
    light = fd.MixtureSameFamily(fd.Categorical([0.5, 0.5, 0.0]), fd.StudentT([9.0, 5.0, 0.5], [0.0, 1.0, 9.0], 1.0))
    assert np.isfinite([light.mean(), light.variance(), light.skewness(), light.kurtosis()]).all()


# Counts -------------------------------------------------------------------------------------------


def test_counts():
    d = fd.MixtureSameFamily(fd.Categorical([0.25, 0.0, 0.75]), fd.Poisson([2.5, 100.0, 40.0]))
    k = np.arange(0.0, 120.0)
    parts = [fd.Poisson(2.5), fd.Poisson(40.0)]
    for method in ("prob", "cdf", "sf"):
        want = 0.25 * getattr(parts[0], method)(k) + 0.75 * getattr(parts[1], method)(k)
        np.testing.assert_allclose(getattr(d, method)(k), want, rtol=1e-14)
    rng = np.random.default_rng(3)
    steps = d.cdf(k)
    p = np.concatenate([rng.random(3000), 10.0 ** (-300 * rng.random(200)), 1 - 2.0 ** (-52 * rng.random(200)), steps,
                        np.nextafter(steps, 0.0)])  # fmt: skip
    p = p[(p > 0) & (p < 1)]
    x = d.icdf(p)
    assert np.all(d.cdf(x) >= p) and np.all(d.cdf(x - 1) < p)
    q = np.concatenate([p, d.sf(k), np.nextafter(d.sf(k), 1.0)])
    q = q[(q > 0) & (q < 1)]
    x = d.isf(q)
    assert np.all(d.sf(x) <= q) and np.all(d.sf(x - 1) > q)
    np.testing.assert_array_equal(d.icdf([0.0, 1.0]), [0.0, np.inf])
    draws = d.sample(100_000, rng=8)
    assert draws.dtype == np.int64 and np.abs(np.bincount(draws, minlength=120)[:120] / 1e5 - d.prob(k)).max() < 0.008
    mass = d.prob(k)
    assert d.entropy() == pytest.approx(-np.sum(mass * np.log(mass)), rel=1e-12)
    assert "value" not in d.log_prob_and_grad(k)[1] and not d.has_rsample
    up, down = (fd.MixtureSameFamily(d.mixture_distribution, fd.Poisson([r, 100.0, 40.0])) for r in (2.5001, 2.4999))
    np.testing.assert_allclose(d.log_prob_and_grad(k)[1]["rate"][:, 0], (up.log_prob(k) - down.log_prob(k)) / 2e-4,
                               rtol=1e-6, atol=1e-8)  # fmt: skip
    with pytest.raises(NotImplementedError, match="not differentiable"):
        d.rsample()


# Awkward input --------------------------------------------------------------------------------------


def test_components_of_weight_0_are_not_there():
    d = fd.MixtureSameFamily(
        fd.Categorical([0.0, 0.4, 0.0, 0.6]), fd.Normal([9.0, -2.0, 7.0, 3.0], [9.0, 1.0, 8.0, 2.0])
    )
    other = fd.MixtureSameFamily(fd.Categorical([0.4, 0.6]), fd.Normal([-2.0, 3.0], [1.0, 2.0]))
    x = np.array([-np.inf, -60.0, 0.0, 2.5, 80.0, np.inf, np.nan])
    for method in ("log_prob", "prob", "cdf", "sf", "log_cdf", "log_sf"):
        np.testing.assert_array_equal(getattr(d, method)(x), getattr(other, method)(x))
    np.testing.assert_array_equal(d.icdf(P), other.icdf(P))
    grad, less = d.log_prob_and_grad(x)[1], other.log_prob_and_grad(x)[1]
    np.testing.assert_array_equal(grad["value"], less["value"])
    np.testing.assert_array_equal(grad["scale"][:, [1, 3]], less["scale"])
    assert not np.isnan(grad["probs"][:-1]).any() and not grad["loc"][:-1, [0, 2]].any()
    assert np.isnan(grad["value"][-1])


def test_weights_of_which_only_the_logarithms_are_not_0():
    d = fd.MixtureSameFamily(fd.Categorical(logits=[0.0, -800.0, -2000.0]), fd.Normal([0.0, 100.0, 5000.0], 1.0))
    top = -0.5 * np.log(2 * np.pi)
    np.testing.assert_allclose(d.log_prob([0.0, 100.0, 5000.0]), [top, top - 800.0, top - 2000.0], rtol=1e-14)
    np.testing.assert_allclose(d.log_sf([50.0, 5000.0]), [-800.0, -2000.0 - np.log(2.0)], rtol=1e-14)
    assert d.log_prob(100.0) == d.log_prob([100.0])[0] and d.isf(1e-300) == fd.Normal(0.0, 1.0).isf(1e-300)
    np.testing.assert_allclose(d.log_prob_and_grad([100.0])[1]["logits"], [[-1.0, 1.0, 0.0]], rtol=1e-14)


def test_one_component_is_itself():
    d, own = fd.MixtureSameFamily(fd.Categorical([1.0]), fd.Normal([2.0], [0.5])), fd.Normal(2.0, 0.5)
    x = np.array([-30.0, 1.0, 2.0, 60.0])
    for method in ("log_prob", "cdf", "sf", "log_cdf", "log_sf"):
        np.testing.assert_allclose(getattr(d, method)(x), getattr(own, method)(x), rtol=4e-16)
    np.testing.assert_array_equal(d.icdf(P), own.icdf(P))
    assert d.entropy() == pytest.approx(own.entropy(), rel=1e-13)
    same = fd.MixtureSameFamily(fd.Categorical([0.3, 0.7]), fd.Normal([2.0, 2.0], [0.5, 0.5]))
    np.testing.assert_allclose(same.log_prob(x), own.log_prob(x), rtol=1e-15)
    np.testing.assert_array_equal(same.icdf(P), own.icdf(P))


def test_components_far_apart():
    d = fd.MixtureSameFamily(fd.Categorical([0.25, 0.75]), fd.Normal([-1e300, 1e300], 1.0))
    np.testing.assert_allclose(d.icdf([1e-300, 0.2, 0.25, 0.26, 1 - 1e-16]), [-1e300] * 3 + [1e300] * 2, rtol=2e-16)
    np.testing.assert_array_equal(d.cdf([-1e301, -1e300, 0.0, 1e300]), [0.0, 0.125, 0.25, 0.625])
    np.testing.assert_allclose(d.log_prob([0.0, 1e300]), [-np.inf, np.log(0.75) - 0.5 * np.log(2 * np.pi)], rtol=1e-15)
    assert (d.mean(), d.variance()) == (5e299, np.inf)
    np.testing.assert_allclose([d.skewness(), d.kurtosis()], [-0.5 / np.sqrt(0.1875), 1 / 0.1875 - 6.0], rtol=1e-14)
    apart = fd.MixtureSameFamily(fd.Categorical([0.25, 0.75]), fd.Normal([0.0, 1e300], 1.0))
    # Where the cdf is flat, the smallest value that reaches the level.
    assert apart.icdf(0.25) < 9.0 and apart.cdf(apart.icdf(0.25)) == 0.25
    assert apart.icdf(0.2500001) == pytest.approx(1e300) and apart.sf(apart.isf(0.8)) == pytest.approx(0.8, rel=1e-14)


def test_gap_between_supports():
    d = fd.MixtureSameFamily(fd.Categorical([0.5, 0.5]), fd.Uniform([0.0, 5.0], [1.0, 6.0]))
    np.testing.assert_array_equal(d.icdf([0.0, 0.25, 0.5, 0.75, 1.0]), [0.0, 0.5, 1.0, 5.5, 6.0])
    np.testing.assert_array_equal(d.support.check([-1.0, 0.5, 3.0, 5.5, 7.0]), [False, True, False, True, False])
    np.testing.assert_array_equal(d.prob([-1.0, 0.5, 3.0, 5.5]), [0.0, 0.5, 0.0, 0.5])
    assert (d.support.lower, d.support.upper) == (0.0, 6.0)
    outside, grad = d.log_prob_and_grad([3.0])
    assert outside[0] == -np.inf and not any(np.any(g) for g in grad.values())


# Unlike components ----------------------------------------------------------------------------------


def test_order_and_number_do_not_matter():
    weights, components = [0.5, 0.2, 0.2, 0.1], [UNLIKE[1], UNLIKE[0], UNLIKE[1], UNLIKE[0]]
    d = fd.Mixture(fd.Categorical(weights), components)
    other = fd.Mixture(fd.Categorical([0.3, 0.7]), list(UNLIKE))
    x = np.linspace(-4.0, 9.0, 27)
    np.testing.assert_allclose(d.log_prob(x), other.log_prob(x), rtol=1e-14)
    np.testing.assert_allclose(d.cdf(x), other.cdf(x), rtol=1e-14)
    np.testing.assert_allclose(d.icdf(P), other.icdf(P), rtol=1e-13)


@pytest.mark.parametrize("d", [three(), fd.Mixture(fd.Categorical([0.3, 0.7]), list(UNLIKE))], ids=("same", "unlike"))
def test_draws(d):
    """Also of components that reject more proposals than others."""
    x = np.sort(d.sample(40_000, rng=4))
    assert np.abs(d.cdf(x) - np.arange(1, 40_001) / 40_000).max() < ks_bound(40_000)
    few = d.sample(10, rng=4)
    np.testing.assert_array_equal(np.sort(np.concatenate([few, d.sample(40_000, rng=4)[10:]])), x)
    assert d.sample(rng=4) == few[0] and d.has_rsample


# Mixtures of mixtures ---------------------------------------------------------------------------------


def test_quantiles_of_nested_mixtures():
    """Those of the flat mixture of all components."""
    inner = fd.MixtureSameFamily(fd.Categorical([0.25, 0.75]), fd.Normal([-2.0, 0.5], [1.0, 0.25]))
    nested = fd.Mixture(fd.Categorical([0.8, 0.2]), [inner, fd.Normal(3.0, 2.0)])
    flat = three((0.2, 0.6, 0.2))
    p = np.concatenate([P, [0.0, 1.0]])
    np.testing.assert_allclose(nested.icdf(p), flat.icdf(p), rtol=1e-14)
    np.testing.assert_allclose(nested.isf(p), flat.isf(p), rtol=1e-14)
    assert np.isnan(nested.icdf([-0.1, 1.1, np.nan])).all()
    assert nested.icdf(0.3) == nested.icdf([0.3])[0] and nested.median() == nested.icdf(0.5)
    out = np.empty(len(p))
    assert nested.isf(p, out=out) is out and out[0] == nested.isf(P[0])
    # Where a density is all but 0 between two components, the bracket is halved.
    far = fd.Mixture(fd.Categorical([0.5, 0.5]), [inner, fd.Normal(1e6, 1.0)])
    q = far.icdf([0.4999999, 0.5, 0.5000001])
    np.testing.assert_allclose(far.cdf(q), [0.4999999, 0.5, 0.5000001], rtol=1e-13)


def test_draws_of_nested_mixtures_move_as_those_of_the_flat_one():
    """The gradients of draws and of the cdf, in the parameters that both have."""
    inner = fd.MixtureSameFamily(fd.Categorical(logits=np.log([0.25, 0.75])), fd.Normal([-2.0, 0.5], [1.0, 0.25]))
    nested = fd.Mixture(fd.Categorical([0.8, 0.2]), [inner, fd.Normal(3.0, 2.0)])
    flat = three((0.2, 0.6, 0.2))
    x, slopes = nested.rsample_and_grad(20, rng=5)
    assert nested.has_rsample and slopes["components_0_loc"].shape == (20, 2)
    moves = dict(zip(("probs", "loc", "scale"), flat._slopes_of_draws(x).values(), strict=True))
    level, of_cdf = nested.cdf_and_grad(x)
    exact, of_flat = flat.cdf_and_grad(x)
    np.testing.assert_allclose(level, exact, rtol=1e-14)
    np.testing.assert_allclose(of_cdf["value"], of_flat["value"], rtol=1e-13)
    for own, theirs in ((slopes, moves), (of_cdf, of_flat)):
        for name in ("loc", "scale"):
            np.testing.assert_allclose(own[f"components_0_{name}"], theirs[name][:, :2], rtol=1e-12, atol=1e-300)
            np.testing.assert_allclose(own[f"components_1_{name}"], theirs[name][:, 2], rtol=1e-12, atol=1e-300)
        # A weight of the nested one moves those of its components by their shares, and one of the inner moves two.
        in_outer = theirs["probs"][:, :2] @ [0.25, 0.75] - theirs["probs"] @ [0.2, 0.6, 0.2]
        np.testing.assert_allclose(own["probs"][:, 0], in_outer, rtol=1e-9, atol=1e-14)
        mean = theirs["probs"][:, :2] @ [0.25, 0.75]
        in_inner = 0.8 * 0.25 * (theirs["probs"][:, 0] - mean)
        np.testing.assert_allclose(own["components_0_logits"][:, 0], in_inner, rtol=1e-9, atol=1e-14)


def test_draws_of_a_batch_of_nested_mixtures_move_with_their_quantiles():
    def made(loc):
        inner = fd.MixtureSameFamily(fd.Categorical(np.ones((2, 2, 2))), fd.Normal(loc, 1.0))
        return fd.MixtureSameFamily(fd.Categorical([[0.5, 0.5], [0.1, 0.9]]), inner)

    loc, step = np.arange(8.0).reshape(2, 2, 2), 1e-6
    d = made(loc)
    x, slopes = d.rsample_and_grad(3, rng=1)
    assert slopes["loc"].shape == (3, 2, 2, 2) and slopes["component_probs"].shape == (3, 2, 2, 2)
    total = (made(loc + step).icdf(d.cdf(x)) - made(loc - step).icdf(d.cdf(x))) / (2.0 * step)
    np.testing.assert_allclose(slopes["loc"].sum(axis=(-1, -2)), total, rtol=1e-8)
    _, moved = fd.jvp(lambda m: made(m).rsample(3, rng=1), (loc,), (np.ones_like(loc),))
    np.testing.assert_allclose(moved, total, rtol=1e-8)


def test_entropies_of_nested_mixtures():
    """Those of the flat mixtures."""
    inner = fd.MixtureSameFamily(fd.Categorical([0.25, 0.75]), fd.Normal([-2.0, 0.5], [1.0, 0.25]))
    nested = fd.Mixture(fd.Categorical([0.8, 0.2]), [inner, fd.Normal(3.0, 2.0)])
    assert nested.entropy() == pytest.approx(three((0.2, 0.6, 0.2)).entropy(), rel=1e-12)
    rates = np.arange(1.0, 9.0).reshape(2, 2, 2)
    counts = fd.MixtureSameFamily(fd.Categorical(np.ones((2, 2, 2))), fd.Poisson(rates))
    d = fd.MixtureSameFamily(fd.Categorical(np.ones((2, 2))), counts)
    flat = fd.MixtureSameFamily(fd.Categorical(np.ones((2, 4))), fd.Poisson(rates.reshape(2, 4)))
    np.testing.assert_allclose(d.entropy(), flat.entropy(), rtol=1e-12)


def test_entropies_of_components_that_lie_far_apart_or_close_together():
    far = fd.MixtureSameFamily(fd.Categorical([0.5, 0.5]), fd.Normal([0.0, 1e4], [1e-8, 1.0]))
    two = fd.Normal([0.0, 1e4], [1e-8, 1.0]).entropy()
    assert far.entropy() == pytest.approx(two.mean() + np.log(2.0), rel=1e-10)
    close = fd.MixtureSameFamily(fd.Categorical([0.5, 0.5]), fd.Normal([1.0, 1.0 + 1e-15], 1.0))
    assert close.entropy() == pytest.approx(fd.Normal(1.0, 1.0).entropy(), rel=1e-13)


@pytest.mark.slow
def test_an_entropy_says_that_mass_lies_between_floats():
    with pytest.warns(RuntimeWarning, match=r"mass of 8\.0e-02 between the last floats"):
        fd.MixtureSameFamily(fd.Categorical([0.5, 0.5]), fd.Beta([0.01, 0.02], [0.02, 0.5])).entropy()


def test_quantiles_of_batches_of_nested_counts():
    """The smallest integers exactly."""
    rates = np.arange(1.0, 13.0).reshape(2, 2, 3)
    counts = fd.MixtureSameFamily(fd.Categorical(np.ones((2, 2, 3))), fd.Poisson(rates))
    d = fd.MixtureSameFamily(fd.Categorical([[0.5, 0.5], [0.1, 0.9]]), counts)
    p = np.array([[1e-12], [0.01], [0.3], [0.7], [0.99], [1 - 1e-12]])
    q, upper = d.icdf(p), d.isf(p)
    assert q.shape == (6, 2) and np.all(d.cdf(q) >= p) and np.all((d.cdf(q - 1) < p) | (q == 0))
    assert np.all(d.sf(upper) <= p) and np.all((d.sf(upper - 1) > p) | (upper == 0))
    level = d.cdf(q)
    np.testing.assert_array_equal(d.icdf(level), q)
    np.testing.assert_array_equal(d.icdf([[0.0], [1.0]]), [[0.0, 0.0], [np.inf, np.inf]])


# Batches, dtypes, identity ----------------------------------------------------------------------------


def test_batches():
    rng = np.random.default_rng(1)
    weights, loc = rng.dirichlet(np.ones(3), size=(4, 2)), rng.normal(size=(2, 3))
    d = fd.MixtureSameFamily(fd.Categorical(weights), fd.Normal(loc, 1.5))
    singles = [[fd.MixtureSameFamily(fd.Categorical(weights[i, j]), fd.Normal(loc[j], 1.5)) for j in range(2)]
               for i in range(4)]  # fmt: skip

    def one_by_one(method, *value):
        return np.array(
            [[getattr(singles[i][j], method)(*(v[i, j] for v in value)) for j in range(2)] for i in range(4)]
        )

    x, p = rng.normal(size=(4, 2)), rng.random((4, 2))
    assert d.batch_shape == (4, 2)
    for method in ("log_prob", "cdf", "sf", "log_cdf", "log_sf"):
        np.testing.assert_allclose(getattr(d, method)(x), one_by_one(method, x), rtol=1e-14)
    np.testing.assert_allclose(d.icdf(p), one_by_one("icdf", p), rtol=1e-13)
    for method in ("mean", "variance", "skewness", "kurtosis", "entropy", "median"):
        np.testing.assert_allclose(getattr(d, method)(), one_by_one(method), rtol=1e-12)
    many = rng.normal(size=(700, 4, 2))
    np.testing.assert_allclose(d.log_prob(many)[650], d.log_prob(many[650]), rtol=1e-14)
    np.testing.assert_allclose(d.log_likelihood(many), d.log_prob(many).sum(0), rtol=1e-13)
    total, grad = d.log_likelihood_and_grad(many)
    np.testing.assert_allclose(total, d.log_likelihood(many), rtol=1e-13)
    for name, slope in d.log_prob_and_grad(many)[1].items():
        if name != "value":
            np.testing.assert_allclose(grad[name], slope.sum(0), rtol=1e-11, atol=1e-11)
    assert d.sample((5,), rng=1).shape == (5, 4, 2) and d.log_prob(many[:, :1]).shape == (700, 4, 2)
    wide = d.expand((3, 4, 2))
    assert wide.batch_shape == (3, 4, 2)
    np.testing.assert_array_equal(wide.log_prob(x), np.broadcast_to(d.log_prob(x), (3, 4, 2)))
    out = np.empty((4, 2))
    assert d.cdf(x, out=out) is out and d.sample(rng=1, out=out) is out
    unlike = fd.Mixture(
        fd.Categorical(weights), [fd.Normal([0.0, 1.0], 1.0), fd.Normal(2.0, 1.0), fd.Normal(np.zeros((4, 1)), 3.0)]
    )
    loose = fd.MixtureSameFamily(
        fd.Categorical(weights), fd.Normal([[0.0, 2.0, 0.0], [1.0, 2.0, 0.0]], [1.0, 1.0, 3.0])
    )
    np.testing.assert_array_equal(unlike.log_prob(x), loose.log_prob(x))
    np.testing.assert_array_equal(unlike.mean(), loose.mean())
    np.testing.assert_array_equal(unlike.sample(3, rng=2), loose.sample(3, rng=2))


def test_empty():
    d = fd.MixtureSameFamily(fd.Categorical(np.ones((0, 2))), fd.Normal(np.zeros((0, 2)), 1.0))
    assert d.log_prob(0.0).shape == d.mean().shape == d.icdf(0.5).shape == d.entropy().shape == (0,)
    assert d.sample(3).shape == (3, 0) and d.log_likelihood(np.zeros((3, 0))).shape == (0,)
    assert three().log_prob(np.zeros((0, 2))).shape == (0, 2)
    assert three().log_prob_and_grad(np.zeros((0,)))[1]["loc"].shape == (0, 3)


def test_float32():
    d = fd.MixtureSameFamily(
        fd.Categorical(np.float32([0.25, 0.75])), fd.Normal(np.float32([0.0, 2.0]), np.float32(1.0))
    )
    wide = fd.MixtureSameFamily(fd.Categorical([0.25, 0.75]), fd.Normal([0.0, 2.0], 1.0))
    x = np.linspace(-3.0, 5.0, 9, dtype=np.float32)
    for method in ("log_prob", "cdf"):
        got = getattr(d, method)(x)
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, getattr(wide, method)(x.astype(float)), rtol=2e-7)
    assert d.dtype == d.sample(2, rng=1).dtype == d.mean().dtype == d.icdf(0.5).dtype == np.float32
    assert all(g.dtype == np.float32 for g in d.log_prob_and_grad(x)[1].values())
    assert three().dtype == np.float64


@pytest.mark.parametrize(
    "d", [three(), fd.Mixture(fd.Categorical(logits=[0.0, 1.0]), list(UNLIKE))], ids=("same", "unlike")
)
def test_is_a_value(d):
    for twin in (pickle.loads(pickle.dumps(d)), copy.deepcopy(d), eval(repr(d), vars(fd))):
        assert twin == d and hash(twin) == hash(d)
    assert d != d.mixture_distribution and d.expand((2,)) != d
    with pytest.raises(AttributeError, match="immutable"):
        d.mixture_distribution = None


NORMAL, PAIR = fd.Normal(0.0, 1.0), fd.Categorical([0.5, 0.5])
BAD = [
    (lambda: fd.MixtureSameFamily([0.5], fd.Normal([0.0], 1.0)), TypeError, r"must be a Categorical; got \[0.5\]"),
    (lambda: fd.MixtureSameFamily(PAIR, 1.0), TypeError, "must be a distribution; got 1.0"),
    (lambda: fd.MixtureSameFamily(PAIR, NORMAL), ValueError, r"hold 2 components.*batch_shape is \(\)"),
    (
        lambda: fd.MixtureSameFamily(fd.Categorical(np.ones((3, 2))), fd.Normal(np.zeros((4, 2)), 1.0)),
        ValueError,
        r"\(3,\), which does not broadcast with component_distribution's \(4, 2\)",
    ),
    (lambda: fd.Mixture(PAIR, NORMAL), TypeError, "must be a sequence of distributions"),
    (lambda: fd.Mixture(PAIR, [NORMAL]), ValueError, "2 weights and 1 components"),
    (lambda: fd.Mixture(PAIR, [NORMAL, fd.Poisson(1.0)]), ValueError, "Poisson is discrete, Normal is not"),
    (lambda: fd.Mixture(PAIR, [NORMAL, fd.Delta(1.0)]), ValueError, "point mass"),
    (lambda: fd.Mixture(PAIR, [NORMAL, fd.Dirichlet([1.0, 1.0])]), ValueError, r"one shape; got \(\), \(2,\)"),
    (
        lambda: fd.Mixture(PAIR, [fd.Normal(np.zeros(2), 1.0), fd.Normal(np.zeros(3), 1.0)]),
        ValueError,
        r"do not broadcast: \(\), \(2,\), \(3,\)",
    ),
    (lambda: three().log_prob("x"), TypeError, "MixtureSameFamily.log_prob"),
]


@pytest.mark.parametrize(("call", "error", "says"), BAD, ids=range(len(BAD)))
def test_errors(call, error, says):
    with pytest.raises(error, match=says):
        call()


@pytest.mark.parametrize("size", [1e-200, 1.0, 1e200])
def test_deviations_of_which_squares_leave_float64(size):
    d = fd.Mixture(fd.Categorical([0.25, 0.75]), [fd.Normal(0.0, size), fd.Normal(2.0 * size, 3.0 * size)])
    np.testing.assert_allclose(d.stddev() / size, np.sqrt(0.25 + 0.75 * 9.0 + 0.25 * 0.75 * 4.0), rtol=4e-16)
