"""Threads over chunks of kernels that hold no lock.

The caller does the first chunk alone, and so learns whether the others are worth waking helpers. Then it takes chunks
until none is left, and waits for those that helpers still hold. So a call never waits for a helper to start, any number
of Python threads may call at once, and a pool that died with a fork is made anew.
"""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable
from queue import SimpleQueue
from time import perf_counter
from typing import Any

# Seconds of work that are worth waking a helper, and from which on a part may be less than half a thread's share.
WORTH, LONG = 100e-6, 500e-6

_queue: SimpleQueue[Any] = SimpleQueue()
_helpers = 0
_lock = threading.Lock()
_threads = 0


def _default() -> int:
    text = os.environ.get("FASTDIST_NUM_THREADS", "")
    if text:
        try:
            return _checked(int(text))
        except ValueError:
            raise ValueError(f"FASTDIST_NUM_THREADS must be a positive integer; got {text!r}") from None
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def _checked(n: Any) -> int:
    if isinstance(n, bool) or not hasattr(n, "__index__"):
        raise TypeError(f"the number of threads must be a positive integer; got {n!r}")
    if n.__index__() < 1:
        raise ValueError(f"the number of threads must be a positive integer; got {n!r}")
    return n.__index__()


def get_num_threads() -> int:
    """How many threads a call on a large array uses.

    It is what :func:`set_num_threads` set, else the environment's ``FASTDIST_NUM_THREADS``, else
    the number of cores that the process may use.

    Examples
    --------
    >>> import fastdist as fd
    >>> fd.set_num_threads(2)
    >>> fd.get_num_threads()
    2
    """
    global _threads
    if not _threads:
        _threads = _default()
    return _threads


def set_num_threads(n: int) -> None:
    """Use `n` threads for calls on large arrays, from now on and in every Python thread.

    Results do not depend on it, random numbers included.

    Raises
    ------
    ValueError, TypeError
        If `n` is not a positive integer.
    """
    global _threads
    _threads = _checked(n)


class _Job:
    """Chunks of what a call has left to do, taken by whoever comes."""

    def __init__(self, work: Callable[[int, int], None], first: int, n: int, chunk: int) -> None:
        self.work = work
        self.first = first
        self.n = n
        self.chunk = chunk
        self.next = itertools.count()
        self.left = self.chunks = -(-(n - first) // chunk)
        self.done = threading.Event()
        self.error: BaseException | None = None
        self.lock = threading.Lock()

    def run(self) -> None:
        while (i := next(self.next)) < self.chunks:
            start = self.first + i * self.chunk
            try:
                if self.error is None:
                    self.work(start, min(self.n, start + self.chunk))
            except BaseException as error:
                self.error = error
            with self.lock:
                self.left -= 1
                if not self.left:
                    self.done.set()


def _help() -> None:
    while True:
        _queue.get().run()


def run(work: Callable[[int, int], None], n: int, chunk: int, most: int = 1) -> None:
    """Call ``work(start, stop)`` for consecutive parts of ``range(n)``, in threads where the time is worth it.

    Each part is a chunk, or up to `most` chunks where one takes little time.
    """
    if n <= chunk:
        if n:
            work(0, n)
        return
    threads = get_num_threads()
    begun = perf_counter()
    work(0, chunk)
    spent = perf_counter() - begun
    left = spent * (n - chunk) / chunk
    if threads == 1 or left < WORTH:
        part = chunk * most
        for start in range(chunk, n, part):
            work(start, min(n, start + part))
        return
    share = left / threads
    wanted = int(min(share / 2, max(LONG, share / 8)) / spent)
    job = _Job(work, chunk, n, chunk * max(1, min(wanted, most)))
    helpers = min(threads, job.chunks) - 1
    _start(helpers)
    for _ in range(helpers):
        _queue.put(job)
    job.run()
    job.done.wait()
    if job.error is not None:
        raise job.error


def _start(helpers: int) -> None:
    global _helpers
    with _lock:
        while _helpers < helpers:
            threading.Thread(target=_help, name=f"fastdist-{_helpers}", daemon=True).start()
            _helpers += 1


def _after_fork() -> None:
    """A child has the parent's memory but none of its threads."""
    global _queue, _helpers, _lock
    _queue, _helpers, _lock = SimpleQueue(), 0, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
