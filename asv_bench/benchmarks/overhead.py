"""What a call costs that computes next to nothing."""

from .common import METHODS, ROWS, bound, frozen


class Overhead:
    """One value, as a Python number."""

    params = (list(ROWS), METHODS)
    param_names = ("distribution", "method")

    def setup(self, row, method):
        self.call = bound(frozen(row), method, ())
        self.call()

    def time_call(self, row, method):
        self.call()


class Freeze:
    """A new object, its parameters checked; and the first density of a new object."""

    params = (list(ROWS),)
    param_names = ("distribution",)

    def setup(self, row):
        self.case = ROWS[row]
        self.first_call = bound(frozen(row), "log_prob", ())
        self.first_call()

    def time_freeze(self, row):
        self.case.distribution(**self.case.ordinary[0])

    def time_freeze_and_log_prob(self, row):
        self.case.distribution(**self.case.ordinary[0]).log_prob(*self.first_call.args)
