"""Coefficients of :mod:`fastdist.special.erf`."""

import mpmath as mp
from fit import chebyshev_grid, minimax, show

mp.mp.dps = 60


def erfcx(x):
    """exp(x*x) * erfc(x), by the asymptotic series far out."""
    if x < 60:
        return mp.exp(x * x) * mp.erfc(x)
    return sum((-1) ** k * mp.fac2(2 * k - 1) / (2 * x * x) ** k for k in range(30)) / (x * mp.sqrt(mp.pi))


def main():
    points = chebyshev_grid(-0.5, 0.5, 400)
    values, weights = [], []
    for t in points:
        q = t + mp.mpf("0.5")
        x = 4 * q / (1 - q)
        product = (1 + 2 * x) * erfcx(x)
        values.append((product - 1) / q)
        weights.append(q / product)
    fit = minimax(points, values, 23, 0, weights)
    show(f"erfcx  # error {mp.nstr(fit[2], 2)}", fit[0])

    points = chebyshev_grid(0, 1, 200)
    values = [mp.erf(mp.sqrt(z)) / mp.sqrt(z) - 1 for z in points]
    fit = minimax(points, values, 11, 0, [1 / (1 + v) for v in values])
    show(f"erf near 0  # error {mp.nstr(fit[2], 2)}", fit[0])


if __name__ == "__main__":
    main()
