"""Figures that are not a ratio: the price of an import, of a first call, and of memory.

What happens once in a process is measured in processes of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path
from statistics import median
from typing import Any

import fastdist

_IMPORT = """
import json, time
import numba
start = time.perf_counter()
import fastdist
print(json.dumps(time.perf_counter() - start))
"""

FIRST_CALLS = (
    "fd.Normal(1.0, 2.0).log_prob(0.5)",
    "fd.Normal(1.0, 2.0).log_prob(x)",
    "fd.Gamma(2.5, 1.5).log_prob(x)",
    "fd.Gamma(2.5, 1.5).cdf(x)",
    "fd.Gamma(2.5, 1.5).icdf(x)",
    "fd.Beta(2.0, 3.0).cdf(x)",
    "fd.StudentT(4.5).log_prob(x)",
    "fd.Poisson(10.0).cdf(x)",
    "fd.Gamma(2.5, 1.5).sample(1000, rng=1)",
    "fd.Gamma(2.5, 1.5).log_likelihood_and_grad(x)",
    "fd.Normal(1.0, 2.0).rsample_and_grad(1000, rng=1)",
)

_FIRST_CALLS = """
import json, sys, time
import numpy as np
import fastdist as fd
x = np.linspace(0.1, 0.9, 1000)
fd.Exponential(1.0).log_prob(0.5)
seconds = []
for call in json.loads(sys.argv[1]):
    start = time.perf_counter()
    eval(call)
    seconds.append(time.perf_counter() - start)
print(json.dumps(seconds))
"""


def in_a_process(source: str, *arguments: str, **environment: str) -> Any:
    """What `source` prints as JSON when a new interpreter runs it with this interpreter's fastdist."""
    home = str(Path(fastdist.__file__).parents[1])
    path = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [sys.executable, "-c", source, *arguments],
        # Bytecode is kept, as it is for users.
        env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "", **environment},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def import_seconds(repeats: int = 5) -> float:
    """What importing fastdist takes beyond importing numba: the median over processes."""
    return median(in_a_process(_IMPORT) for _ in range(repeats))


def first_calls(calls: tuple[str, ...], **environment: str) -> list[float]:
    """Seconds that the first call of each kernel takes in a process that has called another one."""
    return in_a_process(_FIRST_CALLS, json.dumps(calls), **environment)


def first_call_seconds(repeats: int = 5, calls: tuple[str, ...] = FIRST_CALLS, **environment: str) -> dict[str, float]:
    """The same where the kernels are on disk: medians over processes, after one that puts them there."""
    first_calls(calls, **environment)
    runs = [first_calls(calls, **environment) for _ in range(repeats)]
    return dict(zip(calls, map(median, zip(*runs, strict=True)), strict=True))


def excess_bytes(code: Any, names: dict[str, Any]) -> int:
    """The most memory that an expression holds at any moment, beyond what it returns."""
    tracemalloc.start()
    try:
        result = eval(code, names)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    return peak - sum(array.nbytes for array in arrays(result))


def arrays(result: Any) -> list[Any]:
    """All arrays in a result: alone, in a tuple or in a dictionary."""
    if isinstance(result, dict):
        result = tuple(result.values())
    if isinstance(result, tuple):
        return [array for part in result for array in arrays(part)]
    return [result] if hasattr(result, "nbytes") else []
