"""The beta function's logarithm, differences of gamma functions, and the beta density's logarithm.

Everything here is a difference of gamma functions that is formed before it can cancel: from the
corrections to Stirling's formula where an argument is large, by a shift to large arguments where
it is not.

Sources: DLMF sections 5.11 and 5.12; A. R. Didonato and A. H. Morris, ACM Trans. Math. Softw. 18
(1992) 360-373 (the cancellations to avoid); C. Loader, Fast and accurate computation of binomial
probabilities (2000), for the saddle-point form.
"""

from math import log, log1p

from fastdist.engine.bits import bits_float, float_bits, fma
from fastdist.engine.kernel import kernel
from fastdist.special.gamma import gammaln, stirling_error

__all__ = [
    "beta_divergence",
    "beta_log_kernel",
    "betaln",
    "curvature_near",
    "digamma_gap_fall",
    "digamma_rise",
    "gammaln_rise",
    "inverse_curvature",
    "log_beyond",
    "log_curvature",
    "log_curvature_by",
    "log_pair",
    "saddle_offset",
]

INF = float("inf")
NAN = float("nan")
HALF_LOG_2PI = 0.9189385332046728
LARGE = 16.0
NEGLIGIBLE = 1e-8  # a times any logarithm of a float64 is below the rounding of 1
LN2_HI, LN2_LO = 6.93147180369123816490e-01, 1.90821492927058770002e-10
SMALLEST_NORMAL = 2.2250738585072014e-308
SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
EXPONENT_MASK = -4503599627370496

# stirling_error(x) = (1/x) * sum STIRLING[k] / x**(2k), highest power first
STIRLING = (
    -0.029550653594771242,
    0.00641025641025641,
    -0.0019175269175269176,
    0.0008417508417508417,
    -0.0005952380952380953,
    0.0007936507936507937,
    -0.002777777777777778,
    0.08333333333333333,
)

# log(x) - digamma(x) - 1/(2x) = sum DIGAMMA[k] / x**(2k+2), highest power first
DIGAMMA = (
    -0.4432598039215686,
    0.08333333333333333,
    -0.021092796092796094,
    0.007575757575757576,
    -0.004166666666666667,
    0.003968253968253968,
    -0.008333333333333333,
    0.08333333333333333,
)


@kernel
def curvature_near(u):
    """2 (u - log(1 + u)) / u**2 for -0.4 <= u <= 0.41: relative to 2 ulp.

    From log(1 + u) = 2 artanh(u / (2 + u)), with the coefficients of FreeBSD's e_log.c.
    """
    w = 1.0 / (2.0 + u)
    s = u * w
    z = s * s
    tail = fma(z, fma(z, 1.479819860511658591e-01, 1.531383769920937332e-01), 1.818357216161805012e-01)
    tail = fma(z, fma(z, tail, 2.222219843214978396e-01), 2.857142874366239149e-01)
    tail = fma(z, fma(z, tail, 3.999999999940941908e-01), 6.666666666666735130e-01)
    return 1.0 - s * fma(w * w, tail + tail, 1.0)


@kernel
def log_curvature(u):
    """2 (u - log(1 + u)) / u**2 for u > -1: 1 at u = 0, and relative to 3 ulp everywhere."""
    return log_curvature_by(u, log1p(u))


@kernel
def log_curvature_by(u, log1p_u):
    """The same, where the logarithm is at hand."""
    far = 2.0 * (u - log1p_u) / (u * u)
    return curvature_near(u) if u > -0.29 and u < 0.41 else far


@kernel
def inverse_curvature(x):
    """log_curvature(-1 / x) for x > 1: to 7 ulp close to 1 as well, where x - 1 is exact and 1 - 1 / x is not."""
    u = 1.0 / x
    far = 2.0 * (log(x / (x - 1.0)) - u) / (u * u)
    return curvature_near(-u) if u < 0.29 else far


@kernel
def log_pair(x, rest):
    """log(x (1 + rest)) for x > 0 and tiny `rest` as a sum of two floats: absolute error below 2e-17.

    The fraction and the coefficients are those of FreeBSD's e_log.c.
    """
    subnormal = x < SMALLEST_NORMAL
    bits = float_bits(x * 18014398509481984.0 if subnormal else x)
    offset = bits - SQRT_HALF_BITS
    k = float(offset >> 52) - (54.0 if subnormal else 0.0)
    f = bits_float(bits - (offset & EXPONENT_MASK)) - 1.0
    s = f / (2.0 + f)
    z = s * s
    tail = fma(z, fma(z, 1.479819860511658591e-01, 1.531383769920937332e-01), 1.818357216161805012e-01)
    tail = fma(z, fma(z, tail, 2.222219843214978396e-01), 2.857142874366239149e-01)
    tail = fma(z, fma(z, tail, 3.999999999940941908e-01), 6.666666666666735130e-01)
    half = 0.5 * f * f
    near = s * fma(z, tail, half) - half + fma(k, LN2_LO, rest)
    top = k * LN2_HI
    whole = top + f
    near += f - (whole - top)
    # k = 0 leaves f + 0; otherwise |top| exceeds |f|, so that the difference above is exact
    high = whole + near
    return high, near - (high - whole)


@kernel
def log_beyond(x, y, level):
    """log(x / y) - level for x, y > 0: where they are close the rounding of the logarithm would be most of it."""
    ratio = x / y
    inside = ratio > 1e-290 and ratio < 1e290
    high, low = log_pair(ratio if inside else 1.0, fma(-ratio, y, x) / x if inside else 0.0)
    return (high - level) + low if inside else log(x) - log(y) - level


