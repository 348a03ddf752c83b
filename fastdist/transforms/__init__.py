"""Transforms: maps with an inverse and the log of the determinant of their Jacobian.

Names and meaning are those of ``torch.distributions.transforms``. A transform is called on a value; ``t.inv`` is its
inverse, ``t.log_abs_det_jacobian(x, y)`` the log of the absolute determinant of the Jacobian, and
``t.forward_and_log_det(x)`` gives the value and that in one pass.

Examples
--------
>>> import fastdist as fd
>>> t = fd.transforms.SigmoidTransform()
>>> t.inv(0.5)
np.float64(0.0)
"""

from fastdist.transforms.absolute import AbsTransform
from fastdist.transforms.affine import AffineTransform
from fastdist.transforms.cholesky import LowerCholeskyTransform, PositiveDefiniteTransform
from fastdist.transforms.compose import ComposeTransform, IndependentTransform, identity_transform
from fastdist.transforms.correlation import CorrCholeskyTransform, CorrMatrixTransform
from fastdist.transforms.cumulative import CumulativeDistributionTransform
from fastdist.transforms.exponential import ExpTransform, LogTransform, PowerTransform
from fastdist.transforms.hyperbolic import SinhArcsinhTransform, TanhTransform
from fastdist.transforms.joined import CatTransform, StackTransform
from fastdist.transforms.logistic import IntervalTransform, SigmoidTransform, SoftplusTransform
from fastdist.transforms.ordered import OrderedTransform
from fastdist.transforms.orthogonal import HouseholderTransform, OrthogonalTransform, UnitVectorTransform
from fastdist.transforms.registry import ConstraintRegistry, biject_to, transform_to
from fastdist.transforms.reshape import PermuteTransform, ReshapeTransform
from fastdist.transforms.simplex import SoftmaxTransform, StickBreakingTransform
from fastdist.transforms.transform import Transform

__all__ = [
    "AbsTransform",
    "AffineTransform",
    "CatTransform",
    "ComposeTransform",
    "ConstraintRegistry",
    "CorrCholeskyTransform",
    "CorrMatrixTransform",
    "CumulativeDistributionTransform",
    "ExpTransform",
    "HouseholderTransform",
    "IndependentTransform",
    "IntervalTransform",
    "LogTransform",
    "LowerCholeskyTransform",
    "OrderedTransform",
    "OrthogonalTransform",
    "PermuteTransform",
    "PositiveDefiniteTransform",
    "PowerTransform",
    "ReshapeTransform",
    "SigmoidTransform",
    "SinhArcsinhTransform",
    "SoftmaxTransform",
    "SoftplusTransform",
    "StackTransform",
    "StickBreakingTransform",
    "TanhTransform",
    "Transform",
    "UnitVectorTransform",
    "biject_to",
    "identity_transform",
    "transform_to",
]
