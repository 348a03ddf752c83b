"""Constraints: what they hold, on whole arrays."""

from math import inf, nan

import numpy as np
import pytest

from fastdist import constraints as c

GOOD = np.array([[2.0, 0.5], [0.5, 1.0]])

# A constraint, and events that belong to it and that do not.
SETS = [
    (c.boolean, [0, 1, True], [2, 0.5, -1, nan, inf]),
    (c.real, [0.0, -1e300], [nan, inf, -inf]),
    (c.positive, [1e-300], [0.0, -1.0, nan, inf]),
    (c.nonnegative, [0.0, 5.0], [-1e-300, nan, inf]),
    (c.greater_than(2.0), [2.5], [2.0, nan, inf]),
    (c.greater_than_eq(2.0), [2.0], [1.9, nan]),
    (c.less_than(2.0), [1.9], [2.0, nan, -inf]),
    (c.interval(1.0, 2.0), [1.0, 2.0], [0.9, 2.1, nan]),
    (c.open_interval(1.0, 2.0), [1.5], [1.0, 2.0, nan]),
    (c.half_open_interval(1.0, 2.0), [1.0], [2.0, nan]),
    (c.unit_interval, [0.0, 1.0], [-0.1, 1.1, nan]),
    (c.integer_interval(1, 3), [1, 3.0], [0, 4, 1.5, nan]),
    (c.nonnegative_integer, [0, 7], [-1, 0.5, nan, inf]),
    (c.positive_integer, [1], [0, 1.5, nan]),
    (c.real_vector, [[1.0, -2.0], []], [[1.0, nan], [inf, 0.0]]),
    (c.positive_vector, [[1.0, 2.0]], [[1.0, 0.0], [inf, 1.0], [nan, 1.0]]),
    (c.simplex, [[0.25, 0.75], [1.0, 0.0]], [[0.5, 0.6], [1.5, -0.5], [nan, 1.0], [inf, 0.0]]),
    (c.one_hot, [[0, 1, 0]], [[1, 1, 0], [0, 0, 0], [0.5, 0.5, 0.0], [nan, 1, 0]]),
    (c.multinomial(3), [[1, 2], [0, 3]], [[1, 1], [1.5, 1.5], [-1, 4], [nan, 3]]),
    (c.ordered_vector, [[1.0, 2.0, 3.0], [1.0], []], [[1.0, 1.0], [2.0, 1.0], [nan], [1.0, inf]]),
    (c.sphere, [[0.6, 0.8], [1.0]], [[0.6, 0.9], [nan, 1.0], [inf, 0.0], [0.0, 0.0], [1e200, 1.0]]),
    (c.square, [np.zeros((2, 2)), np.full((3, 3), nan)], [np.zeros((2, 3))]),
    (c.lower_triangular, [np.tril(np.ones((2, 3))), np.eye(2)], [np.ones((2, 2)), np.diag([1.0, nan])]),
    (
        c.lower_cholesky,
        [np.eye(2), [[1.0, 0.0], [-5.0, 2.0]]],
        [
            np.zeros((2, 2)),
            -np.eye(2),
            np.ones((2, 2)),
            [[inf, 0.0], [0.0, 1.0]],
            np.full((2, 2), nan),
            np.ones((2, 3)),
        ],
    ),
    (
        c.corr_cholesky,
        [np.eye(3), [[1.0, 0.0], [0.6, 0.8]]],
        [[[1.0, 0.0], [0.6, 0.7]], 2 * np.eye(2), [[1.0, 0.0], [nan, 1.0]], [[-1.0, 0.0], [0.0, 1.0]]],
    ),
    (c.symmetric, [GOOD, np.zeros((2, 2))], [[[1.0, 2.0], [3.0, 4.0]], np.full((2, 2), nan), np.ones((2, 3))]),
    (
        c.positive_semidefinite,
        [GOOD, np.ones((3, 3)), np.zeros((2, 2))],
        [-np.eye(2), [[1.0, 2.0], [2.0, 1.0]], np.full((2, 2), nan), np.diag([inf, 1.0])],
    ),
    (
        c.positive_definite,
        [GOOD, 1e-200 * np.eye(2)],
        [np.ones((2, 2)), np.zeros((2, 2)), [[1.0, 2.0], [2.0, 1.0]], np.full((2, 2), nan), np.diag([inf, 1.0])],
    ),
    (c.corr_matrix, [[[1.0, 0.5], [0.5, 1.0]]], [GOOD, np.ones((2, 2)), [[1.0, nan], [nan, 1.0]]]),
    (
        c.orthogonal,
        [np.eye(3), [[0.6, 0.8], [-0.8, 0.6]]],
        [2 * np.eye(2), np.zeros((2, 2)), np.diag([inf, 1.0]), np.diag([nan, 1])],
    ),
    (c.independent(c.positive, 2), [[[1.0, 2.0]]], [[[1.0, -1.0]], [[nan, 1.0]]]),
    (c.weights, [[0.0, 2.0]], [[0.0, 0.0], [-1.0, 2.0], [inf, 1.0], [nan, 1.0]]),
    (c.logits, [[-inf, 2.0]], [[-inf, -inf], [inf, 0.0], [nan, 0.0]]),
]
every = pytest.mark.parametrize(("constraint", "inside", "outside"), SETS, ids=[repr(row[0]) for row in SETS])


