"""The package as a whole: its public names, its imports, its documents."""

import ast
import importlib.metadata
import importlib.util
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cases import CASES

import fastdist as fd

ROOT = Path(__file__).parents[1]
PACKAGE = Path(fd.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
DISTRIBUTIONS = [
    name
    for name in fd.__all__
    if inspect.isclass(value := getattr(fd, name))
    and issubclass(value, fd.Distribution)
    and value is not fd.Distribution
]

# A module may import what stands on its own floor or below.
FLOORS = {
    "reals": 1,
    "engine": 1,
    "constraints": 1,
    "forward": 1,
    "special": 2,
    "parameter": 2,
    "devices": 2,
    "rebuilt": 3,
    "distribution": 3,
    "random": 3,
    "kernels": 3,
    "integrate": 3,
    "interpolate": 3,
    "interpolate_slopes": 3,
    "lattice": 3,
    "tails": 3,
    "location_scale": 3,
    "odds": 3,
    "reparametrised": 3,
    "vector": 3,
    "vector_moments": 3,
    "composition": 3,
    "linear": 3,
    "estimates": 3,
    "levels": 3,
    "directions": 3,
    "chain_rule": 3,
    "lifted": 3,
    "bounds": 3,
    "scipy_methods": 3,
    "truncation": 4,
    "mixtures": 4,
    "kl": 4,
    "transforms": 4,
    "distributions": 5,
    "stats": 6,
    "cuda": 6,
}


# Names ----------------------------------------------------------------------------------------


def test_all_is_complete():
    assert len(set(fd.__all__)) == len(fd.__all__)
    public = {
        name
        for name, value in vars(fd).items()
        if not name.startswith("_") and getattr(value, "__module__", fd.__name__) != fd.__name__
    }
    assert public <= set(fd.__all__)


@pytest.mark.parametrize("name", fd.__all__)
def test_public_name_is_documented(name):
    assert inspect.getdoc(getattr(fd, name))


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_docstring_sections(name):
    doc = inspect.getdoc(getattr(fd, name))
    for section in (".. math::", "Parameters\n---", "Notes\n---", "SciPy", "Raises\n---", "Examples\n---"):
        assert section in doc
    for parameter in inspect.signature(getattr(fd, name)).parameters:
        assert re.search(rf"^(\w+, )*{parameter}(, \w+)* : ", doc, re.M), parameter


@pytest.mark.parametrize("name", [n for n in dir(fd.Distribution) if not n.startswith("_")])
def test_method_is_documented(name):
    value = inspect.getattr_static(fd.Distribution, name)
    assert not callable(value) or inspect.getdoc(value)


def test_method_names_of_scipy_are_the_same_objects():
    aliases = {
        "pdf": "prob",
        "pmf": "prob",
        "logpdf": "log_prob",
        "logpmf": "log_prob",
        "logcdf": "log_cdf",
        "logsf": "log_sf",
        "ppf": "icdf",
    }
    for theirs, ours in aliases.items():
        assert getattr(fd.Distribution, theirs) is getattr(fd.Distribution, ours)


# Imports --------------------------------------------------------------------------------------


def in_new_process(code):
    """What `code` prints, as JSON, in a process that has imported nothing."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_import_takes_no_more_than_numba_and_itself():
    """Not what is slow to import, nor a device."""
    new = in_new_process(
        "import sys, json, numba; before = set(sys.modules); import fastdist\n"
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    heavy = ("scipy.stats", "scipy.integrate", "scipy.optimize", "scipy.special", "matplotlib", "numba.cuda", "torch")
    assert [name for name in new if name.startswith(heavy)] == []
    roots = {name.partition(".")[0] for name in new} - sys.stdlib_module_names
    assert roots <= {"fastdist", "numba", "llvmlite", "numpy"}


def test_import_compiles_nothing():
    compiled = in_new_process(
        "import json\n"
        "from numba.core.event import install_recorder\n"
        "with install_recorder('numba:compile') as recorder:\n"
        "    import fastdist\n"
        "print(json.dumps([str(event) for _, event in recorder.buffer]))"
    )
    assert compiled == []


def test_a_call_compiles():
    """So that the test above could fail."""
    events = in_new_process(
        "import json, os\n"
        "os.environ['FASTDIST_CACHE_DIR'] = ''\n"
        "from numba.core.event import install_recorder\n"
        "with install_recorder('numba:compile') as recorder:\n"
        "    import fastdist; fastdist.Uniform(0.0, 1.0).cdf(0.5)\n"
        "print(json.dumps(len(recorder.buffer)))"
    )
    assert events > 0


def unit(path):
    """The part of the package that a file belongs to."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported_units(path):
    """The parts of the package that a file imports, inside functions too."""
    names = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            names += (
                [f"{node.module}.{alias.name}" for alias in node.names] if node.module == "fastdist" else [node.module]
            )
    return {name.split(".")[1] for name in names if name.startswith("fastdist.")}


@pytest.mark.parametrize("path", [p for p in MODULES if p.parent != PACKAGE or p.stem != "__init__"], ids=str)
def test_imports_go_down(path):
    own = unit(path)
    for other in imported_units(path):
        assert FLOORS[other] <= FLOORS[own], f"{path.name} on floor {FLOORS[own]} imports {other}"


def test_no_circles():
    """Parts on one floor may use each other in one direction only."""
    edges = {}
    for path in MODULES:
        edges.setdefault(unit(path), set()).update(imported_units(path) - {unit(path)})
    edges.pop("__init__")
    while edges:
        leaves = {name for name, others in edges.items() if not others & edges.keys()}
        assert leaves, f"these import each other in a circle: {sorted(edges)}"
        edges = {name: others for name, others in edges.items() if name not in leaves}


@pytest.mark.parametrize("path", [p for p in MODULES if p.parent != PACKAGE / "engine" / "cuda"], ids=str)
def test_cuda_is_imported_in_one_place(path):
    assert not re.search(
        r"^\s*(from|import) (numba\.cuda|numba_cuda|cupy)\b|from numba import .*\bcuda\b", path.read_text(), re.M
    )


# What is shipped and written --------------------------------------------------------------------


def test_version_is_single_sourced():
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.?(a|b|rc|dev)\d+)?", fd.__version__)
    assert f"version: {fd.__version__}\n" in (ROOT / "CITATION.cff").read_text()
    try:
        installed = importlib.metadata.version("fastdist")
    except importlib.metadata.PackageNotFoundError:
        return  # run from the source tree
    assert installed == fd.__version__


