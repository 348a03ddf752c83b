"""Write skellam.npz: mass and upper tail of the difference of two Poisson counts, at 40 digits.

Rows are k, a, b, the log mass, its derivatives in a and b, and the log of the probability of k or more, by the
formulas of ``exact/skellam.py``.
"""

from pathlib import Path

import mpmath as mp
import numpy as np
from exact.skellam import mass, upper_tail
from mpmath import mpf

DEVIATIONS = (0.01, 0.3, 1, 2, 4, 7.5, 8.5, 20, 60)


def values(k, a, b):
    exact = mpf(k), mpf(a), mpf(b)
    log_mass, before, after = (mass(exact[0] + move, *exact[1:]) for move in (0, -1, 1))
    slopes = mp.expm1(before - log_mass), mp.expm1(after - log_mass)
    return [float(v) for v in (log_mass, *slopes, upper_tail(*exact))]


def main():
    rng = np.random.default_rng(20251)
    rows = []
    while len(rows) < 500:
        low, high = [(-3, 3), (-3, 3), (1, 15), (-300, 3)][len(rows) % 4]
        a, b = 10 ** rng.uniform(low, high), 10 ** rng.uniform(-3, high)
        a, b = (a, a * rng.uniform(0.8, 1.25)) if rng.random() < 0.3 else ((a, b) if rng.random() < 0.5 else (b, a))
        deviation = rng.choice(DEVIATIONS) * rng.uniform(0.5, 1.5)
        k = np.ceil(a - b + 0.5 + deviation * np.sqrt(a + b))
        if abs(k) < 1e15:
            rows.append([k, a, b, *values(k, a, b)])
    np.savez_compressed(Path(__file__).with_name("skellam.npz"), values=np.array(rows).T)


if __name__ == "__main__":
    main()
