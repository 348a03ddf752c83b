"""What of this folder is no test, and the processes in which tests compile: in their own, devices are simulated."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import through_device

collect_ignore = ["assembly.py", "dry_device.py"]  # they run in processes of their own


@pytest.fixture(autouse=True)
def beside_the_host(monkeypatch):
    """Here the host's own results are what those of the device are held to."""
    monkeypatch.setattr(through_device, "active", False)


@contextlib.contextmanager
def answering(script):
    """``answers(requests)`` of a script that answers a line of JSON with one."""
    environment = {**os.environ, "NUMBA_ENABLE_CUDASIM": "0"}
    command = [sys.executable, Path(__file__).with_name(script)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:

        def answers(requests):
            found = []
            for request in requests:
                process.stdin.write(json.dumps(request) + "\n")
                process.stdin.flush()
                found.append(json.loads(process.stdout.readline()))
            return found

        yield answers
        process.terminate()


@pytest.fixture(scope="session")
def compiler():
    """``compiler(requests)``: what ``assembly.py`` says of the loops of a method."""
    with answering("assembly.py") as answers:
        if answers([["", "toolkit", "", []]]) != [True]:
            pytest.skip("no CUDA toolkit to compile with: it comes with fastdist[cuda]")
        yield answers


@pytest.fixture(scope="session")
def dry_device(compiler):
    """``dry_device(requests)``: what ``dry_device.py`` says of groups of calls; with a toolkit to compile with."""
    with answering("dry_device.py") as answers:
        yield answers
