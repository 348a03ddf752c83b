"""Coefficients of :mod:`fastdist.engine.elementary`, :mod:`~fastdist.engine.trigonometric` and
:mod:`~fastdist.engine.single`."""

import mpmath as mp
from fit import chebyshev_grid, minimax, show

mp.mp.dps = 50


def odd_even(name, function, high, degree, weight, low=0):
    """Fit `function` of z on [0, high] with errors times `weight`."""
    points = chebyshev_grid(low, high, 250)
    fit = minimax(points, [function(z) for z in points], degree, 0, [weight(z) for z in points])
    show(f"{name}  # degree {degree}, error {mp.nstr(fit[2], 2)}", fit[0])


def main():
    def exp_rest(r):
        return mp.nsum(lambda k: r**k / mp.factorial(k + 3), [0, 30])

    def sine_rest(z):
        return mp.nsum(lambda k: (-1) ** (k + 1) * z**k / mp.factorial(2 * k + 3), [0, 20])

    def cosine_rest(z):
        return mp.nsum(lambda k: (-1) ** k * z**k / mp.factorial(2 * k + 4), [0, 20])

    half = mp.log(2) / 2 * mp.mpf("1.001")
    odd_even("exp", exp_rest, half, 8, lambda r: abs(r) ** 3, -half)
    odd_even("exp, single", exp_rest, half, 3, lambda r: abs(r) ** 3, -half)
    quarter = (mp.pi / 4 * mp.mpf("1.001")) ** 2
    odd_even("sin", sine_rest, quarter, 5, lambda z: z)
    odd_even("cos", cosine_rest, quarter, 5, lambda z: z**2)
    turn = mp.mpf("0.2501") ** 2
    odd_even("sin pi", lambda z: mp.pi**3 * sine_rest(mp.pi**2 * z), turn, 5, lambda z: z / 3)
    odd_even("cos pi", lambda z: mp.pi**4 * cosine_rest(mp.pi**2 * z), turn, 5, lambda z: z**2)

    def atan_rest(z):
        return (
            mp.nsum(lambda k: (-1) ** (k + 1) * z**k / (2 * k + 3), [0, 200])
            if z < 0.3
            else (mp.atan(mp.sqrt(z)) / mp.sqrt(z) - 1) / z
        )

    odd_even("atan", atan_rest, 1, 18, lambda z: z)
    odd_even("sinh", lambda z: mp.nsum(lambda k: z**k / mp.factorial(2 * k + 3), [0, 20]), 1, 6, lambda z: z)
    odd_even(
        "log, dd", lambda z: mp.nsum(lambda k: z**k * 2 / (2 * k + 5), [0, 80]), mp.mpf("0.02945"), 6, lambda z: z**2
    )
    odd_even(
        "log, single", lambda z: mp.nsum(lambda k: z**k * 2 / (2 * k + 3), [0, 80]), mp.mpf("0.02945"), 2, lambda z: z
    )
    points = chebyshev_grid(0.5, 4, 200)
    fit = minimax(points, [1 / mp.cbrt(p) for p in points], 7)
    show(f"1 / cbrt  # {mp.nstr(fit[2], 2)}", fit[0])


if __name__ == "__main__":
    main()
