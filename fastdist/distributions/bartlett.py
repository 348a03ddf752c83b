"""What the Wishart distribution and its inverse share: a triangular matrix of independent variates.

With the Cholesky factors L of the scale and C of an event, that is ``A = L^-1 C`` for a Wishart distribution and
``T = C^-1 L`` for its inverse. Below the diagonal the entries are standard normal, on it roots of chi-square variates
(M. S. Bartlett, "On the theory of statistical regression", Proc. R. Soc. Edinburgh 53, 1933, 260-283,
doi:10.1017/S0370164600015637). Densities are sums over these entries, and draws are made of them.
"""

from __future__ import annotations

import functools
from math import log, log1p
from types import FunctionType
from typing import Any, ClassVar, NamedTuple

import numpy as np

from fastdist import chain_rule, constraints, devices, linear
from fastdist.distributions import gaussian
from fastdist.distributions.gamma import Gamma
from fastdist.distributions.gaussian import Quotient, Weights, diagonal_excess
from fastdist.distributions.multinomial import log_factorial_correction
from fastdist.engine import rows
from fastdist.engine.bits import fma
from fastdist.engine.broadcast import distinct
from fastdist.engine.device import on_device
from fastdist.engine.evaluate import F64
from fastdist.engine.kernel import kernel
from fastdist.engine.rows import Table
from fastdist.engine.seed import key_from
from fastdist.forward.dual import Dual, without_tangent
from fastdist.forward.rows import Operand, prepared
from fastdist.kl import Whole
from fastdist.parameter import Parameter, exactly_one, wants_checks
from fastdist.random.gamma import gamma_constants
from fastdist.random.gamma_rows import GammaRows, boosted_root
from fastdist.random.rows import NORMAL, RowSampler, draw
from fastdist.special.beta import gammaln_rise
from fastdist.special.binet import binet_curvature, binet_divergence, binet_slope
from fastdist.special.gamma import deviance, gammaln, log_minus_digamma, stirling_error
from fastdist.special.incomplete_gamma import gamma_sample_grad
from fastdist.special.logs import log_quotient
from fastdist.special.matrices import (
    add_multiple,
    asymmetry,
    fill_diagonal,
    fill_lower,
    fill_transposed,
    invert_lower,
)
from fastdist.vector import Rows, VectorDistribution

INF, NAN = float("inf"), float("nan")
LOG_2, LOG_PI = 0.6931471805599453, 1.1447298858494002

# From this power on log and log Gamma are large enough to cancel digits: the saddle-point form has none to lose.
SADDLE_POINT = 15.0

# The constants are the degrees of freedom, the power to which the squares on the diagonal stand, the log of the
# normaliser, and rows: for each diagonal entry the shape of half its square, a gamma variate, log(shape) -
# digamma(shape), and what proposals take; then the factor of the scale, and for derivatives a matrix beside it.
DF, POWER, LOG_NORM, SHAPES, GAPS, CENTRES, SPREADS, BOOSTS, FACTOR, BESIDE = range(10)
NUMBERS, ROWS = 3, 5
AXES = (*(0,) * NUMBERS, *(1,) * ROWS)


@kernel
def fill_shapes(df, reverse, shapes, gaps, centres, spreads, boosts):
    n = len(shapes)
    for i in range(n):
        shape = 0.5 * (df - (n - 1 - i if reverse else i))
        shapes[i], gaps[i] = shape, log_minus_digamma(shape)
        centres[i], spreads[i], boosts[i] = gamma_constants(shape)


@kernel
def log_gammas(power, shapes):
    """Less the sum of log Gamma over the shapes, or of its ratio to exp(power log(power) - power) for a large power."""
    total = 0.0
    for shape in shapes:
        if power > SADDLE_POINT:
            gap = power + 1.0 - shape
            total -= log_factorial_correction(power)
            total += gammaln_rise(shape, gap) if gap > 0.0 else 0.0
            total -= gammaln_rise(power + 1.0, -gap) if gap < 0.0 else 0.0
        else:
            total -= gammaln(shape)
    return total


@kernel
def inside(x, c):
    """Finite and symmetric: that it is positive definite, its Cholesky factor says."""
    return asymmetry(x) == 0.0


