"""Formulas of events and of parameter sets of the multivariate normal distribution with a covariance of low rank."""

from math import sqrt

from fastdist.distributions.multivariate_normal import HALF_LOG_2PI
from fastdist.engine.bits import bits_float, fma
from fastdist.engine.kernel import kernel
from fastdist.special.lanes import LANES, add_products, set_lanes, solve_lanes, solve_transposed_lanes, square_lanes
from fastdist.special.low_rank_divergence import append_row
from fastdist.special.matrices import (
    add_multiple,
    dot,
    infinite_length,
    log_diagonal,
    log_product,
    solve_lower,
    solve_lower_rows,
    solve_lower_transposed,
    solve_lower_transposed_rows,
    sum_of_squares,
    times,
)

INF = float("inf")

# With the factor W and the diagonal d, the covariance is W W^T + diag(d), and the squared length of y = x - loc is the
# least value over u of (y - W u)^T diag(d)^-1 (y - W u) + u^T u: a sum of squares in which nothing cancels, where
# Woodbury's formula subtracts two numbers that agree in all their digits if W is large beside d. An error in u only
# enters squared. Where u is best, (y - W u) / d is the inverse covariance times y.
#
# The normal equations are of V = diag(d)^-1/2 W diag(m), with powers of two m that bring its columns below 1.
#
# The constants are loc, d, its roots, W^T, V^T diag(d)^-1/2, the lower Cholesky factor of diag(m)^2 + V^T V, m, and the
# log density at loc; for derivatives also W^T times the inverse covariance, and the diagonal of the latter.
LOC, DIAGONAL, SCALES, FACTOR, WEIGHTED, ROOT, UNITS, LOG_NORM, SHARES, INVERSE = range(10)
AXES = 1, 1, 1, 2, 2, 2, 1, 0

# Beyond, a power of two and its inverse are no normal numbers.
LARGEST_EXPONENT = 1000


@kernel(heavy=True)
def regress(y, c, u, step):
    """Fill u with what makes the squared length least, and take W u from y."""
    for k in range(len(u)):
        u[k] = 0.0
    # The second round corrects what the rounding of the factor has left.
    for _ in range(2):
        for k in range(len(u)):
            total = -c[UNITS][k] * u[k]
            for i in range(len(y)):
                total = fma(c[WEIGHTED][k, i], y[i], total)
            step[k] = total
        solve_lower(c[ROOT], step)
        solve_lower_transposed(c[ROOT], step)
        for k in range(len(u)):
            step[k] *= c[UNITS][k]
            u[k] += step[k]
            add_multiple(-step[k], c[FACTOR][k], y)


@kernel
def squared_length(x, c, w):
    """Fill the first two rows of scratch with y - W u and u."""
    y, u = w[0][: len(x)], w[1][: len(c[ROOT])]
    for k in range(len(x)):
        y[k] = x[k] - c[LOC][k]
    regress(y, c, u, w[2][: len(u)])
    total = 0.0
    for k in range(len(x)):
        z = y[k] * (1.0 / c[SCALES][k])
        total = fma(z, z, total)
    for v in u:
        total = fma(v, v, total)
    return total if total < INF else infinite_length(x, c[LOC], y)


@kernel(heavy=True)
def regressed_squares(factors, lanes):
    """As `squared_length`, for each lane: in the last row."""
    scales, factor, weighted, root, units = factors
    size, rank = len(scales), len(root)
    y, u, step = lanes[:size], lanes[size : size + rank], lanes[size + rank : size + 2 * rank]
    for k in range(rank):
        set_lanes(u[k], 0.0)
    for _ in range(2):
        for k in range(rank):
            for b in range(LANES):
                step[k, b] = -units[k] * u[k, b]
        add_products(weighted, 1.0, y, step)
        solve_lanes(root, step)
        solve_transposed_lanes(root, step)
        for k in range(rank):
            for b in range(LANES):
                step[k, b] *= units[k]
                u[k, b] += step[k, b]
        add_products(factor, -1.0, step, y)
    for i in range(size):
        inverse = 1.0 / scales[i]
        for b in range(LANES):
            y[i, b] *= inverse
    square_lanes(lanes, size + rank)


@kernel
def log_prob(x, c, w):
    return c[LOG_NORM] - 0.5 * squared_length(x, c, w)


