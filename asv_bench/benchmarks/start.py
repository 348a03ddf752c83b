"""What happens once: an import, and the first call of a kernel, compiled or read from disk."""

import tempfile

from .common import probes


class Import:
    """Importing fastdist, beyond importing Numba."""

    unit = "s"

    def track_beyond_numba(self):
        return probes.import_seconds()


class FirstCall:
    """The first call of a kernel in a process that has called another one, with a cache of its own."""

    params = (probes.FIRST_CALLS,)
    param_names = ("call",)
    unit = "s"

    def setup(self, call):
        self.folder = tempfile.TemporaryDirectory()

    def teardown(self, call):
        self.folder.cleanup()

    def track_cold(self, call):
        return probes.first_calls((call,), FASTDIST_CACHE_DIR=self.folder.name)[0]

    def track_cached(self, call):
        return probes.first_call_seconds(3, (call,), FASTDIST_CACHE_DIR=self.folder.name)[call]
