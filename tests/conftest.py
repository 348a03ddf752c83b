"""What all tests share: every warning is an error, and the markers of tests that do not always run."""

import gc
import os
import re
import sys

import pytest

# Numba decides when it is imported. Workers inherit what the first process sets.
os.environ.setdefault("NUMBA_ENABLE_CUDASIM", "0" if "--device=cuda" in sys.argv else "1")

import fastdist


def pytest_configure(config):
    config.addinivalue_line("filterwarnings", "error")
    config.addinivalue_line("markers", "slow: a large sweep, run with --slow")
    config.addinivalue_line("markers", "cuda: needs a CUDA device")
    if config.getoption("--device") == "cuda":
        import through_device

        through_device.install()
    if os.environ.get("CI"):  # elsewhere the user's own cache makes a second run fast
        os.environ.setdefault("FASTDIST_CACHE_DIR", str(config.rootpath / ".cache" / "fastdist"))


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="run the large sweeps too")
    parser.addoption("--device", choices=["simulated", "cuda"], default="simulated", help="what tests of CUDA run on")


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
    if config.getoption("--device") == "cuda":
        import through_device

        for item in items:
            if reason := through_device.reason(item.nodeid):
                item.add_marker(pytest.mark.skip(reason=reason))
    if config.getoption("--slow"):
        return
    skip = pytest.mark.skip(reason="a large sweep: run it with --slow")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)


def pytest_collection_finish():
    # Compilers make objects by the million: a collector that looks at every test each time takes a tenth of the run.
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 10, 10)
