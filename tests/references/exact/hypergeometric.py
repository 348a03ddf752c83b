"""The hypergeometric distribution."""

import mpmath as mp
import numpy as np
from mpmath import mpf
from scipy import stats

from exact.lattice_sum import Mass, without_noise
from exact.tools import Grid, Point, tails_of


def _mass(population, successes, draws):
    failures, rest, others = population - successes, population - draws, population - successes - draws

    def log_factorial(x):
        return mp.loggamma(x + 1)

    def slope(x):
        return mp.digamma(x + 1)

    norm = log_factorial(successes) + log_factorial(failures) + log_factorial(draws) + log_factorial(rest)
    norm -= log_factorial(population)
    in_population = slope(failures) + slope(rest) - slope(population)
    in_successes, in_draws = slope(successes) - slope(failures), slope(draws) - slope(rest)

    def log_mass(x):
        cells = log_factorial(x) + log_factorial(successes - x) + log_factorial(draws - x) + log_factorial(others + x)
        return norm - cells

    def scores(x):
        last = slope(others + x)
        return in_population - last, in_successes - slope(successes - x) + last, in_draws - slope(draws - x) + last

    def ratio(x):
        return (successes - x) * (draws - x) / ((x + 1) * (others + x + 1))

    def steps(x):
        last = 1 / (others + x + 1)
        return -last, 1 / (successes - x) + last, 1 / (draws - x) + last

    return Mass(log_mass, scores, ratio, steps, max(mpf(0), -others), min(successes, draws))


@mp.workdps(50)
def hypergeometric(k, population, successes, draws):
    mass = _mass(population, successes, draws)
    if not mass.low <= k <= mass.high:  # searches come from outside the support
        below = k < mass.low
        return Point(-mp.inf, (), -mp.inf if below else mpf(0), mpf(0) if below else -mp.inf, ())
    log_prob, grad = mass.log_mass(k), without_noise(mass.scores(k))
    if k == mass.high:
        return Point(log_prob, grad, mpf(0), -mp.inf, (mpf(0),) * 3)
    upper = k > draws * successes / population
    log_tail, slopes = mass.tail(k + 1, 1) if upper else mass.tail(k, -1)
    if log_tail > mp.log(mpf(1) / 2):
        upper = not upper
        log_tail, slopes = mass.tail(k + 1, 1) if upper else mass.tail(k, -1)
    factor = mp.exp(log_tail) * (-1 if upper else 1)
    return Point(log_prob, grad, *tails_of(log_tail, not upper), tuple(factor * s for s in slopes))


def moments(population, successes, draws):
    """From the factorial moments, and a sum, which for a wide bell strides."""
    f1, f2, f3, f4 = (mp.ff(successes, i) * mp.ff(draws, i) / mp.ff(population, i) for i in (1, 2, 3, 4))
    raw2, raw3, raw4 = f2 + f1, f3 + 3 * f2 + f1, f4 + 6 * f3 + 7 * f2 + f1
    second = raw2 - f1**2
    third = raw3 - 3 * f1 * raw2 + 2 * f1**3
    fourth = raw4 - 4 * f1 * raw3 + 6 * f1**2 * raw2 - 3 * f1**4
    mass = _mass(population, successes, draws)
    spread = mp.sqrt(second)
    stride = max(1, int(spread / 8))
    entropy, x = mpf(0), mp.floor(max(f1 - 30 * spread, mass.low))
    while x <= min(f1 + 30 * spread + 40, mass.high):
        log_prob = mass.log_mass(x)
        entropy -= stride * log_prob * mp.exp(log_prob)
        x += stride
    return f1, second, third / second ** mpf("1.5"), fourth / second**2 - 3, entropy


def _guess(population, successes, draws):
    share = successes / population
    variance = draws * share * (1 - share) * ((population - draws) / (population - 1))
    return stats.norm(draws * share, np.sqrt(variance))


GRIDS = {
    "Hypergeometric": Grid(
        hypergeometric,
        mp.workdps(120)(moments),
        [
            (20.0, 7.0, 12.0),
            (100.0, 60.0, 70.0),
            (1000.0, 3.0, 400.0),
            (1e5, 4e3, 100.0),
            (1e6, 5e5, 1000.0),
            (2001.0, 1000.0, 1001.0),
            (1e8, 3e7, 2e5),
            (1e12, 1e11, 1e9),
            (1e15, 5e14, 9e14),
            (1e15, 3e7, 5e7),
        ],
        lower=lambda population, successes, draws: max(0.0, successes + draws - population),
        upper=lambda population, successes, draws: min(successes, draws),
        discrete=True,
        guess=_guess,
    ),
}
