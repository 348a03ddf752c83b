"""Coefficients of :mod:`fastdist.special.binet`, highest power first."""

import mpmath as mp
from fit import chebyshev_grid, minimax, show

mp.mp.dps = 60
HALF = mp.mpf(1) / 2


def curvature(x):
    """The second derivative of the Binet function."""
    if x > 1e4:
        return 1 / (6 * x**3) - 1 / (30 * x**5) + 1 / (42 * x**7)
    return mp.polygamma(1, x) - 1 / x - 1 / (2 * x**2)


def interpolated(function, top, bottom, low, high):
    """The rational function of these degrees that is right at Chebyshev's points; its denominator begins with 1."""
    places = chebyshev_grid(low, high, top + bottom + 1)
    rows, values = mp.matrix(len(places), len(places)), mp.matrix(len(places), 1)
    for i, x in enumerate(places):
        values[i] = function(x)
        for j in range(top + 1):
            rows[i, j] = x**j
        for j in range(1, bottom + 1):
            rows[i, top + j] = -values[i] * x**j
    found = list(mp.lu_solve(rows, values))
    return found[: top + 1], [mp.mpf(1), *found[top + 1 :]]


def above_one(x):
    """How far log Gamma(1 + x) is above its tangent at 1, over (x - 1)**2."""
    gap = x - 1
    return (mp.pi**2 / 6 - 1) / 2 if abs(gap) < 1e-40 else (mp.loggamma(1 + x) - gap * (1 - mp.euler)) / gap**2


def main():
    # In t = 1 / (x + 1/2) the second derivative is t**3 P(t): twice integrated, J is a polynomial too.
    points = chebyshev_grid(0, mp.mpf(2) / 3, 300)
    fit = minimax(points, [curvature(1 / t - HALF) / t**3 for t in points], 20)
    show(f"BINET  # error {mp.nstr(fit[2], 2)}", [c / ((i + 1) * (i + 2)) for i, c in enumerate(fit[0])][::-1])

    above, below = interpolated(above_one, 8, 8, 0, 2)
    errors = [mp.polyval(above[::-1], x) / mp.polyval(below[::-1], x) / above_one(x) - 1 for x in points]
    show(f"ABOVE_ONE  # error {mp.nstr(max(map(abs, errors)), 2)}", above[::-1])
    show("BELOW_ONE", below[::-1])


if __name__ == "__main__":
    main()
