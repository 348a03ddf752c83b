"""Dirichlet distribution."""

from __future__ import annotations

import functools
from math import log1p
from typing import Any

import numpy as np

from fastdist import constraints, devices, interpolate_slopes
from fastdist.chain_rule import argument, chained, implicit
from fastdist.distributions.beta import Beta, slope_of_share
from fastdist.distributions.multinomial import log_factorial_correction
from fastdist.distributions.weighted import fill_others
from fastdist.engine import elementary, row_pairs, rows, threads
from fastdist.engine.bits import fma
from fastdist.engine.elementary import log_sum
from fastdist.engine.evaluate import F64
from fastdist.engine.kernel import kernel
from fastdist.engine.row_pairs import Batch, OfRows, Sum
from fastdist.engine.row_programs import Flat, RowProgram, largest_of, total_of
from fastdist.engine.rows import Table
from fastdist.engine.seed import Key, key_from
from fastdist.forward.dual import Dual, level_of, made, without_tangent
from fastdist.forward.kernels import applied
from fastdist.kl import Whole, register_kl
from fastdist.parameter import Parameter, wants_checks
from fastdist.random.gamma import gamma_constants
from fastdist.random.gamma_rows import GammaRows, boosted, boosted_log
from fastdist.random.rows import EXPONENTIAL, RowSampler
from fastdist.special.beta import digamma_rise, gammaln_rise
from fastdist.special.beta_rows import CONSTANTS, fill_constants, unpack
from fastdist.special.binet import beyond_deviance
from fastdist.special.categories import fill_one_hot
from fastdist.special.dirichlet import (
    LOSS,
    part_divergence,
    part_slopes,
    share_divergence,
    share_slopes,
    total_slopes,
)
from fastdist.special.gamma import deviance, digamma, gammaln, log_minus_digamma
from fastdist.special.incomplete_beta import beta_sample_grad_prepared
from fastdist.vector import Rows, VectorDistribution

INF, NAN = float("inf"), float("nan")

# From this power on log x and log Gamma are large enough to cancel digits: the saddle-point form has none to lose.
SADDLE_POINT = 15.0
# The sum of an event may be off 1 by as much.
SUM_OFF = 1e-6
# Below this concentration 1 / concentration may overflow. Where all are below it only the ratios of the logarithms
# count, none of which is small: all are drawn as if they were this many times as large.
TINIEST, LIFT = 1e-290, 2.0**400

# The sum of all concentrations of an event, and products of few numbers with it, are finite.
LARGEST = 1e307

# No power of a uniform underflows where the concentration is at least this.
DIRECT = 0.1

# The constants are the log of the normaliser, what rounding took from the sum of the large powers, and rows: the powers
# n of x; for a large power N / n in two floats, with the sum N of all large ones, else 1; the negative mean of the
# logarithm of a number times that; and the sum of all other concentrations.


@kernel
def rise(a, others):
    """digamma(a + others) - digamma(a), also where the squares of both underflow."""
    return others / (a + others) / a + digamma_rise(1.0 + a, others)


@kernel
def prepare(concentration, powers, ratios, rests, gaps, others):
    """See above.

    Each large power gives (N x / n)**n times a constant that is close to 1 over the root of n, by Stirling's formula.
    The normaliser's Gamma function stands beside N! as their ratio.
    """
    fill_others(concentration, others)
    large, lost, count, small = 0.0, 0.0, 0.0, 0.0
    for k in range(len(concentration)):
        a = concentration[k]
        powers[k] = a - 1.0
        if powers[k] > SADDLE_POINT:
            total = large + powers[k]
            back = total - large
            lost += (large - (total - back)) + (powers[k] - back)
            large, count = total, count + 1.0
        else:
            small += a
    if count > 0.0:
        log_norm = log_factorial_correction(large) + gammaln_rise(large + 1.0, count - 1.0 + small) + lost
    else:
        log_norm = gammaln(small)
    gap = log_minus_digamma(concentration[0] + others[0])
    for k in range(len(concentration)):
        a = concentration[k]
        if powers[k] > SADDLE_POINT:
            log_norm -= log_factorial_correction(powers[k])
            ratios[k] = large / powers[k]
            rests[k] = fma(-ratios[k], powers[k], large) / powers[k]
            # The logarithm of the mean is that of the ratio's inverse, but for log(1 - 1 / a) and for log(A / N).
            gaps[k] = log1p(-1.0 / a) + log1p((count + small) / large) + (log_minus_digamma(a) - gap)
        else:
            log_norm -= gammaln(a)
            ratios[k], rests[k], gaps[k] = 1.0, 0.0, rise(a, others[k])
    return log_norm, lost


