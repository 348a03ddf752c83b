"""Mixtures with their densities and tails in mpmath, which share nothing with the library."""

import dataclasses

import mpmath as mp

import fastdist as fd


def normal(loc, scale):
    return {
        "density": lambda x: mp.exp(-(((x - loc) / scale) ** 2) / 2) / (scale * mp.sqrt(2 * mp.pi)),
        "cdf": lambda x: mp.erfc((loc - x) / (scale * mp.sqrt(2))) / 2,
        "sf": lambda x: mp.erfc((x - loc) / (scale * mp.sqrt(2))) / 2,
    }


def gamma(concentration, rate):
    def density(x):
        return rate**concentration * x ** (concentration - 1) * mp.exp(-rate * x) / mp.gamma(concentration)

    return {
        "density": lambda x: density(x) if x > 0 else mp.mpf(0),
        "cdf": lambda x: mp.gammainc(concentration, 0, rate * x, regularized=True) if x > 0 else mp.mpf(0),
        "sf": lambda x: mp.gammainc(concentration, rate * x, regularized=True) if x > 0 else mp.mpf(1),
    }


@dataclasses.dataclass(frozen=True)
class Exact:
    """A mixture, the formulas of its components, its weights, and their parameters, by component.

    Weights are unnormalised logs if `by_logits`.
    """

    name: str
    distribution: fd.Distribution
    formulas: tuple
    weights: tuple
    parameters: tuple
    by_logits: bool = False
    tolerance: float = 4e-14

    def __str__(self):
        return self.name

    def _mean(self, method, x):
        weights = [mp.exp(w) if self.by_logits else mp.mpf(w) for w in self.weights]
        parts = [f(*map(mp.mpf, p))[method](x) for f, p in zip(self.formulas, self.parameters, strict=True)]
        return mp.fdot(weights, parts) / mp.fsum(weights)

    def density(self, x):
        return self._mean("density", x)

    def cdf(self, x):
        return self._mean("cdf", x)

    def sf(self, x):
        return self._mean("sf", x)

    def places(self, name):
        """Where a derivative in a parameter has numbers."""
        own = self.distribution
        count = len(self.weights)
        if name in ("probs", "logits") or isinstance(own, fd.MixtureSameFamily):
            return [(k,) for k in range(count)]
        return [()]

    def slope(self, function, name, place):
        """The derivative of ``function(exact)`` in one number of a parameter."""
        if name in ("probs", "logits"):
            (k,) = place
            given = self.weights[k]

            def at(w):
                return dataclasses.replace(self, weights=(*self.weights[:k], w, *self.weights[k + 1 :]))
        else:
            if name.startswith("components_"):
                _, number, name = name.split("_", 2)
                k = int(number)
            else:
                (k,) = place
            component = self.distribution.components[k] if not place else self.distribution.component_distribution
            j = list(component._parameters).index(name)
            own = self.parameters[k]
            given = own[j]

            def at(v):
                changed = (*own[:j], v, *own[j + 1 :])
                return dataclasses.replace(self, parameters=(*self.parameters[:k], changed, *self.parameters[k + 1 :]))

        return mp.diff(lambda v: function(at(v)), mp.mpf(given))


UNLIKE = fd.Normal(-1.0, 0.75), fd.Gamma(0.5, 1.5)

EXACT = (
    Exact(
        "three normals",
        fd.MixtureSameFamily(fd.Categorical(probs=[0.25, 0.5, 0.25]), fd.Normal([-2.0, 0.5, 3.0], [1.0, 0.25, 2.0])),
        (normal, normal, normal),
        (0.25, 0.5, 0.25),
        ((-2.0, 1.0), (0.5, 0.25), (3.0, 2.0)),
    ),
    Exact(
        "normal and gamma",
        fd.Mixture(fd.Categorical(logits=[0.0, 1.0]), list(UNLIKE)),
        (normal, gamma),
        (0.0, 1.0),
        ((-1.0, 0.75), (0.5, 1.5)),
        by_logits=True,
    ),
)
