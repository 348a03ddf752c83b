"""Unlike families on the line and on the half-line: the cross entropy less the entropy, from textbooks' moments."""

import mpmath as mp
from kl.pairs.case import Pair
from mpmath import mpf

import fastdist as fd

EULER = mp.euler


# Entropies -----------------------------------------------------------------------------------------


def of_gamma(a, r):
    return a - mp.log(r) + mp.loggamma(a) + (1 - a) * mp.digamma(a)


def of_normal(s):
    return mp.log(2 * mp.pi * mp.e * s**2) / 2


def of_gumbel(s):
    return mp.log(s) + EULER + 1


def of_pareto(s, a):
    return mp.log(s / a) + 1 / a + 1


def of_weibull(s, k):
    return EULER * (1 - 1 / k) + mp.log(s / k) + 1


# Cross entropies, from means under p ------------------------------------------------------------------


def to_normal(mean, variance, m, s):
    return mp.log(2 * mp.pi * s**2) / 2 + (variance + (mean - m) ** 2) / (2 * s**2)


def to_laplace(distance, s):
    return mp.log(2 * s) + distance / s


def to_gumbel(mean, exponential, m, s):
    """`exponential` is the mean of exp(-x / s)."""
    return mp.log(s) + (mean - m) / s + mp.exp(m / s) * exponential


def to_gamma(mean, log_mean, a, r):
    return mp.loggamma(a) - a * mp.log(r) - (a - 1) * log_mean + r * mean


def to_weibull(log_mean, power, s, k):
    """`power` is the mean of x**k."""
    return k * mp.log(s) - mp.log(k) - (k - 1) * log_mean + power / s**k


def to_log_normal(log_mean, log_variance, m, s):
    return log_mean + to_normal(log_mean, log_variance, m, s)


# Pairs -------------------------------------------------------------------------------------------------


def gamma_normal(a, r, m, s):
    return to_normal(a / r, a / r**2, m, s) - of_gamma(a, r)


def gamma_laplace(a, r, m, s):
    y = r * m
    below = mp.gammainc(a, 0, y, regularized=True) if y > 0 else 0
    short = mp.gammainc(a + 1, 0, y, regularized=True) if y > 0 else 0
    return to_laplace((y * (2 * below - 1) + a * (1 - 2 * short)) / r, s) - of_gamma(a, r)


def gamma_gumbel(a, r, m, s):
    return to_gumbel(a / r, (1 + 1 / (r * s)) ** -a, m, s) - of_gamma(a, r)


def gamma_weibull(a, r, s, k):
    power = mp.exp(mp.loggamma(a + k) - mp.loggamma(a)) / r**k
    return to_weibull(mp.digamma(a) - mp.log(r), power, s, k) - of_gamma(a, r)


def gamma_log_normal(a, r, m, s):
    return to_log_normal(mp.digamma(a) - mp.log(r), mp.polygamma(1, a), m, s) - of_gamma(a, r)


def gamma_inverse_gamma(a, b, c, d):
    """Of 1 / x instead of x, whose logarithm has the opposite mean: that of both densities' Jacobian cancels."""
    log_mean = mp.digamma(a) - mp.log(b)
    of_inverse = of_gamma(a, b) - 2 * log_mean
    return to_gamma(b / (a - 1), -log_mean, c, d) - of_inverse


def normal_gumbel(m, s, n, t):
    return to_gumbel(m, mp.exp(-m / t + s**2 / (2 * t**2)), n, t) - of_normal(s)


def normal_laplace(m, s, n, t):
    z = (m - n) / s
    distance = s * mp.sqrt(2 / mp.pi) * mp.exp(-(z**2) / 2) + (m - n) * mp.erf(z / mp.sqrt(2))
    return to_laplace(distance, t) - of_normal(s)


def gumbel_normal(m, s, n, t):
    return to_normal(m + EULER * s, (mp.pi * s) ** 2 / 6, n, t) - of_gumbel(s)


def gumbel_laplace(m, s, n, t):
    y = (n - m) / s
    return to_laplace(s * (EULER - y + 2 * mp.e1(mp.exp(-y))), t) - of_gumbel(s)


def laplace_normal(m, s, n, t):
    return to_normal(m, 2 * s**2, n, t) - 1 - mp.log(2 * s)


