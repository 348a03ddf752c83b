"""Compare fastdist on a CUDA device with torch, CuPy and JAX, whichever of them is installed.

    pip install -e ".[cuda]" torch cupy-cuda13x "jax[cuda13]"      # any of the last three may be missing
    python asv_bench/compare_cuda.py [--only PATTERN] [--size 2e8] [--json FILE]
    NUMBA_ENABLE_CUDASIM=1 python asv_bench/compare_cuda.py --dry

Times are those between two events of the device around some calls, so many that the device does not wait for the host,
the median of rounds in which all contestants take their turn, warm. Bytes a second count what a call must read and
write, beside those of a copy within the device in the same run. A ratio is the peer's time over fastdist's: above 1,
fastdist is faster. What is computed of values is held to what the host computes of some of them, and real draws to
those of the same seed: "off by" is the largest relative difference. A contestant that fails is left out, with a word
about it; the status is 1 if fastdist fails or is wrong.

With ``--dry`` a few values go through all of fastdist's calls on a simulated device, without peers.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

# Else JAX takes most of the memory for itself.
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

import fastdist as fd

ROUNDS = 15
# Between two events there are so many calls, or for so long; of long calls fewer rounds are enough.
CALLS, PERIOD, ENOUGH = 10, 0.05, 2.0
# How far from the host's results the device's may be, relative to 1 + |result|, in ulp of the precision.
OFF_BY = 64
CHECKED = 1000
# Of so large a part of a rejecting sampler's draws others may be accepted, where rounding decides.
OTHERS = 0.01
LAUNCH_GOAL = 15e-6
# What a release should reach on any card: of a copy's bytes a second, and times a peer's time.
GOALS = {
    "log_prob Normal": {"copy": 0.85, "torch": 4},
    "log_prob Exponential": {"copy": 0.85, "torch": 4},
    "log_prob Laplace": {"copy": 0.85, "torch": 4},
    "log_prob Gamma": {"torch": 4},
    "log_prob Beta": {"torch": 4},
    "log_prob StudentT": {"torch": 4},
    "cdf Normal": {"copy": 0.85},
    "cdf Exponential": {"copy": 0.85},
    "cdf Laplace": {"copy": 0.85},
    "sample Uniform": {"copy": 0.85},
    "sample Normal": {"torch": 1},
    "sample Gamma": {"torch": 2},
    "sample Beta": {"torch": 2},
    "sample Poisson": {"torch": 2},
    "sample Binomial": {"torch": 2},
}

VALUES = {
    "Normal": ((0.5, 2.0), ("log_prob", "cdf", "log_prob_and_grad", "log_likelihood")),
    "Exponential": ((2.0,), ("log_prob", "cdf")),
    "Laplace": ((0.5, 2.0), ("log_prob", "cdf")),
    "Gamma": ((2.5, 1.5), ("log_prob", "cdf", "log_prob_and_grad", "log_likelihood")),
    "Beta": ((2.5, 1.5), ("log_prob", "cdf")),
    "StudentT": ((4.0, 0.0, 1.0), ("log_prob", "cdf", "icdf")),
}
DRAWS = {
    "Uniform": (0.0, 1.0),
    "Normal": (0.0, 1.0),
    "Exponential": (1.0,),
    "Gamma": (2.5, 1.0),
    "Beta": (2.5, 1.5),
    "Poisson": (10.0,),
    "Binomial": (100, 0.3),
}
EVENTS = {
    "Dirichlet": fd.Dirichlet(np.linspace(0.5, 5.0, 10)),
    "MultivariateNormal": fd.MultivariateNormal(np.zeros(8), scale_tril=np.tril(np.full((8, 8), 0.1)) + np.eye(8)),
    "Categorical": fd.Categorical(probs=np.full(16, 1 / 16)),
}


class Work(NamedTuple):
    """A call: what makes it by contestant, how many numbers it is of, its bytes, and what the host says of it."""

    name: str
    calls: dict[str, Callable[[], Any]]
    n: int
    bytes: int
    host: Callable[[], Any] | None = None


# Libraries ----------------------------------------------------------------------------------------


def module(name: str) -> Any:
    """A module with a device, or None."""
    try:
        found = __import__(name)
        if name == "torch" and not found.cuda.is_available():
            return None
        if name == "cupy" and not found.cuda.runtime.getDeviceCount():
            return None
        if name == "jax":
            __import__("jax.scipy.stats")
            return found if found.default_backend() == "gpu" else None
    except Exception as error:
        if not isinstance(error, ImportError):
            print(f"{name} is left out: {type(error).__name__}: {error}", file=sys.stderr)
        return None
    return found


def entered(calls: dict[str, Callable[[], Any]], name: str, make: Callable[[], Callable[[], Any]]) -> None:
    """Add a contestant, if it can be made."""
    try:
        calls[name] = make()
    except Exception as error:
        print(f"{'':30} without {name}: {type(error).__name__}: {error}")


class Bench:
    """The libraries that are here, their arrays, and the clock of the device."""

    def __init__(self, dry: bool) -> None:
        names = () if dry else ("torch", "cupy", "jax")
        self.dry = dry
        self.libraries = {name: found for name in names if (found := module(name)) is not None}
        self.torch, self.cupy, self.jax = (self.libraries.get(name) for name in ("torch", "cupy", "jax"))

    def array(self, x: np.ndarray) -> Any:
        """`x` on the device, in the library whose arrays fastdist is given."""
        if self.torch is not None:
            return self.torch.from_numpy(x).cuda()
        if self.cupy is not None:
            return self.cupy.asarray(x)
        from fastdist.engine.cuda.arrays import of_host

        return of_host(x)

    def host(self, x: Any) -> np.ndarray:
        """What is in a result."""
        from fastdist.engine.cuda.arrays import to_host

        return np.asarray(x) if isinstance(x, (np.ndarray, np.generic)) else to_host(x)

    def synchronize(self) -> None:
        """Wait for the device."""
        if self.torch is not None:
            self.torch.cuda.synchronize()
        elif not self.dry:
            from numba import cuda

            cuda.synchronize()

    def timed(self, call: Callable[[], Any], calls: int = 1) -> float:
        """Seconds of the device for each of some calls, until all is done that they have asked for."""
        if self.dry:
            begin = time.perf_counter()
            call()
            return time.perf_counter() - begin
        self.synchronize()
        first, last = self._event(), self._event()
        first.record()
        for _ in range(calls):
            result = call()
        if hasattr(result, "block_until_ready"):  # JAX has a stream of its own
            result.block_until_ready()
        last.record()
        last.synchronize()
        if self.torch is not None:
            return first.elapsed_time(last) / 1e3 / calls
        from numba import cuda

        return cuda.event_elapsed_time(first, last) / 1e3 / calls

    def _event(self) -> Any:
        if self.torch is not None:
            return self.torch.cuda.Event(enable_timing=True)
        from numba import cuda

        return cuda.event()

    def about(self) -> dict[str, Any]:
        """What a reader of the figures should know of the machine."""
        found = {"date": time.strftime("%Y-%m-%d"), "fastdist": fd.__version__, "cuda": fd.cuda.info()}
        found.update((name, getattr(library, "__version__", "?")) for name, library in self.libraries.items())
        if self.torch is not None:
            card = self.torch.cuda.get_device_properties(0)
            found.update(device=card.name, memory=card.total_memory, l2=getattr(card, "L2_cache_size", None))
        return found

    def most(self, itemsize: int) -> float:
        """How many numbers fit into the device's memory a dozen times."""
        if self.torch is not None:
            return self.torch.cuda.mem_get_info()[0] / 12 / itemsize
        if self.dry:
            return np.inf
        from numba import cuda

        return cuda.current_context().get_memory_info().free / 12 / itemsize

    def emptied(self) -> None:
        """Give back what libraries keep, so that contestants do not starve each other."""
        if self.torch is not None:
            self.torch.cuda.empty_cache()
        if self.cupy is not None:
            self.cupy.get_default_memory_pool().free_all_blocks()


