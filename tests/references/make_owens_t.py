"""Write owens_t.npz: Owen's T and the integral for what it lacks, by quadrature at 40 digits, rounded to float64."""

from pathlib import Path

import mpmath as mp
import numpy as np
from make_erf_integral import erfcx

mp.mp.dps = 40


def owens_t(h, a):
    """The integral of the definition, over panels that grow with x."""
    if not a:
        return mp.mpf(0)
    ends = [mp.mpf(0), min(a, 1 / (4 + h))]
    while ends[-1] < a and ends[-1] * h < 15:
        ends.append(min(4 * ends[-1], a))
    inner = mp.quad(lambda x: mp.exp(-h * h * x * x / 2) / (1 + x * x), ends, method="gauss-legendre")
    return mp.exp(-h * h / 2) * inner / (2 * mp.pi)


def rest(k, d):
    """The integral from 0 to infinity of exp(-k v - v*v/2) exp(y*y/2) ndtr(-y), y = d (k + v)."""
    top = 200 / (k + mp.sqrt(k * k + 200))
    ends = [top * i / 8 for i in range(9)]

    def inner(v):
        return mp.exp(-k * v - v * v / 2) * erfcx(d * (k + v) / mp.sqrt(2)) / 2

    return mp.quad(inner, ends, method="gauss-legendre")


def main():
    rng = np.random.default_rng(20252)
    h = np.concatenate([rng.uniform(0, 6, 250), 10.0 ** rng.uniform(-10, 1, 100), rng.uniform(6, 37, 100)])
    a = np.concatenate([10.0 ** rng.uniform(-3, 3, 250), 10.0 ** rng.uniform(-8, 8, 100), rng.uniform(0, 2, 100)])
    h, a = h * rng.choice([-1.0, 1.0], h.size), a * rng.choice([-1.0, 1.0], a.size)
    values = [np.sign(y) * float(owens_t(mp.mpf(abs(x)), mp.mpf(abs(y)))) for x, y in zip(h, a, strict=True)]
    k = np.concatenate([rng.uniform(0, 8, 150), 10.0 ** rng.uniform(-3, 12, 60), [3.9999, 4.0, 4.0001]])
    d = rng.uniform(0, 1, k.size) ** 0.3
    d[::7], d[3::7] = 1.0, 0.0
    rests = [float(rest(mp.mpf(x), mp.mpf(y))) for x, y in zip(k.tolist(), d.tolist(), strict=True)]
    tables = {"owens_t": np.array([h, a, values]), "owens_rest": np.array([k, d, rests])}
    np.savez_compressed(Path(__file__).with_name("owens_t.npz"), **tables)


if __name__ == "__main__":
    main()
