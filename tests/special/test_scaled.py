"""Quotients by scales down to the least number, and the densities that are made of them."""

from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest

import fastdist as fd
from fastdist.special.scaled import log1p_over, over, reciprocal

SCALES = [5e-324, 1e-310, 2.0**-1023, 1e-200, 2.0**-120, 1.3, 1e300]


@pytest.mark.parametrize("scale", SCALES)
def test_quotients(scale):
    inverse = reciprocal(scale)
    for quotient in (-3.7, 1.0, 1e3, 123456.789):
        x = scale * quotient
        exact = Fraction(x) / Fraction(scale)
        assert abs(Fraction(over(x, inverse)) - exact) <= abs(exact) * Fraction(2.2e-16)
    assert over(0.0, inverse) == 0.0


@pytest.mark.parametrize("scale", SCALES)
def test_logarithms_of_quotients(scale):
    inverse = reciprocal(scale)
    for quotient in (0.0, 1e-9, 0.7, 1e3, 1e300, 1e302, 1e600):
        x = float(scale * mp.mpf(quotient if quotient < 1e500 else "1e600"))
        if x < np.inf:
            with mp.workdps(650):
                want = float(mp.log1p(mp.mpf(x) / mp.mpf(scale)))
            assert log1p_over(x, inverse) == pytest.approx(want, rel=3e-16)


@pytest.mark.parametrize(
    "of",
    [
        lambda scale: fd.Normal(0.0, scale),
        lambda scale: fd.Laplace(0.0, scale),
        lambda scale: fd.Cauchy(0.0, scale),
        lambda scale: fd.Logistic(0.0, scale),
        lambda scale: fd.Gumbel(0.0, scale),
        lambda scale: fd.StudentT(3.0, 0.0, scale),
        lambda scale: fd.SkewNormal(0.0, scale, 2.0),
        lambda scale: fd.HalfNormal(scale),
        lambda scale: fd.HalfCauchy(scale),
        lambda scale: fd.Rayleigh(scale),
        lambda scale: fd.Pareto(scale, 2.5),
        lambda scale: fd.GeneralizedExtremeValue(0.0, scale, 0.0),
        lambda scale: fd.GeneralizedPareto(0.0, scale, 0.0),
        lambda scale: fd.Triangular(0.0, 4.0 * scale, scale),
    ],
)
@pytest.mark.parametrize(("scale", "dtype"), [(2.0**-1040, np.float64), (2.0**-140, np.float32)])
def test_densities_of_subnormal_scales(of, scale, dtype):
    """Those of scale 1 at the same multiples of it, and derivatives that are numbers or infinite."""
    z = np.array([0.0, 0.25, 1.0, 1.5, 3.0, 20.0], dtype)
    d, unit = of(dtype(scale)), of(1.0)
    x = z * dtype(scale)
    want = unit.log_prob(z.astype(np.float64)) - np.log(scale)
    np.testing.assert_allclose(d.log_prob(x), want.astype(dtype), rtol=8 * np.finfo(dtype).eps)
    np.testing.assert_allclose(d.cdf(x), unit.cdf(z.astype(np.float64)), rtol=1e-5 if dtype is np.float32 else 4e-15)
    value, slopes = d.log_prob_and_grad(x)
    np.testing.assert_allclose(value, want.astype(dtype), rtol=8 * np.finfo(dtype).eps)
    assert not any(np.isnan(slope).any() for slope in slopes.values())
