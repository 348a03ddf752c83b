"""Multivariate Student's t distribution."""

from __future__ import annotations

import functools
from math import exp, log, log1p, nan
from typing import Any, ClassVar

import numpy as np
from numba import types

from fastdist import chain_rule, constraints, linear
from fastdist.distributions.elliptical import (
    COVARIANCE,
    DENSITY,
    FILL_SLOPES,
    MIX,
    SCALE_TRIL,
    SQUARED_LENGTH,
    Density,
    Elliptical,
    Form,
)
from fastdist.engine import cpu, evaluate, rows
from fastdist.engine.bits import fma
from fastdist.engine.evaluate import F64
from fastdist.engine.kernel import kernel
from fastdist.engine.loops import Program
from fastdist.engine.row_programs import CONSTANTS, FLOATS, WALK, place
from fastdist.engine.rows import Table
from fastdist.engine.seed import Key
from fastdist.forward.kernels import applied
from fastdist.forward.rows import prepared as prepared_at
from fastdist.linear import Definite, Factor
from fastdist.parameter import Parameter
from fastdist.random.gamma import gamma_constants
from fastdist.random.gamma_rows import GammaRows, boosted_log
from fastdist.random.rows import RowSampler
from fastdist.special.beta import digamma_gap_fall, digamma_rise, gammaln_rise, log_curvature
from fastdist.special.gamma import stirling_error
from fastdist.special.incomplete_gamma import gammainc_constants
from fastdist.special.incomplete_gamma_slope import slope_ratio

LOG_PI = 1.1447298858494001741
HALF_LOG_2PI = 0.91893853320467274178
INF = float("inf")

# A finite stand-in for infinitely many degrees of freedom: the normal limit to the last digit.
MANY = 1e300
# Beyond, a number plus its logarithm is the number.
FAR = 1e20
# From this half of the degrees of freedom on the gamma functions are taken by their common asymptotic series.
LARGE = 16.0

# From here on the numbers of a parameter set are what a radius takes: the log of the shape of the gamma variate that is
# half of a chi-squared one, and what proposals for it take.
LOG_SHAPE = 4
VARIATE = GammaRows(3 + LOG_SHAPE + 1, boosted_log)


@kernel
def log_norm(df, size):
    """Log density at 0 of the standard variate of so many numbers, without cancellation where `df` is large."""
    b, a = 0.5 * df, 0.5 * size
    if b < LARGE:
        return gammaln_rise(b, a) - a * (log(df) + LOG_PI)
    h = a / b
    # (b + a) log(1 + h) - a, whose terms cancel.
    excess = a * log1p(h) - 0.5 * a * h * log_curvature(h)
    return excess - 0.5 * log1p(h) + (stirling_error(b + a) - stirling_error(b)) - size * HALF_LOG_2PI


@kernel
def prepare(df, size, log_scale):
    nu = df if df < MANY else MANY
    b, h = 0.5 * nu, size / nu
    # digamma(b + size / 2) - digamma(b) - size / nu
    step = digamma_gap_fall(b, 0.5 * size) - (0.5 * h * h * log_curvature(h) if h < FAR else h)
    return log_norm(nu, size) - log_scale, 0.5 * (nu + size), nu, step, log(b), *gamma_constants(b)


@kernel
def finish(square, numbers):
    return numbers[0] - numbers[1] * log1p(square / numbers[2])


@kernel
def log_growth(square, nu):
    """log(1 + square / nu), also where the quotient overflows, or the square itself: then minus its root is given."""
    if square < 0.0:
        return 2.0 * log(-square) - log(nu)
    return log1p(square / nu) if square / nu < INF else log(square) - log(nu)


@kernel
def far(square, numbers):
    return numbers[0] - numbers[1] * log_growth(square, numbers[2])


@kernel
def log_prob_and_grad(x, c, w, in_x, in_df, in_loc, in_matrix):
    square, size = SQUARED_LENGTH(x, c, w), float(len(x))
    numbers = c[3:]
    half, nu, step = numbers[1], numbers[2], numbers[3]
    far = square < 0.0
    unit = -square if far else 1.0
    # What of the squared length and nu is the squared length's.
    share = 1.0 if far else square / (nu + square)
    ratio = INF if far else square / nu
    if ratio < 1.0:
        excess = ratio * ratio * (0.5 * log_curvature(ratio) - 1.0 / (1.0 + ratio))
    else:
        excess = share - log_growth(square, nu)
    in_df[0] = 0.5 * (step + excess + size * share / nu)
    FILL_SLOPES(x, c, w, unit, 2.0 * half * (1.0 if far else 1.0 / (nu + square)), in_x, in_loc, in_matrix)
    return DENSITY(square, numbers)


