"""Values at the ends of float64 and of the support: there too is an answer."""

import mpmath as mp
import numpy as np
import pytest
from helpers import HELD

import fastdist as fd

EDGES = np.array([0.0, 1.0, 5e-324, -5e-324, 1e19, 1e100, 1e308, 1.79e308, -1e19, -1e100, -1e308, np.inf, -np.inf])
LEVELS = np.array([0.0, 5e-324, 1e-300, 0.5, 1.0 - 2.0**-53, 1.0])

# Of larger ones the cosine is not given.
LARGEST_ANGLE = 1e15

CONTINUOUS = [
    pytest.param(c, marks=pytest.mark.slow if str(c).startswith("Truncated(") else [])
    for c in HELD
    if not c.distribution.support.is_discrete
]


@pytest.mark.parametrize("case", CONTINUOUS, ids=str)
def test_every_value_has_a_density_and_tails(case):
    for parameters in case.ordinary + case.extreme:
        d = case.distribution(**parameters)
        ends = [d.support.lower, d.support.upper]
        x = np.concatenate([EDGES, ends, np.nextafter(ends, 0.0)])
        x = x[np.abs(x) < LARGEST_ANGLE] if isinstance(d, fd.VonMises) else x
        for method in ("log_prob", "prob", "cdf", "sf", "log_cdf", "log_sf"):
            got = getattr(d, method)(x)
            assert not np.isnan(got).any(), (parameters, method, x[np.isnan(got)])
        for method in ("icdf", "isf"):
            got = getattr(d, method)(LEVELS)
            assert not np.isnan(got).any(), (parameters, method, LEVELS[np.isnan(got)])


@pytest.mark.parametrize(
    ("d", "x", "slope"),
    [
        (fd.Weibull(2.5, 1.0), 0.0, -0.4),
        (fd.FisherSnedecor(2.0, 5.0), 0.0, -1.4),
        (fd.Kumaraswamy(1.5, 1.0), 1.0, 0.5),
        (fd.Kumaraswamy(1.0, 1.0), 0.0, 0.0),
        (fd.Kumaraswamy(2.0, 3.0), 1.0, -np.inf),
    ],
)
def test_slopes_at_an_end_are_limits(d, x, slope):
    _, grad = d.log_prob_and_grad(x)
    assert grad["value"] == pytest.approx(slope, rel=1e-15)
    if x > 0.0:
        assert grad["concentration1"] == pytest.approx(d.concentration0 / d.concentration1, rel=1e-15)


@pytest.mark.parametrize("d", [fd.Normal(10.0, 0.25), fd.Cauchy(10.0, 0.25), fd.Laplace(10.0, 0.25)], ids=str)
def test_far_out_a_cdf_does_not_move(d):
    _, grad = d.cdf_and_grad(np.array([1e308, -1e308]))
    for name in grad:
        np.testing.assert_allclose(grad[name], 0.0, atol=1e-300)


@pytest.mark.parametrize("family", [fd.Cauchy, fd.HalfCauchy, fd.Logistic, fd.Rayleigh])
@pytest.mark.parametrize("scale", [5e-324, 1e-310])
def test_a_subnormal_scale(family, scale):
    """Its reciprocal is infinite: the density is 0 but next to the location."""
    where = {"loc": 0.0} if "loc" in family.arg_constraints else {}
    np.testing.assert_allclose(family(**where, scale=scale).prob([1.0, 1e300]), 0.0, atol=1e-305)


# Their slopes far out have forms of their own.
STEEP = (
    "Cauchy",
    "GeneralizedPareto",
    "GeneralizedExtremeValue",
    "Rayleigh",
    "InverseGaussian",
    "NegativeBinomial(probs)",
)


@pytest.mark.parametrize(
    "case", [pytest.param(c, marks=[] if str(c) in STEEP else pytest.mark.slow) for c in HELD], ids=str
)
def test_every_value_has_slopes(case):
    """Far out, next to 0 and at the ends of the support: a limit, 0 or infinite, if it is no number."""
    for parameters in case.ordinary + case.extreme:
        d = case.distribution(**parameters)
        ends = np.array([d.support.lower, d.support.upper], float)
        x = np.concatenate([EDGES, ends, np.nextafter(ends, 0.0)])
        x = x[np.abs(x) < LARGEST_ANGLE] if isinstance(d, fd.VonMises) else x
        for method in case.gradients:
            value, grad = getattr(d, f"{method}_and_grad")(x)
            for name, slope in {"": value, **grad}.items():
                assert not np.isnan(slope).any(), (parameters, method, name, x[np.isnan(slope)])


