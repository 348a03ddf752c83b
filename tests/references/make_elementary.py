"""Write elementary.npz: elementary functions at 60 digits, rounded to float64."""

from pathlib import Path

import mpmath as mp
import numpy as np
from make_erf import spread

mp.mp.dps = 60


def main():
    rng = np.random.default_rng(20243)
    uniform, n = rng.uniform, 400

    def wide(low, high):
        return spread(rng, low, high, n)

    angles = np.concatenate([wide(1e-9, 1e9), np.round(uniform(-1e6, 1e6, 100)) * (np.pi / 2)])
    cases = {
        "log": (mp.log, np.concatenate([abs(wide(1e-307, 1e308)), uniform(0.5, 2, n)])),
        "log1p": (mp.log1p, np.concatenate([abs(wide(1e-20, 1e300)), uniform(-0.999, 3, n)])),
        "exp": (mp.exp, np.concatenate([uniform(-708, 709.7, n), uniform(-1, 1, n)])),
        "expm1": (mp.expm1, np.concatenate([uniform(-40, 709.7, n), uniform(-1, 1, n), wide(1e-20, 1e-3)])),
        "pow": (
            mp.power,
            abs(np.r_[wide(1e-3, 1e3), uniform(0.7, 1.42, n)]),
            np.r_[uniform(-90, 90, n), uniform(-2e3, 2e3, n)],
        ),
        "cbrt": (lambda x: mp.sign(x) * mp.cbrt(abs(x)), wide(1e-323, 1e308)),
        "sinh": (mp.sinh, wide(1e-9, 710)),
        "cosh": (mp.cosh, wide(1e-9, 710)),
        "tanh": (mp.tanh, wide(1e-9, 20)),
        "asinh": (mp.asinh, wide(1e-12, 1e308)),
        "atanh": (mp.atanh, uniform(-1, 1, n)),
        "sin": (mp.sin, angles),
        "cos": (mp.cos, angles),
        "tan": (mp.tan, angles),
        "atan": (mp.atan, wide(1e-9, 1e9)),
        "atan2": (mp.atan2, wide(1e-3, 1e3), wide(1e-3, 1e3)),
        "sin_half_turn": (mp.sinpi, np.concatenate([uniform(-3, 3, n), wide(1e-9, 1e9)])),
        "cos_half_turn": (mp.cospi, np.concatenate([uniform(-3, 3, n), wide(1e-9, 1e9)])),
    }
    tables = {}
    for name, (function, *inputs) in cases.items():
        rows = zip(*(x.tolist() for x in inputs), strict=True)
        tables[name] = np.array([*inputs, [float(function(*(mp.mpf(v) for v in row))) for row in rows]])
    np.savez_compressed(Path(__file__).with_name("elementary.npz"), **tables)


if __name__ == "__main__":
    main()
