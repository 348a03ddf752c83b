"""Write incomplete_gamma.npz: P, Q, their logarithms and dP/da by mpmath, over the whole domain.

Run from the repository root: python tests/references/make_incomplete_gamma.py
"""

from pathlib import Path

import mpmath as mp
import numpy as np

mp.mp.dps = 60


def leading(a, x):
    """x**a exp(-x) / Gamma(a + 1)."""
    return mp.exp(a * mp.log(x) - x - mp.loggamma(a + 1))


def lower_series(a, x):
    """The sum S and dS/da, where P = leading(a, x) S."""
    term, total, harmonic, slope, k = mp.mpf(1), mp.mpf(1), mp.mpf(0), mp.mpf(0), 0
    while term > total * mp.mpf(10) ** -45 or a + k < x:
        k += 1
        term *= x / (a + k)
        harmonic += 1 / (a + k)
        total += term
        slope -= term * harmonic
    return total, slope


def upper_fraction(a, x):
    """The continued fraction F and dF/da, where Q = leading(a, x) a F, from a tail long enough."""

    def value(length):
        f, g = mp.mpf(0), mp.mpf(0)
        for k in range(length, 0, -1):
            # f_k = k (a - k) / (x + 2 k + 1 - a + f_(k+1))
            n, b = k * (a - k), x + 2 * k + 1 - a + f
            f, g = n / b, k / b - n * (g - 1) / b**2
        b = x + 1 - a + f
        return 1 / b, -(g - 1) / b**2

    length = 60
    before = value(length)
    while True:
        length = length * 3 // 2
        now = value(length)
        if all(abs(u - v) < mp.mpf(10) ** -32 * abs(v) for u, v in zip(before, now, strict=True)):
            return now
        before = now


def reference(a, x):
    """log P, log Q, dP/da over the density times x, and dx/da."""
    a, x = mp.mpf(a), mp.mpf(x)
    lead = leading(a, x)
    if x < a + 1 or x < 2:
        total, slope = lower_series(a, x)
        p = lead * total
        q = 1 - p
        ratio = (mp.log(x) - mp.psi(0, a + 1)) * total + slope
    else:
        fraction, slope = upper_fraction(a, x)
        q = lead * a * fraction
        p = 1 - q
        ratio = -a * ((mp.log(x) - mp.psi(0, a)) * fraction + slope)
    return (
        p,
        q,
        mp.log(p) if p < 0.5 else mp.log1p(-q),
        mp.log(q) if q < 0.5 else mp.log1p(-p),
        lead * ratio,
        -ratio * x / a,
    )


def points():
    """Shapes from 1e-3 to 1e8 (and to 1e-10 and 1e15 where that is cheap), x from quantiles and from afar."""
    rng = np.random.default_rng(20261)
    a = 10 ** rng.uniform(-3, 4.5, 1100)
    x = rng.gamma(a)
    sd = np.sqrt(a)
    far = rng.uniform(size=a.size) < 0.5
    spread = a + sd * rng.uniform(-12, 25, a.size) + rng.uniform(0, 4, a.size)
    x = np.where(far & (spread > 0), spread, x)
    low = rng.uniform(size=a.size) < 0.2
    x = np.where(low, a * 10 ** rng.uniform(-6, 0, a.size), x)
    high = rng.uniform(size=a.size) < 0.1
    x = np.where(high, np.maximum(a, 1) * 10 ** rng.uniform(0, 2.5, a.size), x)
    a_tiny = 10 ** rng.uniform(-10, -3, 150)
    x_tiny = 10 ** rng.uniform(-200, 2, 150)
    a_big = 10 ** rng.uniform(4.5, 8, 40)
    x_big = a_big + np.sqrt(a_big) * rng.uniform(-7, 7, 40)
    a_middle = rng.uniform(0.5, 40, 400)
    x_middle = a_middle * 10 ** rng.uniform(-0.8, 0.6, 400)
    a = np.concatenate([a, a_tiny, a_big, a_middle])
    x = np.concatenate([x, x_tiny, x_big, x_middle])
    ok = (x > 1e-300) & np.isfinite(x)
    return a[ok], x[ok]


def main():
    a, x = points()
    rows = [[float(v) for v in reference(u, v)] for u, v in zip(a, x, strict=True)]
    table = np.column_stack([a, x, np.array(rows)])
    np.savez_compressed(Path(__file__).with_name("incomplete_gamma.npz"), table=table)
    print(table.shape)


if __name__ == "__main__":
    main()
