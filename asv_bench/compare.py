"""Compare fastdist with SciPy, NumPy, torch and numba-stats, whichever of them is installed.

    python asv_bench/compare.py [--quick] [--only PATTERN] [--sizes 1,1e3] [--json FILE] [--markdown]

Each cell is the median over rounds of the shortest time within a round. All contestants of a cell
take their turn in every round, in changing order, so that a noisy machine is noisy for all of
them. A ratio is the peer's time over fastdist's: above 1, fastdist is faster. Where results are not
random they are compared as well: a contestant that computes something else does not count.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import random
import re
import sys
import timeit
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import geometric_mean, median
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import probes
from contestants import (
    ALL_SIZES,
    BATCH,
    FAMILIES,
    LAST_AXIS,
    LIBRARIES,
    TABLES,
    WORKS,
    Family,
    Work,
    count,
    entrants,
    installed,
    label,
)
from contestants import names as names_for
from contestants import statement as statement_for

import fastdist as fd

MILLION, MEMORY_SIZE = 10**6, 10**7

# What a release should reach: work, family, size, and how many times faster than each peer.
GOALS: tuple[tuple[str, str, Any, dict[str, float]], ...] = (
    ("freeze", "Normal", 1, {"scipy": 40}),
    ("log_prob", "Normal", 1, {"scipy": 10, "torch": 7}),
    ("log_prob", "Normal", MILLION, {"torch": 12, "scipy": 60}),
    ("log_prob", "Gamma", MILLION, {"torch": 5, "scipy": 20}),
    ("log_prob", "StudentT", MILLION, {"torch": 6, "scipy": 30}),
    ("log_prob", "Beta", MILLION, {"torch": 4, "scipy": 20}),
    ("cdf", "Normal", MILLION, {"torch": 2}),
    ("cdf", "Gamma", MILLION, {"scipy": 5}),
    ("cdf", "Beta", MILLION, {"scipy": 3}),
    ("cdf", "StudentT", MILLION, {"scipy": 8}),
    ("icdf", "Normal", MILLION, {"torch": 2}),
    ("icdf", "Gamma", MILLION, {"scipy": 5}),
    ("icdf", "Beta", MILLION, {"scipy": 5}),
    ("sample", "Normal", MILLION, {"numpy": 6}),
    ("sample", "Exponential", MILLION, {"numpy": 3}),
    ("sample", "Gamma", MILLION, {"numpy": 4}),
    ("sample", "Beta", MILLION, {"numpy": 4}),
    ("sample", "Poisson", MILLION, {"numpy": 8}),
    ("sample", "Categorical", MILLION, {"numpy": 15}),
    ("sample", "Binomial", MILLION, {"numpy": 8}),
    ("sample, a batch of tables", "Categorical", TABLES, {"torch": 5}),
    ("log_prob", "TransformedDistribution", MILLION, {"torch": 10}),
    ("log_prob, events", "MultivariateNormal", 10**5, {"torch": 3, "scipy": 3}),
    ("sample, events", "MultivariateNormal", 10**5, {"torch": 3, "scipy": 3}),
    ("sample, events", "Dirichlet", 10**5, {"numpy": 3, "torch": 20}),
    ("sample, events", "Wishart", 10**5, {"torch": 5}),
    ("sample, events", "LKJCholesky", 10**5, {"torch": 5}),
    ("log_likelihood_and_grad", "Normal", MILLION, {"torch": 15}),
    ("log_likelihood_and_grad", "Gamma", MILLION, {"torch": 5}),
    ("rsample_and_grad", "Normal", MILLION, {"torch": 10}),
    ("rsample_and_grad", "Gamma", MILLION, {"torch": 1}),
    ("kl_divergence, a batch", "Normal", BATCH, {"torch": 8}),
    ("kl_divergence, a batch", "Gamma", BATCH, {"torch": 5}),
    ("kl_divergence, a batch", "Beta", BATCH, {"torch": 5}),
    ("kl_divergence, a batch of tables", "Categorical", TABLES, {"torch": 3}),
    ("log_prob, last axis", "Normal", LAST_AXIS, {"torch": 1.5, "scipy": 10}),
    ("log_prob, last axis", "Gamma", LAST_AXIS, {"torch": 4, "scipy": 10}),
)
IMPORT_GOAL, FIRST_CALL_GOAL, MEMORY_GOAL = 0.15, 0.01, 1e6

# No cell should be below 1; one draw alone, keyed from the Generator, may cost four of its bare calls.
FLOORS = {("numpy", 1): 0.25}
AGREEMENT = 1e-6

# A call of a million values that would take more seconds than this is not made: its time is that of a
# thousand values, a thousand times over.
PATIENCE, PILOT = 5.0, 1000


@dataclass(frozen=True)
class Effort:
    """How long to measure: rounds, turns within a round, seconds a turn, seconds a contestant at most."""

    rounds: int
    repeats: int
    turn: float
    budget: float
    least_rounds: int


THOROUGH = Effort(rounds=9, repeats=3, turn=0.01, budget=4.0, least_rounds=5)
QUICK = Effort(rounds=3, repeats=2, turn=0.003, budget=0.5, least_rounds=2)


@dataclass
class Cell:
    """One work with one family at one size."""

    work: Work
    family: Family
    size: Any
    seconds: dict[str, float] = field(default_factory=dict)
    differs: list[str] = field(default_factory=list)
    scaled: dict[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.work.name} {self.family.name} {label(self.size)}"

    def ratio(self, peer: str) -> float:
        """How many times faster than `peer`: NaN where either is missing or differs."""
        if peer in self.differs:
            return math.nan
        return self.seconds.get(peer, math.nan) / self.seconds.get("fastdist", math.nan)


# Measuring ------------------------------------------------------------------------------------------


def compete(timers: dict[str, timeit.Timer], effort: Effort) -> dict[str, float]:
    """Seconds a call of each timer. Garbage collection is off while a timer runs."""
    once = {}
    for name, timer in timers.items():
        timer.timeit(1)
        once[name] = timer.timeit(1)
        if once[name] < effort.turn:
            once[name] = timer.timeit(20) / 20
    shortest: dict[str, list[float]] = {name: [] for name in timers}
    spent = dict.fromkeys(timers, 0.0)
    order = random.Random(0)
    for i in range(effort.rounds):
        for name in order.sample(list(timers), len(timers)):
            if i >= effort.least_rounds and spent[name] > effort.budget:
                continue
            number = max(1, round(effort.turn / once[name]))
            repeats = effort.repeats if once[name] < 0.1 else 1
            if once[name] < 0.1:  # the caches and the waiting threads are another's: make them this one's
                timers[name].timeit(1)
            times = timers[name].repeat(repeats, number)
            shortest[name].append(min(times) / number)
            spent[name] += sum(times)
    return {name: median(times) for name, times in shortest.items()}


def measure(cell: Cell, libraries: Iterable[str], effort: Effort) -> None:
    """Fill in a cell. A peer that lacks the method, or fails at it, is left out."""
    timers, answers = {}, {}
    for library in entrants(cell.work, cell.family):
        if library not in libraries:
            continue
        text = statement_for(library, cell.work, cell.family)
        try:
            if cell.size == MILLION and (pilot := trial(library, text, cell)) * MILLION > PATIENCE * PILOT:
                cell.scaled[library] = pilot * MILLION / PILOT
                continue
            names = names_for(library, cell.family, cell.size)
            answers[library] = numbers(eval(text, names))
        except (NotImplementedError, AttributeError, RuntimeError):
            if library == "fastdist":
                raise
            continue
        timers[library] = timeit.Timer(text, globals=names)
    if not cell.work.random and cell.work.name != "freeze":
        own = answers["fastdist"]
        cell.differs = [library for library, answer in answers.items() if not agree(own, answer)]
    answers.clear()
    cell.seconds = compete(timers, effort) | cell.scaled


def trial(library: str, text: str, cell: Cell) -> float:
    """Seconds that a call on `PILOT` values takes."""
    timer = timeit.Timer(text, globals=names_for(library, cell.family, PILOT))
    return min(timer.repeat(2, 1))


def numbers(result: Any) -> list[np.ndarray]:
    """A result as arrays, whatever it is wrapped in."""
    if isinstance(result, dict):
        return numbers(tuple(result.values()))
    if isinstance(result, tuple):
        return [array for part in result for array in numbers(part)]
    return [np.asarray(result)]


def agree(ours: list[np.ndarray], theirs: list[np.ndarray]) -> bool:
    """Whether two libraries computed the same."""
    return len(ours) == len(theirs) and all(
        np.allclose(a, b, rtol=AGREEMENT, atol=AGREEMENT * float(np.abs(b).mean()) * 1e-3)
        for a, b in zip(ours, theirs, strict=True)
    )


def memory() -> dict[str, int]:
    """Bytes beyond the result, at `MEMORY_SIZE` values, for each work and family that has a goal at a million."""
    found = {}
    works = {work.name: work for work in WORKS}
    for name, family_name, size, _ in counted(
        [goal for goal in GOALS if goal[2] != 1], lambda goal: f"memory {goal[0]}"
    ):
        large = (MEMORY_SIZE // size[-1], size[-1]) if isinstance(size, tuple) else MEMORY_SIZE
        family = FAMILIES[family_name]
        names = names_for("fastdist", family, large)
        code = compile(statement_for("fastdist", works[name], family), name, "eval")
        # The first call reads kernels from disk: done here, outside the measurement.
        shape = names["shape"] and (10, *names["shape"][1:])
        eval(code, {**names, "x": names["x"][:10], "q": names["q"][:10], "shape": shape})
        found[f"{name} {family_name} {label(large)}"] = probes.excess_bytes(code, names)
    return found


def counted(items: list[Any], text: Callable[[Any], str]) -> Iterator[Any]:
    """The items, with progress on stderr."""
    try:
        from tqdm import tqdm
    except ImportError:
        for i, item in enumerate(items, 1):
            sys.stderr.write(f"\r{i}/{len(items)} {text(item):60.60}")
            sys.stderr.flush()
            yield item
        sys.stderr.write("\r" + " " * 80 + "\r")
        return
    with tqdm(items, leave=False, file=sys.stderr) as bar:
        for item in bar:
            bar.set_postfix_str(text(item))
            yield item


# Reporting ------------------------------------------------------------------------------------------


class Report:
    """Tables on stdout, as aligned text or as Markdown."""

    def __init__(self, markdown: bool) -> None:
        self.markdown = markdown

    def heading(self, text: str) -> None:
        print(f"\n## {text}\n" if self.markdown else f"\n{text}\n{'-' * len(text)}")

    def text(self, *lines: str) -> None:
        for line in lines:
            print(f"{line}  " if self.markdown else line)

    def table(self, head: list[str], rows: list[list[str]], left: int = 1) -> None:
        """Columns as wide as they must be; the first `left` of them hold words."""
        widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
        edge, gap = ("| ", " | ") if self.markdown else ("", "  ")
        lines = [head, *rows]
        if self.markdown:
            lines.insert(1, ["-" * w if i < left else "-" * (w - 1) + ":" for i, w in enumerate(widths)])
        for line in lines:
            aligned = [
                text.ljust(w) if i < left else text.rjust(w)
                for i, (text, w) in enumerate(zip(line, widths, strict=True))
            ]
            print((edge + gap.join(aligned) + edge[::-1]).rstrip())


def duration(seconds: float, size: Any) -> str:
    """Microseconds a call for one value, nanoseconds an element for arrays."""
    value = seconds * (1e6 if size == 1 else 1e9 / count(size))
    return f"{value:.2f}" if value < 10 else f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def times(ratio: float) -> str:
    return "" if math.isnan(ratio) else f"{ratio:.2f}x" if ratio < 10 else f"{ratio:.0f}x"


def show_cells(report: Report, cells: list[Cell], peers: list[str]) -> None:
    """Print the cells of one work."""
    present = [peer for peer in peers if any(peer in cell.seconds for cell in cells)]
    report.heading(cells[0].work.name)
    rows = []
    for cell in cells:
        unit = "us a call" if cell.size == 1 else "ns a value"
        row = [cell.family.name, label(cell.size), unit, duration(cell.seconds["fastdist"], cell.size)]
        for peer in present:
            ratio = "differs" if peer in cell.differs else times(cell.ratio(peer))
            row += [duration(cell.seconds[peer], cell.size) if peer in cell.seconds else "", ratio]
        rows.append(row)
    report.table(
        ["family", "size", "unit", "fastdist", *(text for peer in present for text in (LIBRARIES[peer], "ratio"))], rows
    )


def show_summary(report: Report, cells: list[Cell], peers: list[str]) -> None:
    report.heading("Cells below 1 (a single draw against NumPy's bare call: below 1/4)")
    below = [
        [str(cell), LIBRARIES[peer], times(cell.ratio(peer))]
        for cell in cells
        for peer in peers
        if cell.ratio(peer) < FLOORS.get((peer, cell.size), 1.0)
    ]
    if below:
        report.table(["cell", "against", "ratio"], below, left=2)
    else:
        report.text("none")
    differs = [f"{cell}: {', '.join(LIBRARIES[peer] for peer in cell.differs)}" for cell in cells if cell.differs]
    if differs:
        report.heading(f"Results that differ from fastdist's by more than {AGREEMENT:g}, not counted")
        report.text(*differs)
    scaled = [f"{cell}: {', '.join(LIBRARIES[peer] for peer in cell.scaled)}" for cell in cells if cell.scaled]
    if scaled:
        report.heading(f"Times scaled up from {PILOT} values")
        report.text(*scaled)
    report.heading("Geometric means of the ratios")
    sizes = list(dict.fromkeys(cell.size for cell in cells))
    rows = []
    for peer in peers:
        ratios = {size: [r for cell in cells if cell.size == size and (r := cell.ratio(peer)) == r] for size in sizes}
        rows.append(
            [LIBRARIES[peer], *(f"{times(geometric_mean(r))} ({len(r)})" if r else "" for r in ratios.values())]
        )
    report.table(["against (cells)", *map(label, sizes)], rows)


def show_goals(report: Report, cells: list[Cell], figures: list[tuple[str, float, float, str]]) -> list[dict[str, Any]]:
    """Print the goals of what was measured; give them as data."""
    by_key = {(cell.work.name, cell.family.name, cell.size): cell for cell in cells}
    results, rows = [], []
    for work, family, size, peers in GOALS:
        for peer, goal in peers.items():
            cell = by_key.get((work, family, size))
            ratio = cell.ratio(peer) if cell else math.nan
            if math.isnan(ratio):
                continue
            verdict = "PASS" if ratio >= goal else "FAIL"
            name = f"{work} {family} {label(size)} against {LIBRARIES[peer]}"
            rows.append([name, f"at least {goal:g}x", times(ratio), verdict])
            results.append({"name": name, "goal": goal, "measured": ratio, "verdict": verdict})
    for name, goal, value, unit in figures:
        verdict = "PASS" if value <= goal else "FAIL"
        rows.append([name, f"at most {goal:g} {unit}", f"{value:.3g} {unit}", verdict])
        results.append({"name": name, "goal": goal, "measured": value, "verdict": verdict})
    if rows:
        report.heading("Goals")
        report.table(["work", "goal", "measured", "verdict"], rows)
    return results


def environment(versions: dict[str, str]) -> dict[str, Any]:
    """Where the figures come from."""
    return {
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {processor()}",
        "cores": os.cpu_count(),
        "threads": fd.get_num_threads(),
        **{LIBRARIES[library]: version for library, version in versions.items()},
    }


def processor() -> str:
    try:
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return found[1] if found else platform.processor()


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    parser.add_argument(
        "--only", metavar="PATTERN", default="", help="only cells whose 'work family size' has this regular expression"
    )
    parser.add_argument("--sizes", default="", help="only these sizes, such as 1,1e3,1e6")
    parser.add_argument("--json", metavar="FILE", type=Path, help="keep all figures")
    parser.add_argument("--markdown", action="store_true", help="print Markdown tables")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    """Measure and report."""
    options = parse(arguments)
    effort = QUICK if options.quick else THOROUGH
    sizes = [int(float(text)) for text in options.sizes.split(",")] if options.sizes else ALL_SIZES
    cells = [
        cell
        for work in WORKS
        for name in work.families
        for size in (sizes if work.sizes == ALL_SIZES else [size for size in work.sizes if count(size) in sizes])
        if re.search(options.only, str(cell := Cell(work, FAMILIES[name], size)), re.IGNORECASE)
    ]
    if not cells:
        sys.exit("no cell matches")
    versions = {"fastdist": fd.__version__, **installed()}
    if "torch" in versions:
        import torch

        torch.set_num_threads(fd.get_num_threads())
    peers = [library for library in versions if library != "fastdist"]
    report = Report(options.markdown)
    described = environment(versions)
    report.text(*(f"{key}: {value}" for key, value in described.items()))

    done: list[Cell] = []
    for cell in counted(cells, str):
        if done and done[-1].work is not cell.work:
            show_cells(report, done, peers)
            done.clear()
        measure(cell, versions, effort)
        done.append(cell)
    show_cells(report, done, peers)

    figures: list[tuple[str, float, float, str]] = []
    if not options.only:
        figures = show_figures(report)
    show_summary(report, cells, peers)
    goals = show_goals(report, cells, figures)
    if options.json:
        rows = [
            {
                "work": c.work.name,
                "family": c.family.name,
                "size": label(c.size),
                "seconds": c.seconds,
                "differs": c.differs,
            }
            for c in cells
        ]
        options.json.write_text(json.dumps({"environment": described, "cells": rows, "goals": goals}, indent=1) + "\n")


def show_figures(report: Report) -> list[tuple[str, float, float, str]]:
    """Print what is not a ratio; give name, goal, value and unit of each worst figure."""
    beyond = probes.import_seconds()
    calls = probes.first_call_seconds()
    held = memory()
    report.heading("First call of a kernel that is cached on disk, after another kernel's")
    report.table(["call", "ms"], [[call, f"{seconds * 1e3:.1f}"] for call, seconds in calls.items()])
    report.heading("Memory beyond the result")
    report.table(["work", "kB"], [[work, f"{size / 1e3:.1f}"] for work, size in held.items()])
    return [
        ("import beyond numba's own", IMPORT_GOAL * 1e3, beyond * 1e3, "ms"),
        ("first cached call: the slowest", FIRST_CALL_GOAL * 1e3, max(calls.values()) * 1e3, "ms"),
        ("memory beyond the result: the most", MEMORY_GOAL / 1e6, max(held.values()) / 1e6, "MB"),
    ]


if __name__ == "__main__":
    main()
