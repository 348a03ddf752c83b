"""Write gamma.npz: log Gamma, its derivatives, Stirling's error and the deviance by mpmath.

Run from the repository root: python tests/references/make_gamma.py
"""

from pathlib import Path

import mpmath as mp
import numpy as np

mp.mp.dps = 80


def stirling_error(x):
    if x > 60:
        # the terms fall to 1e-50 before they grow
        return sum(mp.bernoulli(2 * k) / (2 * k * (2 * k - 1) * x ** (2 * k - 1)) for k in range(1, 40))
    return mp.loggamma(x + 1) - (x + 0.5) * mp.log(x) + x - mp.log(2 * mp.pi) / 2


def deviance(x, m):
    return x * mp.log(x / m) + m - x


def log_gamma(x):
    return mp.log(abs(mp.gamma(x))) if x < 0 else mp.loggamma(x)


def log_gamma1p(x):
    # 1 + x would lose an x far below the working precision
    return x * (x * mp.zeta(2) / 2 - mp.euler) if abs(x) < 1e-25 else mp.loggamma(1 + x)


def table(function, *columns):
    values = [float(function(*(mp.mpf(float(v)) for v in row))) for row in zip(*columns, strict=True)]
    return np.column_stack([*columns, np.array(values)])


def main():
    rng = np.random.default_rng(20262)
    wide = 10 ** rng.uniform(-300, 300, 150)
    usual = 10 ** rng.uniform(-3, 4, 250)
    small = rng.uniform(0, 5, 250)
    zeros = np.concatenate([z + rng.choice([-1, 1], 60) * 10 ** rng.uniform(-15, -1, 60) for z in (1.0, 2.0)])
    root = 1.4616321449683622 + rng.choice([-1, 1], 60) * 10 ** rng.uniform(-15, -1, 60)
    positive = np.concatenate([wide, usual, small, zeros, root])
    negative = np.concatenate([-(10 ** rng.uniform(-300, 0, 40)), -rng.uniform(0, 30, 60)])
    near_zero = rng.choice([-1, 1], 150) * 10 ** rng.uniform(-300, -0.01, 150)
    base = 10 ** np.concatenate([rng.uniform(-290, 290, 150), rng.uniform(-3, 8, 450)])
    factor = np.concatenate(
        [10 ** rng.uniform(-15, 15, 250), 1 + rng.normal(size=350) * 10 ** rng.uniform(-15, -0.6, 350)]
    )
    apart = 10 ** rng.uniform(-300, 300, (2, 100))
    x = np.concatenate([base * abs(factor), apart[0]])
    m = np.concatenate([base, apart[1]])
    body = usual[usual < 1e3]
    np.savez_compressed(
        Path(__file__).with_name("gamma.npz"),
        gammaln=table(log_gamma, positive),
        gammaln_negative=table(log_gamma, negative),
        log_gamma1p=table(log_gamma1p, np.concatenate([near_zero, small, body, zeros - 1.0, wide])),
        digamma=table(lambda t: mp.psi(0, t), positive),
        digamma_negative=table(lambda t: mp.psi(0, t), negative),
        trigamma=table(lambda t: mp.psi(1, t), positive[positive > 1e-150]),
        stirling_error=table(stirling_error, positive),
        deviance=table(deviance, x, m),
    )


if __name__ == "__main__":
    main()
