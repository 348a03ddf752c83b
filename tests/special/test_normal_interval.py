"""fastdist.special.normal_interval against mpmath. Moments: the exact references of TruncatedNormal."""

from pathlib import Path

import numpy as np
import pytest
from compiled import over

from fastdist.engine.kernel import kernel
from fastdist.special.normal_interval import excess_moments, interval_constants, log_share, quantile, share

with np.load(Path(__file__).parents[1] / "references" / "normal_interval.npz") as file:
    R = dict(file)
INTERVAL = R["a"], R["b"], R["width"]


@kernel
def _log_share(t, d, e, a, b, width):
    lower, part = log_share(t, d, e, interval_constants(a, b, width))
    return 1.0 if lower else 0.0, part


@kernel
def _share(t, d, e, a, b, width):
    lower, part = share(t, d, e, interval_constants(a, b, width))
    return 1.0 if lower else 0.0, part


@kernel
def _quantile(near, far, a, b, width):
    return quantile(near, far, interval_constants(a, b, width))


def exact(lower):
    return np.where(lower == 1.0, R["below"], R["above"])


def test_log_share():
    lower, part = over(_log_share, R["t"], R["d"], R["e"], *INTERVAL, outputs=2)
    want = exact(lower)
    assert 0.3 < lower.mean() < 0.95
    assert np.max(np.abs(part - want) / np.maximum(np.abs(want), 1.0)) < 8e-15
    assert np.max(part) < -0.2  # the smaller of both shares, or about that


def test_share():
    lower, part = over(_share, R["t"], R["d"], R["e"], *INTERVAL, outputs=2)
    want = exact(lower)
    good = want > -700
    error = np.abs(part[good] / np.exp(want[good]) - 1.0) / np.maximum(np.abs(want[good]), 1.0)
    assert np.max(error) < 8e-15


def test_quantile():
    """The distance to an end, or to 0, whose share is given: what a few roundings of the share make of it."""
    near, far = np.exp(R["below"]), np.exp(R["above"])
    good = (near > 1e-290) & (far > 1e-290)
    distance, origin = over(_quantile, near, far, *INTERVAL, outputs=2)
    want = np.where(origin < 0, R["d"], np.where(origin > 0, R["e"], R["t"]))
    # A rounding of the smaller share, over the density.
    smaller = np.where(near < far, R["below"], R["above"])
    moved = np.abs(smaller) * np.minimum(R["d"], R["e"]) + np.abs(want)
    error = np.abs(distance - want) / moved
    assert np.max(error[good]) < 1e-15
    assert set(np.unique(origin)) == {-1.0, 0.0, 1.0}


def test_infinite_intervals():
    t = np.array([-3.0, -0.5, 0.5, 3.0])
    lower, part = over(_share, t, np.inf, np.inf, -np.inf, np.inf, np.inf, outputs=2)
    tails = [0.0013498980316300946, 0.3085375387259869]
    np.testing.assert_allclose(part, tails + tails[::-1], rtol=1e-15)
    lower, part = over(_share, [1e8 + 1e-8], [1e-8], [np.inf], [1e8], [np.inf], [np.inf], outputs=2)
    assert part[0] == pytest.approx(np.exp(-1.0) if lower[0] == 0.0 else -np.expm1(-1.0), rel=1e-14)


def test_narrow_moments_are_those_of_a_uniform():
    a, width = np.array([-1e-9, 5.0, 1e5, 0.0]), np.array([2e-9, 1e-9, 1e-12, 1e-300])
    mean, second, third, fourth = over(excess_moments, a, a + width, width, outputs=4)
    np.testing.assert_allclose(mean[1:], 0.5 * width[1:], rtol=1e-7)
    assert abs(mean[0]) < 1e-24
    np.testing.assert_allclose(second[:3], width[:3] ** 2 / 12, rtol=1e-13)
    np.testing.assert_allclose(fourth[:3] / second[:3] ** 2, 1.8, rtol=1e-13)
    assert np.all(np.abs(third[:3]) < 1e-6 * second[:3] ** 1.5)


def test_plain_python_agrees():
    for i in range(0, len(R["a"]), 150):
        row = [R[name][i].item() for name in ("t", "d", "e", "a", "b", "width")]
        lower, part = over(_share, *([v] for v in row), outputs=2)
        want = _share(*row)
        assert (lower[0], part[0]) == (want[0], pytest.approx(want[1], rel=1e-12))