# Densities, as sums over the numbers of an event: the log density without its infinite terms, the powers of the
# zeros, and the numbers themselves, of which inf stands for one below 0.


@kernel
def term(x, c):
    power, ratio, rest = c
    y = ratio * x
    value = power * log_sum(y, fma(ratio, x, -y) + rest * x)
    return value if x > 0.0 else 0.0, power if x == 0.0 else 0.0, INF if x < 0.0 else x


@kernel
def finish(sums, c):
    """The limit where all zeros of an event go to 0 together: what their powers leave of the density."""
    value, power, total = sums
    log_density = c[0] + value if power == 0.0 else (-INF if power > 0.0 else INF)
    return log_density if abs(total - 1.0) < SUM_OFF else (-INF if total == total else NAN)


@kernel
def inside(x, c):
    total, holds = 0.0, True
    for v in x:
        total += v
        holds = holds and v >= 0.0
    return holds and abs(total - 1.0) < SUM_OFF


@kernel
def log_prob_and_grad(x, c, w, in_x, in_concentration):
    powers, ratios, rests, gaps = c[2], c[3], c[4], c[5]
    for k in range(len(powers)):
        y = ratios[k] * x[k]
        w[0][k] = log_sum(y, fma(ratios[k], x[k], -y) + rests[k] * x[k])
        in_x[k] = powers[k] / x[k] if powers[k] != 0.0 else 0.0
    value, power = 0.0, 0.0
    for k in range(len(powers)):
        in_concentration[k] = w[0][k] + gaps[k]
        value += powers[k] * w[0][k] if powers[k] != 0.0 and x[k] > 0.0 else 0.0
        power += powers[k] if x[k] == 0.0 else 0.0
    return finish((value, power, 1.0), (c[0], c[1]))


# Draws: gamma variates over their sum. The constants are what proposals take.


@kernel
def prepare_draws(concentration, centres, spreads, boosts):
    top = largest_of(concentration)
    for k in range(len(concentration)):
        a = concentration[k]
        centres[k], spreads[k], boosts[k] = gamma_constants(a)
        boosts[k] = 1.0 / (a * LIFT) if top < TINIEST else boosts[k]


@kernel
def divide(noise, c, out):
    weights = noise[0]
    inverse = 1.0 / total_of(weights)
    for k in range(len(weights)):
        out[k] = weights[k] * inverse


@kernel
def compare(noise, c):
    """Logarithms less the largest of them."""
    logs = noise[0]
    top = largest_of(logs)
    for k in range(len(logs)):
        logs[k] -= top


EQUAL = RowSampler(divide, (EXPONENTIAL,))
DIRECTLY = RowSampler(divide, (GammaRows(0, boosted),))
BY_LOGS = RowSampler((compare, Flat(0, elementary.exp), divide), (GammaRows(0, boosted_log),))


# Derivatives of draws: a number moves with its own concentration as the beta variate that it is, and the others share
# the rest as before.


@kernel
def prepare_slopes(concentration, others, table):
    fill_others(concentration, others)
    for k in range(len(concentration)):
        fill_constants(concentration[k], others[k], table[k])


