"""Circular functions and their inverses without a branch, a table or a call.

An angle is reduced to [-pi/4, pi/4] as the sum of a float and its rounding error, so that nothing
is lost next to a multiple of pi/2 (W. J. Cody, W. Waite, *Software Manual for the Elementary
Functions*, 1980, with fused multiply-adds). The functions of a half turn, sin(pi x) and so on,
reduce without error and are exact at the multiples of 1/2. The minimax coefficients are from
``tools/fit_elementary.py``.

================== ============== ==================================================
function           largest error  domain
================== ============== ==================================================
sin, cos           0.8 ulp        |x| < 1e9; 1.5 ulp to 1e15; NaN beyond
tan                1.8 ulp        as sin
sincos_half_turn   0.9 ulp        all
tan_half_turn      2.2 ulp        all
atan               1.0 ulp        all
atan2              1.4 ulp        all
================== ============== ==================================================
"""

from math import trunc

from fastdist.engine.bits import bits_float, float_bits, fma
from fastdist.engine.kernel import kernel

__all__ = ["atan", "atan2", "cos", "sin", "sincos_half_turn", "sincos_turn", "tan", "tan_half_turn"]

INF = float("inf")
NAN = float("nan")
ROUND = 6755399441055744.0
TWO_OVER_PI = 0.6366197723675814
PI, PI_REST = 3.141592653589793, 1.2246467991473532e-16
HALF_PI_1, HALF_PI_2, HALF_PI_3 = 1.5707963267948966, 6.123233995736766e-17, -1.4973849048591833e-33
LARGEST_ANGLE = 1e15
SIGN_BIT = -9223372036854775808


@kernel
def _sin_cos(x):
    """sin(r), cos(r) and the bits of a float whose last two count the quarter turns, x = n pi/2 + r."""
    shifted = fma(x, TWO_OVER_PI, ROUND)
    k = shifted - ROUND
    first = fma(-k, HALF_PI_1, x)
    second = k * HALF_PI_2
    r = first - second
    rest = ((first - r) - second) - fma(k, HALF_PI_3, fma(k, HALF_PI_2, -second))
    z = r * r
    z2 = z * z
    z4 = z2 * z2
    half = 0.5 * z
    s = fma(z4, fma(z, 1.5896502267970274e-10, -2.505075321694451e-08),
            fma(z2, fma(z, 2.7557313661754254e-06, -0.00019841269829724408),
                fma(z, 0.008333333333322314, -0.16666666666666632)))  # fmt: skip
    c = fma(z4, fma(z, -1.1359445065583488e-11, 2.0875719511829897e-09),
            fma(z2, fma(z, -2.755731432591751e-07, 2.4801587289395648e-05),
                fma(z, -0.0013888888888873995, 0.0416666666666666)))  # fmt: skip
    sine = r + fma(r * z, s, fma(-half, rest, rest))
    cosine = 1.0 - half
    cosine = cosine + (((1.0 - cosine) - half) + fma(z2, c, -r * rest))
    return sine, cosine, float_bits(shifted)


@kernel
def sin(x):
    """Sine."""
    s, c, n = _sin_cos(x)
    y = c if (n & 1) != 0 else s
    y = -y if (n & 2) != 0 else y
    y = y if abs(x) <= LARGEST_ANGLE else NAN
    return x if x == 0.0 else y


@kernel
def cos(x):
    """Cosine."""
    s, c, n = _sin_cos(x)
    y = s if (n & 1) != 0 else c
    y = -y if ((n + 1) & 2) != 0 else y
    return y if abs(x) <= LARGEST_ANGLE else NAN


@kernel
def tan(x):
    """Tangent."""
    s, c, n = _sin_cos(x)
    odd = (n & 1) != 0
    y = (-c if odd else s) / (s if odd else c)
    y = y if abs(x) <= LARGEST_ANGLE else NAN
    return x if x == 0.0 else y


