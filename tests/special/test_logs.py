"""fastdist.special.logs against mpmath."""

from pathlib import Path

import mpmath as mp
import numpy as np
import pytest
from compiled import over

from fastdist.special import logs

REFERENCES = np.load(Path(__file__).parents[1] / "references" / "logs.npz")
ULP = 2.0**-52
INF, NAN = np.inf, np.nan
BOUNDS = {"logaddexp": 2, "logsubexp": 2, "xlogy": 3, "xlog1py": 3, "logit": 4}


@pytest.mark.parametrize("name", logs.__all__)
def test_agrees_with_mpmath(name):
    *inputs, expected = REFERENCES[name]
    y = over(getattr(logs, name), *inputs)
    np.testing.assert_allclose(y, expected, rtol=BOUNDS.get(name, 2.5) * ULP, atol=1e-323)


@pytest.mark.parametrize(
    ("name", "inputs", "expected"),
    [
        ("log1mexp", ([0.0, -INF, NAN, 1.0, -800.0],), [-INF, 0, NAN, NAN, 0]),
        ("log1pexp", ([-INF, INF, NAN, 1e300, -1e300],), [0, INF, NAN, 1e300, 0]),
        ("log_expit", ([-INF, INF, NAN, 1e300, -1e300],), [-INF, 0, NAN, 0, -1e300]),
        ("expit", ([-INF, INF, NAN, 0.0],), [0, 1, NAN, 0.5]),
        ("logit", ([0.0, 1.0, 0.5, NAN, -0.1, 1.1],), [-INF, INF, 0, NAN, NAN, NAN]),
        ("logaddexp", ([INF, -INF, -INF, INF, NAN], [INF, -INF, 3.0, -INF, 0.0]), [INF, -INF, 3, INF, NAN]),
        ("logsubexp", ([1.0, -INF, INF, 0.0, NAN], [1.0, -INF, 0.0, 1.0, 0.0]), [-INF, -INF, INF, NAN, NAN]),
        ("xlogy", ([0.0, 0.0, 0.0, 1.0, NAN], [0.0, INF, NAN, 0.0, 1.0]), [0, 0, NAN, -INF, NAN]),
        ("exp_excess", ([0.0, INF, -INF, NAN, 800.0, -1e300],), [0, INF, INF, NAN, INF, 1e300]),
        ("log_quotient", ([1.0, 0.0, INF, NAN, 3.0], [1.0, 1.0, 1.0, 1.0, NAN]), [0, -INF, INF, NAN, NAN]),
        ("xlog1py", ([0.0, 0.0, 0.0, 1.0, NAN], [-1.0, INF, NAN, -1.0, 1.0]), [0, 0, NAN, -INF, NAN]),
    ],
)
def test_special_values(name, inputs, expected):
    np.testing.assert_array_equal(over(getattr(logs, name), *inputs), expected)


@pytest.mark.parametrize("name", logs.__all__)
def test_cpython_is_the_same_formula(name):
    *inputs, expected = REFERENCES[name][:, :60]
    function = getattr(logs, name)
    rows = zip(*(x.tolist() for x in inputs), strict=True)
    np.testing.assert_allclose([function(*row) for row in rows], expected, rtol=1e-13, atol=1e-300)


def test_log_ratio_of_any_two_numbers():
    rng = np.random.default_rng(1)
    x = np.concatenate([2.0 ** rng.uniform(-1074, 1024, 200), [5e-324, 1.7e308, 5e-324, 1.7e308]])
    y = np.concatenate([rng.permutation(x[:200]), [1.7e308, 5e-324, 1.0, 1.0]])
    with mp.workdps(40):
        want = [float(mp.log(mp.mpf(a)) - mp.log(mp.mpf(b))) for a, b in zip(x, y, strict=True)]
    np.testing.assert_allclose(over(logs.log_ratio, x, y), want, rtol=1e-15)
    ends = over(logs.log_ratio, np.array([0.0, 0.0, INF, INF, 1e300]), np.array([5e-324, 1e300, 5e-324, 1e300, INF]))
    np.testing.assert_array_equal(ends, [-INF, -INF, INF, INF, -INF])
