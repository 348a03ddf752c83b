"""SciPy's spellings: present on every distribution, and numerically those of SciPy's frozen objects."""

import numpy as np
import pytest
from helpers import domain, each_case, each_set, inner

import fastdist as fd

ALIASES = {
    "pdf": "prob",
    "pmf": "prob",
    "logpdf": "log_prob",
    "logpmf": "log_prob",
    "logcdf": "log_cdf",
    "logsf": "log_sf",
    "ppf": "icdf",
}


@each_case
@pytest.mark.parametrize(("alias", "name"), ALIASES.items())
def test_aliases(case, alias, name):
    d = case.distribution(**case.ordinary[0])
    x = np.array([0.25, 0.5, 1.0])
    np.testing.assert_array_equal(getattr(d, alias)(x), getattr(d, name)(x))


@each_set("ordinary", scipy=True)
def test_functions_of_a_value(case, parameters):
    d, other = case.distribution(**parameters), case.scipy(**parameters)
    x = np.concatenate([inner(d, 40), [d.support.lower - 1.0, d.support.upper + 1.0]])
    # SciPy continues the cdf too where the density is wider than the support.
    x = x[np.isfinite(x) & (d.support.check(x) | (domain(d, "log_prob") == d.support))]
    density = "pmf" if d.support.is_discrete else "pdf"
    for name in (density, f"log{density}", "cdf", "sf", "logcdf", "logsf"):
        with np.errstate(all="ignore"):
            want = getattr(other, name)(x)
        np.testing.assert_allclose(getattr(d, name)(x), want, rtol=1e-10, atol=1e-15, err_msg=name)


@each_set("ordinary", scipy=True)
def test_quantiles(case, parameters):
    d, other = case.distribution(**parameters), case.scipy(**parameters)
    p = np.linspace(0.013, 0.987, 40)
    np.testing.assert_allclose(d.ppf(p), other.ppf(p), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(d.isf(p), other.isf(p), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(d.interval(0.9), other.interval(0.9), rtol=1e-10, atol=1e-12)


@each_set("ordinary", scipy=True, moments=True)
def test_summaries(case, parameters):
    d, other = case.distribution(**parameters), case.scipy(**parameters)
    with np.errstate(all="ignore"):
        _compare_summaries(d, other)


def _compare_summaries(d, other):
    np.testing.assert_allclose(d.stats("mvsk"), other.stats("mvsk"), rtol=1e-9, atol=1e-9)
    for name in ("mean", "var", "std", "median"):
        assert getattr(d, name)() == pytest.approx(getattr(other, name)(), rel=1e-10, abs=1e-12), name
    assert d.entropy() == pytest.approx(other.entropy(), rel=1e-8, abs=1e-8)
    assert d.moment(2) == pytest.approx(other.moment(2), rel=1e-8)
    assert d.expect(np.cos) == pytest.approx(other.expect(np.cos), rel=1e-6, abs=1e-6)


@each_case
def test_rvs(case):
    """`size` counts the batch's axes; draws are those of `sample` with the same seed."""
    d = case.distribution(**case.ordinary[0])
    np.testing.assert_array_equal(d.rvs(5, random_state=3), d.sample((5,), rng=3))
    np.testing.assert_array_equal(d.rvs((2, 3), 3), d.sample((2, 3), rng=3))
    assert d.rvs(random_state=3) == d.sample(rng=3)
    many = case.distribution(**{name: [p[name] for p in case.ordinary] for name in case.parameters})
    n = len(case.ordinary)
    assert many.rvs().shape == (n,)
    np.testing.assert_array_equal(many.rvs((4, n), random_state=3), many.sample((4,), rng=3))
    for size in (4, (n, 4), (n + 1,)):
        with pytest.raises(ValueError, match="size"):
            many.rvs(size)
    with pytest.raises((TypeError, ValueError)):
        d.rvs(2.5)


def test_arguments_that_are_none_of_scipys():
    d = fd.Normal(0.0, 1.0)
    for moments in ("q", ""):
        with pytest.raises(ValueError, match=r"Normal\.stats: moments must be letters of 'mvsk'; got"):
            d.stats(moments)
    with pytest.raises(TypeError, match=r"Normal\.stats: moments must be letters of 'mvsk'; got 3"):
        d.stats(3)
    with pytest.raises(TypeError, match=r"Normal\.interval: confidence must be real numbers; got 'a'"):
        d.interval("a")
