"""Proposals for gamma variates, shared by every family that is made of them.

Source: Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS 26 (2000)
363-372, doi:10.1145/358407.358414. Shapes below 1 are drawn one higher and multiplied by
``u ** (1 / shape)``, in the log: that power underflows long before a ratio of two of them does.
"""

from math import log, sqrt

from fastdist.engine.elementary import log_of_uniform
from fastdist.engine.kernel import kernel

NAN = float("nan")


@kernel
def gamma_constants(shape):
    """What a proposal for `shape` needs: d and c of the source, and the exponent of the boost."""
    d = (shape if shape >= 1.0 else shape + 1.0) - 1.0 / 3.0
    return d, 1.0 / sqrt(9.0 * d), 0.0 if shape >= 1.0 else 1.0 / shape


@kernel
def propose_gamma(z, u, d, c):
    """A gamma variate of shape d + 1/3 from a normal and a uniform, or NaN if it is rejected."""
    v = 1.0 + c * z
    positive = v > 0.0
    v = v * v * v if positive else 1.0
    # Beyond this shape the test fails less than once in 1e10 proposals, and rounds to noise.
    accepted = positive and (d > 1e10 or log_of_uniform(u) < 0.5 * z * z + d - d * v + d * log(v))
    return d * v if accepted else NAN


@kernel
def squeeze_gamma(z, above, d, c):
    """As :func:`propose_gamma` for any uniform no closer to 1 than `above`; NaN where that does not tell.

    With t = c z the log of the probability to accept is -3 d times the integral of s**3 / (1 + s) from 0 to t, and its
    exponential is at least 1 more than it.
    """
    t = c * z
    v = 1.0 + t
    square = t * t
    accepted = above * (v if v < 1.0 else 1.0) > 0.75 * d * (square * square)
    return d * (v * v * v) if accepted else NAN


@kernel
def propose_log_gamma(z, u, boost, d, c, exponent):
    """Log of a gamma variate of any shape, or NaN if the proposal is rejected."""
    return log(propose_gamma(z, u, d, c)) + exponent * log_of_uniform(boost)
