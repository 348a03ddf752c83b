"""The disk cache: a second process compiles nothing, an edit is noticed, a bad folder is survived."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import fastdist

ROOT = Path(fastdist.__file__).parents[1]

_COUNTS = """
import numba.core.compiler as compiler
compiled = []
original = compiler.compile_extra
def counting(*args, **kwargs):
    compiled.append(args)
    return original(*args, **kwargs)
compiler.compile_extra = counting
from numba.core import dispatcher
"""

_CALLS = """
import numpy as np
import fastdist as fd
d = fd.Normal(0.0, [1.0, 2.0])
results = [d.log_prob(0.5), fd.Normal(0.0, 1.0).log_prob(0.5), d.sample((3,), rng=1), d.log_likelihood([[0.5, 1.0]])]
print([np.asarray(r).tolist() for r in results])
"""


def run(code, cache, path=ROOT, **environment):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**os.environ, "FASTDIST_CACHE_DIR": str(cache), "PYTHONPATH": str(path), **environment},
        cwd=path,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def files(folder):
    """Each file with its content and time of change."""
    found = (p for p in Path(folder).rglob("*") if p.is_file())
    return {p.relative_to(folder): (p.read_bytes(), p.stat().st_mtime_ns) for p in found}


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A folder that one process has filled, and what that process printed."""
    folder = tmp_path_factory.mktemp("cache")
    return folder, run(_COUNTS + _CALLS + "\nassert compiled", folder)


def test_a_second_process_compiles_nothing(filled):
    folder, printed = filled
    before = files(folder)
    assert before
    again = run(_COUNTS + _CALLS + "\nassert not compiled, len(compiled)", folder)
    assert again == printed
    assert files(folder) == before, "the folder changed although nothing else did"


def test_a_moved_copy_of_the_package_compiles_nothing(filled, tmp_path):
    """What decides is the content: not the place, not the time of a file."""
    folder, printed = filled
    shutil.copytree(ROOT / "fastdist", tmp_path / "fastdist", ignore=shutil.ignore_patterns("__pycache__"))
    before = files(folder)
    assert run(_COUNTS + _CALLS + "\nassert not compiled, len(compiled)", folder, tmp_path) == printed
    assert files(folder) == before


_EDITED = """
import math
from fastdist.special.logs import log1mexp
import fastdist as fd
print(fd.Exponential(1.0).log_cdf(0.25))
"""


def test_an_edited_callee_in_another_file_is_noticed(tmp_path):
    """A constant changes in a special function that a distribution calls: the result changes with it."""
    cache, package = tmp_path / "cache", tmp_path / "edited"
    shutil.copytree(ROOT / "fastdist", package / "fastdist", ignore=shutil.ignore_patterns("__pycache__"))
    first = run(_EDITED, cache, package)
    assert run(_EDITED, cache, package) == first
    callee = package / "fastdist" / "special" / "logs.py"
    text = callee.read_text(encoding="utf-8")
    place = text.index("return", text.index("def log1mexp"))
    callee.write_text(text[:place] + "return 42.0 + 0.0 * x\n    " + text[place:], encoding="utf-8")
    shutil.rmtree(callee.parent / "__pycache__", ignore_errors=True)
    count = len(files(cache))
    assert float(run(_EDITED, cache, package)) == 42.0
    grown = len(files(cache))
    assert grown > count
    callee.write_text(text, encoding="utf-8")
    shutil.rmtree(callee.parent / "__pycache__", ignore_errors=True)
    assert run(_EDITED, cache, package) == first
    assert len(files(cache)) == grown


