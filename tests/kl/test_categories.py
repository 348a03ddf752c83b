"""Closed forms of divergences of rows of numbers and of counts against mpmath, and where there is none."""

import itertools

import mpmath as mp
import numpy as np
import pytest
import scipy
from compiled import over
from mpmath import mpf

import fastdist as fd
from fastdist.special import dirichlet

mp.mp.dps = 60
HALF_ULP = mpf(2) ** -53

# Rows: each side is given by masses, by logarithms or by concentrations ---------------------------------------------


def shares(name, row):
    weights = list(map(mp.exp, row)) if name == "logits" else row
    return [w / mp.fsum(weights) for w in weights]


def categorical(p, q):
    """Of two sides, each a name and a row."""
    return mp.fsum(a * mp.log(a / b) for a, b in zip(shares(*p), shares(*q), strict=True) if a)


def log_norm(row):
    return mp.fsum(map(mp.loggamma, row)) - mp.loggamma(mp.fsum(row))


def dirichlet_dirichlet(p, q):
    a, c = p[1], q[1]
    logs = [mp.digamma(v) - mp.digamma(mp.fsum(a)) for v in a]
    return log_norm(c) - log_norm(a) + mp.fsum((v - w) * m for v, w, m in zip(a, c, logs, strict=True))


def log_weights(row):
    """Normalised as the library does it, so that what is given is what is tested."""
    return np.asarray(fd.Categorical(logits=row).logits)


P, Q = [0.5, 0.25, 0.125, 0.125], [0.25, 0.25, 0.375, 0.125]
TILTED = [0.5 + 2.0**-40, 0.25 - 2.0**-40, 0.125, 0.125]
SPREAD = [1.0 - 2.0**-30, 2.0**-31, 2.0**-31 - 2.0**-60, 2.0**-60]
LOGS, OTHER_LOGS = log_weights([0.0, -1.0, 2.0, 0.5]), log_weights([1.0, -0.5, 1.5, 0.25])
DEEP = log_weights([0.0, -3.0, -800.0, -700.0])
NEAR_LOGS = log_weights([1e-7, -1.0, 2.0, 0.5])

ROWS = [
    (categorical, fd.Categorical, p, q)
    for p, q in [
        (("probs", P), ("probs", Q)),
        (("probs", P), ("probs", TILTED)),
        (("probs", SPREAD), ("probs", P)),
        (("probs", P), ("probs", SPREAD)),
        (("logits", LOGS), ("logits", OTHER_LOGS)),
        (("logits", LOGS), ("logits", NEAR_LOGS)),
        (("logits", DEEP), ("logits", LOGS)),
        (("logits", LOGS), ("logits", DEEP)),
        (("probs", P), ("logits", LOGS)),
        (("logits", LOGS), ("probs", P)),
    ]
] + [
    (dirichlet_dirichlet, fd.Dirichlet, ("concentration", p), ("concentration", q))
    for p, q in [
        ([2.0, 1.0, 0.5], [1.5, 3.0, 0.75]),
        ([1e10, 2e10, 3e9], [1e10 + 1e4, 2e10, 3e9 - 1e5]),
        ([1e-10, 2e-10, 1e-9], [1.5e-10, 2e-10, 1e-9]),
        ([1e10, 1e-6, 0.25], [2e10, 1e-6, 0.25]),
        ([1e-9, 1.0, 1e-9, 3.0], [1e-9, 1.0 + 1e-7, 2e-9, 3.0]),
        ([1e-8, 1e8], [1e8, 1e-8]),
        ([2.0, 4.0, 6.0], [3.0, 6.0, 9.0]),
        ([5.0], [7.0]),
    ]
]
each_row = pytest.mark.parametrize(
    ("formula", "family", "p", "q"), ROWS, ids=[f"{r[1].__name__}-{i}" for i, r in enumerate(ROWS)]
)


def moved(function, numbers):
    """How far a function of a list goes if each of its numbers moves by half an ulp."""
    here = function(numbers)
    nudged = [[v * (1 + HALF_ULP) if i == j else v for j, v in enumerate(numbers)] for i in range(len(numbers))]
    return here, mp.fsum(abs(function(other) - here) for other in nudged)


