"""Coefficients of :mod:`fastdist.special.bessel`, highest power first."""

import mpmath as mp
from fit import chebyshev_grid, minimax, show

mp.mp.dps = 60
SPLIT = 8


def scaled(x):
    """exp(-x) sqrt(2 pi x) times I0 and times I1: DLMF 10.40.1 far out."""
    if x < 300:
        unit = mp.exp(-x) * mp.sqrt(2 * mp.pi * x)
        return mp.besseli(0, x) * unit, mp.besseli(1, x) * unit
    sums, terms = [mp.mpf(1), mp.mpf(1)], [mp.mpf(1), mp.mpf(1)]
    for k in range(1, 60):
        for order in (0, 1):
            terms[order] *= mp.mpf((2 * k - 1) ** 2 - 4 * order) / (8 * k * x)
            sums[order] += terms[order]
    return tuple(sums)


def main():
    near = chebyshev_grid(0, mp.mpf(SPLIT) ** 2 / 4, 200)
    for order, degree in ((0, 14), (1, 13)):
        series = [mp.besseli(order, 2 * mp.sqrt(t)) / mp.sqrt(t) ** order for t in near]
        fit = minimax(near, [(s - 1) / t for s, t in zip(series, near, strict=True)], degree, 0,
                      [t / s for s, t in zip(series, near, strict=True)])  # fmt: skip
        show(f"SERIES_{order}  # error {mp.nstr(fit[2], 2)}", fit[0][::-1])

    points = chebyshev_grid(-1, 1, 300)
    places = [SPLIT * (w + 1) / 2 for w in points]
    gaps = [(mp.besseli(0, x) - mp.besseli(1, x)) * mp.exp(-x) * (1 + x / 6) ** mp.mpf("1.5") for x in places]
    fit = minimax(points, gaps, 29)
    show(f"NEAR_GAP  # error {mp.nstr(fit[2], 2)}", fit[0][::-1])

    pairs = [(2 * SPLIT / (w + 1), scaled(2 * SPLIT / (w + 1))) for w in points]
    fit = minimax(points, [s[0] for _, s in pairs], 23)
    show(f"FAR_0  # error {mp.nstr(fit[2], 2)}", fit[0][::-1])
    fit = minimax(points, [2 * x * (s[0] - s[1]) / s[0] for x, s in pairs], 27)
    show(f"FAR_GAP  # error {mp.nstr(fit[2], 2)}", fit[0][::-1])


if __name__ == "__main__":
    main()
