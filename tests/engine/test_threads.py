"""Threads: settings, many callers at once, forks, and errors that arrive where the call was made."""

import concurrent.futures
import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import fastdist as fd
from fastdist.engine import threads


@pytest.fixture(autouse=True)
def restored():
    before = fd.get_num_threads()
    yield
    fd.set_num_threads(before)


def python(code, **environment):
    """Run `code` in a new interpreter."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize("n", [1, 2, 7, np.int64(3)])
def test_set_and_get(n):
    fd.set_num_threads(n)
    assert fd.get_num_threads() == n and type(fd.get_num_threads()) is int


@pytest.mark.parametrize(("n", "error"), [(0, ValueError), (-2, ValueError), (1.5, TypeError), ("2", TypeError)])
def test_set_refuses(n, error):
    before = fd.get_num_threads()
    with pytest.raises(error, match="number of threads"):
        fd.set_num_threads(n)
    with pytest.raises(TypeError, match="number of threads"):
        fd.set_num_threads(True)
    assert fd.get_num_threads() == before


def test_environment():
    code = "import fastdist as fd; print(fd.get_num_threads())"
    assert python(code, FASTDIST_NUM_THREADS="5").stdout.strip() == "5"
    assert int(python(code, FASTDIST_NUM_THREADS="").stdout) >= 1
    for wrong in ("0", "-1", "two", "1.5"):
        done = python(code, FASTDIST_NUM_THREADS=wrong)
        assert done.returncode == 1 and "FASTDIST_NUM_THREADS" in done.stderr and wrong in done.stderr


@pytest.mark.parametrize("slow", [False, True])
@pytest.mark.parametrize("most", [1, 5])
@pytest.mark.parametrize("n", [1, 2, 7])
@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 1000, 12_345])
def test_every_element_is_worked_on_once(n, size, most, slow):
    fd.set_num_threads(n)
    seen = np.zeros(size, int)

    def work(start, stop):
        assert start % 100 == 0 and start < stop <= size and stop - start <= 100 * most
        seen[start:stop] += 1
        if slow and start == 0:
            time.sleep(0.001)

    threads.run(work, size, 100, most)
    assert np.all(seen == 1)


def test_helpers_take_part():
    """With two threads two of them work at the same time, if the first chunk took long enough."""
    fd.set_num_threads(2)
    meet = threading.Barrier(2, timeout=20)
    threads.run(lambda start, stop: meet.wait() if start else time.sleep(0.001), 3, 1)


def test_small_work_stays_in_the_caller(monkeypatch):
    fd.set_num_threads(7)
    for worth, helped in ((1e9, False), (0.0, True)):
        monkeypatch.setattr(threads, "WORTH", worth)
        who = set()

        def work(start, stop, who=who):
            who.add(threading.get_ident())
            time.sleep(0.002)

        threads.run(work, 99, 10)
        assert (who != {threading.get_ident()}) is helped


def test_parts_grow_where_chunks_take_no_time():
    """What one thread does alone it does in few parts, and helpers get shares."""
    parts = []
    fd.set_num_threads(1)
    threads.run(lambda start, stop: parts.append((start, stop)), 1000, 10, 50)
    assert parts == [(0, 10), (10, 510), (510, 1000)]
    fd.set_num_threads(2)
    sizes = []
    threads.run(lambda start, stop: (sizes.append(stop - start), time.sleep(2e-6 * (stop - start))), 1000, 10, 1000)
    assert sizes[0] == 10 and len(sizes) < 60 and sum(sizes) == 1000


@pytest.mark.parametrize("n", [1, 2, 7])
def test_errors_propagate(n):
    """The error of any chunk is raised by the call, and the next call works."""
    fd.set_num_threads(n)

    def work(start, stop):
        if start == 500:
            raise ZeroDivisionError("chunk 5")

    for _ in range(20):
        with pytest.raises(ZeroDivisionError, match="chunk 5"):
            threads.run(work, 1000, 100)
        threads.run(lambda start, stop: None, 1000, 100)


def test_nested_calls_do_not_lock():
    """Work that itself asks for threads: every caller works, so nobody waits for a helper."""
    fd.set_num_threads(3)
    seen = np.zeros((20, 50), int)

    def outer(i, stop):
        def inner(start, stop):
            time.sleep(0.0005)
            seen[i, start:stop] += 1

        threads.run(inner, 50, 5)

    threads.run(outer, 20, 1)
    assert np.all(seen == 1)


def test_many_python_threads_at_once():
    """Cold kernels, warm ones, and changes of the setting, from 16 threads: the serial results."""
    x = np.linspace(0.01, 9.0, 150_000)
    families = [fd.Gamma(2.5, 1.5), fd.Normal([1.0, 2.0], 0.5), fd.StudentT(4.0), fd.Exponential(2.0)]
    fd.set_num_threads(1)
    value = {d: x if not d.batch_shape else np.stack([x, x], -1) for d in families}

    def results(d):
        return d.log_prob(value[d]), d.cdf(value[d]), d.sample((20_000,), rng=3), d.log_likelihood(value[d])

    want = {d: results(d) for d in families}

    def call(i):
        d = families[i % len(families)]
        if i % 5 == 0:
            fd.set_num_threads(1 + i % 4)
        return all(np.array_equal(a, b) for a, b in zip(results(d), want[d], strict=True))

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert all(pool.map(call, range(96)))


_COLD = """
import threading, warnings
import numpy as np
import fastdist as fd
d = fd.Gamma(2.5, [1.0, 2.0])
start, results = threading.Barrier(8), []
def call():
    start.wait()
    results.append((d.log_prob(np.full((1000, 2), 0.5)), d.log_prob(1.5), d.sample((1000,), rng=1)))
workers = [threading.Thread(target=call) for _ in range(8)]
[w.start() for w in workers]; [w.join() for w in workers]
assert len(results) == 8
for r in results:
    assert all(np.array_equal(a, b) for a, b in zip(r, results[0]))
print("same")
"""


def test_first_calls_from_many_threads(tmp_path):
    """Eight threads meet at a kernel that nobody has compiled yet."""
    done = python(_COLD, FASTDIST_CACHE_DIR=str(tmp_path))
    assert done.stdout.strip() == "same", done.stderr


_FORK = """
import os, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # Python's own, of a fork with threads
import numpy as np
import fastdist as fd
fd.set_num_threads(4)
d, x = fd.Normal(0.0, 1.0), np.linspace(-3, 3, 1_000_000)
want = d.log_prob(x)
child = os.fork()
if child == 0:
    fresh = fd.Normal(0.0, 1.0)
    same = np.array_equal(d.log_prob(x), want) and np.array_equal(fresh.log_prob(x), want)
    same = same and np.array_equal(d.sample((100_000,), rng=1), fresh.sample((100_000,), rng=1))
    os._exit(0 if same else 3)
_, status = os.waitpid(child, 0)
assert np.array_equal(d.log_prob(x), want)
print("status", os.waitstatus_to_exitcode(status))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_after_a_fork():
    """A child that was forked after threads had started works, and so does its parent."""
    done = python(_FORK)
    assert done.stdout.strip() == "status 0", done.stderr


def test_the_interpreter_ends():
    """Waiting helpers do not keep a process alive."""
    done = python("import numpy, fastdist as fd; fd.set_num_threads(3); fd.Normal(0., 1.).log_prob(numpy.ones(10**6))")
    assert done.returncode == 0, done.stderr
