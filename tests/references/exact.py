"""The distributions to 40 digits: densities, both tails and all derivatives, in mpmath.

Each family is a function of the value and the parameters that gives a :class:`Point`. The
formulas are the textbook's and share nothing with the library: power series and continued
fractions of the incomplete gamma and beta functions (DLMF 8.11.4, 8.9.2, 8.17.22), differentiated
term by term or by central differences in numbers of twice the digits.
"""

from typing import NamedTuple

import mpmath as mp
from mpmath import mpf

mp.mp.dps = 70
STEP = mpf(10) ** -22
ENOUGH = mpf(10) ** -62


class Point(NamedTuple):
    """A distribution at one value. Gradients are in the value, then in each parameter."""

    log_prob: mpf
    log_prob_grad: tuple
    log_cdf: mpf
    log_sf: mpf
    cdf_grad: tuple


def _complement(log_p):
    """log(1 - exp(log_p))."""
    p = mp.exp(log_p)
    return mp.log(-mp.expm1(log_p)) if p > mpf("0.1") else mp.log1p(-p)


def _slope(function, at):
    step = STEP * at
    return (function(at + step) - function(at - step)) / (2 * step)


# Incomplete gamma functions --------------------------------------------------------------------


def _gamma_fraction(a, x):
    """Legendre's continued fraction: the upper incomplete gamma function is exp(-x) x**a times this."""
    b = x + 1 - a
    c = mp.inf
    d = 1 / b
    h = d
    i = 0
    while True:
        i += 1
        term = -i * (i - a)
        b += 2
        d = 1 / (term * d + b)
        c = b + term / c
        h *= d * c
        if abs(d * c - 1) < ENOUGH:
            return h


def gamma_tails(a, x):
    """log P(a, x), log Q(a, x) and dP/da."""
    if x < a + 1:
        term, total, rest, slope, n = mpf(1), mpf(1), mpf(0), mpf(0), 0
        while term > ENOUGH * total:
            n += 1
            term *= x / (a + n)
            rest -= 1 / (a + n)
            total += term
            slope += term * rest
        log_p = a * mp.log(x) - x - mp.loggamma(a + 1) + mp.log(total)
        return log_p, _complement(log_p), mp.exp(log_p) * (mp.log(x) - mp.digamma(a + 1) + slope / total)
    log_q = a * mp.log(x) - x - mp.loggamma(a) + mp.log(_gamma_fraction(a, x))
    slope = mp.log(x) - mp.digamma(a) + _slope(lambda a: mp.log(_gamma_fraction(a, x)), a)
    return _complement(log_q), log_q, -mp.exp(log_q) * slope


# Incomplete beta functions ---------------------------------------------------------------------


def _beta_fraction(a, b, x):
    c = mpf(1)
    d = 1 / (1 - (a + b) * x / (a + 1))
    h = d
    m = 0
    while True:
        m += 1
        for term in (m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
                     -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))):  # fmt: skip
            d = 1 / (1 + term * d)
            c = 1 + term / c
            h *= d * c
        if abs(d * c - 1) < ENOUGH:
            return h


def beta_tails(a, b, x, y):
    """log I_x(a, b), log I_y(b, a) with y = 1 - x, dI/da and dI/db."""
    if x > (a + 1) / (a + b + 2):
        upper, lower, slope_b, slope_a = beta_tails(b, a, y, x)
        return lower, upper, -slope_a, -slope_b
    log_x, log_y = mp.log(x), (mp.log(y) if x > 0.5 else mp.log1p(-x))
    log_beta = mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)
    log_p = a * log_x + b * log_y - mp.log(a) - log_beta + mp.log(_beta_fraction(a, b, x))
    whole = mp.digamma(a + b)
    slope_a = log_x - 1 / a - mp.digamma(a) + whole + _slope(lambda a: mp.log(_beta_fraction(a, b, x)), a)
    slope_b = log_y - mp.digamma(b) + whole + _slope(lambda b: mp.log(_beta_fraction(a, b, x)), b)
    p = mp.exp(log_p)
    return log_p, _complement(log_p), p * slope_a, p * slope_b


# Families --------------------------------------------------------------------------------------


