"""Derivatives at parameters of which a distribution of counts is a point mass, or has masses of 0: from one side."""

import mpmath as mp
import numpy as np
import pytest

import fastdist as fd

INF = float("inf")


def poisson_with_zeros(gate):
    return fd.ZeroInflated(fd.Poisson(3.0), gate)


def failures(total_count):
    return fd.NegativeBinomial(total_count, 0.4)


def trials(probs):
    return fd.Binomial(3, probs)


def tangent(family, at, method, *value):
    return fd.jvp(lambda t: getattr(family(t), method)(*value), (at,), (1.0,))[1]


@pytest.mark.parametrize(
    ("family", "at", "slope"),
    [
        (fd.Poisson, 0.0, INF),
        (fd.Bernoulli, 0.0, INF),
        (fd.Bernoulli, 1.0, -INF),
        pytest.param(trials, 0.0, INF, marks=pytest.mark.slow),
        pytest.param(trials, 1.0, -INF, marks=pytest.mark.slow),
        pytest.param(failures, 0.0, INF, marks=pytest.mark.slow),
        pytest.param(poisson_with_zeros, 1.0, -INF, marks=pytest.mark.slow),
    ],
)
def test_entropy_of_a_point_mass(family, at, slope):
    """It is 0, and -p log p grows infinitely fast with the mass p that comes to another count."""
    assert family(at).entropy() == 0.0
    assert tangent(family, at, "entropy") == slope


@pytest.mark.slow
@pytest.mark.parametrize("total_count", [1e-29, 1e-100, 1e-160, 1e-161, 1e-307])
def test_entropy_of_hardly_any_failures(total_count):
    """Of -f log f with masses f that are as the total_count r, but that of 0: to the first power of r all there is."""
    with mp.workdps(30):
        r, p = mp.mpf(total_count), mp.mpf(0.4)
        logs = mp.nsum(lambda k: p**k / k * (mp.log(k) - k * mp.log(p)), [1, 200]) - mp.log1p(-p)
        value, slope = r * (logs + mp.log1p(-p) * mp.log(r)), logs + mp.log1p(-p) * (mp.log(r) + 1)
    assert failures(total_count).entropy() == pytest.approx(float(value), rel=1e-14, abs=0.0)
    assert tangent(failures, total_count, "entropy") == pytest.approx(float(slope), rel=1e-14)


@pytest.mark.parametrize(
    ("family", "at", "masses"),
    [
        (fd.Poisson, 0.0, [-1.0, 1.0, 0.0, 0.0]),
        pytest.param(trials, 0.0, [-3.0, 3.0, 0.0, 0.0], marks=pytest.mark.slow),
        pytest.param(trials, 1.0, [0.0, 0.0, -3.0, 3.0], marks=pytest.mark.slow),
        (fd.Bernoulli, 0.0, [-1.0, 1.0]),
        (fd.Bernoulli, 1.0, [-1.0, 1.0]),
        (fd.Geometric, 1.0, [1.0, -1.0, 0.0]),
        pytest.param(failures, 0.0, [np.log(0.6), 0.4, 0.08, 0.064 / 3.0], marks=pytest.mark.slow),
    ],
)
def test_masses_of_zero(family, at, masses):
    """They move though their logarithms are -inf; and the cdf by their sum."""
    counts = np.arange(float(len(masses)))
    np.testing.assert_allclose(tangent(family, at, "prob", counts), masses, rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(tangent(family, at, "cdf", counts), np.cumsum(masses), rtol=1e-13, atol=1e-15)
    assert tangent(family, at, "prob", 1.0) == pytest.approx(masses[1], rel=1e-13)


def test_log_masses_of_no_events():
    """As the rate leaves 0 the log mass of 0 falls with it, and those of other counts come from -inf."""
    np.testing.assert_array_equal(tangent(fd.Poisson, 0.0, "log_prob", np.array([0.0, 1.0, 2.0])), [-1.0, INF, INF])
