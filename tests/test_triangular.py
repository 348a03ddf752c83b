"""What the triangular distribution has beside the properties that all families share."""

import numpy as np

import fastdist as fd


def test_log_tails_of_a_peak_at_an_end():
    """Where a tail is below what its logarithm is taken of, and begins at the peak itself."""
    far = np.array([1e-300, 1e-160, 0.3])
    want = np.log(far) + np.log(2.0 - far)
    np.testing.assert_allclose(fd.Triangular(0.0, 1.0, 0.0).log_cdf(far), want, rtol=1e-15)
    np.testing.assert_allclose(fd.Triangular(-1.0, 0.0, 0.0).log_sf(-far), want, rtol=1e-15)
    np.testing.assert_allclose(fd.Triangular(0.0, 1.0, 0.5).log_cdf(far[:2]), 2 * np.log(far[:2]) + np.log(2.0))
    np.testing.assert_allclose(fd.Triangular(-1.0, 0.0, -0.5).log_sf(-far[:2]), 2 * np.log(far[:2]) + np.log(2.0))