def normal(x, loc, scale):
    z = (x - loc) / scale
    log_prob = -z * z / 2 - mp.log(scale) - mp.log(2 * mp.pi) / 2
    density = mp.exp(log_prob)
    grad = (-z / scale, z / scale, (z * z - 1) / scale)
    half, y = mpf(1) / 2, z * z / 2
    if y < 10:
        tail = mp.log(mp.erfc(mp.sqrt(y)) / 2)
    else:
        tail = mp.log(y / mp.pi) / 2 - y + mp.log(_gamma_fraction(half, y) / 2)
    log_cdf, log_sf = (tail, _complement(tail)) if z < 0 else (_complement(tail), tail)
    return Point(log_prob, grad, log_cdf, log_sf, (density, -density, -z * density))


def uniform(x, low, high):
    width = high - low
    p, q = (x - low) / width, (high - x) / width
    grad = (mpf(0), 1 / width, -1 / width)
    log_cdf, log_sf = (mp.log(p), mp.log1p(-p)) if p < q else (mp.log1p(-q), mp.log(q))
    return Point(-mp.log(width), grad, log_cdf, log_sf, (1 / width, -q / width, -p / width))


def exponential(x, rate):
    y = rate * x
    log_prob = mp.log(rate) - y
    tail = mp.exp(-y)
    return Point(log_prob, (-rate, 1 / rate - x), mp.log(-mp.expm1(-y)), -y, (rate * tail, x * tail))


def gamma(x, concentration, rate):
    a, y = concentration, rate * x
    log_prob = mp.log(rate) + (a - 1) * mp.log(y) - y - mp.loggamma(a)
    grad = ((a - 1) / x - rate, mp.log(y) - mp.digamma(a), (a - y) / rate)
    log_cdf, log_sf, slope = gamma_tails(a, y)
    density = mp.exp(log_prob)
    return Point(log_prob, grad, log_cdf, log_sf, (density, slope, density * x / rate))


def beta(x, concentration1, concentration0):
    a, b, y = concentration1, concentration0, 1 - x
    log_x, log_y = mp.log(x), mp.log1p(-x)
    log_prob = (a - 1) * log_x + (b - 1) * log_y - mp.loggamma(a) - mp.loggamma(b) + mp.loggamma(a + b)
    whole = mp.digamma(a + b)
    grad = ((a - 1) / x - (b - 1) / y, log_x - mp.digamma(a) + whole, log_y - mp.digamma(b) + whole)
    log_cdf, log_sf, slope1, slope0 = beta_tails(a, b, x, y)
    return Point(log_prob, grad, log_cdf, log_sf, (mp.exp(log_prob), slope1, slope0))


def student_t(x, df, loc, scale):
    nu, half = df, mpf(1) / 2
    z = (x - loc) / scale
    w = z * z / nu
    log_prob = mp.loggamma((nu + 1) / 2) - mp.loggamma(nu / 2) - mp.log(nu * mp.pi) / 2 - mp.log(scale)
    log_prob -= (nu + 1) / 2 * mp.log1p(w)
    density = mp.exp(log_prob)
    pull = (nu + 1) * z / (nu + z * z)
    in_df = (mp.digamma((nu + 1) / 2) - mp.digamma(nu / 2) - 1 / nu - mp.log1p(w) + pull * z / nu) / 2
    grad = (-pull / scale, in_df, pull / scale, (z * pull - 1) / scale)
    if z == 0:
        log_half = mp.log(half)
        return Point(log_prob, grad, log_half, log_half, (density, mpf(0), -density, mpf(0)))
    log_upper, _, in_a, _ = beta_tails(nu / 2, half, 1 / (1 + w), w / (1 + w))
    # The tail is half of I at 1 / (1 + w), which depends on df through both of its arguments.
    slope = in_a / 4 + abs(z) * density * scale / (2 * nu)
    tail = log_upper + mp.log(half)
    log_cdf, log_sf = (tail, _complement(tail)) if z < 0 else (_complement(tail), tail)
    slope = slope if z < 0 else -slope
    return Point(log_prob, grad, log_cdf, log_sf, (density, slope, -density, -z * density))


def poisson(k, rate):
    log_prob = k * mp.log(rate) - rate - mp.loggamma(k + 1)
    log_sf, log_cdf, _ = gamma_tails(k + 1, rate)
    return Point(log_prob, (k / rate - 1,), log_cdf, log_sf, (-mp.exp(log_prob),))


