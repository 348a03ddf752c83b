"""Kernels of pairs: each function that has a derivative of its own, arithmetic, branches and loops."""

import math
from math import floor, sin, sqrt

import mpmath as mp
import numpy as np
import pytest

from fastdist.engine import bits, elementary, pairs, trigonometric
from fastdist.engine.kernel import expression, kernel
from fastdist.engine.loops import parameter_scalar
from fastdist.engine.pairs import tangent
from fastdist.special import beta, binet, erf, excess, gamma, logs, normal, slopes, stretched

INF = float("inf")


def moved(formula, *arguments):
    """Values and tangents of a kernel's results."""
    entry, _ = parameter_scalar(tangent(formula, len(arguments) // 2), len(arguments))
    found = entry(*arguments)
    return found[::2], found[1::2]


FUNCTIONS = {
    **{f: getattr(mp, f.__name__) for f in (math.log, math.log1p, math.exp, math.expm1, math.sqrt, math.cbrt)},
    **{f: getattr(mp, f.__name__) for f in (math.sin, math.cos, math.tan, math.sinh, math.cosh, math.tanh)},
    math.atan: mp.atan,
    math.asinh: mp.asinh,
    math.atanh: mp.atanh,
    gamma.gammaln: mp.loggamma,
    gamma.digamma: mp.digamma,
    gamma.trigamma: lambda x: mp.psi(1, x),
    gamma.log_gamma1p: lambda x: mp.loggamma(1 + x),
    gamma.log_minus_digamma: lambda x: mp.log(x) - mp.digamma(x),
    gamma.stirling_error: lambda x: mp.loggamma(x + 1) - (x + mp.mpf(1) / 2) * mp.log(x) + x - mp.log(2 * mp.pi) / 2,
    binet.binet_slope: lambda x: mp.digamma(x) - mp.log(x) + 1 / (2 * x),
    logs.exp_excess: lambda x: mp.expm1(x) - x,
    normal.ndtr: mp.ncdf,
    normal.log_ndtr: lambda x: mp.log(mp.ncdf(x)),
    erf.erf: mp.erf,
    erf.erfc: mp.erfc,
    normal.ndtri: lambda p: mp.sqrt(2) * mp.erfinv(2 * p - 1),
}
OF_TWO = {
    "pow(x, y)": lambda x, y: x**y,
    "atan2(x, y)": mp.atan2,
    "log_sum(x, 0.0 * y)": lambda x, y: mp.log(x),
    "exp_sum(x, 0.0 * y)": lambda x, y: mp.exp(x),
    "fma(x, y, x)": lambda x, y: x * y + x,
    "deviance(x, y)": lambda x, y: x * mp.log(x / y) + y - x,
    "log_quotient(x, y)": lambda x, y: mp.log(x / y),
    "ratio_excess(x, y)": lambda x, y: x / y - 1 - mp.log(x / y),
    "log_excess(x / y, x / y - 1.0)": lambda x, y: x / y - 1 - mp.log(x / y),
    "log_pair(x, 0.0 * y)[0]": lambda x, y: mp.log(x),
    "sincos_turn(x * y)[0]": lambda x, y: mp.sin(2 * mp.pi * x * y),
    "sincos_half_turn(x * y)[1]": lambda x, y: mp.cos(mp.pi * x * y),
    "log1p_by(x, y)": lambda x, y: mp.log1p(x * y) / x,
    "expm1_by(x, y)": lambda x, y: mp.expm1(x * y) / x,
    "decay(x + y)": lambda x, y: mp.exp(-x - y),
    "x / y - y / x": lambda x, y: x / y - y / x,
}
NAMES = {
    **{f.__name__: f for f in (math.pow, math.atan2, bits.fma, gamma.deviance, beta.log_pair)},
    **{f.__name__: f for f in (elementary.log_sum, elementary.exp_sum, logs.log_quotient)},
    **{f.__name__: f for f in (excess.ratio_excess, excess.log_excess, stretched.log1p_by, stretched.expm1_by)},
    **{f.__name__: f for f in (trigonometric.sincos_turn, trigonometric.sincos_half_turn)},
    "decay": slopes._decay,
}


def test_functions():
    """First and second derivatives of all functions of one number, against mpmath."""
    at = 0.37
    named = {f"f{i}": f for i, f in enumerate(FUNCTIONS)}
    every = expression(", ".join(f"{name}(x)" for name in named), "x", **named)
    _, first = moved(every, at, 1.0)
    _, second = moved(tangent(every, 1), at, 1.0, 1.0, 0.0)
    with mp.workdps(30):
        for function, exact, once, twice in zip(FUNCTIONS, FUNCTIONS.values(), first, second[1::2], strict=True):
            assert once == pytest.approx(float(mp.diff(exact, mp.mpf(at))), rel=1e-14), function
            assert twice == pytest.approx(float(mp.diff(exact, mp.mpf(at), 2)), rel=3e-14), function


def test_functions_of_two():
    """Along a direction of both."""
    every = expression(", ".join(OF_TWO), "x, y", **NAMES)
    values, found = moved(every, 1.7, 0.6, 0.3, -0.8)
    _, second = moved(tangent(every, 2), 1.7, 0.6, 0.3, -0.8, 0.3, -0.8, 0.0, 0.0)
    with mp.workdps(30):
        for text, value, once, twice in zip(OF_TWO, values, found, second[1::2], strict=True):

            def along(s, text=text):
                return OF_TWO[text](mp.mpf(1.7) + mp.mpf(0.3) * s, mp.mpf(0.6) - mp.mpf(0.8) * s)

            assert value == pytest.approx(float(along(0)), rel=1e-14), text
            assert once == pytest.approx(float(mp.diff(along, 0)), rel=1e-14), text
            assert twice == pytest.approx(float(mp.diff(along, 0, 2)), rel=1e-13), text


@kernel
def _parts(x):
    return x * x, 3.0


@kernel
def winding(x, y):
    """Names that are a number in one branch and a pair in another, loops, tuples, and integers."""
    total, sign = 0.0, 1
    for k in range(4):
        total += sign * x * float(k)
        sign = -sign
    square, three = _parts(x)
    chosen = square if x > y else three
    whole = floor(5.0 * x) + float(int(2.0 * x))
    c = x, y, 1.0
    return total, chosen, whole * y, abs(-x) - abs(y), c[:2][1] / c[2], 7.0


def test_branches_and_loops():
    values, found = moved(winding, 1.3, 0.4, 1.0, 10.0)
    assert values == pytest.approx((-2.6, 1.69, 3.2, 0.9, 0.4, 7.0))
    assert found == pytest.approx((-2.0, 2.6, 80.0, -9.0, 10.0, 0.0))
    _, found = moved(winding, 0.2, 0.4, 1.0, 10.0)
    assert found[1] == 0.0


def test_what_does_not_move():
    """A tangent of 0 is 0 behind an infinite slope, and NaN is NaN."""
    stretch = expression("log1p_by(x, y), expm1_by(x, y)", "x, y", **NAMES)
    assert moved(stretch, 0.0, 0.5, 1.0, 0.0)[1] == (-0.125, 0.125)  # where it is the identity it moves all the same
    root = expression("sqrt(x), log(x), x * y, y / x", "x, y", sqrt=math.sqrt, log=math.log)
    assert moved(root, 0.0, INF, 0.0, 0.0)[1] == (0.0, 0.0, 0.0, 0.0)
    assert moved(root, 0.0, 2.0, 1.0, 0.0)[1] == (INF, INF, 2.0, -INF)
    assert np.isnan(moved(root, np.nan, 2.0, 1.0, 0.0)[1][:2]).all()
    _, slopes_of_slope = moved(tangent(root, 2), 4.0, 2.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0)
    assert slopes_of_slope[1::2] == (0.0, 0.0, 0.0, 0.0)


@kernel
def _sine(x):
    return sin(x)


@kernel(heavy=True)
def _cosine(x):
    """A function of its own, which its own derivative is made of."""
    total = 0.0
    for _ in range(2):
        total += 0.5 * sqrt(1.0 - _sine(x) * _sine(x))
    return total


@kernel
def _sine_slope(result, x):
    return _cosine(x)


def test_a_kernel_that_its_own_derivative_calls():
    """At each depth of pairs it is a function of its own: to the third derivative."""
    pairs._edition()  # what is kept on disk knows of the library's own rules
    pairs.derivative(_sine)(_sine_slope)
    try:
        twice = tangent(tangent(_cosine, 1), 2)
        _, found = moved(twice, 0.4, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0)
    finally:
        del pairs._rules[_sine]
    sine, cosine = math.sin(0.4), math.cos(0.4)
    assert found == pytest.approx((-sine, -cosine, -cosine, sine), rel=1e-13)
