"""Write distributions/*.npz: every family on a grid of parameters from 1e-3 to 1e8, by :mod:`exact`.

    python tests/references/make_distributions.py [FAMILY ...]

All of them take about half an hour. A family's file holds ``parameters`` and ``value``, one row a
point; the results at these points; the same for quantiles (``q_...``) and moments (``m_...``).
``slack`` arrays say how much a result moves, in relative units of its inputs: the sum of
abs(input * derivative).
"""

import sys
from pathlib import Path

import mpmath as mp
import numpy as np
from exact import GRIDS
from mpmath import mpf

LEVELS = (1e-300, 1e-100, 1e-20, 1e-6, 0.03, 0.5, 0.97)
DEVIATIONS = (0.003, 0.03, 0.3, 1.0, 2.0, 4.0, 8.0, 15.0, 40.0)
END = 150  # exp(-150) from 1 there is no float64 between
LARGEST = mpf(1.7976931348623157e308)
DISTANCES = (1e-12, 1e-6, 1e-3)
EXTREMES = (1e-300, 1e-100, 1e-20, 1e-5, 0.1, 1.0, 1e3, 1e8, 1e20, 1e100, 1e150, 1e300)


def number(value):
    """The nearest float64; infinite beyond its range."""
    value = mpf(value)
    if not mp.isfinite(value) or value == 0 or abs(mp.mag(value)) < 1020:
        return float(value)
    if mp.mag(value) < 0:
        return float(value * mpf(2) ** 600) * 2.0**-600 if mp.mag(value) > -1100 else 0.0
    return float(value) if abs(value) <= LARGEST else (float("inf") if value > 0 else float("-inf"))


def finite(value, default):
    value = number(value)
    return value if np.isfinite(value) else default


def place(grid, parameters):
    """A typical value and a typical distance from it."""
    given = [mpf(v) for v in parameters]
    if grid.scale is not None:
        return tuple(number(v) for v in grid.scale(*given))
    mean, variance = grid.moments(*([given] if grid.vector else given))[:2]
    return finite(mean, 0.0), finite(mp.sqrt(variance) if variance > 0 else variance, 1.0)


def points(grid, parameters, random):
    """Values in the bulk, far out in typical distances, next to the ends and at the ends of float64."""
    center, spread = place(grid, parameters)
    lower, upper = grid.ends(parameters)
    deviations = np.array([sign * z for z in DEVIATIONS for sign in (1, -1)])
    extremes = np.array([sign * v for v in EXTREMES for sign in (1, -1)])
    jitter = random.uniform(0.9, 1.1, deviations.size + extremes.size)
    near, far = np.split(jitter, [deviations.size])
    values = np.concatenate([center + spread * deviations * near, extremes * far])
    if grid.discrete:
        values = np.floor(np.append(values[np.abs(values) < 1e15], np.arange(4)))
        return np.unique(values[(values >= lower) & (values < upper + 0.5)])
    for end, sign in ((lower, 1), (upper, -1)):
        if np.isfinite(end) and end != 0:
            values = np.append(values, end + sign * spread * np.array(DISTANCES))
    return np.unique(values[(values > lower) & (values < upper)])


def at(grid, value, parameters):
    parameters = [mpf(v) for v in parameters]
    return grid.point(mpf(value), *([parameters] if grid.vector else parameters))


def motion(inputs, slopes):
    """How much a result moves with its inputs, in relative units of them; infinite ones do not move."""
    return mp.fsum(abs(mpf(v) * g) for v, g in zip(inputs, slopes, strict=True) if mp.isfinite(v))


def evaluate(grid, value, parameters):
    """One row of results, in digits enough for the exponential of the log density."""
    p = at(grid, value, parameters)
    if abs(p.log_prob) > mpf(10) ** 40:
        with mp.workdps(420):
            p = at(grid, value, parameters)
    cdf, sf = mp.exp(p.log_cdf), mp.exp(p.log_sf)
    inputs = [mpf(v) for v in parameters] if grid.discrete else [mpf(v) for v in (value, *parameters)]
    moved = motion(inputs, p.cdf_grad)
    row = {
        "log_prob": p.log_prob,
        "log_prob.slack": motion(inputs, p.log_prob_grad),
        "cdf": cdf,
        "sf": sf,
        "log_cdf": p.log_cdf,
        "log_sf": p.log_sf,
        "cdf.slack": moved,
        "sf.slack": moved,
        "log_cdf.slack": moved / cdf if cdf else mpf(0),
        "log_sf.slack": moved / sf if sf else mpf(0),
        "log_prob_grad": p.log_prob_grad,
        "cdf_grad": p.cdf_grad,
    }
    if not grid.discrete:
        row["sample_grad"] = [-g / p.cdf_grad[0] for g in p.cdf_grad[1:]]
    return row


def guess(grid, level, parameters, upper):
    """SciPy's quantile, or NaN."""
    if grid.guess is None:
        return float("nan")
    frozen = grid.guess(*parameters)
    return float((frozen.isf if upper else frozen.ppf)(level))


def continuous_quantile(grid, level, parameters, upper):
    """The root of log(tail) = log(level): Newton's method from SciPy's quantile, or from a bisection."""
    x, ends = guess(grid, level, parameters, upper), grid.ends(parameters)
    if ends[0] < x < ends[1] and abs(x) > 1e-250:
        x, converged = newton(grid, level, parameters, upper, mpf(x))
        if converged:
            return x
    x, inside = bisection(grid, level, parameters, upper)
    return newton(grid, level, parameters, upper, x)[0] if inside else x


