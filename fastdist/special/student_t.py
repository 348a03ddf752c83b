"""Student's t distribution: density, both tails, their logarithms, quantiles, and derivatives in df.

With a = df / 2, x = df / (df + t*t) and y = 1 - x, the upper tail at t > 0 is I_x(a, 1/2) / 2: see
:mod:`fastdist.special.beta_tail` for it. For df >= 20 and z*z = (df - 1/2) log(1 + t*t/df) up to 0.6 df,

    sf(t) = C integral from z to inf of exp(-w*w/2) (v / sinh v)**(1/2) dw,    v = w*w / (2 df - 1),

and the expansion of the square root in v gives the normal tail at z plus the normal density times
an odd polynomial in z, whose coefficients depend on df alone. There is no cancellation at any df,
and df = inf is the normal distribution itself. (D. L. Wallace, Ann. Math. Statist. 30 (1959) 1121-1130,
takes such a z for a normal deviate; the expansion carries it to full precision.)

Largest relative errors seen, against mpmath at 60 digits over df from 1e-3 to 1e5 and t from 1e-3
to 1e100:

==================  =======  ===================================================================
function            error    remark
==================  =======  ===================================================================
log_pdf             5.6e-16
log_sf, log_cdf     6.7e-16
sf, cdf             7.1e-14  at 3e-189: that of the logarithm, 2e-16 of it; 2.2e-15 down to 1e-5
icdf, isf           7.4e-14  at df = 1.3e-3, t = 2e97; 1.4e-15 for df >= 1 and tails above 1e-5
sample_grad         1.7e-14
==================  =======  ===================================================================
"""

from math import exp, expm1, log, log1p, sqrt

from fastdist.engine.bits import fma
from fastdist.engine.kernel import kernel
from fastdist.special.beta import digamma_rise, gammaln_rise, log_curvature
from fastdist.special.beta_tail import (
    TINY,
    fraction,
    fraction_gradient,
    log_series,
    series_gradient,
)
from fastdist.special.erf import erfcx_parts
from fastdist.special.gamma import digamma, log_gamma1p, stirling_error

INF = float("inf")
NAN = float("nan")
HALF_LOG_PI = 0.5723649429247001
HALF_LOG_2PI = 0.9189385332046728
SQRT_HALF = 0.7071067811865476
INV_SQRT_2PI = 0.3989422804014327
NORMAL_FROM = 20.0
NORMAL_REACH = 0.6
FLAT = 1e-8  # the df up to which the tail hardly falls within the floats
FARTHEST = 1e24  # the square of t up to which no power of it overflows
LARGEST_ROOT = 1e154  # the square root of the largest float


@kernel(heavy=True)
def _tail_moments(g0, g1, g2, g3, g4, g5, g6, g7, g8):
    """The integral from z to inf of exp(-w*w/2) sum g_k w**(4 k), times exp(z*z/2), in powers of z.

    The coefficients of z**-1 (which stands for the scaled normal tail), z, z**3, ..., z**31.
    """
    h15 = g8
    h14 = 31.0 * h15
    h13 = fma(29.0, h14, g7)
    h12 = 27.0 * h13
    h11 = fma(25.0, h12, g6)
    h10 = 23.0 * h11
    h9 = fma(21.0, h10, g5)
    h8 = 19.0 * h9
    h7 = fma(17.0, h8, g4)
    h6 = 15.0 * h7
    h5 = fma(13.0, h6, g3)
    h4 = 11.0 * h5
    h3 = fma(9.0, h4, g2)
    h2 = 7.0 * h3
    h1 = fma(5.0, h2, g1)
    h0 = 3.0 * h1
    return h0 + g0, h0, h1, h2, h3, h4, h5, h6, h7, h8, h9, h10, h11, h12, h13, h14, h15


@kernel
def student_t_log_top(df):
    """Log density at 0, for df > 0: without the cancellation of its terms where df is large."""
    a = 0.5 * df
    if df < NORMAL_FROM:
        return gammaln_rise(a, 0.5) - HALF_LOG_PI - 0.5 * log(df)
    half = 0.5 / a
    finite = a if a < 1e300 else 1e300
    excess = -0.25 * half * log_curvature(half) + (stirling_error(finite + 0.5) - stirling_error(finite))
    return excess - HALF_LOG_2PI


