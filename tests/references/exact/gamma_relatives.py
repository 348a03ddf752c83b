"""Relatives of the gamma distribution: chi-squared, inverse gamma, and the ratio of two of them."""

import mpmath as mp
from mpmath import mpf
from scipy import stats

from exact.half_line import gamma, gamma_moments
from exact.tools import INF, NAN, Grid, Point, beta_tails


def chi2(x, df):
    p = gamma(x, df / 2, mpf(1) / 2)
    return Point(p.log_prob, (p.log_prob_grad[0], p.log_prob_grad[1] / 2), p.log_cdf, p.log_sf,
                 (p.cdf_grad[0], p.cdf_grad[1] / 2))  # fmt: skip


def inverse_gamma(x, concentration, rate):
    """By the gamma distribution of 1 / x."""
    p = gamma(1 / x, concentration, rate)
    log_prob = p.log_prob - 2 * mp.log(x)
    in_x, *others = p.log_prob_grad
    density = mp.exp(log_prob)
    grad = (-in_x / x**2 - 2 / x, *others)
    return Point(log_prob, grad, p.log_sf, p.log_cdf, (density, *(-slope for slope in p.cdf_grad[1:])))


def fisher_snedecor(x, df1, df2):
    """The beta distribution at u = df1 x / (df1 x + df2), which depends on the parameters too."""
    a, b, total = df1 / 2, df2 / 2, df1 * x + df2
    u, v = df1 * x / total, df2 / total
    log_beta = mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)
    log_kernel = a * mp.log(u) + b * mp.log(v) - log_beta
    log_prob = log_kernel - mp.log(x)
    whole = mp.digamma(a + b)
    slack = a * v - b * u
    in_df1 = (mp.log(u) - mp.digamma(a) + whole) / 2 + slack / df1
    in_df2 = (mp.log(v) - mp.digamma(b) + whole) / 2 - slack / df2
    log_cdf, log_sf, in_a, in_b = beta_tails(a, b, u, v)
    height = mp.exp(log_kernel)
    slopes = (mp.exp(log_prob), in_a / 2 + height / df1, in_b / 2 - height / df2)
    return Point(log_prob, ((slack - 1) / x, in_df1, in_df2), log_cdf, log_sf, slopes)


def chi2_moments(df):
    return gamma_moments(df / 2, mpf(1) / 2)


def inverse_gamma_moments(a, rate):
    mean = rate / (a - 1) if a > 1 else INF
    variance = mean**2 / (a - 2) if a > 2 else INF
    skewness = 4 * mp.sqrt(a - 2) / (a - 3) if a > 3 else (INF if a > 2 else NAN)
    kurtosis = 6 * (5 * a - 11) / ((a - 3) * (a - 4)) if a > 4 else (INF if a > 2 else NAN)
    return mean, variance, skewness, kurtosis, a + mp.log(rate) + mp.loggamma(a) - (1 + a) * mp.digamma(a)


def f_moments(m, n):
    """Central moments from the raw ones, which are ratios of gamma functions."""
    raw = [INF if 2 * k >= n else (n / m) ** k * mp.gammaprod([m / 2 + k, n / 2 - k], [m / 2, n / 2]) for k in range(5)]
    mean, second = raw[1], INF if raw[2] == INF else raw[2] - raw[1] ** 2
    skewness = kurtosis = INF if n > 4 else NAN
    if n > 6:
        skewness = (raw[3] - 3 * mean * raw[2] + 2 * mean**3) / second ** mpf("1.5")
    if n > 8:
        kurtosis = (raw[4] - 4 * mean * raw[3] + 6 * mean**2 * raw[2] - 3 * mean**4) / second**2 - 3
    a, b = m / 2, n / 2
    entropy = mp.log(n / m) + mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)
    entropy += (1 - a) * mp.digamma(a) - (1 + b) * mp.digamma(b) + (a + b) * mp.digamma(a + b)
    return mean, second, skewness, kurtosis, entropy


FREEDOMS = (1e-3, 0.2, 1.0, 2.0, 5.0, 31.8, 33.0, 1e3, 1e8)
SHAPES = (1e-3, 0.1, 0.5, 1.0, 2.5, 15.9, 16.5, 1e3, 1e8)
PAIRS = [(1e-3, 1e8), (1e8, 1e-3), (0.5, 5.0), (5.0, 8.5), (2.0, 1.0), (3.0, 40.0), (100.0, 90.0), (1e8, 7.0)]
PAIRS += [(1e3, 1e6), (1e5, 1e5), (1e8, 1e8)]
GRIDS = {
    "Chi2": Grid(chi2, chi2_moments, [(df,) for df in FREEDOMS], 0.0, guess=stats.chi2),
    "InverseGamma": Grid(
        inverse_gamma,
        inverse_gamma_moments,
        [*((a, 1.0) for a in SHAPES), (0.75, 1e8), (2.5, 1e-3), (1e8, 1e8)],
        0.0,
        guess=lambda a, rate: stats.invgamma(a, scale=rate),
        scale=lambda a, rate: (rate / (a + 1), rate / (a + 1) / mp.sqrt(a + 1)),
    ),
    "FisherSnedecor": Grid(
        fisher_snedecor,
        f_moments,
        PAIRS,
        0.0,
        guess=stats.f,
        scale=lambda m, n: (n / (n + 2), mp.sqrt(2 / m + 2 / n)),
    ),
}
