"""From the formulas of a base to those of its truncated distributions."""

from __future__ import annotations

from math import ceil, exp, floor, log, sqrt
from typing import Any

from fastdist.composition import Layout, executed, guarded
from fastdist.distribution import Distribution
from fastdist.engine.kernel import filled
from fastdist.kernels import Kernels
from fastdist.random.counts import as_count
from fastdist.random.sampling import Sampler
from fastdist.special.logs import log1mexp
from fastdist.truncation import summaries, tails
from fastdist.truncation.slopes import score

INF, NAN = float("inf"), float("nan")


# What the constants begin with: low, high, the ends clipped to the base's support (exclusive below if discrete), its
# mode and the log of the mass.
OWN = 6

MASS = ("log_cdf", "log_sf", "log_prob")
TAILS = (*MASS, "icdf", "isf")


def composed(base: type[Distribution]) -> Kernels:
    """The formulas of a truncated distribution, from those of its base."""
    kernels, support = base.kernels, base.support
    discrete = support.is_discrete
    flagged = base._family._choice
    n = len(base._family._parameters)
    own = [f"p{i}" for i in range(n)]
    flag = ["flag"] if flagged else []
    arguments = ", ".join([*own, "low", "high", *flag])
    given = ", ".join([*own, *flag])

    formulas = {name.upper(): guarded(name, kernels, support) for name in TAILS}
    if discrete:
        integral = filled(tails.log_sum, **formulas)
    else:
        integral = filled(tails.log_integral, **formulas, PIECE=filled(tails.panel, **formulas))
    mass = formulas["LOG_MASS"] = filled(tails.log_mass, **formulas, LOG_INTEGRAL=integral)
    formulas["SHARE"] = filled(tails.share, **formulas)
    formulas["QUANTILE"] = filled(tails.discrete_quantile if discrete else tails.quantile, **formulas)

    def prepare(layout: Layout, extra: str = "", statements: tuple[str, ...] = (), **names: Any) -> Any:
        ends = ("lower", "upper") if support.lower is None else (repr(support.lower), repr(support.upper))
        clipped = ("ceil(low) - 1.0", "floor(high)", "- 1.0") if discrete else ("low", "high", "")
        lines, preparing = layout.preparation(given)
        if support.lower is None:
            lines.append(f"lower, upper = BOUNDS({layout.local('log_prob')})")
        lines += [
            f"start, stop = {ends[0].replace('inf', 'INF')}, {ends[1].replace('inf', 'INF')}",
            f"a, b = {clipped[0]}, {clipped[1]}",
            f"start = start {clipped[2]}",
            # Of two ends in one place the base's counts, as in the derivatives in `low` and `high`.
            "a = start if a <= start else a",
            "b = stop if b >= stop else b",
            f"mode = MODE({given})" if "mode" in kernels else "mode = NAN",
            f"log_mass = MASS(a, b, mode, {layout.local(*MASS)})",
            *statements,
            f"return (low, high, a, b, mode, log_mass, {extra}{layout.joined})",
        ]
        source = "\n".join([f"def prepare({arguments}):", *(f"    {line}" for line in lines)])
        mode = kernels["mode"][1] if "mode" in kernels else None
        return executed(
            source, "prepare", BOUNDS=kernels.bounds, MODE=mode, MASS=mass, ceil=ceil, floor=floor, **preparing, **names
        )

    def formula(text: str, first: str = "x", **names: Any) -> Any:
        return executed(f"def formula({first}, c):\n    return {text}", "formula", **names)

    density = Layout(base, MASS, OWN)
    of_tail = Layout(base, TAILS, OWN)
    prepared = prepare(of_tail)
    mass_spans, tail_spans = of_tail.spans(*MASS), of_tail.spans(*TAILS)
    found: dict[str, Any] = {
        "log_prob": (
            prepare(density),
            formula(f"f(x, {density.span('log_prob')}) - c[5]", f=guarded("log_prob", kernels, support, heavy=False)),
        )
    }
    for name, template in (("cdf", tails.cdf), ("sf", tails.sf), ("log_cdf", tails.log_cdf), ("log_sf", tails.log_sf)):
        found[name] = (prepared, formula(f"f(x, c, {mass_spans})", f=filled(template, **formulas)))
    for name, levels, upper in (("icdf", "x, 1.0 - x", False), ("isf", "1.0 - x, x", True)):
        last = f", {upper}" if discrete else ""
        found[name] = (prepared, formula(f"f({levels}, c, {tail_spans}{last})", f=formulas["QUANTILE"]))
    drawn = f"f(noise[0], 1.0 - noise[0], c, {tail_spans}{', False' if discrete else ''})"
    draw = formula(f"held({drawn})" if discrete else drawn, "noise", f=formulas["QUANTILE"], held=as_count)
    found["sampler"] = Sampler(draw, uniforms=1, prepare=prepared)
    if "log_prob_and_grad" in kernels and "cdf_and_grad" in kernels:
        found.update(_gradients(base, formulas, prepare, n))
    found.update(_summaries(formulas, prepared, tail_spans, arguments, discrete))
    if "mode" not in kernels:
        del found["mode"]
    bounds = "c[2] + 1.0, c[3]" if discrete else "c[2], c[3]"
    return Kernels(
        prepare=prepared,
        tabulated=base.kernels.tabulated,
        bounds=executed(f"def bounds(c):\n    return {bounds}", "bounds"),
        **found,
    )


