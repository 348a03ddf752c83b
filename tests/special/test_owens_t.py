"""fastdist.special.owens_t against mpmath and SciPy."""

from pathlib import Path

import numpy as np
import pytest
import scipy.special
from compiled import over

from fastdist.special import owens_t

REFERENCES = np.load(Path(__file__).parents[1] / "references" / "owens_t.npz")
INF, NAN = np.inf, np.nan


def test_agrees_with_mpmath():
    h, a, expected = REFERENCES["owens_t"]
    np.testing.assert_allclose(over(owens_t.owens_t, h, a), expected, rtol=3e-15, atol=1e-322)


def test_rest_agrees_with_mpmath():
    k, d, expected = REFERENCES["owens_rest"]
    np.testing.assert_allclose(over(owens_t.owens_rest, k, d), expected, rtol=1.4e-15)


def test_agrees_with_scipy():
    h, a = np.meshgrid(np.linspace(-6, 6, 41), np.concatenate([-np.geomspace(1e-6, 1e6, 30), np.linspace(-2, 2, 30)]))
    np.testing.assert_allclose(over(owens_t.owens_t, h, a), scipy.special.owens_t(h, a), rtol=2e-13, atol=1e-16)


@pytest.mark.parametrize("h", [0.0, 0.3, 1.0, 4.0, 4.9, 8.0])
def test_where_one_rule_takes_over_from_another(h):
    """Across slope 1, and across the width from which what is lacking is computed instead."""
    for a in (1.0, owens_t.WIDEST / h if h else 1.0):
        near = over(owens_t.owens_t, np.full(3, h), a * np.array([1 - 1e-15, 1, 1 + 1e-15]))
        np.testing.assert_allclose(near, near[1], rtol=1e-14)


def test_identities():
    h = np.linspace(0, 5, 50)
    diagonal = scipy.special.ndtr(h) * scipy.special.ndtr(-h) / 2
    np.testing.assert_allclose(over(owens_t.owens_t, h, np.ones(50)), diagonal, rtol=1e-14)
    np.testing.assert_allclose(over(owens_t.owens_t, 0 * h, h), np.arctan(h) / (2 * np.pi), rtol=1e-15)


def test_special_values():
    h = np.array([0.0, 1.0, INF, -INF, INF, INF, 1.0, NAN, 1.0, NAN])
    a = np.array([0.0, 0.0, 0.0, 1.0, 2.0, INF, -INF, 1.0, NAN, INF])
    expected = [0, 0, 0, 0, 0, 0, -scipy.special.ndtr(-1.0) / 2, NAN, NAN, NAN]
    np.testing.assert_allclose(over(owens_t.owens_t, h, a), expected, rtol=1e-15)


def test_cpython_is_the_same_formula():
    for name, function in (("owens_t", owens_t.owens_t), ("owens_rest", owens_t.owens_rest)):
        *arguments, expected = REFERENCES[name][:, ::10]
        got = [function(*pair) for pair in zip(*(v.tolist() for v in arguments), strict=True)]
        np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-320)
