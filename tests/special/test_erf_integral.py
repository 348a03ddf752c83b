"""fastdist.special.erf_integral against mpmath."""

from pathlib import Path

import numpy as np
from compiled import over

from fastdist.special import erf_integral

REFERENCES = np.load(Path(__file__).parents[1] / "references" / "erf_integral.npz")
INF, NAN = np.inf, np.nan


def test_scaled_integral():
    x, expected = REFERENCES["ierfcx"]
    np.testing.assert_allclose(over(erf_integral.ierfcx, x), expected, rtol=1.6e-15)


def test_scaled_integral_at_the_ends():
    x = np.array([0.0, 1e160, INF, NAN])
    np.testing.assert_allclose(over(erf_integral.ierfcx, x), [1 / np.sqrt(np.pi), 2.820948e-321, 0, NAN], rtol=1e-3)


def test_fall():
    """What erfcx falls over an interval keeps its digits however short or far out that is."""
    low, middle, half, expected = REFERENCES["erfcx_drop"]
    got, _ = over(erf_integral.erfcx_drop, low, middle, half, outputs=2)
    # The middle is rounded: where the interval is far out, that is worth an ulp of it.
    np.testing.assert_allclose(got, expected, rtol=4e-15)


def test_cpython_is_the_same_formula():
    x, expected = REFERENCES["ierfcx"][:, ::10]
    np.testing.assert_allclose([erf_integral.ierfcx(v) for v in x.tolist()], expected, rtol=1e-14)
    rows = REFERENCES["erfcx_drop"][:, ::10]
    got = [erf_integral.erfcx_drop(*row)[0] for row in rows[:3].T.tolist()]
    np.testing.assert_allclose(got, rows[3], rtol=2e-14)
