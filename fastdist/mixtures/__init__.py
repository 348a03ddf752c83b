"""Mixtures of distributions of numbers: their formulas, from those of the components.

The constants of a formula are rows over the components: the weights, their logarithms, of which kind each component
is, and what its own formulas take. So one compiled loop serves any number of components, in any order, as long as
their classes are the same.
"""