def test_corrupt_files_are_survived(filled, tmp_path):
    """Empty, foreign or cut short: compiled again, and repaired."""
    folder, printed = filled
    copy = tmp_path / "cache"
    shutil.copytree(folder, copy)
    for i, name in enumerate(sorted(files(copy))):
        whole = (copy / name).read_bytes()
        (copy / name).write_bytes((b"", b"not a pickle", whole[: len(whole) // 2])[i % 3])
    assert i >= 2
    assert run(_CALLS, copy) == printed
    assert run(_COUNTS + _CALLS + "\nassert not compiled", copy) == printed


def test_a_folder_that_cannot_be_written(filled, tmp_path):
    """Quietly as good as an empty one: also for a user who may write everywhere."""
    _, printed = filled
    obstacle = tmp_path / "file"
    obstacle.write_text("in the way")
    assert run(_CALLS, obstacle) == printed
    assert obstacle.read_text() == "in the way"
    closed = tmp_path / "closed"
    closed.mkdir()
    closed.chmod(stat.S_IRUSR | stat.S_IXUSR)
    assert run(_CALLS, closed) == printed
    closed.chmod(stat.S_IRWXU)


def test_no_cache(filled, tmp_path):
    """An empty name switches it off."""
    _, printed = filled
    assert run(_CALLS, "", HOME=str(tmp_path), XDG_CACHE_HOME=str(tmp_path / "xdg")) == printed
    assert not files(tmp_path)


def test_the_users_folder(filled, tmp_path):
    """Without FASTDIST_CACHE_DIR the cache is in the user's cache folder."""
    _, printed = filled
    code = "import os; del os.environ['FASTDIST_CACHE_DIR']\n" + _CALLS
    assert run(code, "", HOME=str(tmp_path), XDG_CACHE_HOME=str(tmp_path / "xdg")) == printed
    assert files(tmp_path)


def test_two_processes_at_once(filled, tmp_path):
    """Both fill the same empty folder; neither sees half of a file."""
    _, printed = filled
    command = [sys.executable, "-W", "error", "-c", _CALLS]
    environment = {**os.environ, "FASTDIST_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": str(ROOT)}
    pipes = {"stdout": subprocess.PIPE, "text": True}
    running = [subprocess.Popen(command, env=environment, cwd=ROOT, **pipes) for _ in range(2)]
    assert [p.communicate(timeout=200)[0] for p in running] == [printed, printed]
    assert all(p.returncode == 0 for p in running)
    assert not [name for name in files(tmp_path / "cache") if name.name.startswith("tmp")]


_ORDER = """
from math import log1p
import numpy as np
from fastdist.engine import evaluate
from fastdist.engine.kernel import kernel
from fastdist.engine.loops import Program

@kernel
def prepare(c):
    return (c,)

@kernel
def formula(x, c):
    return c[0] * log1p(x)

constants = evaluate.prepare(prepare, (1.0,), ())
program = Program("formula", formula)
if {sum_first}:
    evaluate.total(program, np.array([1e-20]), constants, np.dtype(float), "formula")
print(repr(evaluate.pointwise(program, np.array([1e-20]), constants, np.dtype(float), False, "formula")[0]))
"""


@pytest.mark.parametrize("sum_first", [True, False])
def test_what_compiled_a_formula_first_does_not_matter(tmp_path, sum_first):
    """A sum may reassociate its own additions, but not the compensated steps of a formula."""
    assert run(_ORDER.format(sum_first=sum_first), tmp_path) == "np.float64(1e-20)\n"


_NAMESAKES = """
import numpy as np
from fastdist.engine import evaluate
from fastdist.engine.kernel import kernel
from fastdist.engine.loops import Program

@kernel
def prepare(c):
    return (c,)

# Long enough that it is called, not inlined.
STEP = "\\n  for _ in range({{0}}, {{0}} + 3): x = (x + {{0}}.5) * FACTOR / 3.0"
TEXT = "def helper(x):" + "".join(STEP.replace("{{0}}", str(i)) for i in range(60))

def family(factor):
    names = {{"FACTOR": factor}}
    exec(TEXT + "\\n  return x", names)
    names["helper"] = kernel(names["helper"], heavy=True)
    exec("def formula(x, c): return c[0] * helper(x)", names)
    return kernel(names["formula"])

constants = evaluate.prepare(prepare, (1.0,), ())
for factor in {factors}:
    program = Program("formula", family(factor))
    got = evaluate.pointwise(program, np.array([1.0]), constants, np.dtype(float), False, "formula")[0]
    print(got == program.kernels["FORMULA"](1.0, (1.0,)), got)
"""


def test_namesakes_are_not_mixed_up(tmp_path):
    """A function from the cache beside one of the same name that is compiled, or was, as the process's first."""
    for factors in ([], [2.0], [2.0, 3.0], [4.0], [3.0, 4.0, 2.0]):
        lines = run(_NAMESAKES.format(factors=factors), tmp_path).split()
        assert lines[::2] == ["True"] * len(factors), lines
