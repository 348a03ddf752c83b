"""Formulas of mixtures of numbers: densities, tails, quantiles and draws, as texts over those of the components.

A text walks over the components, because their number is known at run time only; components of weight 0 are passed
over, so that nothing of theirs can spoil a sum. A weight may be so small that only its logarithm is not 0.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from math import exp, expm1, floor, log, log1p
from types import FunctionType
from typing import Any

import numpy as np

from fastdist.composition import executed
from fastdist.engine.bits import bits_float, float_bits, to_int
from fastdist.engine.evaluate import Constants
from fastdist.engine.kernel import expression, filled, kernel
from fastdist.mixtures.pool import OWN, Pool, called, indented, named, row_kernel
from fastdist.random.philox import normal_at, uniform_at
from fastdist.random.sampling import Sampler

INF, NAN = float("inf"), float("nan")
LN2 = 0.6931471805599453
EPSILON = 2.0**-53


# Densities and tails ------------------------------------------------------------------------------

_LOG_SUM = """
def log_sum(x, c):
    top, total = -INF, 0.0
    for k in range(len(c[0])):
        if c[1][k] > -INF:
{term}
            t = c[1][k] + t
            if t > top:
                total = total * exp(top - t) + 1.0
                top = t
            elif t > -INF:
                total += exp(t - top)
            elif t != t:
                return t
    return top + log(total) if -INF < top < INF else top
"""

# The rounded weights are added up as their products are: so a cdf whose terms have all come to 1 is 1.
_MEAN = """
def mean(x, c):
    total, weights = 0.0, 0.0
    for k in range(len(c[0])):
        if c[0][k] > 0.0:
{term}
            total += c[0][k] * t
            weights += c[0][k]
    return total / weights
"""


def log_sum(pool: Pool, method: str) -> FunctionType:
    """The log of the sum of weights times the exponentials of a method's results."""
    source = _LOG_SUM.format(term=indented(3, called(pool, "t", "AT")))
    return row_kernel(source, "log_sum", exp=exp, log=log, **named("AT", pool.formulas(method)))


def mean(pool: Pool, method: str) -> FunctionType:
    """The mean of a method's results."""
    source = _MEAN.format(term=indented(3, called(pool, "t", "AT")))
    return row_kernel(source, "mean", **named("AT", pool.formulas(method)))


@kernel
def log_of_sum(x, c, w):
    """The same from the results of all components, as a formula of :class:`fastdist.engine.row_programs.RowProgram`.

    The last of the constants are the logs of the weights.
    """
    logs = c[len(c) - 1]
    top, total = -INF, 0.0
    for k in range(len(x)):
        t = logs[k] + x[k] if logs[k] > -INF else -INF
        total = NAN if t != t else total
        top = t if t > top else top
    for k in range(len(x)):
        total += exp(logs[k] + x[k] - top) if logs[k] > -INF and -INF < top < INF else 0.0
    return top + log(total) if -INF < top < INF or total != total else top


@kernel
def log_tail(own, other):
    """The log of a tail, from the sum of logs and from the other tail where that is the smaller one."""
    return own if not own >= -LN2 else log1p(-other) + 0.0


# Quantiles ----------------------------------------------------------------------------------------


def of_the_mixture(*_: Any) -> Any:
    """In the place of a formula that :func:`fastdist.engine.kernel.filled` puts in."""
    raise NotImplementedError("a template: fastdist.mixtures.formulas puts the formulas of a mixture in")


CDF = SF = DENSITY = SOLVE = of_the_mixture


@kernel
def ordered(x):
    """An integer that grows with x, by 1 from one float to the next."""
    n = float_bits(x)
    return n if n >= 0 else -(n & 0x7FFFFFFFFFFFFFFF)


@kernel
def middle(low, high, turn):
    """A number between two others: by turns half of their sum, and what has as many floats on either side."""
    a = 0.5 * low + 0.5 * high
    n = ordered(low) // 2 + ordered(high) // 2
    b = bits_float(n) if n >= 0 else -bits_float(-n)
    first, second = (a, b) if turn % 2 == 0 else (b, a)
    return first if low < first < high else second


@kernel(heavy=True)
def solve(low, high, x, goal, from_below, c):
    """The smallest number between two others at which a tail has come to a goal.

    Newton's method on the log of the tail, in a bracket that is halved where a step leaves it or does not shrink. A
    tail that rounding cannot tell from the goal is the last, unless it stays so for long: then it is flat, and the
    bracket is halved until nothing is left.
    """
    before = INF
    for turn in range(400):
        if not low < x < high:
            x = middle(low, high, turn)
            if not low < x < high:
                return high
        room = x - low if x - low < high - x else high - x
        tail = CDF(x, c) if from_below else SF(x, c)
        if (tail < goal) if from_below else (tail > goal):
            low = x
        else:
            high = x
        density = DENSITY(x, c)
        step = tail * log(tail / goal) / density
        step = -step if from_below else step
        rounding = 8.0 * EPSILON * goal
        loose = rounding / density
        if abs(tail - goal) <= rounding and (loose <= 1e-6 * room or loose <= 1e-12 * abs(x)):
            return x
        if 0.0 < abs(step) <= EPSILON * abs(x):
            return x
        if abs(step) < 0.5 * before:
            before = abs(step)
            x = x + step
        else:
            before = INF
            x = middle(low, high, turn)
    return x


