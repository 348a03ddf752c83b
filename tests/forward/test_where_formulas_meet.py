"""Derivatives of summaries where a formula goes over into another, or is the limit of one."""

import math

import pytest

import fastdist as fd


def tangent(method, family, at):
    """The derivative of a summary of a family of one number."""
    return fd.jvp(lambda t: getattr(family(t), method)(), (at,), (1.0,))[1]


def difference(method, family, at):
    """A quotient of differences from values at eight places around."""
    h, f = 0.02, [None, *(getattr(family(at + i * 0.02), method)() for i in range(1, 5))]
    b = [None, *(getattr(family(at - i * 0.02), method)() for i in range(1, 5))]
    weights = (None, 4 / 5, -1 / 5, 4 / 105, -1 / 280)
    return sum(weights[i] * (f[i] - b[i]) for i in range(1, 5)) / h


def relaxed(logits):
    return fd.RelaxedBernoulli(0.5, logits=logits)


def continuous(logits):
    return fd.ContinuousBernoulli(logits=logits)


def from_the_middle(loc):
    return fd.TruncatedNormal(loc, 1.0, 0.0, 1.5)


def to_the_middle(loc):
    return fd.TruncatedNormal(loc, 1.0, -1.5, 0.0)


def cut(low):
    return fd.TruncatedNormal(0.0, 1.0, low, 1.5)


@pytest.mark.parametrize(
    ("method", "family", "exact"),
    [
        ("entropy", continuous, 0.0),
        ("skewness", continuous, -math.sqrt(12.0) / 10.0),
        pytest.param("mean", relaxed, 1.0 - math.pi / 4.0, marks=pytest.mark.slow),
        pytest.param("variance", relaxed, 0.0, marks=pytest.mark.slow),
        pytest.param("skewness", relaxed, None, marks=pytest.mark.slow),
        ("mean", from_the_middle, None),
        *(
            pytest.param(method, family, None, marks=pytest.mark.slow)
            for method in ("mean", "variance", "skewness", "kurtosis", "entropy")
            for family in (from_the_middle, to_the_middle, cut)
        ),
    ],
)
def test_at_zero(method, family, exact):
    exact = difference(method, family, 0.0) if exact is None else exact
    assert tangent(method, family, 0.0) == pytest.approx(exact, rel=1e-9, abs=1e-14)


def test_entropy_next_to_the_uniform():
    """-u**2 / 24 for small log odds u, of which differences of terms of order 1 have no digit."""
    assert continuous(1e-9).entropy() == pytest.approx(-1e-18 / 24.0, rel=1e-14)
    assert tangent("entropy", continuous, 1e-9) == pytest.approx(-1e-9 / 12.0, rel=1e-14)


def test_density_next_to_the_uniform():
    d = continuous(-1e-8)
    assert d.log_prob(0.25) == pytest.approx(0.25e-8 - 1e-16 / 24.0, rel=1e-14)


def test_no_counts():
    """A negative binomial distribution of no failures grows with them from a point mass."""
    assert tangent("mean", lambda r: fd.NegativeBinomial(r, probs=0.75), 0.0) == pytest.approx(3.0, rel=1e-15)


@pytest.mark.parametrize(
    ("method", "gate", "exact"),
    [
        ("mean", 1.0, -3.0),
        ("variance", 0.0, 6.0),
        ("variance", 1.0, -12.0),
        pytest.param("entropy", 0.0, 1.0685298018514304, marks=pytest.mark.slow),
    ],
)
def test_no_zeros_or_all(method, gate, exact):
    found = tangent(method, lambda g: fd.ZeroInflated(fd.Poisson(3.0), g), gate)
    assert found == pytest.approx(exact, rel=1e-13)
