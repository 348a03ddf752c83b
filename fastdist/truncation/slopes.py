"""Derivatives of the log of a mass: the mean of the base's score over the interval.

Their number is that of the base's parameters, so these formulas are text.
"""

from __future__ import annotations

from math import exp, log
from typing import Any

from fastdist.engine.kernel import kernel
from fastdist.special.quadrature import NODES_12, WEIGHTS_12
from fastdist.truncation.tails import TERMS, TINY

INF = float("inf")

_SCORE_SOURCE = """
def over_panel(u, width, unit, top, gradient):
    # In units of a width, since the integral over an interval of subnormal length is 0.
    w, share = 0.0, width / unit
    {zeros}
    for i in range(6):
        for node in (NODES[i], 1.0 - NODES[i]):
            {one} = WITH_GRAD(u + width * node, gradient)
            weight = WEIGHTS[i] * share * exp(f - top)
            w += weight
            if weight > 0.0:
                {add}
    return w, {sums}


def over_sum(u, count, top, gradient):
    # Counted, because of large numbers the next is the same.
    w = 0.0
    {zeros}
    for i in range(int(count)):
        {one} = WITH_GRAD(u + 1.0 + i, gradient)
        weight = exp(f - top)
        w += weight
        if weight > 0.0:
            {add}
    return w, {sums}


def by_parts(u, v, unit, top, gradient):
    peak_left = unit > 0.0
    w = 0.0
    {zeros}
    near, size = 0.0, 0.5 * abs(unit)
    whole = v - u
    least = whole if whole < size else size
    for i in range(8):
        far = near + size if near + size < whole and i < 7 else (whole if whole < near + 2.0 * size else near + size)
        p, {parts} = PANEL(u + near if peak_left else v - far, far - near, least, top, gradient)
        w += p
        {add_parts}
        if far >= whole:
            break
        near = far
        size = 2.0 * size if i > 0 else size
    return w, {sums}


def score(u, v, mode, lower, upper, density, gradient, slopes):
    log_mass = LOG_MASS(u, v, mode, lower, upper, density)
    if log_mass == -INF or log_mass != log_mass:
        return {empty}
    tail_v, tail_u = LOG_CDF(v, lower), LOG_SF(u, upper)
    close = log_mass < CLOSER + (tail_v if tail_v < tail_u else tail_u)
    if {by_terms}:
        # Where they are too many to add up, those next to the higher end, as in a geometric tail.
        at_left = LOG_PROB(u + 1.0, density) > LOG_PROB(v, density)
        few = v - u <= MOST
        w, {sums} = SUM(u if few or at_left else v - MOST, v - u if few else MOST, log_mass, gradient)
        return {ratios}
    if {by_quadrature}:
        if u < mode < v and close:
            top = LOG_PROB(mode, density)
            w, {sums} = PANEL(u, mode - u, v - u, top, gradient)
            p, {parts} = PANEL(mode, v - mode, v - u, top, gradient)
            w += p
            {add_parts}
            return {ratios}
        at_u, at_v = LOG_PROB(u, density), LOG_PROB(v, density)
        top = at_u if at_u > at_v else at_v
        {slope} = WITH_GRAD(u if at_u > at_v else v, gradient)
        unit = 1.0 / abs(slope)
        unit = unit if 0.0 < unit < INF else (v - u if v - u < INF else 1.0)
        w, {sums} = PARTS(u, v, unit if at_u > at_v else -unit, top if top < INF else log_mass, gradient)
        return {ratios}
    mass = exp(log_mass)
    {at_v} = SLOPES(v, slopes)
    {at_u} = SLOPES(u, slopes)
    return {differences}
"""
"""Means of the base's score over an interval: a quadrature or sum where it is narrow, else from the cdf's slopes."""


def score(kernels: dict[str, Any], n: int, discrete: bool) -> Any:
    """The kernel of the mean score for a base with `n` parameters."""
    names = range(n)
    dx = "" if discrete else "_, "

    def each(text: str, separator: str = ", ") -> str:
        return separator.join(text.format(i=i) for i in names)

    source = _SCORE_SOURCE.format(
        zeros=each("s{i} = 0.0", "; "),
        one=f"f, {dx}" + each("g{i}"),
        add=each("s{i} += weight * g{i}", "; "),
        sums=each("s{i}"),
        parts=each("p{i}"),
        add_parts=each("s{i} += p{i}", "; "),
        empty="(" + each("0.0 * log_mass if log_mass != log_mass else 0.0") + ",)",
        ratios="(" + each("s{i} / w") + ",)",
        at_v=f"_, {dx}" + each("v{i}"),
        at_u=f"_, {dx}" + each("u{i}"),
        differences="(" + each("(v{i} - u{i}) / mass") + ",)",
        slope="_, slope, " + each("_") if not discrete else "slope",
        by_terms=f"log_mass < {TINY} or (close and v - u <= {TERMS})" if discrete else "False",
        by_quadrature="False" if discrete else f"close or log_mass < {TINY}",
    )
    space: dict[str, Any] = {
        **kernels, "exp": exp, "NODES": NODES_12, "WEIGHTS": WEIGHTS_12, "INF": INF, "CLOSER": log(0.25), "MOST": TERMS
    }  # fmt: skip
    defined: dict[str, Any] = {}
    exec(compile(source, "<fastdist truncated>", "exec"), space, defined)
    for name, own in (("over_panel", "PANEL"), ("over_sum", "SUM"), ("by_parts", "PARTS"), ("score", "SCORE")):
        space[own] = kernel(defined[name], heavy=True)
    return space["SCORE"]
