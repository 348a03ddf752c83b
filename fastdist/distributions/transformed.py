"""Distributions of transformed variates."""

from __future__ import annotations

import functools
import math
from math import inf, log
from typing import Any, ClassVar, cast

import numpy as np

from fastdist import chain_rule, composition, constraints, devices, interpolate, lifted
from fastdist.composition import Composite, InRegime, Layout, executed, guarded
from fastdist.distribution import Distribution
from fastdist.distributions.image_of_support import between, bounded, check_domain, known_image, mapped
from fastdist.distributions.transformed_events import MIRRORED, TransformedEvents
from fastdist.engine.bits import LARGEST, fma
from fastdist.engine.device import on_device
from fastdist.engine.kernel import kernel
from fastdist.kernels import POINTWISE, Kernels
from fastdist.parameter import Parameter, wants_checks
from fastdist.transforms.affine import AFFINE
from fastdist.transforms.chain import CHOICE, Chain, Fused, Link, Piece, chain
from fastdist.transforms.compose import leaves
from fastdist.transforms.transform import Transform

# Constants begin with the ends of the support and the sign of the slope; those of the chain follow.
OWN = 3


# Formulas ----------------------------------------------------------------------------------------


class _Composition:
    """The formulas of a base, a chain of maps, and the sign of its slope: 0 if the parameters decide."""

    def __init__(self, base: type[Distribution], links: tuple[Link, ...], direction: int) -> None:
        self.base = base
        self.chain: Chain = chain(links)
        self.direction = direction
        self.everywhere = base.support.lower == -inf and base.support.upper == inf
        family = base._family
        self.own = [f"p{i}" for i in range(len(family._parameters))]
        self.others: list[str] = []
        self.hidden: list[str] = []
        self.named: list[str] = []
        self.given: list[str] = []
        turns = []
        for i, (formula, _) in enumerate(links):
            for name in formula.parameters:
                variable = f"q{len(self.given)}"
                self.given.append(variable)
                if name == CHOICE:
                    self.hidden.append(variable)
                else:
                    self.others.append(variable)
                    self.named.append(f"transforms_{i}_{name}")
                if name == formula.turned_by:
                    turns.append(f"(1.0 if {variable} > 0.0 else -1.0)")
        self.sign = " * ".join(turns) or "1.0"
        self.flag = ["flag"] if family._choice else []
        self.arguments = ", ".join([*self.own, *self.others, *self.flag, *self.hidden])
        self.of_base = ", ".join([*self.own, *self.flag])
        self.span = f"c[{OWN}:{OWN + self.chain.size}]" if self.chain.size else "c"
        self.first = OWN + self.chain.size

    def prepare(self, *methods: str) -> tuple[Any, Layout]:
        """The kernel that prepares for methods of the base, and where their constants are."""
        layout = Layout(self.base, methods, self.first)
        lines, kernels = layout.preparation(self.of_base)
        own_lines, own_joined, own_kernels = self.chain.prepare(self.given)
        support = self.base.support
        if support.lower is None:
            lines.append(f"start, stop = BOUNDS({layout.local(methods[0])})")
        else:
            lines.append(f"start, stop = {_literal(support.lower)}, {_literal(support.upper)}")
        lines += [
            *own_lines,
            f"chain = ({own_joined},)" if own_joined else "chain = (0.0,)",
            "first, last = FORWARD(start, chain), FORWARD(stop, chain)",
            "low, high = (first, last) if first < last else (last, first)",
            f"return (low, high, {self.sign}, {'*chain, ' if own_joined else ''}{layout.joined})",
        ]
        source = "\n    ".join([f"def prepare({self.arguments}):", *lines])
        kernels.update(own_kernels, FORWARD=self.chain.kernel("forward"), BOUNDS=self.base.kernels.bounds)
        return executed(source, "prepare", **kernels), layout

    def formula(self, lines: list[str], **names: Any) -> Any:
        """A kernel of ``(v, c)``."""
        return executed("\n    ".join(["def formula(v, c):", *lines]), "formula", **names)

    def guarded(self, method: str, outputs: int = 1) -> Any:
        """A formula of the base, defined for every value that :meth:`clamped` leaves."""
        if "prob" in method and self.everywhere:
            return self.base.kernels[method][1]
        wider = self.base.kernels.density_support if "prob" in method else None
        return guarded(method, self.base.kernels, wider or self.base.support, outputs, heavy=False)

    def clamped(self, layout: Layout, method: str) -> list[str]:
        """Statements that put x back where rounding took it out of the base's support."""
        support = self.base.support
        if support.lower is None:
            ends = f"BOUNDS({layout.span(method)})"
        elif self.everywhere:
            return [f"x = x if x > -{LARGEST!r} else -{LARGEST!r}", f"x = x if x < {LARGEST!r} else {LARGEST!r}"]
        else:
            ends = f"{_literal(support.lower)}, {_literal(support.upper)}"
        return [f"start, stop = {ends}", "x = start if x < start else (stop if x > stop else x)"]

    def by_sign(self, increasing: str, decreasing: str) -> str:
        """One of two expressions, as the slope has it."""
        return {1: increasing, -1: decreasing}.get(self.direction, f"({increasing} if c[2] > 0.0 else {decreasing})")

    def tails(self, method: str) -> tuple[str, ...]:
        """The methods of the base that a method of the tails needs."""
        both = (method, MIRRORED[method])
        return {1: both[:1], -1: both[1:]}.get(self.direction, both)