@each_row
def test_rows(formula, family, p, q):
    size = len(p[1])
    numbers = [mpf(float(v)) for v in (*p[1], *q[1])]

    def of(values):
        return formula((p[0], values[:size]), (q[0], values[size:]))

    value, in_p, in_q = fd.kl_divergence_and_grad(family(**dict([p])), family(**dict([q])))
    assert value == fd.kl_divergence(family(**dict([p])), family(**dict([q])))
    want, conditioning = moved(of, numbers)
    assert value >= 0
    assert abs(value - want) <= 6 * HALF_ULP * abs(want) + 4 * conditioning
    assert list(in_p) == [p[0]] and list(in_q) == [q[0]]
    for i, got in enumerate([*in_p[p[0]], *in_q[q[0]]]):

        def slope(values, i=i):
            step = (abs(values[i]) or mpf(1)) * mpf(10) ** -20
            ends = [of([v + s if j == i else v for j, v in enumerate(values)]) for s in (-step, step)]
            return (ends[1] - ends[0]) / (2 * step)

        want, conditioning = moved(slope, numbers)
        assert abs(got - want) <= 8 * HALF_ULP * abs(want) + 4 * conditioning + mpf(10) ** -35


def test_batches_of_close_and_distant_rows():
    """Each row by the formula that is made for it, whichever its neighbours take."""
    random = np.random.default_rng(3)
    p = random.dirichlet(np.ones(8), 9000)
    q = random.dirichlet(np.ones(8), 9000)
    q[2000:5000] = p[2000:5000] * random.uniform(0.9, 1.1, (3000, 8))
    q[6000::7] = p[6000::7] * random.uniform(0.9, 1.1, (429, 8))
    p[2500:2510, 3] = q[2500:2510, 3] = 0.0  # close but for masses that are 0
    q[8000:8010] = p[8000:8010]
    p[8005, 2], q[8006, 2] = 0.0, 0.0
    p, q = p / p.sum(axis=1, keepdims=True), q / q.sum(axis=1, keepdims=True)
    got = fd.kl_divergence(fd.Categorical(p), fd.Categorical(q))
    chosen = [*range(0, 9000, 131), *range(2495, 2515), *range(6000, 6020), *range(8000, 8010)]
    np.testing.assert_array_equal(got[chosen], [fd.kl_divergence(*map(fd.Categorical, (p[k], q[k]))) for k in chosen])
    whole = scipy.special.rel_entr(p, q).sum(axis=1)
    np.testing.assert_allclose(got, whole, rtol=1e-13, atol=1e-15)
    assert got[8000] == 0 and got[8006] == np.inf


@pytest.mark.parametrize("family", [fd.Categorical, fd.OneHotCategorical, fd.Dirichlet])
def test_batches_of_rows(family):
    random = np.random.default_rng(3)
    p, q = random.random((300, 1, 7)) + 0.01, random.random((5, 7)) + 0.01
    q[2] = p[17, 0] * (1 + 1e-9 * random.random(7))
    got, in_p, in_q = fd.kl_divergence_and_grad(family(p), family(q))
    assert got.shape == (300, 5) and all(g.shape == (300, 5, 7) for g in [*in_p.values(), *in_q.values()])
    assert np.all(got >= 0)
    for i, j in itertools.product(range(0, 300, 17), range(5)):
        one, slopes, others = fd.kl_divergence_and_grad(family(p[i, 0]), family(q[j]))
        np.testing.assert_allclose(got[i, j], one, rtol=1e-14)
        for many, single in zip([*in_p.values(), *in_q.values()], [*slopes.values(), *others.values()], strict=True):
            np.testing.assert_allclose(many[i, j], single, rtol=1e-13, atol=1e-24)
    same = family(p)
    assert np.all(fd.kl_divergence(same, same) == 0)
    narrow = fd.kl_divergence(family(p.astype(np.float32)), family(q.astype(np.float32)))
    assert narrow.dtype == np.float32
    np.testing.assert_allclose(narrow, got, rtol=2e-5, atol=1e-12)
    assert fd.kl_divergence(family(p[:0]), family(q)).shape == (0, 5)
    with pytest.raises(ValueError, match="does not broadcast"):
        fd.kl_divergence(family(p[:2, 0]), family(q))