@kernel(heavy=True)
def student_t_constants(df):
    """What the prepared functions need of df: 9 numbers, then 16 + 16 coefficients.

    (df, top of log_pdf, (df + 1) / 2, 1 / df, log of the kernel's norm, log of the tail's norm,
    log(a B(a, 1/2)) relative to a for tiny a, digamma(a + 1/2) - digamma(a), digamma(a + 1/2) -
    digamma(1/2)) with a = df / 2.
    """
    a = 0.5 * df
    finite = a if a < 1e300 else 1e300
    top = student_t_log_top(df)
    rise = gammaln_rise(a, 0.5) if df < NORMAL_FROM else top + HALF_LOG_2PI + 0.5 * log(finite)
    norm = rise - HALF_LOG_PI
    series_norm = log_gamma1p(a) - gammaln_rise(0.5, a) if a < TINY else 0.0
    w = 0.5 / (df - 0.5)
    w = w * w if df >= NORMAL_FROM else 0.0
    g1 = -0.08333333333333333 * w
    w2 = w * w
    g2 = 0.00625 * w2
    g3 = -0.0005042989417989418 * (w2 * w)
    w4 = w2 * w2
    g4 = 4.343722442680776e-05 * w4
    g5 = -3.896385732323232e-06 * (w4 * w)
    g6 = 3.5833354634507906e-07 * (w4 * w2)
    g7 = -3.349747072060578e-08 * (w4 * w2 * w)
    g8 = 3.1675854343161146e-09 * (w4 * w4)
    p = _tail_moments(1.0, g1, g2, g3, g4, g5, g6, g7, g8)
    q = _tail_moments(0.0, g1, 2.0 * g2, 3.0 * g3, 4.0 * g4, 5.0 * g5, 6.0 * g6, 7.0 * g7, 8.0 * g8)
    s = 1.0 / p[0]
    # the derivative in df of the normalised integrand, so that its whole integral is 0
    u = -2.0 / (df - 0.5)
    v = -u * q[0] * s
    return (
        df, top, 0.5 * df + 0.5, 1.0 / df, norm, norm - log(finite), series_norm,
        digamma_rise(finite, 0.5), digamma_rise(0.5, finite),
        p[1] * s, p[2] * s, p[3] * s, p[4] * s, p[5] * s, p[6] * s, p[7] * s, p[8] * s,
        p[9] * s, p[10] * s, p[11] * s, p[12] * s, p[13] * s, p[14] * s, p[15] * s, p[16] * s,
        fma(u, q[1], v * p[1]), fma(u, q[2], v * p[2]), fma(u, q[3], v * p[3]), fma(u, q[4], v * p[4]),
        fma(u, q[5], v * p[5]), fma(u, q[6], v * p[6]), fma(u, q[7], v * p[7]), fma(u, q[8], v * p[8]),
        fma(u, q[9], v * p[9]), fma(u, q[10], v * p[10]), fma(u, q[11], v * p[11]), fma(u, q[12], v * p[12]),
        fma(u, q[13], v * p[13]), fma(u, q[14], v * p[14]), fma(u, q[15], v * p[15]), fma(u, q[16], v * p[16]),
    )  # fmt: skip


@kernel
def _polynomial(y, c, i):
    """sum c[i + k] y**k for k < 16."""
    y2 = y * y
    y4 = y2 * y2
    e = fma(y2, fma(y, c[i + 15], c[i + 14]), fma(y, c[i + 13], c[i + 12]))
    d = fma(y2, fma(y, c[i + 11], c[i + 10]), fma(y, c[i + 9], c[i + 8]))
    b = fma(y2, fma(y, c[i + 7], c[i + 6]), fma(y, c[i + 5], c[i + 4]))
    a = fma(y2, fma(y, c[i + 3], c[i + 2]), fma(y, c[i + 1], c[i]))
    return fma(y4, fma(y4, fma(y4, e, d), b), a)


@kernel
def _log_ratio(t, c):
    """(log(1 + t*t / df), t*t / df): the logarithm also where the square overflows."""
    ratio = t * t * c[3] if c[3] > 0.0 else 0.0
    if ratio < 1e40:
        return log1p(ratio), ratio
    root = abs(t) * sqrt(c[3])
    return 2.0 * log(root) if root < INF else 2.0 * log(abs(t)) + log(c[3]), ratio