def laplace_gumbel(m, s, n, t):
    return to_gumbel(m, mp.exp(-m / t) / (1 - (s / t) ** 2), n, t) - 1 - mp.log(2 * s)


def pareto_gamma(s, alpha, a, r):
    return to_gamma(alpha * s / (alpha - 1), mp.log(s) + 1 / alpha, a, r) - of_pareto(s, alpha)


def pareto_normal(s, a, m, t):
    return to_normal(a * s / (a - 1), s**2 * a / ((a - 1) ** 2 * (a - 2)), m, t) - of_pareto(s, a)


def pareto_laplace(s, a, m, t):
    beyond = s / (a - 1) * (s / m) ** (a - 1) if m > s else 0
    mean = a * s / (a - 1)
    return to_laplace(m - mean + 2 * beyond if m > s else mean - m, t) - of_pareto(s, a)


def weibull_gamma(s, k, a, r):
    return to_gamma(s * mp.gamma(1 + 1 / k), mp.log(s) - EULER / k, a, r) - of_weibull(s, k)


def weibull_log_normal(s, k, m, t):
    return to_log_normal(mp.log(s) - EULER / k, mp.pi**2 / (6 * k**2), m, t) - of_weibull(s, k)


def log_normal_gamma(m, s, a, r):
    return to_gamma(mp.exp(m + s**2 / 2), m, a, r) - of_normal(s) - m


def log_normal_weibull(m, s, t, k):
    return to_weibull(m, mp.exp(k * m + (k * s) ** 2 / 2), t, k) - of_normal(s) - m


def von_mises(m, k, n, j):
    length = mp.besseli(1, k) / mp.besseli(0, k)
    return mp.log(mp.besseli(0, j) / mp.besseli(0, k)) + length * (k - j * mp.cos(m - n))


def student_t_normal(nu, m, s, n, t):
    half = (nu + 1) / 2
    log_top = mp.loggamma(half) - mp.loggamma(nu / 2) - mp.log(mp.pi * nu) / 2 - mp.log(s)
    entropy = half * (mp.digamma(half) - mp.digamma(nu / 2)) - log_top
    return to_normal(m, s**2 * nu / (nu - 2), n, t) - entropy


def beta_laplace(a, b, m, s):
    n = a + b
    log_beta = mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(n)
    known = (a - 1) * mp.digamma(a) + (b - 1) * mp.digamma(b) - (n - 2) * mp.digamma(n) - log_beta
    y = min(max(m, mpf(0)), mpf(1))
    below, short = mp.betainc(a, b, 0, y, regularized=True), mp.betainc(a + 1, b, 0, y, regularized=True)
    return to_laplace(m * (2 * below - 1) + a / n * (1 - 2 * short), s) + known


def continuous_bernoulli_laplace(p, m, s):
    u = mp.log(p / (1 - p))
    norm = mp.expm1(u) / u
    mean = 1 / (1 - mp.exp(-u)) - 1 / u
    y = min(max(m, mpf(0)), mpf(1))
    below = mp.expm1(u * y) / u / norm
    short = (y * mp.exp(u * y) / u - mp.expm1(u * y) / u**2) / norm
    return to_laplace(m * (2 * below - 1) + mean - 2 * short, s) + u * mean - mp.log(norm)


def uniform_laplace(low, high, m, s):
    y = min(max(m, low), high)
    distance = ((y - low) * (m - (low + y) / 2) + (high - y) * ((high + y) / 2 - m)) / (high - low)
    return to_laplace(distance, s) - mp.log(high - low)


def truncated_normal(m, s, a, b, n, t, c, d):
    def mass(loc, scale, low, high):
        ends = [(v - loc) / (scale * mp.sqrt(2)) for v in (low, high)]
        return (mp.erfc(ends[0]) - mp.erfc(ends[1])) / 2

    def density(x):
        return mpf(0) if mp.isinf(x) else mp.npdf((x - m) / s) / s

    whole = mass(m, s, a, b)
    mean = m + s**2 * (density(a) - density(b)) / whole
    parts = [0 if mp.isinf(v) else (v - m) * density(v) for v in (a, b)]
    square = s**2 * (1 + (parts[0] - parts[1]) / whole)
    own = -(mp.log(s * whole)) - square / (2 * s**2)
    return own + mp.log(t * mass(n, t, c, d)) + (square + 2 * (m - n) * (mean - m) + (m - n) ** 2) / (2 * t**2)