def _literal(value: float) -> str:
    return {inf: "INF", -inf: "-INF"}.get(value, repr(float(value)))


def _kernels(base: Any, links: tuple[Link, ...], direction: int) -> Kernels:
    """All formulas of a distribution, and those for the regime of its base."""
    own = _Composition(base, links, direction)
    found = {**_formulas(own), **_summaries(own)}
    if base.kernels.sampler is not None:
        found["sampler"] = _sampler(own)
    regime = _shifted(own) if base.kernels.standard is not None and links[:1] == (Link(AFFINE, False),) else {}
    declared = {name.removesuffix(":regime") for name in base.kernels if name.endswith(":regime")}
    if declared:
        declared |= {MIRRORED[name] for name in declared if name in MIRRORED}
        others = _formulas(_Composition(cast(Any, InRegime(base)), links, direction))
        regime = {name: formula for name, formula in others.items() if name in declared}
    return Kernels(
        prepare=found["log_prob"][0],
        bounds=executed("def bounds(c):\n    return c[0], c[1]", "bounds"),
        quick=interpolate.METHODS if base.kernels.quick else (),
        regime=regime,
        **found,
    )


def _formulas(own: _Composition) -> dict[str, Any]:
    """The methods of a value, and of draws with their derivatives."""
    kernels = own.base.kernels
    bounds = kernels.bounds
    found: dict[str, Any] = {}
    prepared, layout = own.prepare("log_prob")
    found["log_prob"] = (
        prepared,
        own.formula(
            [
                f"x, slope = INVERSE(v, {own.span})",
                *own.clamped(layout, "log_prob"),
                f"density = LOG_PROB(x, {layout.span('log_prob')})",
                # An end where both are infinite is where the density is 0.
                "return density + slope if density > -INF else density",
            ],
            INVERSE=own.chain.kernel("inverse_and_log"),
            LOG_PROB=own.guarded("log_prob"),
            BOUNDS=bounds,
        ),
    )
    for method in POINTWISE:
        if method not in MIRRORED or not all(name in kernels for name in own.tails(method)):
            continue
        of_method, places = own.prepare(*own.tails(method))
        names = {name.upper(): own.guarded(name) for name in own.tails(method)}
        calls = [f"{name.upper()}({{0}}, {places.span(name)})" for name in own.tails(method)]
        value = own.by_sign(calls[0], calls[-1])
        if method in ("icdf", "isf"):
            lines, names["MAP"] = [f"return MAP({value.format('v')}, {own.span})"], own.chain.kernel("forward")
        else:
            lines, names["MAP"] = (
                [f"x = MAP(v, {own.span})", f"return {value.format('x')}"],
                own.chain.kernel("inverse"),
            )
        found[method] = of_method, own.formula(lines, **names)
    if all(link.formula.forward_and_grad is not None for link in own.chain.links):
        found.update(_gradients(own))
    return found


