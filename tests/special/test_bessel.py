"""fastdist.special.bessel against mpmath and SciPy's tables."""

from pathlib import Path

import numpy as np
import pytest
import scipy.special
from compiled import over

from fastdist.special import bessel

REFERENCES = np.load(Path(__file__).parents[1] / "references" / "bessel.npz")["values"]
NAMES = ("i0e", "i1e", "bessel_ratio", "bessel_ratio_gap")
TABLES = Path(scipy.special.__file__).parent / "tests" / "data" / "boost.npz"
ULP = 2.0**-52
INF, NAN = np.inf, np.nan


@pytest.mark.parametrize(("name", "ulps"), [("i0e", 4), ("i1e", 4), ("bessel_ratio", 3), ("bessel_ratio_gap", 8)])
def test_agrees_with_mpmath(name, ulps):
    x, expected = REFERENCES[0], REFERENCES[1 + NAMES.index(name)]
    np.testing.assert_allclose(over(getattr(bessel, name), x), expected, rtol=ulps * ULP, atol=5e-323)


@pytest.mark.parametrize("order", [0, 1])
def test_scipy_tables(order):
    orders, x, expected = np.load(TABLES)["bessel_i_int_data_ipp-bessel_i_int_data"].T
    chosen = orders == order
    assert np.count_nonzero(chosen) > 10
    got = over((bessel.i0e, bessel.i1e)[order], x[chosen])
    np.testing.assert_allclose(got, expected[chosen] * np.exp(-np.abs(x[chosen])), rtol=1e-15)


def test_special_values():
    x = np.array([0.0, INF, -INF, NAN, 5e-324, 1e308])
    np.testing.assert_allclose(over(bessel.i0e, x), [1, 0, 0, NAN, 1, 3.989422804014327e-155], rtol=4e-16)
    np.testing.assert_allclose(over(bessel.i1e, x)[:5], [0, 0, 0, NAN, 0], atol=5e-324)
    np.testing.assert_array_equal(over(bessel.bessel_ratio, x)[:4], [0, 1, -1, NAN])
    np.testing.assert_array_equal(over(bessel.bessel_ratio_gap, x)[:4], [1, 0, 2, NAN])


@pytest.mark.parametrize(("name", "sign"), [("i0e", 1), ("i1e", -1), ("bessel_ratio", -1)])
def test_even_or_odd(name, sign):
    x = REFERENCES[0]
    function = getattr(bessel, name)
    np.testing.assert_array_equal(over(function, -x), sign * over(function, x))


def test_the_gap_on_the_other_side():
    x = REFERENCES[0][:100]
    np.testing.assert_allclose(over(bessel.bessel_ratio_gap, -x), 1 + over(bessel.bessel_ratio, x), rtol=3 * ULP)


@pytest.mark.parametrize("name", NAMES)
def test_cpython_is_the_same_formula(name):
    x, expected = REFERENCES[0][::20], REFERENCES[1 + NAMES.index(name)][::20]
    function = getattr(bessel, name)
    np.testing.assert_allclose([function(v) for v in x.tolist()], expected, rtol=3e-14, atol=5e-323)
