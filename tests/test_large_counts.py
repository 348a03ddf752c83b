"""Distributions on the integers where not every integer is a float, and where chances are below float64."""

import mpmath as mp
import numpy as np
import pytest
from mpmath import mpf

import fastdist as fd

LEVELS = np.array([1e-3, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.999])

WIDE = {
    "Poisson(2**53)": fd.Poisson(2.0**53),
    "Poisson(1e17)": fd.Poisson(1e17),
    "Poisson(1e25)": fd.Poisson(1e25),
    "NegativeBinomial(1e16, 0.5)": fd.NegativeBinomial(1e16, probs=0.5),
    "Binomial(1e18, 0.3)": fd.Binomial(1e18, probs=0.3),
    "Skellam(2e16, 1e16)": fd.Skellam(2e16, 1e16),
    "ZeroInflated(Poisson(1e17))": fd.ZeroInflated(fd.Poisson(1e17), 1e-12),
    "Truncated(Poisson(1e17))": fd.Truncated(fd.Poisson(1e17), 0, 2e17),
}


@pytest.mark.parametrize("name", WIDE)
def test_quantiles_beyond_the_integers_that_are_floats(name):
    """They are the normal ones, to within what the floats there are apart."""
    d = WIDE[name]
    mean, spread = float(d.mean()), float(d.stddev())
    if name.startswith(("ZeroInflated", "Truncated")):
        mean, spread = 1e17, 1e17**0.5
    slack = 1e-4 * spread + 4 * np.spacing(mean)
    expected = mean + spread * np.array([float(mp.sqrt(2) * mp.erfinv(2 * mpf(p) - 1)) for p in LEVELS])
    assert np.all(np.abs(d.icdf(LEVELS) - expected) <= slack)
    assert np.all(np.abs(d.isf(1 - LEVELS) - expected) <= slack)


NORMAL = [
    (fd.Poisson(1e17), 1e17),
    (fd.Poisson(1e20), 1e20),
    (fd.Poisson(1e32), 1e32),
    (fd.NegativeBinomial(1e16, probs=0.5), 2e16),
    (fd.Binomial(1e17, probs=0.3), 2.1e16),
    (fd.Binomial(1e40, probs=0.5), 2.5e39),
    (fd.Multinomial(1e17, probs=[0.3, 0.7]), 2.1e16),
    (fd.Multinomial(1e40, probs=[0.5, 0.5]), 2.5e39),
    (fd.Skellam(1e20, 1e20), 2e20),
]


@pytest.mark.parametrize(("d", "variance"), NORMAL, ids=lambda v: str(v)[:40])
def test_entropies_of_large_counts(d, variance):
    np.testing.assert_allclose(d.entropy(), 0.5 * np.log(2 * np.pi * np.e * variance), rtol=1e-14)


def test_sums_over_large_counts_come_to_an_end():
    few, many = (fd.DirichletMultinomial([2.0, 3.0], n).entropy() for n in (1e15, 1e17))
    assert many - few == pytest.approx(np.log(100.0), abs=1e-9)
    less, more = (fd.kl_divergence(fd.Binomial(n, probs=0.5), fd.Binomial(1.1 * n, probs=0.5)) for n in (1e10, 1e33))
    assert more / less == pytest.approx(1e23, rel=1e-6)


def test_geometric_tails_far_out():
    for d in (fd.Geometric(probs=0.3), fd.Geometric(logits=0.25)):
        np.testing.assert_array_equal(d.cdf([1e20, 1e33, 1e300]), 1.0)
    d = fd.Geometric(probs=fd.Dual(0.3, 1.0))
    np.testing.assert_allclose(d.log_sf([1e8, 1e15, 1e20]).tangent, -np.array([1e8 + 1, 1e15, 1e20]) / 0.7, rtol=1e-15)