@kernel(heavy=True)
def solve_count(low, high, p, upper, c):
    """The smallest integer whose cdf reaches p, or whose tail is at most p if `upper`; about between two others."""
    low = low - 1.0
    step = 1.0
    while high < INF and not (SF(high, c) <= p if upper else CDF(high, c) >= p):
        low = high
        high = high + step
        step = 2.0 * step
    step = 1.0
    while low > -INF and (SF(low, c) <= p if upper else CDF(low, c) >= p):
        high = low
        low = low - step
        step = 2.0 * step
    while high - low > 1.0:
        k = low + floor(0.5 * (high - low))
        if not low < k < high:  # beyond 2**53 counts are further apart than 1
            break
        if SF(k, c) <= p if upper else CDF(k, c) >= p:
            high = k
        else:
            low = k
    return high


_QUANTILE = """
def quantile(p, c, upper):
    low, high, start = INF, -INF, 0.0
    for k in range(len(c[0])):
        if c[0][k] > 0.0:
            if upper:
{above}
            else:
{below}
            if q != q:
                return q
            low = q if q < low else low
            high = q if q > high else high
            start += c[0][k] * q
    if p <= 0.0:
        return high if upper else low
    if p >= 1.0:
        return low if upper else high
    {last}
"""

# At p and at 1 - p, whichever is the smaller, of the tail that belongs to it.
_CONTINUOUS = (
    "return SOLVE(low, high, start, p if p <= 0.5 else 1.0 - p, (p <= 0.5) != upper, c) if low < high else low"
)
_DISCRETE = "return SOLVE(low, high, p, upper, c)"


def quantiles(pool: Pool, discrete: bool, cdf: FunctionType, sf: FunctionType) -> dict[str, FunctionType]:
    """The kernels `icdf` and `isf`: the quantiles of the components are a bracket."""
    if discrete:
        solver = filled(solve_count, CDF=cdf, SF=sf)
    else:
        solver = filled(solve, CDF=cdf, SF=sf, DENSITY=mean(pool, "prob"))
    source = _QUANTILE.format(
        above=indented(4, called(pool, "q", "ISF", "p")),
        below=indented(4, called(pool, "q", "ICDF", "p")),
        last=_DISCRETE if discrete else _CONTINUOUS,
    )
    names = {**named("ICDF", pool.formulas("icdf")), **named("ISF", pool.formulas("isf"))}
    quantile = row_kernel(source, "quantile", SOLVE=solver, **names)
    return {
        "icdf": expression("f(p, c, False)", "p, c", f=quantile),
        "isf": expression("f(p, c, True)", "p, c", f=quantile),
    }


# Gradients ----------------------------------------------------------------------------------------

# Each result of a parameter is a row over the components; that in the weights comes first, after that in the value.

_LOG_PROB_AND_GRAD = """
def formula(x, c, w, {results}):
    v, inner, shares, top = x[0], w[0], w[1], -INF
    for k in range(len(c[0])):
{term}
        in_weight[k] = f
        inner[k] = u
        shares[k] = c[1][k] + f if c[1][k] > -INF else -INF
        top = shares[k] if shares[k] > top else top
    if not top > -INF:
        nothing = 0.0 if v == v else NAN
        for k in range(len(c[0])):
            in_weight[k] = nothing
{nothing}
{outside}
        return top if v == v else v
    total = 0.0
    for k in range(len(c[0])):
        # Where densities are infinite, those count alone.
        shares[k] = exp(shares[k] - top) if top < INF else (1.0 if shares[k] == INF else 0.0)
        total += shares[k]
    whole, slope = top + log(total), 0.0
    for k in range(len(c[0])):
        share = shares[k] / total
        gap = in_weight[k] - whole if whole < INF else 0.0
        in_weight[k] = {in_weight}
        slope += share * inner[k] if share > 0.0 else 0.0
{scaled}
{last}
    return whole
"""


@kernel
def in_prob(share, weight, gap):
    """A component's density less that of the mixture, relative to the latter, from its share or the gap of the logs."""
    far = weight > 0.0 and not 0.5 * weight < share < 2.0 * weight
    return share / weight - 1.0 if far else expm1(gap)


@kernel
def in_logit(share, weight, gap):
    """The same times the weight."""
    return weight * expm1(gap) if 0.5 * weight < share < 2.0 * weight else share - weight


