"""Write exponential_integral.npz: exp(t) E1(t), and that plus log(t), at 60 digits, rounded to float64."""

from pathlib import Path

import mpmath as mp
import numpy as np

mp.mp.dps = 60


def exp1_scaled(t):
    """exp(t) E1(t), by the asymptotic series far out."""
    if t < 500:
        return mp.exp(t) * mp.e1(t)
    return mp.fsum((-1) ** k * mp.factorial(k) / t ** (k + 1) for k in range(100 if t < 1e6 else 10))


def main():
    rng = np.random.default_rng(20250)
    t = np.concatenate(
        [
            10.0 ** rng.uniform(-300, 300, 150),
            10.0 ** rng.uniform(-4, 4, 400),
            rng.uniform(0.8, 1.2, 100),
            rng.uniform(1, 60, 250),
        ]
    )
    scaled = [exp1_scaled(mp.mpf(v)) for v in t.tolist()]
    plus_log = [v + mp.log(mp.mpf(x)) for v, x in zip(scaled, t.tolist(), strict=True)]
    tables = {"exp1_scaled": scaled, "exp1_scaled_plus_log": plus_log}
    arrays = {name: np.array([t, [float(v) for v in values]]) for name, values in tables.items()}
    np.savez_compressed(Path(__file__).with_name("exponential_integral.npz"), **arrays)


if __name__ == "__main__":
    main()