@kernel
def _total_shift(loc, scale, own_loc, own_scale):
    """Of own_loc + own_scale * (loc + scale * Z): the location, what rounding took of it, and the scale's reciprocal
    and logarithm."""
    moved = own_scale * loc
    total = own_loc + moved
    rest = total - own_loc
    lost = (own_loc - (total - rest)) + (moved - rest) + fma(own_scale, loc, -moved)
    return total, lost, 1.0 / (own_scale * scale), log(abs(own_scale)) + log(scale)


# How many constants these are, and the largest size of what they are made of; of a scale its reciprocal is the least.
# Beyond it the maps one by one hold where a product of them overflows or underflows.
SHIFT = 4
MODERATE = 1e100


def _shifted(own: _Composition) -> dict[str, Any]:
    """The log density of loc + scale * Z behind an affine map: of a variate of that form again."""
    rest = chain(own.chain.links[1:])
    loc, scale = own.given[:2]
    lines, joined, kernels = rest.prepare(own.given[2:])
    body = [
        f"low, high, sign = GENERAL({own.arguments})[:3]",
        *lines,
        f"return (low, high, sign, *SHIFT({', '.join([*own.own[:2], loc, scale])}), {joined})",
    ]
    general, _ = own.prepare("log_prob")
    prepared = executed(
        "\n    ".join([f"def prepare({own.arguments}):", *body]),
        "prepare",
        GENERAL=general,
        SHIFT=_total_shift,
        **kernels,
    )
    first = OWN + SHIFT
    c = [f"c[{OWN + i}]" for i in range(SHIFT)]
    formula = own.formula(
        [
            f"x, slope = INVERSE(v, {f'c[{first}:{first + rest.size}]' if rest.size else 'c'})",
            f"density = STANDARD(((x - {c[0]}) - {c[1]}) * {c[2]}) - {c[3]}",
            "return density + slope if density > -INF else density",
        ],
        INVERSE=rest.kernel("inverse_and_log"),
        STANDARD=own.base.kernels.standard,
    )
    return {"log_prob": (prepared, formula)}


def _sampler(own: _Composition) -> Any:
    """The base's draws, transformed: the constants are those of the chain, then those of the base's sampler."""
    sampler = own.base.kernels.sampler
    prepare = sampler.prepare or own.base.kernels.prepare
    size, count = own.chain.size, composition.constants(prepare, own.base)
    lines, joined, kernels = own.chain.prepare(own.given)
    body = [*lines, f"base = PREPARE({own.of_base})", f"return ({joined}{', ' if joined else ''}*base,)"]
    prepared = executed("\n    ".join([f"def prepare({own.arguments}):", *body]), "prepare", PREPARE=prepare, **kernels)
    span = f"c[:{size}]" if size else "c"
    draw = executed(
        f"def formula(noise, c):\n    return MAP(DRAW(noise, c[{size}:{size + count}]), {span})",
        "formula",
        MAP=own.chain.kernel("forward"),
        DRAW=sampler.formula,
    )
    return sampler.through(draw, prepared)