@kernel
def log_prob_and_grad(x, c, w, in_x, in_loc, in_factor, in_diagonal):
    square = squared_length(x, c, w)
    rest, u = w[0], w[1]
    for i in range(len(x)):
        pull = rest[i] / c[DIAGONAL][i]
        in_loc[i] = pull
        in_x[i] = -pull
        in_diagonal[i] = 0.5 * (pull * pull - c[INVERSE][i])
        for k in range(len(c[ROOT])):
            in_factor[i, k] = pull * u[k] - c[SHARES][k, i]
    return c[LOG_NORM] - 0.5 * square


@kernel
def draw_event(noise, c, out):
    deviation = noise[1]
    for i in range(len(out)):
        deviation[i] *= c[SCALES][i]
    for k in range(len(noise[0])):
        add_multiple(noise[0][k], c[FACTOR][k], deviation)
    for i in range(len(out)):
        out[i] = deviation[i] + c[LOC][i]


@kernel
def draw_and_grad(noise, c, out, in_factor, in_diagonal):
    latent, own = noise
    for i in range(len(out)):
        for j in range(len(out)):
            in_diagonal[i, j] = 0.5 * own[i] / c[SCALES][i] if i == j else 0.0
            for k in range(len(latent)):
                in_factor[i, j, k] = latent[k] if i == j else 0.0
    draw_event(noise, c, out)


# Parameter sets, one at a time: what LAPACK makes of many numbers.


@kernel(heavy=True)
def fill_constants(factor, diagonal, scales, across, weighted, root, units, row):
    """Fill what stands behind the diagonal among the constants; gives the log density at loc.

    The factor of the normal equations is that of an orthogonal decomposition, number by number.
    """
    size, rank = factor.shape
    for i in range(size):
        scales[i] = sqrt(diagonal[i])
    for k in range(rank):
        exponent = 0
        for i in range(size):
            if factor[i, k] != 0.0:
                _, own = times(1.0, 0, abs(factor[i, k]))
                _, other = times(1.0, 0, scales[i])
                exponent = max(exponent, own - other)
        units[k] = bits_float((1023 - min(exponent, LARGEST_EXPONENT)) << 52)
        for j in range(rank):
            root[k, j] = units[k] if j == k else 0.0
    for i in range(size):
        for k in range(rank):
            across[k, i] = factor[i, k]
            row[k] = factor[i, k] * units[k] / scales[i]
            weighted[k, i] = row[k] / scales[i]
        append_row(root, row)
    for k in range(rank):
        for j in range(k):
            root[k, j], root[j, k] = root[j, k], 0.0
    log_scale = log_product(scales) + log_diagonal(root) - log_product(units)
    return -(log_scale + size * HALF_LOG_2PI)


@kernel(heavy=True)
def fill_shares(c, shares):
    """W^T times the inverse covariance."""
    for k in range(len(shares)):
        for i in range(len(c[DIAGONAL])):
            shares[k, i] = c[WEIGHTED][k, i]
    solve_lower_rows(c[ROOT], shares)
    solve_lower_transposed_rows(c[ROOT], shares)
    for k in range(len(shares)):
        for i in range(len(c[DIAGONAL])):
            shares[k, i] *= c[UNITS][k]


@kernel(heavy=True)
def fill_precision(c, precision, u, step):
    """The products of the inverse covariance with unit vectors, and their mean with the transposed."""
    for i in range(len(precision)):
        row = precision[i]
        for j in range(len(row)):
            row[j] = 1.0 if i == j else 0.0
        regress(row, c, u, step)
        for j in range(len(row)):
            row[j] /= c[DIAGONAL][j]
    for i in range(len(precision)):
        for j in range(i):
            precision[i, j] = precision[j, i] = 0.5 * (precision[i, j] + precision[j, i])


@kernel(heavy=True)
def fill_covariance(factor, diagonal, covariance):
    for i in range(len(factor)):
        for j in range(i + 1):
            covariance[i, j] = covariance[j, i] = dot(factor[i], factor[j]) + (diagonal[i] if i == j else 0.0)


@kernel
def fill_variance(factor, diagonal, variance):
    for i in range(len(factor)):
        variance[i] = sum_of_squares(factor[i]) + diagonal[i]