def test_typed():
    assert (PACKAGE / "py.typed").is_file()


def catalogue():
    """The rows of the documentation."""
    spec = importlib.util.spec_from_file_location("catalogue", ROOT / "docs" / "catalogue.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.ROWS


def test_every_distribution_has_its_page():
    assert sorted(row.name for row in catalogue()) == sorted(DISTRIBUTIONS)


@pytest.mark.parametrize("row", catalogue(), ids=lambda row: row.name)
def test_page_shows_what_exists(row):
    low, high = row.span
    assert low < high
    assert row.scipy or all(case.scipy is None for case in CASES if case.distribution.__name__ == row.name)
    for parameters in row.curves:
        getattr(fd, row.name)(**parameters)


def test_readme_example_runs():
    text = (ROOT / "README.md").read_text()
    example = re.search(r"```python\n(.*?)```", text, re.S)[1]
    exec(compile(example, "README.md", "exec"), {})


def test_readme_commands():
    """Two lines that make an environment; the one for the tests is what continuous integration runs."""
    text = (ROOT / "README.md").read_text()
    for mark, ends in (("example", "examples/rainfall.py"), ("tests", "-m pytest -q -n auto")):
        command = re.search(rf"<!-- {mark} -->\n```bash\n(.+)\n```", text)[1]
        assert command.startswith("python3.11 -m venv .venv && ")
        assert command.endswith(ends)
    assert "<!-- tests -->" in (ROOT / ".ci" / "run").read_text()
