"""The script that compares with other libraries on a device, on the simulated one."""

import importlib.util
import json
import sys
from pathlib import Path

import cuda_helpers as device
import pytest
from numba import cuda

pytestmark = device.marks


@pytest.fixture(scope="module")
def script():
    path = Path(__file__).parents[2] / "asv_bench" / "compare_cuda.py"
    if not path.exists():
        pytest.skip("the benchmarks are not here")
    spec = importlib.util.spec_from_file_location("compare_cuda", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_goal_without_its_peer_is_not_reached(script):
    found = script.verdicts({"copy": 0.9, "torch": 3.0}, {"copy": 0.85, "torch": 4, "cupy": 1})
    assert found == {"copy": "reached", "torch": "missed", "cupy": "not measured"}


def test_figures_go_to_the_file_with_their_goals(script, monkeypatch, tmp_path, capsys):
    file = tmp_path / "gpu.json"
    monkeypatch.setattr(script, "obstacle", lambda dry: None)
    monkeypatch.setattr(script, "ROUNDS", 1)
    monkeypatch.setattr(script, "CALLS", 1)
    monkeypatch.setattr(script, "module", lambda name: None)
    if not hasattr(cuda, "event_elapsed_time"):  # a simulated device has no clock
        monkeypatch.setattr(cuda, "event_elapsed_time", lambda first, last: 1.0, raising=False)
    monkeypatch.setattr(sys, "argv", ["", "--only", "log_prob (Normal|Gamma)", "--size", "64", "--json", str(file)])
    assert script.main() == 0
    found = json.loads(file.read_text())
    assert found["launch"] > 0 and found["launch_goal"] == 15e-6
    assert [(c["work"], c["dtype"]) for c in found["cells"]] == [
        (f"log_prob {family}", dtype) for dtype in ("float32", "float64") for family in ("Normal", "Gamma")
    ]
    for c in found["cells"]:
        assert c["seconds"]["fastdist"] > 0 and c["copy"] > 0 and not c["wrong"]
        assert c["verdicts"]["torch"] == "not measured"
    assert sum(map(len, found["summary"].values())) == 7
    assert len(found["summary"]["not measured"]) == 4
    assert "goals not measured: 4" in capsys.readouterr().out
