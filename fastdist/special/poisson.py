"""The Poisson mass at any mean, from the terms of Stirling's formula.

Source: C. Loader, "Fast and accurate computation of binomial probabilities" (2000): nothing cancels.
"""

from math import log

from fastdist.engine.kernel import kernel
from fastdist.special.gamma import deviance, stirling_error

__all__ = ["log_poisson_mass"]

HALF_LOG_2PI = 0.9189385332046728


@kernel
def log_poisson_mass(x, rate):
    """Log of the chance of x events where `rate` are expected, for an integer x >= 0 and rate >= 0."""
    saddle = -stirling_error(x) - deviance(x, rate) - 0.5 * log(x if x > 0.0 else 1.0) - HALF_LOG_2PI
    return saddle if x > 0.0 else -rate
