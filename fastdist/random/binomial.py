"""Proposals for binomial variates of constant cost, shared by every family that draws them.

Sources: W. Hormann, "The generation of binomial random variates", J. Stat. Comput. Simul. 46 (1993) 101-110,
doi:10.1080/00949659308811496: transformed rejection with squeeze, BTRS. Where fewer than ten successes are
expected the masses are added up from 0 instead, as in Kachitvichyanukul and Schmeiser 1988,
doi:10.1145/42372.42381.

A formula that rejects has all its noise drawn again. Where n or p is itself made of that noise, the parameters
that are accepted more often would be drawn more often: :func:`evenly` gives all of them one chance.
"""

from math import exp, floor, log, log1p, sqrt

from fastdist.engine.kernel import kernel
from fastdist.special.binomial import binomial_mass_constants, log_binomial_mass

__all__ = ["binomial_constants", "evenly", "propose_binomial"]

NAN = float("nan")

# Below this mean a count is found by adding up masses; the rejection's constants hold from it on.
SEARCH = 10.0
# A mass below this is less than a uniform can tell.
NEVER = 1e-17
# The largest mass is at most this over the standard deviation, from SEARCH on: 0.40053 for a mean of 10.5.
PEAK = 0.40055
# Proposals for one draw, at most: 1.434 for 20 trials of chance 1/2, and fewer for a larger variance.
MOST = 1.435


@kernel
def binomial_constants(n, p, q):
    """What a proposal for n trials of chance p = 1 - q needs."""
    swapped = p > q
    low = q if swapped else p
    high = p if swapped else q
    mean = n * low
    side = 1.0 if swapped else 0.0
    if not mean >= SEARCH:
        return n, low, high, side, exp(n * log1p(-low)), 0.0, 0.0, 0.0, 1.0, 1.0
    spread = sqrt(mean * high)
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * low
    # Alpha of the source times the largest mass: so many proposals a draw takes.
    return n, low, high, side, 0.0, a, b, mean + 0.5, 0.92 - 4.2 / b, PEAK * (2.83 + 5.1 / b)


@kernel
def evenly(c):
    """The constants with which every n and p is accepted with the same chance, 1 / MOST.

    A draw takes c[9] proposals, the area under its hat: a hat that is higher by MOST over that, with a squeeze that
    is as much lower, takes MOST. Where nothing is rejected, `v` then rejects as many.
    """
    return (*c[:8], c[8] * (c[9] / MOST), MOST)


@kernel
def _count_up(u, term, ratio, n):
    """The count of a uniform, by adding up masses from `term`, the one of 0, where a trial's odds are `ratio`."""
    k = 0.0
    while u > term and k < n and term > NEVER:
        u -= term
        term *= (n - k) / (k + 1.0) * ratio
        k += 1.0
    return k


@kernel(heavy=True)
def _is_below(height, k, n, p, q):
    """Whether the mass of k is not below a height."""
    if not 0.0 <= k <= n:
        return False
    mass = binomial_mass_constants(n, p, q, 0.0, log(p), log1p(-p))
    return log(height) <= log_binomial_mass(k, mass)


@kernel(heavy=True)
def propose_binomial(u, v, c):
    """A binomial count from two uniforms and :func:`binomial_constants`, or NaN if it is rejected.

    Where masses are added up nothing is rejected, unless it is by :func:`evenly`.
    """
    n, p, q, swapped, term, a, b, middle, squeeze, top = c
    if term > 0.0:
        k = _count_up(u, term, p / q, n) if v < squeeze else NAN
        return n - k if swapped else k
    u -= 0.5
    us = 0.5 - abs(u)
    k = floor((2.0 * a / us + b) * u + middle)
    kept = (us >= 0.07 and v <= squeeze) or _is_below(v * top / (a / (us * us) + b), k, n, p, q)
    return (n - k if swapped else k) if kept else NAN