def _gradients(base: type[Distribution], formulas: dict[str, Any], prepare: Any, n: int) -> dict[str, Any]:
    """The methods with derivatives: of the log of the mass they are the mean of the base's score."""
    support = base.support
    discrete = support.is_discrete
    # The value and its derivatives, in x too where the support is continuous.
    outputs = n + (1 if discrete else 2)
    formulas = dict(formulas)
    formulas["WITH_GRAD"] = guarded("log_prob_and_grad", base.kernels, support, outputs)
    inline = guarded("log_prob_and_grad", base.kernels, support, outputs, heavy=False)
    formulas["SLOPES"] = guarded("cdf_and_grad", base.kernels, support, outputs)
    mean_score = score(formulas, n, discrete)
    layout = Layout(base, (*MASS, "log_prob_and_grad", "cdf_and_grad"), OWN + n + 2)
    means = [f"d{i}" for i in range(n)]
    local = layout.local(*MASS, "log_prob_and_grad", "cdf_and_grad")
    at_end = "exp(LOG_PROB({0}, {1}) - log_mass) if {2} else 0.0"
    local_density = layout.local("log_prob")
    statements = (
        f"{', '.join(means)}, = SCORE(a, b, mode, {local})",
        "at_low = 0.0" if discrete else "at_low = " + at_end.format("low", local_density, "low > start"),
        "at_high = 0.0" if discrete else "at_high = " + at_end.format("high", local_density, "high < stop"),
    )
    names = {"SCORE": mean_score, "LOG_PROB": formulas["LOG_PROB"], "exp": exp}
    of_grad = prepare(layout, f"{', '.join(means)}, at_low, at_high, ", statements, **names)

    spans = layout.spans(*MASS, "log_prob_and_grad", "cdf_and_grad")
    dx = [] if discrete else ["dx"]
    slopes = [f"g{i}" for i in range(n)]
    with_grad = f"""
def formula(x, c):
    {", ".join(["f", *dx, *slopes])} = WITH_GRAD(x, {layout.span("log_prob_and_grad")})
    return {", ".join(["f - c[5]", *dx, *(f"g{i} - c[{6 + i}]" for i in range(n)), f"c[{6 + n}]", f"-c[{7 + n}]"])}
"""
    density = [] if discrete else [f"exp(LOG_PROB(x, {layout.span('log_prob')}) - c[5])"]
    moved = [f"weight * (g{i} - c[{6 + i}]) if share > 0.0 else 0.0" for i in range(n)]
    of_cdf = f"""
def formula(x, c):
    part, below = SHARE(x, c, {layout.spans(*MASS)})
    share = exp(part)
    p, q = (share, 1.0 - share) if below else (1.0 - share, share)
    u, v = (c[2], x) if below else (x, c[3])
    {", ".join(slopes)}, = SCORE(u, v, c[4], {spans})
    weight = share if below else -share
    return {", ".join(["p", *density, *moved, f"-q * c[{6 + n}]", f"-p * c[{7 + n}]"])}
"""
    names["SHARE"] = formulas["SHARE"]
    cdf_and_grad = executed(of_cdf, "formula", **names)
    methods = {
        "log_prob_and_grad": (of_grad, executed(with_grad, "formula", WITH_GRAD=inline)),
        "cdf_and_grad": (of_grad, cdf_and_grad),
    }
    if discrete:
        for name, side in (("log_cdf", "below"), ("log_sf", "not below")):
            text = f"""
def formula(x, c):
    part, below = SHARE(x, c, {layout.spans(*MASS)})
    u, v = (c[2], x) if below else (x, c[3])
    {", ".join(slopes)}, = SCORE(u, v, c[4], {spans})
    weight = 1.0 if {side} else -exp(part - log1mexp(part))
    return {", ".join(["part if weight == 1.0 else log1mexp(part)", *moved, "0.0, 0.0"])}
"""
            own = executed(text.replace("share > 0.0", "part > -INF"), "formula", **names, log1mexp=log1mexp)
            methods[f"{name}_and_grad"] = (of_grad, own)
    else:
        # Ratios of shares to the density in logs: each may be too small for float64. A share of 0 moves nothing.
        of_draw = f"""
def formula(x, c):
    part, below = SHARE(x, c, {layout.spans(*MASS)})
    log_density = LOG_PROB(x, {layout.span("log_prob")}) - c[5]
    rest = log1mexp(part)
    p, q = (part, rest) if below else (rest, part)
    u, v = (c[2], x) if below else (x, c[3])
    {", ".join(slopes)}, = SCORE(u, v, c[4], {spans})
    ratio = exp(part - log_density) if part > -INF else 0.0
    turned = -ratio if below else ratio
    in_low = exp(q - log_density + log(c[{6 + n}])) if c[{6 + n}] > 0.0 and q > -INF else 0.0
    in_high = exp(p - log_density + log(c[{7 + n}])) if c[{7 + n}] > 0.0 and p > -INF else 0.0
    return {", ".join([f"turned * (g{i} - c[{6 + i}])" for i in range(n)] + ["in_low", "in_high"])}
"""
        names.update(log=log, log1mexp=log1mexp)
        methods["sample_grad"] = (of_grad, executed(of_draw, "formula", **names))
    return methods


