"""The examples run as a stranger runs them: from another folder, without a display."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")

EXAMPLES = Path(__file__).parents[1] / "examples"


def printed(name, folder):
    """What an example prints; its picture is in the folder."""
    environment = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "MPLBACKEND")}
    environment["PYTHONPATH"] = str(EXAMPLES.parent)  # the package under test, installed or not
    command = [sys.executable, "-W", "error", str(EXAMPLES / f"{name}.py")]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    return done.stdout


def numbers(text):
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", text)]


def test_stochastic_fit(tmp_path):
    """What a few data at a time lead to is what all of them do, and about what they were drawn from."""
    rows = {line[:28].strip(): numbers(line[28:]) for line in printed("stochastic_fit", tmp_path).splitlines()[1:-1]}
    for found, whole, *drawn in rows.values():
        assert found == pytest.approx(whole, rel=0.05)
        assert not drawn or found == pytest.approx(drawn[0], rel=0.05)
    assert rows["Rain: concentration"][1] == pytest.approx(0.798, abs=1e-3)


def test_gradient_variance(tmp_path):
    """Both estimates are right on average, and the pathwise one is spread less."""
    rows = [numbers(line[24:]) for line in printed("gradient_variance", tmp_path).splitlines()[1:-1]]
    for exact, pathwise, spread, score, wide, ratio in rows:
        assert abs(pathwise - exact) < 5 * spread / 100_000**0.5 + 0.005
        assert abs(score - exact) < 5 * wide / 100_000**0.5 + 0.005
        assert ratio > 3


def test_horse_kicks(tmp_path):
    """The posterior that gradients of draws find is the conjugate one."""
    rows = {line.split()[0]: numbers(line) for line in printed("horse_kicks", tmp_path).splitlines()[1:4]}
    assert rows["exact"][0] == pytest.approx(124 / 202, abs=1e-4)
    assert rows["fitted"] == pytest.approx(rows["exact"], rel=0.02)


def test_gumbel_softmax(tmp_path):
    means, share, bounds = printed("gumbel_softmax", tmp_path).splitlines()[:3]
    assert numbers(means)[:3] == pytest.approx([-4.0, 0.5, 5.0], abs=0.25)
    assert numbers(share)[0] > 97
    assert numbers(bounds)[1] > -2.5


def test_policy_gradient(tmp_path):
    lengths = [numbers(line)[1] for line in printed("policy_gradient", tmp_path).splitlines()[:4]]
    assert lengths[0] < 40 and lengths[-1] > 190


def test_digits(tmp_path):
    pytest.importorskip("sklearn")
    losses = [
        numbers(line)[2] for line in re.findall("loss.*|epoch.*", printed("digits", tmp_path).replace("\r", "\n"))
    ]
    assert losses[0] > 30 and losses[-1] < 20.5


def test_rainfall(tmp_path):
    done = printed("rainfall", tmp_path)
    rows = re.findall(r"^(Gamma|Cube-root normal|Log-normal|Exponential) .* (-\d+\.\d) +(\d+\.\d) ", done, re.M)
    names, likelihoods, scores = zip(*rows, strict=True)
    # Fits by an independent implementation (SciPy's densities and a simplex search).
    assert names == ("Gamma", "Cube-root normal", "Log-normal", "Exponential")
    assert [float(v) for v in likelihoods] == [-1796.1, -1796.8, -1819.2, -1832.9]
    assert [float(v) for v in scores] == pytest.approx([3596.1, 3597.7, 3642.4, 3667.8], abs=0.11)


def test_rainfall_output(tmp_path, monkeypatch):
    """The option is taken, and its folder made."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    import rainfall

    monkeypatch.setattr(sys, "argv", ["rainfall.py", "--output", str(tmp_path / "new" / "picture.png")])
    rainfall.main()
    assert (tmp_path / "new" / "picture.png").stat().st_size > 20_000
