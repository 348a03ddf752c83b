"""One tail of the beta distribution, and its derivatives, as a multiple of its kernel x**a y**b / B(a, b).

The pieces behind :mod:`fastdist.special.incomplete_beta` and :mod:`fastdist.special.student_t`. The
tail that is computed is the one that is not close to 1, by

* the expansion about the mean of :mod:`fastdist.special.beta_expansion` where min(a, b) >= 32 and
  |a y - b x| < 0.29 min(a, b),
* the power series (DLMF 8.17.7) in the form of a logarithm where its own parameter is below 1/4, so
  that both the tail and its complement are relative to their size,
* the continued fraction (DLMF 8.17.22, even part) everywhere else: at most 90 steps, 10 to 30 as a rule.

Sources: DLMF section 8.17; A. R. Didonato and A. H. Morris, Algorithm 708, ACM Trans. Math. Softw. 18
(1992) 360-373, for the terms of the fraction and the choice of regions.
"""

from math import exp, expm1, log, log1p, sqrt

from fastdist.engine.bits import fma
from fastdist.engine.kernel import kernel
from fastdist.engine.pairs import derivative
from fastdist.special.beta import betaln, curvature_near, digamma_rise, gammaln_rise, log_pair, saddle_offset
from fastdist.special.beta_expansion import ORDER, expansion
from fastdist.special.erf import erfcx_parts
from fastdist.special.gamma import digamma, log_gamma1p, stirling_error
from fastdist.special.logs import log1mexp

__all__ = ["betainc_constants", "log_tail_value", "near_tail", "tail_gradient", "tail_value"]

INF = float("inf")
HALF_LOG_2PI = 0.9189385332046728
INV_SQRT_2PI = 0.3989422804014327
SQRT_HALF = 0.7071067811865476
NORMAL_FROM = 32.0  # min(a, b) from which the expansion about the mean serves
REACH = 0.29  # and how far: |a y - b x| up to this many min(a, b),
FAR = 1e12  # and this many roots of it: no power that the expansion needs overflows
SADDLE = 16.0  # a + b from which the kernel is taken relative to its value at the mean, near the mean
TAIL, IN_A, IN_B = 14, 14 + ORDER, 14 + 2 * ORDER  # where its coefficients begin
ZEROS = (0.0,) * (3 * ORDER)
TINY = 0.25  # below it 1 - I is taken from log I, which a series gives relative to a
DIRECT = 1.0  # a + b from which 1 / B(a, b) comes from corrections to Stirling's formula
STEPS = 300.0
EPSILON = 1.1e-16
SETTLED = 2e-15  # change of a derivative, beside it and the value, that is as good as none
HUGE, HUGE_INVERSE = 2.0**400, 2.0**-400
LARGE = 2.0**100  # from this |a y - b x| on products of three terms of the fraction would overflow


@kernel(heavy=True)
def _quotient_rest(n, a, b):
    """What the rounding of n = a + b and of n / a took from (a + b) / a, relative."""
    lost = a - (n - b) if a < b else b - (n - a)
    return (lost - fma(n / a, a, -n)) / n


@kernel(heavy=True)
def _add_power(whole, rest, a, x, x_rest):
    """whole + rest + a log(x (1 + x_rest)) as a sum of two floats."""
    high, low = log_pair(x, x_rest)
    product = a * high
    total = whole + product
    back = total - whole
    rest += (whole - (total - back)) + (product - back)
    rest += fma(a, high, -product) + a * low
    high = total + rest
    return high, rest - (high - total)