# What is compared -----------------------------------------------------------------------------------


def pointwise(bench: Bench, n: int, dtype: np.dtype) -> Iterator[Work]:
    """Methods of values, with one parameter set."""
    given = np.resize(np.random.default_rng(0).uniform(0.01, 0.99, min(n, 1 << 20)).astype(dtype), n)
    x, few = bench.array(given), given[:CHECKED]
    for family, (parameters, methods) in VALUES.items():
        ours = getattr(fd, family)(*parameters)
        for method in methods:
            calls = {"fastdist": partial(getattr(ours, method), x)}
            if bench.torch is not None:
                entered(calls, "torch", partial(of_torch, bench.torch, family, parameters, method, x))
            if bench.jax is not None and (family, method) in OF_JAX:
                entered(calls, "jax", partial(of_jax, bench.jax, OF_JAX[family, method], x))
            sums = method == "log_likelihood"
            outputs = 0 if sums else 2 + len(parameters) if method.endswith("_and_grad") else 1
            host = None if sums else partial(getattr(ours, method), few)
            yield Work(f"{method} {family}", calls, n, (1 + outputs) * n * dtype.itemsize, host)


def of_torch(torch: Any, family: str, parameters: tuple[float, ...], method: str, x: Any) -> Callable[[], Any]:
    """The same of torch's, eagerly; with derivatives by its own tape."""
    given = [torch.tensor(p, dtype=x.dtype, device=x.device) for p in parameters]
    d = getattr(torch.distributions, family)(*given, validate_args=False)
    if method == "log_likelihood":
        return lambda: d.log_prob(x).sum()
    if method != "log_prob_and_grad":
        return partial(getattr(d, method), x)
    # A derivative for each element and parameter: parameters are repeated over the values.
    leaves = [x.detach().clone().requires_grad_(), *(p.expand(x.shape).clone().requires_grad_() for p in given)]

    def with_gradient() -> Any:
        value = getattr(torch.distributions, family)(*leaves[1:], validate_args=False).log_prob(leaves[0])
        return value, *torch.autograd.grad(value.sum(), leaves)

    return with_gradient


