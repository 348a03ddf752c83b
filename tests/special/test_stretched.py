"""fastdist.special.stretched against mpmath."""

from pathlib import Path

import numpy as np
import pytest
from compiled import over
from scipy import special

from fastdist.special import stretched

REFERENCES = np.load(Path(__file__).parents[1] / "references" / "stretched.npz")
ULP = 2.0**-52


@pytest.mark.parametrize(("name", "bound"), [("expm1_by", 1.1), ("log1p_by", 1), ("log1p_by_slope", 1.7)])
def test_agrees_with_mpmath(name, bound):
    """To a few ulp of the result, or of what that many in the inputs would change."""
    a, x, expected, condition = REFERENCES[name]
    got = over(getattr(stretched, name), a, x)
    with np.errstate(over="ignore", invalid="ignore"):
        allowed = bound * ULP * (np.abs(expected) + condition) + 1e-323
        good = (np.abs(got - expected) <= allowed) | (got == expected)
    assert good.all(), np.array([a, x, got, expected])[:, ~good]


def test_is_an_inverse():
    a, z, *_ = REFERENCES["log1p_by"]
    near = np.abs(a * z) < 0.9
    y = over(stretched.log1p_by, a[near], z[near])
    np.testing.assert_allclose(over(stretched.expm1_by, a[near], y), z[near], rtol=4e-15, atol=1e-320)


def test_moments():
    a, *expected = REFERENCES["stretched_moments"]
    got = over(stretched.stretched_moments, a, outputs=4)
    # A ratio of gamma functions is good to the rounding of their logarithms.
    allowed = 5e-14 + 2 * ULP * special.gammaln(1 + 4 * np.abs(a))
    for values, want in zip(got, expected, strict=True):
        with np.errstate(over="ignore", invalid="ignore"):
            good = (np.abs(values - want) <= allowed * np.maximum(np.abs(want), 1)) | (values == want)
        good |= np.isnan(values) & np.isnan(want)
        assert good.all(), np.array([a, values, want])[:, ~good]
    assert np.isnan(over(stretched.stretched_moments, [np.nan], outputs=4)).all()