@kernel(heavy=True)
def betainc_constants(a, b):
    """What the prepared functions need of a and b.

    0, 1: a and b; 2, 3: max(a, 1) and max(b, 1), whose ratio to x and y says which tail to compute;
    4: the logarithm of the kernel's top (of 1 / B(a, b) for a + b < 1); 5, 6: log(a B(a, b)) for tiny
    a and log(b B(a, b)) for tiny b; 7, 8, 9: digamma(a + b) less digamma(a), less digamma(b), and
    itself; 10: the kernel's top; 11: the reach of the expansion about the mean, or -1;
    12, 13: -betaln(a, b) in two parts; then the expansion's coefficients.
    """
    n = a + b
    low = a if a < b else b
    if n < DIRECT or not n / low < 1e307:
        log_norm = -betaln(a, b)
        top = 0.0
        whole, rest = log_norm, 0.0
    else:
        corrections = (stirling_error(n) - stirling_error(b)) - stirling_error(a)
        log_norm = 0.5 * log(a / n * b) - HALF_LOG_2PI + corrections
        top = INV_SQRT_2PI * sqrt(a / n * b) * exp(corrections)
        whole, rest = _add_power(log_norm, 0.0, a, n / a, _quotient_rest(n, a, b))
        whole, rest = _add_power(whole, rest, b, n / b, _quotient_rest(n, b, a))
    log_rise_a = log_gamma1p(a) - gammaln_rise(b, a) if a < TINY else 0.0
    log_rise_b = log_gamma1p(b) - gammaln_rise(a, b) if b < TINY else 0.0
    side_a = a if a > 1.0 else 1.0
    side_b = b if b > 1.0 else 1.0
    root = sqrt(low)
    reach = root * (REACH * root if REACH * root < FAR else FAR)
    base = (
        a, b, side_a, side_b, log_norm, log_rise_a, log_rise_b,
        digamma_rise(a, b), digamma_rise(b, a), digamma(n), top, reach if low >= NORMAL_FROM else -1.0,
        whole, rest,
    )  # fmt: skip
    return base + (expansion(a, b, top) if low >= NORMAL_FROM else ZEROS)


@kernel
def _half_square(a, b, offset):
    """z*z/2 of :mod:`fastdist.special.beta_expansion`, for |offset| <= 0.29 min(a, b)."""
    u = -offset / a
    v = offset / b
    return 0.5 * offset * (v * curvature_near(v) - u * curvature_near(u))


@kernel
def saddle_root(half, a, b, offset):
    """z of :mod:`fastdist.special.beta_expansion` from half its square: it is smooth at an offset of 0."""
    root = sqrt(half + half)
    return root if offset < 0.0 else -root


@derivative(saddle_root)
@kernel
def saddle_root_slopes(result, half, a, b, offset):
    # Half the square follows the others.
    u, v = -offset / a, offset / b
    curve_a, curve_b = curvature_near(u), curvature_near(v)
    rate = 1.0 / sqrt(curve_a / a + curve_b / b)
    in_a = (u / a) * (0.5 * curve_a - 1.0 / (1.0 + u)) * rate
    in_b = -(v / b) * (0.5 * curve_b - 1.0 / (1.0 + v)) * rate
    return 0.0, in_a, in_b, -(1.0 / a + 1.0 / b) * rate / ((1.0 + u) * (1.0 + v))


@kernel
def _polynomial(z, c):
    """sum c[k] z**k for k < 18."""
    z2 = z * z
    z4 = z2 * z2
    z8 = z4 * z4
    d = fma(z4, fma(z, c[17], c[16]), fma(z2, fma(z, c[15], c[14]), fma(z, c[13], c[12])))
    b = fma(z2, fma(z, c[11], c[10]), fma(z, c[9], c[8]))
    a = fma(z2, fma(z, c[7], c[6]), fma(z, c[5], c[4]))
    e = fma(z2, fma(z, c[3], c[2]), fma(z, c[1], c[0]))
    return fma(z8, fma(z4, d, b), fma(z4, a, e))