@kernel
def jacobian_of(x, c, w, jacobian):
    for j in range(len(x)):
        rest = 0.0
        for k in range(len(x)):
            rest += x[k] if k != j else 0.0
        slope, _ = beta_sample_grad_prepared(x[j], rest, unpack(c[1][j]))
        loss = slope / rest if rest > 0.0 else 0.0
        for i in range(len(x)):
            jacobian[i, j] = slope if i == j else -loss * x[i]
    return 0.0


# The parameter in which a number's own slope is taken, the draws that a thread takes at a time, and the distance of a
# number from 1 that is known to 13 digits at least.
OWN, CHUNK, LEAST_REST = ("concentration1",), 1 << 13, 1e-3

JACOBIAN = RowProgram("sample_grad", jacobian_of, (0, 2))


# Summaries.


@kernel
def entropy(c, out):
    """The mean of the negative log density."""
    value = c[1] - c[0]
    for k in range(len(c[2])):
        value += c[2][k] * c[5][k]
    out[0] = value


@kernel
def share(a, others):
    """The mean of a number, the sum of those of all others, and the sum of the concentrations."""
    total = a + others
    return a / total, others / total, total


@kernel
def fill_mean(concentration, others, mean):
    for k in range(len(mean)):
        mean[k], _, _ = share(concentration[k], others[k])


@kernel
def fill_variance(concentration, others, variance):
    for k in range(len(variance)):
        own, rest, total = share(concentration[k], others[k])
        variance[k] = own * rest / (total + 1.0)


@kernel
def fill_covariance(concentration, others, covariance):
    for i in range(len(covariance)):
        own, rest, total = share(concentration[i], others[i])
        for j in range(len(covariance)):
            other, _, _ = share(concentration[j], others[j])
            covariance[i, j] = own * (rest if i == j else -other) / (total + 1.0)


@kernel
def fill_mode(concentration, mode):
    total, flat = 0.0, True
    for k in range(len(mode)):
        mode[k] = concentration[k] - 1.0 if concentration[k] > 1.0 else 0.0
        total += mode[k]
        flat = flat and concentration[k] == 1.0
    if total > 0.0:
        for k in range(len(mode)):
            mode[k] /= total
    elif flat:
        for k in range(len(mode)):
            mode[k] = 1.0 / len(mode)
    else:
        fill_one_hot(concentration, mode)


@kernel
def count_above(concentration, limit):
    count = 0.0
    for a in concentration:
        count += a > limit
    return count


