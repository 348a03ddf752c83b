"""log, log1p, exp and expm1 in float32, for kernels that are computed in float32.

They follow :mod:`fastdist.engine.elementary` step by step, with shorter polynomials
(``tools/fit_elementary.py``); largest errors seen: 0.9, 0.9, 0.8 and 1.1 ulp of float32. They need
arithmetic in float32: in CPython, where it is float64, kernels call :mod:`math` instead.
"""

from fastdist.engine.bits import bits_float32, float_bits32, fma
from fastdist.engine.kernel import kernel

__all__ = ["exp", "expm1", "log", "log1p"]

INF = float("inf")
NAN = float("nan")
LN2_HI, LN2_LO = 0.693359375, -2.12194440054690582e-04
LOG2_E = 1.4426950408889634
SMALLEST_NORMAL = 1.1754943508222875e-38
SQRT_HALF_BITS = 0x3F3504F3
EXPONENT_MASK = -8388608
ROUND = 12582912.0
ROUND_BITS = 0x4B400000


@kernel(single=True)
def _log_of_fraction(f):
    """log(1 + f) - f + f*f/2 for 1 + f in [sqrt(1/2), sqrt(2)], with f*f/2."""
    s = f / (2.0 + f)
    z = s * s
    half_square = 0.5 * f * f
    series = z * fma(z, fma(z, 0.29872299198179564, 0.39977522147683514), 0.6666677652113923)
    return s * (half_square + series), half_square


@kernel(single=True)
def log(x):
    """Natural logarithm."""
    subnormal = x < SMALLEST_NORMAL
    bits = float_bits32(x * 33554432.0 if subnormal else x)
    offset = bits - SQRT_HALF_BITS
    k = (bits_float32((offset >> 23) + ROUND_BITS) - ROUND) - (25.0 if subnormal else 0.0)
    f = bits_float32(bits - (offset & EXPONENT_MASK)) - 1.0
    tail, half_square = _log_of_fraction(f)
    y = k * LN2_HI - ((half_square - fma(k, LN2_LO, tail)) - f)
    y = y if x < INF else x
    return y if x > 0.0 else (-INF if x == 0.0 else NAN)


@kernel(single=True)
def log1p(x):
    """log(1 + x)."""
    u = 1.0 + x
    lost = (x - (u - 1.0)) if u < 2.0 else (1.0 - (u - x))
    bits = float_bits32(u)
    offset = bits - SQRT_HALF_BITS
    n = offset >> 23
    k = bits_float32(n + ROUND_BITS) - ROUND
    coarse = bits_float32(bits - (offset & EXPONENT_MASK)) - 1.0
    rest = lost * bits_float32((128 - n) << 23) * 0.5
    f = coarse + rest
    rest = (coarse - f) + rest
    tail, half_square = _log_of_fraction(f)
    y = k * LN2_HI - ((half_square - (tail + fma(k, LN2_LO, fma(-rest, f, rest)))) - f)
    y = y if x < INF else x
    y = y if x > -1.0 else (-INF if x == -1.0 else NAN)
    return x if x == 0.0 else y


@kernel(single=True)
def _exp_of_fraction(r, rest):
    """exp(r) - 1 - r + rest for |r| <= log(2) / 2."""
    r2 = r * r
    cubic = fma(
        r2, fma(r, 0.001394207931013491, 0.008368806826282521), fma(r, 0.04166638622922035, 0.16666519908297292)
    )
    return fma(0.5 * r, r, fma(r * r2, cubic, rest))


@kernel(single=True)
def exp(x):
    """Exponential, gradual underflow included."""
    clamped = 89.0 if x > 89.0 else x
    clamped = -105.0 if clamped < -105.0 else clamped
    shifted = fma(clamped, LOG2_E, ROUND)
    k = shifted - ROUND
    first = fma(-k, LN2_HI, clamped)
    second = -k * LN2_LO
    y = 1.0 + first
    y = y + _exp_of_fraction(first + second, (first - (y - 1.0)) + second)
    tiny = k < -100.0
    scale = bits_float32((float_bits32(shifted) + (190 if tiny else 126)) << 23)
    return y * scale * (1.0842021724855044e-19 if tiny else 2.0)


@kernel(single=True)
def expm1(x):
    """exp(x) - 1."""
    clamped = 89.0 if x > 89.0 else x
    clamped = -20.0 if clamped < -20.0 else clamped
    shifted = fma(clamped, LOG2_E, ROUND)
    k = shifted - ROUND
    first = fma(-k, LN2_HI, clamped)
    second = -k * LN2_LO
    n = float_bits32(shifted) - ROUND_BITS
    unit = 1.0 - bits_float32((127 - (n if n < 127 else 127)) << 23)
    y = unit + first
    y = y + _exp_of_fraction(first + second, (first - (y - unit)) + second)
    y = 2.0 * y * bits_float32((n + 126) << 23)
    return x if x == 0.0 else y