@kernel
def _sincos_half_turn(x):
    """sin(pi x) and cos(pi x) for |x| < 1e15."""
    shifted = fma(2.0, x, ROUND)
    r = x - 0.5 * (shifted - ROUND)
    z = r * r
    z2 = z * z
    z4 = z2 * z2
    s = fma(z4, fma(z, 0.0004615887519992692, -0.007370033201646036),
            fma(z2, fma(z, 0.08214587009001145, -0.5992645289737515),
                fma(z, 2.5501640398739935, -5.16771278004996)))  # fmt: skip
    c = fma(z4, fma(z, -0.00010362401354727861, 0.0019294786476777587),
            fma(z2, fma(z, -0.025806886819501856, 0.23533063024376483),
                fma(z, -1.3352627688531662, 4.058712126416761)))  # fmt: skip
    s = fma(r, PI, r * fma(z, s, PI_REST))
    c = 1.0 + fma(z, -4.934802200544679, z * fma(z, c, -3.1326477543698557e-16))
    n = float_bits(shifted)
    odd = (n & 1) != 0
    sine = c if odd else s
    cosine = s if odd else c
    sine = -sine if (n & 2) != 0 else sine
    cosine = -cosine if ((n + 1) & 2) != 0 else cosine
    return sine, cosine


@kernel
def sincos_half_turn(x):
    """sin(pi x) and cos(pi x); 0, 1 and -1 exactly where they are that."""
    return _sincos_half_turn(x - 2.0 * float(trunc(0.5 * x)))


@kernel
def sincos_turn(u):
    """sin(2 pi u) and cos(2 pi u) for |u| < 1e15."""
    return _sincos_half_turn(2.0 * u)


@kernel
def tan_half_turn(x):
    """tan(pi x), infinite at the odd multiples of 1/2."""
    sine, cosine = sincos_half_turn(x)
    return sine / cosine


@kernel
def _atan_of_ratio(a, b):
    """atan(a / b) for a >= 0, b >= 0, not NaN."""
    steep = a > b
    low = b if steep else a
    high = a if steep else b
    t = low / high
    t = t if high > 0.0 else 0.0
    t = t if low < INF else 1.0
    z = t * t
    z2 = z * z
    z4 = z2 * z2
    z8 = z4 * z4
    p0 = fma(z2, fma(z, 0.11111110705857544, -0.1428571427236806), fma(z, 0.19999999999775103, -0.33333333333331994))
    p1 = fma(z2, fma(z, 0.05877476623296723, -0.06665892477701031), fma(z, 0.07692217363177177, -0.09090901662521982))
    p2 = fma(z2, fma(z, 0.03414587320657097, -0.0409710318659107), fma(z, 0.04675913333472836, -0.052398943986448517))
    p3 = fma(
        z2, fma(z, 0.003900710499336267, -0.009265877158488372), fma(z, 0.017084847182539116, -0.025931517973684978)
    )
    p4 = fma(z2, -2.066461746581547e-05, fma(z, 0.00022687094025698986, -0.001180865625819813))
    p = fma(z8, fma(z8, p4, fma(z4, p3, p2)), fma(z4, p1, p0))
    rest = z * p
    flat = fma(t, rest, t)
    return HALF_PI_1 - (fma(t, rest, -HALF_PI_2) + t) if steep else flat


@kernel
def atan2(y, x):
    """Angle of the point (x, y), with the signs that C prescribes."""
    angle = _atan_of_ratio(abs(y), abs(x))
    angle = PI - (angle - PI_REST) if float_bits(x) < 0 else angle
    angle = bits_float(float_bits(angle) | (float_bits(y) & SIGN_BIT))
    return angle if x == x and y == y else x + y


@kernel
def atan(x):
    """Arc tangent."""
    angle = _atan_of_ratio(abs(x), 1.0)
    angle = bits_float(float_bits(angle) | (float_bits(x) & SIGN_BIT))
    return angle if x == x else x
