"""Write normal.npz: the normal cdf, its logarithm and their inverses at 60 digits, rounded to float64."""

from pathlib import Path

import mpmath as mp
import numpy as np
from make_erf import erfcx, spread

mp.mp.dps = 60
ROOT = mp.sqrt(2)


def log_ndtr(x):
    """log of the cdf, over the whole line."""
    if x > 5:
        return mp.log1p(-mp.erfc(x / ROOT) / 2)
    if x > -40:
        return mp.log(mp.erfc(-x / ROOT) / 2)
    return -x * x / 2 + mp.log(erfcx(-x / ROOT) / 2)


def lower_quantile(log_p):
    """The x < 0 with log_ndtr(x) = log_p, by Newton's method."""
    twice = -2 * log_p
    z = mp.sqrt(twice - mp.log(2 * mp.pi * twice)) if twice > 4 else mp.mpf("0.5")
    for _ in range(200):
        step = (log_ndtr(-z) - log_p) * erfcx(z / ROOT) * mp.sqrt(mp.pi / 2)
        z += step
        if abs(step) < abs(z) * mp.mpf(10) ** -40:
            return -z
    raise ArithmeticError(log_p)


def ndtri(p):
    """Quantile of p."""
    if p > 0.5:
        return -ndtri(1 - p)
    return lower_quantile(mp.log(p)) if p < 0.3 else ROOT * mp.erfinv(2 * p - 1)


def ndtri_exp(log_p):
    """Quantile of exp(log_p)."""
    if log_p < -1.2:
        return lower_quantile(log_p)
    p = mp.exp(log_p)
    return ROOT * mp.erfinv(2 * p - 1) if p < 0.7 else -lower_quantile(mp.log(-mp.expm1(log_p)))


def folded_ndtri(p):
    """The x with P(abs(Z) < x) = p."""
    return ROOT * mp.erfinv(p) if p < 0.7 else -lower_quantile(mp.log((1 - p) / 2))


def main():
    rng = np.random.default_rng(20241)
    points = {
        "ndtr": np.concatenate([rng.uniform(-37.5, 8, 800), rng.uniform(-3, 3, 300)]),
        "log_ndtr": np.concatenate(
            [rng.uniform(-50, 37, 500), rng.uniform(-3, 3, 300), -abs(spread(rng, 1e-5, 1e153, 200))]
        ),
        "ndtri": np.concatenate(
            [
                rng.uniform(0, 1, 400),
                np.exp(rng.uniform(-744, -1, 300)),
                1 - np.exp(rng.uniform(-36, -1, 150)),
                0.5 + spread(rng, 1e-16, 0.3, 150),
            ]
        ),
        "ndtri_exp": np.concatenate(
            [
                -np.exp(rng.uniform(-5, 7, 400)),
                -np.exp(rng.uniform(-700, -1, 200)),
                -np.exp(rng.uniform(5, 708, 200)),
                -np.log(2) + spread(rng, 1e-15, 0.3, 100),
            ]
        ),
    }
    points["folded_ndtri"] = points["ndtri"].copy()
    functions = {
        "folded_ndtri": folded_ndtri,
        "ndtr": lambda x: mp.erfc(-x / ROOT) / 2,
        "log_ndtr": log_ndtr,
        "ndtri": ndtri,
        "ndtri_exp": ndtri_exp,
    }
    tables = {
        name: np.array([x, [float(functions[name](mp.mpf(v))) for v in x.tolist()]]) for name, x in points.items()
    }
    np.savez_compressed(Path(__file__).with_name("normal.npz"), **tables)


if __name__ == "__main__":
    main()
