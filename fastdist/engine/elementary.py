"""Elementary functions without a branch, a table or a call: loops over them vectorise.

They stand in for those of :mod:`math` on the CPU. Each gives the IEEE result at 0, at the
infinities, at NaN, for subnormals and where it overflows. The minimax coefficients are from
``tools/fit_elementary.py``, and so are those of :mod:`fastdist.engine.trigonometric`.

=================== =============== ======================================
function            largest error   on
=================== =============== ======================================
log, log1p, log_sum 0.9 ulp         all
exp, exp_sum        0.7 ulp         all (0.8 where the result is subnormal)
expm1               1.1 ulp         all
pow                 0.8 ulp         all
cbrt                0.6 ulp         all
sinh, cosh, tanh    2 ulp           all
asinh, atanh        1.4 ulp         all
=================== =============== ======================================
"""

from math import floor, sqrt

from fastdist.engine.bits import LARGEST, bits_float, float_bits, fma
from fastdist.engine.kernel import kernel
from fastdist.engine.trigonometric import sincos_turn

INF = float("inf")
NAN = float("nan")
LN2_HI, LN2_LO = 6.93147180369123816490e-01, 1.90821492927058770002e-10
LN2 = 0.6931471805599453
LOG2_E = 1.4426950408889634
HALF_E, HALF_E_REST = 1.3591409142295225, 5.318237706605892e-17
SMALLEST_NORMAL = 2.2250738585072014e-308
SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
EXPONENT_MASK = -4503599627370496
ROUND = 6755399441055744.0
ROUND_BITS = 0x4338000000000000


@kernel
def _log_of_fraction(f):
    """log(1 + f) - f + f*f/2 for 1 + f in [sqrt(1/2), sqrt(2)], with f*f/2.

    Minimax coefficients of FreeBSD's e_log.c for log((1 + s) / (1 - s)).
    """
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    even = fma(w, fma(w, 1.531383769920937332e-01, 2.222219843214978396e-01), 3.999999999940941908e-01)
    odd = fma(
        w,
        fma(w, fma(w, 1.479819860511658591e-01, 1.818357216161805012e-01), 2.857142874366239149e-01),
        6.666666666666735130e-01,
    )
    half_square = 0.5 * f * f
    return s * fma(z, fma(z, even, odd), half_square), half_square


@kernel
def _log_of_normal(x, lift):
    """log(x) - lift * log(2) for a positive x that is neither subnormal nor infinite."""
    bits = float_bits(x)
    offset = bits - SQRT_HALF_BITS
    k = float(offset >> 52) - lift
    f = bits_float(bits - (offset & EXPONENT_MASK)) - 1.0
    tail, half_square = _log_of_fraction(f)
    return fma(k, LN2_HI, f - (half_square - fma(k, LN2_LO, tail)))


@kernel
def log_of_uniform(u):
    """log(u) for noise: strictly between 0 and 1, and no smaller than 2**-53."""
    return _log_of_normal(u, 0.0)


@kernel
def log(x):
    """Natural logarithm."""
    subnormal = x < SMALLEST_NORMAL
    y = _log_of_normal(x * 18014398509481984.0 if subnormal else x, 54.0 if subnormal else 0.0)
    y = y if x <= LARGEST else x
    return y if x > 0.0 else (-INF if x == 0.0 else NAN)


@kernel
def log_sum(a, b):
    """log(a + b) for |b| no more than an ulp of a, with full relative accuracy near a + b = 1."""
    subnormal = a < SMALLEST_NORMAL
    scale = 18014398509481984.0 if subnormal else 1.0
    bits = float_bits(a * scale)
    offset = bits - SQRT_HALF_BITS
    n = offset >> 52
    k = float(n) - (54.0 if subnormal else 0.0)
    coarse = bits_float(bits - (offset & EXPONENT_MASK)) - 1.0
    rest = b * scale * bits_float((1024 - n) << 52) * 0.5
    f = coarse + rest
    rest = (coarse - f) + rest
    tail, half_square = _log_of_fraction(f)
    y = fma(k, LN2_HI, f - (half_square - (tail + fma(k, LN2_LO, fma(-rest, f, rest)))))
    y = y if a < INF else a
    return y if a > 0.0 else (-INF if a == 0.0 else NAN)


@kernel
def log1p(x):
    """log(1 + x)."""
    u = 1.0 + x
    lost = (x - (u - 1.0)) if u < 2.0 else (1.0 - (u - x))
    bits = float_bits(u)
    offset = bits - SQRT_HALF_BITS
    n = offset >> 52
    k = float(n)
    coarse = bits_float(bits - (offset & EXPONENT_MASK)) - 1.0
    rest = lost * bits_float((1024 - n) << 52) * 0.5
    f = coarse + rest
    rest = (coarse - f) + rest
    tail, half_square = _log_of_fraction(f)
    y = fma(k, LN2_HI, f - (half_square - (tail + fma(k, LN2_LO, fma(-rest, f, rest)))))
    y = y if x < INF else x
    y = y if x > -1.0 else (-INF if x == -1.0 else NAN)
    return x if x == 0.0 else y