class Dirichlet(VectorDistribution):
    r"""Dirichlet distribution on the simplex.

    .. math:: p(x) = \frac{\Gamma(\sum_k \alpha_k)}{\prod_k \Gamma(\alpha_k)} \prod_k x_k^{\alpha_k - 1},
       \quad x_k \ge 0, \ \sum_k x_k = 1

    Parameters
    ----------
    concentration : array_like of positive, shape (..., K)
        :math:`\alpha`: large values keep the draws close to its direction, small ones drive them to the corners.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``dirichlet(alpha)`` is the same distribution, with the events along the last axis here and along the first
    in SciPy's ``pdf``. The density is with respect to the first K - 1 numbers. A vector that is off the simplex by more
    than 1e-6 has a log density of -inf. Where several numbers are 0 it is the limit as they go to 0 together.
    Derivatives in the value are those of the formula above in each number by itself.

    The log density of large concentrations is taken relative to that at the mode, each logarithm of a ratio that is
    close to 1 to its last digit, so that no digits cancel. Draws are gamma variates by Marsaglia and Tsang's method
    (2000, doi:10.1145/358407.358414) over their sum, in the log where a concentration is small: then the mass is at the
    corners as it should. Derivatives of draws are implicit (Figurnov, Mohamed, Mnih 2018, arXiv:1805.08498), exact, and
    a function of the draw alone.

    Raises
    ------
    ValueError
        If a concentration is not positive and finite, if there is none, or if their sum may exceed 1e307.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.Dirichlet(concentration=[2.0, 1.0, 1.0])
    >>> d.mean()
    array([0.5 , 0.25, 0.25])
    >>> d.prob([0.25, 0.5, 0.25])
    np.float64(1.5)
    >>> draws, grad = d.rsample_and_grad(10, rng=1)
    >>> grad["concentration"].shape
    (10, 3, 3)
    """

    concentration = Parameter(constraints.positive_vector)
    support = constraints.simplex
    has_rsample = True
    _on_device = True
    rows = Rows(
        prepare=prepare,
        inside=inside,
        terms=(term, finish, 3, 3),
        log_prob_and_grad=log_prob_and_grad,
        sampler=BY_LOGS,
        numbers=2,
        rows=5,
        scratch=1,
    )

    def __init__(self, concentration: Any, validate_args: bool = True) -> None:
        self._freeze(validate_args, concentration=concentration)
        given, size = self._parameters["concentration"], self.event_shape[0]
        if not size:
            raise ValueError(f"Dirichlet: concentration must not be empty; got shape {np.shape(given)}")
        if wants_checks(validate_args) and self._exceeds(LARGEST / size):
            raise ValueError(
                f"Dirichlet: the sum of the concentrations must be below {LARGEST};"
                f" the largest of {size} is {devices.on_host(given).max()}"
            )

    def _exceeds(self, limit: float) -> bool:
        """Whether any concentration is above a limit."""
        given = self._parameters["concentration"]
        if self._place is not None:
            return devices.is_flawed(rows.prepare(count_above, (given, limit), self.batch_shape, 1, ()))
        return float(np.maximum.reduce(given, None, initial=0.0)) > limit

    def _from(self, low: float) -> bool:
        """Whether no concentration is below a number."""
        given = self._parameters["concentration"]
        if self._place is not None:
            return devices.holds(given, f"v >= {low!r}")
        return not given.size or bool(given.min() >= low)

    @functools.cached_property
    def _gammas(self) -> tuple[RowSampler, Table, None]:
        """Without the logarithms where no concentration needs them, and without any test where all are 1."""
        direct = DIRECTLY if self._from(DIRECT) else BY_LOGS
        sampler = EQUAL if direct is DIRECTLY and not self._exceeds(1.0) and self._from(1.0) else direct
        shapes = (self.event_shape,) * 3
        return sampler, rows.prepare(prepare_draws, self._arguments, self.batch_shape, 0, shapes), None

    def _row_sampling(self) -> tuple[RowSampler, Table, int | tuple[int, ...] | None]:
        return self._gammas

    def rsample_and_grad(self, shape: Any = (), *, rng: Any = None) -> tuple[Any, dict[str, Any]]:
        """Draws with their Jacobian in the concentration.

        ``grad["concentration"][..., i, j]`` is the derivative of number i of a draw in concentration j: K times the
        memory of the draws.
        """
        draws = self._drawn(self._shape(shape, "shape"), key_from(rng, self))
        slopes = self._jacobian(draws)
        if self._place is not None:
            found = (devices.rounded(self, array, tuple(array.shape)) for array in (draws, slopes))
        else:
            found = (self._rounded(array) for array in (draws, slopes))
        return next(found), {"concentration": next(found)}

    def _jacobian(self, draws: Any) -> Any:
        if prepare_slopes not in self._tables:
            shapes = self.event_shape, (*self.event_shape, CONSTANTS)
            self._tables[prepare_slopes] = rows.prepare(prepare_slopes, self._arguments, self.batch_shape, 0, shapes)
        kinds = (), self.event_shape * 2
        who = f"{type(self).__name__}.rsample_and_grad"
        _, slopes = rows.evaluate(JACOBIAN, draws, self._tables[prepare_slopes], self.event_shape, kinds, F64, who)
        return slopes

    def _rsampled(self, tangents: dict[str, Dual], shape: Any, rng: Any) -> Dual:
        """Draws with the Jacobian times the directions, and no Jacobian where they are many of one distribution."""
        given = tangents["concentration"]
        draws = self._drawn(self._shape(shape, "shape"), key_from(rng, self))
        alone = self._place is None and not self.batch_shape and not level_of(given._directions)
        many = alone and draws.size >= interpolate_slopes.MANY * self.event_shape[0]
        moved = self._moved(draws.reshape(-1, *self.event_shape), given._directions) if many else None
        if moved is None:
            slopes = {"concentration": self._rounded(self._jacobian(draws))}
            return chained(self, "rsample", self._rounded(draws), slopes, tangents, 1)
        moved = self._rounded(moved.reshape(len(given._directions), *draws.shape))
        return made(self._rounded(draws), moved, given._single, given._level)

    def _nested_draws(self, d: Any, shape: Any, rng: Any) -> Any:
        def moved(x: Any, concentration: Any, direction: Any) -> Any:
            """By the slope of each number in its own concentration, as a beta variate."""
            apart = 1.0 - np.eye(self.event_shape[0])
            others, rest = np.matmul(concentration, apart), np.matmul(x, apart)
            own = slope_of_share(concentration, others, x, rest) * direction
            there = without_tangent(rest) > 0.0
            taken = np.where(there, own / np.where(there, rest, 1.0), 0.0)
            return own - x * np.matmul(taken, apart)

        draws = self._rounded(self._drawn(self._shape(shape, "shape"), key_from(rng, self)))
        return implicit(draws, argument(d, "concentration", self._parameters["concentration"]), moved)

    def _moved(self, draws: np.ndarray, directions: np.ndarray) -> np.ndarray | None:
        """The Jacobian times directions by the fits of each number's own slope, if all have them."""
        others = self._table().batched()[6].reshape(-1)
        marginals = [Beta(*pair) for pair in zip(np.asarray(self.concentration, F64), others, strict=True)]
        if not all(interpolate_slopes.has_fits(d, draws[:, 0], OWN) for d in marginals):
            return None
        moved = np.empty((len(directions), *draws.shape))

        def work(start: int, stop: int) -> None:
            part = draws[start:stop]
            numbers = np.ascontiguousarray(part.T)
            gains = np.empty_like(numbers)
            for d, x, gain in zip(marginals, numbers, gains, strict=True):
                interpolate_slopes.slopes(d, x, OWN, (gain,))
            gains /= 1.0 - numbers
            # Where one number is nearly all, what is left is not known well enough from it.
            crowded = np.flatnonzero(numbers.max(axis=0) > 1.0 - LEAST_REST)
            jacobian = self._jacobian(part[crowded])
            for direction, out in zip(directions, moved, strict=True):
                own = gains * np.reshape(direction, (-1, 1))
                own -= numbers * own.sum(axis=0)
                out[start:stop] = own.T
                out[start + crowded] = jacobian @ direction

        threads.run(work, len(draws), CHUNK)
        return moved

    def _drawn(self, shape: tuple[int, ...], key: Key) -> Any:
        """Draws in float64."""
        if self._place is not None:
            return devices.drawn_rows(self, shape, key, dtype=F64)
        draws = np.empty(shape + self.batch_shape + self.event_shape)
        self._fill(draws, key)
        return draws

    def _given_and_others(self) -> tuple[Any, Any]:
        """The concentrations, and for each the sum of all others."""
        return self._arguments[0], self._table().batched()[6]

    def mean(self) -> Any:
        """The concentrations over their sum."""
        return self._filled(fill_mean, self.event_shape, *self._given_and_others())

    def variance(self) -> Any:
        """Variance of each number."""
        return self._filled(fill_variance, self.event_shape, *self._given_and_others())

    def covariance(self) -> Any:
        return self._filled(fill_covariance, self.event_shape * 2, *self._given_and_others())

    covariance.__doc__ = VectorDistribution.covariance.__doc__

    def mode(self) -> Any:
        """Where the density is largest.

        That is (a - 1) over its sum; a number whose concentration is no more than 1 is 0. Where none is above 1 it is
        the corner of the largest one, and the mean if all are 1.
        """
        return self._filled(fill_mode, self.event_shape, self._arguments[0])

    def entropy(self) -> Any:
        """Entropy in nats."""
        return self._rounded(rows.of_sets(entropy, self._table(), ((),))[0])