@kernel
def log_density(triangle, c):
    """The log density by the triangular matrix of its event."""
    power = c[POWER]
    total = 0.0
    for i in range(len(triangle)):
        half = 0.5 * triangle[i, i] * triangle[i, i]
        total -= deviance(power, half) if power > SADDLE_POINT else half - power * log(half)
        rest = 0.0
        for j in range(i):
            rest = fma(triangle[i, j], triangle[i, j], rest)
        total -= 0.5 * rest
    return total + c[LOG_NORM]


@kernel
def slope_in_df(triangle, c):
    total = 0.0
    for i in range(len(triangle)):
        shape = c[SHAPES][i]
        half = 0.5 * triangle[i, i] * triangle[i, i]
        excess = (half - shape) / shape
        total += (log1p(excess) if abs(excess) < 0.5 else log(half) - log(shape)) + c[GAPS][i]
    return 0.5 * total


@kernel
def fill_nothing(x, in_x, in_df, in_matrix):
    """Derivatives where the density is 0."""
    in_df[0] = 0.0
    in_x[:, :] = 0.0
    in_matrix[:, :] = 0.0


# Products of matrices.


@kernel(heavy=True)
def fill_gram(lower, product):
    """``product = lower lower^T``, symmetric to the last bit."""
    for i in range(len(lower)):
        for j in range(i + 1):
            total = 0.0
            for k in range(j + 1):
                total = fma(lower[i, k], lower[j, k], total)
            product[i, j] = total
            product[j, i] = total


@kernel(heavy=True)
def fill_gram_of_columns(lower, product):
    """``product = lower^T lower``."""
    n = len(lower)
    for i in range(n):
        for j in range(i + 1):
            total = 0.0
            for k in range(i, n):
                total = fma(lower[k, i], lower[k, j], total)
            product[i, j] = total
            product[j, i] = total


@kernel(heavy=True)
def fill_product(factor, square, product):
    """``product = factor square`` for a lower triangular factor."""
    product[:, :] = 0.0
    for i in range(len(factor)):
        for j in range(i + 1):
            add_multiple(factor[i, j], square[j], product[i])


# Draws. The noise is the diagonal, then the normals below it row by row.


@kernel
def fill_triangle(noise, triangle):
    roots, below = noise[0], noise[1]
    start = 0
    for i in range(len(triangle)):
        for j in range(i):
            triangle[i, j] = below[start + j]
        for j in range(i + 1, len(triangle)):
            triangle[i, j] = 0.0
        start += i
        triangle[i, i] = roots[i]


@kernel
def slope_of_root(root, shape):
    """The derivative of a diagonal entry in the degrees of freedom."""
    return 0.5 * gamma_sample_grad(shape, 0.5 * root * root) / root if root > 0.0 else 0.0


# Derivatives of draws X = L S L^T, in L and in a symmetric matrix of which L follows.


@kernel(heavy=True)
def fill_in_scale_tril(factor, beside, square, jacobian, product, phi, moved):
    """A change dL gives ``dL S L^T`` and its transpose."""
    fill_product(factor, square, product)
    for i in range(len(factor)):
        for j in range(len(factor)):
            jacobian[i, j, :, :] = 0.0
    for i in range(len(factor)):
        for j in range(len(factor)):
            for k in range(i + 1):
                jacobian[i, j, i, k] += product[j, k]
            for k in range(j + 1):
                jacobian[i, j, j, k] += product[i, k]


@kernel(heavy=True)
def fill_in_symmetric(factor, beside, square, jacobian, product, phi, moved, sign):
    """As L^-1 dV L^-T is ``sign`` times the symmetric product of the rows of `beside`: dL is L times its lower half."""
    n = len(factor)
    for k in range(n):
        for m in range(k + 1):
            u, v = beside[k], beside[m]
            # phi S, with phi the lower half of (u v^T + v u^T) / 2 and half its diagonal.
            phi[:, :] = 0.0
            for a in range(n):
                for b in range(a):
                    add_multiple(0.5 * sign * (u[a] * v[b] + v[a] * u[b]), square[b], phi[a])
                add_multiple(0.5 * sign * u[a] * v[a], square[a], phi[a])
            for a in range(n):
                for b in range(a + 1):
                    total = phi[a, b] + phi[b, a]
                    phi[a, b] = total
                    phi[b, a] = total
            fill_product(factor, phi, moved)
            for i in range(n):
                for j in range(i + 1):
                    total = 0.0
                    for a in range(j + 1):
                        total = fma(moved[i, a], factor[j, a], total)
                    jacobian[i, j, k, m] = total
                    jacobian[j, i, k, m] = total
                    jacobian[i, j, m, k] = total
                    jacobian[j, i, m, k] = total