def newton(grid, level, parameters, upper, x):
    """Six steps at most, and whether they arrived."""
    name, goal = ("log_sf" if upper else "log_cdf"), mp.log(mpf(level))
    low, high = grid.ends(parameters)
    for _ in range(6):
        if not low < x < high:
            return x, False
        p = at(grid, x, parameters)
        gap = getattr(p, name) - goal
        if abs(gap) < mpf(10) ** -30:
            return x, True
        step = gap * mp.exp(getattr(p, name)) / p.cdf_grad[0]
        x = x + step if upper else x - step
    return x, False


def bisection(grid, level, parameters, upper):
    """A root to about eight digits in the logarithm of the support, and whether it is inside."""
    name, goal = ("log_sf" if upper else "log_cdf"), mp.log(mpf(level))
    center, spread = (mpf(v) for v in place(grid, parameters))
    first, last = (mpf(v) for v in grid.ends(parameters))
    far = 10**7
    if mp.isfinite(first) and mp.isfinite(last):

        def coordinate(s):
            return first + (last - first) / (1 + mp.exp(-min(s, END)))

    elif mp.isfinite(first):

        def coordinate(s):
            return first + spread * mp.exp(s)

    elif mp.isfinite(last):

        def coordinate(s):
            return last - spread * mp.exp(-s)

    else:

        def coordinate(s):
            return center + spread * mp.sinh(s)

    def gap(s):
        return (getattr(at(grid, coordinate(s), parameters), name) - goal) * (-1 if upper else 1)

    low, high, width = mpf(0), mpf(0), mpf(1)
    while gap(low) > 0 and -low < far:
        low, width = low - width, 2 * width
    width = mpf(1)
    while gap(high) < 0 and high < far:
        high, width = high + width, 2 * width
    if gap(low) > 0 or gap(high) < 0:
        return coordinate(low if gap(low) > 0 else high), False
    for _ in range(50):
        halfway = (low + high) / 2
        low, high = (low, halfway) if gap(halfway) > 0 else (halfway, high)
    return coordinate((low + high) / 2), True


def discrete_quantile(grid, level, parameters, upper):
    """The smallest integer whose cdf reaches the level, or whose sf is at most it."""
    goal = mp.log(mpf(level))

    def reached(k):
        p = at(grid, mpf(k), parameters)
        return p.log_sf <= goal if upper else p.log_cdf >= goal

    start = guess(grid, level, parameters, upper)
    low = high = int(start) if np.isfinite(start) else 0
    step = 1
    while high < grid.ends(parameters)[1] and not reached(high):
        low, high, step = high, high + step, 2 * step
    step = 1
    first = grid.ends(parameters)[0]
    while low >= first and reached(low):
        low, high, step = low - step, low, 2 * step
    low, high = max(low, first - 1), int(min(high, grid.ends(parameters)[1]))
    while high - low > 1:
        halfway = (low + high) // 2
        low, high = (low, halfway) if reached(halfway) else (halfway, high)
    return mpf(high)


def quantile(grid, level, parameters, upper):
    """A quantile and how much it moves."""
    if grid.discrete:
        return discrete_quantile(grid, level, parameters, upper), mpf(0)
    if grid.quantile is not None:
        x = grid.quantile(mpf(level), upper, *(mpf(v) for v in parameters))
    else:
        x = continuous_quantile(grid, level, parameters, upper)
    low, high = grid.ends(parameters)
    if not low < number(x) < high:
        return x, mpf(0)
    p = at(grid, x, parameters)
    moved = motion(parameters, p.cdf_grad[1:])
    return x, (mpf(level) + moved) / p.cdf_grad[0]


def family(name):
    """The arrays of a family's file."""
    grid = GRIDS[name]
    random = np.random.default_rng(20)
    columns: dict[str, list] = {}

    def add(row, prefix=""):
        for key, value in row.items():
            many = isinstance(value, (tuple, list))
            columns.setdefault(prefix + key, []).append([number(v) for v in value] if many else number(value))

    for parameters in grid.parameters:
        for value in points(grid, parameters, random):
            if grid.within is not None and not grid.within(mpf(value), *(mpf(v) for v in parameters)):
                continue
            add({"parameters": parameters, "value": value, **evaluate(grid, value, parameters)})
        for level in LEVELS:
            x, slack = quantile(grid, level, parameters, upper=False)
            y, other = quantile(grid, level, parameters, upper=True)
            row = {"parameters": parameters, "level": level, "icdf": x, "isf": y}
            add({**row, "icdf.slack": slack, "isf.slack": other}, "q_")
        exact_parameters = [mpf(v) for v in parameters]
        moments = grid.moments(*([exact_parameters] if grid.vector else exact_parameters))
        row = dict(zip(("mean", "variance", "skewness", "kurtosis", "entropy"), moments, strict=True))
        add({"parameters": parameters, **row}, "m_")
        print(name, parameters, flush=True)
    return {key: np.array(value) for key, value in columns.items()}


def main(names):
    folder = Path(__file__).with_name("distributions")
    for name in names or GRIDS:
        np.savez_compressed(folder / f"{name}.npz", **family(name))


if __name__ == "__main__":
    main(sys.argv[1:])