def exponential(formula):
    """That of a gamma distribution, of which this is one."""
    return lambda r, *q: formula(mpf(1), r, *q)


SMALL = 1.0 / 3e9

PAIRS = [
    Pair(
        fd.Gamma,
        fd.Normal,
        gamma_normal,
        [(2.5, 1.0, 0.5, 3.0), (1e10, 1e5, 1e5, 1.0), (1e-6, 2.0, -3.0, 1e-4), (0.7, 30.0, 1e6, 1e4)],
    ),
    Pair(
        fd.Gamma,
        fd.Laplace,
        gamma_laplace,
        [(2.5, 1.0, 0.5, 3.0), (1e4, 1e2, 103.0, 1.0), (1e-3, 2.0, -3.0, 1e-4), (0.7, 30.0, 1e-9, 1e4)],
    ),
    Pair(
        fd.Gamma,
        fd.Gumbel,
        gamma_gumbel,
        [(2.5, 1.0, 0.5, 3.0), (1e10, 1e5, 1e5, 2.0), (1e-6, 2.0, -3.0, 1e-4), (0.7, 30.0, 1.0, 1e4)],
    ),
    Pair(
        fd.Gamma,
        fd.Weibull,
        gamma_weibull,
        [
            (2.75, 1.0, 0.5, 3.0),
            (1e10, 1e10, 1.0, 1.5e5),
            (1e-6, 2.0, 3.0, 1e-4),
            (1.0 + 1e-7, 2.0, 0.5, 1.0 - 1e-7),
            (30.0, 2.0, 12.0, 0.25),
            (1632660679.47405, 7.578981098404e-08, 25182.65342077837, 2.199363507e-09),
            (1e-8, 1e-8, 1e-8, 0.99),
            (1e-8, 1.0, 1e-3, 5.0),
        ],
    ),
    Pair(
        fd.Gamma,
        fd.LogNormal,
        gamma_log_normal,
        [(2.5, 1.0, 0.5, 3.0), (1e10, 1e10, 0.0, 1.5e-5), (1e-6, 2.0, -3.0, 1e5), (0.7, 30.0, 1.0, 1e4)],
    ),
    Pair(
        fd.Gamma,
        fd.InverseGamma,
        gamma_inverse_gamma,
        [
            (2.5, 1.0, 0.5, 3.0),
            (1e8, 1e4, 1.5e8, 1e4),
            (1.25, 2.0, 1e-4, 1e5),
            (7.0, 30.0, 0.125, 1e4),
            (1.0 + 2e-8, 295.0, 2.2e8, 6e-10),
        ],
    ),
    Pair(fd.InverseGamma, fd.Gamma, gamma_inverse_gamma, [(2.5, 1.0, 0.5, 3.0)]),
    Pair(
        fd.InverseGamma,
        fd.LogNormal,
        lambda a, b, m, s: gamma_log_normal(a, b, -m, s),
        [(2.5, 1.0, 0.5, 3.0), (7457379744.176294, 10168.476826788468, -13.505422242053317, 1.1579954971862153e-05)],
    ),
    Pair(
        fd.Exponential,
        fd.Normal,
        exponential(gamma_normal),
        [(2.0, 0.5, 3.0), (1e-9, 3.0, 1e10), (1e9, -3.0, 1e-3), (1.0, 1.0, 1.0)],
        1,
    ),
    Pair(
        fd.Exponential,
        fd.Laplace,
        exponential(gamma_laplace),
        [(2.0, 0.5, 3.0), (1e-9, 3.0, 1e10), (1e9, -3.0, 1e-3), (1.0, 40.0, 1.0)],
        1,
    ),
    Pair(
        fd.Exponential,
        fd.Gumbel,
        exponential(gamma_gumbel),
        [(2.0, 0.5, 3.0), (1e-9, 3.0, 1e10), (1e9, -3.0, 1e-3), (1.0, 40.0, 1.0)],
        1,
    ),
    Pair(
        fd.Exponential,
        fd.Weibull,
        exponential(gamma_weibull),
        [(2.0, 0.5, 3.0), (1e-9, 3e9, 1.0 + 1e-5), (1e9, 3.0, 1e-3), (2.0, 0.5 + 1e-9, 1.0 - 1e-9)],
        1,
    ),
    Pair(fd.Exponential, fd.LogNormal, exponential(gamma_log_normal), [(2.0, 0.5, 3.0), (1e-9, 3.0, 1.0)], 1),
    Pair(
        fd.Gumbel,
        fd.Normal,
        gumbel_normal,
        [(0.5, 1.0, -1.0, 2.0), (1e6, 1e-3, 0.0, 1.0), (0.0, 1e-9, 3.0, 1e9), (0.0, 1.0, 0.5, 1.25)],
    ),
    Pair(
        fd.Gumbel,
        fd.Laplace,
        gumbel_laplace,
        [(0.5, 1.0, -1.0, 2.0), (20.0, 1e-3, 0.0, 1.0), (0.0, 1e-3, 3.0, 1e9), (0.0, 1.0, 4.5, 12.5)],
    ),
    Pair(
        fd.Laplace,
        fd.Normal,
        laplace_normal,
        [(0.5, 1.0, -1.0, 2.0), (1e6, 1e-3, 0.0, 1.0), (0.0, 1e-9, 3.0, 1e9), (0.0, 1.0, 0.5, 1.25)],
    ),
    Pair(
        fd.Laplace,
        fd.Gumbel,
        laplace_gumbel,
        [
            (0.5, 1.0, -1.0, 2.0),
            (1e6, 1e-3, 0.0, 1.0),
            (0.0, 1e-9, 3.0, 1e9),
            (0.0, 1.0, 0.5, 1.0 + 1e-9),
            (1.25e-6, 1.25, 2.5e-6, 2e9),
            (1.4e6, 162.75, -0.4, 162.75 + 2e-10),
        ],
    ),
    Pair(
        fd.Normal,
        fd.Gumbel,
        normal_gumbel,
        [
            (0.5, 1.0, -1.0, 2.0),
            (1e6, 1e-3, 0.0, 1.0),
            (0.0, 1e-9, 3.0, 1e9),
            (0.0, 1.0, 0.5, 1.25),
            (6.9e8, 690.0, 3880.0, 0.00388),
        ],
    ),
    Pair(
        fd.Normal,
        fd.Laplace,
        normal_laplace,
        [
            (0.5, 1.0, -1.0, 2.0),
            (1e6, 1e-3, 0.0, 1.0),
            (0.0, 1e-9, 3.0, 1e9),
            (0.0, 1.0, 1e-3, 0.8),
            (0.0, 1.0, 8.0, 1e-12),
        ],
    ),
    Pair(
        fd.Pareto,
        fd.Gamma,
        pareto_gamma,
        [(2.0, 3.0, 1.5, 4.0), (1.0, 1e5, 1e10, 1e10), (1e-3, 1.125, 1e-6, 1e3), (1e9, 20.0, 1e3, 1e-6)],
    ),
    Pair(
        fd.Pareto,
        fd.Exponential,
        lambda s, a, r: pareto_gamma(s, a, mpf(1), r),
        [(2.0, 3.0, 1.5), (1e-3, 1.125, 1e3), (1e9, 20.0, 1e-6), (2.5e-8, 1.0 + 3e-10, 1.125e-9)],
        2,
    ),
    Pair(
        fd.Pareto,
        fd.Normal,
        pareto_normal,
        [(2.0, 3.0, 1.5, 4.0), (1.0, 1e9, 1.0, 1e-9), (1e-3, 2.0 + SMALL, 1.0, 1e3), (1e9, 20.0, 1e3, 1e6)],
    ),
    Pair(
        fd.Pareto,
        fd.Laplace,
        pareto_laplace,
        [(2.0, 3.0, 1.5, 4.0), (1.0, 1e5, 1.0 + 1e-5, 1e-6), (1e-3, 1.0 + SMALL, 1.0, 1e3), (1e9, 20.0, 1e3, 1e6)],
    ),
    Pair(
        fd.Weibull,
        fd.Gamma,
        weibull_gamma,
        [
            (2.0, 3.0, 2.75, 4.0),
            (1.0, 1e5, 1e10, 1e10),
            (2.0, 1.0 + 1e-7, 1.0 - 1e-7, 0.5),
            (1e-3, 0.5, 1e-6, 1e3),
            (1e9, 1.75, 40.0, 1e-6),
        ],
    ),
    Pair(
        fd.Weibull,
        fd.Exponential,
        lambda s, k, r: weibull_gamma(s, k, mpf(1), r),
        [(2.0, 3.0, 1.5), (1e-3, 1.0 + 1e-5, 1e3), (1e9, 0.25, 1e-6)],
        2,
    ),
    Pair(
        fd.Weibull,
        fd.LogNormal,
        weibull_log_normal,
        [
            (2.0, 3.0, 1.5, 4.0),
            (1e9, 1e-3, 2.0, 1e3),
            (724645256.7146126, 2390725567.5906816, 20.401192791747377, 5.364691239e-10),
        ],
    ),
    Pair(
        fd.LogNormal,
        fd.Gamma,
        log_normal_gamma,
        [
            (0.5, 1.0, 1.5, 2.0),
            (0.0, 1.5e-5, 1e10, 1e10),
            (-3.0, 2.0, 1e-6, 1e3),
            (4.0, 0.25, 40.0, 1e-6),
            (0.0625, 0.8, 9e6, 7.5e-3),
        ],
    ),
    Pair(
        fd.LogNormal,
        fd.Exponential,
        lambda m, s, r: log_normal_gamma(m, s, mpf(1), r),
        [(0.5, 1.0, 1.5), (-803.0, 1.25, 0.005)],
        2,
    ),
    Pair(fd.LogNormal, fd.InverseGamma, lambda m, s, a, r: log_normal_gamma(-m, s, a, r), [(0.5, 1.0, 1.5, 2.0)]),
    Pair(fd.LogNormal, fd.Weibull, log_normal_weibull, [(0.5, 1.0, 1.5, 2.0), (3.0, 1e-6, 20.08554, 1e6)]),
    Pair(
        fd.VonMises,
        fd.VonMises,
        von_mises,
        [
            (0.5, 1.0, 1.5, 2.0),
            (0.0, 1e5, 1e-3, 1e5 + 1e-3),
            (3.0, 1e-8, -3.0, 1e-3),
            (3.0, 7.0, 2.0, 7.5),
            (1.0, 9.0, 1.0, 30.0),
        ],
    ),
    Pair(
        fd.StudentT,
        fd.Normal,
        student_t_normal,
        [(3.5, 0.5, 1.0, -1.0, 2.0), (2.0 + SMALL, 1e6, 1e-3, 0.0, 1.0), (1e6, 1.0, 2.0, 1.0, 2.000001)],
        3,
    ),
    Pair(
        fd.Beta,
        fd.Laplace,
        beta_laplace,
        [
            (2.5, 1.5, 0.25, 0.5),
            (150.0, 300.0, 0.35, 0.02),
            (1e-2, 0.5, 0.75, 1e3),
            (3.0, 4.0, -1.0, 0.25),
            (5e-3, 5.6e9, 9e-13, 8.75e-12),
        ],
    ),
    Pair(
        fd.ContinuousBernoulli,
        fd.Laplace,
        continuous_bernoulli_laplace,
        [(0.25, 0.5, 0.75), (0.5 + 1e-9, 0.25, 2.0), (0.9, -3.0, 1e-3), (0.6, 0.75, 0.25), (1e-20, 1e-2, 1.0)],
        1,
    ),
    Pair(
        fd.Uniform,
        fd.Laplace,
        uniform_laplace,
        [(0.0, 1.0, 0.25, 0.5), (-3.0, 1e6, 7.0, 1e6), (2.0, 3.0, 5.0, 1e-3), (2.0, 3.0, -5.0, 1e3)],
    ),
    Pair(
        fd.TruncatedNormal,
        fd.TruncatedNormal,
        truncated_normal,
        [
            (0.5, 1.0, -1.0, 2.0, -0.5, 2.0, -1.5, 2.5),
            (0.0, 1.0, 3.0, 9.0, 0.0, 1.0 + 1e-3, 3.0, 9.5),
            (0.0, 1.0, -1.0, 1.5, 1e-6, 1.0, -1.0, 1.5),
            (0.25, 2.0, 0.5, 0.75, -3.0, 0.5, 0.25, 4.0),
            (5.0, 2.0, -1.0, 2.0, 0.0, 3.0, -1.0, 2.0),
        ],
    ),
]
