"""What all tests share: every warning is an error, and the markers of tests that do not always run."""

import os
import re

import pytest

import fastdist


def pytest_configure(config):
    config.addinivalue_line("filterwarnings", "error")
    config.addinivalue_line("markers", "slow: a large sweep, run with --slow")
    config.addinivalue_line("markers", "cuda: needs a CUDA device")
    if os.environ.get("CI"):  # elsewhere the user's own cache makes a second run fast
        os.environ.setdefault("FASTDIST_CACHE_DIR", str(config.rootpath / ".cache" / "fastdist"))


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="run the large sweeps too")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    if config.getvalue("dist") != "load":  # the user's own choice
        return None
    from xdist.scheduler import LoadScopeScheduling

    class ByDistribution(LoadScopeScheduling):
        """The tests of a distribution, or else of a file, go to one worker: it alone compiles their kernels."""

        def _split_scope(self, nodeid):
            file, _, test = nodeid.partition("::")
            return next((name for name in re.findall(r"[A-Z]\w+", test) if hasattr(fastdist, name)), file)

    return ByDistribution(config, log)


def pytest_collection_modifyitems(config, items):
    if config.getoption("--slow"):
        return
    skip = pytest.mark.skip(reason="a large sweep: run it with --slow")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)