@kernel
def _upper(t, c):
    """(centre, power, factor) for t >= 0: the upper tail is centre + exp(power) * factor."""
    log_ratio, ratio = _log_ratio(t, c)
    df = c[0]
    if df >= NORMAL_FROM and log_ratio <= NORMAL_REACH and (t * t < FARTHEST or df == INF):
        square = t * t if ratio < 1e-17 else (df - 0.5) * log_ratio
        z = sqrt(square)
        if not square < FARTHEST:
            return 0.0, -0.5 * square, INV_SQRT_2PI / (z if z < LARGEST_ROOT else LARGEST_ROOT)
        above, below = erfcx_parts(z * SQRT_HALF)
        return 0.0, -0.5 * square, 0.5 * (above / below) + INV_SQRT_2PI * z * _polynomial(square, c, 9)
    power = c[4] - 0.5 * df * log_ratio
    if not (t < INF and ratio == ratio):
        return 0.0, -INF if t == INF and df > 0.0 else NAN, 0.5
    if not ratio < 1e18:
        return 0.0, (c[5] if df >= 2.0 * TINY else -c[6]) - 0.5 * df * log_ratio, 0.5
    a = 0.5 * df
    x = 1.0 / (1.0 + ratio)
    y = x * ratio
    offset = 0.5 * x * (t - 1.0) * (t + 1.0)
    if x <= y * (a if a > 1.0 else 1.0):
        if a < TINY:
            return 0.0, -0.5 * df * log_ratio - c[6] + log_series(a, 0.5, x), 0.5
        return 0.0, power, 0.5 * sqrt(y) * fraction(a, 0.5, x, y, offset)
    return 0.5, power, -0.5 * sqrt(y) * fraction(0.5, a, y, x, -offset)


@kernel
def student_t_log_pdf_prepared(t, c):
    """Log density from prepared constants."""
    log_ratio, ratio = _log_ratio(t, c)
    y = c[1] - (0.5 * (t * t) * (1.0 + c[3]) if ratio < 1e-17 else c[2] * log_ratio)
    return -INF if abs(t) == INF and c[0] == INF else y


@kernel
def student_t_sf_prepared(t, c):
    """Upper tail from prepared constants."""
    centre, power, factor = _upper(abs(t), c)
    tail = centre + exp(power) * factor
    return tail if t >= 0.0 else 1.0 - tail


@kernel
def student_t_cdf_prepared(t, c):
    """Lower tail from prepared constants."""
    return student_t_sf_prepared(-t, c)


@kernel
def student_t_log_sf_prepared(t, c):
    """Logarithm of the upper tail from prepared constants."""
    centre, power, factor = _upper(abs(t), c)
    if t < 0.0:
        return log1p(-(centre + exp(power) * factor))
    return power + log(factor) if centre == 0.0 else log(centre + exp(power) * factor)


@kernel
def student_t_log_cdf_prepared(t, c):
    """Logarithm of the lower tail from prepared constants."""
    return student_t_log_sf_prepared(-t, c)


@kernel(heavy=True)
def _first_quantile(p, c):
    """A first t > 0 with upper tail p < 1/2: Wallace's normal approximation, or the nearer power of t."""
    df = c[0]
    u = sqrt(-2.0 * log(p))
    z = u - (2.515517 + u * (0.802853 + u * 0.010328)) / (1.0 + u * (1.432788 + u * (0.189269 + u * 0.001308)))
    if df > 1.5:
        stretch = df - 0.6666666666666666 + 0.1 * c[3]
        part = z * z * (df - 0.8333333333333334) / stretch / stretch if df < 1e150 else 0.0
        return z if part < 1e-10 else sqrt(df * expm1(part if part < 600.0 else 600.0))
    if p > 0.25 and df > FLAT:
        return (0.5 - p) * exp(-c[1])
    power = ((c[5] if df >= 2.0 * TINY else -c[6]) - log(2.0 * p)) * c[3] + 0.5 * log(df)
    return exp(power if power < 709.0 else 709.0)