def test_masses_of_nothing():
    """What p never gives adds nothing; what it gives and q does not makes the divergence infinite."""
    for name, zero, one in (("probs", 0.0, 1.0), ("logits", -np.inf, 0.0)):
        p = fd.Categorical(**{name: [one, one, zero]})
        q = fd.Categorical(**{name: [[one, one, one], [one, one, zero], [one, zero, one], [zero, zero, one]]})
        got, in_p, in_q = fd.kl_divergence_and_grad(p, q)
        np.testing.assert_allclose(got, [np.log(1.5), 0.0, np.inf, np.inf], rtol=1e-15)
        assert np.isnan(in_p[name][2:]).all() and np.isnan(in_q[name][2:]).all()
        assert not np.isnan(in_p[name][:2]).any() and not np.isnan(in_q[name][:2]).any()
        assert np.all(in_p[name][:2, 2] == (0.0 if name == "logits" else -np.inf))
    # One that has more numbers has them with p's mass of 0, or gives what q never does.
    few, more = fd.Categorical(probs=[0.25, 0.75]), fd.Categorical(probs=[0.25, 0.5, 0.25])
    got, in_p, in_q = fd.kl_divergence_and_grad(few, more)
    assert got == pytest.approx(0.75 * np.log(1.5), rel=1e-15)
    assert in_p["probs"].shape == (2,) and in_q["probs"].shape == (3,)
    assert fd.kl_divergence(more, few) == np.inf
    with pytest.raises(ValueError, match="event_shape"):
        fd.kl_divergence(fd.OneHotCategorical([0.5, 0.5]), fd.OneHotCategorical([0.5, 0.25, 0.25]))


def test_masses_below_float64():
    """They count where their ratio does: where it is infinite, or so large that it is not small beside them."""
    p = fd.Categorical(logits=[0.0, -720.0, -3.0])
    q = fd.Categorical(logits=[[0.0, -1e9, 3.0], [0.0, -1e308, 3.0], [0.0, -np.inf, 3.0]])
    rows = zip(*(np.broadcast_to(d.logits, (3, 3)) for d in (p, q)), strict=True)
    expected = [mp.fsum(mp.exp(a) * (mp.mpf(a) - mp.mpf(b)) for a, b in zip(*row, strict=True)) for row in rows]
    np.testing.assert_allclose(fd.kl_divergence(p, q), np.array(expected, float), rtol=2e-15)
    assert expected[1] > expected[0] + 1e-5
    masked = fd.Categorical(logits=[[0.0, -1e9, -3.0], [0.0, -np.inf, -3.0]])
    np.testing.assert_array_equal(fd.kl_divergence(masked, masked), 0.0)
    assert fd.kl_divergence(fd.Categorical(probs=[0.5, 0.5, 1e-310]), fd.Categorical(probs=[0.25, 0.75, 0.0])) == np.inf


def test_many_trials():
    one = fd.kl_divergence_and_grad(fd.OneHotCategorical(P), fd.OneHotCategorical(Q))
    many = fd.kl_divergence_and_grad(fd.Multinomial([3, 0, 5], P), fd.Multinomial([3, 0, 4], Q))
    np.testing.assert_array_equal(many[0], [3 * one[0], 0.0, np.inf])
    for got, want in zip(many[1:], one[1:], strict=True):
        np.testing.assert_array_equal(got["probs"], [3 * want["probs"], np.zeros(4), np.full(4, np.nan)])
    assert list(many[1]) == ["probs"]


def test_a_beta_distribution_is_a_dirichlet_one():
    a, c = np.array([2.0, 1e-3]), np.array([1.5, 40.0])
    pairs = [(a, c), (c, a), (a, 1.125 * a)]
    for p, q in pairs:
        got = fd.kl_divergence_and_grad(fd.Beta(*p), fd.Beta(*q))
        want = fd.kl_divergence_and_grad(fd.Dirichlet(p), fd.Dirichlet(q))
        np.testing.assert_allclose(got[0], want[0], rtol=1e-14)
        for mine, theirs in zip(got[1:], want[1:], strict=True):
            np.testing.assert_allclose([*mine.values()], theirs["concentration"], rtol=1e-13)


