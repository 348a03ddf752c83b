"""What all tests share: every warning is an error, and the markers of tests that do not always run."""

import os

import pytest


def pytest_configure(config):
    config.addinivalue_line("filterwarnings", "error")
    config.addinivalue_line("markers", "slow: a large sweep, run with --slow")
    config.addinivalue_line("markers", "cuda: needs a CUDA device")
    if os.environ.get("CI"):  # elsewhere the user's own cache makes a second run fast
        os.environ.setdefault("FASTDIST_CACHE_DIR", str(config.rootpath / ".cache" / "fastdist"))


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="run the large sweeps too")


def group(item):
    """The tests of a distribution, or else of a file, go to one worker: it alone compiles their kernels."""
    case = getattr(item, "callspec", None) and item.callspec.params.get("case")
    family = getattr(case, "distribution", None)
    return family.__name__ if family else item.path.stem


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    for item in items:
        item.add_marker(pytest.mark.xdist_group(group(item)))
    if config.getoption("--slow"):
        return
    skip = pytest.mark.skip(reason="a large sweep: run it with --slow")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)
