"""Coefficients of :mod:`fastdist.special.bessel_divergence`, highest power first."""

import mpmath as mp
from fit import chebyshev_grid, minimax, show
from fit_bessel import SPLIT, scaled

mp.mp.dps = 60


def main():
    near = chebyshev_grid(0, mp.mpf(SPLIT) ** 2 / 4, 300)
    series = []
    for t in near:
        x = 2 * mp.sqrt(t)
        zero, one = mp.besseli(0, x), mp.besseli(1, x)
        series.append(zero**2 - zero * one / x - one**2)
    fit = minimax(near, series, 19)
    show(f"NEAR  # error {mp.nstr(fit[2], 2)}", fit[0][::-1])

    points = chebyshev_grid(-1, 1, 300)
    slopes = []
    for w in points:
        x = 2 * SPLIT / (w + 1)
        zero, one = scaled(x)
        ratio = one / zero
        slopes.append(2 * x**2 * (1 - ratio / x - ratio**2))
    fit = minimax(points, slopes, 30)
    show(f"FAR  # error {mp.nstr(fit[2], 2)}", fit[0][::-1])


if __name__ == "__main__":
    main()