@kernel
def fill_in_covariance(factor, beside, square, jacobian, product, phi, moved):
    fill_in_symmetric(factor, beside, square, jacobian, product, phi, moved, 1.0)


@kernel
def fill_in_precision(factor, beside, square, jacobian, product, phi, moved):
    fill_in_symmetric(factor, beside, square, jacobian, product, phi, moved, -1.0)


@kernel
def entropy(c, out):
    """By the saddle-point form where the power is large, so that what is proportional to it cancels on paper."""
    power = c[POWER]
    value = -c[LOG_NORM]
    for i in range(len(c[SHAPES])):
        shape, gap = c[SHAPES][i], c[GAPS][i]
        if power > SADDLE_POINT:
            value += power * (gap - log1p((shape - power) / power)) + (shape - power)
        else:
            value += shape - power * (log(shape) - gap)
        value += 0.5 * i
    out[0] = value


@kernel
def positive(df, least):
    """``df - least``, or NaN where that is not positive."""
    return df - least if df > least else NAN


class Form(NamedTuple):
    """How the scale may be given: whether by its inverse, and the formulas of events that follow."""

    inverse: bool
    rows: Rows
    with_slopes: RowSampler


class Bartlett(VectorDistribution):
    """A family of symmetric matrices with degrees of freedom and a scale, which is given in one of several forms."""

    df = Parameter(constraints.positive)
    support = constraints.positive_definite
    has_rsample = True
    _on_device = True

    _forms: ClassVar[dict[str, Form]]
    _prepare: ClassVar[Any]
    _triangles: ClassVar[RowSampler]
    """What draws are made of alone."""
    _inverted: ClassVar[bool]
    """Whether draws are made of the inverse of a triangle, whose shapes then rise."""

    _form: Form

    def _freeze_scale(self, validate_args: bool, df: Any, forms: dict[str, Any]) -> None:
        name, value = exactly_one(type(self).__name__, forms)
        self._freeze(validate_args, df=df, **{name: value})
        validate_args, matrix = wants_checks(validate_args), self._parameters[name]
        size = self.event_shape[0]
        if not size or self.event_shape != (size, size):
            raise ValueError(f"{type(self).__name__}: {name} must be square matrices; got shape {np.shape(matrix)}")
        form = self._forms[name]
        self.__dict__.update(_form=form, rows=form.rows)
        relation = f"df must be greater than {size - 1}"
        if validate_args and self._place is None:
            self._require(relation, self.df > size - 1)
        elif validate_args:
            devices.require_of(self, "df", relation, f"v > {size - 1}.0")
        if self._place is not None:
            factor, minors = self._factored()
            self.__dict__["_factor"] = factor
            if validate_args and minors is not None and not devices.holds(minors, "v == ZERO"):
                self._declared[name].check(devices.on_host(self._own[name]), type(self).__name__)

    # Constants ----------------------------------------------------------------------------------

    @property
    def _given_name(self) -> str:
        """The name of the matrix that was given."""
        (name,) = self._forms.keys() & self._parameters.keys()
        return name

    @functools.cached_property
    def _factor(self) -> np.ndarray:
        """The Cholesky factor of the scale, of its own batch, which broadcasts to that of the distribution."""
        return self._factored()[0]

    def _factored(self) -> tuple[Any, Any]:
        """The factor, and where a matrix that was factored has none: None where it was given."""
        name = self._given_name
        own = self._own_scale(name)
        if name == "scale_tril":
            return (np.tril(own) if self._place is None else linear.of_each(fill_lower, own)), None
        if not self._form.inverse:
            return linear.cholesky(own)
        factor, minors = linear.reverse_cholesky(own)
        return linear.inverse(factor), minors

    def _own_scale(self, name: str) -> Any:
        """The matrix that was given, of its own batch."""
        return distinct(self._parameters[name], 2).astype(F64) if self._place is None else self._own[name]

    def _table(self) -> Table:
        return self._with_beside("scale_tril")

    def _slope_table(self) -> Table:
        """The inverse of the scale beside its factor."""
        return self._with_beside("inverse")

    def _with_beside(self, name: str) -> Table:
        key = "table", name
        if key not in self._tables:
            factor, shapes = self._factor, (self.event_shape[:1],) * ROWS
            beside = factor if name == "scale_tril" else self._beside(name)
            numbers = rows.prepare(self._prepare, (self.df, factor), self.batch_shape, NUMBERS, shapes).batched()
            constants = [*zip(numbers, AXES, strict=True), (factor, 2), (beside, 2)]
            self._tables[key] = linear.written_out(constants, self.batch_shape)
        return self._tables[key]

    def _factor_at(self, d: Any) -> Any:
        """The Cholesky factor of the scale at the parameters of `d`, which may carry tangents."""
        name, inverted = self._given_name, self._form.inverse
        given = chain_rule.argument(d, name, None)
        if given is None:
            return self._factor
        factor = linear.factor_at(given, name == "scale_tril", inverted)
        return inverse_at(factor) if inverted else factor

    def _constants_at(self, d: Any) -> list[Operand]:
        df, factor = chain_rule.argument(d, "df", self.df), self._factor_at(d)
        shapes = (factor.shape[-1:],) * ROWS
        numbers = prepared(self._prepare, [(df, 0), (factor, 2)], self.batch_shape, NUMBERS, shapes)
        return [*zip(numbers, AXES, strict=True), (factor, 2), (factor, 2)]

    def _beside(self, name: str) -> np.ndarray:
        """The inverse of the scale, or the transpose of the inverse factor."""
        inverse = linear.inverse(self._factor)
        return linear.gram(inverse, False) if name == "inverse" else linear.of_each(fill_transposed, inverse)

    def _of_scale(self, inverse: bool) -> np.ndarray:
        """The scale or its inverse, with the batch's axes."""
        return self._shared(linear.gram(linear.inverse(self._factor), False) if inverse else self._scale())

    def _scale(self) -> np.ndarray:
        """The scale, of its own batch."""
        for name in ("covariance_matrix", "scale_matrix"):
            if name in self._parameters:
                return self._own_scale(name)
        return linear.gram(self._factor, True)

    def _triangle(self) -> Any:
        return self._shared(self._factor)

    def _shared(self, array: Any) -> Any:
        """A matrix of each set, over the whole batch and of the distribution's dtype."""
        shape = self.batch_shape + self.event_shape
        if self._place is not None:
            return devices.rounded(self, array, shape)
        return np.broadcast_to(array.astype(self.dtype), shape)

    # Moments ------------------------------------------------------------------------------------

    def _excess(self, least: float) -> Any:
        """``df - least``, NaN where that is not positive."""
        return linear.of_sets(positive, [(self.df, 0), (np.float64(least), 0)], self.batch_shape, 1, ())[0]

    def _moment(self, formula: Any, number: Any, *matrices: Any) -> Any:
        """A formula of a number for each set and of arrays over the entries of an event, or over pairs of them."""
        ndim = len(self.batch_shape)
        kind = np.broadcast_shapes(*(tuple(matrix.shape)[ndim:] for matrix in matrices))
        number = number if on_device(number) else np.asarray(number, F64)
        number = number.reshape((*tuple(number.shape), *(1,) * len(kind)))
        return self._rounded(gaussian.arithmetic(formula, (number, *matrices), self.batch_shape + kind))

    def _diagonals(self) -> tuple[Any, Any]:
        """The diagonal of the scale, as a column and as a row."""
        diagonal = linear.of_each(fill_diagonal, self._scale(), ndim=1)
        *batch, size = diagonal.shape
        return diagonal.reshape((*batch, size, 1)), diagonal.reshape((*batch, 1, size))

    def _pairs(self, *pairs: tuple[int, int]) -> list[Any]:
        """The scale over the four axes of pairs of entries, its own being these."""
        scale = self._scale()
        *batch, size, _ = scale.shape
        return [scale.reshape((*batch, *(size if axis in pair else 1 for axis in range(4)))) for pair in pairs]

    def entropy(self) -> Any:
        """Entropy in nats."""
        return self._rounded(rows.of_sets(entropy, self._table(), ((),))[0])

    # Draws --------------------------------------------------------------------------------------

    def _widths(self, scratch: int) -> tuple[int, ...]:
        size = self.event_shape[0]
        return (size, size * (size - 1) // 2, *(size * size,) * scratch)

    def _row_sampling(self) -> tuple[RowSampler, Table, int | tuple[int, ...] | None]:
        sampler = self.rows.sampler
        assert sampler is not None
        return sampler, self._table(), self._widths(sampler.scratch)

    def rsample_and_grad(self, shape: Any = (), *, rng: Any = None) -> tuple[Any, dict[str, Any]]:
        """Draws with their derivatives in the degrees of freedom, and their Jacobian in the matrix that was given.

        Entry ``[..., i, j, k, m]`` of the Jacobian is the derivative of entry (i, j) of a draw in entry (k, l) of the
        matrix: the square of the event's size for each number of a draw. For a symmetric matrix it is symmetric in k
        and l, and what a symmetric change of the matrix does to a draw is the sum over its entries times those of the
        Jacobian.
        """
        name, sampler = self._given_name, self._form.with_slopes
        table = self._with_beside("scale_tril" if name == "scale_tril" or self._form.inverse else "transposed")
        kinds, widths = (self.event_shape, self.event_shape * 2), self._widths(sampler.scratch)
        draws, in_df, in_matrix = self._draw_with_slopes(sampler, shape, rng, kinds, widths, table)
        return draws, {"df": in_df, name: in_matrix}

    def _nested_draws(self, d: Any, shape: Any, rng: Any) -> Any:
        key, size = key_from(rng, self), self.event_shape[0]
        full = self._shape(shape, "shape") + self.batch_shape + self.event_shape
        draws, noise = np.empty(full, self.dtype), np.empty(full)
        self._fill(draws, key)
        draw(self._triangles, self._table(), (noise,), 2, key, self._widths(0))
        steps = np.arange(size)[:: -1 if self._inverted else 1]

        def moved(roots: Any, df: Any, along: Any) -> Any:
            """Half the square of a root is a gamma variate, whose shape moves by half the degrees of freedom."""
            halves, shapes = 0.5 * np.square(roots), 0.5 * (df[..., np.newaxis] - steps)
            slopes = chain_rule.slopes_of_draws(Gamma(shapes, 1.0, validate_args=False), halves)["concentration"]
            there = without_tangent(roots) > 0.0
            return np.where(there, 0.5 * slopes / np.where(there, roots, 1.0), 0.0) * along[..., np.newaxis]

        df = chain_rule.argument(d, "df", self.df)
        roots = chain_rule.implicit(np.diagonal(noise, axis1=-2, axis2=-1), df, moved)
        triangle = np.tril(noise, -1) + roots[..., np.newaxis] * np.eye(size)
        factor = np.matmul(self._factor_at(d), inverse_at(triangle) if self._inverted else triangle)
        return chain_rule.with_value(draws, np.matmul(factor, np.swapaxes(factor, -2, -1)))


def inverse_at(factor: Any) -> Any:
    """The inverses of lower triangular matrices, which may carry tangents."""
    if not isinstance(factor, Dual):
        return linear.inverse(factor)
    return prepared(invert_lower, [(factor, 2)], factor.shape[:-2], 0, (factor.shape[-2:],))[0]


def sampler(formula: FunctionType, scratch: int, results: tuple[int, ...] = (2,)) -> RowSampler:
    """A sampler over the noise of a triangle."""
    return RowSampler(formula, (GammaRows(CENTRES, boosted_root), NORMAL), scratch=scratch, results=results)


# Divergences. With M = K^-1 L of the factors of p's and of q's scale, that of two Wishart distributions is a sum over
# the squares r on the diagonal of M of divergences of gamma distributions with the shapes on p's and q's diagonal and
# rates of r and 1, and of parts that they leave: none of it is negative.


@kernel(heavy=True)
def divergence(df, other_df, factor, other, below):
    """The divergence, its derivatives in the degrees of freedom, and what stands before M's part, of both factors.

    And by how much that exceeds what stands before the rest.
    """
    value, in_df, in_other = 0.5 * df * below, 0.5 * below, 0.0
    for i in range(len(factor)):
        a, c = 0.5 * (df - i), 0.5 * (other_df - i)
        ratio = factor[i, i] / other[i, i]
        m = a * ratio * ratio
        beyond, slope = binet_divergence(c, a)
        value += deviance(c, m) + 0.5 * (deviance(a, c) / a) + beyond
        value += 0.5 * i * diagonal_excess(factor[i, i], other[i, i]) if i > 0 else 0.0
        in_df += 0.5 * ((m - c) / a + ((a - c) / a) * ((0.5 + binet_curvature(a)) / a))
        in_other += 0.5 * (log_quotient(c, a) - 2.0 * log_quotient(factor[i, i], other[i, i]))
        in_other += 0.5 * (0.5 * ((c - a) / a) / c + slope)
    return value, in_df, in_other, df, df - other_df


# A Wishart distribution and an inverse one: with M of the inverse one's factor and the other's, the sum is like one of
# divergences of gamma distributions from inverse ones, in Stirling's form.


@kernel(heavy=True)
def crossed_divergence(df, other_df, factor, other, below):
    """The same of p's degrees of freedom, q's, and the factors of the inverse distribution and of the other."""
    n = len(factor)
    b = 0.5 * (df - n - 1.0)
    if not b > 0.0:  # the inverse has no mean
        return INF, NAN, NAN, NAN, NAN
    value, in_df, in_other = 0.25 * below / b, -0.125 * below / b / b, 0.0
    for i in range(n):
        a, c = 0.5 * (df - i), 0.5 * (other_df - i)
        ratio = 0.5 * (factor[i, i] / other[i, i])
        m = ratio * ratio / a
        log_gap, slope = log_quotient(m, c), binet_slope(a)
        value += deviance(c, m) + 0.5 * ((n + 1.0 - i) * (m / b) - c / a - 1.0)
        value -= 0.5 * ((i + 1.0) * log_quotient(c, a) + i * (log_gap + 1.0 + 1.0 / a))
        value += (a + c + i) * slope + (stirling_error(c) - stirling_error(a))
        in_df += 0.5 * (
            (c + i) / a + (1.0 + (c + i) / a) * ((0.5 + binet_curvature(a)) / a) - (ratio / b) * (ratio / b)
        )
        in_other += 0.5 * ((slope + binet_slope(c)) - log_gap - 0.5 * (1.0 / a + 1.0 / c))
    return max(value, 0.0), in_df, in_other, 0.5 / b, 0.5 / b - other_df


def pair(swapped: bool, crossed: bool) -> Whole:
    """The pair of two distributions. They are of one family if not `crossed`.

    What M is made of is the factor of p's scale and then that of q's, or `swapped`.
    """
    formula = crossed_divergence if crossed else divergence

    def parts(p: Any, q: Any, shape: tuple[int, ...]) -> tuple[Quotient, tuple[np.ndarray, ...]]:
        factor, other = (d._plain._factor_at(d) for d in ((q, p) if swapped else (p, q)))
        m = gaussian.quotient(other, factor, shape)
        own, theirs = (chain_rule.argument(d, "df", d._plain.df) for d in (p, q))
        given = [(own, 0), (theirs, 0), (factor, 2), (other, 2), (m.below, 0)]
        return m, linear.of_sets(formula, given, shape, 5, ())

    def value(p: Any, q: Any, shape: tuple[int, ...]) -> np.ndarray:
        return parts(p, q, shape)[1][0]

    def gradient(p: Any, q: Any, shape: tuple[int, ...]) -> tuple[Any, dict[str, Any], dict[str, Any]]:
        m, (kl, in_df, in_other, weight, surplus) = parts(p, q, shape)
        weights, column = Weights(weight, q.df, surplus), (p.event_shape[0], 1)
        nothing = np.zeros(column) if p._place is None else devices.rounded(p, 0.0, column)
        first, second = (q, p) if swapped else (p, q)
        own, other = (gaussian.Scale(d._factor, d._scale) for d in (first, second))
        name, other_name = first._given_name, second._given_name
        in_first = {name: gaussian.in_first(name, own, other, m, shape, weights)}
        in_second = {
            other_name: gaussian.in_second(other_name, other, own, m, nothing, nothing, shape, weights),
        }
        in_p, in_q = (in_second, in_first) if swapped else (in_first, in_second)
        return kl, {"df": in_df, **in_p}, {"df": in_other, **in_q}

    return Whole(value, gradient, on_device=True, moving=value)