def test_geometric_with_a_chance_of_failure_below_float64():
    d = fd.Geometric(logits=745.0)
    np.testing.assert_allclose(d.log_prob([1.0, 10.0]), [-745.0, -7450.0], rtol=1e-15)
    np.testing.assert_allclose(d.log_sf(1e15), -745.0 * (1e15 + 1), rtol=1e-15)
    np.testing.assert_allclose(fd.Geometric(logits=800.0).skewness(), float(mp.exp(400)), rtol=1e-13)


def test_tails_of_trials_with_a_chance_below_float64():
    for logits in (-740.0, -800.0, 0.5, 800.0):
        d, p = fd.Bernoulli(logits=fd.Dual(logits, 1.0)), float(1 / (1 + mp.exp(-mpf(logits))))
        np.testing.assert_allclose(d.log_cdf(0).tangent, -p, rtol=1e-15, atol=1e-300)
        np.testing.assert_allclose(d.log_sf(0).tangent, float(1 - mpf(p)), rtol=1e-15, atol=1e-300)


def test_urns_beyond_the_integers_that_are_floats():
    """A hypergeometric count is normal, and a beta-binomial share has the distribution of its chance."""
    for population in (1e17, 1e19, 1e21):
        d = fd.Hypergeometric(population, 0.4 * population, 0.1 * population)
        mean, spread = 0.04 * population, d.stddev()
        normal = fd.Normal(0.0, 1.0).cdf([-1.0, 0.0, 1.0])
        np.testing.assert_allclose(d.cdf(mean + spread * np.array([-1.0, 0.0, 1.0])), normal, rtol=1e-5)
        np.testing.assert_allclose(d.icdf([0.1, 0.5]), mean + spread * fd.Normal(0.0, 1.0).icdf([0.1, 0.5]), rtol=1e-12)
        np.testing.assert_allclose(d.entropy(), 0.5 * np.log(2 * np.pi * np.e) + np.log(spread), rtol=1e-9)
    share = fd.Beta(2.0, 3.0)
    for n in (1e17, 1e19, 1e25):
        d = fd.BetaBinomial(n, 2.0, 3.0)
        np.testing.assert_allclose(d.cdf(n * np.array([0.1, 0.5, 0.9])), share.cdf([0.1, 0.5, 0.9]), rtol=1e-12)
        np.testing.assert_allclose(d.icdf(LEVELS) / n, share.icdf(LEVELS), rtol=1e-12)
        np.testing.assert_allclose(d.entropy(), share.entropy() + np.log(n), rtol=1e-12)


def entropy_of_urn(a, b, n, few=100):
    """Counts near either end by themselves, and Euler and Maclaurin's formula for those between."""
    with mp.workdps(50):
        a, b, n = mpf(a), mpf(b), mpf(n)
        whole = mp.loggamma(n + 1) + mp.loggamma(a + b) - mp.loggamma(n + a + b) - mp.loggamma(a) - mp.loggamma(b)

        def part(low, high, mirrored):
            if mirrored:
                low, high = high, low
            log_p = whole + mp.loggamma(low + a) + mp.loggamma(high + b) - mp.loggamma(low + 1) - mp.loggamma(high + 1)
            return -mp.exp(log_p) * log_p

        total = mpf(0)
        for mirrored in (False, True):

            def near(k, mirrored=mirrored):
                return part(k, n - k, mirrored)

            total += mp.fsum(near(mpf(k)) for k in range(few)) + near(mpf(few)) / 2
            total -= mp.diff(near, few) / 12 - mp.diff(near, few, 3) / 720 + mp.diff(near, few, 5) / 30240
            ends = [mpf(few)]
            while ends[-1] < n / 2:
                ends.append(min(8 * ends[-1], n / 2))
            total += mp.quad(near, ends)
        return float(total)