def _summaries(formulas: dict[str, Any], prepare: Any, spans: str, arguments: str, discrete: bool) -> dict[str, Any]:
    """Moments, mode and entropy; moments are NaN or infinite where the base's density falls too slowly."""
    density = spans.split(", ")[MASS.index("log_prob")]
    source = summaries.SOURCE.format(arguments=arguments, density=density, spans=spans)
    formulas = {**formulas, "HEAVINESS": filled(summaries.heaviness, **formulas)}
    if discrete:
        moments = filled(summaries.discrete_moments, **formulas)
    else:
        formulas["PIECE"] = filled(summaries.piece, **formulas)
        formulas["SIDE"] = filled(summaries.side, PIECE=formulas["PIECE"])
        formulas["TAIL_SIDE"] = filled(summaries.side, PIECE=filled(summaries.tail_piece, **formulas))
        formulas["AT_POLE"] = filled(summaries.at_pole, **formulas)
        formulas["AT_POLES"] = filled(summaries.moments_at_poles, **formulas)
        moments = filled(summaries.central_moments, **formulas)
    names: dict[str, Any] = {
        "PREPARE": prepare,
        "MOMENTS": moments,
        "FAR_OUT": filled(summaries.far_out, **formulas, DISCRETE=discrete),
        "RESOLVED": summaries.resolved,
        "MODE_OF": filled(summaries.mode, **formulas, DISCRETE=discrete),
        "sqrt": sqrt,
    }
    return {
        name: executed(source, name, **names)
        for name in ("mean", "variance", "skewness", "kurtosis", "mode", "entropy")
    }
