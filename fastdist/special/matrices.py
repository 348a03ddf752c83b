"""Small dense matrices: the Cholesky factor, and what is made with a triangular one.

A vector or a matrix is an array that a kernel fills or changes in place. Loops run along rows, which are contiguous,
and add in ascending order with one rounding for each term: whoever does the same sums in the same order, such as the
loops over many events of :mod:`fastdist.linear`, gets the same bits.

The results are exact for a factor of which each entry is off by at most as many half ulps as the matrix has columns
(Higham, "Accuracy and stability of numerical algorithms", 2nd ed. 2002, theorems 8.5 and 10.3).
"""

from math import log, sqrt

import numpy as np

from fastdist.engine.bits import bits_float, float_bits, fma
from fastdist.engine.kernel import kernel

INF, NAN = float("inf"), float("nan")

LOG_2, ROOT_2 = 0.69314718055994530942, 1.41421356237309504880
SMALLEST_NORMAL, ONE, MANTISSA = 2.0**-1022, 1023 << 52, (1 << 52) - 1

# Between these the inverse of a pivot is a normal number.
LEAST_PIVOT, LARGEST_PIVOT = 2.0**-1000, 2.0**1000

# How far apart two entries of a symmetric matrix may be, relative to the roots of their rows' diagonal entries.
ASYMMETRY = 1e-5


@kernel
def add_multiple(factor, row, total):
    """total += factor * row."""
    for k in range(len(total)):
        total[k] = fma(factor, row[k], total[k])


@kernel(heavy=True)
def cholesky(matrix, factor):
    """Fill `factor` with the lower Cholesky factor of a symmetric matrix, of which the lower triangle is read.

    Gives 0; or, if the matrix is not positive definite, the order of the first leading minor that is not positive, and
    NaN for a factor.
    """
    n = len(matrix)
    for j in range(n):
        # Column by column: the entries of a column do not wait for each other.
        for i in range(j, n):
            total = matrix[i, j]
            for k in range(j):
                total = fma(-factor[j, k], factor[i, k], total)
            factor[i, j] = total
        if not 0.0 < factor[j, j] < INF:
            factor[:, :] = NAN
            return j + 1
        pivot = sqrt(factor[j, j])
        for i in range(j + 1, n):
            factor[i, j] /= pivot
            factor[j, i] = 0.0
        factor[j, j] = pivot
    return 0


@kernel(heavy=True)
def asymmetry(matrix):
    """0 for a matrix that is symmetric to a third of its digits, 1 for one that is not, inf for one not finite."""
    n = len(matrix)
    for i in range(n):
        for j in range(n):
            if not abs(matrix[i, j]) < INF:
                return INF
    for i in range(n):
        for j in range(i):
            gap = abs(matrix[i, j] - matrix[j, i])
            if gap > 0.0 and gap > ASYMMETRY * sqrt(abs(matrix[i, i])) * sqrt(abs(matrix[j, j])):
                return 1.0
    return 0.0


@kernel
def no_minor(matrix):
    """What :func:`cholesky` gives for a positive definite matrix."""
    return 0.0


@kernel
def not_a_factor(matrix):
    """0 for a lower triangular matrix with a positive diagonal whose entries are finite, else 1."""
    for i in range(len(matrix)):
        for j in range(len(matrix)):
            valid = abs(matrix[i, j]) < INF if j < i else (0.0 < matrix[i, j] < INF if j == i else matrix[i, j] == 0.0)
            if not valid:
                return 1.0
    return 0.0


@kernel
def fill_lower(matrix, lower):
    """The lower triangle, and zeros above the diagonal."""
    for i in range(len(matrix)):
        for j in range(len(matrix)):
            lower[i, j] = matrix[i, j] if j <= i else 0.0


@kernel
def fill_transposed(matrix, transposed):
    for i in range(len(matrix)):
        for j in range(len(matrix)):
            transposed[i, j] = matrix[j, i]


@kernel
def fill_turned(matrix, turned):
    """The transposed matrix, counted from its last row and column."""
    last = len(matrix) - 1
    for i in range(len(matrix)):
        for j in range(len(matrix)):
            turned[i, j] = matrix[last - j, last - i]


@kernel
def fill_diagonal(matrix, diagonal):
    for i in range(len(matrix)):
        diagonal[i] = matrix[i, i]