def test_curvature_fall():
    x = np.repeat(10.0 ** np.arange(-12, 13, 2), 9)
    h = np.tile(10.0 ** np.arange(-12, 13, 3), 13)
    for v, w, got in zip(map(mpf, x), map(mpf, h), over(dirichlet.curvature_fall, x, h), strict=True):
        with mp.workdps(120):
            bends = [mp.psi(1, t) - 1 / t - 1 / (2 * t**2) for t in (v, v + w)]
            assert abs(got - (bends[0] - bends[1])) <= 3e-15 * (bends[0] - bends[1])


# Counts --------------------------------------------------------------------------------------------------------------


def binomial(n, p, m, q):
    masses = [
        [mp.binomial(k, x) * c**x * (1 - c) ** (k - x) for x in range(n + 1)] for k, c in ((n, mpf(p)), (m, mpf(q)))
    ]
    return mp.fsum(f * mp.log(f / g) for f, g in zip(*masses, strict=True) if f)


@pytest.mark.parametrize(
    ("n", "p", "m", "q"),
    [
        (3, 0.25, 5, 0.5),
        (10, 0.999, 12, 0.5),
        (1, 0.2, 300, 0.01),
        (6, 1e-9, 9, 1e-8),
        (400, 0.375, 401, 0.375),
        (500, 0.5, 600, 0.375),
        (500, 0.5, 600, 0.41665),
        (20, 0.5, 2000, 0.005),
        (12, 2.3e-5, 17, 1.62e-5),
        (4, 1.0, 6, 0.25),
    ],
)
def test_numbers_of_trials_that_differ(n, p, m, q):
    value, in_p, in_q = fd.kl_divergence_and_grad(fd.Binomial(n, p), fd.Binomial(m, q))
    want = binomial(n, p, m, q)
    assert value == fd.kl_divergence(fd.Binomial(n, p), fd.Binomial(m, q))
    assert abs(value - want) <= 2e-14 * want
    step = mpf(10) ** -20
    slope = (binomial(n, p, m, mpf(q) + step) - binomial(n, p, m, mpf(q) - step)) / (2 * step)
    assert abs(in_q["probs"] - slope) <= 1e-14 * (abs(slope) + n * p / q)
    if p < 1:
        slope = (binomial(n, mpf(p) + step, m, q) - binomial(n, mpf(p) - step, m, q)) / (2 * step)
        assert abs(in_p["probs"] - slope) <= 1e-13 * (abs(slope) + n)
    assert list(in_p) == ["probs"]


def test_trials_and_supports():
    two, three = fd.Binomial(2, 0.25), fd.Binomial(3, 0.5)
    assert fd.kl_divergence(three, two) == np.inf
    assert fd.kl_divergence(fd.Binomial(3, 0.0), two) == pytest.approx(-2 * np.log(0.75), rel=1e-15)
    assert fd.kl_divergence(fd.Binomial(0, 0.5), fd.Binomial(0, 0.25)) == 0
    np.testing.assert_array_equal(fd.kl_divergence(two, fd.Binomial([2, 2, 3], [0.0, 1.0, 1.0])), np.inf)
    one = fd.kl_divergence_and_grad(fd.Bernoulli(0.25), fd.Bernoulli(0.5))
    for p, q in [(fd.Binomial(1, 0.25), fd.Bernoulli(0.5)), (fd.Bernoulli(0.25), fd.Binomial(1, 0.5))]:
        assert fd.kl_divergence_and_grad(p, q) == one
    assert fd.kl_divergence(fd.Bernoulli(0.25), three) == pytest.approx(float(binomial(1, 0.25, 3, 0.5)), rel=1e-14)
    assert fd.kl_divergence(two, fd.Bernoulli(0.5)) == np.inf
    trial = fd.kl_divergence_and_grad(fd.Binomial(7, logits=0.5), fd.Binomial(7, logits=-0.5))
    each = fd.kl_divergence_and_grad(fd.Bernoulli(logits=0.5), fd.Bernoulli(logits=-0.5))
    assert trial[0] == 7 * each[0]
    assert trial[1]["logits"] == 7 * each[1]["logits"] and trial[2]["logits"] == 7 * each[2]["logits"]
    # Sums in strides, of which one is of p log(p / q) alone.
    p, q = fd.Binomial(40_000, 0.5), fd.Binomial(41_000, [0.5, 0.48781])
    log_f, log_g = (d.log_prob(np.arange(41_001.0)[:, np.newaxis]) for d in (p, q))
    log_f = np.maximum(log_f, -800.0)  # no mass, but no infinity either
    terms = np.exp(log_f) * (log_f - log_g) + np.exp(log_g) - np.exp(log_f)
    np.testing.assert_allclose(fd.kl_divergence(p, q), terms.sum(axis=0), rtol=1e-11)
    # Of a million trials and one more the mean and the variance can be the same almost, and the divergence is small.
    n = 10**6
    value = fd.kl_divergence(fd.Binomial(n, 0.5), fd.Binomial(n + 1, 0.5 * n / (n + 1)))
    assert value == pytest.approx(2.5e-13, rel=1e-2)


