"""Divergences of trials whose chances are given by their log odds, against mpmath: close to each other, and far out."""

import mpmath as mp
import numpy as np
import pytest
from mpmath import mpf

import fastdist as fd

CLOSE = [(-0.0055, -0.0053), (18.8, 18.8 * (1 + 1e-9)), (-37.2, -37.2 * (1 - 1e-12)), (0.3, 0.7), (-12.0, 25.0)]
# Of which at least one chance, or what it leaves, is below float64.
FAR = [(800.0, -800.0), (-800.0, -799.99), (-745.0, -700.0), (-600.0, -800.0), (2.0, -900.0), (-690.0, -690.001)]


def trial(a, b):
    p, q, s, t = 1 / (1 + mp.exp(-a)), 1 / (1 + mp.exp(a)), 1 / (1 + mp.exp(-b)), 1 / (1 + mp.exp(b))
    return p * mp.log(p / s) + q * mp.log(q / t)


def until_success(a, b):
    return trial(a, b) * (1 + mp.exp(-a))


FAMILIES = {
    "Bernoulli": (fd.Bernoulli, trial),
    "Binomial": (lambda logits: fd.Binomial(12, logits=logits), lambda a, b: 12 * trial(a, b)),
    "Geometric": (fd.Geometric, until_success),
    "NegativeBinomial": (
        lambda logits: fd.NegativeBinomial(7.5, logits=logits),
        lambda a, b: 7.5 * until_success(-a, -b),
    ),
}


def check(name, a, b):
    family, formula = FAMILIES[name]
    value, in_p, in_q = fd.kl_divergence_and_grad(family(logits=a), family(logits=b))
    with mp.workdps(900):
        a, b, h = mpf(a), mpf(b), mpf(10) ** -30
        slopes = (
            (formula(a + h, b) - formula(a - h, b)) / (2 * h),
            (formula(a, b + h) - formula(a, b - h)) / (2 * h),
        )
        for got, want, rtol in zip(
            (value, in_p["logits"], in_q["logits"]), (formula(a, b), *slopes), (2e-15, 1e-13, 1e-13), strict=True
        ):
            assert abs(got - want) <= rtol * abs(want) + mpf(10) ** -300


@pytest.mark.parametrize(("a", "b"), CLOSE)
@pytest.mark.parametrize("name", FAMILIES)
def test_close_log_odds(name, a, b):
    check(name, a, b)


@pytest.mark.parametrize(("a", "b"), FAR)
@pytest.mark.parametrize("name", ["Bernoulli", "Binomial", "Geometric"])
def test_chances_below_float64(name, a, b):
    check(name, a, b)


def test_chances_of_which_one_alone_is_below_float64():
    """Given by log odds where it is, and by itself where it is not."""
    cases = (
        (fd.Bernoulli(probs=1e-308), fd.Bernoulli(logits=-800.0), trial, -mp.log(mpf(1e308))),
        (fd.Bernoulli(logits=-690.0), fd.Bernoulli(logits=-800.0), trial, mpf(-690)),
        (fd.NegativeBinomial(2.5, logits=0.0), fd.NegativeBinomial(2.5, logits=-800.0), None, None),
    )
    for p, q, formula, logit in cases:
        with mp.workdps(900):
            want = 2.5 * until_success(mpf(0), mpf(800)) if formula is None else formula(logit, mpf(-800))
        np.testing.assert_allclose(fd.kl_divergence(p, q), float(want), rtol=1e-13)


@pytest.mark.parametrize("other", [-3.0, 0.0, 2.0, -20.0, -50.0])
def test_slopes_of_success_that_hardly_comes(other):
    value, in_p, in_q = fd.kl_divergence_and_grad(fd.Geometric(logits=-690.0), fd.Geometric(logits=other))
    with mp.workdps(900):
        h = mpf(10) ** -30
        own = (until_success(-690 + h, mpf(other)) - until_success(-690 - h, mpf(other))) / (2 * h)
        others = (until_success(mpf(-690), other + h) - until_success(mpf(-690), other - h)) / (2 * h)
        whole = until_success(mpf(-690), mpf(other))
    for got, want in ((value, whole), (in_p["logits"], own), (in_q["logits"], others)):
        np.testing.assert_allclose(got, float(want), rtol=1e-12)


@pytest.mark.parametrize("name", ["Bernoulli", "Binomial", "Geometric"])
def test_equal_log_odds(name):
    family, _ = FAMILIES[name]
    for logits in (-800.0, 800.0, np.inf) + ((-np.inf,) if name != "Geometric" else ()):
        d = family(logits=logits)
        assert fd.kl_divergence(d, d) == 0


OF_TRIALS = {
    "Bernoulli": (fd.Bernoulli, lambda kl, p: kl),
    "Binomial": (lambda probs=None, logits=None: fd.Binomial(12, probs, logits), lambda kl, p: 12 * kl),
    "Geometric": (fd.Geometric, lambda kl, p: kl / p),
    "NegativeBinomial": (
        lambda probs=None, logits=None: fd.NegativeBinomial(7.5, probs, logits),
        lambda kl, p: mpf(7.5) * kl / (1 - p),
    ),
}


def chances(value, given):
    value = mpf(float(value))
    return value if given == "probs" else 1 / (1 + mp.exp(-value))


@pytest.mark.parametrize("apart", [1e-12, 1e-7, 1e-2, 0.6])
@pytest.mark.parametrize("given", ["probs", "logits"])
@pytest.mark.parametrize("name", OF_TRIALS)
def test_batches(name, given, apart):
    """Arrays are computed otherwise than numbers are."""
    rng = np.random.default_rng(3)
    family, formula = OF_TRIALS[name]
    first = rng.random(100) if given == "probs" else rng.normal(scale=8.0, size=100)
    second = first * (1.0 - apart * rng.random(100))
    with mp.workdps(80):
        for value, a, b in zip(
            fd.kl_divergence(family(**{given: first}), family(**{given: second})), first, second, strict=True
        ):
            p, s = chances(a, given), chances(b, given)
            want = formula(p * mp.log(p / s) + (1 - p) * mp.log((1 - p) / (1 - s)), p)
            assert abs(value - want) <= 5e-15 * want


@pytest.mark.parametrize("name", OF_TRIALS)
def test_batches_with_ends(name):
    """Where the quick formula does not hold, in between values where it does."""
    family, _ = OF_TRIALS[name]
    first, second = np.full(300, 0.25), np.full(300, 0.75)
    if name in ("Bernoulli", "Binomial"):
        first[[3, 250]], second[[7, 250, 260]] = (0.0, 1.0), (1.0, 1.0, 0.0)
    first[100], second[100], first[200] = 1e-305, 1e-306, 2e-300
    got = fd.kl_divergence(family(probs=first), family(probs=second))
    for i in (0, 3, 7, 100, 200, 250, 260):
        want = fd.kl_divergence(family(probs=first[i]), family(probs=second[i]))
        np.testing.assert_allclose(got[i], want, rtol=2e-15)
