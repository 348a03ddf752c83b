"""Standard deviations that are numbers where the variance is not one of float64."""

import numpy as np
import pytest

import fastdist as fd

# Each by its scale.
FAMILIES = {
    "Normal": lambda s: fd.Normal(0.0, s),
    "Laplace": lambda s: fd.Laplace(0.0, s),
    "Logistic": lambda s: fd.Logistic(0.0, s),
    "Gumbel": lambda s: fd.Gumbel(0.0, s),
    "HalfNormal": fd.HalfNormal,
    "Rayleigh": fd.Rayleigh,
    "Exponential": lambda s: fd.Exponential(1.0 / s),
    "Uniform": lambda s: fd.Uniform(0.0, s),
    "Triangular": lambda s: fd.Triangular(0.0, s, 0.25 * s),
    "StudentT": lambda s: fd.StudentT(5.0, 0.0, s),
    "Gamma": lambda s: fd.Gamma(3.0, 1.0 / s),
    "Weibull": lambda s: fd.Weibull(s, 2.0),
    "Pareto": lambda s: fd.Pareto(s, 5.0),
    "LogNormal": lambda s: fd.LogNormal(np.log(s), 1.0),
    "InverseGamma": lambda s: fd.InverseGamma(4.0, s),
    "InverseGaussian": lambda s: fd.InverseGaussian(s, s),
    "SkewNormal": lambda s: fd.SkewNormal(0.0, s, 1.0),
    "GeneralizedPareto": lambda s: fd.GeneralizedPareto(0.0, s, 0.125),
    "GeneralizedExtremeValue": lambda s: fd.GeneralizedExtremeValue(0.0, s, 0.125),
    "TruncatedNormal": lambda s: fd.TruncatedNormal(0.0, s, -s, 2.0 * s),
    "Affine": lambda s: fd.TransformedDistribution(fd.Gumbel(0.0, 1.0), fd.transforms.AffineTransform(1.0, -s)),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_standard_deviations_at_extreme_scales(name):
    make = FAMILIES[name]
    plain, bound = make(1.0), 1e-15 if name != "LogNormal" else 1e-13  # the logarithm of a scale is rounded
    assert plain.stddev() == pytest.approx(np.sqrt(plain.variance()), rel=4e-16)
    for scale in (1e200, 1e-200):
        assert make(scale).stddev() == pytest.approx(scale * plain.stddev(), rel=bound)


def test_standard_deviations_of_a_narrow_log_normal():
    for scale in (1e-200, 1e-9, 1e-8, 1e-3):
        expected = scale * (1.0 + 0.75 * scale * scale)
        assert fd.LogNormal(0.0, scale).stddev() == pytest.approx(expected, rel=1e-12)


def test_other_standard_deviations():
    assert fd.Geometric(1e-200).stddev() == pytest.approx(1e200, rel=1e-15)
    assert fd.NegativeBinomial(4.0, logits=400.0).stddev() == pytest.approx(2.0 * np.exp(400.0), rel=1e-13)
    assert fd.Normal(0.0, np.float32(1e30)).stddev() == np.float32(1e30)
    np.testing.assert_array_equal(fd.Independent(fd.Normal([0.0, 1.0], [1e200, 1.0]), 1).stddev(), [1e200, 1.0])
    assert np.isnan(fd.Cauchy(0.0, 1.0).stddev()) and fd.StudentT(2.0, 0.0, 1.0).stddev() == np.inf


def test_their_derivatives():
    for d, slope in (
        (fd.Normal(0.0, fd.Dual(1e200, 1.0)), 1.0),
        (fd.Gamma(fd.Dual(4.0, 1.0), 1e-200), 0.25e200),
        (fd.Gumbel(0.0, fd.Dual(1e-200, 1.0)), np.pi / np.sqrt(6.0)),
    ):
        assert d.stddev().tangent == pytest.approx(slope, rel=1e-15)
