"""A triangular matrix applied to many vectors at once.

An array of lanes has a column for each vector, a row for each number of theirs, and SPARE rows more. Rows are taken by
four: what is loaded of the others is then used four times. In tiles (:mod:`fastdist.engine.tiles`) each vector is a
row. Sums are those of :mod:`fastdist.special.matrices`, term by term.
"""

from fastdist.engine.bits import fma
from fastdist.engine.kernel import kernel
from fastdist.engine.tiles import WIDTH, fill_tile
from fastdist.special.matrices import divided, invertible

# Vectors that are worked on at once: what of them is in use stays close to the processor.
LANES = 64
# Rows that an array of lanes has beside those of its vectors.
SPARE = 4


@kernel
def set_lanes(row, value):
    for k in range(LANES):
        row[k] = value


@kernel
def copy_lanes(source, target):
    for k in range(LANES):
        target[k] = source[k]


@kernel
def add_multiples(row, sign, lanes, start, stop, total):
    """total += the sum of sign * row[j] * lanes[j] over j from start to stop."""
    for j in range(start, stop):
        a, other = sign * row[j], lanes[j]
        for k in range(LANES):
            total[k] = fma(a, other[k], total[k])


@kernel
def divide_lanes(row, pivot):
    inverse = 1.0 / pivot
    if invertible(pivot):
        for k in range(LANES):
            row[k] *= inverse
    else:
        for k in range(LANES):
            row[k] = divided(row[k], pivot)


@kernel
def add_multiples_to_four(factor, i, sign, lanes, stop, p, q, r, s):
    """The same from 0 to `stop`, a multiple of four, for the rows i to i + 3, of which p to s are the sums."""
    own, first, second, third = factor[i], factor[i + 1], factor[i + 2], factor[i + 3]
    for j in range(0, stop, 4):
        p0, p1, p2, p3 = sign * own[j], sign * own[j + 1], sign * own[j + 2], sign * own[j + 3]
        q0, q1, q2, q3 = sign * first[j], sign * first[j + 1], sign * first[j + 2], sign * first[j + 3]
        r0, r1, r2, r3 = sign * second[j], sign * second[j + 1], sign * second[j + 2], sign * second[j + 3]
        s0, s1, s2, s3 = sign * third[j], sign * third[j + 1], sign * third[j + 2], sign * third[j + 3]
        w, x, y, z = lanes[j], lanes[j + 1], lanes[j + 2], lanes[j + 3]
        for k in range(LANES):
            p[k] = fma(p3, z[k], fma(p2, y[k], fma(p1, x[k], fma(p0, w[k], p[k]))))
            q[k] = fma(q3, z[k], fma(q2, y[k], fma(q1, x[k], fma(q0, w[k], q[k]))))
            r[k] = fma(r3, z[k], fma(r2, y[k], fma(r1, x[k], fma(r0, w[k], r[k]))))
            s[k] = fma(s3, z[k], fma(s2, y[k], fma(s1, x[k], fma(s0, w[k], s[k]))))


@kernel
def add_products(matrix, sign, lanes, totals):
    """totals += sign * matrix times the lanes, row by row."""
    rows, size = matrix.shape
    whole = size - size % 4
    for i in range(0, rows - rows % 4, 4):
        add_multiples_to_four(matrix, i, sign, lanes, whole, totals[i], totals[i + 1], totals[i + 2], totals[i + 3])
        for k in range(i, i + 4):
            add_multiples(matrix[k], sign, lanes, whole, size, totals[k])
    for i in range(rows - rows % 4, rows):
        add_multiples(matrix[i], sign, lanes, 0, size, totals[i])


@kernel(heavy=True)
def solve_lanes(factor, lanes):
    """As :func:`fastdist.special.matrices.solve_lower`, for each lane."""
    n = len(factor)
    whole = n - n % 4
    for i in range(n):
        row, done = lanes[i], 0
        if i < whole:
            done = i - i % 4
            if i == done:
                add_multiples_to_four(factor, i, -1.0, lanes, i, row, lanes[i + 1], lanes[i + 2], lanes[i + 3])
        add_multiples(factor[i], -1.0, lanes, done, i, row)
        divide_lanes(row, factor[i, i])


@kernel(heavy=True)
def solve_transposed_lanes(factor, lanes):
    """As :func:`fastdist.special.matrices.solve_lower_transposed`, for each lane."""
    for i in range(len(factor) - 1, -1, -1):
        row = lanes[i]
        divide_lanes(row, factor[i, i])
        for j in range(i):
            a, other = -factor[i, j], lanes[j]
            for k in range(LANES):
                other[k] = fma(a, row[k], other[k])


@kernel(heavy=True)
def multiply_lanes(factor, lanes):
    """As :func:`fastdist.special.matrices.multiply_lower`, for each lane."""
    n = len(factor)
    whole = n - n % 4
    for i in range(n - 1, whole - 1, -1):
        set_lanes(lanes[n], 0.0)
        add_multiples(factor[i], 1.0, lanes, 0, i + 1, lanes[n])
        copy_lanes(lanes[n], lanes[i])
    for i in range(whole - 4, -1, -4):
        for k in range(4):
            set_lanes(lanes[n + k], 0.0)
        add_multiples_to_four(factor, i, 1.0, lanes, i, lanes[n], lanes[n + 1], lanes[n + 2], lanes[n + 3])
        for k in range(4):
            add_multiples(factor[i + k], 1.0, lanes, i, i + k + 1, lanes[n + k])
        for k in range(4):
            copy_lanes(lanes[n + k], lanes[i + k])


@kernel
def square_lanes(lanes, count):
    """Fill the last row with the sums of the squares of the first rows."""
    total = lanes[len(lanes) - 1]
    set_lanes(total, 0.0)
    for i in range(count):
        row = lanes[i]
        for k in range(LANES):
            total[k] = fma(row[k], row[k], total[k])


@kernel(heavy=True)
def solved_squares(factors, lanes):
    """Fill the last row with the squared lengths of what a factor is to be multiplied by, to give the lanes."""
    solve_lanes(factors[0], lanes)
    square_lanes(lanes, len(factors[0]))


@kernel(heavy=True)
def multiplied_squares(factors, lanes):
    """Fill the last row with the squared lengths of a factor times the lanes."""
    multiply_lanes(factors[0], lanes)
    square_lanes(lanes, len(factors[0]))


@kernel
def moved(radius, z, loc):
    return fma(radius, z, loc)


@kernel
def multiply_tile(rows, first, columns, tile):
    """Fill `tile` with rows `first` on times the transpose of a lower triangular matrix.

    It is what `columns` end in; before it are as many columns of 0 as make whole tiles.
    """
    size, width = columns.shape
    for column in range(0, width, WIDTH):
        fill_tile(rows, first, columns, column, column + WIDTH - (width - size), tile)
