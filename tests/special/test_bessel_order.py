"""fastdist.special.bessel_order against mpmath."""

from pathlib import Path

import numpy as np
import pytest
from compiled import over
from scipy.special import ive

from fastdist.special.bessel_order import sphere_constants

REFERENCES = np.load(Path(__file__).parents[1] / "references" / "bessel_order.npz")["values"]
NAMES = ("log_value", "ratio", "gap", "slope", "bend")
NU, X = REFERENCES[:2]
BOUNDS = {"log_value": 3e-15, "ratio": 3e-15, "gap": 3e-15, "slope": 3e-15, "bend": 8e-15}


@pytest.mark.parametrize("name", NAMES)
def test_agrees_with_mpmath(name):
    place = NAMES.index(name)
    got, expected = over(sphere_constants, NU, X, outputs=5)[place], REFERENCES[2 + place]
    # A log density is judged beside the powers that it is made of.
    size = np.maximum(np.maximum(np.abs(expected), 1.0), NU) if name == "log_value" else np.abs(expected)
    assert np.all(np.abs(got - expected) <= BOUNDS[name] * size + 5e-323)


def test_agrees_with_scipy():
    nu, x = np.meshgrid([0.0, 0.5, 1.0, 7.5, 60.0], [0.1, 1.0, 12.0, 24.9, 25.1, 300.0])
    log_value, ratio, *_ = over(sphere_constants, nu, x, outputs=5)
    np.testing.assert_allclose(ratio, ive(nu + 1, x) / ive(nu, x), rtol=1e-13)
    want = nu * np.log(x) - (nu + 1) * np.log(2 * np.pi) - np.log(ive(nu, x))
    np.testing.assert_allclose(log_value, want, rtol=1e-12, atol=1e-12)


def test_the_two_regions_meet():
    """Where the series ends, at a radius of 25."""
    angle = np.linspace(0.0, np.pi / 2, 200)
    for inner, outer in zip(
        over(sphere_constants, 24.9999999 * np.sin(angle), 24.9999999 * np.cos(angle), outputs=5),
        over(sphere_constants, 25.0000001 * np.sin(angle), 25.0000001 * np.cos(angle), outputs=5),
        strict=True,
    ):
        np.testing.assert_allclose(inner, outer, rtol=1e-6, atol=1e-8)


def test_special_values():
    """The uniform law, and concentrations that leave a point."""
    log_value, ratio, gap, slope, bend = over(sphere_constants, [0.0, 0.5, 0.5], [0.0, 0.0, 1e300], outputs=5)
    np.testing.assert_allclose(log_value[:2], [-np.log(2 * np.pi), -np.log(4 * np.pi)], rtol=4e-16)
    np.testing.assert_array_equal(ratio, [0.0, 0.0, 1.0])
    np.testing.assert_allclose(gap, [1.0, 1.0, 1e-300], rtol=1e-15)
    np.testing.assert_allclose(slope, [1 / 2, 1 / 3, 1e-300], rtol=1e-15)
    assert np.all(bend[:2] == slope[:2]) and bend[2] == 0.0


def test_cpython_is_the_same_formula():
    for nu, x, *expected in REFERENCES[:, ::40].T.tolist():
        np.testing.assert_allclose(sphere_constants(nu, x), expected, rtol=1e-13, atol=1e-13 * (1 + nu))
