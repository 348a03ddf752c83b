"""Methods over arrays."""

from .common import METHODS, ROWS, batched, bound, frozen


class Arrays:
    """Every method of every distribution with one parameter set."""

    params = (list(ROWS), METHODS, (10**3, 10**6))
    param_names = ("distribution", "method", "size")

    def setup(self, row, method, size):
        self.call = bound(frozen(row), method, (size,))
        self.call()

    def time_call(self, row, method, size):
        self.call()


class LastAxis:
    """1000 parameter sets along the last axis of 1000 x 1000 values."""

    params = (list(ROWS), ("log_prob", "cdf", "icdf", "sample"))
    param_names = ("distribution", "method")

    def setup(self, row, method):
        self.call = bound(batched(row, 1000), method, (1000,))
        self.call()

    def time_call(self, row, method):
        self.call()
