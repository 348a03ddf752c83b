"""x - 1 - log(x), the divergence of two exponential distributions, and of the scales in many others.

=======================  =========================================  ============================
function                 domain tested                              largest relative error seen
=======================  =========================================  ============================
log_excess               ratios from 1e-300 to 1e300                5.6e-16
ratio_excess             every positive x and y                     5.6e-16
moderate_ratio_excess    quotients from 2^-1000 to 2^1000           5.6e-16
moderate_ratio_excesses  the same, divisors' product 1e-300..1e300  9.3e-16
moderate_gap_excesses    the same                                   9.3e-16
=======================  =========================================  ============================
"""

from fastdist.engine.bits import bits_float, float_bits, fma
from fastdist.engine.elementary import EXPONENT_MASK, LN2_HI, LN2_LO, SQRT_HALF_BITS
from fastdist.engine.kernel import kernel

__all__ = ["log_excess", "moderate_gap_excesses", "moderate_ratio_excess", "moderate_ratio_excesses", "ratio_excess"]

NAN = float("nan")
BIG = 2.0**1000
# A divisor that small is lifted, that its inverse be finite.
TINY, LIFT = 2.0**-900, 2.0**200
# A quotient below about 2^-960 or 2^-1850 is lifted by a power of two that makes it normal, yet negligible beside 1.
UNDER, FAR = -960 << 52, -1850 << 52
UNDER_ROOT, UNDER_LOG = 2.0**450, 623.8324625039508
FAR_ROOT, FAR_LOG = 2.0**540, 748.5989550047409
MODERATE_LEAST, MODERATE_SPAN = 23 << 52, 2000 << 52
# (log((1 + s) / (1 - s)) / s - 2) / s^2 in powers of s^2 for |s| <= 3 - 2 sqrt(2), of least largest error: 3e-16.
C6, C5, C4, C3, C2, C1, C0 = (
    0.14616562422104645,
    0.15331712479381301,
    0.1818288939967772,
    0.2222221113102852,
    0.2857142862599856,
    0.39999999999899455,
    0.666666666666667,
)


@kernel
def _reduced(ratio, gap):
    """What is left of the ratio, less 1, its binades, and the part of the result that is made of these."""
    bits = float_bits(ratio)
    offset = bits - SQRT_HALF_BITS
    n = offset >> 52
    f = gap if n == 0 else bits_float(bits - (offset & EXPONENT_MASK)) - 1.0
    gap = gap if n == 0 else ratio - 1.0
    k = float(n)
    return f, fma(k, -LN2_LO, fma(k, -LN2_HI, gap - f))


@kernel
def _excess_of_fraction(f, s):
    """f - log(1 + f) where s = f / (2 + f)."""
    square = s * s
    series = fma(fma(fma(fma(fma(fma(C6, square, C5), square, C4), square, C3), square, C2), square, C1), square, C0)
    return s * fma(-square, series, f)


@kernel
def log_excess(ratio, gap):
    """gap - log(ratio) where `gap` is ratio - 1 without the rounding of `ratio`, which is no subnormal number.

    With s = f / (2 + f), f - log(1 + f) is s (f - s (2/3 s + 2/5 s^3 + ...)): what cancels is never formed.
    Beyond the binade about 1 all is of the same rounded ratio, near 1 of which the value hardly changes.
    """
    f, rest = _reduced(ratio, gap)
    return rest + _excess_of_fraction(f, f / (2.0 + f))


@kernel
def ratio_excess(x, y):
    """x/y - 1 - log(x/y) for positive numbers, also where they are close or the quotient underflows."""
    lift = LIFT if y < TINY else 1.0
    x, y = x * lift, y * lift
    binades = float_bits(x) - float_bits(y)
    under, far = binades < UNDER, binades < FAR
    root = (FAR_ROOT if far else UNDER_ROOT) if under else 1.0
    inverse = 1.0 / y
    ratio = (x * root) * (inverse * root)
    # The quotient is rounded once.
    ratio = fma(fma(-ratio, y, x), inverse, ratio) if not under and ratio < BIG else ratio
    value = log_excess(ratio, (x - y) * inverse)
    return value + ((FAR_LOG if far else UNDER_LOG) if under else 0.0)


@kernel
def moderate_ratio_excess(x, y):
    """:func:`ratio_excess` in less time, for x/y from 2^-1000 to 2^1000 and 1/y finite; else NaN."""
    inverse = 1.0 / y
    ratio = x * inverse
    value = log_excess(fma(fma(-ratio, y, x), inverse, ratio), (x - y) * inverse)
    return value if 0 <= float_bits(ratio) - MODERATE_LEAST < MODERATE_SPAN else NAN


@kernel
def moderate_ratio_excesses(x, y, v, w):
    """:func:`moderate_ratio_excess` of (x, y) and of (v, w), with half the divisions; NaN also for extreme y * w."""
    return moderate_gap_excesses(x, y, x - y, v, w, v - w)


@kernel
def moderate_gap_excesses(x, y, x_less_y, v, w, v_less_w):
    """:func:`moderate_ratio_excesses` where the differences are known without the rounding of the numbers."""
    product = y * w
    inverse = 1.0 / product
    first_inverse, second_inverse = w * inverse, y * inverse
    first, second = x * first_inverse, v * second_inverse
    f, first_rest = _reduced(fma(fma(-first, y, x), first_inverse, first), x_less_y * first_inverse)
    g, second_rest = _reduced(fma(fma(-second, w, v), second_inverse, second), v_less_w * second_inverse)
    shared = 1.0 / ((2.0 + f) * (2.0 + g))
    first_value = first_rest + _excess_of_fraction(f, f * ((2.0 + g) * shared))
    second_value = second_rest + _excess_of_fraction(g, g * ((2.0 + f) * shared))
    known = 1e-300 < product < 1e300
    return (
        first_value if known and 0 <= float_bits(first) - MODERATE_LEAST < MODERATE_SPAN else NAN,
        second_value if known and 0 <= float_bits(second) - MODERATE_LEAST < MODERATE_SPAN else NAN,
    )
