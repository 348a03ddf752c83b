"""Write erf.npz: erf, erfc and erfcx at 60 digits, rounded to float64."""

from pathlib import Path

import mpmath as mp
import numpy as np

mp.mp.dps = 60


def erfcx(x):
    """exp(x*x) * erfc(x), by the asymptotic series far out."""
    if x < 60:
        return mp.exp(x * x) * mp.erfc(x)
    terms = [(-1) ** k * mp.fac2(2 * k - 1) / (2 * x * x) ** k for k in range(12 if x < 1e15 else 1)]
    return sum(terms) / (x * mp.sqrt(mp.pi))


def spread(rng, low, high, count):
    """Numbers of either sign whose logarithms are uniform."""
    return np.exp(rng.uniform(np.log(low), np.log(high), count)) * rng.choice([-1.0, 1.0], count)


def main():
    rng = np.random.default_rng(20240)
    points = {
        "erf": np.concatenate([rng.uniform(-6, 6, 600), spread(rng, 1e-300, 1e3, 300)]),
        "erfc": np.concatenate([rng.uniform(-6, 26.5, 900), rng.uniform(0.4, 1, 200), spread(rng, 1e-30, 20, 200)]),
        "erfcx": np.concatenate([rng.uniform(-26, 10, 600), abs(spread(rng, 1e-20, 1e300, 400))]),
    }
    functions = {"erf": mp.erf, "erfc": mp.erfc, "erfcx": erfcx}
    tables = {
        name: np.array([x, [float(functions[name](mp.mpf(v))) for v in x.tolist()]]) for name, x in points.items()
    }
    np.savez_compressed(Path(__file__).with_name("erf.npz"), **tables)


if __name__ == "__main__":
    main()