@kernel(heavy=True)
def fraction(a, b, x, y, offset):
    """I_x(a, b) B(a, b) / (x**a y**b) by the even part of the continued fraction DLMF 8.17.22.

    Its terms are those of Didonato and Morris (1992), equation (9); a forward recurrence without a
    division on its path. The square of a y - b x may overflow: `unit` scales its terms.
    """
    n = a + b
    unit = 1.0 if abs(offset) < LARGE else 1.0 / abs(offset)
    base = (offset + 1.0) * unit
    step = (1.0 + y) * unit
    r = 1.0 / (a + 1.0)
    p0 = 1.0
    p1 = a * r * base
    q0 = 0.0
    q1 = unit
    m = 1.0
    while m < STEPS:
        up = m * (b - m) * x
        alpha = ((a + m) - 1.0) * r * (((n + m) - 1.0) * x * unit) * (up * r * unit)
        beta = (m + up * r) * unit
        r = 1.0 / (a + (2.0 * m + 1.0))
        beta += (a + m) * r * (base + m * step)
        p2 = beta * p1 + alpha * p0
        q2 = beta * q1 + alpha * q0
        change = abs(q2 * p1 - q1 * p2)
        if change <= EPSILON * abs(q2 * p1):
            return q2 / p2
        p0 = p1
        q0 = q1
        p1 = p2
        q1 = q2
        if abs(p1) > HUGE:
            p0 *= HUGE_INVERSE
            p1 *= HUGE_INVERSE
            q0 *= HUGE_INVERSE
            q1 *= HUGE_INVERSE
        m += 1.0
    return q1 / p1


@kernel(heavy=True)
def log_series(a, b, x):
    """log(I_x(a, b) a B(a, b) / x**a), relative to a: DLMF 8.17.7 for tiny a and x max(b, 1) <= 1/2 or so."""
    term = 1.0
    total = 0.0
    k = 1.0
    while k < 200.0:
        term = term * ((k - b) * (x / k))
        part = term / (a + k)
        total += part
        if abs(part) <= 0.25 * EPSILON * abs(total):
            break
        k += 1.0
    return log1p(a * total)


@kernel
def _is_lower(shift, x, y, c):
    """Whether the lower tail is the one to compute, for shift = a y - b x."""
    return shift >= 0.0 if c[0] >= 1.0 and c[1] >= 1.0 else x * c[3] <= y * c[2]


@kernel
def near_tail(x, y, c):
    """(log_power, factor, rate, lower): the tail that is not close to 1 is exp(log_power) * factor.

    `lower` is 1 where that is I and 0 where it is 1 - I. A factor of exactly 1 means that
    log_power is the tail's logarithm to full relative accuracy. `rate` is the kernel over the tail.
    """
    shift = saddle_offset(c[0], c[1], x, y)
    if abs(shift) < c[11]:
        half = _half_square(c[0], c[1], shift)
        z = saddle_root(half, c[0], c[1], shift)
        above, below = erfcx_parts((z if z > 0.0 else -z) * SQRT_HALF)
        rest = _polynomial(z, c[TAIL:IN_A])
        factor = 0.5 * (above / below) + (rest if z > 0.0 else -rest)
        return -half, factor, c[10] / factor, 0.0 if z > 0.0 else 1.0
    lower = _is_lower(shift, x, y, c)
    a = c[0] if lower else c[1]
    b = c[1] if lower else c[0]
    u = x if lower else y
    v = y if lower else x
    side = 1.0 if lower else 0.0
    if not u > 0.0:
        return u - float("inf"), 1.0, a, side
    if a < TINY:
        series = log_series(a, b, u)
        return a * log(u) - (c[5] if lower else c[6]) + series, 1.0, a * exp(b * log1p(-u) - series), side
    offset = shift if lower else -shift
    factor = fraction(a, b, u, v, offset)
    if a + b >= SADDLE and abs(offset) < 0.29 * (a if a < b else b):
        return c[4] - _half_square(a, b, offset), factor, 1.0 / factor, side
    # a log(u) + b log(v) - betaln(a, b) with the rounding of each step kept, that of 1 - u or 1 - v too
    left = u <= v
    large = v if left else u
    lost = ((1.0 - large) - (u if left else v)) * fma(large, fma(large, 2.7, -6.1), 4.4)
    log_u, low_u = log_pair(u, 0.0 if left else lost)
    log_v, low_v = log_pair(v, lost if left else 0.0)
    power_u = a * log_u
    power_v = b * log_v
    rest = fma(a, log_u, -power_u) + fma(b, log_v, -power_v) + fma(a, low_u, fma(b, low_v, c[13]))
    sum_uv = power_u + power_v
    back = sum_uv - power_u
    rest += (power_u - (sum_uv - back)) + (power_v - back)
    power = sum_uv + c[12]
    back = power - sum_uv
    rest += (sum_uv - (power - back)) + (c[12] - back)
    total = power + rest if power > -1e300 else power
    # far below underflow the rounding of `total` may exceed 1, and only the logarithm has a use
    rest = rest - (total - power) if total > -1e4 else 0.0
    return total, factor + factor * rest, 1.0 / factor, side


