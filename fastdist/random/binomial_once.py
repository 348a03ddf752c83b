"""Binomial variates whose number of trials and chance are new for each draw: nothing is prepared.

Source: W. Hormann, "The generation of binomial random variates", J. Stat. Comput. Simul. 46 (1993) 101-110,
doi:10.1080/00949659308811496: transformed rejection with decomposition, BTRD. Four proposals in five are accepted
by one comparison, and most others are decided without the mass. Where fewer than ten successes are expected the
masses are added up from 0 instead.
"""

from math import exp, floor, log, log1p, sqrt

import numpy as np

from fastdist.engine.kernel import kernel
from fastdist.random.philox import uniform_at
from fastdist.special.binomial import binomial_mass_constants, log_binomial_mass

NAN = float("nan")
ONE = np.uint64(1)
FIRST, SECOND = np.uint64(0), np.uint64(1)

# Below this mean a count is found by adding up masses; the rejection's constants hold from it on.
SEARCH = 10.0
# A mass below this is less than a uniform can tell.
NEVER = 1e-17
# Masses of counts no further from the mode than this are told by their ratios.
NEAR = 15.0
INVERSE = tuple(1.0 / k for k in range(1, 65))


@kernel
def binomial(u, v, n, p, q, element, k0, k1):
    """A count of n trials of chance p = 1 - q from two uniforms, which are slots 0 and 1 of `element`."""
    swapped = p > q
    low = q if swapped else p
    high = p if swapped else q
    mean = n * low
    if mean < SEARCH:
        k = search(u, n, low, high)
        return n - k if swapped else k
    spread = sqrt(mean * high)
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * low
    top = 0.92 - 4.2 / b
    if u <= 0.86 * top:
        u = u / top - 0.43
        k = floor((2.0 * a / (0.5 - abs(u)) + b) * u + (mean + 0.5))
    else:
        k = reject(u, v, n, low, high, mean, spread, a, b, top, element, k0, k1)
    return n - k if swapped else k


@kernel(heavy=True)
def search(u, n, p, q):
    """The count of a uniform, by adding up masses."""
    term, ratio, k = exp(n * log1p(-p)), p / q, 0
    while u > term and term > NEVER:
        u -= term
        term *= (n - k) * ratio * (INVERSE[k] if k < 64 else 1.0 / (k + 1.0))
        k += 1
    return min(float(k), n)


@kernel(heavy=True)
def reject(u, v, n, p, q, mean, spread, a, b, top, element, k0, k1):
    """The first count that is accepted, where the first proposal is not by the first comparison."""
    attempt = ONE
    while True:
        if u <= 0.86 * top:
            u = u / top - 0.43
            return floor((2.0 * a / (0.5 - abs(u)) + b) * u + (mean + 0.5))
        if u >= top:
            w, v = v - 0.5, u
        else:
            w = u / top - 0.93
            w = (0.5 if w >= 0.0 else -0.5) - w
            v *= top
        us = 0.5 - abs(w)
        k = floor((2.0 * a / us + b) * w + (mean + 0.5))
        if 0.0 <= k <= n and accepted(k, v * (2.83 + 5.1 / b) * spread / (a / (us * us) + b), n, p, q, spread):
            return k
        u = uniform_at(element, attempt, FIRST, k0, k1)
        v = uniform_at(element, attempt, SECOND, k0, k1)
        attempt += ONE


@kernel
def accepted(k, v, n, p, q, spread):
    """Whether v is at most the mass of k over that of the mode."""
    mode = floor((n + 1.0) * p)
    distance = abs(k - mode)
    if distance <= NEAR:
        ratio = p / q
        lift = (n + 1.0) * ratio
        first, last = min(k, mode), max(k, mode)
        above, below = 1.0, 1.0
        while first < last:
            first += 1.0
            above *= lift - ratio * first
            below *= first
        return v * below <= above if k > mode else v * above <= below
    variance = spread * spread
    slack = distance / variance * (((distance / 3.0 + 0.625) * distance + 1.0 / 6.0) / variance + 0.5)
    bell = -0.5 * distance * distance / variance
    height = log(v)
    if height < bell - slack:
        return True
    if height > bell + slack:
        return False
    mass = binomial_mass_constants(n, p, q, 0.0, log(p), log1p(-p))
    return height <= log_binomial_mass(k, mass) - log_binomial_mass(mode, mass)
