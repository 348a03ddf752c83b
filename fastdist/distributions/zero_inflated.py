"""Counts with extra zeros."""

from __future__ import annotations

import functools
from collections.abc import Callable
from math import exp, inf, log, log1p, sqrt
from typing import Any

import numpy as np

from fastdist import composition, constraints
from fastdist.composition import Composite, Layout, executed, guarded
from fastdist.distribution import Distribution
from fastdist.engine.bits import bits_float, float_bits, fma
from fastdist.engine.kernel import filled, kernel
from fastdist.engine.pairs import derivative
from fastdist.kernels import Kernels
from fastdist.parameter import Parameter, wants_checks
from fastdist.random.sampling import Sampler
from fastdist.special.logs import logaddexp

INF, NAN = float("inf"), float("nan")
BELOW_ONE = 1.0 - 2.0**-53
ONE_BITS = 0x3FF0000000000000


# The mass at 0 ------------------------------------------------------------------------------------


@kernel
def log_zero(gate, log_p, tail):
    """log P(0) from the base's log mass at 0 and its tail above."""
    others = (1.0 - gate) * tail
    return log1p(-others) if others < 0.5 else logaddexp(log(gate), log1p(-gate) + log_p)


@derivative(log_zero)
@kernel
def log_zero_slopes(log_total, gate, log_p, tail):
    """In the gate, and in the base's log mass, with which its tail moves."""
    share = exp(log1p(-gate) + log_p - log_total) if log_p > -INF and gate < 1.0 else 0.0
    return exp(log(tail) - log_total), share, 0.0


@kernel
def zero_slopes(gate, log_p, tail):
    """log P(0), what its derivative has of that of the base's log mass, and the derivative in the gate."""
    log_total = log_zero(gate, log_p, tail)
    in_gate, share, _ = log_zero_slopes(log_total, gate, log_p, tail)
    return log_total, share, in_gate


# Tails and quantiles ------------------------------------------------------------------------------

# Constants begin with the upper end of the support, the gate, the rest 1 - gate, and its log.
OWN = 4


def of_the_base(*_: Any) -> Any:
    """In the place of a formula that :func:`fastdist.engine.kernel.filled` puts in."""
    raise NotImplementedError("a template: fastdist.distributions.zero_inflated puts the formulas of a base in")


CDF = SF = LOG_CDF = LOG_SF = ICDF = ISF = of_the_base


@kernel
def cdf(x, c, below):
    return fma(c[2], CDF(x, below), c[1])


@kernel
def sf(x, c, above):
    return c[2] * SF(x, above)


@kernel
def log_cdf(x, c, log_below, above):
    tail = c[2] * SF(x, above)
    return log1p(-tail) if tail < 0.5 else logaddexp(log(c[1]), c[3] + LOG_CDF(x, log_below))


@kernel
def log_sf(x, c, log_above):
    return c[3] + LOG_SF(x, log_above)


@kernel(heavy=True)
def level(goal, gate, rest):
    """The smallest number from 0 to 1 that gate + rest * it, as the cdf is rounded, lifts to the goal.

    The quotient is a few roundings off. Positive floats are ordered as their bits are: a bracket around it is
    widened, and then halved until its ends are neighbours.
    """
    if not gate < goal:
        return 0.0 if gate >= goal else NAN
    start = (goal - gate) / rest
    low = float_bits(start if start < 1.0 else 1.0)
    high, step = low, 1
    if fma(rest, bits_float(low), gate) >= goal:
        while low > 0 and fma(rest, bits_float(low), gate) >= goal:
            high = low
            low = low - step if low > step else 0
            step = 2 * step
    else:
        while high < ONE_BITS and not fma(rest, bits_float(high), gate) >= goal:
            low = high
            high = high + step if high + step < ONE_BITS else ONE_BITS
            step = 2 * step
    while high - low > 1:
        middle = low + (high - low) // 2
        if fma(rest, bits_float(middle), gate) >= goal:
            high = middle
        else:
            low = middle
    return bits_float(high)


