"""Gradients: what they contain, where they are 0, and the identity of the score. Values: test_exact.py."""

import numpy as np
import pytest
from cases import CASES
from helpers import HELD, Reference, batch, domain, each_gradient, inner, values

regular = pytest.mark.parametrize("case", [c for c in CASES if c.regular], ids=str)


def expected_names(case):
    return case.parameters if case.distribution.support.is_discrete else ("value", *case.parameters)


@each_gradient()
def test_names_shapes_and_values(case, method):
    """The value comes with its own method's result, and one derivative an input, of the result's shape."""
    d = case.distribution(**batch(case, (3,)))
    x = values(case, (4, 3))
    result, grad = getattr(d, f"{method}_and_grad")(x)
    assert tuple(grad) == expected_names(case)
    np.testing.assert_allclose(result, getattr(d, method)(x), rtol=1e-14, atol=1e-15)
    for name, slope in grad.items():
        event = np.shape(case.ordinary[0][name]) if name != "value" else ()
        assert slope.shape == (4, 3, *event) and slope.dtype == np.float64


@each_gradient("ordinary")
def test_scalars(case, parameters, method):
    """A scalar gives NumPy scalars, equal to the array's elements."""
    d = case.distribution(**parameters)
    x = inner(d, 3)
    many, grads = getattr(d, f"{method}_and_grad")(x)
    one, grad = getattr(d, f"{method}_and_grad")(x[1].item())
    assert isinstance(one, np.float64) and one == many[1]
    for name, slope in grad.items():
        np.testing.assert_array_equal(slope, grads[name][1])
        assert np.ndim(slope) or isinstance(slope, np.float64)


@each_gradient("sets")
def test_outside_the_support(case, parameters, method):
    """Derivatives are 0 outside, NaN for NaN."""
    d = case.distribution(**parameters)
    support = domain(d, method)
    below = support.lower - 10.0 if np.isfinite(support.lower) else -np.inf
    above = support.upper * 2 + 10.0 if np.isfinite(support.upper) else np.inf
    x = np.array([below, above, np.nan])
    x = x[~support.check(x)]
    result, grad = getattr(d, f"{method}_and_grad")(x)
    np.testing.assert_array_equal(result, getattr(d, method)(x))
    for slope in grad.values():
        np.testing.assert_array_equal(slope[:-1], 0.0)
    assert np.isnan(result[-1])


@pytest.mark.parametrize("case", [c for c in HELD if not c.distribution.support.is_discrete], ids=str)
def test_slope_of_the_cdf_is_the_density(case):
    reference = Reference(case)
    d = reference.distribution
    _, grad = d.cdf_and_grad(reference["value"])
    np.testing.assert_allclose(grad["value"], d.prob(reference["value"]), rtol=1e-12, atol=1e-320)


@regular
def test_score_has_mean_zero(case):
    """E[d log_prob / d parameter] = 0, from 10^6 draws, to six standard errors."""
    for parameters in case.ordinary:
        d = case.distribution(**parameters)
        x = d.sample((1_000_000,), rng=11)
        _, grad = d.log_prob_and_grad(x)
        for name in case.parameters:
            slope = grad[name]
            error = slope.std(axis=0) / np.sqrt(len(slope))
            assert np.all(np.abs(slope.mean(axis=0)) <= 6 * error + 1e-12), (parameters, name)


@pytest.mark.parametrize("case", [c for c in HELD if "cdf" not in c.gradients], ids=str)
def test_no_form_with_derivatives(case):
    """What a family lacks, it says so."""
    d = case.distribution(**case.ordinary[0])
    with pytest.raises(NotImplementedError, match=f"{case.distribution.__name__}.cdf_and_grad"):
        d.cdf_and_grad(1.0)
