"""What is made when the documentation is built: distribution pages, pictures and tables."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import scipy
from catalogue import ROWS, Row

import fastdist as fd

HERE = Path(__file__).parent
TARGET = HERE / "generated"
COLOURS = ("#2f7fb8", "#d1662c", "#7a8b45")
GREY = "#808890"

METHODS = ("log_prob", "cdf", "sf", "log_cdf", "log_sf", "icdf", "isf")
LOST = 1e-8  # a relative error from which a value counts as lost


def main() -> None:
    """Write everything to ``docs/generated``."""
    TARGET.mkdir(exist_ok=True)
    for row in ROWS:
        picture(row)
        write(f"{row.name}.rst", page(row))
    write("parametrisations.inc", parametrisations())
    write("accuracy.inc", accuracy())


def write(name: str, text: str) -> None:
    """Write a file only if it says something new: Sphinx then rebuilds what has changed."""
    path = TARGET / name
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def page(row: Row) -> str:
    """The page of one distribution."""
    return f"""
{row.name}
{"=" * len(row.name)}

.. image:: {row.name}.svg
   :alt: Densities and tails of the {row.name} distribution
   :class: plot

.. autoclass:: fastdist.{row.name}
   :no-members:

Its methods are those of :class:`fastdist.Distribution`.
"""


def picture(row: Row) -> None:
    """Densities or masses, and the upper tails on a logarithmic scale."""
    style = {"text.color": GREY, "axes.edgecolor": GREY, "xtick.color": GREY, "ytick.color": GREY}
    with mpl.rc_context({**style, "font.size": 9, "svg.hashsalt": row.name}):
        figure, (left, right) = plt.subplots(1, 2, figsize=(8, 2.8), layout="constrained")
        x = np.linspace(*row.span, 801)
        names = {tuple(parameters) for parameters in row.curves}
        for parameters, colour in zip(row.curves, COLOURS, strict=False):
            d = getattr(fd, row.name)(**parameters)
            if d.support.is_discrete:
                k = np.arange(row.span[0], row.span[1] + 1)
                left.plot(k, d.prob(k), color=colour, linewidth=0.8, alpha=0.5)
                left.plot(k, d.prob(k), "o", color=colour, markersize=3.5)
                right.step(k, d.sf(k), where="post", color=colour, linewidth=1.5)
            else:
                left.plot(x, np.minimum(d.prob(x), 10 * (row.top or np.inf)), color=colour, linewidth=1.5)
                right.plot(x, d.sf(x), color=colour, linewidth=1.5)
            values = ", ".join(str(value) for value in parameters.values())
            left.plot([], [], color=colour, label=values if len(names) == 1 else f"{'/'.join(parameters)} {values}")
        left.set_title("prob", loc="left", fontsize=9)
        right.set_title("sf", loc="left", fontsize=9)
        left.set_ylim(0, row.top)
        right.set(yscale="log", ylim=(1e-8, 2))
        for axes in (left, right):
            axes.spines[["top", "right"]].set_visible(False)
            axes.xaxis.get_major_locator().set_params(integer=getattr(fd, row.name).support.is_discrete)
        title = ",\n".join(names.pop()) if len(names) == 1 else None
        figure.legend(loc="outside right center", frameon=False, title=title)
        figure.savefig(TARGET / f"{row.name}.svg", transparent=True, metadata={"Date": None})
        plt.close(figure)


def table(header: list[str], rows: list[list[str]]) -> str:
    """A table in reStructuredText."""
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in [header, *rows]:
        lines += [f"   {'*' if i == 0 else ' '} - {cell}".rstrip() for i, cell in enumerate(row)]
    return "\n".join(lines) + "\n"


def parametrisations() -> str:
    """Each distribution beside SciPy's and torch's."""
    rows = []
    for row in ROWS:
        names = ", ".join(getattr(fd, row.name).arg_constraints)
        if row.name == "Categorical":
            names = "probs=None, logits=None"
        torch = row.torch.replace("`", "``") or "The same."
        rows.append(
            [f":doc:`{row.name} </generated/{row.name}>`", f"``{row.name}({names})``", f"``{row.scipy}``", torch]
        )
    return table(["", "fastdist and torch", "SciPy", "Where torch differs"], rows)


def accuracy() -> str:
    """Largest errors of fastdist and SciPy over the references of the test suite."""
    sys.path[:0] = [str(HERE.parent / "tests")]
    try:
        cases = importlib.import_module("cases").CASES
    finally:
        del sys.path[0]
    rows = []
    for case in cases:
        name = case.reference
        if name == "Categorical(logits)" or name not in fd.__all__:
            continue
        for ours in (True, False):
            if not ours and name == "Categorical":
                continue  # SciPy's rv_discrete takes one table at a time
            cells = [error(case, method, ours) for method in METHODS]
            rows.append([f":doc:`{name} </generated/{name}>`" if ours else "", "fastdist" if ours else "SciPy", *cells])
    versions = f"NumPy {np.__version__}, SciPy {scipy.__version__}, fastdist {fd.__version__}"
    return table(["", "", *(f"``{method}``" for method in METHODS)], rows) + f"\nMeasured with {versions}.\n"


def error(case: Any, method: str, ours: bool) -> str:
    """The largest relative error, and how many rows are lost."""
    with np.load(HERE.parent / "tests" / "references" / "distributions" / f"{case.reference}.npz") as file:
        references = dict(file)
    prefix = "q_" if method in ("icdf", "isf") else ""
    parameters = references[f"{prefix}parameters"]
    named = {case.parameters[0]: parameters} if case.name else dict(zip(case.parameters, parameters.T, strict=True))
    argument, exact = references[prefix + ("level" if prefix else "value")], references[prefix + method]
    with np.errstate(all="ignore"):
        if ours:
            got = getattr(case.distribution(**named), method)(argument)
        else:
            frozen = case.scipy(**named)
            spelled = {"log_prob": "logpmf" if case.distribution.support.is_discrete else "logpdf", "icdf": "ppf"}
            got = getattr(frozen, spelled.get(method, method.replace("_", "")))(argument)
        scale = np.maximum(np.abs(exact), references.get(f"{prefix}{method}.slack", 0.0))
        if method == "log_prob":
            scale = np.maximum(scale, 1.0)  # what counts is the relative error of the density
        relative = np.abs(got - exact) / np.maximum(scale, np.finfo(float).tiny)
    relative = np.where(got == exact, 0.0, relative)
    relative[np.isnan(got) & ~np.isnan(exact)] = np.inf
    lost = np.count_nonzero(~(relative < LOST))
    worst = np.max(relative[relative < LOST], initial=0.0)
    return (f"{worst:.0e}" if worst else "0") + (f" ({lost} of {len(exact)} lost)" if lost else "")


if __name__ == "__main__":
    main()