@kernel
def radius(log_variate, log_shape):
    """The root of df over a chi-squared variate, of a gamma variate."""
    return exp(0.5 * (log_shape - log_variate))


@kernel
def draw(noise, c, out):
    MIX(c[1], noise[0])
    r = radius(noise[1][0], c[3:][LOG_SHAPE])
    for k in range(len(out)):
        out[k] = fma(r, noise[0][k], c[0][k])


@kernel
def prepare_radius(df):
    nu = df if df < MANY else MANY
    return (nu, *gammainc_constants(0.5 * nu))


@kernel
def radius_slope(r, c):
    """Derivative of the log of a radius in `df`: of half of log(df / 2) less the log of a gamma variate."""
    variate = 0.5 * c[0] / (r * r)
    return (1.0 - slope_ratio(variate, c[1:])) / (2.0 * c[0])


@kernel
def radius_moves(r, df, direction):
    return direction * (r * radius_slope(r, prepare_radius(df)))


@kernel
def entropy(df, size, log_scale):
    nu = df if df < MANY else MANY
    return 0.5 * (nu + size) * digamma_rise(0.5 * nu, 0.5 * size) - log_norm(nu, size) + log_scale


@kernel
def growth(df):
    """The variance over the square of the scale: infinite for `df` in (1, 2], NaN below."""
    if df > 2.0:
        return df / (df - 2.0) if df < INF else 1.0
    return INF if df > 1.0 else nan


@kernel
def fill_mean(df, loc, mean):
    for k in range(len(mean)):
        mean[k] = loc[k] if df > 1.0 else nan


@kernel
def fill_variance(df, squares, variance):
    factor = growth(df)
    for k in range(len(variance)):
        variance[k] = squares[k] * factor


@kernel
def fill_covariance(df, scale, covariance):
    factor = growth(df)
    for i in range(len(scale)):
        for j in range(len(scale)):
            covariance[i, j] = scale[i, j] * factor if i == j or df > 2.0 else nan


@functools.cache
def _radii() -> Any:
    source = "\n".join(
        [
            "def loop(ci, cl, ca, start, log_shape, out):",
            "    for j in range(len(out)):",
            "        out[j] = RADIUS(out[j], log_shape[PLACE(start + j, ci, cl, ca)])",
        ]
    )
    signature = *WALK, types.int64, CONSTANTS[1], FLOATS[1]
    return cpu.build("loop", source, {"PLACE": place, "RADIUS": radius}, signature, bare=True).entry_point


_radius_slope = Program("radius_slope", radius_slope)


