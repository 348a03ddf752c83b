"""The base of families whose log density is a function of the squared length of a standardised event.

Where many events meet one set of what standardises them, they are worked on together, in lanes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from fastdist import devices, linear
from fastdist.engine import evaluate, rows
from fastdist.engine.broadcast import distinct
from fastdist.engine.device import on_device
from fastdist.engine.rows import Table
from fastdist.linear import Standardised
from fastdist.vector import VectorDistribution


class Lanes(NamedTuple):
    """Loops over events in lanes, what they take of the only set of factors, and how many rows lanes have."""

    program: Standardised
    factors: tuple[np.ndarray, ...]
    numbers: tuple[np.ndarray, ...]
    rows: int


class InLanes(VectorDistribution):
    """A family of a location, and of factors that standardise an event."""

    def _once(self, name: Any, make: Callable[[], Any]) -> Any:
        """What `make` gives, made once; an array cannot be written to."""
        if name not in self._constants:
            value = self._constants[name] = make()
            if isinstance(value, np.ndarray):
                value.flags.writeable = False
        return self._constants[name]

    def _lanes(self) -> Lanes:
        raise NotImplementedError

    def _sets(self) -> int:
        """How many sets of factors there are, whatever the batch of the location."""
        raise NotImplementedError

    def _together(self, events: int) -> bool:
        """Whether so many events are worth lanes."""
        return events >= linear.FEW and self._sets() == 1

    def _pointwise_general(self, name: str, value: Any, out: Any) -> Any:
        if self._place is not None or on_device(value):
            return super()._pointwise_general(name, value, out)
        who = f"{type(self).__name__}.{name}"
        value = evaluate.operand(value, who)
        events = max(value.size // math.prod(self.event_shape), math.prod(self.batch_shape))
        if name not in ("log_prob", "prob") or not self._together(events):
            return super()._pointwise_general(name, value, out)
        x, shape = rows.as_events(value, self.event_shape, self._batch, self.dtype, who)
        dtype = evaluate.result_dtype(x, self.dtype, False, False)
        result, given = evaluate.destination(out, shape, dtype, who)
        x = x.copy() if out is not None and np.may_share_memory(x, out) else x
        if name == "log_prob":
            self._fill_logs(x, result)
        else:
            logs = np.empty(shape)
            self._fill_logs(x, logs)
            with np.errstate(over="ignore"):
                result[...] = np.exp(logs)
        if given is not None:
            given[...] = result
            return given
        return result if out is not None else result[()]

    def _total(self, name: str, value: Any) -> tuple[Any, ...]:
        if self._place is not None or on_device(value):
            return super()._total(name, value)
        who = f"{type(self).__name__}.log_likelihood"
        x = evaluate.operand(value, who)
        if name != "log_prob" or not self._together(x.size // math.prod(self.event_shape)):
            return super()._total(name, value)
        x, shape = rows.as_events(x, self.event_shape, self._batch, self.dtype, who)
        each = np.empty(shape)
        self._fill_logs(x, each)
        samples = len(shape) - len(self.batch_shape)
        return (each.sum(axis=tuple(range(samples)))[()],)

    def _fill_logs(self, x: np.ndarray, result: np.ndarray) -> None:
        """Fill `result` with the log densities of events `x`."""
        ndim = len(self.event_shape)
        loc = distinct(self._parameters["loc"], ndim)
        events, locs = (array.reshape((*array.shape[: array.ndim - ndim], -1)) for array in (x, loc))
        program, factors, numbers, count = self._lanes()
        program(events, locs, factors, numbers, result, count)

    @property
    def _batch(self) -> Table:
        """A table of no constants: what the shape of an event is checked against."""
        return self._once("batch", lambda: Table((), self.batch_shape))

    def _of_batch(self, value: Any) -> Any:
        """A number for each set of factors, over the whole batch."""
        if self._place is not None:
            return devices.rounded(self, value, self.batch_shape)
        return self._rounded(np.broadcast_to(value, self.batch_shape))
