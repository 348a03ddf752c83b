"""Student's t distribution against mpmath, the normal limit, and far tails."""

from pathlib import Path

import numpy as np
import pytest
from compiled import over
from scipy import special

from fastdist.engine.kernel import expression
from fastdist.special import student_t as st

REFERENCES = np.load(Path(__file__).parents[1] / "references" / "beta.npz")
T, DF = REFERENCES["t_in"].T
LOG_PDF, SF, LOG_SF, SAMPLE_GRAD = REFERENCES["t_out"].T


def of_df(prepared):
    """A function of t, or of a probability, and df."""
    return expression("prepared(x, constants(df))", "x, df", prepared=prepared, constants=st.student_t_constants)


cdf = of_df(st.student_t_cdf_prepared)
cdf_grad = of_df(st.student_t_cdf_grad_prepared)
icdf = of_df(st.student_t_icdf_prepared)
isf = of_df(st.student_t_isf_prepared)
log_cdf = of_df(st.student_t_log_cdf_prepared)
log_pdf = of_df(st.student_t_log_pdf_prepared)
log_sf = of_df(st.student_t_log_sf_prepared)
sample_grad = of_df(st.student_t_sample_grad_prepared)
sf = of_df(st.student_t_sf_prepared)


def relative(got, expected):
    with np.errstate(all="ignore"):
        error = np.where(got == expected, 0.0, np.abs(got / expected - 1))
    return np.where(np.isnan(error), np.inf, error)


def test_log_pdf_against_mpmath():
    assert np.max(relative(over(log_pdf, T, DF), LOG_PDF)) < 2e-15


def test_tails_against_mpmath():
    use = SF > 1e-307
    slack = 1 + np.abs(LOG_SF)
    assert np.max((relative(over(sf, T, DF), SF) / slack)[use]) < 1e-15
    assert np.max((relative(over(cdf, -T, DF), SF) / slack)[use]) < 1e-15
    assert np.max(relative(over(cdf, T, DF), 1 - SF)) < 1e-15
    assert np.max(relative(over(sf, -T, DF), 1 - SF)) < 1e-15


def test_log_tails_against_mpmath():
    assert np.max(relative(over(log_sf, T, DF), LOG_SF)) < 2e-15
    assert np.max(relative(over(log_cdf, -T, DF), LOG_SF)) < 2e-15


@pytest.mark.parametrize("sign", [1, -1])
def test_quantiles_against_mpmath(sign):
    use = (SF > 1e-300) & (SF < 0.5)
    t, df, p = T[use], DF[use], SF[use]
    rate = t * np.exp(LOG_PDF - LOG_SF)[use]
    inverse = isf if sign > 0 else icdf
    slack = 1 + (1 + np.abs(np.log(p))) / rate
    assert np.max(relative(over(inverse, p, df), sign * t) / slack) < 1e-15


def test_sample_gradient_against_mpmath():
    assert np.max(relative(over(sample_grad, T, DF), SAMPLE_GRAD)) < 4e-14
    assert np.max(relative(over(sample_grad, -T, DF), -SAMPLE_GRAD)) < 4e-14


def test_cdf_gradient_against_mpmath():
    use = LOG_PDF > -600
    cdf, in_df = over(cdf_grad, T[use], DF[use], outputs=2)
    np.testing.assert_allclose(cdf, 1 - SF[use], rtol=1e-15)
    expected = -SAMPLE_GRAD[use] * np.exp(LOG_PDF[use])
    assert np.max(relative(in_df, expected) / (1 + np.abs(LOG_PDF[use]))) < 4e-14


@pytest.mark.parametrize("df", [1e20, 1e300, np.inf])
def test_normal_limit(df):
    t = np.array([-40.0, -5.0, -0.3, 0.0, 1.0, 3.0])
    np.testing.assert_allclose(over(cdf, t, df), special.ndtr(t), rtol=2e-14)
    np.testing.assert_allclose(over(log_cdf, t, df), special.log_ndtr(t), rtol=1e-14)
    np.testing.assert_allclose(over(log_pdf, t, df), -0.5 * t * t - 0.9189385332046728, rtol=1e-15)
    p = np.array([1e-300, 1e-10, 0.2, 0.5, 0.9])
    np.testing.assert_allclose(over(icdf, p, df), special.ndtri(p), rtol=1e-14)


def test_far_tails():
    # log cdf(t) -> log(C df**((df - 1) / 2)) - df log|t|: 5 degrees of freedom at -1e300
    assert float(over(log_cdf, -1e300, 5.0)) == pytest.approx(-3451.627383255255, rel=1e-14)
    t = -(10.0 ** np.arange(8, 300, 7))
    for df in (0.3, 1.0, 7.0, 60.0):
        slope = np.diff(over(log_cdf, t, df)) / np.diff(np.log(-t))
        np.testing.assert_allclose(slope, -df, rtol=1e-11)


def test_special_values():
    df = np.array([0.1, 5.0, 50.0, np.inf])
    one = np.ones(4)
    np.testing.assert_array_equal(over(cdf, -np.inf, df), 0 * one)
    np.testing.assert_array_equal(over(cdf, np.inf, df), one)
    np.testing.assert_array_equal(over(log_pdf, np.inf, df), -np.inf * one)
    np.testing.assert_array_equal(over(cdf, 0.0, df), 0.5 * one)
    np.testing.assert_array_equal(over(icdf, 0.0, df), -np.inf * one)
    np.testing.assert_array_equal(over(icdf, 1.0, df), np.inf * one)
    np.testing.assert_array_equal(over(icdf, 0.5, df), 0 * one)
    for function in (
        cdf,
        log_sf,
        log_pdf,
        icdf,
        sample_grad,
    ):
        assert np.isnan(over(function, np.nan, df)).all()
        assert np.isnan(over(function, 0.3, np.nan)).all()


def test_cpython_agrees():
    for t, df in [(0.3, 5.0), (-2.0, 1.0), (1.5, 80.0), (9.0, 3.5)]:
        assert cdf(t, df) == pytest.approx(float(over(cdf, t, df)), rel=1e-13)
        assert log_pdf(t, df) == pytest.approx(float(over(log_pdf, t, df)), rel=1e-14)
        assert sample_grad(t, df) == pytest.approx(float(over(sample_grad, t, df)), rel=1e-11)
    assert icdf(0.1, 5.0) == pytest.approx(float(over(icdf, 0.1, 5.0)), rel=1e-13)
