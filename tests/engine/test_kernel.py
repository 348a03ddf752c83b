"""Clones of a formula: compiled they give what plain Python gives, narrow ones stay float32."""

import contextlib
import gc
import math
from math import exp, log

import numba
import numpy as np
import pytest
from helpers import inner
from numba import types

import fastdist as fd
from fastdist.engine import cpu
from fastdist.engine.kernel import Cloner, callees, fingerprint, kernel, traits

SCALE = 0.3
TABLE = (0.1, 0.2, 0.7)


@kernel(single=True)
def square(x):
    return x * x * SCALE


@kernel(single=True)
def formula(x, c):
    total = 0.1
    for t in TABLE:
        total = total + t * x
    return square(x) + total + 1.5 * c[0]


@kernel
def wide(x):
    return exp(log(x) * 0.5)


@kernel
def unused(x):
    return x


NARROW = Cloner(cpu.SUBSTITUTES, lambda function, heavy: numba.njit(function), cpu.SINGLE_SUBSTITUTES)


def test_marks():
    assert traits(formula).single and not traits(formula).heavy
    assert traits(wide) == (False, False) and traits(math.log) is None
    assert formula(2.0, (1.0,)) == pytest.approx(4 * SCALE + 0.1 + 2.0 + 1.5)


def test_callees():
    assert callees(formula, {}) == {"square": square}
    assert set(callees(wide, cpu.SUBSTITUTES)) == {"exp", "log"}
    assert callees(wide, {}) == {}


def test_a_narrow_clone_stays_float32():
    """Every literal, global, tuple and intermediate result is float32."""
    narrow = NARROW(formula)
    x, c = np.float32(1.2345678), (np.float32(0.1),)

    @numba.njit
    def call(x, c):
        return narrow(x, c)

    got = call(x, c)
    assert call.nopython_signatures[0].return_type == numba.types.float32
    f = np.float32
    total = f(0.1)
    for t in TABLE:
        total = total + f(t) * x
    want = x * x * f(SCALE) + total + f(1.5) * c[0]
    assert f(got) == pytest.approx(want, rel=2e-7)


def test_a_kernel_that_is_not_marked_single_stays_wide():
    clone = NARROW(wide)

    @numba.njit
    def call(x):
        return clone(np.float64(x))

    assert call(2.0) == pytest.approx(math.sqrt(2), rel=1e-15)
    assert call.nopython_signatures[0].return_type == numba.types.float64


def test_clones_are_kept():
    assert cpu.jitted(square) is cpu.jitted(square)
    cloner = Cloner({math.log: unused}, lambda function, heavy: function)
    clone = cloner(wide)
    assert clone is not wide and clone is cloner(wide)
    assert clone.__globals__["log"] is cloner(unused)
    assert wide.__globals__["log"] is math.log


def make(text, **names):
    scope = {"log": log, **names}
    exec(compile(text, "<test>", "exec"), scope)
    return kernel(scope["f"])


def test_fingerprint_sees_what_matters():
    """Code, constants, globals, callees and marks; not line numbers."""
    base = make("def f(x):\n    return A * log(x)", A=1.0)
    same = make("\n\n\ndef f(x):\n    return A * log(x)", A=1.0)
    inner_a = make("def f(x):\n    return x + 1.0")
    inner_b = make("def f(x):\n    return x + 2.0")
    others = [
        make("def f(x):\n    return A * log(x)", A=2.0),
        make("def f(x):\n    return A * x", A=1.0),
        make("def f(x):\n    return A * log(x) + 0.0", A=1.0),
        make("def f(x):\n    return A + log(x)", A=1.0),
        make("def f(x):\n    return g(x)", g=inner_a),
        make("def f(x):\n    return g(x)", g=inner_b),
        make("def f(x):\n    return B[0]", B=(1.0, 2.0)),
        make("def f(x):\n    return B[0]", B=(1.0, 3.0)),
        make("def f(x):\n    return -0.0", A=1.0),
        make("def f(x):\n    return 0.0", A=1.0),
        make("def f(x):\n    return 1", A=1.0),
        make("def f(x):\n    return 1.0", A=1.0),
    ]
    assert fingerprint(base, cpu.SUBSTITUTES) == fingerprint(same, cpu.SUBSTITUTES)
    marks = {fingerprint(f, cpu.SUBSTITUTES) for f in (base, *others)}
    assert len(marks) == 1 + len(others)
    assert fingerprint(base, cpu.SUBSTITUTES) != fingerprint(base, {})
    heavy = kernel(heavy=True)(make("def f(x):\n    return A * log(x)", A=1.0))
    assert fingerprint(heavy, cpu.SUBSTITUTES) != fingerprint(base, cpu.SUBSTITUTES)


FORMULAS = [
    (fd.Normal(1.0, 2.0), ("log_prob", "cdf", "sf", "log_cdf", "log_sf", "icdf", "isf")),
    (fd.Uniform(-1.0, 2.0), ("log_prob", "cdf", "sf", "log_cdf", "icdf")),
    (fd.Exponential(2.0), ("log_prob", "cdf", "sf", "log_cdf", "icdf", "isf")),
    (fd.Gamma(2.5, 1.5), ("log_prob", "cdf", "sf", "log_cdf", "log_sf", "icdf", "isf")),
    (fd.Gamma(30.0, 1.5), ("log_prob", "cdf", "log_sf")),
    (fd.Beta(2.5, 1.5), ("log_prob", "cdf", "sf", "log_cdf", "log_sf", "icdf", "isf")),
    (fd.StudentT(4.5, 1.0, 2.0), ("log_prob", "cdf", "sf", "log_cdf", "log_sf", "icdf", "isf")),
    (fd.Poisson(4.5), ("log_prob", "cdf", "sf", "log_cdf", "log_sf", "icdf", "isf")),
]


@pytest.mark.parametrize(("d", "method"), [(d, m) for d, methods in FORMULAS for m in methods], ids=str)
def test_plain_python_gives_what_the_compiled_kernel_gives(d, method):
    """A formula is its own reference: it runs in CPython, without the engine."""
    prepare, plain = d.kernels[method]
    constants = prepare(*(float(v) for v in d._parameters.values()))
    for x in np.linspace(0.1, 0.9, 7) if method in ("icdf", "isf") else inner(d, 7):
        assert plain(float(x), constants) == pytest.approx(getattr(d, method)(x), rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("d", [d for d, _ in FORMULAS], ids=str)
@pytest.mark.parametrize("name", ["mean", "variance", "skewness", "kurtosis", "mode", "entropy"])
def test_plain_python_gives_the_summaries(d, name):
    _, plain = d.kernels[name]
    want = getattr(d, name)()
    assert plain(*(float(v) for v in d._parameters.values())) == pytest.approx(want, rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("collecting", [True, False])
@pytest.mark.parametrize("source", ["def f(x):\n    return WIDE(x)", "def f(x):\n    return WIDE(missing)"])
def test_compilation_leaves_the_collector_as_it_was(source, collecting, monkeypatch):
    """Also if it fails."""
    monkeypatch.setenv("FASTDIST_CACHE_DIR", "")
    (gc.enable if collecting else gc.disable)()
    try:
        with pytest.raises(numba.TypingError) if "missing" in source else contextlib.nullcontext():
            cpu.build("f", source, {"WIDE": wide}, (types.float64,))
        assert gc.isenabled() == collecting
    finally:
        gc.enable()
