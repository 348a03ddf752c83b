"""The inverse Gaussian distribution."""

import mpmath as mp
from mpmath import mpf

from exact.tools import ENOUGH, Grid, differentiated, tails_of


def scaled_erfc(z):
    """exp(z*z) erfc(z), by the asymptotic series (DLMF 7.12.1) far out."""
    if z < 0:
        return 2 * mp.exp(z * z) - scaled_erfc(-z)
    if z < 1000:
        return mp.exp(z * z) * mp.erfc(z)
    term, total, k, enough = mpf(1), mpf(0), 0, min(ENOUGH, mpf(10) ** (8 - mp.mp.dps))
    while abs(term) > enough:
        total += term
        k += 1
        term *= -(2 * k - 1) / (2 * z * z)
    return total / (z * mp.sqrt(mp.pi))


def log_prob(x, mean, shape):
    return mp.log(shape / (2 * mp.pi * x**3)) / 2 - shape * (x - mean) ** 2 / (2 * mean**2 * x)


def log_tails(x, mean, shape):
    """Shuster's formula (1968), with its exponentials taken out."""
    root = mp.sqrt(shape / (2 * x))
    a, b = root * (x / mean - 1), root * (x / mean + 1)
    lower = a < 0
    terms = scaled_erfc(-a) + scaled_erfc(b) if lower else scaled_erfc(a) - scaled_erfc(b)
    return tails_of(mp.log(terms / 2) - a * a, lower)


def moments(mean, shape):
    ratio = 2 * shape / mean
    scaled = (
        mp.exp(ratio) * mp.e1(ratio) if ratio < 1000 else mp.quad(lambda s: mp.exp(-s) / (s + ratio), [0, 5, 20, 170])
    )
    entropy = mp.log(2 * mp.pi * mp.e * mean**3 / shape) / 2 - mpf(3) / 2 * scaled
    return mean, mean**3 / shape, 3 * mp.sqrt(mean / shape), 15 * mean / shape, entropy


SETS = [(1.0, shape) for shape in (1e-3, 0.05, 0.5, 1.0, 3.0, 20.0, 1e3, 1e5, 1e8)]
GRIDS = {
    "InverseGaussian": Grid(
        differentiated(log_prob, log_tails),
        moments,
        [*SETS, (2.5, 1e-3), (1e-3, 2.5), (1e8, 1e5), (1e-3, 1e-3), (1e8, 1e8)],
        0.0,
    )
}
