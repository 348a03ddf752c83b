"""Counts of trials where float64 is at its end: large counts, chances that underflow, conventions, draws."""

import mpmath as mp
import numpy as np
import pytest
from scipy import stats

import fastdist as fd
from fastdist.engine import evaluate
from fastdist.engine.kernel import kernel
from fastdist.random.binomial import MOST, binomial_constants, evenly, propose_binomial
from fastdist.random.sampling import Sampler, draw

LARGEST = 2**63 - 1024


@pytest.mark.parametrize(
    ("d", "k", "exact"),
    [
        (fd.Binomial(1e12, 0.5), 5e11, -14.041301910609251536),
        (fd.Binomial(1e12, 0.5), 5e11 + 2e7, -814.04130212314258501),
        (fd.Binomial(1e15, 0.3), 3e14 + 5e7, -23.360383670206607564),
        (fd.Binomial(1e15, 2e-14), 25, -3.1102983841307451093),
        (fd.Binomial(1000, logits=0.25), 600, -6.5872747532981984982),
        (fd.Binomial(5, logits=-800.0), 2, -1597.6974149070059543),
        (fd.Binomial(5, logits=800.0), 3, -1597.6974149070059543),
        (fd.NegativeBinomial(1e10, 0.3), 4285714285, -12.186552539905943296),
        (fd.NegativeBinomial(1e10, 0.5), 1e10, -12.778437588467373817),
        (fd.NegativeBinomial(1e15, 0.3), 428571528571428, -26.109681175395884353),
        (fd.NegativeBinomial(1e12, 1e-11), 12, -2.3561933797173380623),
        (fd.NegativeBinomial(1e-300, 0.5), 7, -697.57346831118863565),
        (fd.NegativeBinomial(2.5, 1 - 2.0**-40), 1e12, -29.062363954346094617),
        (fd.NegativeBinomial(2.5, logits=-800.0), 3, -2398.1186283720822579),
    ],
    ids=str,
)
def test_masses(d, k, exact):
    assert d.log_prob(k) == pytest.approx(exact, rel=2e-14)


def test_tails_of_large_counts():
    d = fd.Binomial(1e12, 0.5)
    assert d.sf(5e11 + 1.8e7) == pytest.approx(4.1824727926265015115e-284, rel=2e-13)
    assert d.log_sf(5e11 + 5e7) == pytest.approx(-5005.5243170375370397, rel=1e-14)
    assert d.log_cdf(5e11 - 5e7 - 1) == d.log_sf(5e11 + 5e7)
    assert fd.NegativeBinomial(1e10, 0.3).log_sf(4288714285) == pytest.approx(-739.34315517640319405, rel=1e-14)


def test_log_tails_of_chances_that_underflow():
    """A tail is its first term; a cdf next to 1 is what it leaves."""
    few, many = fd.Binomial(5, logits=-800.0), fd.Binomial(5, logits=800.0)
    assert few.log_sf(1) == few.log_prob(2) == many.log_cdf(3)
    assert few.cdf(1) == 1 and few.sf(1) == 0 and many.cdf(3) == 0 and many.sf(3) == 1
    assert fd.Bernoulli(logits=-800.0).log_sf(0) == fd.Bernoulli(logits=800.0).log_cdf(0) == -800
    geometric = fd.Geometric(logits=-800.0)
    assert geometric.log_cdf(0) == geometric.log_prob(1e10) == -800
    assert geometric.log_cdf(1e300) == pytest.approx(np.log(1e300) - 800, rel=1e-14)
    assert geometric.icdf(1e-50) == pytest.approx(np.exp(800 + np.log(1e-50)), rel=1e-12)
    assert geometric.icdf(0.5) == np.inf
    assert fd.Geometric(logits=800.0).log_sf(2) == -2400
    spread = fd.NegativeBinomial(2.0, logits=800.0)
    assert spread.log_cdf(3) == pytest.approx(np.log(10) - 1600, rel=1e-14)
    assert spread.log_prob([0, 3]).tolist() == pytest.approx([-1600, np.log(4) - 1600], rel=1e-14)
    assert fd.NegativeBinomial(2.0, logits=-800.0).log_sf(1) == pytest.approx(np.log(3) - 1600, rel=1e-14)