@kernel
def fill_squared_rows(factor, squares):
    """The squared lengths of the rows of a lower triangular matrix: the diagonal of its product with the transposed."""
    for i in range(len(factor)):
        squares[i] = sum_of_squares(factor[i, : i + 1])


@kernel(heavy=True)
def fill_gram(factor, lower_first, product):
    """``factor factor^T`` of a lower triangular matrix, or ``factor^T factor``."""
    n = len(factor)
    for i in range(n):
        for j in range(i + 1):
            total = 0.0
            for k in range(j + 1 if lower_first > 0.0 else n - i):
                a, b = (factor[i, k], factor[j, k]) if lower_first > 0.0 else (factor[i + k, i], factor[i + k, j])
                total = fma(a, b, total)
            product[i, j] = product[j, i] = total


@kernel
def add_products(factor, i, sign, x, p, q, r, s):
    """p to s plus the sums over j < i of sign * x[j] times rows i to i + 3: four that do not wait for each other."""
    for j in range(i):
        v = sign * x[j]
        p, q = fma(factor[i, j], v, p), fma(factor[i + 1, j], v, q)
        r, s = fma(factor[i + 2, j], v, r), fma(factor[i + 3, j], v, s)
    return p, q, r, s


@kernel
def invertible(pivot):
    """Whether the inverse has all its digits."""
    return LEAST_PIVOT < pivot < LARGEST_PIVOT


@kernel
def divided(x, pivot):
    """x / pivot for a pivot above 0, by its inverse, which waits for no x: off by one rounding more."""
    return x * (1.0 / pivot) if invertible(pivot) else x / pivot


@kernel(heavy=True)
def solve_lower(factor, x):
    """x = factor^-1 x by forward substitution."""
    n = len(x)
    whole = n - n % 4
    for i in range(n):
        start = i - i % 4 if i < whole else 0
        if i == start and i < whole:
            x[i], x[i + 1], x[i + 2], x[i + 3] = add_products(factor, i, -1.0, x, x[i], x[i + 1], x[i + 2], x[i + 3])
        total = x[i]
        for j in range(start, i):
            total = fma(-factor[i, j], x[j], total)
        x[i] = divided(total, factor[i, i])


@kernel(heavy=True)
def solve_lower_transposed(factor, x):
    """x = factor^-T x by back substitution."""
    for i in range(len(x) - 1, -1, -1):
        x[i] = divided(x[i], factor[i, i])
        add_multiple(-x[i], factor[i, :i], x[:i])


@kernel(heavy=True)
def multiply_lower(factor, x):
    """x = factor x."""
    n = len(x)
    whole = n - n % 4
    for i in range(n - 1, whole - 1, -1):
        total = 0.0
        for j in range(i + 1):
            total = fma(factor[i, j], x[j], total)
        x[i] = total
    for i in range(whole - 4, -1, -4):
        a, b, c, d = x[i], x[i + 1], x[i + 2], x[i + 3]
        p, q, r, s = add_products(factor, i, 1.0, x, 0.0, 0.0, 0.0, 0.0)
        x[i] = fma(factor[i, i], a, p)
        x[i + 1] = fma(factor[i + 1, i + 1], b, fma(factor[i + 1, i], a, q))
        x[i + 2] = fma(factor[i + 2, i + 2], c, fma(factor[i + 2, i + 1], b, fma(factor[i + 2, i], a, r)))
        last = fma(factor[i + 3, i + 2], c, fma(factor[i + 3, i + 1], b, fma(factor[i + 3, i], a, s)))
        x[i + 3] = fma(factor[i + 3, i + 3], d, last)


@kernel(heavy=True)
def multiply_lower_transposed(factor, x):
    """x = factor^T x."""
    for i in range(len(x)):
        last = x[i]
        x[i] = factor[i, i] * last
        add_multiple(last, factor[i, :i], x[:i])


@kernel(heavy=True)
def solve_lower_rows(factor, rows):
    """rows = factor^-1 rows: of a matrix with as many rows as the factor has."""
    for i in range(len(rows)):
        row = rows[i]
        for j in range(i):
            add_multiple(-factor[i, j], rows[j], row)
        for k in range(len(row)):
            row[k] = divided(row[k], factor[i, i])


