"""Philox-4x32-10: random numbers as a function of a key and a counter.

Element i of a draw depends on (key, i) alone, so neither threads nor chunks nor devices can
change it. Elements come in pairs: pair p of the noise in `slot`, at an `attempt` of a rejection
sampler, is one block with the counter (p mod 2**32, p div 2**32, attempt * 256 + slot, 0).

Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011,
doi:10.1145/2063384.2063405. The known-answer vectors of its reference implementation are tests.
"""

from math import sqrt

import numpy as np

from fastdist.engine.bits import bits_float
from fastdist.engine.elementary import log_of_uniform, sincos_turn
from fastdist.engine.kernel import kernel

M0, M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
W0, W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
LOW, BITS = np.uint64(0xFFFFFFFF), np.uint64(32)
ZERO, ONE, TWELVE, TWENTY, FORTY = np.uint64(0), np.uint64(1), np.uint64(12), np.uint64(20), np.uint64(40)
REST, SLOTS = np.uint64(0xFFF), np.uint64(256)
ONE_BITS = np.uint64(0x3FF0000000000000)
HALF_STEP = 1.1102230246251565e-16


@kernel
def _round(c0, c1, c2, c3, k0, k1):
    p0, p1 = M0 * c0, M1 * c2
    return (p1 >> BITS) ^ c1 ^ k0, p1 & LOW, (p0 >> BITS) ^ c3 ^ k1, p0 & LOW


@kernel
def _two_rounds(c0, c1, c2, c3, k0, k1):
    c0, c1, c2, c3 = _round(c0, c1, c2, c3, k0, k1)
    return _round(c0, c1, c2, c3, (k0 + W0) & LOW, (k1 + W1) & LOW)


@kernel
def philox(c0, c1, c2, c3, k0, k1):
    """Ten rounds: four 32-bit words, each in a uint64.

    The rounds are written out: a loop over them keeps the loop over counters from vectorising.
    """
    step0, step1 = W0 + W0, W1 + W1
    # That a key has no more bits is not known else, and a longer product takes three times as many steps.
    k0, k1 = k0 & LOW, k1 & LOW
    c0, c1, c2, c3 = _two_rounds(c0, c1, c2, c3, k0, k1)
    k0, k1 = (k0 + step0) & LOW, (k1 + step1) & LOW
    c0, c1, c2, c3 = _two_rounds(c0, c1, c2, c3, k0, k1)
    k0, k1 = (k0 + step0) & LOW, (k1 + step1) & LOW
    c0, c1, c2, c3 = _two_rounds(c0, c1, c2, c3, k0, k1)
    k0, k1 = (k0 + step0) & LOW, (k1 + step1) & LOW
    c0, c1, c2, c3 = _two_rounds(c0, c1, c2, c3, k0, k1)
    k0, k1 = (k0 + step0) & LOW, (k1 + step1) & LOW
    return _two_rounds(c0, c1, c2, c3, k0, k1)


@kernel
def _open_unit(high, low):
    """52 random bits as a float64 strictly between 0 and 1: an odd multiple of 2**-53."""
    return bits_float(np.int64((high << TWENTY) | (low >> TWELVE) | ONE_BITS)) - 1.0 + HALF_STEP


@kernel
def _rest_of(low):
    """The bits that :func:`_open_unit` does not use."""
    return bits_float(np.int64(((low & REST) << FORTY) | ONE_BITS)) - 1.0


@kernel
def uniform_pair(pair, attempt, slot, k0, k1):
    """Two uniforms in the open unit interval."""
    a, b, c, d = philox(pair & LOW, pair >> BITS, attempt * SLOTS + slot, ZERO, k0, k1)
    return _open_unit(a, b), _open_unit(c, d)


@kernel
def _box_muller(u, v):
    """Two standard normals (Box and Muller 1958, doi:10.1214/aoms/1177706645)."""
    radius = sqrt(-2.0 * log_of_uniform(u))
    sine, cosine = sincos_turn(v)
    return radius * cosine, radius * sine


@kernel
def normal_pair(pair, attempt, slot, k0, k1):
    """Two standard normals."""
    u, v = uniform_pair(pair, attempt, slot, k0, k1)
    return _box_muller(u, v)


@kernel
def normal_pair_and_rests(pair, attempt, slot, k0, k1):
    """The same two, and 12 bits for each that they leave of the block: multiples of 2**-12 from 0 to below 1."""
    a, b, c, d = philox(pair & LOW, pair >> BITS, attempt * SLOTS + slot, ZERO, k0, k1)
    first, second = _box_muller(_open_unit(a, b), _open_unit(c, d))
    return first, second, _rest_of(b), _rest_of(d)


@kernel(heavy=True)
def uniform_at(element, attempt, slot, k0, k1):
    """The uniform of one element."""
    even, odd = uniform_pair(element >> ONE, attempt, slot, k0, k1)
    return odd if element & ONE else even


@kernel(heavy=True)
def normal_at(element, attempt, slot, k0, k1):
    """The standard normal of one element."""
    even, odd = normal_pair(element >> ONE, attempt, slot, k0, k1)
    return odd if element & ONE else even
