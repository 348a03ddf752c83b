"""Compare fastdist on a CUDA device with torch, CuPy and JAX, whichever of them is installed.

    python asv_bench/compare_cuda.py [--only PATTERN] [--size 2e8] [--json FILE]

Times are those between two events of the device around a call, the median of rounds in which all contestants take their
turn, warm. Bytes a second count what a call must read and write, beside those of a copy within the device in the same
run. A ratio is the peer's time over fastdist's: above 1, fastdist is faster.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import fastdist as fd

ROUNDS = 15
# What a release should reach on any card: of a copy's bytes a second, and times a peer's time.
GOALS = {
    ("log_prob", "Normal"): {"copy": 0.85, "torch": 4},
    ("log_prob", "Exponential"): {"copy": 0.85, "torch": 4},
    ("log_prob", "Laplace"): {"copy": 0.85, "torch": 4},
    ("cdf", "Normal"): {"copy": 0.85},
    ("sample", "Uniform"): {"copy": 0.85},
    ("sample", "Normal"): {"torch": 1},
    ("sample", "Gamma"): {"torch": 2},
    ("sample", "Beta"): {"torch": 2},
    ("sample", "Poisson"): {"torch": 2},
    ("sample", "Binomial"): {"torch": 2},
}
LAUNCH_GOAL = 15e-6


class Work(NamedTuple):
    """A call: by contestant what makes it, and the arrays of the result's size that it reads and writes."""

    name: str
    family: str
    calls: dict[str, Callable[[], Any]]
    arrays: int


def pointwise(torch: Any, n: int, dtype: Any) -> list[Work]:
    """Log densities and cdfs of one parameter set."""
    x = torch.rand(n, dtype=dtype, device="cuda") + 0.25
    jnp, of_jax = jax_of(x)
    rows = {
        "Normal": ((0.5, 2.0), ("log_prob", "cdf")),
        "Exponential": ((2.0,), ("log_prob", "cdf")),
        "Laplace": ((0.5, 2.0), ("log_prob", "cdf")),
        "Gamma": ((2.5, 1.5), ("log_prob", "cdf")),
        "Beta": ((2.5, 1.5), ("log_prob", "cdf")),
        "StudentT": ((4.0, 0.0, 1.0), ("log_prob", "cdf", "icdf")),
    }
    works = []
    for family, (parameters, methods) in rows.items():
        ours, theirs = getattr(fd, family)(*parameters), getattr(torch.distributions, family)
        on_device = [torch.tensor(p, dtype=dtype, device="cuda") for p in parameters]
        peer = theirs(*on_device, validate_args=False)
        for method in methods:
            values = x % 0.99 if family == "Beta" or method == "icdf" else x
            calls = {"fastdist": partial(getattr(ours, method), values)}
            if hasattr(peer, method) and runs(partial(getattr(peer, method), values[:2])):
                calls["torch"] = partial(getattr(peer, method), values)
            if jnp is not None and (family, method) in of_jax:
                calls["jax"] = of_jax[family, method]
            works.append(Work(method, family, calls, 2))
    return works


def draws(torch: Any, n: int, dtype: Any) -> list[Work]:
    """Draws of one parameter set."""
    rows = {
        "Uniform": (0.0, 1.0),
        "Normal": (0.0, 1.0),
        "Exponential": (1.0,),
        "Gamma": (2.5, 1.0),
        "Beta": (2.5, 1.5),
        "Poisson": (10.0,),
        "Binomial": (100, 0.3),
    }
    place = torch.zeros(1, dtype=dtype, device="cuda")
    works = []
    for family, parameters in rows.items():
        on_device = [place + p if isinstance(p, float) else p for p in parameters]
        ours = getattr(fd, family)(*on_device)
        theirs = getattr(torch.distributions, family)(
            *[p[0] if hasattr(p, "device") else p for p in on_device], validate_args=False
        )
        calls = {"fastdist": partial(ours.sample, (n,), rng=1), "torch": partial(theirs.sample, (n,))}
        cupy = module("cupy")
        if cupy is not None and family in ("Uniform", "Normal", "Exponential", "Gamma", "Beta", "Poisson", "Binomial"):
            name = {"Uniform": "uniform", "Normal": "normal", "Gamma": "gamma"}.get(family, family.lower())
            calls["cupy"] = partial(getattr(cupy.random, name), *parameters, size=n)
        works.append(Work("sample", family, calls, 1))
    return works


