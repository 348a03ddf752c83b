"""fastdist.special.von_mises: what the conformance suite's grid of parameters does not reach."""

import numpy as np
import pytest
import scipy.special
from compiled import over

import fastdist as fd
from fastdist.special import von_mises

KAPPAS = 10.0 ** np.linspace(-12, 14, 105)


@pytest.mark.parametrize("turns", [-1000, -1, 1, 2, 10**7])
def test_the_density_is_periodic(turns):
    """To the rounding of the angle, on every turn; the cdf and draws keep to theirs."""
    d = fd.VonMises(0.5, 3.0)
    x = np.linspace(-2.5, 3.5, 101)
    far = x + 2 * np.pi * turns
    np.testing.assert_allclose(d.log_prob(far), d.log_prob(x), atol=2e-14 + 3 * np.spacing(np.abs(far)).max())
    value, grad = d.log_prob_and_grad(far)
    np.testing.assert_allclose(value, d.log_prob(far), atol=1e-14)
    np.testing.assert_allclose(grad["value"], -3.0 * np.sin(far - 0.5), atol=1e-13 + 6 * np.spacing(abs(far)).max())


@pytest.mark.parametrize("kappa", [1e6, 1e8])
def test_the_density_next_to_the_mode(kappa):
    """No digit cancels: kappa (cos(x) - 1) is -kappa x**2 / 2 to more than they have."""
    x = np.linspace(-8, 8, 33) / np.sqrt(kappa)
    got = fd.VonMises(0.0, kappa).log_prob(x)
    square = kappa * x * x
    normal = 0.5 * np.log(kappa / (2 * np.pi)) - 0.5 * square
    series = square * x * x / 24 - square * x**4 / 720 - 1 / (8 * kappa) - 1 / (16 * kappa**2)
    np.testing.assert_allclose(got, normal + series, rtol=1e-14, atol=1e-14)


def test_the_normal_limit():
    """Far above every ratio of scales that float64 holds, and without overflow."""
    d = fd.VonMises(0.0, 1e300)
    z = np.linspace(-37, 37, 75)
    np.testing.assert_allclose(d.cdf(z * 1e-150), scipy.special.ndtr(z), rtol=4e-13)
    np.testing.assert_allclose(d.log_cdf(z * 1e-150), scipy.special.log_ndtr(z), rtol=4e-13)
    assert d.variance() == pytest.approx(1e-300, rel=1e-15) and d.kurtosis() == pytest.approx(1e-300, rel=1e-15)


def test_the_uniform_limit():
    d = fd.VonMises(0.0, 1e-300)
    x = np.linspace(-3.1, 3.1, 63)
    np.testing.assert_allclose(d.cdf(x), (x + np.pi) / (2 * np.pi), rtol=1e-14)
    assert d.variance() == pytest.approx(np.pi**2 / 3, rel=1e-15) and d.kurtosis() == pytest.approx(-1.2, rel=1e-14)


@pytest.mark.parametrize("level", [5e-324, 1e-300, 1e-30, 1e-3, 0.1, 0.3, 0.4999999])
def test_quantiles_of_every_concentration(level):
    """The log tail at the quantile is the level's, to what the rounding of the angle makes."""
    d = fd.VonMises(0.0, KAPPAS)
    x = d.icdf(level)
    inside = x > -np.pi
    slope = np.abs(x) * np.exp(np.minimum(d.log_prob(x) - d.log_cdf(x), 700.0))
    error = np.abs(d.log_cdf(x) - np.log(level)) / (1e-13 * (1 + abs(np.log(level))) + 2e-16 * slope)
    assert np.all(error[inside] < 4)
    assert np.all(np.diff(np.abs(x)) <= 1e-15)


def test_moments_pass_from_one_formula_to_the_other():
    """Where the excess kurtosis changes its formula, and where both moments become 1 / kappa."""
    for edge in (2.0, von_mises.NARROW):
        near = np.array([np.nextafter(edge, 0), edge])
        for moment in (von_mises.von_mises_variance, von_mises.von_mises_kurtosis):
            below, above = over(moment, near)
            assert above == pytest.approx(below, rel=3e-14)


def test_cpython_is_the_same_formula():
    k = von_mises.von_mises_constants(2.5)
    d = fd.VonMises(0.0, 2.5)
    for y in (0.1, 1.0, 2.0, 3.0):
        s, c = np.sin(y / 2), np.cos(y / 2)
        assert von_mises.von_mises_tail(s, c, k) == pytest.approx(d.sf(y), rel=1e-14)
        assert von_mises.von_mises_log_tail(s, c, k) == pytest.approx(d.log_sf(y), rel=1e-13)
        assert von_mises.von_mises_quantile(float(d.sf(y)), k) == pytest.approx(y, rel=1e-14)
