"""Distributions on a part of their support: their formulas, from those of any base.

The formulas are templates: capital names in them stand for the formulas of the base, each behind the guard
of the base's support, and :mod:`fastdist.truncation.compose` puts those in.
"""