_CDF_AND_GRAD = """
def formula(x, c, w, {results}):
    v, inner, above = x[0], w[0], w[1]
    below, beyond, slope = 0.0, 0.0, 0.0
    weights = 0.0
    for k in range(len(c[0])):
{term}
{rest}
        in_weight[k] = f
        above[k] = s
        if c[0][k] > 0.0:
            weights += c[0][k]
            below += c[0][k] * f
            beyond += c[0][k] * s
            slope += c[0][k] * u
{scaled}
    below, beyond = below / weights, beyond / weights
    for k in range(len(c[0])):
        gap = in_weight[k] - below if below < 0.5 else beyond - above[k]
        in_weight[k] = {in_weight}
{last}
    return below if v == v else v
"""

# What moves a draw so that its cdf value stays. In the weights the density may be 0 or infinite at an end.
_SAMPLE_GRAD = """
def formula(x, c, w, {results}):
    v, above, shares = x[0], w[0], w[1]
    below, beyond, top, weights = 0.0, 0.0, -INF, 0.0
    for k in range(len(c[0])):
{density}
{cdf}
{sf}
        in_weight[k] = f
        above[k] = s
        shares[k] = c[1][k] + t if c[0][k] > 0.0 else -INF
        top = shares[k] if shares[k] > top else top
        if c[0][k] > 0.0:
            weights += c[0][k]
            below += c[0][k] * f
            beyond += c[0][k] * s
{moved}
    below, beyond = below / weights, beyond / weights
    total = 0.0
    for k in range(len(c[0])):
        total += exp(shares[k] - top) if -INF < top < INF else 0.0
    whole = top + log(total) if -INF < top < INF else top
    inverse = exp(-whole)
    for k in range(len(c[0])):
        gap = below - in_weight[k] if below < 0.5 else above[k] - beyond
        share = exp(shares[k] - whole) if -INF < whole < INF else (1.0 if shares[k] == top else 0.0)
        in_weight[k] = {in_weight}
{scaled}
    return 0.0
"""


def _results(pool: Pool, in_value: bool) -> tuple[list[str], list[str]]:
    """The names of the rows of derivatives, and of those in the components' parameters."""
    own = [f"g{i}" for i in range(max(kind.parameters for kind in pool.kinds))]
    return [*(["in_value"] if in_value else []), "in_weight", *own], own


def _filled(pool: Pool, name: str, in_value: bool, own: list[str], first: bool = True) -> list[str]:
    """Statements that set f, u and the rows of derivatives at k to what a component's formula gives."""
    lines = []
    for number, kind in enumerate(pool.kinds):
        slopes = [f"p{i}" for i in range(kind.parameters)]
        leading = ["f", *(["u"] if in_value else [])] if first else []
        constants = "".join(f"c[{OWN + i}][k], " for i in range(pool.sizes[number]))
        body = [f"{', '.join([*leading, *slopes])} = {name}{number}(v, ({constants}))"]
        body += [] if in_value or not first else ["u = 0.0"]
        body += [f"{g}[k] = {slopes[i] if i < len(slopes) else '0.0'}" for i, g in enumerate(own)]
        lines += _branch(pool, number, body)
    return lines


def _branch(pool: Pool, number: int, body: list[str]) -> list[str]:
    """Statements for components of one kind."""
    if len(pool.kinds) == 1:
        return body
    tests = {0: "if c[2][k] == 0.0:", len(pool.kinds) - 1: "else:"}
    return [tests.get(number, f"elif c[2][k] == {float(number)}:"), *(f"    {line}" for line in body)]


def _row(source: str, results: list[str], **texts: Any) -> str:
    texts = {key: value if isinstance(value, str) else indented(2, value) for key, value in texts.items()}
    return source.format(results=", ".join(results), **texts)


def _outputs(pool: Pool, more: int) -> list[int]:
    return [more + kind.parameters for kind in pool.kinds]


def log_prob_and_grad(pool: Pool, continuous: bool, by_logits: bool) -> FunctionType:
    """The log density with its derivatives, as a formula of :class:`fastdist.engine.row_programs.RowProgram`."""
    results, own = _results(pool, continuous)
    source = _row(
        _LOG_PROB_AND_GRAD,
        results,
        term=_filled(pool, "GRAD", continuous, own),
        nothing=indented(3, [f"{g}[k] = nothing" for g in own]),
        outside="        in_value[0] = nothing" if continuous else "",
        in_weight="IN_WEIGHT(share, c[0][k], gap)",
        scaled=[f"{g}[k] = share * {g}[k] if share > 0.0 else 0.0" for g in own],
        last="    in_value[0] = slope" if continuous else "",
    )
    names = named("GRAD", pool.formulas("log_prob_and_grad", _outputs(pool, 1 + continuous)))
    return row_kernel(source, "formula", exp=exp, log=log, IN_WEIGHT=in_logit if by_logits else in_prob, **names)


