"""The functions that stand in for those of math on the CPU."""

from math import exp, expm1, log, log1p
from pathlib import Path

import numpy as np
import pytest
from compiled import over

from fastdist.engine import elementary, trigonometric
from fastdist.engine.kernel import kernel
from fastdist.engine.trigonometric import sincos_half_turn

REFERENCES = np.load(Path(__file__).parents[1] / "references" / "elementary.npz")
INF, NAN = np.inf, np.nan


def sin_half_turn(x):
    return sincos_half_turn(x)[0]


def cos_half_turn(x):
    return sincos_half_turn(x)[1]


# twice the largest error seen, in ulp; rounding the reference takes 0.5 of them
CASES = {
    "log": (elementary.log, 1.9),
    "log1p": (elementary.log1p, 1.9),
    "exp": (elementary.exp, 1.6),
    "expm1": (elementary.expm1, 2.4),
    "pow": (elementary.pow, 1.9),
    "cbrt": (elementary.cbrt, 1.5),
    "sinh": (elementary.sinh, 4),
    "cosh": (elementary.cosh, 4),
    "tanh": (elementary.tanh, 4),
    "asinh": (elementary.asinh, 3),
    "atanh": (elementary.atanh, 3),
    "sin": (trigonometric.sin, 1.9),
    "cos": (trigonometric.cos, 1.9),
    "tan": (trigonometric.tan, 4),
    "atan": (trigonometric.atan, 2.3),
    "atan2": (trigonometric.atan2, 3),
    "sin_half_turn": (kernel(sin_half_turn), 2),
    "cos_half_turn": (kernel(cos_half_turn), 2),
}
NAMES = ["log", "log1p", "exp", "expm1", "sinh", "cosh", "tanh", "asinh", "atanh", "cbrt", "sin", "cos", "tan", "atan"]


def assert_same(value, expected):
    """Equal, signs of zero included."""
    np.testing.assert_array_equal(value, expected)
    numbers = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(value)[numbers], np.signbit(expected)[numbers])


@pytest.mark.parametrize("name", CASES)
def test_agrees_with_mpmath(name):
    function, ulps = CASES[name]
    *inputs, expected = REFERENCES[name]
    error = np.abs(over(function, *inputs) - expected) / np.spacing(np.abs(expected))
    assert error.max() <= ulps


def test_exponentials_that_are_neither_subnormal_nor_infinite():
    x, expected = REFERENCES["exp"][:, (REFERENCES["exp"][0] >= -708) & (REFERENCES["exp"][0] <= 709)]
    x, expected = np.append(x, [-708.0, 0.0]), np.append(expected, [np.exp(-708.0), 1.0])
    error = np.abs(over(elementary.exp_within, x) - expected) / np.spacing(expected)
    assert error.max() <= 2.3


@pytest.mark.parametrize("name", CASES)
def test_cpython_is_the_same_formula(name):
    function, _ = CASES[name]
    inputs = REFERENCES[name][:, ::20]
    x = inputs[:-1, np.abs(inputs[0]) < (1e3 if "half" not in name else 10)]
    y = [function(*row) for row in zip(*x.tolist(), strict=True)]
    np.testing.assert_allclose(y, over(function, *x), rtol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_special_values(name):
    x = np.array([0.0, -0.0, INF, -INF, NAN, 5e-324, -5e-324, 1e-310, 1e-20, -1e-20, 1.0, -1.0, 1.79e308, -1.79e308])
    x = x if name not in ("sin", "cos", "tan") else x[:-2]
    with np.errstate(all="ignore"):
        reference = {"asinh": np.arcsinh, "atanh": np.arctanh, "atan": np.arctan}.get(name) or getattr(np, name)
        expected = reference(x)
    value = over(CASES[name][0], x)
    exact = (expected == 0) | ~np.isfinite(expected)
    assert_same(value[exact], expected[exact])
    np.testing.assert_allclose(value[~exact], expected[~exact], rtol=6e-16, atol=0)


def test_exp_underflows_gradually():
    x = np.linspace(-746, -700, 2001)
    np.testing.assert_allclose(over(elementary.exp, x), np.exp(x), rtol=3e-16, atol=5e-324)
    assert over(elementary.exp, [709.782712893384])[0] < INF
    assert over(elementary.exp, [709.7827128933841])[0] == INF
    assert over(elementary.expm1, [709.782712893384])[0] < INF


def test_log_of_a_sum_keeps_the_small_part():
    value = over(elementary.log_sum, [1.0, 1.0, 1.5e308, 5e-324], [1e-17, -1e-300, 1e290, 0.0])
    np.testing.assert_allclose(value, [1e-17, -1e-300, np.log(1.5e308), np.log(5e-324)], rtol=3e-16)


def test_power_of_special_arguments():
    values = [0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, 3.0, -3.0, 2.5, INF, -INF, NAN, 1e300, -1e300, 1e-300]
    x, y = (grid.ravel() for grid in np.meshgrid(values, values))
    with np.errstate(all="ignore"):
        expected = np.power(x, y)
    value = over(elementary.pow, x, y)
    exact = (expected == 0) | ~np.isfinite(expected)
    assert_same(value[exact], expected[exact])
    np.testing.assert_allclose(value[~exact], expected[~exact], rtol=2e-16)


def test_angle_of_special_points():
    values = [0.0, -0.0, 1.0, -1.0, INF, -INF, NAN, 5e-324, -1.79e308]
    y, x = (grid.ravel() for grid in np.meshgrid(values, values))
    expected = np.arctan2(y, x)
    value = over(trigonometric.atan2, y, x)
    np.testing.assert_allclose(value, expected, rtol=3e-16)
    numbers = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(value)[numbers], np.signbit(expected)[numbers])


