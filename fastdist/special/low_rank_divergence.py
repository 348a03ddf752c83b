"""How far normal distributions of vectors are from each other whose covariances are of low rank plus a diagonal.

A number given those before it is normal, with a mean of w_i u, where u is what these say of the latent
variables, and a variance: by the chain rule the divergence is a sum over the numbers of divergences of two normal
distributions, that of p's and q's means over what p may have been before. The numbers before are in it by their
innovations alone, of which a matrix of the size of the rank tells how u depends on them.
"""

from math import sqrt

from fastdist.engine.bits import fma
from fastdist.engine.kernel import kernel
from fastdist.special.gamma import deviance
from fastdist.special.matrices import add_multiple, dot, sum_of_squares

__all__ = ["fill_innovations", "low_rank_divergence"]


@kernel(heavy=True)
def append_row(root, row):
    """The upper triangular factor of root^T root + row row^T, by Givens' rotations."""
    for k in range(len(root)):
        if row[k] != 0.0:
            length = sqrt(fma(root[k, k], root[k, k], row[k] * row[k]))
            c, s = root[k, k] / length, row[k] / length
            for j in range(k, len(root)):
                a, b = root[k, j], row[j]
                root[k, j] = fma(c, a, s * b)
                row[j] = fma(c, b, -s * a)


@kernel(heavy=True)
def fill_innovations(factor, diagonal, gains, variances, root, row):
    """For each number what its innovation adds to u, for one unit of it, and its variance given the numbers before."""
    n, rank = factor.shape
    for k in range(rank):
        for j in range(rank):
            root[k, j] = 1.0 if k == j else 0.0
    for i in range(n):
        gain = gains[i]
        # root^-T w_i, whose square is what the latent variables add to the variance.
        for k in range(rank):
            gain[k] = factor[i, k]
        for k in range(rank):
            gain[k] /= root[k, k]
            add_multiple(-gain[k], root[k, k + 1 :], gain[k + 1 :])
        variances[i] = diagonal[i] + sum_of_squares(gain)
        for k in range(rank - 1, -1, -1):
            gain[k] = (gain[k] - dot(root[k, k + 1 :], gain[k + 1 :])) / root[k, k]
        scale = sqrt(diagonal[i])
        for k in range(rank):
            gain[k] /= variances[i]
            row[k] = factor[i, k] / scale
        append_row(root, row)


@kernel(heavy=True)
def compress(states, count):
    """Reflect the first `count` columns, by Householder, so that none is left beyond the square."""
    size = len(states)
    for i in range(size):
        pivot = states[i, i:count]
        length = sqrt(sum_of_squares(pivot))
        if length > 0.0:
            length = -length if pivot[0] > 0.0 else length
            pivot[0] -= length
            factor = -1.0 / (length * pivot[0])
            for k in range(i + 1, size):
                other = states[k, i:count]
                add_multiple(-factor * dot(pivot, other), pivot, other)
            pivot[0] = length
            for j in range(1, len(pivot)):
                pivot[j] = 0.0


@kernel(heavy=True)
def low_rank_divergence(
    loc, factor, gains, variances, other_loc, other, other_gains, other_variances, states, moved, mean
):
    """Of p and of q: location, factor and innovations.

    The rows of `states` are u of p, and that less u of q: how they depend on the innovations of p so far, which are
    reflected into fewer when there are too many. Where the factors are far apart the latter are less u of q alone.
    """
    n, rank = factor.shape
    total, count = 0.0, 0
    step, size = 0.0, 0.0
    for i in range(n):
        for k in range(rank):
            step, size = max(step, abs(factor[i, k] - other[i, k])), max(size, abs(other[i, k]))
    close = 1.0 if step < 0.5 * size else 0.0
    for k in range(rank):
        mean[k] = 0.0
    for i in range(n):
        w, gain, variance = other[i], other_gains[i], other_variances[i]
        if count == states.shape[1]:
            compress(states, count)
            count = len(states)
        # By how much p's mean exceeds q's.
        for j in range(count):
            moved[j] = 0.0
        for k in range(rank):
            own, rest = states[k], states[rank + k]
            gap = factor[i, k] - close * w[k]
            for j in range(count):
                moved[j] = fma(gap, own[j], fma(w[k], rest[j], moved[j]))
        apart = loc[i] - other_loc[i] - dot(w, mean)
        total += (deviance(variance, variances[i]) + sum_of_squares(moved[:count]) + apart * apart) / variance
        scale = sqrt(variances[i])
        for k in range(rank):
            add_multiple(-gain[k], moved[:count], states[rank + k, :count])
            states[k, count] = gains[i, k] * scale
            states[rank + k, count] = (close * gains[i, k] - gain[k]) * scale
            mean[k] = fma(gain[k], apart, mean[k])
        count += 1
    return 0.5 * total