@pytest.mark.parametrize(
    ("r", "p", "q"), [(2.5, 0.25, 0.5), (1e-3, 0.999, 0.99), (40.0, 0.3, 0.3 + 1e-9), (3.0, 1e-9, 0.5)]
)
def test_failures(r, p, q):
    first, second = fd.NegativeBinomial(r, p), fd.NegativeBinomial(r, q)
    value, in_p, in_q = fd.kl_divergence_and_grad(first, second)
    p, q = mpf(p), mpf(q)
    rise, fall, odds, near = mp.log(p / q), mp.log((1 - p) / (1 - q)), p / (1 - p), (p - q) / q
    want = r * (odds * rise + fall)
    assert abs(value - want) <= 1e-15 * want * (1 + 1 / abs(near))
    slopes = [odds * rise, r * rise / (1 - p) ** 2, fall, r * (q - p) / (1 - p) / q / (1 - q)]
    for got, want in zip([*in_p.values(), *in_q.values()], slopes, strict=True):
        assert abs(got - want) <= 1e-15 * abs(want) * (1 + 1 / abs(near))
    assert fd.kl_divergence(first, first) == 0


def of_failures(r, p, n, q):
    """By summation."""
    fall, apart, rise = (1 - p) ** r, r * mp.log(1 - p) - n * mp.log(1 - q), mp.log(p / q)
    total, mass, k = mpf(0), mpf(0), 0
    while 1 - mass > mpf(10) ** -27:
        total, mass = total + fall * apart, mass + fall
        fall, apart, k = fall * p * (k + r) / (k + 1), apart + rise + mp.log((k + r) / (k + n)), k + 1
    return total


@pytest.mark.parametrize(
    "parameters",
    [
        (2.5, 0.25, 3.0, 0.5),
        (0.01, 0.875, 5.0, 0.5),
        (5.0, 0.5, 0.01, 0.75),
        (40.0, 0.375, 1e6, 3e-5),
        (1e10, 1e-9, 3e4, 2e-4),
        (1e-3, 1e-3, 2.0, 1e-6),
        (3.0, 0.75, 3.001, 0.75),
    ],
    ids=str,
)
def test_numbers_of_failures_that_differ(parameters):
    p, q = fd.NegativeBinomial(*parameters[:2]), fd.NegativeBinomial(*parameters[2:])
    value, in_p, in_q = fd.kl_divergence_and_grad(p, q)
    assert value == fd.kl_divergence(p, q)
    with mp.workdps(50):
        exact = list(map(mpf, parameters))
        want, conditioning = moved(lambda numbers: of_failures(*numbers), exact)
        assert abs(value - want) <= 8 * HALF_ULP * want + 4 * conditioning
        for i, got in enumerate([*in_p.values(), *in_q.values()]):
            step = exact[i] * mpf(10) ** -11
            ends = [of_failures(*(v + s if j == i else v for j, v in enumerate(exact))) for s in (-step, step)]
            slope = (ends[1] - ends[0]) / (2 * step)
            size = abs(slope) * (1 + parameters[0] / abs(parameters[0] - parameters[2]))
            assert abs(got - slope) <= 1e-14 * size


