"""What is made when the documentation is built: distribution pages, pictures and tables."""

from __future__ import annotations

import contextlib
import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from catalogue import ROWS, Row
from scipy.optimize import minimize

import fastdist as fd
from fastdist import kl

HERE = Path(__file__).parent
TARGET = HERE / "generated"
COLOURS = ("#2f7fb8", "#d1662c", "#7a8b45")
GREY = "#808890"
LONG_LABEL = 24  # which has its place below the picture, not beside it

LIBRARIES = {"fastdist": "fastdist", "scipy": "SciPy", "torch": "torch"}
SHOWN = 1e-14  # errors above this come with their point


def main() -> None:
    """Write everything to ``docs/generated``."""
    TARGET.mkdir(exist_ok=True)
    for row in ROWS:
        if row.curves:
            PICTURES[row.picture](row)
        write(f"{row.name}.rst", page(row))
    divergences()
    write("pairs.inc", pairs())
    write("parametrisations.inc", parametrisations())
    write("accuracy.inc", accuracy())
    write("derivatives.inc", derivatives())
    write("speed.inc", speed())


def write(name: str, text: str) -> None:
    """Write a file only if it says something new: Sphinx then rebuilds what has changed."""
    path = TARGET / name
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def page(row: Row) -> str:
    """The page of one distribution."""
    shown = "Densities and tails of" if row.picture == "curves" else "Events of"
    image = f"""
.. image:: {row.name}.svg
   :alt: {shown} the {row.name} distribution
   :class: plot
"""
    return f"""
{row.name}
{"=" * len(row.name)}
{image if row.curves else ""}
.. autoclass:: fastdist.{row.name}
   :no-members:

Its methods are those of :class:`fastdist.Distribution`.
"""


def curves(row: Row) -> None:
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
        long = max(len(label) for label in left.get_legend_handles_labels()[1]) > LONG_LABEL
        place = {"loc": "outside lower center"} if long else {"loc": "outside right center", "title": title}
        figure.legend(frameon=False, **place)
        figure.savefig(TARGET / f"{row.name}.svg", transparent=True, metadata={"Date": None})
        plt.close(figure)


@contextlib.contextmanager
def panels(row: Row, height: float = 3.0, **kind: Any) -> Iterator[list[tuple[Any, Any, str]]]:
    """Axes for each parameter set beside each other, with the distribution and its colour; saved in the end."""
    with mpl.rc_context({"text.color": GREY, "font.size": 9, "svg.hashsalt": row.name}):
        size = 2.7 * len(row.curves), height
        figure, found = plt.subplots(1, len(row.curves), figsize=size, layout="constrained", subplot_kw=kind)
        parts = []
        for axes, parameters, colour in zip(np.atleast_1d(found), row.curves, COLOURS, strict=False):
            axes.set_title("\n".join(f"{name} {value}" for name, value in parameters.items()), fontsize=8, pad=10)
            axes.axis("off")
            parts.append((axes, getattr(fd, row.name)(**parameters), colour))
        yield parts
        figure.savefig(TARGET / f"{row.name}.svg", transparent=True, metadata={"Date": None})
        plt.close(figure)


def triangle(row: Row) -> None:
    """Events of three categories in a triangle: masses as discs, or draws as dots."""
    with panels(row) as parts:
        for axes, d, colour in parts:
            if d.support.is_discrete:
                n = int(getattr(d, "total_count", 1))
                events = np.array([(i, j, n - i - j) for i in range(n + 1) for j in range(n + 1 - i)])
                mass = d.prob(events)
                places, size = events / n, 1600 / (n + 1) ** 1.5 * mass / mass.max()
            else:
                places, size = d.sample((1500,), rng=1), np.full(1500, 3.0)
            corners = np.array([(0.0, 0.0), (1.0, 0.0), (0.5, 3**0.5 / 2)])
            axes.fill(*corners.T, facecolor="none", edgecolor=GREY, linewidth=0.6, alpha=0.6)
            axes.scatter(*(places @ corners).T, s=size, color=colour, alpha=0.75, linewidths=0, clip_on=False)
            for k, (corner, side) in enumerate(zip(corners, ("right", "left", "center"), strict=True)):
                shift = {"right": (-0.1, -0.02), "left": (0.1, -0.02), "center": (0.0, 0.12)}[side]
                axes.text(*(corner + shift), str(k), ha=side, va="center", color=GREY)
            axes.set_aspect("equal")
            axes.set(xlim=(-0.15, 1.15), ylim=(-0.12, 1.05))


def plane(row: Row) -> None:
    """Densities of two numbers as contours, a factor of three from one to the next, and draws as dots."""
    with panels(row, 3.4) as parts:
        for axes, d, colour in parts:
            x = np.linspace(-4, 4, 161)
            density = d.log_prob(np.stack(np.meshgrid(x, x), axis=-1))
            levels = density.max() - np.log(3) * np.arange(6, -1, -1)
            fills = [mpl.colors.to_rgba(colour, 0.12 + 0.12 * i) for i in range(6)]
            axes.contourf(x, x, density, levels=levels, colors=fills)
            axes.scatter(*d.sample((300,), rng=1).T, s=2.0, color=colour, linewidths=0)
            axes.set_aspect("equal")
            axes.set(xlim=(-4, 4), ylim=(-4, 4))


