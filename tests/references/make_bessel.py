"""Write bessel.npz: scaled Bessel functions, their ratio and 1 less it, at 60 digits, rounded to float64."""

from pathlib import Path

import mpmath as mp
import numpy as np

mp.mp.dps = 60


def values(x):
    """i0e, i1e, I1/I0 and 1 - I1/I0."""
    x = mp.mpf(x)
    if x < 1000:
        i0, i1 = mp.besseli(0, x) * mp.exp(-x), mp.besseli(1, x) * mp.exp(-x)
        with mp.workdps(120):
            gap = 1 - mp.besseli(1, x) / mp.besseli(0, x)
    else:
        sums, terms = [mp.mpf(1), mp.mpf(1)], [mp.mpf(1), mp.mpf(1)]
        for k in range(1, 40):
            for order in (0, 1):
                terms[order] *= mp.mpf((2 * k - 1) ** 2 - 4 * order) / (8 * k * x)
                sums[order] += terms[order]
        root = mp.sqrt(2 * mp.pi * x)
        i0, i1 = sums[0] / root, sums[1] / root
        # The leading terms cancel: 1/(2x) remains of a sum of terms without them.
        gap = (1 / (2 * x) if x > mp.mpf(10) ** 25 else (sums[0] - sums[1])) / sums[0]
    return [float(v) for v in (i0, i1, i1 / i0, gap)]


def main():
    rng = np.random.default_rng(20250)
    x = np.concatenate(
        [
            rng.uniform(0, 20, 800),
            rng.uniform(7.5, 8.5, 100),
            10 ** rng.uniform(-300, 300, 300),
            10 ** rng.uniform(-3, 9, 600),
        ]
    )
    table = np.array([values(v) for v in x.tolist()]).T
    np.savez_compressed(Path(__file__).with_name("bessel.npz"), values=np.vstack([x, table]))


if __name__ == "__main__":
    main()
