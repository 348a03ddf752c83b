"""fastdist.special.zeta against mpmath."""

from pathlib import Path

import numpy as np
import pytest
from compiled import over

from fastdist.special import zeta

REFERENCES = np.load(Path(__file__).parents[1] / "references" / "zeta.npz")
ULP = 2.0**-52


def check(got, expected, moved, bound):
    """To `bound` ulp of the result, or of what as many in s would change."""
    allowed = bound * ULP * (np.abs(expected) + moved) + 1e-323
    good = np.abs(got - expected) <= allowed
    assert good.all(), (np.flatnonzero(~good), got[~good], expected[~good])


@pytest.mark.parametrize(("name", "bound"), [("scaled_hurwitz_zeta", 2.5), ("hurwitz_log_slope", 2.0), ("zetam1", 1.5)])
def test_agrees_with_mpmath(name, bound):
    *arguments, expected, moved = REFERENCES[name]
    check(over(getattr(zeta, name), *arguments), expected, moved, bound)


def test_far_out():
    s, q, expected, moved = REFERENCES["far"]
    value, slope = over(zeta.scaled_hurwitz_zeta_and_slope, s, q, outputs=2)
    check(value, expected, moved, 2.5)
    np.testing.assert_array_equal(over(zeta.scaled_hurwitz_zeta, s, q), value)
    np.testing.assert_allclose(slope, (s - 1.0) ** -2, rtol=1e-15)


def test_without_the_pole():
    """Absolutely: next to the pole it is Euler's constant, the difference of a sum and a logarithm."""
    s, expected, _ = REFERENCES["zeta_without_pole"]
    value, _ = over(zeta.zeta_without_pole, s, outputs=2)
    np.testing.assert_allclose(value, expected, rtol=0, atol=2.5e-15)


@pytest.mark.parametrize("name", ["power_sum", "power_sum_log_slope"])
def test_sums_of_powers(name):
    s, n, expected, moved = REFERENCES[name]
    constants = over(zeta.zeta_without_pole, s, outputs=2)
    used = constants[:1] if name == "power_sum" else constants
    check(over(getattr(zeta, name), s, n, *used), expected, moved, 4.0)


def test_values_that_are_known():
    pi = np.pi
    np.testing.assert_allclose(over(zeta.zetam1, [2.0, 4.0]) + 1.0, [pi**2 / 6, pi**4 / 90], rtol=4e-16)
    assert over(zeta.zetam1, [1e300, 1e308]).tolist() == [0.0, 0.0]
    assert over(zeta.scaled_hurwitz_zeta, [1e308], [1.0]).tolist() == [1.0]
    assert over(zeta.power_sum, [1e308], [1e10], [1.0]).tolist() == [1.0]


@pytest.mark.parametrize("s", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_ends(s):
    for kernel, arguments in ((zeta.scaled_hurwitz_zeta, (2.0,)), (zeta.hurwitz_log_slope, (2.0,)), (zeta.zetam1, ())):
        over(kernel, [s], *arguments)
    constants = over(zeta.zeta_without_pole, [s], outputs=2)
    over(zeta.power_sum, [s], [50.0], constants[0])
    over(zeta.power_sum_log_slope, [s], [50.0], *constants)
