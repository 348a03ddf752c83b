"""What the pictures of the examples have in common."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

INK, QUIET, PALE = "#22303c", "#8a98a5", "#dde6ed"
BLUE, ORANGE, GREEN = "#0868a6", "#cf5c25", "#6f8432"


def output(description: str, default: str) -> Path:
    """Where the user wants the picture."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--output", type=Path, default=Path(default), help="the picture (default: %(default)s)")
    path: Path = parser.parse_args().output
    return path


def panels(columns: int, width: float, height: float, **options: Any) -> tuple[Any, Any]:
    """A figure with a row of panels, drawn without a display."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, columns, figsize=(width, height), layout="constrained", **options)
    for part in axes if columns > 1 else [axes]:
        part.spines[["top", "right", "left"]].set_visible(False)
        part.spines["bottom"].set_color(QUIET)
        part.tick_params(length=0, labelcolor=INK)
        part.xaxis.label.set_color(INK)
        part.grid(axis="y", color=PALE, linewidth=0.8)
        part.set_axisbelow(True)
    return figure, axes


def title(axes: Any, text: str) -> None:
    """A heading over the left end of a panel."""
    axes.set_title(text, loc="left", fontsize=11, color=INK, pad=12)


def save(figure: Any, path: Path) -> None:
    """Write the picture, and say where it is."""
    import matplotlib.pyplot as plt

    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=160)
    plt.close(figure)
    print(f"Picture: {path}")