def jax_of(x: Any) -> tuple[Any, dict[Any, Any]]:
    """JAX's compiled functions of the same values, where JAX is installed with a device."""
    jax = module("jax")
    if jax is None or jax.default_backend() != "gpu":
        return None, {}
    jax.config.update("jax_enable_x64", x.element_size() == 8)
    stats, values = jax.scipy.stats, jax.dlpack.from_dlpack(x)
    rows = {
        ("Normal", "log_prob"): jax.jit(lambda v: stats.norm.logpdf(v, 0.5, 2.0)),
        ("Normal", "cdf"): jax.jit(lambda v: stats.norm.cdf(v, 0.5, 2.0)),
        ("Laplace", "log_prob"): jax.jit(lambda v: stats.laplace.logpdf(v, 0.5, 2.0)),
        ("Gamma", "log_prob"): jax.jit(lambda v: stats.gamma.logpdf(v, 2.5, scale=1 / 1.5)),
        ("Gamma", "cdf"): jax.jit(lambda v: stats.gamma.cdf(v, 2.5, scale=1 / 1.5)),
    }
    return jax.numpy, {key: lambda f=f: f(values).block_until_ready() for key, f in rows.items()}


def module(name: str) -> Any:
    """A module, or None where it is not installed."""
    try:
        return __import__(name)
    except ImportError:
        return None


def runs(call: Callable[[], Any]) -> bool:
    """Whether a peer has what is compared."""
    try:
        call()
    except NotImplementedError:
        return False
    return True


def seconds(torch: Any, calls: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """The median time of each call between two events, after two calls that warm it."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        call(), call()
    order = list(calls)
    for _ in range(ROUNDS):
        random.shuffle(order)
        for name in order:
            begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            torch.cuda.synchronize()
            begin.record()
            calls[name]()
            end.record()
            torch.cuda.synchronize()
            times[name].append(begin.elapsed_time(end) / 1e3)
    return {name: median(found) for name, found in times.items()}


def launch_cost(torch: Any) -> float:
    """Seconds that one call of a few values keeps the host busy."""
    x, d = torch.zeros(16, dtype=torch.float64, device="cuda"), fd.Normal(0.0, 1.0)
    d.log_prob(x)
    found = []
    for _ in range(ROUNDS):
        torch.cuda.synchronize()
        begin = time.perf_counter()
        for _ in range(100):
            d.log_prob(x)
        found.append((time.perf_counter() - begin) / 100)
    return min(found)


def beside(ratio: float, goal: float | None) -> str:
    """What is said of a goal, if there is one."""
    return "" if goal is None else f" (goal {goal}, {'reached' if ratio >= goal else 'missed'})"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="a pattern of 'work family'")
    parser.add_argument("--size", type=float, default=2e8, help="elements; they should exceed the cache of the device")
    parser.add_argument("--json", help="also write the figures to this file")
    options = parser.parse_args()
    torch = module("torch")
    if torch is None or not torch.cuda.is_available() or not fd.cuda.is_available():
        print(f"no CUDA device that both torch and fastdist can use: {fd.cuda.info()}", file=sys.stderr)
        return 1
    found = {"device": torch.cuda.get_device_name(), "info": fd.cuda.info(), "cells": []}
    print(f"{found['device']}, {time.strftime('%Y-%m-%d')}, {found['info']}")
    found["launch"] = launch_cost(torch)
    verdict = "reached" if found["launch"] <= LAUNCH_GOAL else "missed"
    print(f"one small call: {found['launch'] * 1e6:.1f} us (goal {LAUNCH_GOAL * 1e6:.0f}, {verdict})")
    for dtype in (torch.float32, torch.float64):
        n = int(options.size) // (2 if dtype is torch.float64 else 1)
        size = torch.empty(0, dtype=dtype).element_size()
        source, target = (torch.empty(n, dtype=dtype, device="cuda") for _ in range(2))
        copy = 2 * n * size / seconds(torch, {"copy": lambda a=target, b=source: a.copy_(b)})["copy"]
        print(f"\n{dtype}, {n:.0e} elements; a copy moves {copy / 1e9:.0f} GB/s")
        for work in [*pointwise(torch, n, dtype), *draws(torch, n, dtype)]:
            if not re.search(options.only, f"{work.name} {work.family}"):
                continue
            times = seconds(torch, work.calls)
            own = times["fastdist"]
            ratios = {"copy": work.arrays * n * size / own / copy}
            ratios.update((name, t / own) for name, t in times.items() if name != "fastdist")
            goals = GOALS.get((work.name, work.family), {})
            shown = ", ".join(f"{ratio:.2f}x {name}{beside(ratio, goals.get(name))}" for name, ratio in ratios.items())
            print(f"{work.name:9} {work.family:12} {own / n * 1e9:7.3f} ns a value: {shown}")
            found["cells"].append([str(dtype), work.name, work.family, n, times, ratios])
    if options.json:
        Path(options.json).write_text(json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
