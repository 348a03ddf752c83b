"""Where a formula holds, and what a method gives elsewhere.

A distribution declares its support once. From that each method's guard follows: a density is 0
outside, a cdf is 0 below and 1 above, a quantile is the support's end at 0 and 1 and NaN outside
[0, 1]. A formula sees interior points, and the ends that belong to the support, only.
"""

from __future__ import annotations

from typing import NamedTuple

from fastdist.constraints import Constraint

INF = float("inf")


class Guard(NamedTuple):
    """Conditions in the order in which they are tried, as text over ``v``, ``lower``, ``upper`` and ``LARGEST``.

    `inside` is where the formula holds. `cases` pairs a condition with the value there, whose
    partial derivatives are 0. Where nothing holds, every result is NaN. An end of the support
    that is None comes from the distribution's ``bounds`` kernel.
    """

    inside: str
    cases: tuple[tuple[str, str], ...]
    lower: float | None = None
    upper: float | None = None
    floor: bool = False

    @property
    def needs_bounds(self) -> bool:
        """Whether the ends of the support depend on the parameters."""
        return self.lower is None or self.upper is None

    def lines(self, formula: list[str], results: list[str], constants: str) -> list[str]:
        """Statements that set `results` from ``v``."""
        lines = [f"lower, upper = BOUNDS({constants})"] if self.needs_bounds else []
        for name, end in (("lower", self.lower), ("upper", self.upper)):
            if end is not None:
                lines.append(f"{name} = {_literal(end)}")
        if self.floor:
            lines.append("v = floor(v)")
        lines += [f"if {self.inside}:", *(f"    {line}" for line in formula)]
        for condition, value in self.cases:
            lines += [f"elif {condition}:", f"    {results[0]} = {value}", *(f"    {r} = ZERO" for r in results[1:])]
        lines += ["else:", *(f"    {r} = NAN" for r in results)]
        return lines


def _literal(value: float) -> str:
    return {float("inf"): "INF", float("-inf"): "-INF", 0.0: "ZERO", 1.0: "ONE"}.get(value, repr(float(value)))


# For each method: the values below, above and between the points of the support.
_OUTSIDE = {
    "prob": ("ZERO", "ZERO"),
    "log_prob": ("-INF", "-INF"),
    "log_prob_and_grad": ("-INF", "-INF"),
    "cdf": ("ZERO", "ONE"),
    "cdf_and_grad": ("ZERO", "ONE"),
    "sf": ("ONE", "ZERO"),
    "log_cdf": ("-INF", "ZERO"),
    "log_sf": ("ZERO", "-INF"),
    "log_cdf_and_grad": ("-INF", "ZERO"),
    "log_sf_and_grad": ("ZERO", "-INF"),
}


def _between(support: Constraint, closed_lower: bool, closed_upper: bool) -> str:
    """The condition that ``v`` lies between the ends of a support.

    On a half-line that it is no larger than a number: LLVM would ask whether it is 0, finite or NaN by its bits, which
    takes many operations of integers.
    """
    last = "<= LARGEST" if support.upper == INF and support.lower != -INF else f"{'<=' if closed_upper else '<'} upper"
    return f"lower {'<=' if closed_lower else '<'} v {last}"


def guard(method: str, support: Constraint) -> Guard:
    """The guard of `method` for a distribution on `support`."""
    lower, upper = support.lower, support.upper
    if method in ("icdf", "isf"):
        ends = ("lower", "upper") if method == "icdf" else ("upper", "lower")
        return Guard("ZERO < v < ONE", (("v == ZERO", ends[0]), ("v == ONE", ends[1])), lower, upper)
    below, above = _OUTSIDE[method]
    if "prob" in method:
        inside = _between(support, support.closed_lower, support.closed_upper)
        if lower is None or upper is None:  # an end that depends on the parameters may be infinite
            inside += " and -INF < v < INF"
        if support.is_discrete:
            inside += " and v == floor(v)"
        elsewhere = "v == v" if lower is not None and upper is not None else "v == v and lower <= upper"
        return Guard(inside, ((elsewhere, below),), lower, upper)
    if support.is_discrete:
        # An infinite end is no integer.
        inside, outside = ("lower <= v", "v < lower") if support.closed_lower else ("lower < v", "v <= lower")
        return Guard(f"{inside} < upper", ((outside, below), ("v >= upper", above)), lower, upper, floor=True)
    # The upper end first: where both are one, the whole mass is there.
    return Guard(_between(support, False, False), (("v >= upper", above), ("v <= lower", below)), lower, upper)
