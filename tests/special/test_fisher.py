"""Derivatives of the F distribution's tails: the incomplete beta function's where nothing cancels, symmetry, limits."""

import numpy as np
import pytest
from compiled import over

from fastdist.engine.kernel import kernel
from fastdist.special.beta import beta_log_kernel, digamma_gap_fall, saddle_offset
from fastdist.special.fisher import fisher_constants, fisher_slopes
from fastdist.special.incomplete_beta import betainc_grad, betaincinv


@kernel(heavy=True)
def slopes(a, b, x, y):
    return fisher_slopes(x, y, saddle_offset(a, b, x, y), fisher_constants(a, b))


SHAPES = 10.0 ** np.arange(-3, 9)
A, B, P = (v.ravel() for v in np.meshgrid(SHAPES, 1.3 * SHAPES, [1e-30, 1e-6, 0.01, 0.4, 0.9, 1 - 1e-9]))
X, Y = over(betaincinv, A, B, P, outputs=2)


def test_against_the_incomplete_beta_function():
    """The sum of its derivative and a share of the density, to what these lose by cancelling."""
    in_a, in_b = over(slopes, A, B, X, Y, outputs=2)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        _, _, beta_a, beta_b = over(betainc_grad, A, B, X, Y, outputs=4)
        height = np.exp(over(beta_log_kernel, A, B, X, Y))
        use = (height > 1e-250) & (X > 0) & (Y > 0)
        for got, part, share in ((in_a, beta_a, 1 / A), (in_b, beta_b, -1 / B)):
            part = (part / height)[use]
            error = np.abs(got[use] - (part + share[use]))
            assert np.max(error / (np.abs(part) + np.abs(share[use]))) < 5e-12


def test_reciprocal_has_the_parameters_swapped():
    in_a, in_b = over(slopes, A, B, X, Y, outputs=2)
    assert not np.isnan(in_a + in_b).any()
    swapped_b, swapped_a = over(slopes, B, A, Y, X, outputs=2)
    np.testing.assert_allclose(in_a, -swapped_a, rtol=2e-11)
    np.testing.assert_allclose(in_b, -swapped_b, rtol=2e-11)


@pytest.mark.parametrize("b", [5.0, 40.0, 2e3])
def test_a_large_parameter_matters_little(b):
    """As a grows its derivative falls like 1 / a**2, also where the sum of the two parts is all rounding."""
    a = np.array([1e9, 1e12])
    x, y = over(betaincinv, a, b, np.array([0.02, 0.3, 0.8])[:, None], outputs=2)
    in_a, _ = over(slopes, a, b, x, y, outputs=2)
    np.testing.assert_allclose(in_a[:, 0] * a[0] ** 2, in_a[:, 1] * a[1] ** 2, rtol=5e-6)


def test_gap_fall():
    """digamma(1) - digamma(1/2) = 2 log(2), and for large b by the leading terms of the series."""
    assert digamma_gap_fall(0.5, 0.5) == pytest.approx(np.log(2.0), rel=1e-14)
    b, a = np.array([1e5, 1e8, 1e200]), np.array([1e-9, 3.0, 1e-100])
    want = a / (2 * b) / (a + b)
    np.testing.assert_allclose(over(digamma_gap_fall, b, a), want * (1 + (a / b + 2) / 6 / (a + b)), rtol=1e-13)