# Divergences: sums of terms where these hardly cancel, else with the largest concentration and the totals together.


@kernel
def rough_term(a, c):
    return deviance(c, a) + beyond_deviance(c, a), a, c, abs(c - a)


@kernel
def rough_total(parts, total, other, moved):
    taken, gap = deviance(other, total) + beyond_deviance(other, total), abs(other - total)
    value = parts - taken
    # The rounding of the sums moves the result by their distance: no more than that of concentrations that move apart.
    apart = 2.0 * gap <= moved or gap <= LOSS * value
    return value if parts + taken <= LOSS * value and apart else NAN


@kernel
def largest_and_rests(a, c):
    """The place of the largest number of a row, and what all others of it and of a second row sum to."""
    top, rest, other_rest = 0, 0.0, 0.0
    for k in range(len(a)):
        top = k if a[k] > a[top] else top
    for k in range(len(a)):
        rest += a[k] if k != top else 0.0
        other_rest += c[k] if k != top else 0.0
    return top, rest, other_rest


@kernel(heavy=True)
def divergence(a, c):
    top, rest, other_rest = largest_and_rests(a, c)
    scale = (c[top] + other_rest) / (a[top] + rest)
    value = share_divergence(c[top], other_rest, a[top], rest)
    for k in range(len(a)):
        value += part_divergence(c[k], a[k], scale) if k != top else 0.0
    return value


