"""What distributions on the integers share: exact quantiles, entropies by summation, and tables.

A family gives its mass and its tails; :func:`quantiles` makes the inverses of them and :func:`entropy` the sum.
One frozen distribution whose mass lies on few counts is tabulated when a large array first asks for it: the
table holds what the formulas give, so that a long and a short call agree to the last bit.
"""

from __future__ import annotations

from math import ceil, exp, floor, log, prod
from types import FunctionType
from typing import Any

import numpy as np

from fastdist.engine import evaluate
from fastdist.engine.bits import to_int
from fastdist.engine.evaluate import Constants
from fastdist.engine.kernel import expression, filled, kernel
from fastdist.engine.loops import Program
from fastdist.random.alias import ALIAS, alias_tables
from fastdist.random.sampling import Sampler
from fastdist.special.normal import ndtri
from fastdist.special.quadrature import even_stride

INF, NAN = float("inf"), float("nan")

# Steps of Newton's method before a quantile's bracket is halved.
STEPS = 6
# A sum over counts moves in strides where this many of them span the spread: then Poisson's summation formula
# leaves an error of exp(-2 pi**2 RESOLVED**2), for a mass that is as smooth as a bell.
RESOLVED = 4.0

# A spread that is as large, and that is that much smaller than the centre, is one of a normal distribution to the last
# digit: what a bell differs from it by goes with the square of either.
AS_NORMAL = 1e8
# Of a bell as wide, and with cumulants as small, the entropy is that of a normal distribution less a twelfth of the
# square of the skewness: what is left goes with the square of that, or of the kurtosis. The sum would do, but not what
# it moves with: in the derivatives of its terms as many digits cancel as the spread has.
BROAD, SLIGHT, ENTROPY_OF_NORMAL = 1e4, 1e-8, 1.4189385332046727
# How far floats are apart at most, relative to their size.
ULP = 2.0**-52

# A table has at most so many counts, and half as many as the values that ask for it first.
LONGEST, SHARE = 4096, 2
# Draws come from a table of at most so many: it is made before the first draw, even of one.
LONGEST_ALIAS = 1024
# From here on not every integer is a float.
INEXACT = 2.0**53
# Below this mass a count is as good as never drawn.
NEVER = 1e-20
# Where a quantile is looked for in a table is read off one of so many cells.
CELLS = 2048
# From so many values on it pays to look them up in a table that is there.
FEW = 64


def of_the_family(*_: Any) -> Any:
    """In the place of a formula that :func:`fastdist.engine.kernel.filled` puts in."""
    raise NotImplementedError("a template: fastdist.lattice puts the formulas of a family in")


CDF = SF = GUESS = ENDS = LOG_PROB = of_the_family


@kernel
def spacing(k):
    """How far counts of the size of k are apart at least: beyond 2**53 further than 1."""
    return even_stride(abs(k) * ULP)


@kernel(heavy=True)
def _smallest(p, c, upper):
    """The smallest count whose cdf reaches p, or whose tail is at most p if `upper`."""
    first, last = ENDS(c)
    low, high = first - 1.0, last
    z = -ndtri(p) if upper else ndtri(p)
    k, width = GUESS(z, c)
    k = floor(k)
    k = k if k > first else first
    k = k if k < last else last - 1.0
    step, steps = spacing(k), 0
    while high - low > 1.0:
        tail = SF(k, c) if upper else CDF(k, c)
        off = (z + ndtri(tail) if upper else z - ndtri(tail)) * width
        if tail <= p if upper else tail >= p:
            high = k
            move = floor(off) if -INF < off < -step else -step
        else:
            low = k
            move = ceil(off) if step < off < INF else step
        steps += 1
        step = 2.0 * step if steps > 2 else step
        k = k + move
        if not low < k < high or (steps > STEPS and high - low < INF):
            k = low + floor(0.5 * (high - low)) if high < INF else low + step
        if not low < k < high:  # beyond 2**53 counts are further apart than 1
            break
    return high