@mp.workdps(700)
def categorical(k, weights):
    """Weights need not be normalised; gradients are in them, at their normalised values."""
    total = mp.fsum(weights)
    p = [w / total for w in weights]
    k = int(k)
    cdf = mp.fsum(p[: k + 1])
    grad = tuple((1 / p[j] if j == k else 0) - 1 for j in range(len(p)))
    slope = tuple((1 if j <= k else 0) - cdf for j in range(len(p)))
    return Point(mp.log(p[k]), grad, mp.log(cdf), mp.log(mp.fsum(p[k + 1 :])), slope)


@mp.workdps(700)
def categorical_logits(k, logits):
    """As :func:`categorical`; gradients are in the unnormalised log weights."""
    weights = [mp.exp(v - max(logits)) for v in logits]
    total = mp.fsum(weights)
    point = categorical(k, weights)
    grads = (
        tuple(g * w / total for g, w in zip(grad, weights, strict=True))
        for grad in (point.log_prob_grad, point.cdf_grad)
    )
    log_prob_grad, cdf_grad = grads
    return point._replace(log_prob_grad=log_prob_grad, cdf_grad=cdf_grad)


# Moments: mean, variance, skewness, excess kurtosis, entropy ------------------------------------

INF, NAN = mp.inf, mp.nan


def normal_moments(loc, scale):
    return loc, scale**2, mpf(0), mpf(0), mp.log(2 * mp.pi * mp.e) / 2 + mp.log(scale)


def uniform_moments(low, high):
    return (low + high) / 2, (high - low) ** 2 / 12, mpf(0), mpf(-6) / 5, mp.log(high - low)


def exponential_moments(rate):
    return 1 / rate, 1 / rate**2, mpf(2), mpf(6), 1 - mp.log(rate)


def gamma_moments(a, rate):
    entropy = a - mp.log(rate) + mp.loggamma(a) + (1 - a) * mp.digamma(a)
    return a / rate, a / rate**2, 2 / mp.sqrt(a), 6 / a, entropy


def beta_moments(a, b):
    n = a + b
    skewness = 2 * (b - a) * mp.sqrt(n + 1) / ((n + 2) * mp.sqrt(a * b))
    kurtosis = 6 * ((a - b) ** 2 * (n + 1) - a * b * (n + 2)) / (a * b * (n + 2) * (n + 3))
    entropy = mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(n)
    entropy += (n - 2) * mp.digamma(n) - (a - 1) * mp.digamma(a) - (b - 1) * mp.digamma(b)
    return a / n, a * b / (n**2 * (n + 1)), skewness, kurtosis, entropy


def student_t_moments(nu, loc, scale):
    variance = scale**2 * nu / (nu - 2) if nu > 2 else (INF if nu > 1 else NAN)
    kurtosis = 6 / (nu - 4) if nu > 4 else (INF if nu > 2 else NAN)
    half = (nu + 1) / 2
    entropy = half * (mp.digamma(half) - mp.digamma(nu / 2)) + mp.log(nu) / 2 + mp.log(scale)
    entropy += mp.loggamma(nu / 2) + mp.log(mp.pi) / 2 - mp.loggamma(half)
    return (loc if nu > 1 else NAN), variance, (mpf(0) if nu > 3 else NAN), kurtosis, entropy


def poisson_moments(rate):
    if rate <= 2e4:
        spread = 40 * mp.sqrt(rate) + 100
        ks = range(max(0, int(rate - spread)), int(rate + spread))
        logs = [k * mp.log(rate) - rate - mp.loggamma(k + 1) for k in ks]
        entropy = -mp.fsum(mp.exp(v) * v for v in logs)
    else:  # the asymptotic series, whose terms fall by a factor of the rate
        series = [mpf(1) / 12, mpf(1) / 24, mpf(19) / 360, mpf(9) / 80]
        entropy = mp.log(2 * mp.pi * mp.e * rate) / 2 - mp.fsum(c / rate ** (i + 1) for i, c in enumerate(series))
    return rate, rate, 1 / mp.sqrt(rate), 1 / rate, entropy


def categorical_moments(weights):
    total = mp.fsum(weights)
    p = [w / total for w in weights]
    mean = mp.fsum(k * q for k, q in enumerate(p))
    second, third, fourth = (mp.fsum((k - mean) ** n * q for k, q in enumerate(p)) for n in (2, 3, 4))
    entropy = -mp.fsum(q * mp.log(q) for q in p if q)
    return mean, second, third / second ** mpf("1.5"), fourth / second**2 - 3, entropy


def categorical_logits_moments(logits):
    return categorical_moments([mp.exp(v - max(logits)) for v in logits])