def _gradients(own: _Composition) -> dict[str, Any]:
    """The methods with derivatives, by the chain rule: at a fixed y, x moves by -(dy/dparameter) / (dy/dx)."""
    kernels, n = own.base.kernels, len(own.own)
    found: dict[str, Any] = {}
    values = [f"p{i}" for i in range(len(own.given))]
    logs = [f"q{i}" for i in range(len(own.given))]
    shown = [i for i, variable in enumerate(own.given) if variable in own.others]
    in_base = [f"g{i}" for i in range(n)]
    chained = f"{', '.join(['_', 's', 'd', 't', *values, *logs])} = GRAD(x, {own.span})"
    names = {"INVERSE": own.chain.kernel("inverse"), "GRAD": own.chain.kernel("forward_and_grad")}
    names["BOUNDS"] = kernels.bounds
    if "log_prob_and_grad" in kernels:
        prepared, layout = own.prepare("log_prob_and_grad")
        moved = [f"-q{i} - e * p{i}" for i in shown]
        lines = [
            f"x = INVERSE(v, {own.span})",
            *own.clamped(layout, "log_prob_and_grad"),
            f"{', '.join(['f', 'u', *in_base])} = BASE(x, {layout.span('log_prob_and_grad')})",
            chained,
            "e = (u - t) / d",
            f"return {', '.join(['f - s if f > -INF else f', 'e', *in_base, *moved])}",
        ]
        base = own.guarded("log_prob_and_grad", n + 2)
        found["log_prob_and_grad"] = prepared, own.formula(lines, BASE=base, **names)
    tails = own.tails("cdf")
    if "cdf_and_grad" in kernels and all(name in kernels for name in tails):
        prepared, layout = own.prepare("cdf_and_grad", *tails)
        calls = [f"{name.upper()}(x, {layout.span(name)})" for name in tails]
        turn = own.by_sign("1.0", "-1.0")
        moved = [*(f"turn * {g}" for g in in_base), *(f"-e * p{i}" for i in shown)]
        lines = [
            f"x = INVERSE(v, {own.span})",
            f"{', '.join(['_', 'f', *in_base])} = BASE(x, {layout.span('cdf_and_grad')})",
            chained,
            f"turn = {turn}",
            "e = turn * f / d",
            f"return {', '.join([own.by_sign(calls[0], calls[-1]), 'e', *moved])}",
        ]
        more = {name.upper(): own.guarded(name) for name in tails}
        found["cdf_and_grad"] = prepared, own.formula(lines, BASE=own.guarded("cdf_and_grad", n + 2), **names, **more)
    if "sample_grad" in kernels and own.base.has_rsample:
        prepared, layout = own.prepare("sample_grad")
        results = [*(f"d * {g}" for g in in_base), *(f"p{i}" for i in shown)]
        lines = [
            f"x = INVERSE(v, {own.span})",
            f"{', '.join(in_base)} = BASE(x, {layout.span('sample_grad')})",
            chained,
            f"return {', '.join(results)}",
        ]
        found["sample_grad"] = prepared, own.formula(lines, BASE=kernels["sample_grad"][1], **names)
    return found


def _summaries(own: _Composition) -> dict[str, Any]:
    """What an affine chain does to the base's summaries; the median goes along with any."""
    kernels = own.base.kernels
    own_lines, joined, names = own.chain.prepare(own.given)
    before = [*own_lines, f"c = ({joined},)" if joined else "c = (0.0,)"]
    texts = {"median": "FORWARD(value, c)"}
    if own.chain.affine:
        slope = "GRAD(0.0, c)[2]"
        texts.update(
            mean="FORWARD(value, c)",
            mode="FORWARD(value, c)",
            variance=f"{slope} * ({slope} * value)",
            stddev=f"abs({slope}) * value",
            skewness=f"({own.sign}) * value",
            kurtosis="value",
            entropy="value + LOG_SLOPE(0.0, c)",
        )
    found = {}
    for name, text in texts.items():
        if name in kernels:
            lines = [f"def formula({own.arguments}):", *before, f"value = BASE({own.of_base})", f"return {text}"]
            more: dict[str, Any] = {"BASE": kernels[name][1], "FORWARD": own.chain.kernel("forward")}
            if own.chain.affine:
                more.update(LOG_SLOPE=own.chain.kernel("log_slope"), GRAD=own.chain.kernel("forward_and_grad"))
            found[name] = executed("\n    ".join(lines), "formula", **names, **more)
    return found


