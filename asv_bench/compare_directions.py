"""What one direction costs beside the plain call: ``python asv_bench/compare_directions.py [Family ...]``.

Each row is a method of a family at an array of values, and one of its parameters (or the value) that moves. Both calls
are made in turns on one thread, and the fastest of each counts.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

import fastdist as fd

METHODS = ("log_prob", "cdf", "icdf", "rsample")
GOAL = 2.5


def main() -> None:
    """Print the rows, the dearest first, and how many meet the goal."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("families", nargs="*", help="names of classes; all families of numbers by default")
    parser.add_argument("--size", type=int, default=10**5, help="values, or draws")
    parser.add_argument("--methods", nargs="+", default=METHODS, choices=METHODS)
    parser.add_argument("--repeats", type=int, default=7)
    given = parser.parse_args()
    fd.set_num_threads(1)
    found = []
    for name, parameters in families():
        if not given.families or name in given.families:
            for row in rows(name, parameters, given.methods, given.size, given.repeats):
                found.append(row)
                sys.stderr.write(f"\r{len(found)} rows")
    sys.stderr.write("\n")
    found.sort(key=lambda row: -row[2] / row[1])
    for label, plain, moved in found:
        print(f"{label:52}{plain:9.2f} ns {moved:9.2f} ns {moved / plain:7.2f}")
    print(f"{sum(moved <= GOAL * plain for _, plain, moved in found)} of {len(found)} at most {GOAL}")


def families() -> Iterator[tuple[str, dict[str, Any]]]:
    """Families of numbers, with the ordinary parameters of the tests."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from cases import CASES

    for case in CASES:
        if case.distribution.__name__ == str(case):
            yield str(case), case.ordinary[0]


def rows(
    name: str, parameters: dict[str, Any], methods: Any, size: int, repeats: int
) -> Iterator[tuple[str, float, float]]:
    """Nanoseconds a value of the plain call and of that with a tangent."""
    family = getattr(fd, name)
    d = family(**parameters)
    x, p = d.sample(size, rng=1), (np.arange(size) + 0.5) / size

    def call(method: str, value: Any, **moving: Any) -> Any:
        frozen = family(**{**parameters, **moving})
        return frozen.rsample(size, rng=1) if method == "rsample" else getattr(frozen, method)(value)

    for method in methods:
        value = p if method == "icdf" else x
        duals = {
            key: {key: fd.Dual(parameters[key], 1.0)} for key in parameters if not d.arg_constraints[key].is_discrete
        }
        moved = {key: partial(call, method, value, **dual) for key, dual in duals.items()}
        if method != "rsample" and not d.support.is_discrete:
            moved["value"] = partial(call, method, fd.Dual(value, np.ones(size)))
        for key, derivative in moved.items():
            try:
                derivative()
            except (TypeError, NotImplementedError):
                continue
            plain, other = in_turns((partial(call, method, value), derivative), repeats)
            yield f"{name}.{method}, {key}", 1e9 * plain / size, 1e9 * other / size


def in_turns(calls: tuple[Callable[[], Any], ...], repeats: int) -> list[float]:
    """The fastest of each."""
    best = [np.inf] * len(calls)
    for _ in range(repeats):
        for i, call in enumerate(calls):
            start = perf_counter()
            call()
            best[i] = min(best[i], perf_counter() - start)
    return best


if __name__ == "__main__":
    main()
