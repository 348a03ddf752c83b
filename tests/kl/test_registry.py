"""How divergences are found and asked for."""

import pytest

import fastdist as fd
from fastdist import kl


@pytest.fixture
def registry(monkeypatch):
    """Pairs that a test registers are forgotten after it."""
    monkeypatch.setattr(kl, "_registered", dict(kl._registered))
    yield
    kl._pair.cache_clear()


class Parent(fd.Normal):
    pass


class Child(Parent):
    pass


def test_the_most_specific_pair_is_taken(registry):
    p, q = Child(0.0, 1.0), Child(1.0, 1.0)
    assert fd.kl_divergence(p, q) == 0.5
    fd.register_kl(Parent, fd.Normal)(lambda p, q: 1.0)
    assert fd.kl_divergence(p, q) == 1.0
    fd.register_kl(Parent, Parent)(lambda p, q: 2.0)
    assert fd.kl_divergence(p, q) == 2.0
    assert fd.kl_divergence(p, fd.Normal(0.0, 1.0)) == 1.0
    assert fd.kl_divergence(fd.Normal(0.0, 1.0), q) == 0.5


def test_ambiguity_names_the_candidates(registry):
    fd.register_kl(Parent, fd.Normal)(lambda p, q: 1.0)
    fd.register_kl(fd.Normal, Parent)(lambda p, q: 2.0)
    with pytest.raises(TypeError, match=r"\(Child, Child\).*\(Parent, Normal\), \(Normal, Parent\)"):
        fd.kl_divergence(Child(0.0, 1.0), Child(0.0, 1.0))


def test_what_is_not_registered():
    with pytest.raises(
        NotImplementedError, match=r"\(Gumbel, Cauchy\).*to Cauchy from .*Cauchy.*register_kl.*quadrature"
    ):
        fd.kl_divergence(fd.Gumbel(0.0, 1.0), fd.Cauchy(0.0, 1.0))
    with pytest.raises(NotImplementedError, match="cross_entropy"):
        fd.cross_entropy(fd.Gumbel(0.0, 1.0), fd.Cauchy(0.0, 1.0))


def test_without_derivatives(registry):
    fd.register_kl(Parent, Parent)(lambda p, q: 2.0)
    with pytest.raises(NotImplementedError, match=r"\(Parent, Parent\) has no derivatives"):
        fd.kl_divergence_and_grad(Parent(0.0, 1.0), Parent(0.0, 1.0))


@pytest.mark.parametrize("wrong", [int, 3, None])
def test_registers_classes_only(wrong):
    with pytest.raises(TypeError, match="register_kl takes classes"):
        fd.register_kl(fd.Normal, wrong)


@pytest.mark.parametrize("function", [fd.kl_divergence, fd.cross_entropy])
def test_arguments(function):
    p = fd.Normal(0.0, 1.0)
    with pytest.raises(TypeError, match=r"q must be a distribution; got 3"):
        function(p, 3)
    with pytest.raises(TypeError, match=r"p must be a distribution"):
        function("p", p, method="quadrature")
    with pytest.raises(ValueError, match=r"method must be one of 'exact', 'quadrature', 'monte-carlo'.*; got 'mc'"):
        function(p, p, method="mc")
    with pytest.raises(ValueError, match="n must be an integer of at least 2; got 1"):
        function(p, p, method="monte-carlo", n=1)
    with pytest.raises(ValueError, match=r"event_shape"):
        function(p, fd.Multinomial(3, probs=[0.5, 0.5]), method="monte-carlo")
    with pytest.raises(NotImplementedError, match="quadrature is for distributions of numbers"):
        function(fd.Multinomial(3, probs=[0.5, 0.5]), fd.Multinomial(3, probs=[0.25, 0.75]), method="quadrature")
