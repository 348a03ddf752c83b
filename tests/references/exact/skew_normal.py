"""The skew normal distribution."""

import mpmath as mp
from mpmath import mpf
from scipy import stats

from exact.inverse_gaussian import scaled_erfc
from exact.tools import Grid, Point, complement, tails_of

DIGITS = 45


def log_normal_tail(h):
    """log of the upper tail of a standard normal."""
    return mp.log(scaled_erfc(h / mp.sqrt(2)) / 2) - h * h / 2


def integral(function, ends):
    """Of an analytic function over panels, to some 40 digits."""
    with mp.workdps(DIGITS):
        return mp.quad(function, ends, method="gauss-legendre")


def log_light_tail(h, a):
    """log of (1 / pi) times the integral of exp(-h*h (1 + x*x) / 2) / (1 + x*x) from a to infinity, for h, a >= 0."""
    if h < 10 and a * h < 1:
        # What is left of the whole, the normal tail, by Owen's T.
        ends = [mpf(0), min(a, mpf(1))]
        while ends[-1] < a:
            ends.append(min(4 * ends[-1], a))
        near = integral(lambda x: mp.exp(-h * h * (1 + x * x) / 2) / (1 + x * x), ends) if a > 0 else mpf(0)
        return mp.log(mp.erfc(h / mp.sqrt(2)) / 2 - near / mp.pi)
    far = 200 / (h * h) / (a + mp.sqrt(a * a + 200 / (h * h)))
    panels = [far * i / 8 for i in range(9)]
    rest = integral(lambda u: mp.exp(-h * h * (u / 2 + a) * u) / (1 + (a + u) ** 2), panels)
    return mp.log(rest / mp.pi) - h * h * (1 + a * a) / 2


def log_tails(z, a):
    if a < 0:
        return log_tails(-z, -a)[::-1]
    light = log_light_tail(abs(z), a)
    if z <= 0:
        return tails_of(light, True)
    whole = mp.log(2) + log_normal_tail(z)
    return tails_of(whole + complement(light - whole), False)


def skew_normal(x, loc, scale, alpha):
    z = (x - loc) / scale
    y = alpha * z
    log_share = log_normal_tail(-y) if y < 0 else complement(log_normal_tail(y))
    log_prob = -z * z / 2 - mp.log(mp.pi / 2) / 2 + log_share - mp.log(scale)
    rise = (1 / scaled_erfc(-y / mp.sqrt(2)) if y < 0 else mp.exp(-y * y / 2 - log_share) / 2) * mp.sqrt(2 / mp.pi)
    slope = alpha * rise - z
    grad = (slope / scale, -slope / scale, -(1 + z * slope) / scale, z * rise)
    density = mp.exp(log_prob)
    # This is exp(-z * z * (1 + alpha**2) / 2) / pi / (1 + alpha**2), of whose exponent no digits could be left.
    in_alpha = -density * scale * rise / (1 + alpha**2)
    return Point(log_prob, grad, *log_tails(z, alpha), (density, -density, -z * density, in_alpha))


def moments(loc, scale, alpha):
    d = alpha / mp.sqrt(1 + alpha**2)
    mean = d * mp.sqrt(2 / mp.pi)
    spread = mp.sqrt(1 - mean**2)
    skewness = (4 - mp.pi) / 2 * (mean / spread) ** 3
    kurtosis = 2 * (mp.pi - 3) * (mean / spread) ** 4
    size = abs(alpha)

    def information(z):
        p, q = mp.erfc(-size * z / mp.sqrt(2)), mp.erfc(size * z / mp.sqrt(2))
        return mp.exp(-z * z / 2) * (p * mp.log(p) + (q * mp.log(q) if q else 0))

    unit = 1 / (1 + size)
    ends = [mpf(0)] + [unit * mpf(3) ** i for i in range(60) if unit * mpf(3) ** i < 16] + [mpf(16)]
    gain = mp.quad(information, ends) / mp.sqrt(2 * mp.pi)
    entropy = mp.log(2 * mp.pi * mp.e) / 2 + mp.log(scale) - gain
    return loc + scale * mean, (scale * spread) ** 2, skewness, kurtosis, entropy


SHAPES = (0.0, 1e-3, -0.5, 1.0, -3.0, 10.0, 200.0, -1e5, 1e8)
GRIDS = {
    "SkewNormal": Grid(
        skew_normal,
        moments,
        [*((0.0, 1.0, alpha) for alpha in SHAPES), (-3.5, 2.5, 4.0), (1e8, 1e-3, -2.0), (1e-3, 1e8, 1e-3)],
        guess=lambda loc, scale, alpha: stats.skewnorm(alpha, loc, scale),
    )
}
