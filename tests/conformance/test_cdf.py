"""The cdf and the tail: one is the integral of the density, both are right at the ends."""

import numpy as np
import pytest
from helpers import each_set, inner, integral


@each_set("ordinary")
def test_cdf_is_the_integral_of_the_density(case, parameters):
    d = case.distribution(**parameters)
    for x in inner(d, 5, 0.05, 0.95):
        assert d.cdf(x) == pytest.approx(integral(d, np.ones_like, high=x), rel=1e-11)


@each_set("ordinary")
def test_sf_is_the_integral_of_the_density(case, parameters):
    d = case.distribution(**parameters)
    for x in inner(d, 5, 0.05, 0.9):
        above = np.floor(x) + 1 if d.support.is_discrete else x
        assert d.sf(x) == pytest.approx(integral(d, np.ones_like, low=above), rel=1e-11, abs=1e-300)


@each_set()
def test_cdf_and_sf_are_complements(case, parameters):
    d = case.distribution(**parameters)
    x = np.concatenate([inner(d, 200), inner(d, 20, 1e-12, 1e-6), d.isf(np.geomspace(1e-12, 1e-2, 20))])
    np.testing.assert_allclose(d.cdf(x) + d.sf(x), 1.0, rtol=4e-16)


@each_set()
def test_logs_agree(case, parameters):
    """log_cdf and log_sf are the logs of cdf and sf, and no less accurate where those are near 1."""
    d = case.distribution(**parameters)
    small = np.geomspace(1e-250, 1e-2, 30)
    x = np.concatenate([inner(d, 100), d.icdf(small), d.isf(small)])
    for log, value, other in ((d.log_cdf, d.cdf, d.sf), (d.log_sf, d.sf, d.cdf)):
        with np.errstate(divide="ignore"):
            want = np.where(value(x) < 0.5, np.log(value(x)), np.log1p(-np.minimum(other(x), 1)))
        # A logarithm goes on where its tail underflows.
        lost = value(x) < 1e-300
        np.testing.assert_allclose(log(x)[~lost], want[~lost], rtol=2e-13, atol=1e-320)
        assert np.all(log(x)[lost] < -690.0)


@each_set()
def test_monotone_and_within_bounds(case, parameters):
    """Neighbours may differ by rounding; nothing leaves [0, 1]."""
    d = case.distribution(**parameters)
    small = np.geomspace(1e-300, 1e-2, 200)
    x = np.unique(np.concatenate([inner(d, 2000), d.icdf(small), d.isf(small)]))
    for p, sign in ((d.cdf(x), 1), (d.sf(x), -1)):
        assert np.all((p >= 0) & (p <= 1))
        assert np.all(sign * np.diff(p) >= -1e-15 * p[1:])


@each_set()
def test_ends(case, parameters):
    """0 and 1 and their logs far out; NaN stays NaN."""
    d = case.distribution(**parameters)
    x = np.array([-np.inf, np.nan, np.inf])
    np.testing.assert_array_equal(d.cdf(x), [0, np.nan, 1])
    np.testing.assert_array_equal(d.sf(x), [1, np.nan, 0])
    np.testing.assert_array_equal(d.log_cdf(x), [-np.inf, np.nan, 0])
    np.testing.assert_array_equal(d.log_sf(x), [0, np.nan, -np.inf])
    np.testing.assert_array_equal(d.log_prob(x), [-np.inf, np.nan, -np.inf])
    np.testing.assert_array_equal(d.prob(x), [0, np.nan, 0])


@each_set()
def test_outside_a_bounded_support(case, parameters):
    d = case.distribution(**parameters)
    below = np.nextafter(d.support.lower, -np.inf) if np.isfinite(d.support.lower) else -np.inf
    above = np.nextafter(d.support.upper, np.inf) if np.isfinite(d.support.upper) else np.inf
    assert (d.cdf(below), d.sf(below), d.log_cdf(below), d.log_sf(below)) == (0, 1, -np.inf, 0)
    assert (d.cdf(above), d.sf(above), d.log_cdf(above), d.log_sf(above)) == (1, 0, 0, -np.inf)


@each_set(discrete=True)
def test_a_step_of_a_discrete_cdf_is_its_mass(case, parameters):
    """Between its points a discrete cdf is flat."""
    d = case.distribution(**parameters)
    k = np.unique(inner(d, 30))
    step = np.minimum(d.cdf(k), 1) - np.where(k > d.support.lower, d.cdf(k - 1), 0.0)
    np.testing.assert_allclose(step, d.prob(k), rtol=1e-9, atol=3e-16)
    for method in (d.cdf, d.sf, d.log_cdf, d.log_sf):
        between = method(k + 0.75)
        np.testing.assert_array_equal(between, method(k))
        np.testing.assert_array_equal(method(np.nextafter(k + 1, -np.inf)), method(k))