# Classes -----------------------------------------------------------------------------------------


class _OfTransforms(lifted.Liftable):
    """The class of transformed distributions' classes."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """A distribution, or one that carries tangents if a parameter of the base or of a transform does."""
        transforms = args[1] if len(args) > 1 else kwargs.get("transforms", ())
        given = transforms if isinstance(transforms, (list, tuple)) else (transforms,)
        own = max((t._level for t in given if isinstance(t, Transform)), default=0)
        if not own:
            return super().__call__(*args, **kwargs)
        base = args[0] if args else kwargs["base_distribution"]
        level = max(own, chain_rule.level_of_part(base))
        twin = cls(chain_rule.below(base, level), [t._below(level) for t in leaves(transforms)])
        plain = twin._plain
        tangents = plain._tangents_of("transforms", transforms) if own == level else {}
        if chain_rule.level_of_part(base) == level:
            tangents.update(plain._tangents_of("base_distribution", base))
        return lifted._made(twin, tangents, {"transforms": list(given)} if own == level else None)


class TransformedDistribution(Composite, metaclass=_OfTransforms):
    r"""Distribution of a transformed variate.

    .. math:: Y = T(X), \qquad \log p(y) = \log f(x) - \log \left|\det \frac{dT}{dx}(x)\right|, \quad x = T^{-1}(y)

    Parameters
    ----------
    base_distribution : Distribution
        The distribution of X: any continuous one.
    transforms : Transform or sequence of Transform
        What is done to X, the first one first. Their parameters broadcast with the base's batch. A transform of vectors
        or matrices takes the last axes of the base's batch for its events, as far as the base's own have too few.
    validate_args : bool
        Whether to check that the base's support lies in the domain of the transforms of numbers that come first.

    Notes
    -----
    SciPy has no such thing, but for ``scipy.stats.exp`` and the like of its new distributions. The class, its arguments
    and the rules of its shapes are torch's.

    Where X and all transforms are of numbers, the formulas of the base and of all transforms are compiled into one: a
    log density is one pass over memory. A decreasing transform exchanges the tails, so that none is taken as 1 minus
    the other. Draws are the base's, transformed; the same seed gives them. Derivatives are in the base's parameters, by
    their names, and in those of the transforms: the loc of the second is ``transforms_1_loc``. What lies between two
    floats of X is lost: through a uniform variate the upper tail of a logit ends at 1 - 2**-53. Moments and the entropy
    are known where all transforms are affine.

    A divergence in closed form needs one bijection on both sides, behind which the bases have one: affine transforms of
    a normal, Laplace, logistic, Cauchy or Student variate may differ, and a log-normal distribution is such an image.

    Else each transform is one pass over the events. Derivatives are in the value, in the base's parameters and in those
    of maps of numbers among the transforms, which are taken to have a number for each of an event: the scale of the
    first is ``transforms_0_scale``, and that of the second part of a stack ``transforms_0_transforms_1_scale``, where
    the numbers of the other parts have 0. Of a point of a simplex the last number is what the others leave, and so is
    the diagonal of the Cholesky factor of a correlation matrix: derivatives in them are 0. Where a transform mixes the
    numbers of an event, the derivative of a draw in each number of a parameter is a whole event, with that number's
    axes behind those of the draw. Of transforms that are no bijections there are draws only, and derivatives only
    through transforms that have some.

    Raises
    ------
    TypeError
        If `base_distribution` is not a continuous distribution, or something in `transforms` is not a transform.
    ValueError
        If a transform of numbers is not a bijection, if one takes values that are not in its domain, or events of more
        axes than the base's batch and event have.
    NotImplementedError
        By methods with derivatives, if a transform has none.

    Examples
    --------
    >>> import fastdist as fd
    >>> t = fd.transforms
    >>> d = fd.TransformedDistribution(fd.Normal(0.0, 1.0), [t.AffineTransform(1.0, 0.5), t.ExpTransform()])
    >>> d.log_prob([1.0, 2.0])
    array([-2.22579135, -1.10725584])
    >>> fd.LogNormal(1.0, 0.5).log_prob([1.0, 2.0])
    array([-2.22579135, -1.10725584])
    >>> d.icdf(0.5)
    np.float64(2.718281828459045)
    >>> d = fd.TransformedDistribution(fd.Normal([0.0, 1.0, 2.0], 1.0), t.StickBreakingTransform())
    >>> d.event_shape
    (4,)
    >>> d.log_prob([0.1, 0.2, 0.3, 0.4])
    np.float64(-1.160948873689426)
    """

    support = constraints.dependent_property(lambda self: self._image())

    base_dist: Any
    transforms: list[Transform]

    def __new__(
        cls, base_distribution: Any, transforms: Any = (), validate_args: bool = True
    ) -> TransformedDistribution:
        steps = leaves(transforms)
        base = base_distribution
        if not isinstance(base, Distribution) or base.support.is_discrete:
            raise TypeError(f"TransformedDistribution: base_distribution must be a continuous one; got {base!r}")
        numbers = not base.event_shape and not any(step.domain.event_dim or step.codomain.event_dim for step in steps)
        for step in steps:
            if numbers and not step.bijective:
                raise ValueError(f"TransformedDistribution: transforms must be bijections; got {step!r}")
        if not numbers or not composition.accepts(base) or any(step._pieces() is None for step in steps):
            return object.__new__(_Events)
        sign: Any = math.prod(step.sign for step in steps)
        direction = int(sign) if np.ndim(sign) == 0 else (int(np.sign(sign.min() + sign.max())) if sign.size else 1)
        family: Any = type(base)
        pieces = _pieces(steps)
        made = object.__new__(_over(family, tuple(piece.link for piece in pieces), direction))
        made.__dict__["_taken"] = steps, pieces
        return made

    def __reduce__(self) -> Any:
        return TransformedDistribution, (self.base, self.transforms, False)

    def __repr__(self) -> str:
        return f"TransformedDistribution({self.base!r}, {self.transforms!r})"


class _Over(TransformedDistribution):
    """What the classes of transformed distributions share; each is made by :func:`_over`."""

    _hidden: ClassVar[tuple[int, ...]]
    _own_names: ClassVar[tuple[str, ...]]
    _direction: ClassVar[int]
    _ends: tuple[Any, Any]

    def __new__(cls, *arguments: Any, **parameters: Any) -> _Over:
        return object.__new__(cls)

    def __init__(self, base_distribution: Distribution, transforms: Any = (), validate_args: bool = True) -> None:
        steps, pieces = self.__dict__.pop("_taken", None) or _taken(transforms)
        given = [value for piece in pieces for value in _values(piece)]
        hidden = self._hidden
        own = dict(zip(self._own_names, (v for i, v in enumerate(given) if i not in hidden), strict=True))
        self._freeze_over(False, base_distribution, {}, **own)
        self.__dict__["_arguments"] += tuple(given[i] for i in self._hidden)
        self.__dict__["transforms"] = list(transforms) if isinstance(transforms, (list, tuple)) else [transforms]
        if wants_checks(validate_args) and any(bounded(step) for step in steps):
            mapped(steps, base_distribution.support, check=True)

    @property
    def base_dist(self) -> Distribution:
        """The distribution of X, with the batch shape of this one."""
        return self.base

    def _tangents_of(self, name: str, given: Any) -> dict[str, Any]:
        if name != "transforms":
            return super()._tangents_of(name, given)
        steps = leaves(given)
        level = max(step._level for step in steps)
        each = [step._carried(self.batch_shape, level) for step in steps]
        return {f"transforms_{i}_{own}": dual for i, found in enumerate(each) for own, dual in found.items()}

    def _in_regime(self) -> bool:
        if self._base.kernels.standard is None:
            return self.base._in_regime()
        sizes = [np.abs(np.asarray(value, np.float64)) for value in self._arguments[:SHIFT]]
        return all(np.all(size <= MODERATE) for size in sizes) and all(np.all(s >= 1.0 / MODERATE) for s in sizes[1::2])

    def _image(self) -> Any:
        """The image of the base's support."""
        if any(map(on_device, self._parameters.values())):
            devices.refuse(self, "support")
        if "_ends" not in self.__dict__:
            self.__dict__["_ends"] = mapped(leaves(self.transforms), self.base.support)
        return between(*self._ends, self._base.support, self._direction)

    def expand(self, batch_shape: Any) -> Distribution:
        """The same distribution with its parameters broadcast to `batch_shape`."""
        shape = self._shape(batch_shape, "batch_shape")
        try:
            np.broadcast_to(np.empty(self.batch_shape), shape)
        except ValueError:
            raise ValueError(
                f"{type(self).__name__}: batch_shape {self.batch_shape} does not expand to {shape}"
            ) from None
        return TransformedDistribution(self.base.expand(shape), self.transforms, validate_args=False)