@kernel(heavy=True)
def divergence_slopes(a, c, value, in_a, in_c):
    top, rest, other_rest = largest_and_rests(a, c)
    total, other = a[top] + rest, c[top] + other_rest
    in_other, in_total = total_slopes(other, total)
    for k in range(len(a)):
        if k == top:
            in_c[k], in_a[k] = share_slopes(c[k], other_rest, a[k], rest)
        else:
            in_c[k], in_a[k] = part_slopes(c[k], a[k], other / total, in_other, in_total)


def _divergence(p: Batch, q: Batch) -> Any:
    return row_pairs.careful(Sum(rough_term, rough_total, 4, (p, q)), OfRows(divergence, (p, q)))


def kl_dirichlet(p: Dirichlet, q: Dirichlet, shape: tuple[int, ...]) -> Any:
    return _divergence(Batch(p.concentration, shape), Batch(q.concentration, shape))


def kl_dirichlet_and_grad(p: Dirichlet, q: Dirichlet, shape: tuple[int, ...]) -> tuple[Any, Any, Any]:
    first, second = Batch(p.concentration, shape), Batch(q.concentration, shape)
    value = _divergence(first, second)
    in_p, in_q = row_pairs.slopes(divergence_slopes, value, first, second)
    return value, {"concentration": in_p}, {"concentration": in_q}


@kernel
def _gamma_divergence(a, b):
    """Between gamma variates of these concentrations."""
    return gammaln(b) - gammaln(a) + (a - b) * digamma(a)


def _moving_divergence(p: Any, q: Any, shape: tuple[int, ...]) -> Any:
    """That of the numbers as if they were gamma variates, less that of their sums."""
    first, second = (argument(d, "concentration", d._plain._parameters["concentration"]) for d in (p, q))

    def of(a: Any, b: Any) -> Any:
        shape = np.broadcast_shapes(np.shape(a), np.shape(b))
        return applied(_gamma_divergence, (a, b), shape, F64, "kl_divergence")[0]

    return np.sum(of(first, second), axis=-1) - of(np.sum(first, axis=-1), np.sum(second, axis=-1))


register_kl(Dirichlet, Dirichlet)(Whole(kl_dirichlet, kl_dirichlet_and_grad, on_device=True, moving=_moving_divergence))