@kernel
def _exp_of_fraction(r, rest):
    """exp(r) - 1 - r + rest for |r| <= log(2) / 2, by a minimax polynomial: error below 1e-17."""
    r2 = r * r
    r4 = r2 * r2
    a = fma(r, 0.04166666666660241, 0.16666666666666688)
    b = fma(r, 0.0013888888927440213, 0.008333333333313436)
    c = fma(r, 2.4801507854845605e-05, 0.00019841269906056968)
    d = fma(r, 2.762552197023756e-07, 2.7557225012373326e-06)
    cubic = fma(r4, fma(r4, 2.5115440796911323e-08, fma(r2, d, c)), fma(r2, b, a))
    return fma(0.5 * r, r, fma(r * r2, cubic, rest))


@kernel
def exp_sum(a, b):
    """exp(a + b) for |b| below 1e-2: gradual underflow included.

    1 + (the first part of the reduced argument) is added without error; what that part lacks
    and the polynomial are then added as one small number. NaN flows through all of it. A product that
    underflows to 0 is slow on some processors, so 0 is selected.
    """
    clamped = 710.0 if a > 710.0 else a
    clamped = -750.0 if clamped < -750.0 else clamped
    shifted = fma(clamped, LOG2_E, ROUND)
    k = shifted - ROUND
    first = fma(-k, LN2_HI, clamped)
    second = fma(-k, LN2_LO, b)
    y = 1.0 + first
    y = y + _exp_of_fraction(first + second, (first - (y - 1.0)) + second)
    tiny = k < -1000.0
    scale = bits_float((float_bits(shifted) + (1150 if tiny else 1022)) << 52)
    last = 5.877471754111438e-39 if tiny else 2.0
    return y * scale * (0.0 if clamped < -745.2 else last)


@kernel
def exp(x):
    """Exponential."""
    return exp_sum(x, 0.0)


@kernel
def exp_within(x):
    """exp(x) for -708 <= x <= 709, where it is neither subnormal nor infinite: an error of 1.2 ulp."""
    shifted = fma(x, LOG2_E, ROUND)
    k = shifted - ROUND
    r = fma(-k, LN2_LO, fma(-k, LN2_HI, x))
    return (1.0 + _exp_of_fraction(r, r)) * bits_float((float_bits(shifted) + 1023) << 52)


@kernel
def expm1(x):
    """exp(x) - 1."""
    clamped = 710.0 if x > 710.0 else x
    clamped = -40.0 if clamped < -40.0 else clamped
    shifted = fma(clamped, LOG2_E, ROUND)
    k = shifted - ROUND
    first = fma(-k, LN2_HI, clamped)
    second = -k * LN2_LO
    n = float_bits(shifted) - ROUND_BITS
    unit = 1.0 - bits_float((1023 - (n if n < 1023 else 1023)) << 52)
    y = unit + first
    y = y + _exp_of_fraction(first + second, (first - (y - unit)) + second)
    y = 2.0 * y * bits_float((n + 1022) << 52)
    return x if x == 0.0 else y


@kernel
def _log_pair(x):
    """log(x) for x > 0 as an unevaluated sum: relative error below 2**-64."""
    subnormal = x < SMALLEST_NORMAL
    bits = float_bits(x * 18014398509481984.0 if subnormal else x)
    offset = bits - SQRT_HALF_BITS
    k = float(offset >> 52) - (54.0 if subnormal else 0.0)
    m = bits_float(bits - (offset & EXPONENT_MASK))
    f = m - 1.0
    d = m + 1.0
    inverse = 1.0 / d
    s = f * inverse
    s_rest = fma(s, (d - 1.0) - m, fma(-s, d, f)) * inverse
    z = s * s
    z_rest = fma(2.0 * s, s_rest, fma(s, s, -z))
    z2 = z * z
    p = fma(
        z2 * z2,
        fma(z2, 0.13196886816320777, fma(z, 0.13256759309322855, 0.15386759760016838)),
        fma(z2, fma(z, 0.18181784316376307, 0.2222222252047677), fma(z, 0.28571428570096646, 0.4000000000000226)),
    )
    p = fma(z, p, 3.700743415417188e-17)
    c = 0.6666666666666666 + p
    c_rest = (0.6666666666666666 - c) + p
    cube = s * z
    cube_rest = fma(s, z_rest, fma(s_rest, z, fma(s, z, -cube)))
    u = cube * c
    u_rest = fma(cube, c_rest, fma(cube_rest, c, fma(cube, c, -u)))
    scale = k * LN2_HI
    first = fma(2.0, s, scale)
    lost = fma(2.0, s, scale - first)
    second = first + u
    lost = lost + ((first - second) + u) + fma(2.0, s_rest, fma(k, LN2_LO, u_rest))
    total = second + lost
    return total, (second - total) + lost