class _Events(TransformedEvents, TransformedDistribution):
    """A transformed distribution that is computed on arrays of events."""

    def __new__(cls, *arguments: Any, **parameters: Any) -> _Events:
        return object.__new__(cls)

    def _tangents_of(self, name: str, given: Any) -> dict[str, Any]:
        return self._tangents_of_steps(leaves(given)) if name == "transforms" else lifted.of_part(given, {})

    def __init__(self, base_distribution: Distribution, transforms: Any = (), validate_args: bool = True) -> None:
        steps = leaves(transforms)
        given = list(transforms) if isinstance(transforms, (list, tuple)) else [transforms]
        if wants_checks(validate_args):
            low, high = _numbers(base_distribution.support)
            last = max((i for i, step in enumerate(steps) if step._pieces() and bounded(step)), default=-1)
            for step in steps[: last + 1]:
                pieces = step._pieces()
                if pieces is None or low is None:
                    break
                check_domain(step, low, high)
                each = Fused(pieces, "TransformedDistribution")
                ends = [each("forward", end, "TransformedDistribution") for end in (low, high)]
                low, high = np.minimum(*ends)[()], np.maximum(*ends)[()]
        self._freeze_events(base_distribution, given, steps)


def _numbers(support: Any) -> tuple[Any, Any]:
    """The ends of the interval in which each number of an event lies, or None."""
    while isinstance(support, constraints.independent):
        support = support.base_constraint
    return (support.lower, support.upper) if not support.event_dim else (None, None)


