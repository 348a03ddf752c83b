"""Write erf_integral.npz: the scaled integral of erfc and falls of erfcx at 90 digits, rounded to float64."""

from pathlib import Path

import mpmath as mp
import numpy as np

mp.mp.dps = 90


def erfcx(x):
    """exp(x*x) * erfc(x), by the asymptotic series far out."""
    if x < 200:
        return mp.exp(x * x) * mp.erfc(x)
    terms = [(-1) ** k * mp.fac2(2 * k - 1) / (2 * x * x) ** k for k in range(40)]
    return mp.fsum(terms) / (x * mp.sqrt(mp.pi))


def ierfcx(x):
    """exp(x*x) times the integral of erfc from x on."""
    if x < 200:
        return 1 / mp.sqrt(mp.pi) - x * erfcx(x)
    terms = [(-1) ** k * mp.fac2(2 * k + 1) / (2 * x * x) ** k for k in range(40)]
    return mp.fsum(terms) / (2 * x * x * mp.sqrt(mp.pi))


def main():
    rng = np.random.default_rng(20251)
    x = np.concatenate([rng.uniform(-0.1, 5, 600), 10.0 ** rng.uniform(-20, 150, 300)])
    values = [float(ierfcx(mp.mpf(v))) for v in x.tolist()]
    half = np.concatenate([10.0 ** rng.uniform(-8, 4, 500), 10.0 ** rng.uniform(-2, 1, 300)])
    low = half * np.concatenate([10.0 ** rng.uniform(-3, 6, 500), 10.0 ** rng.uniform(-3, 1.5, 300)])
    # The middle as a caller has it, rounded: the interval is from low to low + 2 half.
    falls = [
        float(erfcx(mp.mpf(a)) - erfcx(mp.mpf(a) + 2 * mp.mpf(h)))
        for a, h in zip(low.tolist(), half.tolist(), strict=True)
    ]
    tables = {"ierfcx": np.array([x, values]), "erfcx_drop": np.array([low, low + half, half, falls])}
    np.savez_compressed(Path(__file__).with_name("erf_integral.npz"), **tables)


if __name__ == "__main__":
    main()
