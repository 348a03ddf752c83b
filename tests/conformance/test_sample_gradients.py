"""Differentiable draws: the draws of `sample`, and derivatives that keep each draw's cdf value."""

import numpy as np
import pytest
from cases import CASES
from helpers import batch, each_case, integral, reparameterised

N = 1_000_000


@reparameterised
def test_draws_are_those_of_sample(case):
    d = case.distribution(**batch(case, (3,)))
    x, grad = d.rsample_and_grad((5,), rng=3)
    np.testing.assert_array_equal(x, d.sample((5,), rng=3))
    np.testing.assert_array_equal(x, d.rsample((5,), rng=3))
    assert tuple(grad) == case.parameters
    assert all(slope.shape == (5, 3) for slope in grad.values())


@reparameterised
def test_scalars(case):
    d = case.distribution(**case.ordinary[0])
    x, grad = d.rsample_and_grad(rng=3)
    many, grads = d.rsample_and_grad((2,), rng=3)
    assert isinstance(x, np.float64) and x == many[0]
    for name, slope in grad.items():
        assert isinstance(slope, np.float64) and slope == grads[name][0]


@reparameterised
def test_implicit_formula(case):
    """dx/dtheta = -(dF/dtheta) / density."""
    d = case.distribution(**batch(case, (3,)))
    x, grad = d.rsample_and_grad((1000,), rng=4)
    _, slopes = d.cdf_and_grad(x)
    density = d.prob(x)
    good = (density > 0) & (d.cdf(x) > 0.01)
    for name, slope in grad.items():
        np.testing.assert_allclose(
            slope[good], (-slopes[name] / density)[good], rtol=1e-9, atol=1e-9 * np.abs(slope).mean()
        )


@reparameterised
def test_mean_of_a_derivative_is_the_derivative_of_a_mean(case):
    """E[h'(x) dx/dtheta] = d/dtheta E[h(x)] for a bounded h, at 10^6 draws, to six standard errors."""
    for parameters in case.ordinary:
        d = case.distribution(**parameters)
        center, unit = d.median(), d.isf(0.25) - d.icdf(0.25)
        x, grad = d.rsample_and_grad((N,), rng=6)
        pull = 1 / (unit * (1 + ((x - center) / unit) ** 2))

        def mean(moved, center=center, unit=unit):
            return integral(case.distribution(**moved), lambda v: np.arctan((v - center) / unit))

        for name in case.parameters:
            step = 1e-4 * (abs(parameters[name]) or unit)
            up, down = (mean({**parameters, name: parameters[name] + s}) for s in (step, -step))
            terms = pull * grad[name]
            error = 6 * terms.std() / np.sqrt(N) + 1e-7 * np.abs(terms).mean()
            assert abs(terms.mean() - (up - down) / (2 * step)) <= error, (parameters, name)


@reparameterised
def test_derivatives_are_finite_at_extremes(case):
    """Also where draws reach the ends of float64."""
    for parameters in case.sets:
        x, grad = case.distribution(**parameters).rsample_and_grad((10_000,), rng=7)
        inside = np.isfinite(x)
        for name, slope in grad.items():
            assert not np.isnan(slope[inside]).any(), (parameters, name)


@pytest.mark.parametrize("case", [c for c in CASES if not c.distribution.has_rsample], ids=str)
def test_refused_where_draws_are_not_differentiable(case):
    d = case.distribution(**case.ordinary[0])
    for method in (d.rsample, d.rsample_and_grad):
        with pytest.raises(NotImplementedError, match=f"{case.distribution.__name__}.*not differentiable"):
            method((3,), rng=1)


@each_case
def test_the_flag_tells(case):
    assert case.distribution.has_rsample == ("sample_grad" in case.distribution.kernels)