def test_failures_without_number():
    assert fd.kl_divergence(fd.NegativeBinomial(0.0, 0.5), fd.NegativeBinomial(0.0, 0.25)) == 0
    assert fd.kl_divergence(fd.NegativeBinomial([0.0, 2.0], 0.5), fd.NegativeBinomial(2.0, 0.0)).tolist() == [0, np.inf]
    got = fd.kl_divergence(
        fd.NegativeBinomial([0.0, 2.0, 2.0], [0.5, 0.0, 0.5]), fd.NegativeBinomial([3.0, 3.0, 0], 0.25)
    )
    np.testing.assert_allclose(got, [-3 * np.log(0.75), -3 * np.log(0.75), np.inf], rtol=1e-15)
    np.testing.assert_array_equal(
        fd.kl_divergence(fd.NegativeBinomial(2.0, [0.0, 0.5]), fd.NegativeBinomial(2.0, 0.0)), [0, np.inf]
    )


def test_failures_of_huge_counts():
    """Counts of which only the logarithm tells are gamma variates; rare ones are Poisson variates."""
    p, q = fd.NegativeBinomial(2.5, logits=[800.0, 600.0]), fd.NegativeBinomial(4.0, logits=[801.0, 601.0])
    value, in_p, in_q = fd.kl_divergence_and_grad(p, q)
    want, *slopes = fd.kl_divergence_and_grad(fd.Gamma(2.5, np.e), fd.Gamma(4.0, 1.0))
    np.testing.assert_allclose(value, want, rtol=1e-14)
    for got, slope, rate in ((in_p, slopes[0], np.e), (in_q, slopes[1], 1.0)):
        np.testing.assert_allclose(got["total_count"], slope["concentration"], rtol=1e-13)
        np.testing.assert_allclose(got["logits"], -slope["rate"] * rate, rtol=1e-13)
    many = fd.kl_divergence(fd.NegativeBinomial(1e15, 1e-14), fd.NegativeBinomial(3e15, 1e-14))
    np.testing.assert_allclose(many, fd.kl_divergence(fd.Poisson(10.0), fd.Poisson(30.0)), rtol=1e-13)


def test_counts_without_end():
    """All that a Poisson distribution gives no bounded one does, but for a rate of 0."""
    poisson = fd.Poisson([0.0, 1.0])
    np.testing.assert_allclose(fd.kl_divergence(poisson, fd.Bernoulli(0.25)), [-np.log(0.75), np.inf], rtol=1e-15)
    value, in_p, in_q = fd.kl_divergence_and_grad(poisson, fd.Binomial(3, 0.25))
    np.testing.assert_allclose(value, [-3 * np.log(0.75), np.inf], rtol=1e-15)
    np.testing.assert_allclose(in_q["probs"], [4.0, np.nan], rtol=1e-15)
    assert np.isnan(in_p["rate"]).all()
    np.testing.assert_allclose(fd.kl_divergence(fd.Bernoulli([0.0, 1.0]), fd.Poisson(0.25)), [0.25, 0.25 + np.log(4)])
    np.testing.assert_array_equal(fd.kl_divergence(fd.Bernoulli([0.0, 1.0]), fd.Poisson(0.0)), [0, np.inf])


def test_discrete_uniform():
    value, in_p, in_q = fd.kl_divergence_and_grad(
        fd.DiscreteUniform(0, 3), fd.DiscreteUniform([0, -1, 0, 1], [3, 4, 2, 9])
    )
    np.testing.assert_allclose(value, [0.0, np.log(1.5), np.inf, np.inf], rtol=1e-15)
    assert in_p == in_q == {}
    wide = fd.kl_divergence(fd.DiscreteUniform(0, 10**15 - 1), fd.DiscreteUniform(0, 10**15))
    assert wide == pytest.approx(1e-15, rel=1e-14)


