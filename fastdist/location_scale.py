"""Families of ``loc + scale * Z`` and of ``scale * Z``: their formulas, from those of a fixed variate Z.

A distribution's file gives formulas of z = (x - loc) / scale; here they get location, scale, and
the derivatives in both.
"""

from __future__ import annotations

from math import exp, log, sqrt
from typing import Any

from fastdist.engine.bits import LARGEST
from fastdist.engine.kernel import expression, kernel, traits
from fastdist.kernels import Kernels
from fastdist.random.sampling import Sampler
from fastdist.special.scaled import over, reciprocal

SHIFTED = ("mean", "median", "mode")
SCALED = {
    "stddev": "scale * standard", "variance": "scale * (scale * standard)", "entropy": "log(scale) + standard"
}  # fmt: skip


@kernel
def _prepare(loc, scale):
    return loc, scale, reciprocal(scale), log(scale)


@kernel
def _prepare_scale(scale):
    return _prepare(0.0, scale)


@kernel
def _log_prob_and_grad(slope, growth, log_prob, c):
    in_x = over(slope, c[2])
    return log_prob - c[3], in_x, -in_x, -over(1.0 + growth, c[2])


@kernel
def _with_slope(z, slope, log_prob, c):
    return _log_prob_and_grad(slope, z * slope, log_prob, c)


@kernel
def times_density(z, root):
    """z times a density of that square root: the density alone may underflow first."""
    far = z if z < LARGEST else LARGEST
    return (far if far > -LARGEST else -LARGEST) * root * root


@kernel
def scaled_cdf_slopes(z, cdf, log_prob, c):
    """The cdf and its derivatives in x, loc and scale, from those of z and the log density there."""
    root = exp(0.5 * (log_prob - c[3]))
    density = root * root
    return cdf, density, -density, -times_density(z, root)


@kernel
def _with_spread(cdf, density, spread):
    return cdf, density, -density, -spread


@kernel
def _in_scale(gradient):
    value, in_x, _, in_scale = gradient
    return value, in_x, in_scale


def location_scale(
    *,
    log_prob: Any,
    slope: Any,
    cdf: Any,
    icdf: Any,
    sampler: Sampler,
    log_cdf: Any = None,
    loc: bool = True,
    sf: Any = None,
    log_sf: Any = None,
    isf: Any = None,
    prob: Any = None,
    spread: Any = None,
    growth: Any = None,
    of_x: dict[str, Any] | None = None,
    **summaries: float,
) -> Kernels:
    """The :class:`~fastdist.kernels.Kernels` of a family with parameters loc and scale, or scale alone.

    Parameters
    ----------
    log_prob, slope : function
        The log density at z, and its derivative.
    cdf, log_cdf, icdf, sf, log_sf, isf : function
        Of z, or of a probability. Without `sf` the density is symmetric; logarithms of tails are here or in `of_x`.
    prob : function, optional
        The density at x, of z and the constants: loc, scale, its :func:`~fastdist.special.scaled.reciprocal`, and its
        logarithm.
    spread : function, optional
        z times the density at x, where there is a `prob`: of the same.
    growth : function, optional
        z times `slope`, for a density whose slope is 0 or infinite where that product has another limit.
    of_x : dict, optional
        Formulas of x and the constants, by method, in the place of those of z.
    sampler : Sampler
        Its formula draws Z: ``(noise)``.
    loc : bool
        Whether there is a location.
    **summaries
        Mean, variance, skewness, kurtosis, median, mode and entropy of Z.
    """
    z, over_z = "(x - c[0]) / c[1]", "over(x - c[0], c[2])"
    formulas: dict[str, Any] = {
        "log_prob": expression(f"f({over_z}) - c[3]", "x, c", f=log_prob, over=over),
        "cdf": expression(f"f({z})", "x, c", f=cdf),
        "icdf": expression("c[0] + c[1] * f(p)", "p, c", f=icdf),
    }
    if log_cdf is not None:
        formulas["log_cdf"] = expression(f"f({z})", "x, c", f=log_cdf)
    if sf is None:
        formulas["sf"] = expression("f((c[0] - x) / c[1])", "x, c", f=cdf)
        formulas["log_sf"] = expression("f((c[0] - x) / c[1])", "x, c", f=log_cdf)
        formulas["isf"] = expression("c[0] - c[1] * f(q)", "q, c", f=icdf)
    else:
        formulas["sf"] = expression(f"f({z})", "x, c", f=sf)
        if log_sf is not None:
            formulas["log_sf"] = expression(f"f({z})", "x, c", f=log_sf)
        formulas["isf"] = expression("c[0] + c[1] * f(q)", "q, c", f=isf)
    formulas["log_prob"].__fastdist__ = traits(log_prob)
    if prob is not None:
        formulas["prob"] = expression(f"f({over_z}, c)", "x, c", f=prob, over=over)

    formulas.update(of_x or {})

    gradients = {
        "log_prob_and_grad": (
            (f"of({z}, f({z}), g({z}), c)", {"of": _with_slope, "f": slope, "g": log_prob})
            if growth is None
            else (f"of(f({z}), h({z}), g({z}), c)", {"of": _log_prob_and_grad, "f": slope, "g": log_prob, "h": growth})
        ),
        "cdf_and_grad": (
            (f"of({z}, f({z}), g({z}), c)", {"of": scaled_cdf_slopes, "f": cdf, "g": log_prob})
            if prob is None
            else (
                f"of(f({z}), g({over_z}, c), s({over_z}, c))",
                {"of": _with_spread, "f": cdf, "g": prob, "s": spread, "over": over},
            )
        ),
    }
    for name, (text, names) in gradients.items():
        formulas[name] = expression(text if loc else f"in_scale({text})", "x, c", in_scale=_in_scale, **names)
    formulas["sample_grad"] = expression(f"1.0, {z}" if loc else z, "x, c")

    parameters, origin = ("loc, scale", "loc") if loc else ("scale", "0.0")
    if "variance" in summaries:
        summaries["stddev"] = sqrt(summaries["variance"])
    for name, value in summaries.items():
        if name in SHIFTED:
            text = f"{origin} + scale * standard"
        else:
            text = SCALED.get(name, "standard")
        formulas[name] = expression(text, parameters, standard=value, log=log)
    draw = expression("c[0] + c[1] * f(noise)", "noise, c", f=sampler.formula)
    return Kernels(
        prepare=_prepare if loc else _prepare_scale,
        sampler=sampler.through(draw),
        standard=log_prob if loc else None,
        **formulas,
    )
