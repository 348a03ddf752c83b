"""Write normal_interval.npz: shares of the standard normal's mass on intervals, to 60 digits by erfc.

python tests/references/make_normal_interval.py
"""

from pathlib import Path

import mpmath as mp
import numpy as np
from mpmath import mpf

mp.mp.dps = 120
ROWS = 1500


def tail(x):
    return mp.erfc(x / mp.sqrt(2)) / 2


def log_mass(low, high):
    """The log of ndtr(high) - ndtr(low)."""
    if high < 0:
        low, high = -high, -low
    if low > 0:
        return mp.log(tail(low) - tail(high))
    return mp.log(1 - tail(-low) - tail(high))


def main():
    """Intervals [a, a + width] with a + width >= -a, and a value a + d inside."""
    random = np.random.default_rng(7)
    rows = []
    while len(rows) < ROWS:
        a = random.choice([-1.0, 1.0]) * 10.0 ** random.uniform(-4, 4 if random.random() < 0.3 else 1)
        width = 10.0 ** random.uniform(-12, 2)
        if a + width < -a:
            continue
        d = width * (random.random() if random.random() < 0.7 else 10.0 ** random.uniform(-20, -1))
        if a > 0 and random.random() < 0.5:
            d = min(d, random.exponential(1 / a))
        t, b = mpf(a) + mpf(d), mpf(a) + mpf(width)
        if not 0 < d < width:
            continue
        whole = log_mass(mpf(a), b)
        below, above = log_mass(mpf(a), t) - whole, log_mass(t, b) - whole
        rows.append([a, width, d, float(b), float(t), float(b - t), float(below), float(above)])
    columns = dict(zip(("a", "width", "d", "b", "t", "e", "below", "above"), np.array(rows).T, strict=True))
    np.savez_compressed(Path(__file__).with_name("normal_interval.npz"), **columns)


if __name__ == "__main__":
    main()