def sphere(row: Row) -> None:
    """Directions as dots on a sphere, paler at its back."""
    with panels(row, 3.3, projection="3d") as parts:
        for axes, d, colour in parts:
            turn = np.linspace(0, 2 * np.pi, 121)
            for tilt in np.linspace(-np.pi / 2, np.pi / 2, 7)[1:-1]:
                axes.plot(
                    np.cos(tilt) * np.cos(turn),
                    np.cos(tilt) * np.sin(turn),
                    np.full(121, np.sin(tilt)),
                    color=GREY,
                    linewidth=0.4,
                    alpha=0.5,
                )
            axes.scatter(*d.sample((800,), rng=1).T, s=4.0, color=colour, linewidths=0)
            axes.set(xlim=(-1, 1), ylim=(-1, 1), zlim=(-1, 1))
            axes.set_box_aspect((1, 1, 1), zoom=1.5)
            axes.view_init(elev=20, azim=-35)


def ellipses(row: Row) -> None:
    """Matrices of two rows as the ellipses that they map the circle to, with that of the mean."""
    turn = np.linspace(0, 2 * np.pi, 121)
    circle = np.stack([np.cos(turn), np.sin(turn)])
    with panels(row) as parts:
        for axes, d, colour in parts:
            for matrix in d.sample((40,), rng=1):
                axes.plot(*(np.linalg.cholesky(matrix) @ circle), color=colour, linewidth=0.6, alpha=0.5)
            with contextlib.suppress(NotImplementedError):
                mean = d.mean()
                if np.isfinite(mean).all():
                    axes.plot(*(np.linalg.cholesky(mean) @ circle), color=GREY, linewidth=1.6)
            axes.set_aspect("equal")
            axes.set(xlim=(-3, 3), ylim=(-3, 3))


def correlations(row: Row) -> None:
    """Two correlations of three as dots in their square; the third is the colour."""
    with panels(row) as parts:
        for axes, d, _ in parts:
            matrices = d.sample((1500,), rng=1)
            a, b, c = matrices[:, 0, 1], matrices[:, 0, 2], matrices[:, 1, 2]
            axes.fill([-1, 1, 1, -1], [-1, -1, 1, 1], facecolor="none", edgecolor=GREY, linewidth=0.6, alpha=0.6)
            axes.scatter(a, b, s=3.0, c=c, cmap="coolwarm", vmin=-1, vmax=1, linewidths=0)
            axes.set_aspect("equal")


PICTURES = {
    "curves": curves,
    "triangle": triangle,
    "plane": plane,
    "sphere": sphere,
    "ellipses": ellipses,
    "correlations": correlations,
}


def table(header: list[str], rows: list[list[str]]) -> str:
    """A table in reStructuredText."""
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in [header, *rows]:
        lines += [f"   {'*' if i == 0 else ' '} - {cell}".rstrip() for i, cell in enumerate(row)]
    return "\n".join(lines) + "\n"


def divergences() -> None:
    """A mixture of two normal densities, and the normal ones closest to it in either direction."""
    weights, components = fd.Categorical(probs=[0.6, 0.4]), fd.Normal([-1.5, 2.0], [0.7, 0.5])
    target = fd.MixtureSameFamily(weights, components)

    def beyond(at: Any) -> Any:
        return fd.kl_divergence(fd.Normal(at[0], np.exp(at[1])), target, method="quadrature")

    loc, log_scale = minimize(beyond, (-1.0, 0.0), method="Nelder-Mead", tol=1e-3).x
    covers, keeps_inside = fd.Normal(target.mean(), target.std()), fd.Normal(loc, np.exp(log_scale))
    style = {"text.color": GREY, "axes.edgecolor": GREY, "xtick.color": GREY, "ytick.color": GREY}
    with mpl.rc_context({**style, "font.size": 9, "svg.hashsalt": "divergences"}):
        figure, axes = plt.subplots(figsize=(6, 2.6), layout="constrained")
        x = np.linspace(-6, 6, 601)
        axes.fill_between(x, target.prob(x), color=GREY, alpha=0.35, linewidth=0)
        for d, colour, label in (
            (covers, COLOURS[0], "least $D(p\\,\\|\\,q)$"),
            (keeps_inside, COLOURS[1], "least $D(q\\,\\|\\,p)$"),
        ):
            axes.plot(x, d.prob(x), color=colour, linewidth=1.5, label=label)
        axes.set(xlim=(-6, 6), ylim=(0, None), yticks=[])
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.legend(frameon=False, labelcolor="linecolor")
        figure.savefig(TARGET / "divergences.svg", transparent=True, metadata={"Date": None})
        plt.close(figure)