def test_point_masses():
    at = fd.Delta([1.0, 2.0, 0.5])
    poisson = fd.Poisson(2.0)
    value, in_p, in_q = fd.kl_divergence_and_grad(at, poisson)
    np.testing.assert_array_equal(value, -poisson.log_prob([1.0, 2.0, 0.5]))
    np.testing.assert_array_equal(in_q["rate"], [0.5, 0.0, np.nan])
    assert np.isnan(in_p["value"]).all()
    table = fd.Categorical(probs=[0.5, 0.25, 0.25])
    value, _, in_q = fd.kl_divergence_and_grad(fd.Delta([[1.0], [3.0]]).expand((2, 1)), table)
    assert value.shape == (2, 1) and in_q["probs"].shape == (2, 1, 3)
    np.testing.assert_array_equal(value, [[np.log(4)], [np.inf]])
    value, _, in_q = fd.kl_divergence_and_grad(fd.Delta(1.0), fd.Normal([0.0, 1.0], 1.0))
    np.testing.assert_array_equal(value, np.inf)
    assert np.isnan(in_q["loc"]).all()
    np.testing.assert_array_equal(fd.kl_divergence(at, fd.Delta(1.0)), [0.0, np.inf, np.inf])
    np.testing.assert_array_equal(fd.kl_divergence(fd.Poisson([0.0, 1.0]), fd.Delta(0.0)), [0.0, np.inf])
    assert fd.kl_divergence(fd.Normal(0.0, 1.0), fd.Delta(0.0)) == np.inf


# Intervals -----------------------------------------------------------------------------------------------------------


def test_intervals_that_are_not_inside():
    """Neither is a support, nor an end of one, taken for more than it is."""
    wide = fd.Uniform(-0.5, 0.5)
    others = [
        fd.Beta(2.0, 3.0),
        fd.ContinuousBernoulli(0.25),
        fd.Exponential(1.0),
        fd.Gamma(2.0, 1.0),
        fd.Pareto(0.25, 2.0),
    ]
    for q in others:
        value, in_p, in_q = fd.kl_divergence_and_grad(wide, q)
        assert value == np.inf and np.isnan([*in_p.values(), *in_q.values()]).all()
    for p in (fd.Beta(2.0, 3.0), fd.ContinuousBernoulli(0.25)):
        assert fd.kl_divergence(p, fd.Pareto(1.0, 2.0)) == np.inf
        assert fd.kl_divergence(p, wide) == np.inf
        assert np.isfinite(fd.kl_divergence(p, fd.Uniform(0.0, 1.0)))
    unit = fd.Uniform(0.0, 1.0)
    for q in (fd.Beta(1.0, 1.0), fd.ContinuousBernoulli(0.5)):
        assert fd.kl_divergence(unit, q) == fd.kl_divergence(q, unit) == 0
    value, in_p, _ = fd.kl_divergence_and_grad(unit, fd.Gamma(1.0, 2.0))
    assert value == pytest.approx(1.0 - np.log(2.0), rel=1e-15)
    assert in_p["low"] == pytest.approx(2.0) and in_p["high"] == pytest.approx(0.0, abs=1e-15)
    value, in_p, _ = fd.kl_divergence_and_grad(unit, fd.Beta(2.0, 1.0))
    assert value == pytest.approx(1.0 - np.log(2.0), rel=1e-15)
    assert in_p["low"] == -np.inf and in_p["high"] == pytest.approx(-2.0)


def kumaraswamy_mean(function, a, b):
    """The mean of a function of log(x), over the logarithm of the exponential variate -b log(1 - x**a)."""

    def term(w):
        e = mp.exp(w)
        return function(mp.log(-mp.expm1(-e / b)) / a) * mp.exp(w - e)

    return mp.quad(term, [-60, -30, -12, -5, -2, 0, 2, 4, 5])


def kumaraswamy_beta(a, b, c, d):
    rest = kumaraswamy_mean(lambda log_x: mp.log(-mp.expm1(log_x)), a, b)
    return own_part(a, b, c) + mp.log(mp.beta(c, d)) - (d - 1) * rest


def kumaraswamy_kumaraswamy(a, b, c, d):
    rest = kumaraswamy_mean(lambda log_x: mp.log(-mp.expm1(c * log_x)), a, b)
    return own_part(a, b, c) - mp.log(c * d) - (d - 1) * rest


def own_part(a, b, c):
    return mp.log(a * b) - (a - c) * mp.harmonic(b) / a - 1 + 1 / b