@kernel(heavy=True)
def _upper_quantile(p, c):
    """The t > 0 whose upper tail is p < 1/2.

    Halley's iteration in log t for the logarithm of the tail, from p = 1/4 on for that of 1/2 less
    the tail: both are concave in log t.
    """
    df = c[0]
    outer = p <= 0.25 or df <= FLAT
    target = log(p if outer else 0.5 - p)
    t = _first_quantile(p, c)
    k = 0
    while k < 60:
        centre, power, factor = _upper(t, c)
        density = exp(student_t_log_pdf_prepared(t, c) - power)
        if outer and centre == 0.0:
            rate = t * density / factor
            gap = power + log(factor) - target
        else:
            part = exp(power) * factor
            part = centre + part if outer else (0.5 - part if centre == 0.0 else -part)
            rate = t * density * exp(power) / part
            gap = log(part) - target
        y = t * t * c[3]
        fall = (df + 1.0) * (y / (1.0 + y) if y < 1e18 else 1.0) if df < 1e300 else t * t
        step = gap / rate if outer else -gap / rate
        bend = (1.0 - fall + (rate if outer else -rate)) * step
        t = t * exp(step / (1.0 + 0.5 * (bend if bend > -1.0 else -1.0)))
        if abs(gap) < 1e-5 or not (t > 0.0 and t < INF):
            break
        k += 1
    return t


@kernel
def student_t_isf_prepared(q, c):
    """Quantile of the upper tail from prepared constants."""
    if not (q > 0.0 and q < 1.0):
        return INF if q == 0.0 else (-INF if q == 1.0 else NAN)
    if q == 0.5:
        return 0.0
    return _upper_quantile(q, c) if q < 0.5 else -_upper_quantile(1.0 - q, c)


@kernel
def student_t_icdf_prepared(p, c):
    """Quantile from prepared constants."""
    return -student_t_isf_prepared(p, c) if p != 0.5 else 0.0


@kernel
def _relative_grad(t, c):
    """dt / ddf over t at a fixed probability, for finite t."""
    df = c[0]
    size = abs(t)
    log_ratio, ratio = _log_ratio(size, c)
    x = 1.0 / (1.0 + ratio)
    if df >= NORMAL_FROM and log_ratio <= NORMAL_REACH and t * t < FARTHEST:
        part = 1.0 - 0.5 * c[3]
        square = (df - 0.5) * log_ratio
        root = sqrt(part) if ratio < 1e-17 else sqrt(square) / size
        # log(1 + r) - r / (1 + r) + r / (1 + r) / (2 df), over 2 t**2 / (1 + r)
        gain = 0.5 * c[3] * (ratio * (1.0 - 0.5 * log_curvature(ratio) / x) + 0.5 * c[3])
        return root * _polynomial(square, c, 25) / sqrt(part * x * sqrt(x)) - gain / part
    a = 0.5 * df
    y = x * ratio
    if not ratio < 1e18:
        x = 0.0
        y = 1.0
    offset = 0.5 * x * (size - 1.0) * (size + 1.0) if x > 0.0 else a
    log_x = -log_ratio
    if x <= y * (a if a > 1.0 else 1.0):
        if x == 0.0:
            rate = (log_x + c[7] - 1.0 / a) / a
        elif a < TINY:
            _, rate, _ = series_gradient(a, 0.5, x, digamma(a + 0.5), c[8])
        else:
            factor, rate, _ = fraction_gradient(a, 0.5, x, y, offset)
            rate += factor * (log_x + c[7])
    else:
        factor, _, rate = fraction_gradient(0.5, a, y, x, -offset)
        rate = -rate - factor * (log_x + c[7])
    return fma(0.25, rate, 0.5 * c[3])


@kernel
def student_t_sample_grad_prepared(t, c):
    """dt / ddf at a fixed probability from prepared constants."""
    df = c[0]
    if abs(t) == INF or df == INF:
        return 0.0 if t == t and df > 0.0 else NAN
    return t * _relative_grad(t, c)


@kernel
def student_t_cdf_grad_prepared(t, c):
    """(cdf, d cdf / d df) from prepared constants."""
    df = c[0]
    if t == 0.0 or abs(t) == INF or df == INF:
        return student_t_cdf_prepared(t, c), 0.0 if t == t and df > 0.0 else NAN
    # t times the density in one exponential: the one may overflow, the other underflow.
    fall = -_relative_grad(t, c) * exp(student_t_log_pdf_prepared(t, c) + log(abs(t)))
    return student_t_cdf_prepared(t, c), fall if t > 0.0 else -fall
