"""Coefficients of the normal quantile in :mod:`fastdist.special.normal`.

The rational function is found by the AAA algorithm (Y. Nakatsukasa, O. Sete, L. N. Trefethen, SIAM
J. Sci. Comput. 40 (2018) A1494-A1522) at 90 digits, then written out as two polynomials.
"""

import mpmath as mp
from fit import chebyshev_grid, show

mp.mp.dps = 90


def squared_quantile(w):
    """x*x for the x with 4 ndtr(x) ndtr(-x) = exp(-w)."""
    q = mp.sqrt(-mp.expm1(-w)) / 2
    if w < 1:
        return 2 * mp.erfinv(2 * q) ** 2
    log_p = mp.log(mp.exp(-w) / 4 / (0.5 + q))
    x = mp.sqrt(-2 * log_p - mp.log(-4 * mp.pi * log_p)) if log_p < -3 else mp.mpf(1)
    for _ in range(60):
        tail = mp.erfc(x / mp.sqrt(2)) / 2
        step = (mp.log(tail) - log_p) * tail / (mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi))
        x += step
        if abs(step) < mp.mpf(10) ** -40 * x:
            break
    return x * x


def aaa(points, values, tolerance, most):
    """Support points, values and weights of a barycentric rational fit, and its largest relative error."""
    support, heights, weights = [], [], []
    fit = [sum(values) / len(values)] * len(points)
    while True:
        worst = max(range(len(points)), key=lambda i: abs(fit[i] / values[i] - 1))
        error = abs(fit[worst] / values[worst] - 1)
        if error < tolerance or len(support) > most:
            return support, heights, weights, error
        support.append(points[worst])
        heights.append(values[worst])
        rest = [j for j in range(len(points)) if points[j] not in support]
        cauchy = [[1 / (points[j] - z) for z in support] for j in rest]
        loewner = mp.matrix(len(rest), len(support))
        for row, j in enumerate(rest):
            for column, height in enumerate(heights):
                loewner[row, column] = (values[j] - height) * cauchy[row][column] / values[j]
        gram = loewner.T * loewner + mp.eye(len(support)) * mp.mpf(10) ** -70
        weights = mp.matrix([mp.mpf(1)] * len(support))
        for _ in range(3):
            weights = mp.lu_solve(gram, weights)
            weights /= mp.norm(weights)
        fit = list(values)
        for row, j in enumerate(rest):
            terms = [w * c for w, c in zip(weights, cauchy[row], strict=True)]
            fit[j] = sum(t * h for t, h in zip(terms, heights, strict=True)) / sum(terms)


def main():
    shift = mp.mpf(10)
    grid = [mp.expm1(a) for a in chebyshev_grid(0, mp.log1p(746), 200)]
    points = [mp.sqrt(w + shift) - mp.sqrt(shift) for w in grid]
    support, heights, weights, error = aaa(points, [squared_quantile(w) / w for w in grid], 4e-17, 22)
    top = [mp.mpf(0)] * len(support)
    bottom = list(top)
    for j, height in enumerate(heights):
        basis = [mp.mpf(1)]
        for k, z in enumerate(support):
            if k != j:
                basis = [a - z * b for a, b in zip([mp.mpf(0), *basis], [*basis, mp.mpf(0)], strict=True)]
        top = [a + weights[j] * height * b for a, b in zip(top, basis, strict=True)]
        bottom = [a + weights[j] * b for a, b in zip(bottom, basis, strict=True)]
    show(f"numerator  # error {mp.nstr(error, 2)}", [a / bottom[0] for a in top])
    show("denominator", [a / bottom[0] for a in bottom])


if __name__ == "__main__":
    main()
