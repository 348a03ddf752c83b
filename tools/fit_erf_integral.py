"""Coefficients of :mod:`fastdist.special.erf_integral`."""

import mpmath as mp
from fit import chebyshev_grid, minimax, show

mp.mp.dps = 60
LOWEST = mp.mpf("-0.11")


def ierfcx(x):
    """exp(x*x) times the integral of erfc from x on, by the asymptotic series far out."""
    if x < 60:
        return 1 / mp.sqrt(mp.pi) - x * mp.exp(x * x) * mp.erfc(x)
    terms = sum((-1) ** k * mp.fac2(2 * k + 1) / (2 * x * x) ** k for k in range(30))
    return terms / (2 * x * x * mp.sqrt(mp.pi))


def main():
    low = LOWEST / (LOWEST + 4) - mp.mpf("0.5")
    points = chebyshev_grid(low, 0.5, 400)
    values, weights = [], []
    for t in points:
        q = t + mp.mpf("0.5")
        x = 4 * q / (1 - q) if q < 1 else mp.mpf(10) ** 40
        product = (1 + mp.sqrt(2) * x) ** 2 * ierfcx(x) * mp.sqrt(mp.pi)
        values.append(product)
        weights.append(1 / product)
    fit = minimax(points, values, 26, 0, weights)
    show(f"ierfcx  # error {mp.nstr(fit[2], 2)}", fit[0])


if __name__ == "__main__":
    main()
