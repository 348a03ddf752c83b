"""Minimax fits of polynomials and rational functions, in mpmath: the tool behind the coefficients.

The exchange runs on a fixed fine grid, which is good enough for a fit that is to be rounded to
float64 anyway.
"""

import mpmath as mp


def chebyshev_grid(low, high, count):
    """`count` points that crowd at the ends of [low, high], ascending."""
    low, high = mp.mpf(low), mp.mpf(high)
    return [(low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * (i + 0.5) / count) for i in range(count)]


def minimax(points, values, numerator, denominator=0, weights=None, rounds=12):
    """Coefficients (lowest power first) of the rational function nearest to `values` at `points`.

    The error is measured relative to `values`, or as ``|error| * weights``. Gives the numerator,
    the denominator with constant term 1, and the largest error.
    """
    n, m = numerator + 1, denominator
    size = n + m + 1
    weights = weights or [1 / abs(v) for v in values]
    count = len(points)
    chosen = [round((count - 1) * (1 - mp.cos(mp.pi * i / (size - 1))) / 2) for i in range(size)]
    level = mp.mpf(0)
    best = None
    for _ in range(rounds):
        for _ in range(1 if m == 0 else 4):
            a, b = mp.matrix(size, size), mp.matrix(size, 1)
            for row, i in enumerate(chosen):
                sign = (-1) ** row / weights[i]
                target = values[i] + sign * level
                for j in range(n):
                    a[row, j] = points[i] ** j
                for j in range(1, m + 1):
                    a[row, n + j - 1] = -target * points[i] ** j
                a[row, size - 1] = -sign
                b[row] = values[i]
            solution = mp.lu_solve(a, b)
            level = solution[size - 1]
        top = [solution[j] for j in range(n)]
        bottom = [mp.mpf(1)] + [solution[n + j] for j in range(m)]
        errors = [
            (mp.polyval(top[::-1], x) / mp.polyval(bottom[::-1], x) - v) * w
            for x, v, w in zip(points, values, weights, strict=True)
        ]
        worst = max(abs(e) for e in errors)
        if best is None or worst < best[2]:
            best = top, bottom, worst
        extremes = []
        for i, e in enumerate(errors):
            if extremes and (e > 0) == (errors[extremes[-1]] > 0):
                if abs(e) > abs(errors[extremes[-1]]):
                    extremes[-1] = i
            else:
                extremes.append(i)
        while len(extremes) > size:
            extremes.pop(0 if abs(errors[extremes[0]]) < abs(errors[extremes[-1]]) else -1)
        if len(extremes) < size or abs(worst) < 1.01 * abs(level):
            break
        chosen = extremes
    return best


def show(name, coefficients):
    """Print coefficients, lowest power first, as float64."""
    print(name, "= (")
    for c in coefficients:
        print(f"    {float(c)!r},")
    print(")")