OF_JAX: dict[Any, Callable[..., Any]] = {
    ("Normal", "log_prob"): lambda stats, v: stats.norm.logpdf(v, 0.5, 2.0),
    ("Normal", "cdf"): lambda stats, v: stats.norm.cdf(v, 0.5, 2.0),
    ("Normal", "log_likelihood"): lambda stats, v: stats.norm.logpdf(v, 0.5, 2.0).sum(),
    ("Exponential", "log_prob"): lambda stats, v: stats.expon.logpdf(v, scale=0.5),
    ("Laplace", "log_prob"): lambda stats, v: stats.laplace.logpdf(v, 0.5, 2.0),
    ("Laplace", "cdf"): lambda stats, v: stats.laplace.cdf(v, 0.5, 2.0),
    ("Gamma", "log_prob"): lambda stats, v: stats.gamma.logpdf(v, 2.5, scale=1 / 1.5),
    ("Gamma", "cdf"): lambda stats, v: stats.gamma.cdf(v, 2.5, scale=1 / 1.5),
    ("Beta", "log_prob"): lambda stats, v: stats.beta.logpdf(v, 2.5, 1.5),
    ("Beta", "cdf"): lambda stats, v: stats.beta.cdf(v, 2.5, 1.5),
}


def of_jax(jax: Any, function: Callable[..., Any], x: Any) -> Callable[[], Any]:
    """The same of JAX's, compiled."""
    jax.config.update("jax_enable_x64", True)
    values = jax.dlpack.from_dlpack(x) if hasattr(x, "__dlpack__") else jax.numpy.asarray(x)
    compiled = jax.jit(partial(function, jax.scipy.stats))
    return partial(compiled, values)