def quantiles(cdf: FunctionType, sf: FunctionType, guess: FunctionType, ends: FunctionType) -> dict[str, Any]:
    """The kernels `icdf` and `isf`: the smallest integer, exactly, by the family's own tails.

    Parameters
    ----------
    cdf, sf : function
        Of ``(x, c)``.
    guess : function
        ``guess(z, c)`` gives about the quantile of the standard normal quantile z, and its slope in z.
    ends : function
        ``ends(c)``: the lowest and the highest integer of the support.
    """
    smallest = filled(_smallest, CDF=cdf, SF=sf, GUESS=guess, ENDS=ends)
    return {
        "icdf": expression("smallest(p, c, False)", "p, c", smallest=smallest),
        "isf": expression("smallest(p, c, True)", "p, c", smallest=smallest),
    }


@kernel
def whole_line(c):
    """The ends of a support that are those of the nonnegative integers."""
    return 0.0, INF


@kernel(heavy=True)
def _side(c, start, end, stride, spread, total):
    """The sum of -p log p from `start` to `end`, added to `total`: as far as anything is added."""
    k, moved = start, 0.0
    while k <= end if stride > 0.0 else k >= end:
        log_p = LOG_PROB(k, c)
        term = -exp(log_p) * log_p if log_p > -745.0 else 0.0
        total += term
        if term <= 1e-19 * total and abs(moved) > 2.0 * spread + 2.0:
            break
        moved += stride
        k = start + moved
    return total


@kernel(heavy=True)
def _entropy(c, low, high, centre, spread, skewness, kurtosis):
    """The entropy, by summation from the centre to both sides where the mass is not that of a normal distribution."""
    if not spread < INF:
        return NAN
    if spread == 0.0:
        return spread  # of a point mass, and infinitely fast it grows with what spreads that
    square = skewness * skewness
    if spread > BROAD and square < SLIGHT and abs(kurtosis) < SLIGHT:
        return log(spread) + (ENTROPY_OF_NORMAL - square / 12.0)
    stride = even_stride(spread / RESOLVED)
    middle = stride * floor(centre / stride)
    middle = middle if middle > low else low
    middle = middle if middle < high else high
    total = SIDE(c, middle, high, stride, spread, 0.0)
    return stride * SIDE(c, middle - stride, low, -stride, spread, total)


SIDE = _side


def entropy(
    prepare: FunctionType, log_prob: FunctionType, extent: FunctionType, skewness: FunctionType, kurtosis: FunctionType
) -> FunctionType:
    """The kernel of the entropy of a bell-shaped mass, from the parameters.

    Parameters
    ----------
    prepare, log_prob : function
        The constants, and the log mass over them.
    extent : function
        ``extent(*parameters)``: the ends of the support, the centre of the mass, and its standard deviation.
    skewness, kurtosis : function
        Of the parameters, too.
    """
    summed = filled(_entropy, SIDE=filled(_side, LOG_PROB=log_prob))
    names = ", ".join(prepare.__code__.co_varnames[: prepare.__code__.co_argcount])
    text = f"summed(prepare({names}), *extent({names}), skewness({names}), kurtosis({names}))"
    return expression(text, names, summed=summed, prepare=prepare, extent=extent, skewness=skewness, kurtosis=kurtosis)


# Tables ---------------------------------------------------------------------------------------------

# A table is one row: its first count, then what it says of each.


@kernel
def _mass(x, c):
    """The entry of a count; NaN for what is none or is not in the table."""
    place = x - c[0][0]
    inside = place >= 0.0 and place < len(c[0]) - 1.0 and x == floor(x)
    return c[0][to_int(place) + 1 if inside else 0] if inside else NAN


@kernel
def _tail(x, c):
    """The entry of the last count at or below x."""
    place = floor(x) - c[0][0]
    inside = place >= 0.0 and place < len(c[0]) - 1.0
    return c[0][to_int(place) + 1 if inside else 0] if inside else NAN


# For quantiles the first count, and whether it is not the support's first, are followed by the places from
# which each cell of probabilities is searched, and by the tail.


@kernel(heavy=True)
def _icdf(p, c):
    row = c[0]
    if not 0.0 < p < 1.0:
        return NAN
    k = to_int(row[2 + to_int(p * CELLS)])
    begin = 2 + CELLS
    while begin + k < len(row) and row[begin + k] < p:
        k += 1
    return row[0] + k if begin + k < len(row) and (k > 0 or row[1] == 0.0) else NAN


@kernel(heavy=True)
def _isf(q, c):
    row = c[0]
    if not 0.0 < q < 1.0:
        return NAN
    k = to_int(row[2 + to_int(q * CELLS)])
    begin = 2 + CELLS
    while begin + k < len(row) and row[begin + k] > q:
        k += 1
    return row[0] + k if begin + k < len(row) and (k > 0 or row[1] == 0.0) else NAN