@kernel
def icdf(p, c, quantile):
    y = level(p, c[1], c[2])
    return ICDF(y if y < BELOW_ONE else BELOW_ONE, quantile) if y != 0.0 else 0.0


@kernel
def isf(q, c, quantile):
    """The base's at the largest tail that times the rest is q or less: the float before the smallest that is more."""
    if not c[2] > q:
        return 0.0 if c[2] <= q else NAN
    y = level(bits_float(float_bits(q) + 1), 0.0, c[2])
    return ISF(bits_float(float_bits(y) - 1), quantile)


# Summaries ----------------------------------------------------------------------------------------


@kernel
def mean(gate, m):
    rest = 1.0 - gate
    return 0.0 if rest == 0.0 and not m < INF else rest * m


@kernel
def variance(gate, m, v):
    rest = 1.0 - gate
    between = 0.0 if gate * rest == 0.0 and not m < INF else gate * m * (rest * m)
    return (0.0 if rest == 0.0 and not v < INF else rest * v) + between


@kernel
def parts(gate, m, v):
    """The base's standard deviation and mean over the root of what makes up the variance, v + gate m**2."""
    spread = sqrt(v)
    unit = m if m > spread else spread  # whose square may overflow
    w, r = spread / unit, m / unit
    whole = sqrt(w * w + gate * r * r)
    return w / whole, r / whole


@kernel
def skewness(gate, m, v, skew):
    if not gate < 1.0:
        return NAN
    w, r = parts(gate, m, v)
    own = w * w * w * skew if v > 0.0 else 0.0
    return (own + gate * r * (3.0 * w * w + (2.0 * gate - 1.0) * r * r)) / sqrt(1.0 - gate)


@kernel
def kurtosis(gate, m, v, skew, kurt):
    if not gate < 1.0:
        return NAN
    rest = 1.0 - gate
    w, r = parts(gate, m, v)
    own = w * w * w * (w * (kurt + 3.0) + 4.0 * gate * r * skew) if v > 0.0 else 0.0
    between = gate * r * r * (6.0 * gate * w * w + (gate * gate * gate + rest * rest * rest) * r * r)
    return (own + between) / rest - 3.0


@kernel
def mode(gate, log_total, highest, log_highest):
    return 0.0 if log_total >= log1p(-gate) + log_highest else highest


@kernel
def entropy(gate, log_p, tail, log_total, whole):
    """From the base's entropy less what its zeros add to that."""
    rest = 1.0 - gate
    others = rest * (whole + (exp(log_p) * log_p if log_p > -INF else 0.0))
    # Of a rest of 0 it is 0, and grows infinitely fast with that.
    others = others - rest * tail * log1p(-gate) if rest > 0.0 else sqrt(rest * tail)
    return others - (exp(log_total) * log_total if log_total > -INF else 0.0)


SUMMARIES = """
def zero({arguments}):
    log_p, tail = LOG_PROB(0.0, DENSITY({given})), SF(0.0, TAIL({given}))
    return log_p, tail, LOG_ZERO(gate, log_p, tail)

def mean({arguments}):
    return MIXED(gate, MEAN({given}))

def variance({arguments}):
    return MIXED(gate, MEAN({given}), VARIANCE({given}))

def skewness({arguments}):
    return MIXED(gate, MEAN({given}), VARIANCE({given}), SKEWNESS({given}))

def kurtosis({arguments}):
    return MIXED(gate, MEAN({given}), VARIANCE({given}), SKEWNESS({given}), KURTOSIS({given}))

def mode({arguments}):
    _, _, log_total = ZERO({arguments})
    highest = MODE({given})
    return MIXED(gate, log_total, highest, LOG_PROB(highest, DENSITY({given})))

def entropy({arguments}):
    log_p, tail, log_total = ZERO({arguments})
    return MIXED(gate, log_p, tail, log_total, ENTROPY({given}))
"""


