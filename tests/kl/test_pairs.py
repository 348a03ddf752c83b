"""Closed forms of divergences against mpmath: one test of a property, for all pairs."""

import mpmath as mp
import numpy as np
import pytest
from kl.pairs import PAIRS
from mpmath import mpf

import fastdist as fd

mp.mp.dps = 60
HALF_ULP = mpf(2) ** -53

SETS = [(pair, parameters) for pair in PAIRS for parameters in pair.sets]
IDS = [f"{pair.name}{parameters}".replace(" ", "") for pair, parameters in SETS]
each_set = pytest.mark.parametrize(("pair", "parameters"), SETS, ids=IDS)
each_pair = pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)


def moved(function, parameters):
    """How far a function goes if each parameter moves by half an ulp."""
    exact = list(map(mpf, parameters))
    here = function(*exact)
    nudged = [[v * (1 + HALF_ULP) if i == j else v for j, v in enumerate(exact)] for i in range(len(exact))]
    return here, mp.fsum(abs(function(*other) - here) for other in nudged)


@each_set
def test_closed_form(pair, parameters):
    p, q = pair.of(parameters)
    want, conditioning = moved(pair.formula, parameters)
    assert abs(fd.kl_divergence(p, q) - want) <= 6 * HALF_ULP * abs(want) + 4 * conditioning


@each_set
def test_gradients(pair, parameters):
    p, q = pair.of(parameters)
    value, in_p, in_q = fd.kl_divergence_and_grad(p, q)
    assert value == fd.kl_divergence(p, q)
    assert [*in_p] == [*p._parameters] and [*in_q] == [*q._parameters]
    for i, got in enumerate([*in_p.values(), *in_q.values()]):

        def slope(*at, i=i):
            step = (abs(at[i]) or mpf(1)) * mpf(10) ** -20
            ends = [pair.formula(*(v + s if j == i else v for j, v in enumerate(at))) for s in (-step, step)]
            return (ends[1] - ends[0]) / (2 * step)

        want, conditioning = moved(slope, parameters)
        assert abs(got - want) <= 8 * HALF_ULP * abs(want) + 4 * conditioning + mpf(10) ** -35


@each_pair
def test_equal_distributions_are_at_no_distance(pair):
    if pair.first is pair.second:
        for parameters in pair.sets:
            d, _ = pair.of(parameters)
            assert fd.kl_divergence(d, d) == 0


@each_pair
def test_batches_and_dtypes(pair):
    p, q = pair.of(pair.sets[0])
    one = fd.kl_divergence(p, q)
    assert isinstance(one, np.float64)
    batched = fd.kl_divergence(p.expand((3, 1)), q.expand((4,)))
    np.testing.assert_array_equal(batched, np.full((3, 4), one))
    assert fd.kl_divergence(p.expand((0, 2)), q).shape == (0, 2)
    narrow = type(q)(**{name: np.float32(v) for name, v in q._parameters.items()})
    for made_of_numbers in (p, p.expand((2,))):
        assert fd.kl_divergence(made_of_numbers, narrow).dtype == np.float32
    wide = type(p)(**{name: np.float64(v) for name, v in p._parameters.items()})
    assert fd.kl_divergence(wide, narrow).dtype == np.float64
    with pytest.raises(ValueError, match=r"\(3,\).*does not broadcast.*\(2,\)"):
        fd.kl_divergence(p.expand((3,)), q.expand((2,)))


@pytest.mark.parametrize(
    "pair",
    # Loops over arrays take long to compile: of unlike classes they are part of the large sweep.
    [pytest.param(p, id=p.name, marks=[] if p.first is p.second else [pytest.mark.slow]) for p in PAIRS],
)
def test_many_at_once(pair):
    """Long arrays, of which one parameter is a number: the same as one by one, and never negative."""
    p, q = pair.of(pair.sets[0])
    random = np.random.default_rng(3)
    sides = [{name: v * (1 - random.random(30_000) / 4) for name, v in d._parameters.items()} for d in (p, q)]
    last = [*sides[1]][-1]
    sides[1][last] = q._parameters[last]
    got = fd.kl_divergence(pair.first(**sides[0]), pair.second(**sides[1]))
    assert np.all(got >= 0)
    for i in range(0, 30_000, 2997):
        one = [{name: float(np.broadcast_to(v, 30_000)[i]) for name, v in side.items()} for side in sides]
        np.testing.assert_allclose(got[i], fd.kl_divergence(pair.first(**one[0]), pair.second(**one[1])), rtol=1e-14)


def test_shapes_on_both_sides_of_one():
    """Those from 1 on, enormous ones too, have a formula of their own: others are among them in one array."""
    random = np.random.default_rng(4)
    a, c = 10.0 ** random.uniform(-2, 2, (2, 20_000))
    a[5], c[5], a[6], c[6] = 1e300, 2.0, 1.0, 1e305
    b, d = 10.0 ** random.uniform(-3, 3, (2, 20_000))
    got = fd.kl_divergence(fd.Gamma(a, b), fd.Gamma(c, d))
    some = [5, 6, *range(10, 20_000, 400)]
    assert {(a[i] < 1, c[i] < 1) for i in some} == {(x, y) for x in (True, False) for y in (True, False)}
    for i in some:
        p, q, s, t = (mp.mpf(float(v[i])) for v in (a, b, c, d))
        with mp.workdps(340):
            want = (p - s) * mp.digamma(p) - mp.loggamma(p) + mp.loggamma(s) + s * mp.log(q / t) + p * (t / q - 1)
        np.testing.assert_allclose(got[i], float(want), rtol=5e-15)


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


@pytest.mark.parametrize(
    ("p", "q", "value", "slope"),
    [
        (fd.Kumaraswamy(1e-8, 0.37), fd.Beta(1e-8, 341.0), 1.8045763613111177, 0.0032238999589508),
        (fd.Kumaraswamy(1e-6, 0.37), fd.Beta(1e-6, 341.0), 6.7321037601353904, None),
        (
            fd.Kumaraswamy(1.1448403343984513e-05, 0.01778168498455277),
            fd.Kumaraswamy(32.81732292565889, 10.707027659763204),
            None,
            43.08867930585348,
        ),
    ],
    ids=str,
)
def test_small_shapes_of_kumaraswamy_distributions(p, q, value, slope):
    """Beside sums in 150 digits: the integrand is singular close to the real axis."""
    got, _, in_q = fd.kl_divergence_and_grad(p, q)
    assert value is None or got == pytest.approx(value, rel=1e-14)
    assert slope is None or in_q["concentration0"] == pytest.approx(slope, rel=1e-13)
