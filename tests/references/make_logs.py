"""Write logs.npz: the functions of fastdist.special.logs at 400 digits, rounded to float64."""

from pathlib import Path

import mpmath as mp
import numpy as np
from make_erf import spread

mp.mp.dps = 400


def quotients(rng, n):
    """Numbers far apart, and close to each other."""
    yield np.exp(rng.uniform(-700, 700, n)), np.exp(rng.uniform(-700, 700, n))
    y = np.exp(rng.uniform(-690, 690, n))
    yield y * (1 + rng.choice([-1, 1], n) * 10 ** rng.uniform(-13, -0.1, n)), y


def main():
    rng = np.random.default_rng(20242)
    uniform, n = rng.uniform, 250
    grid = np.concatenate([uniform(-40, 40, n), spread(rng, 1e-9, 600, n)])
    a, b = uniform(-50, 50, n), uniform(-50, 50, n)
    high, low = np.maximum(a, b), np.minimum(a, b)
    p = np.concatenate([uniform(0, 1, n), uniform(0.25, 0.75, n), np.exp(uniform(-700, -1, n))])
    cases = {
        "log1mexp": (lambda x: mp.log(-mp.expm1(x)), -np.exp(uniform(-40, 6, 2 * n))),
        "log1pexp": (lambda x: mp.log1p(mp.exp(x)), grid),
        "log_expit": (lambda x: -mp.log1p(mp.exp(-x)), grid),
        "expit": (lambda x: 1 / (1 + mp.exp(-x)), grid),
        "logit": (lambda p: mp.log(p / (1 - p)), p),
        "logaddexp": (lambda a, b: mp.log(mp.exp(a) + mp.exp(b)), a, b),
        "logsubexp": (lambda a, b: mp.log(mp.exp(a) - mp.exp(b)), high, low),
        "xlogy": (lambda x, y: x * mp.log(y), uniform(-9, 9, n), np.exp(uniform(-700, 700, n))),
        "log_tail": (lambda p, complement: mp.log(1 - p if complement else p), p / 2, rng.integers(0, 2, len(p)) * 1.0),
        "log_ratio": (lambda x, y: mp.log(x / y), np.exp(uniform(-700, 700, n)), np.exp(uniform(-700, 700, n))),
        "log1p_product": (
            lambda x, y: mp.log1p(x * y),
            np.exp(uniform(-300, 700, 2 * n)),
            np.concatenate([np.exp(uniform(-300, 300, n)), np.exp(uniform(-700, 700, n))]),
        ),
        "xlog1py": (lambda x, y: x * mp.log1p(y), uniform(-9, 9, n), np.expm1(uniform(-9, 9, n))),
        "exp_excess": (lambda x: mp.expm1(x) - x, np.concatenate([uniform(-2, 2, n), spread(rng, 1e-12, 600, n)])),
        "log_quotient": (
            lambda x, y: mp.log(x / y),
            *(np.concatenate(part) for part in zip(*quotients(rng, n), strict=True)),
        ),
    }
    tables = {}
    for name, (function, *inputs) in cases.items():
        rows = zip(*(x.tolist() for x in inputs), strict=True)
        tables[name] = np.array([*inputs, [float(function(*(mp.mpf(v) for v in row))) for row in rows]])
    np.savez_compressed(Path(__file__).with_name("logs.npz"), **tables)


if __name__ == "__main__":
    main()