@pytest.mark.parametrize(("a", "b", "n"), [(0.3, 0.5, 2**57), (0.05, 3.0, 1e19)])
def test_entropies_of_urns_whose_counts_are_apart_at_both_ends(a, b, n):
    expected = entropy_of_urn(a, b, n)
    assert fd.DirichletMultinomial([a, b], n).entropy() == pytest.approx(expected, rel=2e-14)
    assert fd.DirichletMultinomial([b, a], n).entropy() == pytest.approx(expected, rel=2e-14)


def test_entropies_of_urns_come_to_an_end():
    """One is as good as certain, and its count is beyond the integers that are floats: that of the other is Poisson."""
    poisson = fd.Poisson(64e-10).entropy()
    for concentration in ([1e40, 64.0], [64.0, 1e40]):
        assert fd.DirichletMultinomial(concentration, 1e30).entropy() == pytest.approx(poisson, rel=1e-6)
    for total_count in (np.inf, np.nan):
        d = fd.DirichletMultinomial([[1.0, 2.0], [100.0, 200.0]], total_count, validate_args=False)
        assert np.isnan(d.entropy()).all()


@pytest.mark.parametrize("rate", [1.1e8, 1e10, 1e16, 1e20])
def test_derivatives_of_entropies_of_large_counts(rate):
    """Where a sum of terms that cancel would leave few digits."""
    with mp.workdps(40):
        r = mp.mpf(rate)
        in_rate = float(1 / (2 * r) + 1 / (12 * r**2) + 1 / (12 * r**3))
        in_probs = float(mp.mpf(1) / 2 * (1 / mp.mpf(0.25) - 1 / mp.mpf(0.75)))
        value = float(mp.log(2 * mp.pi * mp.e * r) / 2 - 1 / (12 * r) - 1 / (24 * r**2))
    poisson = fd.Poisson(fd.Dual(rate, 1.0)).entropy()
    assert poisson.tangent == pytest.approx(in_rate, rel=1e-15) and poisson.primal == pytest.approx(value, rel=1e-15)
    assert fd.NegativeBinomial(fd.Dual(rate, 1.0), 0.5).entropy().tangent == pytest.approx(0.5 / rate, rel=2 / rate)
    skellam = fd.Skellam(fd.Dual(rate, 1.0), rate).entropy()
    assert skellam.tangent == pytest.approx(0.25 / rate, rel=1e-15)
    binomial = fd.Binomial(4.0 * rate, fd.Dual(0.25, 1.0)).entropy()
    assert binomial.tangent == pytest.approx(in_probs, rel=1e-15 + 2 / rate)


def test_entropies_on_both_sides_of_where_counts_are_summed():
    """The sum and what stands for it, which begins at a spread of 1e4, are one function."""
    below, above = fd.Poisson(9.999e7), fd.Poisson(1.0001e8)
    expected = 0.5 * np.log(1.0001e8 / 9.999e7) + (1.0 / 9.999e7 - 1.0 / 1.0001e8) / 12.0
    assert above.entropy() - below.entropy() == pytest.approx(expected, abs=2e-14)


@pytest.mark.parametrize("trials", [2.0**53, 2.0**54, 2.0**58, 2.0**70, 2.0**100])
def test_chances_at_either_end_of_more_trials_than_floats_count(trials):
    """The share of successes is all but a beta variate; the entropy all but its own and the log of the trials."""
    d, share = fd.BetaBinomial(trials, 0.5, 0.75), fd.Beta(0.5, 0.75)
    p = np.array([0.01, 0.25, 0.5, 0.75, 0.99])
    np.testing.assert_allclose(d.cdf(p * trials), share.cdf(p), rtol=2e-13)
    np.testing.assert_allclose(d.sf(p * trials), share.sf(p), rtol=2e-13)
    # Next to an end each count has its own mass: of 0.5 and 0.75 the first differs by the root of the trials.
    assert d.entropy() == pytest.approx(np.log(trials) + share.entropy(), rel=2.0 / np.sqrt(trials) + 1e-14)
