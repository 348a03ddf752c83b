"""fastdist.special.erf against mpmath and SciPy's tables."""

from pathlib import Path

import numpy as np
import pytest
import scipy.special
from compiled import over

from fastdist.special import erf

REFERENCES = np.load(Path(__file__).parents[1] / "references" / "erf.npz")
TABLES = Path(scipy.special.__file__).parent / "tests" / "data" / "boost.npz"
ULP = 2.0**-52
INF, NAN = np.inf, np.nan


@pytest.mark.parametrize(("name", "ulps"), [("erf", 1.5), ("erfc", 3), ("erfcx", 2.5)])
def test_agrees_with_mpmath(name, ulps):
    x, expected = REFERENCES[name]
    np.testing.assert_allclose(over(getattr(erf, name), x), expected, rtol=ulps * ULP, atol=5e-323)


def test_scipy_tables():
    tables = np.load(TABLES)
    for key in ("erf_data", "erf_large_data", "erf_small_data"):
        x, expected_erf, expected_erfc = tables[f"{key}_ipp-{key}"].T
        np.testing.assert_allclose(over(erf.erf, x), expected_erf, rtol=4e-16)
        regular = expected_erfc > 1e-307
        np.testing.assert_allclose(over(erf.erfc, x)[regular], expected_erfc[regular], rtol=8e-16)


def test_special_values():
    x = np.array([0.0, -0.0, INF, -INF, NAN, 5e-324, 1e200, -1e200])
    np.testing.assert_array_equal(over(erf.erf, x)[:5], [0, 0, 1, -1, NAN])
    np.testing.assert_array_equal(np.signbit(over(erf.erf, x)[:2]), [False, True])
    np.testing.assert_array_equal(over(erf.erfc, x), [1, 1, 0, 2, NAN, 1, 0, 2])
    np.testing.assert_array_equal(over(erf.erfcx, x)[:6], [1, 1, 0, INF, NAN, 1])
    np.testing.assert_allclose(over(erf.erfcx, [1e200, 1.7e308]), [5.641895835477563e-201, 3.318762256163272e-309])


@pytest.mark.parametrize("name", ["erf", "erfc", "erfcx"])
def test_cpython_is_the_same_formula(name):
    x, expected = REFERENCES[name][:, :100]
    function = getattr(erf, name)
    np.testing.assert_allclose([function(v) for v in x.tolist()], expected, rtol=3e-13)