# Composition --------------------------------------------------------------------------------------

TAILS = ("cdf", "sf", "log_cdf", "log_sf", "icdf", "isf")


def composed(base: type[Distribution]) -> Kernels:
    """The formulas of a zero-inflated distribution, from those of its base."""
    kernels, support = base.kernels, base.support
    n = len(base._family._parameters)
    own = [f"p{i}" for i in range(n)]
    flag = ["flag"] if base._family._choice else []
    given, arguments = ", ".join([*own, *flag]), ", ".join([*own, "gate", *flag])
    upper = "BOUNDS(b0)[1]" if support.upper is None else repr(support.upper).replace("inf", "INF")

    # The base's formulas, defined for every value: its support may begin above 0.
    formulas = {name.upper(): guarded(name, kernels, support, heavy=False) for name in ("log_prob", *TAILS)}

    def prepare(layout: Layout, statements: tuple[str, ...] = (), extra: str = "") -> Any:
        lines, preparing = layout.preparation(given)
        constants = f"({upper}, gate, 1.0 - gate, log1p(-gate), {extra}{layout.joined})"
        source = "\n    ".join([f"def prepare({arguments}):", *lines, *statements, f"return {constants}"])
        names = {**preparing, "BOUNDS": kernels.bounds, "LOG_ZERO": log_zero, "ZERO_SLOPES": zero_slopes}
        return executed(source, "prepare", **names, **formulas, log1p=log1p)

    def formula(text: str, first: str = "x", **names: Any) -> Any:
        return executed(f"def formula({first}, c):\n    return {text}", "formula", **names)

    density = Layout(base, ("log_prob", "sf"), OWN + 1)
    at_zero = f"LOG_PROB(0.0, {density.local('log_prob')}), SF(0.0, {density.local('sf')})"
    of_density = prepare(density, (f"log_total = LOG_ZERO(gate, {at_zero})",), "log_total, ")
    of_tails = prepare(layout := Layout(base, TAILS, OWN))
    log_prob = formula(f"c[4] if x == 0.0 else f(x, {density.span('log_prob')}) + c[3]", f=formulas["LOG_PROB"])
    found: dict[str, Any] = {"log_prob": (of_density, log_prob)}
    for template, methods in (
        (cdf, ("cdf",)),
        (sf, ("sf",)),
        (log_cdf, ("log_cdf", "sf")),
        (log_sf, ("log_sf",)),
        (icdf, ("icdf",)),
        (isf, ("isf",)),
    ):
        text = f"f(x, c, {layout.spans(*methods)})"
        found[template.__name__] = (of_tails, formula(text, f=filled(template, **formulas)))
    found.update(_gradients(base, n, formulas, prepare, at_zero))

    sampler = kernels.sampler
    normals, uniforms = sampler._noise
    count = normals + uniforms
    text = f"gated(noise[{count}], f(noise[:{count}], c[1:]), c[0])"
    drawn = formula(text, "noise", f=sampler.formula, gated=gated)
    source = f"def prepare({arguments}):\n    return (gate, *PREPARE({given}))"
    of_draws = executed(source, "prepare", PREPARE=sampler.prepare or kernels.prepare)
    found["sampler"] = Sampler(drawn, normals, uniforms + 1, sampler.rejects, of_draws)
    return Kernels(
        prepare=of_tails,
        tabulated=kernels.tabulated,
        bounds=executed("def bounds(c):\n    return 0.0, c[0]", "bounds"),
        **found,
        **_summaries(kernels, arguments, given, formulas),
    )


@kernel
def gated(u, k, gate):
    """The base's draw, or 0 where the gate is open; NaN if the base rejects its proposal, whatever the gate says."""
    return 0.0 if u < gate and k == k else k


