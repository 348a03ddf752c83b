"""Measure the errors of fastdist, SciPy and torch against the exact references, and keep them for the documentation.

    python docs/measure_accuracy.py

torch takes part if it is installed. The result is ``docs/accuracy.json``: for each distribution, method
and library the largest error, the point where it is seen, and how many points are lost.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import json
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import fastdist as fd

HERE = Path(__file__).parent
RESULT = HERE / "accuracy.json"
METHODS = ("log_prob", "cdf", "sf", "log_cdf", "log_sf", "icdf", "isf")
SUMMED = ("BetaBinomial", "Hypergeometric", "Zipf")  # whose tails SciPy adds up: days, for the largest counts
LOST = 1e-8  # a relative error from which a value counts as lost
ROUNDING = 2.0**-50  # differences below this are the last digits' and nobody's fault


def main() -> None:
    """Measure every row of the conformance suite."""
    sys.path[:0] = [str(HERE.parent / "tests")]
    cases = [case for case in importlib.import_module("cases").CASES if case.reference]
    torch = importlib.import_module("torch") if importlib.util.find_spec("torch") else None
    rows = []
    for case in cases:
        for method in METHODS:
            title = f"{case} {method}"
            sys.stderr.write(f"\r{title:60}")
            rows += measured(case, method, torch)
    sys.stderr.write("\n")
    versions = {name: importlib.metadata.version(name) for name in ("numpy", "scipy", *(["torch"] if torch else []))}
    header = json.dumps({"fastdist": fd.__version__, **versions})
    lines = ",\n  ".join(json.dumps(row) for row in rows)
    RESULT.write_text(f'{{"versions": {header},\n "rows": [\n  {lines}\n ]}}\n')


def measured(case: Any, method: str, torch: Any) -> Iterator[dict[str, Any]]:
    """One row for each library that has the method."""
    with np.load(HERE.parent / "tests" / "references" / "distributions" / f"{case.reference}.npz") as file:
        columns = dict(file)
    prefix = "q_" if method in ("icdf", "isf") else ""
    table, argument = columns[f"{prefix}parameters"], columns["q_level" if prefix else "value"]
    vector = case.distribution.arg_constraints[case.parameters[0]].event_dim
    named = {case.parameters[0]: table} if vector else dict(zip(case.parameters, table.T, strict=True))
    exact = columns[prefix + method]
    scale = np.maximum(np.abs(exact), columns.get(f"{prefix}{method}.slack", 0.0))
    if method == "log_prob":
        scale = np.maximum(scale, 1.0)  # what counts is the relative error of the density
    own = None
    for library, compute in (("fastdist", _fastdist), ("scipy", _scipy), ("torch", _torch(torch))):
        got = _quietly(compute, case, method, named, argument)
        if got is None:
            continue
        with np.errstate(all="ignore"):
            error = np.abs(got - exact) / np.maximum(scale, np.finfo(float).tiny)
        error = np.where((got == exact) | (np.isnan(got) & np.isnan(exact)), 0.0, error)
        error[np.isnan(error)] = np.inf
        own = error if own is None else own
        kept = np.where(error < LOST, error, 0.0)
        worst = int(np.argmax(kept if kept.any() else error))
        point = {**{name: values[worst].tolist() for name, values in named.items()}, "at": float(argument[worst])}
        row = {"case": str(case), "method": method, "library": library, "points": len(exact)}
        row |= {"worst": float(kept[worst]), "point": point, "lost": int(np.count_nonzero(kept != error))}
        if library != "fastdist":
            row["better"] = int(np.count_nonzero(own > error + ROUNDING))
        yield row


def _quietly(compute: Callable[..., Any], *arguments: Any) -> np.ndarray | None:
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        got = compute(*arguments)
    return None if got is None else np.asarray(got, float)


def _fastdist(case: Any, method: str, named: dict[str, Any], argument: np.ndarray) -> Any:
    return getattr(case.distribution(**named), method)(argument)


def _scipy(case: Any, method: str, named: dict[str, Any], argument: np.ndarray) -> Any:
    if case.scipy is None or case.distribution.arg_constraints[case.parameters[0]].event_dim:
        return None  # SciPy's rv_discrete takes one table at a time
    if str(case) in SUMMED and method != "log_prob":
        return None
    spelled = {"log_prob": "logpmf" if case.distribution.support.is_discrete else "logpdf", "icdf": "ppf"}

    def compute(named: dict[str, Any], argument: Any) -> Any:
        return getattr(case.scipy(**named), spelled.get(method, method.replace("_", "")))(argument)

    try:
        return compute(named, argument)
    except (ValueError, RuntimeError):  # takes one parameter set at a time, or gives up
        return None
    except ArithmeticError:  # some of SciPy's functions raise where others give NaN
        return [_or_nan(compute, {k: v[i] for k, v in named.items()}, x) for i, x in enumerate(argument)]


def _or_nan(compute: Callable[..., Any], *arguments: Any) -> float:
    try:
        return float(compute(*arguments))
    except ArithmeticError:
        return np.nan


def _torch(torch: Any) -> Callable[..., Any]:
    def compute(case: Any, method: str, named: dict[str, Any], argument: np.ndarray) -> Any:
        if torch is None or not hasattr(torch.distributions, case.distribution.__name__):
            return None
        tensors = {name: torch.tensor(np.ascontiguousarray(values)) for name, values in named.items()}
        try:
            d = getattr(torch.distributions, case.distribution.__name__)(**tensors, validate_args=False)
            value = torch.tensor(argument)
            return getattr(d, method)(value.long() if "Categorical" in str(case) else value).numpy()
        except (AttributeError, NotImplementedError, RuntimeError, TypeError):
            return None

    return compute


if __name__ == "__main__":
    main()
