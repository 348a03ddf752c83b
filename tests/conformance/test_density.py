"""The density: it integrates to 1, and is what it should be outside the support."""

import numpy as np
import pytest
from helpers import domain, each_set, inner, integral


@each_set("ordinary")
def test_integrates_to_one(case, parameters):
    d = case.distribution(**parameters)
    assert integral(d, np.ones_like) == pytest.approx(1, rel=1e-12)


@each_set()
def test_prob_is_exp_of_log_prob(case, parameters):
    d = case.distribution(**parameters)
    x = inner(d, 50)
    with np.errstate(over="ignore", under="ignore"):
        want = np.exp(d.log_prob(x))
    np.testing.assert_allclose(d.prob(x), want, rtol=1e-13, atol=1e-320)


@each_set()
def test_outside_the_support(case, parameters):
    """Log density -inf and density 0 outside, at infinity, and between the points of a discrete support."""
    d = case.distribution(**parameters)
    support = domain(d, "log_prob")
    outside = [-np.inf, np.inf]
    if np.isfinite(support.lower):
        outside += [np.nextafter(support.lower, -np.inf), min(2 * support.lower, -1.0)]
    if np.isfinite(support.upper):
        outside += [np.nextafter(support.upper, np.inf), max(2 * support.upper, 10.0)]
    if support.is_discrete:
        outside += [0.5, -0.5, 1e-300, 0.9999999999999999]
    outside = np.array(outside)
    assert not np.any(support.check(outside[np.isfinite(outside)]))
    np.testing.assert_array_equal(d.log_prob(outside), -np.inf)
    np.testing.assert_array_equal(d.prob(outside), 0.0)
    for value in outside.tolist():
        assert d.log_prob(value) == -np.inf and d.prob(value) == 0.0


@each_set()
def test_where_the_density_is_wider_than_the_support(case, parameters):
    """There it is what it is inside, as far as the family says; the cdf keeps to the support."""
    d = case.distribution(**parameters)
    wider, support = domain(d, "log_prob"), d.support
    x = np.array([np.nextafter(support.lower, -np.inf), np.nextafter(support.upper, np.inf)])
    x = x[wider.check(x) & ~support.check(x) & np.isfinite(x)]
    assert np.isfinite(d.log_prob(x)).all()
    assert all(np.isfinite(slope).all() for slope in d.log_prob_and_grad(x)[1].values())
    np.testing.assert_array_equal(d.sf(x) + d.cdf(x), 1.0)


@each_set()
def test_inside_the_support(case, parameters):
    """No value of the support has a NaN density, and draws have a positive one."""
    d = case.distribution(**parameters)
    ends = np.array([d.support.lower, d.support.upper, d.icdf(1e-300), d.isf(1e-300)])
    assert not np.isnan(d.log_prob(ends)).any()
    x = np.asarray(d.sample((1000,), rng=3))
    assert not np.isnan(d.log_prob(x)).any()
    assert np.all(d.support.check(x))


@each_set("ordinary")
def test_mode_is_the_highest_point(case, parameters):
    d = case.distribution(**parameters)
    x = np.unique(np.append(inner(d, 4001, 1e-4, 1 - 1e-4), d.mode()))
    log_prob = d.log_prob(x)
    assert d.log_prob(d.mode()) == pytest.approx(log_prob.max(), abs=1e-13)
