"""Families of loc + scale * Z, and of scale * Z."""

import mpmath as mp
from mpmath import mpf

from exact.line import normal_tail
from exact.tools import INF, NAN, Grid, complement, differentiated, tails_of

PLACES = [(0.0, 1.0), (1e8, 1e-3), (-3.5, 2.5), (1e-3, 1e8), (0.25, 1e-3)]
SCALES = [(1e-3,), (1.0,), (2.5,), (1e8,)]

# Below this a Gumbel density has left float64, and its logarithm too.
LOWEST = -709


def family(log_prob, log_tails, moments, quantile, has_loc=True, **grid):
    """A grid from the log density, the log tails, the moments and the quantile of Z."""

    def standard(function):
        if has_loc:
            return lambda x, loc, scale: function((x - loc) / scale)
        return lambda x, scale: function(x / scale)

    log_standard = standard(log_prob)
    point = differentiated(lambda *a: log_standard(*a) - mp.log(a[-1]), standard(log_tails))

    def scaled_moments(*parameters):
        mean, variance, skewness, kurtosis, entropy = moments
        scale, loc = parameters[-1], parameters[0] if has_loc else mpf(0)
        return loc + scale * mean, scale**2 * variance, skewness, kurtosis, entropy + mp.log(scale)

    def scaled_quantile(p, upper, *parameters):
        scale, loc = parameters[-1], parameters[0] if has_loc else mpf(0)
        return loc + scale * quantile(p, upper)

    return Grid(
        point,
        scaled_moments,
        PLACES if has_loc else SCALES,
        lower=-mp.inf if has_loc else 0.0,
        scale=(lambda loc, scale: (loc, scale)) if has_loc else (lambda scale: (scale, scale)),
        quantile=scaled_quantile,
        **grid,
    )


def mirrored(lower):
    """A quantile of a symmetric distribution, from that of the lower tail."""
    return lambda p, upper: -lower(p) if upper else lower(p)


def cauchy(z):
    return -mp.log(mp.pi) - mp.log1p(z * z)


def cauchy_tails(z):
    return tails_of(mp.log(mp.atan2(1, abs(z)) / mp.pi), z < 0)


def laplace(z):
    return -abs(z) - mp.log(2)


def laplace_tails(z):
    return tails_of(-abs(z) - mp.log(2), z < 0)


def logistic(z):
    return -abs(z) - 2 * mp.log1p(mp.exp(-abs(z)))


def logistic_tails(z):
    return tails_of(-abs(z) - mp.log1p(mp.exp(-abs(z))), z < 0)


def logistic_lower(p):
    return mp.log(p) - mp.log1p(-p)


def gumbel(z):
    return -z - mp.exp(-z)


def gumbel_tails(z):
    hazard = mp.exp(-z)
    return -hazard, complement(-hazard)


def gumbel_quantile(p, upper):
    return -mp.log(-mp.log1p(-p) if upper else -mp.log(p))


def half_cauchy_tails(z):
    upper = mp.log(2 * mp.atan(1 / z) / mp.pi)
    lower = mp.log(2 * mp.atan(z) / mp.pi)
    return (lower, complement(lower)) if z < 1 else (complement(upper), upper)


def half_normal(z):
    return -z * z / 2 + mp.log(2 / mp.pi) / 2


def half_normal_tails(z):
    if z < 1:
        lower = mp.log(mp.erf(z / mp.sqrt(2)))
        return lower, complement(lower)
    upper = normal_tail(z) + mp.log(2)
    return complement(upper), upper


def half_normal_quantile(p, upper):
    if not upper and p < mpf("1e-3"):
        return mp.sqrt(2) * mp.erfinv(p)
    return -normal_quantile(p / 2 if upper else (1 - p) / 2)


def normal_quantile(p):
    """Newton's method for the logarithm of the tail."""
    z = mp.sqrt(-2 * mp.log(p)) if p < mpf("0.3") else mpf("0.1")
    for _ in range(60):
        log_tail = normal_tail(z)
        step = (log_tail - mp.log(p)) * mp.exp(log_tail + z * z / 2) * mp.sqrt(2 * mp.pi)
        z += step
        if abs(step) < mpf(10) ** -45:
            break
    return -z


def rayleigh(z):
    return mp.log(z) - z * z / 2


def rayleigh_tails(z):
    return complement(-z * z / 2), -z * z / 2


def rayleigh_quantile(p, upper):
    return mp.sqrt(-2 * (mp.log(p) if upper else mp.log1p(-p)))


PI = mp.pi
GRIDS = {
    "Cauchy": family(
        cauchy, cauchy_tails, (NAN, NAN, NAN, NAN, mp.log(4 * PI)), mirrored(lambda p: -mp.cot(PI * p))
    ),
    "Laplace": family(
        laplace, laplace_tails, (0, 2, mpf(0), mpf(3), 1 + mp.log(2)),
        mirrored(lambda p: mp.log(2 * p) if p < 0.5 else -mp.log(2 - 2 * p)),
    ),
    "Logistic": family(
        logistic, logistic_tails, (0, PI**2 / 3, mpf(0), mpf("1.2"), mpf(2)), mirrored(logistic_lower)
    ),
    "Gumbel": family(
        gumbel,
        gumbel_tails,
        (mp.euler, PI**2 / 6, 12 * mp.sqrt(6) * mp.zeta(3) / PI**3, mpf("2.4"), 1 + mp.euler),
        gumbel_quantile,
        within=lambda x, loc, scale: (x - loc) / scale > LOWEST,
    ),
    "HalfCauchy": family(
        lambda z: mp.log(2) + cauchy(z),
        half_cauchy_tails,
        (INF, INF, NAN, NAN, mp.log(2 * PI)),
        lambda p, upper: mp.cot(PI * p / 2) if upper else mp.tan(PI * p / 2),
        has_loc=False,
    ),
    "HalfNormal": family(
        half_normal,
        half_normal_tails,
        (
            mp.sqrt(2 / PI),
            1 - 2 / PI,
            mp.sqrt(2) * (4 - PI) / (PI - 2) ** mpf("1.5"),
            8 * (PI - 3) / (PI - 2) ** 2,
            mp.log(PI / 2) / 2 + mpf("0.5"),
        ),
        half_normal_quantile,
        has_loc=False,
    ),
    "Rayleigh": family(
        rayleigh,
        rayleigh_tails,
        (
            mp.sqrt(PI / 2),
            (4 - PI) / 2,
            2 * mp.sqrt(PI) * (PI - 3) / (4 - PI) ** mpf("1.5"),
            -(6 * PI**2 - 24 * PI + 16) / (4 - PI) ** 2,
            1 - mp.log(2) / 2 + mp.euler / 2,
        ),
        rayleigh_quantile,
        has_loc=False,
    ),
}  # fmt: skip