@kernel
def pow(x, y):
    """x to the power y, with C's results for the special arguments."""
    size = abs(x)
    log_x, rest = _log_pair(size)
    regular = size > 0.0 and size < INF
    log_x = log_x if regular else (-INF if size == 0.0 else size)
    product = y * log_x
    rest = fma(y, rest, fma(y, log_x, -product)) if abs(product) < 1e4 and regular else 0.0
    result = exp_sum(product, rest)
    whole = floor(y) == y
    odd = whole and floor(0.5 * y) != 0.5 * y
    result = -result if odd and float_bits(x) < 0 else result
    result = result if whole or x >= 0.0 or size == INF or x != x else NAN
    return 1.0 if y == 0.0 or x == 1.0 or (x == -1.0 and abs(y) == INF) else result


@kernel
def sinh(x):
    """Hyperbolic sine."""
    size = abs(x)
    z = x * x
    z2 = z * z
    p = fma(
        z2 * z2,
        fma(z2, 7.759314476188039e-13, fma(z, 1.6057240295590258e-10, 2.505212339861191e-08)),
        fma(
            z2,
            fma(z, 2.7557319155341237e-06, 0.00019841269841437646),
            fma(z, 0.008333333333333139, 0.16666666666666669),
        ),
    )
    half = exp_sum(size - 1.0, HALF_E_REST) * HALF_E
    far = half - 0.25 / half
    far = -far if x < 0.0 else far
    return fma(x * z, p, x) if size < 1.0 else far


@kernel
def cosh(x):
    """Hyperbolic cosine."""
    half = exp_sum(abs(x) - 1.0, HALF_E_REST) * HALF_E
    return half + 0.25 / half


@kernel
def tanh(x):
    """Hyperbolic tangent."""
    e = expm1(-2.0 * abs(x))
    far = e < -0.7
    ratio = (2.0 * (1.0 + e) if far else -e) / (2.0 + e)
    y = 1.0 - ratio if far else ratio
    y = -y if x < 0.0 else y
    return x if x == 0.0 else y


@kernel
def asinh(x):
    """Inverse hyperbolic sine."""
    size = abs(x)
    far = size > 1e9
    short = 1.0 if far else size
    extra = short + short * short / (1.0 + sqrt(fma(short, short, 1.0)))
    u = 1.0 + extra
    lost = (extra - (u - 1.0)) if u < 2.0 else (1.0 - (u - extra))
    y = log_sum(size if far else u, 0.0 if far else lost) + (LN2 if far else 0.0)
    y = -y if x < 0.0 else y
    return y if size > 1e-9 else x


@kernel
def atanh(x):
    """Inverse hyperbolic tangent."""
    size = abs(x)
    y = 0.5 * log1p(2.0 * size / (1.0 - size))
    y = -y if x < 0.0 else y
    return x if x == 0.0 else y


@kernel
def cbrt(x):
    """Cube root.

    Newton's iteration for the inverse root of m in [1/2, 4), which needs no division, and one
    step with the residual at full precision.
    """
    size = abs(x)
    subnormal = size < SMALLEST_NORMAL
    bits = float_bits(size * 18014398509481984.0 if subnormal else size)
    exponent = float(bits >> 52) - 1023.0
    shift = float_bits(fma(exponent, 0.3333333333333333, ROUND)) - ROUND_BITS
    m = bits_float(bits - ((3 * shift) << 52))
    t = fma(m, -0.00135907, 0.0240046)
    t = fma(m, t, -0.177624)
    t = fma(m, t, 0.716557)
    t = fma(m, t, -1.72162)
    t = fma(m, t, 2.54267)
    t = fma(m, t, -2.36457)
    t = fma(m, t, 1.98142)
    t = fma(t * fma(-m * t, t * t, 1.0), 0.3333333333333333, t)
    t = fma(t * fma(-m * t, t * t, 1.0), 0.3333333333333333, t)
    inverse_square = t * t
    y = m * inverse_square
    square = y * y
    residual = fma(-square, y, m) - y * fma(y, y, -square)
    y = fma(residual * inverse_square, 0.3333333333333333, y)
    y = bits_float(float_bits(y) + (shift << 52)) * (3.814697265625e-06 if subnormal else 1.0)
    y = -y if x < 0.0 else y
    return y if size > 0.0 and size < INF else x


__all__ = [
    "asinh",
    "atanh",
    "cbrt",
    "cosh",
    "exp",
    "exp_sum",
    "expm1",
    "log",
    "log1p",
    "log_of_uniform",
    "log_sum",
    "pow",
    "sincos_turn",
    "sinh",
    "tanh",
]
