"""Memory: the process's peak, and what a call holds beyond its result."""

from .common import METHODS, ROWS, batched, bound, frozen, probes


class Memory:
    """Every method over ten million values; gradients over a million."""

    params = (list(ROWS), ("log_prob", "cdf", "sample", "log_likelihood_and_grad", "rsample_and_grad"))
    param_names = ("distribution", "method")

    def setup(self, row, method):
        d = frozen(row)
        bound(d, method, (1000,))()
        self.call = bound(d, method, (10**6 if method.endswith("_grad") else 10**7,))

    def peakmem_call(self, row, method):
        self.call()


class BeyondResult:
    """Bytes held at the worst moment, less those of the result, for a million values."""

    params = (list(ROWS), METHODS)
    param_names = ("distribution", "method")
    unit = "bytes"

    def setup(self, row, method):
        d = frozen(row)
        bound(d, method, (1000,))()
        self.call = bound(d, method, (10**6,))

    def track_one_set(self, row, method):
        return probes.excess_bytes("call()", {"call": self.call})

    def track_last_axis(self, row, method):
        call = bound(batched(row, 1000), method, (1000,))
        call()
        return probes.excess_bytes("call()", {"call": call})
