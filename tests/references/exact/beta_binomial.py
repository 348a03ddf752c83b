"""The beta-binomial distribution."""

import mpmath as mp
from mpmath import mpf
from scipy import stats

from exact.lattice_sum import Mass, without_noise
from exact.tools import Grid, Point, tails_of


def _mass(n, a, b):
    norm = mp.loggamma(n + 1) - mp.loggamma(a + b + n) + mp.loggamma(a + b) - mp.loggamma(a) - mp.loggamma(b)
    whole, own = mp.digamma(a + b + n), mp.digamma(a + b)
    in_n, in_a, in_b = mp.digamma(n + 1) - whole, own - whole - mp.digamma(a), own - whole - mp.digamma(b)

    def log_mass(x):
        y = n - x
        return norm + mp.loggamma(x + a) - mp.loggamma(x + 1) + mp.loggamma(y + b) - mp.loggamma(y + 1)

    def scores(x):
        up = mp.digamma(n - x + b)
        return in_n - mp.digamma(n - x + 1) + up, in_a + mp.digamma(x + a), in_b + up

    def ratio(x):
        return (n - x) * (x + a) / ((x + 1) * (n - x - 1 + b))

    def steps(x):
        y = n - x
        return 1 / y - 1 / (y - 1 + b), 1 / (x + a), -1 / (y - 1 + b)

    return Mass(log_mass, scores, ratio, steps, mpf(0), n, rises=(a < 1, b < 1))


@mp.workdps(50)
def beta_binomial(k, n, a, b):
    mass = _mass(n, a, b)
    if not 0 <= k <= n:  # searches come from outside the support
        return Point(-mp.inf, (), -mp.inf if k < 0 else mpf(0), mpf(0) if k < 0 else -mp.inf, ())
    log_prob, grad = mass.log_mass(k), without_noise(mass.scores(k))
    if k == n:
        return Point(log_prob, grad, mpf(0), -mp.inf, (mpf(0),) * 3)
    upper = n - k < k if min(a, b) < 1 else k > n * a / (a + b)
    log_tail, slopes = mass.tail(k + 1, 1) if upper else mass.tail(k, -1)
    if log_tail > mp.log(mpf(1) / 2):
        upper = not upper
        log_tail, slopes = mass.tail(k + 1, 1) if upper else mass.tail(k, -1)
    factor = mp.exp(log_tail) * (-1 if upper else 1)
    return Point(log_prob, grad, *tails_of(log_tail, not upper), tuple(factor * s for s in slopes))


def moments(n, a, b):
    """From the factorial moments, and a sum, which for many trials strides over a bell."""
    s = a + b
    f1, f2, f3, f4 = (mp.rf(a, i) / mp.rf(s, i) * mp.ff(n, i) for i in (1, 2, 3, 4))
    raw2, raw3, raw4 = f2 + f1, f3 + 3 * f2 + f1, f4 + 6 * f3 + 7 * f2 + f1
    second = raw2 - f1**2
    third = raw3 - 3 * f1 * raw2 + 2 * f1**3
    fourth = raw4 - 4 * f1 * raw3 + 6 * f1**2 * raw2 - 3 * f1**4
    mass = _mass(n, a, b)
    spread = mp.sqrt(second)
    stride = 1 if n <= 20000 else int(spread / 8)
    low, high = (0, n) if n <= 20000 else (max(f1 - 30 * spread, 0), min(f1 + 30 * spread, n))
    entropy, x = mpf(0), mp.floor(low)
    while x <= high:
        log_prob = mass.log_mass(x)
        entropy -= stride * log_prob * mp.exp(log_prob)
        x += stride
    return f1, second, third / second ** mpf("1.5"), fourth / second**2 - 3, entropy


class _Guess:
    """The quantiles of the beta variate with the mean and the variance of a share of successes."""

    def __init__(self, n, a, b):
        spread = max((a + b + 1) * (n / (a + b + n)) - 1, 1e-10)
        self.n, self.beta = n, stats.beta(a / (a + b) * spread, b / (a + b) * spread)

    def ppf(self, level):
        return self.n * self.beta.ppf(level)

    def isf(self, level):
        return self.n * self.beta.isf(level)


GRIDS = {
    "BetaBinomial": Grid(
        beta_binomial,
        mp.workdps(120)(moments),
        [
            (1.0, 2.0, 3.0),
            (10.0, 2.0, 3.0),
            (10.0, 1e-8, 1e-3),
            (60.0, 0.5, 0.25),
            (100.0, 30.5, 1e-3),
            (1000.0, 1.0, 1.0),
            (1000.0, 1e-3, 5.0),
            (3000.0, 40.0, 1e5),
            (7.0, 1e15, 1e12),
            (1e4, 0.1, 0.3),
            (1e6, 1e8, 3e8),
            (1e12, 2e6, 3e6),
            (1e15, 1e15, 1e14),
        ],
        0.0,
        upper=lambda n, a, b: n,
        discrete=True,
        guess=_Guess,
    ),
}