def draws(bench: Bench, n: int, dtype: np.dtype) -> Iterator[Work]:
    """Draws of one parameter set."""
    for family, parameters in DRAWS.items():
        ours = getattr(fd, family)(*[bench.array(np.full(1, p, dtype)) for p in parameters])
        calls = {"fastdist": partial(ours.sample, (n,), rng=1)}
        if bench.torch is not None:
            given = [p if isinstance(p, int) else bench.array(np.array(p, dtype)) for p in parameters]
            entered(calls, "torch", partial(of_torch_draws, bench.torch, family, given, n))
        if bench.cupy is not None:
            entered(calls, "cupy", partial(of_cupy_draws, bench.cupy, family, parameters, n, dtype))
        counts = family in ("Poisson", "Binomial")
        host = partial(getattr(fd, family)(*(dtype.type(p) for p in parameters)).sample, (min(n, CHECKED), 1), rng=1)
        yield Work(f"sample {family}", calls, n, n * (8 if counts else dtype.itemsize), None if counts else host)


def of_torch_draws(torch: Any, family: str, given: list[Any], n: int) -> Callable[[], Any]:
    """The same of torch's."""
    return partial(getattr(torch.distributions, family)(*given, validate_args=False).sample, (n,))


def of_cupy_draws(cupy: Any, family: str, parameters: tuple[float, ...], n: int, dtype: np.dtype) -> Callable[[], Any]:
    """The same of CuPy's, in the same precision where it has that."""
    narrow = {"dtype": dtype} if family in ("Uniform", "Normal", "Exponential", "Gamma", "Beta") else {}
    given = (1 / parameters[0],) if family == "Exponential" else parameters
    return partial(getattr(cupy.random, family.lower()), *given, size=n, **narrow)