_LOG_CDF_AND_GRAD = """
def formula(x, c):
    {outputs} = WITH_GRAD(x, {gradient})
    whole = WHOLE(x, c, {whole})
    share = exp(c[3] + f - whole) if f > -INF else 0.0
    return whole, {shares}, exp(LOG_SF(x, {rest}) - whole) if whole > -INF else 0.0
"""

_LOG_SF_AND_GRAD = """
def formula(x, c):
    {outputs} = WITH_GRAD(x, {gradient})
    return f + c[3], {slopes}, -1.0 / c[2] if f > -INF else 0.0
"""


def _gradients(
    base: type[Distribution], n: int, formulas: dict[str, Any], prepare: Any, at_zero: str
) -> dict[str, Any]:
    """The methods with derivatives, in the base's parameters and in the gate, as far as the base has them."""
    kernels, support = base.kernels, base.support
    slopes = [f"g{i}" for i in range(n)]
    outputs = ", ".join(["f", *slopes])
    found = {}
    if "log_prob_and_grad" in kernels:
        layout = Layout(base, ("log_prob", "sf", "log_prob_and_grad"), OWN + 3)
        of_zero = prepare(
            layout, (f"log_total, share, slope = ZERO_SLOPES(gate, {at_zero})",), "log_total, share, slope, "
        )
        source = f"""
def formula(x, c):
    {outputs} = WITH_GRAD(x, {layout.span("log_prob_and_grad")})
    if x == 0.0:
        return {", ".join(["c[4]", *(f"c[5] * {g}" for g in slopes), "c[6]"])}
    return {", ".join(["f + c[3]", *slopes, "0.0 if f == -INF else -1.0 / c[2]"])}
"""
        with_grad = guarded("log_prob_and_grad", kernels, support, n + 1, heavy=False)
        found["log_prob_and_grad"] = (of_zero, executed(source, "formula", WITH_GRAD=with_grad))
    for name, source in (("log_cdf", _LOG_CDF_AND_GRAD), ("log_sf", _LOG_SF_AND_GRAD)):
        own = f"{name}_and_grad"
        if own not in kernels:
            continue
        layout = Layout(base, (own, "log_cdf", "sf", "log_sf"), OWN)
        text = source.format(
            outputs=outputs,
            gradient=layout.span(own),
            whole=layout.spans("log_cdf", "sf"),
            rest=layout.span("log_sf"),
            slopes=", ".join(slopes),
            shares=", ".join(f"share * {g}" for g in slopes),
        )
        with_grad = guarded(own, kernels, support, n + 1, heavy=False)
        names = {"WITH_GRAD": with_grad, "WHOLE": filled(log_cdf, **formulas), "LOG_SF": formulas["LOG_SF"], "exp": exp}
        found[own] = (prepare(layout), executed(text, "formula", **names))
    if "cdf_and_grad" in kernels:
        layout = Layout(base, ("sf", "cdf_and_grad"), OWN)
        source = f"""
def formula(x, c):
    {outputs} = SLOPES(x, {layout.span("cdf_and_grad")})
    return {", ".join(["fma(c[2], f, c[1])", *(f"c[2] * {g}" for g in slopes), f"SF(x, {layout.span('sf')})"])}
"""
        of_cdf = guarded("cdf_and_grad", kernels, support, n + 1, heavy=False)
        names = {"SLOPES": of_cdf, "SF": formulas["SF"], "fma": fma}
        found["cdf_and_grad"] = (prepare(layout), executed(source, "formula", **names))
    return found


def _summaries(kernels: Kernels, arguments: str, given: str, formulas: dict[str, Any]) -> dict[str, Any]:
    """Moments, mode and entropy, as far as the base has them."""
    source = SUMMARIES.format(arguments=arguments, given=given)
    names: dict[str, Any] = {
        name.upper(): kernels[name][1]
        for name in ("mean", "variance", "skewness", "kurtosis", "mode", "entropy")
        if name in kernels
    }
    names.update(formulas, DENSITY=kernels["log_prob"][0], TAIL=kernels["sf"][0], LOG_ZERO=log_zero)
    names["ZERO"] = executed(source, "zero", **names)
    return {
        mixed.__name__: executed(source, mixed.__name__, MIXED=mixed, **names)
        for mixed in (mean, variance, skewness, kurtosis, mode, entropy)
        if mixed.__name__.upper() in names
    }


