"""Proposals for Poisson variates of constant cost, shared by every family that draws them.

Source: W. Hormann, "The transformed rejection method for generating Poisson random variables", Insurance:
Mathematics and Economics 12 (1993) 39-45, doi:10.1016/0167-6687(93)90997-4, with squeeze, for means from 10 up to
1e15 at least. Below, masses are added up from 0.
"""

from math import exp, floor, log, sqrt

from fastdist.engine.kernel import kernel
from fastdist.special.poisson import log_poisson_mass

__all__ = ["bell_hat", "count_up", "poisson_constants", "propose_poisson"]

NAN = float("nan")

# Below this mean a count is found by adding up probabilities, above it by rejection.
SEARCH = 10.0
# Where masses are added up, more counts than a uniform can tell from never.
MOST = 200.0


@kernel
def bell_hat(spread):
    """The hat for a Poisson count of standard deviation `spread` >= sqrt(10), or the difference of two.

    The uniform u in (-1/2, 1/2) is taken to (2 a / us + b) u with us = 1/2 - abs(u), and is accepted if another,
    v, has v inverse_alpha <= (a / us**2 + b) times the mass; that holds if us >= 0.07 and v <= squeeze. Beside the
    source's constants the mass sticks out of the hat by up to 0.6% (measured for variances from 10 on, and any
    difference); inverse_alpha and squeeze make room for that.
    """
    b = 0.931 + 2.53 * spread
    a = -0.059 + 0.02483 * b
    return a, b, 1.006 * (1.1239 + 1.1328 / (b - 3.4)), 0.9177 - 3.6224 / (b - 2.0)


@kernel
def count_up(u, term, rate):
    """The count of a uniform by adding up masses, from the one of 0, `term`."""
    k = 0.0
    while u > term and k < MOST:
        u -= term
        k += 1.0
        term *= rate / k
    return k


@kernel
def poisson_constants(rate):
    """What a proposal for a mean needs."""
    a, b, inverse_alpha, squeeze = bell_hat(sqrt(rate))
    return rate, exp(-rate), a, b, log(inverse_alpha) if rate >= SEARCH else 0.0, squeeze


@kernel(heavy=True)
def propose_poisson(u, v, c):
    """A Poisson count from two uniforms and :func:`poisson_constants`, or NaN if it is rejected.

    Where masses are added up nothing is rejected, and `v` is not used.
    """
    rate, term, a, b, log_inverse_alpha, squeeze = c
    if rate < SEARCH:
        return count_up(u, term, rate)
    u -= 0.5
    us = 0.5 - abs(u)
    k = floor((2.0 * a / us + b) * u + rate + 0.43)
    if us >= 0.07 and v <= squeeze:
        return k
    if k < 0.0 or (us < 0.013 and v > us):
        return NAN
    log_accept = log(v) + log_inverse_alpha - log(a / (us * us) + b)
    return k if log_accept <= log_poisson_mass(k, rate) else NAN