class MultivariateStudentT(Elliptical):
    r"""Multivariate Student's t distribution.

    .. math::

        p(x) = \frac{\Gamma\left(\frac{\nu+D}{2}\right)}
                    {(\nu\pi)^{D/2}\,|\Sigma|^{1/2}\,\Gamma\left(\frac{\nu}{2}\right)}
               \left(1 + \frac{(x-\mu)^T \Sigma^{-1} (x-\mu)}{\nu}\right)^{-(\nu+D)/2}

    Parameters
    ----------
    df : array_like of positive
        Degrees of freedom :math:`\nu`; infinity is the normal limit.
    loc : array_like of real, shape (..., D)
        Location :math:`\mu`.
    scale_tril : array_like, shape (..., D, D)
        Lower triangular with a positive diagonal, :math:`\Sigma = L L^T`.
    scale_matrix : array_like, shape (..., D, D)
        Symmetric positive definite :math:`\Sigma`, which is not the covariance. Give exactly one of `scale_tril` and
        `scale_matrix`.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``multivariate_t(loc, scale_matrix, df)`` is the same distribution; torch has none, and the first three
    parameters are those of Pyro. The mean is NaN for `df` at most 1; variances are infinite for `df` in (1, 2], where
    covariances are NaN, and all are NaN below.

    A draw is a normal one times the root of `df` over a chi-squared variate, and its derivative in `df` that of the
    variate at a fixed value of its cdf. Derivatives in the matrix, and the memory they take, are as for
    :class:`MultivariateNormal`.

    Raises
    ------
    ValueError
        If `df` is not positive, if not exactly one matrix is given, if shapes do not agree, if `loc` is not finite, or
        if a matrix is refused as by :class:`MultivariateNormal`.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.MultivariateStudentT(3.0, [0.0, 0.0], scale_tril=[[1.0, 0.0], [0.5, 2.0]])
    >>> d.log_prob([[0.0, 0.0], [1e200, 0.0]])
    array([   -2.53102425, -2302.52114807])
    """

    df = Parameter(constraints.positive, infinite=True)
    scale_tril = Factor(constraints.lower_cholesky, derived=lambda d: d._of_matrix(SCALE_TRIL))
    scale_matrix = Definite(constraints.positive_definite, derived=lambda d: d._of_matrix(COVARIANCE))

    _density = Density(finish, far, log_prob_and_grad, draw, noise=(VARIATE,), numbers=3)
    _forms: ClassVar[dict[str, Form]] = {"scale_tril": SCALE_TRIL, "scale_matrix": COVARIANCE}

    def __init__(
        self, df: Any, loc: Any, scale_tril: Any = None, scale_matrix: Any = None, validate_args: bool = True
    ) -> None:
        matrices = {"scale_tril": scale_tril, "scale_matrix": scale_matrix}
        self._freeze_matrix(validate_args, matrices, df=df, loc=loc)

    def _of_df(self, formula: Any, count: int) -> tuple[np.ndarray, ...]:
        """``formula(df, size, log scale)``, as many numbers, of the batch that df and the matrix make."""
        log_scale = self._log_scale()
        df = self._of_own_batch("df", 0)
        batch = np.broadcast_shapes(tuple(df.shape), tuple(log_scale.shape))
        table = rows.prepare(formula, (df, float(self.event_shape[0]), log_scale), batch, count, ())
        return table.batched()

    def _make_numbers(self) -> tuple[np.ndarray, ...]:
        return self._of_df(prepare, 8)

    def _numbers_at(self, d: Any, factor: Any) -> list[Any]:
        df = chain_rule.argument(d, "df", self.df)
        log_scale = linear.half_log_determinant(factor)
        batch = np.broadcast_shapes(np.shape(df), np.shape(log_scale))
        return prepared_at(prepare, [(df, 0), (float(self.event_shape[0]), 0), (log_scale, 0)], batch, 8)

    def _radius(self, shape: tuple[int, ...], key: Key) -> Any:
        log_shape, *gamma = ((number, 0) for number in self._numbers()[LOG_SHAPE:])
        table = linear.written_out([log_shape, *gamma], self.batch_shape)
        place, fill = rows.walk(self.batch_shape, shape), GammaRows(1, boosted_log)(table)

        def radii(start: int, stop: int) -> np.ndarray:
            result = np.empty(stop - start)
            fill(result, start, stop, 1, *key)
            _radii()(*place, start, table.arrays[0], result)
            return result

        return radii

    def _radius_at(self, d: Any, radius: Any) -> Any:
        def moved(r: Any, df: Any, direction: Any) -> Any:
            return applied(radius_moves, (r, df, direction), np.shape(radius), F64, "MultivariateStudentT.rsample")[0]

        return chain_rule.implicit(radius, chain_rule.argument(d, "df", self._parameters["df"]), moved)

    def _row_sampling(self) -> tuple[RowSampler, Table, tuple[int, ...]]:
        sampler, table, _ = super()._row_sampling()
        return sampler, table, (self.event_shape[0], 1)

    def _draw_slopes(self, z: np.ndarray, radius: np.ndarray) -> dict[str, Any]:
        df = np.asarray(self._parameters["df"], F64)
        constants = evaluate.prepare(prepare_radius, (df if df.shape else float(df),), df.shape)
        slope = evaluate.pointwise(_radius_slope, radius, constants, F64, False, "radius_slope")
        deviation = np.matmul(self._derived(SCALE_TRIL), z[..., np.newaxis])[..., 0]
        with np.errstate(over="ignore"):
            in_df = _stretched(deviation, radius * np.asarray(slope))
        slopes = super()._draw_slopes(z, radius)
        (name,) = self._forms.keys() & slopes.keys()
        return {"df": in_df, **slopes, name: _stretched(slopes[name], radius)}

    def mean(self) -> Any:
        """The location; NaN for `df` at most 1."""
        return self._filled(fill_mean, self.event_shape, self._arguments[0], self._parameters["loc"])

    def variance(self) -> Any:
        """Variance of each number of an event: infinite for `df` in (1, 2], NaN below."""
        return self._filled(fill_variance, self.event_shape, self._arguments[0], self._diagonal())

    def covariance(self) -> Any:
        """Covariance matrix: that of the scale times ``df / (df - 2)``."""
        scale = self._derived(COVARIANCE)
        return self._filled(fill_covariance, self.event_shape * 2, self._arguments[0], scale)

    def entropy(self) -> Any:
        """Entropy in nats."""
        return self._once("entropy", lambda: self._of_batch(self._of_df(entropy, 1)[0]))


def _stretched(slopes: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """The derivatives for each draw times a number; 0 stays 0 where the number overflows."""
    factor = radius.reshape(radius.shape + (1,) * (slopes.ndim - radius.ndim))
    with np.errstate(over="ignore", invalid="ignore"):
        return np.where(slopes == 0.0, 0.0, slopes * factor)
