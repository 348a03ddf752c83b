"""Philox: known answers, and draws that depend on the seed and the element alone."""

import math

import numpy as np
import pytest
from helpers import batch, each_case

import fastdist as fd
from fastdist.engine import cpu
from fastdist.random.philox import normal_pair, normal_pair_and_rests, philox, uniform_pair

WORDS = np.uint64

# Counter, key and output of Random123's known-answer test for philox4x32 with ten rounds.
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "output"), KNOWN)
def test_known_answers_in_plain_python(counter, key, output):
    with np.errstate(over="ignore"):
        assert tuple(map(int, philox(*map(WORDS, counter), *map(WORDS, key)))) == output


@pytest.mark.parametrize(("counter", "key", "output"), KNOWN)
def test_known_answers_compiled(counter, key, output):
    compiled = cpu.jitted(philox)
    assert tuple(map(int, compiled(*map(WORDS, counter), *map(WORDS, key)))) == output


def test_noise_of_a_known_block():
    """The first uniforms and normals of a key, from the block's words."""
    key = (0xA4093822, 0x299F31D0)
    pair, attempt, slot = 5, 3, 2
    block = (pair, attempt, slot, *key)
    with np.errstate(over="ignore"):
        a, b, c, d = map(int, philox(*map(WORDS, (5, 0, 3 * 256 + 2, 0)), *map(WORDS, key)))
        uniforms = uniform_pair(*map(WORDS, block))
        normals = normal_pair(*map(WORDS, block))
        *same, first_rest, second_rest = normal_pair_and_rests(*map(WORDS, block))
    u, v = (((high << 20) | (low >> 12)) * 2.0**-52 + 2.0**-53 for high, low in ((a, b), (c, d)))
    assert tuple(map(float, uniforms)) == (u, v)
    radius = math.sqrt(-2 * math.log(u))
    expected = (radius * math.cos(2 * math.pi * v), radius * math.sin(2 * math.pi * v))
    assert tuple(map(float, normals)) == pytest.approx(expected, rel=1e-13)
    assert tuple(same) == normals
    assert (first_rest, second_rest) == ((b & 0xFFF) / 4096, (d & 0xFFF) / 4096)


@each_case
@pytest.mark.parametrize("batch_shape", [(), (3,), (3, 1)])
def test_same_draws_for_any_number_of_threads(case, batch_shape):
    d = case.distribution(**batch(case, batch_shape))
    before = fd.get_num_threads()
    try:
        draws = []
        for n in (1, 2, 7):
            fd.set_num_threads(n)
            draws.append(d.sample((70_001,), rng=42))
    finally:
        fd.set_num_threads(before)
    np.testing.assert_array_equal(draws[0], draws[1])
    np.testing.assert_array_equal(draws[0], draws[2])


@each_case
@pytest.mark.parametrize("batch_shape", [(), (3,), (2, 1, 3)])
def test_a_short_draw_is_the_beginning_of_a_long_one(case, batch_shape):
    d = case.distribution(**batch(case, batch_shape))
    long = d.sample((20_000,), rng=7)
    for n in (1, 2, 3, 8, 1001, 8192, 8193, 16_385):
        np.testing.assert_array_equal(d.sample((n,), rng=7), long[:n])
    np.testing.assert_array_equal(d.sample((100, 200), rng=7).ravel(), long.ravel())


@each_case
def test_a_scalar_draw_is_element_zero(case):
    for parameters in case.sets:
        d = case.distribution(**parameters)
        for seed in range(50):
            assert d.sample(rng=seed) == d.sample((3,), rng=seed)[0], (parameters, seed)


@each_case
def test_a_batch_of_equal_parameters_draws_as_one(case):
    """Broadcasting parameters changes no draw."""
    d = case.distribution(**case.ordinary[0])
    sampler = d.expand((5,))
    assert sampler.sample((4,), rng=3).shape == (4, 5)
    np.testing.assert_array_equal(sampler.sample((4,), rng=3), d.expand((4, 5)).sample(rng=3))


@each_case
def test_seeds(case):
    """The same seed gives the same draws, another one others; None gives new ones."""
    d = case.distribution(**case.ordinary[0])
    n = (200,)
    same = [d.sample(n, rng=rng) for rng in (5, np.int64(5), np.uint8(5), np.random.SeedSequence(5), 5)]
    same.append(d.sample(n, rng=np.random.default_rng(5)))
    for other in same[1:]:
        np.testing.assert_array_equal(other, same[0])
    assert np.any(d.sample(n, rng=6) != same[0])
    assert np.any(d.sample(n) != d.sample(n))
    assert np.any(d.sample(n, rng=2**200 + 1) != d.sample(n, rng=1))
    with pytest.raises(ValueError, match="negative"):
        d.sample(n, rng=-1)


@pytest.mark.parametrize("kind", ["PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"])
def test_a_generator_is_advanced(kind):
    """Two calls differ, and the second continues from the first."""
    d = fd.Normal(0.0, 1.0)
    generator = np.random.Generator(getattr(np.random, kind)(3))
    copy = np.random.Generator(getattr(np.random, kind)(3))
    first, second = d.sample((5,), rng=generator), d.sample((5,), rng=generator)
    assert np.all(first != second)
    np.testing.assert_array_equal(d.sample((5,), rng=copy), first)
    np.testing.assert_array_equal(d.sample((5,), rng=copy), second)
    assert generator.bit_generator.random_raw() == copy.bit_generator.random_raw()


def test_keys_do_not_collide():
    """Draws of 20,000 seeds differ in their first element."""
    d = fd.Uniform(0.0, 1.0)
    firsts = {float(d.sample(rng=seed)) for seed in range(20_000)}
    assert len(firsts) == 20_000


def test_far_elements_do_not_repeat():
    """A long draw has no period at powers of two."""
    x = fd.Uniform(0.0, 1.0).sample((1 << 21,), rng=1)
    assert len(np.unique(x)) > (1 << 21) - 3
    for step in (1 << 10, 1 << 16, 1 << 20):
        assert abs(np.corrcoef(x[:-step], x[step:])[0, 1]) < 6 / math.sqrt(len(x) - step)
