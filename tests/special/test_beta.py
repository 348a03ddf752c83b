"""The logarithm of the beta function and the beta kernel, against mpmath."""

from pathlib import Path

import mpmath as mp
import numpy as np
import pytest
from compiled import over

from fastdist.special import beta

REFERENCES = np.load(Path(__file__).parents[1] / "references" / "beta.npz")
INF, NAN = np.inf, np.nan


def test_betaln_against_mpmath():
    a, b = REFERENCES["ln_in"].T
    np.testing.assert_allclose(over(beta.betaln, a, b), REFERENCES["ln_out"], rtol=4e-15)


def test_betaln_is_symmetric():
    a, b = REFERENCES["ln_in"].T
    np.testing.assert_array_equal(over(beta.betaln, a, b), over(beta.betaln, b, a))


@pytest.mark.parametrize(
    ("a", "b", "value"),
    [
        (1.0, 1.0, 0.0),
        (0.0, 2.0, INF),
        (2.0, INF, -INF),
        (NAN, 1.0, NAN),
        (1.0, NAN, NAN),
        (1e-300, 5.0, 690.7755278982137),
    ],
)
def test_betaln_special_values(a, b, value):
    np.testing.assert_allclose(over(beta.betaln, a, b), value, rtol=1e-15, atol=1e-15)


def test_log_kernel_against_mpmath():
    a, b, x, y = REFERENCES["beta_in"].T
    log_k = REFERENCES["beta_out"][:, 6]
    error = np.abs(over(beta.beta_log_kernel, a, b, x, y) - log_k)
    # what half an ulp in the smaller of x and y, and the rounding of the result, would cause
    reach = np.abs(a * y - b * x) / np.maximum(x, y)
    assert np.max(error / (3e-16 * (1 + np.abs(log_k)) + 1.1e-16 * reach)) < 16


def test_curvature_where_its_two_forms_meet():
    u = np.array([-0.29000001, -0.28999999, 0.40999999, 0.41000001, 1e-9, 0.0])
    with mp.workdps(40):
        expected = [float(2 * (v - mp.log1p(v)) / v**2) if v else 1.0 for v in map(mp.mpf, u)]
    np.testing.assert_allclose(over(beta.log_curvature, u), expected, rtol=2e-15)


def test_curvature_of_inverses():
    for x in (1.0 + 2.0**-50, 1.0 + 3e-9, 1.25, 3.4, 3.5, 1e12):
        with mp.workdps(60):
            u = -1 / mp.mpf(x)
            expected = 2 * (u - mp.log1p(u)) / u**2
        assert beta.inverse_curvature(x) == pytest.approx(float(expected), rel=2e-15)


def test_logarithms_beyond_a_level():
    for x, y, level in (
        (3.0, 7.0, -0.8472978603872037),
        (5e20, 1.0, 47.6610806),
        (1e300, 1e-300, 1381.0),
        (2.5, 2.0, 4.0),
    ):
        with mp.workdps(60):
            expected = mp.log(mp.mpf(x) / mp.mpf(y)) - mp.mpf(level)
        assert beta.log_beyond(x, y, level) == pytest.approx(float(expected), rel=1e-12, abs=1e-16)


def test_cpython_agrees():
    for a, b, x, y in [(2.0, 3.0, 0.3, 0.7), (40.0, 50.0, 0.5, 0.5), (0.1, 7.0, 0.01, 0.99)]:
        assert beta.betaln(a, b) == pytest.approx(float(over(beta.betaln, a, b)), rel=1e-14)
        assert beta.beta_log_kernel(a, b, x, y) == pytest.approx(
            float(over(beta.beta_log_kernel, a, b, x, y)), rel=1e-13
        )