def cdf_and_grad(pool: Pool, continuous: bool, by_logits: bool) -> FunctionType:
    """The cdf with its derivatives, likewise."""
    results, own = _results(pool, continuous)
    source = _row(
        _CDF_AND_GRAD,
        results,
        term=_filled(pool, "GRAD", continuous, own),
        rest=called(pool, "s", "SF", "v"),
        scaled=[f"{g}[k] = c[0][k] * {g}[k] if c[0][k] > 0.0 else 0.0" for g in own],
        in_weight="c[0][k] * gap" if by_logits else "gap",
        last="    in_value[0] = slope" if continuous else "",
    )
    names = named("GRAD", pool.formulas("cdf_and_grad", _outputs(pool, 1 + continuous)))
    return row_kernel(source, "formula", **names, **named("SF", pool.formulas("sf")))


def sample_grad(pool: Pool, by_logits: bool) -> FunctionType:
    """The derivatives of draws, likewise: in a component's parameters its own, times its share of the density."""
    results, own = _results(pool, False)
    source = _row(
        _SAMPLE_GRAD,
        results,
        density=called(pool, "t", "LOG_PROB", "v"),
        cdf=called(pool, "f", "CDF", "v"),
        sf=called(pool, "s", "SF", "v"),
        moved=[
            "if shares[k] > -INF:",
            *(f"    {line}" for line in _filled(pool, "MOVED", False, own, first=False)),
            "else:",
            *(f"    {g}[k] = 0.0" for g in own),
        ],
        in_weight="c[0][k] * gap * inverse" if by_logits else "gap * inverse",
        scaled=[f"{g}[k] = share * {g}[k] if share != 0.0 else 0.0" for g in own],
    )
    names = {
        **named("LOG_PROB", pool.formulas("log_prob")),
        **named("CDF", pool.formulas("cdf")),
        **named("SF", pool.formulas("sf")),
        **named("MOVED", pool.unguarded("sample_grad")),
    }
    return row_kernel(source, "formula", exp=exp, log=log, **names)


# Draws --------------------------------------------------------------------------------------------

# The rows of draws are those of an alias table in place of the weights and their logarithms.

_DRAW = """
def draw(noise, c):
    cell = noise[{choice}] * len(c[0])
    i = to_int(cell)
    k = i if cell - i < c[0][i] else to_int(c[1][i])
{draw}
    return x
"""


class MixtureSampler(Sampler):
    """Draws of the component that the first uniform has chosen: it stays chosen when its proposal is rejected.

    The first, because some samplers of a family take more uniforms than others: so all of them choose alike.
    """

    def __init__(self, pool: Pool, samplers: Sequence[Sampler]) -> None:
        normals = max(s._noise[0] for s in samplers)
        uniforms = max(s._noise[1] for s in samplers)
        lines = []
        for number, s in enumerate(samplers):
            places = [*range(s._noise[0]), *range(normals + 1, normals + 1 + s._noise[1])]
            noise = "".join(f"noise[{i}], " for i in places)
            constants = "".join(f"c[{OWN + i}][k], " for i in range(pool.sizes[number]))
            body = [f"x = DRAW{number}(({noise}), ({constants}))"]
            lines += _branch(pool, number, body)
        source = _DRAW.format(choice=normals, draw=indented(1, lines))
        names: dict[str, Any] = {f"DRAW{number}": s.formula for number, s in enumerate(samplers)}
        formula = executed(source, "draw", to_int=to_int, **names)
        super().__init__(formula, normals, uniforms + 1, any(s.rejects for s in samplers))

    def one(self, constants: Constants, dtype: np.dtype) -> Any:
        """As that of :class:`Sampler`."""
        return self.program.one(constants.shape, dtype, self._again)

    @property
    def redraw(self) -> Any:
        """As that of :class:`Sampler`."""
        return self._again if self.rejects else None

    @functools.cached_property
    def _again(self) -> Any:
        """A kernel that draws one element's noise again, but for the choice."""
        normals, uniforms = self._noise
        count = normals + uniforms
        calls = [f"normal_at(k, attempt, SLOT{i}, k0, k1)" for i in range(normals)]
        calls.append(f"uniform_at(k, ZERO, SLOT{normals}, k0, k1)")
        calls += [f"uniform_at(k, attempt, SLOT{i}, k0, k1)" for i in range(normals + 1, count)]
        names: dict[str, Any] = {f"SLOT{i}": np.uint64(i) for i in range(count)}
        names.update(normal_at=normal_at, uniform_at=uniform_at, ZERO=np.uint64(0))
        return expression(f"({', '.join(calls)},)", "k, attempt, k0, k1", **names)