# The classes --------------------------------------------------------------------------------------


class ZeroInflated(Composite):
    r"""A distribution on the nonnegative integers with extra zeros.

    .. math:: P(0) = g + (1 - g) f(0), \qquad P(k) = (1 - g) f(k), \quad k = 1, 2, \dots

    Parameters
    ----------
    base : Distribution
        The distribution :math:`f`, on nonnegative integers and with parameters that are numbers.
    gate : array_like, from 0 to 1
        Probability :math:`g` of an extra zero; broadcasts against the batch of `base`.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy and torch have no such distribution; Pyro's and NumPyro's ``ZeroInflatedDistribution(base, gate=gate)`` is
    the same. The result is of a class of its own, derived from `ZeroInflated` for the class of `base`, and its
    parameters are those of `base`, then `gate`: derivatives are in all of them. A quantile is exactly that of
    the base at the smallest level that the gate lifts to the one that is asked for. Draws take one uniform more
    than those of the base.

    Raises
    ------
    TypeError
        If `base` is not a univariate distribution on the integers, or its parameters are vectors.
    ValueError
        If the support of `base` begins below 0, or `gate` is not from 0 to 1.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.ZeroInflated(fd.Poisson(rate=4.0), gate=0.25)
    >>> d.prob([0, 1, 4])
    array([0.26373673, 0.05494692, 0.14652511])
    >>> d.mean()
    np.float64(3.0)
    """

    gate = Parameter(constraints.unit_interval)
    support = constraints.dependent_property(is_discrete=True)

    def __new__(cls, base: Any, gate: Any, validate_args: bool = True) -> ZeroInflated:
        if not composition.accepts(base) or not base.support.is_discrete or isinstance(base, ZeroInflated):
            raise TypeError(
                "ZeroInflated: base must be a univariate distribution on the nonnegative integers with numbers for "
                f"parameters; got {base!r}"
            )
        kind: Any = type(base)
        return object.__new__(_over(kind))


class _Over(ZeroInflated):
    """What the classes of zero-inflated distributions share; each is made by :func:`_over`."""

    def __new__(cls, *arguments: Any, **parameters: Any) -> _Over:
        return object.__new__(cls)

    def __init__(self, base: Any = None, gate: Any = None, validate_args: bool = True, **parameters: Any) -> None:
        """From a base, or from its parameters by name."""
        self._freeze_over(validate_args, base, parameters, gate=gate)
        if wants_checks(validate_args):
            lowest = np.broadcast_to(self.base.support.lower, self.batch_shape)
            self._require("the support of the base must not begin below 0", np.greater_equal(lowest, 0.0))

    def expect(self, func: Callable[[Any], Any] | None = None) -> Any:
        """Mean of ``func(x)``, from the base's."""
        at_zero = 0.0 if func is None else func(np.zeros(1))[0]
        mean = np.asarray(self.base.expect(func), np.float64)
        return (self.gate * at_zero + (1.0 - self.gate) * mean).astype(self.dtype)[()]


def _support(self: Any) -> Any:
    """The integers from 0 to the base's upper end."""
    return constraints.integer_interval(0.0, self.base.support.upper)


@functools.cache
def _over(base: Any) -> type[_Over]:
    """The class of zero-inflated distributions over a class."""
    support: Any = constraints.dependent_property(_support, is_discrete=True)
    if base.support.upper is not None:
        finite = base.support.upper < inf
        support = constraints.integer_interval(0.0, base.support.upper) if finite else constraints.nonnegative_integer
    return composition.made(ZeroInflated, _Over, base, composed(base), support=support)