@kernel
def tail_value(power, factor, direct):
    """The tail exp(power) * factor, or what is left of 1 if not `direct`; all of it is in a power if factor is 1."""
    if direct:
        return exp(power) * factor
    # A factor that comes to 1 may yet move.
    return -expm1(power + log(factor)) if factor == 1.0 else 1.0 - exp(power) * factor


@kernel
def log_tail_value(power, factor, direct):
    """The logarithm of :func:`tail_value`."""
    if direct:
        return power + log(factor)
    return log1mexp(power + log(factor)) if factor == 1.0 else log1p(-exp(power) * factor)


@kernel(heavy=True)
def fraction_gradient(a, b, x, y, offset):
    """(F, dF/da, dF/db) for F of `fraction`, by the differentiated recurrence."""
    n = a + b
    unit = 1.0 if abs(offset) < LARGE else 1.0 / abs(offset)
    base = (offset + 1.0) * unit
    step = (1.0 + y) * unit
    y = y * unit
    x_unit = x * unit
    r = 1.0 / (a + 1.0)
    p0, p0_a, p0_b = 1.0, 0.0, 0.0
    p1, p1_a, p1_b = a * r * base, r * base * (1.0 - a * r) + a * r * y, -a * r * x_unit
    q0, q0_a, q0_b = 0.0, 0.0, 0.0
    q1, q1_a, q1_b = unit, 0.0, 0.0
    m = 1.0
    converged = False
    settled = 0
    slope_a, slope_b = 0.0, 0.0
    while m < STEPS and settled < 2:
        up = m * (b - m) * x
        i = ((a + m) - 1.0) * r
        j = ((n + m) - 1.0) * x_unit
        rise = up * r * unit
        alpha = i * j * rise
        alpha_a = rise * (i * x_unit + r * j - 2.0 * r * (i * j))
        alpha_b = r * i * (up * x_unit * unit + m * x_unit * j)
        beta = (m + up * r) * unit
        beta_a = -rise * r
        beta_b = m * (x_unit * r)
        r = 1.0 / (a + (2.0 * m + 1.0))
        part = (base + m * step) * r
        beta += (a + m) * part
        beta_a += part * (1.0 - (a + m) * r) + (a + m) * r * y
        beta_b -= (a + m) * r * x_unit
        p2 = beta * p1 + alpha * p0
        q2 = beta * q1 + alpha * q0
        p2_a = beta * p1_a + beta_a * p1 + alpha * p0_a + alpha_a * p0
        q2_a = beta * q1_a + beta_a * q1 + alpha * q0_a + alpha_a * q0
        p2_b = beta * p1_b + beta_b * p1 + alpha * p0_b + alpha_b * p0
        q2_b = beta * q1_b + beta_b * q1 + alpha * q0_b + alpha_b * q0
        converged = converged or abs(q2 * p1 - q1 * p2) <= EPSILON * abs(q2 * p1)
        if converged:
            # The value may end early, for an integer b, where its derivatives do not.
            factor = q2 / p2
            next_a, next_b = (q2_a - factor * p2_a) / p2, (q2_b - factor * p2_b) / p2
            moved_a, moved_b = abs(next_a - slope_a), abs(next_b - slope_b)
            still = moved_a <= SETTLED * (abs(next_a) + factor) and moved_b <= SETTLED * (abs(next_b) + factor)
            settled = settled + 1 if still else 0
            slope_a, slope_b = next_a, next_b
        scale = HUGE_INVERSE if abs(p2) > HUGE else 1.0
        p0, p0_a, p0_b = p1 * scale, p1_a * scale, p1_b * scale
        q0, q0_a, q0_b = q1 * scale, q1_a * scale, q1_b * scale
        p1, p1_a, p1_b = p2 * scale, p2_a * scale, p2_b * scale
        q1, q1_a, q1_b = q2 * scale, q2_a * scale, q2_b * scale
        m += 1.0
    factor = q1 / p1
    return factor, (q1_a - factor * p1_a) / p1, (q1_b - factor * p1_b) / p1