def test_point_masses():
    for d in (fd.NegativeBinomial(0.0, 0.5), fd.NegativeBinomial(2.0, 0.0), fd.Binomial(5, 0.0), fd.Geometric(1.0)):
        np.testing.assert_array_equal(d.log_prob([0, 1, 2]), [0, -np.inf, -np.inf])
        assert d.cdf(0) == 1 and d.sf(0) == 0 and d.entropy() == 0 and not d.sample((100,), rng=1).any()
    d = fd.Binomial(5, 1.0)
    np.testing.assert_array_equal(d.log_prob([0, 4, 5]), [-np.inf, -np.inf, 0])
    assert np.all(d.sample((100,), rng=1) == 5)


def test_given_parameters_are_kept():
    """0 and 1 survive, and the other parameter follows."""
    d = fd.Binomial(3, probs=[0.0, 1.0, 0.5])
    np.testing.assert_array_equal(d.probs, [0, 1, 0.5])
    np.testing.assert_array_equal(d.logits, [-np.inf, np.inf, 0])
    np.testing.assert_array_equal(fd.Binomial(3, logits=[-np.inf, np.inf, 0.0]).probs, [0, 1, 0.5])


def test_entropies_between_two_ways_of_summing():
    """A negative binomial of few failures by Gregory's formula, of many as a bell; of rare failures a gamma law's."""
    counts = np.arange(200_000)
    for r in (0.3, 1.0, 31.999, 32.0):
        d = fd.NegativeBinomial(r, 0.99)
        terms = d.prob(counts)
        assert d.entropy() == pytest.approx(-np.sum(terms * d.log_prob(counts)), rel=1e-13)
    far, near = fd.NegativeBinomial(3.0, logits=69.0).entropy(), fd.NegativeBinomial(3.0, logits=70.0).entropy()
    assert near - far == pytest.approx(1, rel=1e-13)
    for n in (1e12, 1e15):
        bell = 0.5 * np.log(2 * np.pi * np.e * n / 4)
        assert fd.Binomial(n, 0.5).entropy() == pytest.approx(bell, rel=1e-14)


def test_enumerate_support_of_a_mixed_batch():
    with pytest.raises(NotImplementedError, match=r"Binomial\.enumerate_support.*total_count"):
        fd.Binomial([2, 3], 0.5).enumerate_support()
    assert fd.Binomial([3, 3], [0.5, 0.25]).enumerate_support().tolist() == [[0, 0], [1, 1], [2, 2], [3, 3]]


def _random(family, random, n):
    p = random.beta(0.5, 0.5, n) * 0.98 + 0.01
    if family is fd.Geometric:
        return family(10.0 ** random.uniform(-12, -1e-3, n))
    sizes = 10.0 ** random.uniform(0, 6, n)
    if family is fd.Binomial:
        return family(np.floor(sizes), p)
    return family(10.0 ** random.uniform(-2, 6, n), p)


@pytest.mark.parametrize("family", [fd.Binomial, fd.Geometric, fd.NegativeBinomial])
def test_quantiles_at_many_parameters(family):
    """The smallest count whose cdf reaches a level, at random levels and at the cdf of a count."""
    random = np.random.default_rng(7)
    d = _random(family, random, 100_000)
    k = d.sample(rng=random)
    last = d.support.upper
    for level in (random.uniform(size=k.size), d.cdf(k), np.nextafter(d.cdf(k), 2)):
        level = np.minimum(level, 1 - 2.0**-53)
        got = d.icdf(level)
        assert np.all((d.cdf(got) >= level) | (got == last)) and np.all(d.cdf(got - 1) < level)
    for level in (random.uniform(size=k.size), d.sf(k), np.nextafter(d.sf(k), -1)):
        level = np.clip(level, 1e-300, 1 - 2.0**-53)
        got = d.isf(level)
        assert np.all(d.sf(got) <= level) and np.all(d.sf(got - 1) > level)


def test_draws_beyond_the_integers():
    """The largest float64 that an int64 holds stands for all above."""
    for d in (fd.Geometric(logits=-800.0), fd.Geometric(1e-19), fd.NegativeBinomial(2.5, logits=100.0),
              fd.NegativeBinomial(0.5, logits=200.0)):  # fmt: skip
        x = d.sample((1000,), rng=1)
        assert x.min() >= 0 and np.mean(x == LARGEST) > 0.3