@every
def test_check(constraint, inside, outside):
    for value in inside:
        assert np.all(constraint.check(value)) and np.shape(constraint.check(value)) == (), value
    for value in outside:
        assert not np.any(constraint.check(value)), value


@every
def test_whole_arrays(constraint, inside, outside):
    """Each event by itself, in any batch, an empty one too."""
    shape = np.shape(inside[0])
    values = [v for v in [*inside, *outside] if np.shape(v) == shape]
    want = np.array([np.all(constraint.check(v)) for v in values])
    batch = np.array(values, float)
    got = constraint.check(batch)
    assert got.dtype == bool
    np.testing.assert_array_equal(got, want)
    np.testing.assert_array_equal(constraint.check(np.stack([batch, batch[::-1]])), [want, want[::-1]])
    assert constraint.check(np.empty((0, 4, *shape))).shape == (0, 4)
    with np.errstate(over="ignore"):
        assert np.ndim(constraint.check(batch.astype(np.float32))) == 1
    if constraint.event_dim:
        with pytest.raises(ValueError, match=r"a value needs at least (1 axis|2 axes)"):
            constraint.check(1.0)


@every
def test_is_a_value(constraint, inside, outside):
    assert hash(constraint) == hash(eval(repr(constraint), vars(c))) and constraint == eval(repr(constraint), vars(c))
    assert [row[0] == constraint for row in SETS].count(True) == 1
    assert constraint != 1 and constraint in {constraint}


def test_names_of_torch():
    assert {
        "boolean cat corr_cholesky dependent dependent_property greater_than greater_than_eq half_open_interval",
        "independent integer_interval interval is_dependent less_than lower_cholesky lower_triangular multinomial",
        "nonnegative nonnegative_integer one_hot positive positive_definite positive_integer positive_semidefinite",
        "real real_vector simplex square stack symmetric unit_interval",
    } and all(hasattr(c, name) and name in c.__all__ for name in ("cat", "dependent_property", "is_dependent", "stack"))
    assert sorted(c.__all__) == c.__all__ and all(hasattr(c, name) for name in c.__all__)
    assert c.interval(lower_bound=0.0, upper_bound=1.0) == c.unit_interval
    assert c.unit_vector is c.sphere


def test_independent():
    assert c.real_vector == c.independent(c.real, 1) and hash(c.real_vector) == hash(c.independent(c.real, 1))
    assert c.independent(c.simplex, 1).event_dim == 2 and c.independent(c.boolean, 1).is_discrete
    assert c.independent(c.positive, 1).lower == 0.0
    np.testing.assert_array_equal(c.independent(c.simplex, 1).check([[[0.5, 0.5]], [[0.5, 0.6]]]), [True, False])
    assert c.independent(c.positive, 0).check([1.0, -1.0]).tolist() == [True, False]
    for bad, error in ((lambda: c.independent(1, 1), TypeError), (lambda: c.independent(c.real, -1), ValueError),
                       (lambda: c.independent(c.real, 0.5), TypeError)):  # fmt: skip
        with pytest.raises(error, match="independent"):
            bad()


def test_dependent():
    assert c.is_dependent(c.dependent) and not c.is_dependent(c.real)
    assert c.dependent(event_dim=1, is_discrete=True).event_dim == 1 and c.dependent(is_discrete=True).is_discrete
    with pytest.raises(ValueError, match="dependent"):
        c.dependent.check(1.0)


def test_cat():
    s = c.cat([c.positive, c.real], dim=-1, lengths=[1, 2])
    np.testing.assert_array_equal(
        s.check([[1.0, -1.0, nan], [0.0, 1.0, 1.0]]), [[True, True, False], [False, True, True]]
    )
    np.testing.assert_array_equal(c.cat([c.positive, c.real]).check([0.0, 0.0]), [False, True])
    rows = c.cat([c.simplex, c.real_vector], dim=0)
    np.testing.assert_array_equal(rows.check([[0.5, 0.5], [3.0, 4.0]]), [True, True])
    inside = c.cat([c.simplex, c.ordered_vector], dim=-1, lengths=[2, 2])
    np.testing.assert_array_equal(inside.check([[0.5, 0.5, 1.0, 2.0], [0.5, 0.5, 2.0, 1.0]]), [True, False])
    assert rows.event_dim == 1 and c.cat([c.real, c.boolean]).is_discrete
    assert s == c.cat([c.positive, c.real], -1, [1, 2]) != c.cat([c.positive, c.real], -1, [2, 1])
    with pytest.raises(ValueError, match=r"axis -1 must have length 3"):
        s.check([1.0])
    with pytest.raises(TypeError, match="cat: cseq"):
        c.cat([1])
    with pytest.raises(ValueError, match="2 constraints and 1 lengths"):
        c.cat([c.real, c.real], 0, [1])


def test_stack():
    s = c.stack([c.positive, c.real], dim=1)
    np.testing.assert_array_equal(s.check([[1.0, -1.0], [-1.0, nan]]), [[True, True], [False, False]])
    whole = c.stack([c.simplex, c.real_vector], dim=-1)
    assert whole.event_dim == 2 and whole.check([[0.5, 3.0], [0.5, 4.0]]) and not whole.check([[0.5, 3.0], [0.6, 4.0]])
    assert s == c.stack([c.positive, c.real], 1) != c.stack([c.positive, c.real], 0)
    with pytest.raises(ValueError, match="there is no axis 1"):
        s.check([1.0, 2.0])