@kernel(heavy=True)
def solve_lower_transposed_rows(factor, rows):
    """rows = factor^-T rows."""
    for i in range(len(rows) - 1, -1, -1):
        row = rows[i]
        for k in range(len(row)):
            row[k] = divided(row[k], factor[i, i])
        for j in range(i):
            add_multiple(-factor[i, j], row, rows[j])


@kernel(heavy=True)
def multiply_lower_rows(factor, rows):
    """rows = factor rows."""
    for i in range(len(rows) - 1, -1, -1):
        row = rows[i]
        for k in range(len(row)):
            row[k] *= factor[i, i]
        for j in range(i):
            add_multiple(factor[i, j], rows[j], row)


@kernel(heavy=True)
def invert_lower(factor, inverse):
    """Fill `inverse` with that of a lower triangular factor."""
    n = len(factor)
    inverse[:, :] = 0.0
    for i in range(n):
        inverse[i, i] = 1.0
    for i in range(n):
        row = inverse[i, : i + 1]
        for j in range(i):
            add_multiple(-factor[i, j], inverse[j, : j + 1], row[: j + 1])
        for k in range(len(row)):
            row[k] /= factor[i, i]


@kernel
def times(product, exponent, v):
    """``product * 2**exponent * v`` with a product between the root of 1/2 and that of 2; NaN unless 0 < v < inf."""
    small = v < SMALLEST_NORMAL
    bits = float_bits(v * 2.0**54 if small else v)
    exponent += (bits >> 52) - (1077 if small else 1023)
    product *= bits_float((bits & MANTISSA) | ONE) if 0.0 < v < INF else NAN
    large = product > ROOT_2
    return (0.5 * product, exponent + 1) if large else (product, exponent)


@kernel
def log_product(values):
    """Log of a product: powers of two cancel without rounding, and nothing overflows."""
    product, exponent = 1.0, 0
    for v in values:
        product, exponent = times(product, exponent, v)
    return log(product) + exponent * LOG_2


@kernel
def log_diagonal(factor):
    """Log of the product of the diagonal: half the log-determinant of what has this Cholesky factor."""
    product, exponent = 1.0, 0
    for i in range(len(factor)):
        product, exponent = times(product, exponent, factor[i, i])
    return log(product) + exponent * LOG_2


@kernel
def signed_log_diagonal(factor, sign):
    return sign * log_diagonal(factor)


@kernel
def sum_of_squares(x):
    total = 0.0
    for v in x:
        total = fma(v, v, total)
    return total


@kernel(heavy=True)
def overflowing_length(x):
    """Minus the length of a vector whose squares overflow; inf where it overflows itself or is not a number."""
    top, total = 0.0, 0.0
    for v in x:
        if not abs(v) < INF:
            return INF
        top = max(top, abs(v))
    for v in x:
        total += (v / top) * (v / top)
    length = top * sqrt(total)
    return -length if length < INF else INF


@kernel(heavy=True)
def far_length(x, loc, z):
    """The same for what is made of x - loc; NaN where x or loc is not a number."""
    length = overflowing_length(z)
    return length if infinite_length(x, loc, z) == INF else NAN


@kernel(heavy=True)
def infinite_length(x, loc, z):
    """inf for x - loc of which the squared length overflows, NaN where x or loc is not a number."""
    length = INF
    for k in range(len(x)):
        length = length if x[k] == x[k] and loc[k] == loc[k] else NAN
    return length


@kernel
def dot(x, y):
    """The sum of products, in four lanes: each addition then waits for every fourth before it only.

    Unsigned, so that no index can count from the end, which would be asked for each.
    """
    p, q, r, s = 0.0, 0.0, 0.0, 0.0
    size = np.uint64(len(x))
    whole = size - size % np.uint64(4)
    for k in range(np.uint64(0), whole, np.uint64(4)):
        p, q = fma(x[k], y[k], p), fma(x[k + np.uint64(1)], y[k + np.uint64(1)], q)
        r, s = fma(x[k + np.uint64(2)], y[k + np.uint64(2)], r), fma(x[k + np.uint64(3)], y[k + np.uint64(3)], s)
    for k in range(whole, size):
        p = fma(x[k], y[k], p)
    return (p + q) + (r + s)
