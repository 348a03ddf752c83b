"""Coefficients of :mod:`fastdist.special.skellam`: a function of n >= 32 and q in [0, 1].

Debye's expansion of a Bessel function (DLMF 10.41.3) has terms of degree j in q over n**j, so it is fitted by a
polynomial in w = 1/n and y = q/n of a total degree, by least squares at Chebyshev points, which is within a factor
of two of the smallest largest error.
"""

import mpmath as mp
import numpy as np
from fit import chebyshev_grid

mp.mp.dps = 40
LEAST, DEGREE, GRID = 32, 12, 18


def correction(n, q):
    """log(P(k) sqrt(2 pi n)) at the mean k = n sqrt(q) of a Skellam distribution of variance n."""
    k, x = n * mp.sqrt(q), n * mp.sqrt(1 - q)
    return mp.log(mp.besseli(k, x)) - n + k * mp.log((n + k) / x) + mp.log(2 * mp.pi * n) / 2


def slope(n, q):
    """What x I'(x) / I(x) - n, over 1 - q, is above -1/2: I is the Bessel function of order k."""
    k, x = n * mp.sqrt(q), n * mp.sqrt(1 - q)
    return (k + x * mp.besseli(k + 1, x) / mp.besseli(k, x) - n) / (1 - q) + mp.mpf(1) / 2


def least_squares(rows, values):
    """The coefficients, by Householder reflections."""
    rows, values = rows.copy(), values.copy()
    size = rows.shape[1]
    for j in range(size):
        v = rows[j:, j].copy()
        length = mp.sqrt(v.dot(v))
        v[0] += length if v[0] > 0 else -length
        scale = 2 / v.dot(v)
        rows[j:, j:] -= np.outer(v, v.dot(rows[j:, j:]) * scale)
        values[j:] -= v * (v.dot(values[j:]) * scale)
    found = np.empty(size, object)
    for j in reversed(range(size)):
        found[j] = (values[j] - rows[j, j + 1 : size].dot(found[j + 1 :])) / rows[j, j]
    return found


def main():
    side = chebyshev_grid(0, 1, GRID)
    points = [(u, q) for u in side for q in side]
    terms = [(p, i) for i in range(DEGREE + 1) for p in range(DEGREE + 1 - i) if p + i > 0]
    rows = np.array([[u**p * (u * q) ** i for p, i in terms] for u, q in points], object)
    values = np.array([correction(LEAST / u, q) for u, q in points], object)
    found = least_squares(rows, values)
    slopes = np.array([-(p + 3 * i) * c for (p, i), c in zip(terms, found, strict=True)], object)
    missed = rows.dot(slopes) - np.array([slope(LEAST / u, q) for u, q in points], object)
    print(f"# error {mp.nstr(max(abs(rows.dot(found) - values)), 2)}, of the slope {mp.nstr(max(abs(missed)), 2)}")
    scaled = {term: c * mp.mpf(LEAST) ** sum(term) for term, c in zip(terms, found, strict=True)}
    for i in range(DEGREE + 1):
        row = [repr(float(scaled.get((p, i), 0))) for p in reversed(range(DEGREE + 1 - i))]
        print(f"    ({', '.join(row)}{',' if len(row) == 1 else ''}),")


if __name__ == "__main__":
    main()