@pytest.mark.parametrize(
    ("family", "formula"), [(fd.Beta, kumaraswamy_beta), (fd.Kumaraswamy, kumaraswamy_kumaraswamy)]
)
@pytest.mark.parametrize(
    "parameters", [(2.0, 3.0, 1.5, 4.0), (0.125, 8.0, 0.3, 0.2), (20.0, 40.0, 19.0, 45.0)], ids=str
)
def test_kumaraswamy(family, formula, parameters):
    a, b, c, d = parameters
    value, in_p, in_q = fd.kl_divergence_and_grad(fd.Kumaraswamy(a, b), family(c, d))
    with mp.workdps(25):
        exact = list(map(mpf, parameters))
        assert abs(value - formula(*exact)) <= 6e-15 * value
        for i, got in enumerate([*in_p.values(), *in_q.values()]):
            ends = [
                formula(*(v + s if j == i else v for j, v in enumerate(exact))) for s in (-mpf("1e-8"), mpf("1e-8"))
            ]
            assert abs(got - (ends[1] - ends[0]) / mpf("2e-8")) <= 1e-13 * (1 + abs(got))


@pytest.mark.parametrize("family", [fd.Beta, fd.Kumaraswamy])
def test_kumaraswamy_whose_mass_is_next_to_1(family):
    """Closer than a float can show. Gradients against differences, the last digits of which are lost."""
    at = np.array([0.5, 0.01, 1.25, 2.0])
    _, in_p, in_q = fd.kl_divergence_and_grad(fd.Kumaraswamy(*at[:2]), family(*at[2:]))
    for i, got in enumerate([*in_p.values(), *in_q.values()]):
        places = np.broadcast_to(at, (4, 4)).copy()
        places[:, i] *= 1.0 + 1e-3 * np.array([-2, -1, 1, 2])
        values = [fd.kl_divergence(fd.Kumaraswamy(*v[:2]), family(*v[2:])) for v in places]
        slope = values @ np.array([1, -8, 8, -1]) / (12e-3 * at[i])
        assert abs(got / slope - 1) < 1e-9


@pytest.mark.parametrize(
    "parameters",
    [
        (0.5210788638805391, 0.14998349202770983, 0.2002064121142502, 0.12282958099091712),
        (57.880529107046144, 0.0020720148338442025, 57.883180488818304, 0.0020704702640848382),
    ],
    ids=str,
)
def test_kumaraswamy_distributions_that_are_alike(parameters):
    """By a formula in which the means are right where most of the mass is next to 1."""
    a, b, c, d = exact = list(map(mpf, parameters))

    def term(w):
        e = mp.exp(w)
        # log(x**a), and the logarithm of 1 - x**c.
        log_power = mp.log1p(-mp.exp(-e / b))
        return mp.log(-mp.expm1(c / a * log_power)) * mp.exp(w - e)

    with mp.workdps(40):
        rest = mp.quad(term, [-120, -60, -30, -12, -5, -2, 0, 2, 4, 5])
        want = own_part(*exact[:3]) - mp.log(c * d) - (d - 1) * rest
    value = fd.kl_divergence(fd.Kumaraswamy(*parameters[:2]), fd.Kumaraswamy(*parameters[2:]))
    assert abs(value - want) <= 1e-14 * want


def test_kumaraswamy_distributions_that_are_others():
    a, b = fd.Kumaraswamy([2.0, 0.5, 1.0], [3.0, 1e-3, 7.0]), fd.Kumaraswamy([2.0, 0.5, 1.0], [3.0, 1e3, 7.0 + 1e-9])
    np.testing.assert_array_equal(fd.kl_divergence(a, a), 0.0)
    as_exponential = fd.kl_divergence(fd.Exponential([3.0, 1e-3, 7.0]), fd.Exponential([3.0, 1e3, 7.0 + 1e-9]))
    np.testing.assert_allclose(fd.kl_divergence(a, b), as_exponential, rtol=1e-14)
    got = fd.kl_divergence(fd.Kumaraswamy(1.0, 3.0), fd.Beta(2.5, 0.75))
    assert got == pytest.approx(fd.kl_divergence(fd.Beta(1.0, 3.0), fd.Beta(2.5, 0.75)), rel=4e-15)