@derivative(fraction)
@kernel
def fraction_slopes(result, a, b, x, y, offset):
    # The fraction may end early where its derivatives do not; y and the offset follow the others.
    _, in_a, in_b = fraction_gradient(a, b, x, y, offset)
    return in_a, in_b, (1.0 - result * offset) / (x * y), 0.0, 0.0


@kernel(heavy=True)
def series_gradient(a, b, x, digamma_n, digamma_b):
    """(I, dI/da, dI/db) over the kernel x**a y**b / B(a, b), for tiny a."""
    term = 1.0
    term_b = 0.0
    total = 1.0
    total_a = 0.0
    total_b = 0.0
    k = 1.0
    while k < 200.0:
        ratio = x / k
        term_b = term_b * ((k - b) * ratio) - term * ratio
        term = term * ((k - b) * ratio)
        w = 1.0 / (a + k)
        total += a * term * w
        total_a += term * k * w * w
        total_b += term_b * w
        if abs(term) <= 0.1 * EPSILON * abs(total_a) and abs(term_b) <= 0.1 * EPSILON * abs(total_b):
            break
        k += 1.0
    power = exp(-b * log1p(-x))
    factor = power * total / a
    in_a = power / a * (total * (log(x) + (digamma_n - digamma(1.0 + a))) + total_a)
    in_b = power * (total * (digamma_b / a) + total_b)
    return factor, in_a, in_b


@kernel
def tail_gradient(x, y, c):
    """(d tail / da, d tail / db) over the kernel x**a y**b / B(a, b), and `lower` as in `near_tail`."""
    shift = saddle_offset(c[0], c[1], x, y)
    if abs(shift) < c[11]:
        half = _half_square(c[0], c[1], shift)
        z = saddle_root(half, c[0], c[1], shift)
        return _polynomial(z, c[IN_A:IN_B]), _polynomial(z, c[IN_B:]), 0.0
    lower = _is_lower(shift, x, y, c)
    a = c[0] if lower else c[1]
    b = c[1] if lower else c[0]
    u = x if lower else y
    v = y if lower else x
    side = 1.0 if lower else 0.0
    rise_a = c[7] if lower else c[8]
    rise_b = c[8] if lower else c[7]
    if a < TINY:
        factor, in_a, in_b = series_gradient(a, b, u, c[9], rise_b)
    else:
        log_u = log(u) if u <= v else log1p(-v)
        log_v = log1p(-u) if u <= v else log(v)
        factor, in_a, in_b = fraction_gradient(a, b, u, v, shift if lower else -shift)
        in_a += factor * (log_u + rise_a)
        in_b += factor * (log_v + rise_b)
    return in_a if lower else in_b, in_b if lower else in_a, side