def _taken(transforms: Any) -> tuple[list[Transform], list[Piece]]:
    """Transforms that are not made of others, and the maps that they are made of."""
    steps = leaves(transforms)
    return steps, _pieces(steps)


def _pieces(steps: list[Transform]) -> list[Piece]:
    return [piece for step in steps for piece in step._pieces() or ()]


def _values(piece: Piece) -> list[Any]:
    """The parameters of a map, with the dtype that they were given in."""
    kept = piece.dtype is None or any(map(on_device, piece.arguments))
    return [value if kept else np.asarray(value, piece.dtype) for value in piece.arguments]


@functools.cache
def _over(base: Any, links: tuple[Link, ...], direction: int) -> Any:
    """The class of transformed distributions over a class, for maps of one kind."""
    own = _Composition(base, links, direction)
    parameters = {name: Parameter(constraints.real, infinite=True) for name in own.named}
    kernels = _kernels(base, links, direction)
    return composition.made(
        TransformedDistribution,
        _Over,
        base,
        kernels,
        **parameters,
        support=known_image(base.support, links, direction)
        or constraints.dependent_property(lambda self: self._image()),
        has_rsample="sample_grad" in kernels,
        _own_names=tuple(own.named),
        _hidden=tuple(i for i, variable in enumerate(own.given) if variable in own.hidden),
        _direction=direction,
    )