@kernel(heavy=True)
def gammaln_rise(b, a):
    """log(gamma(a + b) / gamma(b)) for a, b > 0, relative to a few ulp also for tiny a."""
    big = b
    grown = 0.0
    while big < LARGE:
        h = a / big
        grown = grown + h + grown * h
        big = big + 1.0
    h = a / big
    top = big + a
    i = 1.0 / big
    j = 1.0 / top
    t = i * i
    s = j * j
    value = 0.0
    slope = 0.0
    for c in STIRLING:
        slope = slope * s + value
        value = value * t + c
    gap = -a * i * j
    rest = gap * (value + j * (i + j) * slope)
    lift = a * log(big) + big * (h * log1p(h) - 0.5 * h * h * log_curvature(h))
    return (lift - 0.5 * log1p(h) + rest) - log1p(grown)


@kernel
def reciprocal_fall(b, a):
    """1 / b - 1 / (a + b)."""
    return a / (b * (b + a))


@kernel(heavy=True)
def digamma_rise(b, a):
    """digamma(a + b) - digamma(b) for a, b > 0, relative to a few ulp also for tiny a."""
    total = 0.0
    big = b
    while big < LARGE:
        total += reciprocal_fall(big, a)
        big = big + 1.0
    return total + log1p(a / big) + _gap_fall(big, a)


@kernel
def _gap_fall(b, a):
    """`digamma_gap_fall` for b >= 16, by the divided difference of the asymptotic series of log(x) - digamma(x)."""
    i = 1.0 / b
    j = 1.0 / (b + a)
    t = i * i
    s = j * j
    value = 0.0
    slope = 0.0
    for c in DIGAMMA:
        slope = slope * s + value
        value = value * t + c
    # the series is t * sum: its divided difference is value + s * slope
    return a * i * j * (0.5 + (i + j) * (value + s * slope))


@kernel(heavy=True)
def digamma_gap_fall(b, a):
    """(log(b) - digamma(b)) - (log(a + b) - digamma(a + b)) for a, b > 0, relative also for large b and tiny a."""
    return _gap_fall(b, a) if b >= LARGE else digamma_rise(b, a) - log1p(a / b)


@kernel(heavy=True)
def betaln(a, b):
    """Logarithm of the beta function for a, b >= 0.

    inf where an argument is 0, -inf where one is inf. Largest relative error seen: 8.9e-16 over a, b
    from 1e-10 to 1e15 where |betaln| > 0.09, and 1.6e-13 near B(a, b) = 1 (3e-16 absolute).
    """
    low = a if a < b else b
    high = b if a < b else a
    if not (a > 0.0 and b > 0.0 and high < INF):
        if low == 0.0:
            return INF if high < INF else NAN
        return -INF if a > 0.0 and b > 0.0 else NAN
    if low >= 10.0:
        h = low / high
        corrections = stirling_error(low) + (stirling_error(high) - stirling_error(low + high))
        body = (low - 0.5) * log(h / (1.0 + h)) - high * log1p(h) - 0.5 * log(high)
        return body + (HALF_LOG_2PI + corrections)
    if low < 1e-290:
        return log1p(low / high) - log(low)
    return gammaln(low) - gammaln_rise(high, low)


@kernel
def saddle_offset(a, b, x, y):
    """a * y - b * x from x or y = 1 - x, whichever is smaller, without rounding before the end."""
    left = x <= y
    p = a if left else b
    q = b if left else a
    t = x if left else y
    u = p * t
    v = q * t
    d = p - u
    e = d - v
    shift = e - d
    d_rest = (p - d) - u
    e_rest = (d - (e - shift)) - (v + shift)
    total = e + ((d_rest + e_rest) - (fma(p, t, -u) + fma(q, t, -v)))
    return total if left else -total


@kernel(heavy=True)
def beta_log_kernel(a, b, x, y):
    """a log(x) + b log(y) - betaln(a, b) for y = 1 - x: the log density is this less log(x y)."""
    n = a + b
    small = x if x <= y else y
    near = log(small)
    far = log1p(-small)
    log_x = near if x <= y else far
    log_y = far if x <= y else near
    if n < LARGE or a < NEGLIGIBLE or b < NEGLIGIBLE:
        return a * log_x + b * log_y - betaln(a, b)
    offset = saddle_offset(a, b, x, y)
    top = 0.5 * log(a / n * b) - HALF_LOG_2PI + ((stirling_error(n) - stirling_error(b)) - stirling_error(a))
    return top - beta_divergence(a, b, x, y, offset)


@kernel
def beta_divergence(a, b, x, y, offset):
    """a log(a / (n x)) + b log(b / (n y)) for n = a + b, with offset = a y - b x.

    n times the Kullback-Leibler divergence of Bernoulli(x) from Bernoulli(a / n).
    """
    u = -offset / a
    v = offset / b
    near = 0.5 * offset * (v * curvature_near(v) - u * curvature_near(u))
    low_x = a * (u - log(x * ((a + b) / a)))
    low_y = b * (v - log(y * ((a + b) / b)))
    # A ratio may overflow; then its logarithm is nothing beside it.
    high_x = a * (u - log1p(u)) if u < INF else -offset
    high_y = b * (v - log1p(v)) if v < INF else offset
    part_x = low_x if u < -0.5 else high_x
    part_y = low_y if v < -0.5 else high_y
    return near if abs(u) < 0.3 and abs(v) < 0.3 else part_x + part_y
