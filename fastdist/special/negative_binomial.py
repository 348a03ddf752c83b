"""The negative binomial mass for any number of failures, from the terms of Stirling's formula."""

from math import log, log1p, sqrt

from fastdist.engine.kernel import kernel
from fastdist.special.binomial import LEAST, divergence_constants, trial_divergence
from fastdist.special.gamma import log_gamma1p, stirling_error

__all__ = ["log_negative_binomial_mass", "negative_binomial_mass_constants"]

HALF_LOG_2PI = 0.9189385332046728


@kernel
def negative_binomial_mass_constants(r, p, q, rest, log_p, log_q):
    """What :func:`log_negative_binomial_mass` needs: after the chances r, the log mass of 0, a constant, log(q).

    `rest` is what the smaller of p and q is short of, as a fraction of it.
    """
    if r >= 1.0:
        lead = 0.5 * log(r) - stirling_error(r) - HALF_LOG_2PI
    else:
        lead = (1.0 + r) * log(r) - log_gamma1p(r) - r
    none = 0.0 if r == 0.0 else r * log_q
    return *divergence_constants(p, q, rest, log_p, log_q), r, none, lead, log_q


@kernel
def log_negative_binomial_mass(x, c):
    """Log of the chance of x successes, an integer from 0, before the failure number r, for r >= 0.

    It is r / (x + r) times the binomial mass of x among x + r trials: the last one is a failure.
    """
    k = x if x > 0.0 else 1.0
    r = 1.0 if c[7] == 0.0 else c[7]
    n = k + r
    lead = c[9] + stirling_error(n) - stirling_error(k) - log(k * sqrt(n / k))
    if c[1] < LEAST:
        # k may be so large that n / r overflows.
        within = lead + k * log1p(r / k) - r * ((log(r) - log(n)) - c[10])
    else:
        within = lead - trial_divergence(k, r, c)
    return within if x > 0.0 else c[8]