def test_half_turns_are_exact():
    x = np.array([0, 0.5, 1, 1.5, 2, -0.5, -1, 1e15 + 0.5, 2.0**53, 1e300])
    sine, cosine = over(sincos_half_turn, x, outputs=2)
    np.testing.assert_array_equal(sine, [0, 1, 0, -1, 0, -1, 0, 1, 0, 0])
    np.testing.assert_array_equal(cosine, [1, 0, -1, 0, 1, 0, -1, 0, 1, 1])
    np.testing.assert_array_equal(np.abs(over(trigonometric.tan_half_turn, [0.5, -0.5, 1.0, INF])), [INF, INF, 0, NAN])
    sine, cosine = over(trigonometric.sincos_turn, [0.0, 0.25, 0.5, 0.75, 1.0], outputs=2)
    np.testing.assert_array_equal(sine, [0, 1, 0, -1, 0])
    np.testing.assert_array_equal(cosine, [1, 0, -1, 0, 1])


def test_angles_beyond_the_domain_are_nan():
    for function in (trigonometric.sin, trigonometric.cos, trigonometric.tan):
        assert np.isnan(over(function, [1e16, -1e300, INF, NAN])).all()


@kernel
def wide_exp(x):
    return exp(x)


@kernel(single=True)
def single_log(x):
    return log(x)


@kernel(single=True)
def single_log1p(x):
    return log1p(x)


@kernel(single=True)
def single_exp(x):
    return exp(x)


@kernel(single=True)
def single_expm1(x):
    return expm1(x)


SPECIAL32 = [
    0.0,
    -0.0,
    INF,
    -INF,
    NAN,
    1e-45,
    -1e-45,
    1e-40,
    1e-20,
    1.0,
    -1.0,
    88.7,
    88.73,
    -103.9,
    -110.0,
    3e38,
    -3e38,
]


@pytest.mark.parametrize(
    ("function", "reference", "low", "high"),
    [
        (single_log, np.log, 1e-44, 3e38),
        (single_log1p, np.log1p, 1e-10, 3e38),
        (single_exp, np.exp, -103, 88.7),
        (single_expm1, np.expm1, -20, 88.7),
    ],
)
def test_float32(function, reference, low, high):
    rng = np.random.default_rng(5)
    wide = rng.uniform(low, high, 20000) if low < 0 else np.exp(rng.uniform(np.log(low), np.log(high), 20000))
    x = np.concatenate([wide, rng.uniform(-0.9 if low != 1e-44 else 0.1, 3, 20000)]).astype(np.float32)
    expected = reference(x.astype(float))
    error = np.abs(over(function, x, dtype=np.float32) - expected) / np.spacing(np.abs(expected).astype(np.float32))
    assert error.max() < 2
    x = np.array(SPECIAL32, np.float32)
    with np.errstate(all="ignore"):
        expected = reference(x.astype(float)).astype(np.float32)
    value = over(function, x, dtype=np.float32)
    np.testing.assert_allclose(value, expected, rtol=2.5e-7, atol=2e-45)


def test_float32_is_computed_in_float32():
    x = np.array([0.1, 0.7, 2.3, 9.1], np.float32)
    wide = over(wide_exp, x, dtype=np.float32)
    narrow = over(single_exp, x, dtype=np.float32)
    np.testing.assert_allclose(narrow, wide, rtol=2e-7)
    many = np.linspace(-80, 80, 10001).astype(np.float32)
    assert (over(single_exp, many, dtype=np.float32) != over(wide_exp, many, dtype=np.float32)).any()
