"""Tangents of tails and of their logarithms where density and tail are exponentials of large numbers, and at ends."""

import mpmath as mp
import numpy as np
import pytest

import fastdist as fd

DIRECTIONS = [(), (1,), (5,)]


def moving(value, directions):
    return fd.Dual(value, np.ones(directions))


@pytest.mark.parametrize("directions", DIRECTIONS)
@pytest.mark.parametrize("z", [-1e9, -1e6, -1e4, -38.6, -1.0, 0.0, 3.0, 20.0])
def test_hazards_of_a_normal_distribution(z, directions):
    """To the last digits at any distance: what the exponentials of logarithms lose there is all of it."""
    with mp.workdps(60):
        hazard = float(mp.npdf(z) / mp.ncdf(z))
    for d in (fd.Normal(0.0, 1.0), fd.Normal([0.0, 0.0], 1.0)):
        found = d.log_cdf(moving(z, directions)).tangent
        np.testing.assert_allclose(found, np.broadcast_to(hazard, found.shape), rtol=1e-15)
        found = d.log_sf(moving(-z, directions)).tangent
        np.testing.assert_allclose(found, np.broadcast_to(-hazard, found.shape), rtol=1e-15)
    np.testing.assert_allclose(fd.Normal(moving(0.0, directions), 1.0).log_cdf(z).tangent, -hazard, rtol=1e-15)
    np.testing.assert_allclose(fd.Normal(0.0, moving(1.0, directions)).log_cdf(z).tangent, -z * hazard, rtol=1e-15)
    with mp.workdps(60):
        bend = float(-(mp.npdf(z) / mp.ncdf(z)) * (z + mp.npdf(z) / mp.ncdf(z)))
    twice = fd.Normal(0.0, 1.0).log_cdf(fd.Dual(fd.Dual(z, 1.0), fd.Dual(1.0, 0.0))).tangent.tangent
    assert twice == pytest.approx(bend, rel=1e-12 + 4e-16 * z * z, abs=1e-300)


@pytest.mark.parametrize("directions", DIRECTIONS)
@pytest.mark.parametrize(
    ("make", "value", "method", "want"),
    [
        (lambda t: fd.Gumbel(fd.Dual(0.0, t), 1.0), -50.0, "log_cdf", -np.exp(50.0)),
        (lambda t: fd.Weibull(fd.Dual(1.0, t), 2.0), 1e9, "log_sf", 2e18),
        (lambda t: fd.Laplace(fd.Dual(0.0, t), 2.5), 1e12, "log_sf", 0.4),
        (lambda t: fd.Exponential(fd.Dual(1e-155, t)), 1e155, "log_sf", -1e155),
        (lambda t: fd.Exponential(fd.Dual(2.0, t)), 1e-300, "log_cdf", 0.5),
        (lambda t: fd.Uniform(0.0, fd.Dual(1e-300, t)), 1e-305, "log_cdf", -1e300),
        (lambda t: fd.Rayleigh(fd.Dual(1e290, t)), 1e299, "log_sf", 1e-272),
        (lambda t: fd.LogNormal(fd.Dual(0.0, t), 1e-8), 1e300, "log_sf", 300.0 * np.log(10.0) * 1e16),
        (lambda t: fd.Pareto(2.0, fd.Dual(3.0, t)), 2e300, "log_sf", -300.0 * np.log(10.0)),
    ],
    ids=["Gumbel", "Weibull", "Laplace", "tiny rate", "Exponential", "Uniform", "Rayleigh", "LogNormal", "Pareto"],
)
def test_closed_forms(make, value, method, want, directions):
    found = getattr(make(np.ones(directions)), method)(value).tangent
    np.testing.assert_allclose(found, np.full(directions, want), rtol=2e-14)


@pytest.mark.parametrize(
    ("d", "method", "x", "want"),
    [
        (fd.Normal(fd.Dual(0.0, 1.0), 1e-300), "cdf", -3.86e-299, -1.14870083705442e-24),
        (fd.Normal(fd.Dual(0.0, 1.0), 1e-100), "cdf", -3.82e-99, -5.38232823987419e-218),
        (fd.Rayleigh(fd.Dual(1e-300, 1.0)), "sf", 4e-299, 5.86859933468563e-45),
        (fd.Logistic(0.0, fd.Dual(1e-300, 1.0)), "sf", 7.5e-298, 1.42626372260642e-23),
    ],
    ids=str,
)
def test_small_scales(d, method, x, want):
    """The exponential underflows, and the density does not."""
    assert getattr(d, method)(x).tangent == pytest.approx(want, rel=1e-12)


@pytest.mark.parametrize(
    ("make", "x", "want"),
    [
        (lambda t: fd.Uniform(fd.Dual(-1.0, t), 2.0), -1.0, -1.0 / 3.0),
        (lambda t: fd.Uniform(fd.Dual(-1.0, t), 2.0), 2.0, 0.0),
        (lambda t: fd.Pareto(fd.Dual(1.0, t), 2.5), 1.0, -2.5),
        (lambda t: fd.GeneralizedPareto(fd.Dual(-1.0, t), 2.0, 0.3), -1.0, -0.5),
    ],
    ids=["low", "high", "Pareto", "GeneralizedPareto"],
)
def test_at_an_end_that_moves(make, x, want):
    """The density there, in however many directions."""
    for directions in DIRECTIONS:
        d = make(np.ones(directions))
        np.testing.assert_allclose(d.cdf(x).tangent, np.full(directions, want), rtol=1e-15)
        np.testing.assert_allclose(d.sf(np.array([x, x])).tangent, np.full((*directions, 2), -want), rtol=1e-15)


@pytest.mark.parametrize("directions", DIRECTIONS)
@pytest.mark.parametrize("family", [fd.Normal, fd.Laplace, fd.Gumbel, fd.Uniform])
def test_what_is_no_number_has_no_tangent(family, directions):
    x = np.array([np.nan, 0.5])
    for method in ("log_prob", "cdf", "sf", "log_cdf", "log_sf"):
        for d, value in (
            (family(moving(0.0, directions), 1.0), x),
            (family(0.0, 1.0), fd.Dual(x, np.ones((*directions, 2)))),
        ):
            found = np.isnan(getattr(d, method)(value).tangent)
            np.testing.assert_array_equal(found, np.broadcast_to([True, False], found.shape))


def test_no_direction():
    with pytest.raises(ValueError, match=r"at least one direction; got shape \(0, 3\)"):
        fd.Dual(np.ones(3), np.empty((0, 3)))