@pytest.mark.parametrize(
    ("d", "x", "slopes"),
    [
        (fd.GeneralizedPareto(2.0, 0.25, -0.25), 3.0, (-np.inf, np.inf, np.inf, np.inf)),
        (fd.GeneralizedPareto(0.0, 0.001, -2.0), 0.0005, (np.inf, -np.inf, -np.inf, -np.inf)),
        (fd.GeneralizedPareto(0.0, 1.0, -1.0), 1.0, (0.0, 0.0, -1.0, -np.inf)),
        (fd.GeneralizedExtremeValue(2.0, 0.25, -0.25), 3.0, (-np.inf, np.inf, np.inf, np.inf)),
        (fd.GeneralizedExtremeValue(0.0, 0.001, -2.0), 0.0005, (np.inf, -np.inf, -np.inf, -np.inf)),
        (fd.GeneralizedExtremeValue(0.0, 1.0, -1.0), 1.0, (1.0, -1.0, -2.0, -np.inf)),
        (fd.GeneralizedExtremeValue(0.0, 1.0, 1.0), -1.0, (np.inf, -np.inf, np.inf, -np.inf)),
        (fd.Rayleigh(2.0), 0.0, (np.inf, -1.0)),
        (fd.Cauchy(0.0, 0.5), 1e308, (0.0, 0.0, 2.0)),
        (fd.InverseGaussian(1.0, 2.0), 5e-324, (np.inf, 0.0, -np.inf)),
    ],
    ids=str,
)
def test_slopes_at_an_end(d, x, slopes):
    """What differences just inside tend to."""
    _, grad = d.log_prob_and_grad(x)
    if not isinstance(d, fd.InverseGaussian):
        np.testing.assert_allclose(list(grad.values()), slopes, rtol=1e-14, atol=1e-307)
    else:
        assert grad["value"] == np.inf


@pytest.mark.parametrize("concentration", [-4.039972258294502, -0.46386475528837895, -1.7304261525498834, -1.0])
def test_an_end_that_rounding_moves_outwards(concentration):
    d = fd.GeneralizedPareto(-0.5369532353602852, 0.2476147898589316, concentration)
    x = np.nextafter(d.support.upper, [-np.inf, d.support.upper])
    assert not np.isnan(d.log_prob(x)).any() and not np.isnan(d.cdf_and_grad(x)[1]["scale"]).any()


@pytest.mark.parametrize("x", [0.0, 1e-200, 1e-20, 1e-8, 0.3, 1.0])
def test_slope_of_a_relaxed_bernoulli_of_temperature_1(x):
    """x (1 - x) cancels in its density, c / (1 - x + c x)**2 with c = exp(-logits)."""
    _, grad = fd.RelaxedBernoulli(1.0, logits=1.0).log_prob_and_grad(x)
    c = np.exp(-1.0)
    assert grad["value"] == pytest.approx(2.0 * (1.0 - c) / (1.0 - x + c * x), rel=1e-14)


EXTREMES = (5e-324, 1.5e-323, 1e-310, 1e-154, 0.7, 1e154, 1e300, 1.7e308)


@pytest.mark.parametrize("scale", EXTREMES)
@pytest.mark.parametrize("value", EXTREMES)
def test_logarithms_where_the_ratio_to_the_scale_is_no_number(value, scale):
    half, weibull = fd.HalfCauchy(scale), fd.Weibull(scale, 1.5)
    with mp.workdps(700):
        ratio = mp.mpf(value) / mp.mpf(scale)
        expected = [mp.log(2 * mp.atan(ratio) / mp.pi), mp.log(2 * mp.atan(1 / ratio) / mp.pi), -(ratio ** mp.mpf(1.5))]
        expected.append(mp.log(-mp.expm1(expected[2])) if ratio < 1e6 else mp.mpf(0))
        want = [float(v) for v in expected]
    got = half.log_cdf(value), half.log_sf(value), weibull.log_sf(value), weibull.log_cdf(value)
    np.testing.assert_allclose(got[:2], want[:2], rtol=1e-15, atol=1e-307)
    # A hazard has the rounding of the logarithm that its power is made of.
    np.testing.assert_allclose(got[2:], want[2:], rtol=1e-12, atol=1e-307)
    assert not np.isnan(weibull.log_prob(value))