def pairs() -> str:
    """For each class, those to which its divergence has a closed form, and those to which it is infinite."""
    known = kl.registered()
    rows = []
    for first in sorted({p for p, _ in known}, key=lambda kind: kind.__name__):
        closed, infinite = (
            ", ".join(
                sorted(
                    "itself" if q is first else f":class:`~fastdist.{q.__name__}`"
                    for (p, q), found in known.items()
                    if p is first and isinstance(found, kl.Infinite) is beyond
                )
            )
            for beyond in (False, True)
        )
        rows.append([f":class:`~fastdist.{first.__name__}`", closed, infinite])
    return table(["from", "in closed form to", "infinite to"], rows)


def parametrisations() -> str:
    """Each distribution beside SciPy's and torch's."""
    rows = []
    for row in ROWS:
        signature = inspect.signature(getattr(fd, row.name))
        names = ", ".join(name for name in signature.parameters if name != "validate_args")
        if row.name == "Categorical":
            names = "probs=None, logits=None"
        torch = row.torch.replace("`", "``") or "The same."
        rows.append(
            [
                f":doc:`{row.name} </generated/{row.name}>`",
                f"``{row.name}({names})``",
                f"``{row.scipy}``" if row.scipy else "",
                torch,
            ]
        )
    return table(["", "fastdist and torch", "SciPy", "Where torch differs"], rows)


def accuracy() -> str:
    """The table of what ``measure_accuracy.py`` measured."""
    kept = json.loads((HERE / "accuracy.json").read_text())
    cells: dict[tuple[str, str], dict[str, Any]] = {}
    for row in kept["rows"]:
        cells.setdefault((row["case"], row["library"]), {})[row["method"]] = row
    methods = list(dict.fromkeys(row["method"] for row in kept["rows"]))
    rows, previous = [], ""
    for (case, library), found in cells.items():
        name = case.partition("(")[0]
        title = f":doc:`{case} </generated/{name}>`" if name in fd.__all__ else case
        rows.append([title if case != previous else "", LIBRARIES[library], *(error(found.get(m)) for m in methods)])
        previous = case
    versions = ", ".join(f"{name} {version}" for name, version in kept["versions"].items())
    return table(["", "", *(f"``{m}``" for m in methods)], rows) + f"\nMeasured with {versions}.\n"


def derivatives() -> str:
    """The table of what ``measure_derivatives.py`` measured."""
    kept = json.loads((HERE / "derivatives.json").read_text())
    cells: dict[tuple[str, str], dict[str, Any]] = {}
    for row in kept["rows"]:
        cells.setdefault((row["case"], row["parameter"]), {})[row["library"]] = row
    libraries = {"fastdist": "fastdist", "torch": "torch", "jax": "JAX"}
    rows, previous = [], ""
    for (case, parameter), found in cells.items():
        texts = (f"{r['worst']:.0e}" + (f"; {r['lost']}/{r['points']} lost" if r["lost"] else "") if r else ""
                 for r in map(found.get, libraries))  # fmt: skip
        rows.append([case if case != previous else "", f"``{parameter}``", *texts])
        previous = case
    versions = ", ".join(f"{name} {version}" for name, version in kept["versions"].items())
    return table(["", "in", *libraries.values()], rows) + f"\nMeasured with {versions}.\n"


def error(row: dict[str, Any] | None) -> str:
    """The largest relative error, where it is, and how many values are lost."""
    if row is None:
        return ""
    text = f"{row['worst']:.0e}" if row["worst"] else "0"
    point = ", ".join(f"{value:.3g}" if isinstance(value, float) else "..." for value in row["point"].values())
    text += f" :sub:`({point})`" if row["worst"] > SHOWN else ""
    return text + (f" {row['lost']}/{row['points']} lost" if row["lost"] else "")


def speed() -> str:
    """Each family at the largest size that ``compare.py --json docs/speed.json`` measured: time, and peers' ratios."""
    kept = json.loads((HERE / "speed.json").read_text())
    cells: dict[str, dict[str, Any]] = {}
    for cell in kept["cells"]:
        if cell["size"] == "1 000 000":
            cells.setdefault(cell["family"], {})[cell["work"]] = cell
    works = ("log_prob", "cdf", "icdf", "sample")
    peers = {"scipy": "SciPy", "numpy": "NumPy", "torch": "torch", "numba_stats": "numba-stats"}
    rows = []
    for family, found in cells.items():
        row = [f":doc:`{family} </generated/{family}>`"]
        for work in works:
            seconds = found[work]["seconds"]
            others = [
                f"{title} {times(seconds[peer] / seconds['fastdist'])}"
                for peer, title in peers.items()
                if peer in seconds and peer not in found[work]["differs"]
            ]
            row.append(f"{seconds['fastdist'] * 1e3:.2g} ns; " + ", ".join(others))
        rows.append(row)
    where = ", ".join(f"{key} {value}" for key, value in kept["environment"].items() if key != "fastdist")
    return table(["", *(f"``{work}``" for work in works)], rows) + f"\nMeasured with {where}.\n"


def times(ratio: float) -> str:
    """A ratio to two digits."""
    return f"{ratio:.1f}x" if ratio < 9.95 else f"{ratio:.0f}x"


if __name__ == "__main__":
    main()