_PROGRAMS = {
    **{name: Program("lookup", _mass) for name in ("log_prob", "prob")},
    **{name: Program("lookup", _tail) for name in ("cdf", "sf", "log_cdf", "log_sf")},
    "icdf": Program("lookup", _icdf),
    "isf": Program("lookup", _isf),
}
TABULATED = tuple(_PROGRAMS)


def _counts(d: Any, longest: int) -> tuple[float, float] | None:
    """The first and the last count that is ever drawn, if there are at most `longest`."""
    first, last = float(np.min(d.support.lower)), float(np.max(d.support.upper))
    if last - first < longest:
        return (first, last) if max(abs(first), abs(last)) < INEXACT else None
    centre, spread = float(d.mean()), float(d.stddev())
    reach = 12.0 * spread + 40.0
    if not (2.0 * spread < longest and abs(centre) + reach < INEXACT):
        return None
    low, high = max(first, np.floor(centre - reach)), min(last, np.ceil(centre + reach))
    while high - low < longest:
        more_below, more_above = low > first and d.prob(low) > NEVER, high < last and d.prob(high) > NEVER
        if not more_below and not more_above:
            return low, high
        low = max(first, low - (high - low)) if more_below else low
        high = min(last, high + (high - low)) if more_above else high
    return None


def quick(d: Any, name: str, n: int) -> tuple[Program, Constants] | None:
    """What looks up a method of an unbatched `d` for `n` values, if that pays."""
    known = d._interpolants
    if name not in known:
        if n < FEW:
            return None
        if "counts" not in known:
            known["counts"] = _counts(d, LONGEST)
        counts = known["counts"]
        if counts is None or SHARE * (counts[1] - counts[0] + 1.0) > n:
            return None
        known[name] = Constants(_table(d, name, *counts).reshape(1, 1, -1), ())
    return (_PROGRAMS[name], known[name]) if n >= FEW else None


def counts_in_table(d: Any, name: str, value: Any) -> np.ndarray | None:
    """The counts in the table of a mass or a tail of `d`, if a table of its slopes pays for `value`."""
    if not getattr(getattr(d, "kernels", None), "tabulated", False) or d.batch_shape or d._place is not None:
        return None
    found = quick(d, name, prod(np.shape(value)))
    if found is None:
        return None
    row = found[1].array[0, 0]
    return row[0] + np.arange(len(row) - 1.0) if SHARE * (len(row) - 1) <= prod(np.shape(value)) else None


def gathered(d: Any, name: str, counts: np.ndarray, entries: np.ndarray, value: Any) -> Any:
    """Of each value the entry that a method has for it; NaN where there is none."""
    table = Constants(np.concatenate([counts[:1], entries]).reshape(1, 1, -1), ())
    return evaluate.pointwise(_PROGRAMS[name], value, table, d.dtype, d._weak, name)


def _table(d: Any, name: str, low: float, high: float) -> np.ndarray:
    k = np.arange(low, high + 1.0)
    if name not in ("icdf", "isf"):
        return np.concatenate(([low], np.asarray(getattr(d, name)(k), np.float64)))
    cells = np.arange(CELLS + 0.0) / CELLS
    if name == "icdf":
        tail = np.maximum.accumulate(np.asarray(d.cdf(k), np.float64))
        places = np.searchsorted(tail, cells)
    else:
        tail = np.minimum.accumulate(np.asarray(d.sf(k), np.float64))
        places = np.searchsorted(-tail, -(cells + 1.0 / CELLS))
    return np.concatenate(([low, low > d.support.lower], places, tail))


def sampling(d: Any) -> tuple[Sampler, Constants] | None:
    """Draws of an unbatched `d` from an alias table, if it has few counts."""
    known = d._constants
    if ALIAS not in known:
        counts = _counts(d, LONGEST_ALIAS)
        if counts is None or counts[1] < counts[0]:  # none at all, of parameters that are not valid
            known[ALIAS] = None
        else:
            masses = np.asarray(d.prob(np.arange(counts[0], counts[1] + 1.0)), np.float64)
            known[ALIAS] = alias_tables(masses[np.newaxis], (), counts[0])
    return None if known[ALIAS] is None else (ALIAS, known[ALIAS])