def events(bench: Bench, n: int, dtype: np.dtype) -> Iterator[Work]:
    """Densities of vectors and categories."""
    for family, d in EVENTS.items():
        size = int(np.prod(d.event_shape))
        count = max(1, n // 10 // size)
        few = np.asarray(d.sample((min(count, 1 << 16),), rng=1))
        few = few if few.dtype.kind == "i" else few.astype(dtype)
        given = np.resize(few, (count, *d.event_shape))
        x = bench.array(given)
        calls = {"fastdist": partial(d.log_prob, x)}
        if bench.torch is not None:
            own = {name: bench.array(np.asarray(value, dtype)) for name, value in d._parameters.items()}
            theirs = getattr(bench.torch.distributions, family)
            entered(
                calls, "torch", lambda make=theirs, own=own, x=x: partial(make(**own, validate_args=False).log_prob, x)
            )
        total = given.nbytes + count * dtype.itemsize
        yield Work(f"log_prob {family}", calls, count, total, partial(d.log_prob, given[:CHECKED]))


# Measuring ------------------------------------------------------------------------------------------


def first_of(result: Any) -> Any:
    """The value of a call that may give derivatives too."""
    return result[0] if isinstance(result, tuple) else result


def warmed(calls: dict[str, Callable[[], Any]], bench: Bench) -> tuple[dict[str, Any], dict[str, str]]:
    """What contestants give, each called twice, and why some of them fail; how long fastdist's first call took."""
    results, failures = {}, {}
    for name, call in calls.items():
        try:
            call()
            result = call()
            bench.synchronize()
            results[name] = first_of(result) if name == "fastdist" else None
        except Exception as error:
            failures[name] = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
    return results, failures


def seconds(bench: Bench, calls: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """The median time of each warm call."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    counts = {name: max(1, min(CALLS, int(PERIOD / max(bench.timed(call), 1e-9)))) for name, call in calls.items()}
    order = list(calls)
    for _ in range(1 if bench.dry else ROUNDS):
        random.shuffle(order)
        for name in order:
            if sum(times[name]) * counts[name] < ENOUGH:
                times[name].append(bench.timed(calls[name], counts[name]))
    return {name: median(found) for name, found in times.items()}


def differences(found: Any, host: Callable[[], Any], bench: Bench) -> np.ndarray:
    """The differences of the first results from the host's, relative to 1 + their size."""
    expected = np.asarray(first_of(host()), np.float64)
    got = bench.host(found).reshape((-1, *expected.shape[1:]))[: len(expected)].astype(np.float64)
    return np.abs(got - expected) / (1.0 + np.abs(expected))


def launch_cost(bench: Bench, d: Any) -> float:
    """Seconds that one call of a few values keeps the host busy."""
    x = bench.array(np.zeros(16))
    d.log_prob(x)
    repeats, found = (2 if bench.dry else 100), []
    for _ in range(1 if bench.dry else ROUNDS):
        bench.synchronize()
        begin = time.perf_counter()
        for _ in range(repeats):
            d.log_prob(x)
        found.append((time.perf_counter() - begin) / repeats)
    return min(found)


def copy_rate(bench: Bench, n: int, dtype: np.dtype) -> float | None:
    """Bytes a second of a copy within the device, read and written."""
    source, target = (bench.array(np.zeros(n, dtype)) for _ in range(2))
    if bench.torch is not None:
        call = partial(target.copy_, source)
    elif bench.cupy is not None:
        call = partial(bench.cupy.copyto, target, source)
    else:
        call = partial(target.copy_to_device, source)
    call(), call()
    return 2 * n * dtype.itemsize / seconds(bench, {"copy": call})["copy"]


def verdicts(ratios: dict[str, float], goals: dict[str, float]) -> dict[str, str]:
    """Of each goal whether it is reached; without its peer it is not measured."""
    said = {True: "reached", False: "missed"}
    return {k: said[ratios[k] >= goal] if k in ratios else "not measured" for k, goal in goals.items()}


def cell(bench: Bench, work: Work, dtype: np.dtype, copy: float) -> dict[str, Any]:
    """The figures of a call, which are also printed."""
    begin = time.perf_counter()
    results, failures = warmed({"fastdist": work.calls["fastdist"]}, bench)
    found: dict[str, Any] = {"work": work.name, "dtype": str(dtype), "n": work.n, "failures": failures}
    found["first_calls"] = time.perf_counter() - begin
    for name, error in failures.items():
        print(f"{work.name:30} {name} FAILS: {error}")
    if failures:
        return {**found, "wrong": True}
    off, wrong = None, False
    if work.host is not None:
        each = differences(results.pop("fastdist"), work.host, bench)
        others = np.mean(~(each <= OFF_BY * np.finfo(dtype).eps))
        off, wrong = float(np.max(each)), bool(others > (OTHERS if work.name.startswith("sample") else 0.0))
    results.clear()
    peers, left_out = warmed({k: call for k, call in work.calls.items() if k != "fastdist"}, bench)
    times = seconds(bench, {name: work.calls[name] for name in ("fastdist", *peers)})
    own, goals = times["fastdist"], GOALS.get(work.name, {})
    ratios = {"copy": work.bytes / own / copy, **{k: t / own for k, t in times.items() if k != "fastdist"}}
    reached = {} if bench.dry else verdicts(ratios, goals)
    beside = {name: f" (goal {goals[name]}, {word})" for name, word in reached.items()}
    shown = ", ".join(f"{ratio:.2f}x {name}{beside.get(name, '')}" for name, ratio in ratios.items())
    timed = "not timed" if bench.dry else f"{own / work.n * 1e9:8.3f} ns a value: {shown}"
    said = "" if off is None else f"; off by {off:.1e}{' WRONG' if wrong else ''}"
    print(f"{work.name:30} {timed}{said}", flush=True)
    for name, error in left_out.items():
        print(f"{'':30} without {name}: {error}")
    bench.emptied()
    return {
        **found,
        "seconds": times,
        "ratios": ratios,
        "goals": goals,
        "verdicts": reached,
        "off": off,
        "wrong": wrong,
        "without": left_out,
    }


def obstacle(dry: bool) -> str | None:
    """What keeps the run from starting, and what to do about it."""
    found = fd.cuda.info()
    if dry:
        return None if found["simulated"] else "--dry takes a simulated device: set NUMBA_ENABLE_CUDASIM=1 before it"
    if found["simulated"]:
        return "kernels would run in Numba's simulator: unset NUMBA_ENABLE_CUDASIM, or give --dry"
    return found["problem"] or (None if fd.cuda.is_available() else "fastdist finds no CUDA device")


def written(path: str | None, found: dict[str, Any]) -> None:
    """Keep what has been measured so far, if there is a file for it."""
    if path:
        Path(path).write_text(json.dumps(found, indent=1, default=str))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="a pattern of 'work family'")
    parser.add_argument("--size", type=float, default=2e8, help="float32 values; they should exceed the device's cache")
    parser.add_argument("--json", help="also write the figures to this file, after each of them")
    parser.add_argument("--dry", action="store_true", help="a few values on a simulated device, without peers")
    options = parser.parse_args()
    problem = obstacle(options.dry)
    if problem:
        print(f"{problem}\n{fd.cuda.info()}", file=sys.stderr)
        return 1
    bench = Bench(options.dry)
    found: dict[str, Any] = {**bench.about(), "launch": launch_cost(bench, fd.Normal(0.0, 1.0)), "cells": []}
    print(", ".join(f"{name} {value}" for name, value in found.items() if name not in ("launch", "cells")))
    if not options.dry:
        found["launch_goal"] = LAUNCH_GOAL
        found["launch_verdict"] = verdict = "reached" if found["launch"] <= LAUNCH_GOAL else "missed"
        print(f"one small call: {found['launch'] * 1e6:.1f} us (goal {LAUNCH_GOAL * 1e6:.0f}, {verdict})")
    if bench.torch is not None:
        zero = bench.torch.zeros((), dtype=bench.torch.float64, device="cuda")
        theirs = bench.torch.distributions.Normal(zero, zero + 1.0, validate_args=False)
        found["launch_torch"] = launch_cost(bench, theirs)
        print(f"one of torch's: {found['launch_torch'] * 1e6:.1f} us")
    for dtype in (np.dtype(np.float32), np.dtype(np.float64)):
        n = 64 if options.dry else int(min(options.size * 4 / dtype.itemsize, bench.most(dtype.itemsize)))
        copy = copy_rate(bench, n, dtype)
        print(f"\n{dtype}, {n:.0e} values" + ("" if options.dry else f"; a copy moves {copy / 1e9:.0f} GB/s"))
        if found.get("l2") and n * dtype.itemsize < 4 * found["l2"]:
            print("these values fit into the device's cache, or nearly: give a larger --size")
        for make in (pointwise, draws, events):
            for work in make(bench, n, dtype):
                if re.search(options.only, work.name):
                    found["cells"].append({**cell(bench, work, dtype, copy), "copy": copy})
                    written(options.json, found)
    wrong = [f"{c['work']} {c['dtype']}" for c in found["cells"] if c["wrong"]]
    if not options.dry:
        each: dict[str, list[str]] = {word: [] for word in ("reached", "missed", "not measured")}
        each[found["launch_verdict"]].append(f"one small call: {found['launch'] * 1e6:.1f} us")
        for c in found["cells"]:
            for k, word in c.get("verdicts", {}).items():
                ratio = f": {c['ratios'][k]:.2f}x {k}" if k in c["ratios"] else f": {k}"
                each[word].append(f"{c['work']} {c['dtype']}{ratio}, goal {c['goals'][k]}")
        found["summary"] = each
        written(options.json, found)
        print(f"\ngoals reached: {len(each['reached'])}")
        for word in ("missed", "not measured"):
            print(f"goals {word}: {len(each[word])}" + "".join(f"\n    {goal}" for goal in each[word]))
    print("failed or wrong: " + (", ".join(wrong) or "none"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