CHI_SQUARED = [
    (fd.Binomial, (n, p))
    for n, p in (
        (20.0, 0.5), (40.0, 0.26), (1e3, 0.01), (1e4, 0.7), (1e6, 0.5), (1e9, 1e-8), (1e15, 0.3), (1e15, 1 - 2.0**-46)
    )
] + [
    (fd.NegativeBinomial, (r, p))
    for r, p in (
        (0.01, 0.9999), (0.5, 0.99), (1.0, 0.93), (1.0, 0.9999), (2.5, 0.95), (3.5, 0.75), (5.0, 0.6), (40.0, 0.3),
        (1e3, 0.0105), (1e10, 0.3), (1e15, 0.5), (3.0, 1 - 2.0**-40),
    )
]  # fmt: skip


@pytest.mark.parametrize(("family", "parameters"), CHI_SQUARED, ids=str)
def test_proposals_have_the_law(family, parameters):
    """10^6 draws without the table that one parameter set would be drawn from, in 150 cells, the tails among them."""
    d, n = family(*parameters), 1_000_000
    sampler = d._sampler()
    constants = evaluate.prepare(sampler.prepare, d._arguments, ())
    x = np.empty(n, np.int64)
    draw(sampler, constants, x, (np.uint64(3), np.uint64(4)))
    tails = np.array([1e-5, 1e-4, 1e-3])
    ends = np.unique(np.concatenate([d.icdf(tails), d.icdf(np.linspace(0.005, 0.995, 144)), d.isf(tails)]))
    expected = n * np.append(np.diff(d.cdf(ends), prepend=0.0), d.sf(ends[-1]))
    found = np.bincount(np.searchsorted(ends, x), minlength=len(expected))
    cells = expected > 1
    statistic = np.sum((found - expected)[cells] ** 2 / expected[cells])
    assert stats.chi2.sf(statistic, cells.sum() - 1) > 1e-6


@kernel
def _prepare(n, p):
    return evenly(binomial_constants(n, p, 1.0 - p))


@kernel
def _accepted(noise, c):
    k = propose_binomial(noise[0], noise[1], c)
    return 1.0 if k == k else 0.0


@pytest.mark.parametrize(("n", "p"), [(3.0, 0.5), (20.0, 0.5), (40.0, 0.26), (1e3, 0.3), (1e9, 0.9), (1e15, 1e-3)])
def test_even_acceptance(n, p):
    """What is not accepted is drawn again with its parameters: none may be more likely to be accepted than others."""
    sampler = Sampler(_accepted, uniforms=2, prepare=_prepare)
    x = np.empty(1_000_000, np.int64)
    draw(sampler, evaluate.prepare(_prepare, (n, p), ()), x, (np.uint64(1), np.uint64(2)))
    assert x.mean() == pytest.approx(1 / MOST, abs=6 * 0.5e-3)


def test_log_odds_of_chances_about_a_half():
    p = np.array([0.25, 0.3, 0.5 + 2.0**-40, 0.5, 0.75, 1.0])
    with mp.workdps(40):
        exact = [float(mp.log(mp.mpf(x) / (1 - mp.mpf(x)))) if x < 1.0 else np.inf for x in p]
    np.testing.assert_allclose(fd.Bernoulli(probs=p).logits, exact, rtol=5e-16)


def test_what_describes_a_choice_of_parameters():
    assert fd.Bernoulli(logits=[0.0, 1.0]).param_shape == (2,)
    assert fd.Categorical(probs=[[0.25, 0.75]]).param_shape == (1, 2)
    assert not hasattr(fd.Normal(0.0, 1.0), "param_shape")
    assert repr(fd.Binomial(5, 0.5).support) == "IntegerInterval(lower_bound=0, upper_bound=5.0)"
    assert repr(fd.Multinomial(5, [0.5, 0.5]).support) == "Multinomial(total_count=5.0)"


@pytest.mark.parametrize(
    "d",
    [
        fd.Poisson(1e19),
        fd.Binomial(1e300, 0.5),
        fd.Skellam(1e25, 1e19),
        fd.ZeroInflated(fd.Poisson(1e19), 0.0),
        fd.Truncated(fd.Poisson(1e19), low=3),
    ],
    ids=repr,
)
def test_draws_beyond_int64_are_its_largest(d):
    """That a float64 holds, too: not the lowest one, which is what a processor makes of them."""
    assert np.all(d.sample((10,), rng=1) == LARGEST)
