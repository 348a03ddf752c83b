"""Write bessel_order.npz: what integrates exp(x cos(angle)) over spheres, from Bessel functions at 60 digits."""

from pathlib import Path

import mpmath as mp
import numpy as np

mp.mp.dps = 60


def scaled(order, x):
    """I of this order over exp(x): by its own series, or by Hankel's expansion (DLMF 10.40.1) of a large argument."""
    if x <= 3000:
        return mp.besseli(order, x) * mp.exp(-x)
    total, term, k = mp.mpf(1), mp.mpf(1), 1
    while abs(term) > mp.mpf(10) ** -(mp.mp.dps - 2):
        term *= -(4 * order**2 - (2 * k - 1) ** 2) / (8 * k * x)
        total, k = total + term, k + 1
    return total / mp.sqrt(2 * mp.pi * x)


def values(nu, x):
    """The log of the inverse integral of exp(x (cos(angle) - 1)), A = I_{nu+1} / I_nu, 1 - A, A / x and A'."""
    with mp.workdps(60 + int(3 * max(0.0, np.log10(x) if x else 0.0))):
        nu, x = mp.mpf(nu), mp.mpf(x)
        if x == 0:
            area = mp.log(2) + (nu + 1) * mp.log(mp.pi) - mp.loggamma(nu + 1)
            return [float(v) for v in (-area, 0, 1, 1 / (2 * nu + 2), 1 / (2 * nu + 2))]
        with mp.workdps(mp.mp.dps + int(60 + 2 * abs(mp.log10(x)))):
            below, above = scaled(nu, x), scaled(nu + 1, x)
            ratio = above / below
            along = 1 - ratio * ratio - (2 * nu + 1) / x * ratio
            log_value = nu * mp.log(x) - (nu + 1) * mp.log(2 * mp.pi) - mp.log(below)
            return [float(v) for v in (log_value, ratio, 1 - ratio, ratio / x, along)]


def main():
    rng = np.random.default_rng(20261)
    nu = np.concatenate([0.5 * rng.integers(0, 12, 250), np.floor(10 ** rng.uniform(0, 3.3, 250)) * 0.5])
    x = 10 ** rng.uniform(-8, 3.4, 500)
    x[::5] = rng.uniform(0.0, 60.0, 100)
    far = 0.5 * rng.integers(0, 200, 100)
    nu = np.concatenate([nu, far, [0.0, 0.5, 4.0, 499.0]])
    x = np.concatenate([x, 10 ** rng.uniform(5, 100, 100), np.zeros(4)])
    table = np.array([values(*point) for point in zip(nu.tolist(), x.tolist(), strict=True)]).T
    np.savez_compressed(Path(__file__).with_name("bessel_order.npz"), values=np.vstack([nu, x, table]))


if __name__ == "__main__":
    main()
