"""The example runs as a stranger runs it: from another folder, without a display."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")

EXAMPLES = Path(__file__).parents[1] / "examples"


def test_rainfall(tmp_path):
    environment = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "MPLBACKEND")}
    environment["PYTHONPATH"] = str(EXAMPLES.parent)  # the package under test, installed or not
    command = [sys.executable, "-W", "error", str(EXAMPLES / "rainfall.py")]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    assert done.returncode == 0, done.stderr
    rows = re.findall(r"^(Gamma|Cube-root normal|Log-normal|Exponential) .* (-\d+\.\d) +(\d+\.\d) ", done.stdout, re.M)
    names, likelihoods, scores = zip(*rows, strict=True)
    # Fits by an independent implementation (SciPy's densities and a simplex search).
    assert names == ("Gamma", "Cube-root normal", "Log-normal", "Exponential")
    assert [float(v) for v in likelihoods] == [-1796.1, -1796.8, -1819.2, -1832.9]
    assert [float(v) for v in scores] == pytest.approx([3596.1, 3597.7, 3642.4, 3667.8], abs=0.11)
    assert (tmp_path / "rainfall.png").read_bytes().startswith(b"\x89PNG")


def test_rainfall_output(tmp_path, monkeypatch):
    """The option is taken, and its folder made."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    import rainfall

    monkeypatch.setattr(sys, "argv", ["rainfall.py", "--output", str(tmp_path / "new" / "picture.png")])
    rainfall.main()
    assert (tmp_path / "new" / "picture.png").stat().st_size > 20_000
