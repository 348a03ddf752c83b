"""Write stretched.npz: the functions of fastdist.special.stretched at 120 digits, rounded to float64.

The last row of each table says how much the result moves with its inputs, in relative units of them.
"""

from pathlib import Path

import mpmath as mp
import numpy as np

mp.mp.dps = 700


def expm1_by(a, y):
    return mp.expm1(a * y) / a if a else y


def log1p_by(a, z):
    return mp.log1p(a * z) / a if a else z


def log1p_by_slope(a, z):
    return (z / (1 + a * z) - log1p_by(a, z)) / a if a else -z * z / 2


def condition(function, row):
    """The sum over inputs of abs(input * derivative)."""
    total = mp.mpf(0)
    for i, v in enumerate(row):
        h = mp.mpf(10) ** -60
        ends = [function(*row[:i], v * (1 + s), *row[i + 1 :]) for s in (h, -h)]
        total += abs(ends[0] - ends[1]) / (2 * h)
    return total


@mp.workdps(120)
def moments(a):
    """Mean, variance, skewness and excess kurtosis by gamma functions, infinite ones included."""
    if not a:
        return mp.euler, mp.pi**2 / 6, 12 * mp.sqrt(6) * mp.zeta(3) / mp.pi**3, mp.mpf("2.4")
    g = [mp.gamma(1 - n * a) if n * a < 1 else mp.inf for n in range(1, 5)]
    mean = (g[0] - 1) / a if a < 1 else mp.inf
    if a >= 0.5:
        return mean, mp.inf, mp.nan, mp.nan
    second = g[1] - g[0] ** 2
    third = (g[2] - 3 * g[0] * g[1] + 2 * g[0] ** 3) * mp.sign(a) if 3 * a < 1 else mp.inf
    fourth = g[3] - 4 * g[0] * g[2] + 6 * g[0] ** 2 * g[1] - 3 * g[0] ** 4 if 4 * a < 1 else mp.inf
    return mean, second / a**2, third / second ** mp.mpf("1.5"), fourth / second**2 - 3


def main():
    rng = np.random.default_rng(20250)
    uniform, n = rng.uniform, 400
    a = rng.choice([-1.0, 1.0], n) * 10 ** uniform(-12, 8, n)
    a[::20], a[1::20] = 0.0, 10 ** uniform(-300, -100, n // 20)
    y = uniform(-30, 30, n) / np.maximum(np.abs(a), 1e-2)
    y[::7] = rng.choice([-1.0, 1.0], len(y[::7])) * 10 ** uniform(-300, 0, len(y[::7]))
    w = np.where(rng.random(n) < 0.5, uniform(-0.999, 5, n), 10 ** uniform(-20, 200, n))
    z = np.where(a == 0, w, w / np.where(a == 0, 1, a))
    z = np.where(np.abs(z) < 1e290, z, uniform(-30, 30, n))
    z = np.where(a * z > -1, z, -z)
    tables = {}
    for function, second in ((expm1_by, y), (log1p_by, z), (log1p_by_slope, z)):
        rows = [(mp.mpf(u), mp.mpf(v)) for u, v in zip(a.tolist(), second.tolist(), strict=True)]
        exact = [float(function(*row)) for row in rows]
        tables[function.__name__] = np.array([a, second, exact, [float(condition(function, row)) for row in rows]])
    shapes = np.concatenate([-(10 ** uniform(-9, 3, 150)), 10 ** uniform(-9, 0.1, 60), uniform(-0.8, 0.3, 150), [0.0]])
    tables["stretched_moments"] = np.array(
        [shapes, *np.array([[float(m) for m in moments(mp.mpf(s))] for s in shapes.tolist()]).T]
    )
    np.savez_compressed(Path(__file__).with_name("stretched.npz"), **tables)


if __name__ == "__main__":
    main()
