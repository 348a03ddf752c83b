"""A distribution of each family of rows, and batches of some, for tests on the device."""

import numpy as np

import fastdist as fd

COVARIANCE = np.array([[2.0, 0.3], [0.3, 1.0]])
FACTOR = np.linalg.cholesky(COVARIANCE)
WEIGHTS = np.array([0.2, 0.3, 0.5])

DISTRIBUTIONS = {
    "MultivariateNormal": fd.MultivariateNormal([0.5, -1.0], covariance_matrix=COVARIANCE),
    "MultivariateNormal-batch": fd.MultivariateNormal(np.zeros((3, 2)), precision_matrix=COVARIANCE),
    "LowRankMultivariateNormal": fd.LowRankMultivariateNormal(np.zeros(3), np.ones((3, 1)), np.ones(3)),
    "MultivariateStudentT": fd.MultivariateStudentT(5.0, np.zeros(2), FACTOR),
    "MatrixNormal": fd.MatrixNormal(np.zeros((2, 2)), FACTOR, FACTOR),
    "Dirichlet": fd.Dirichlet([0.5, 2.0, 3.0]),
    "Dirichlet-batch": fd.Dirichlet([[0.5, 2.0, 3.0], [1e-3, 1.0, 1.0]]),
    "LogisticNormal": fd.LogisticNormal(np.zeros(2), np.ones(2)),
    "Wishart": fd.Wishart(4.0, covariance_matrix=COVARIANCE),
    "InverseWishart": fd.InverseWishart(5.0, COVARIANCE),
    "LKJCholesky": fd.LKJCholesky(3, 1.5),
    "LKJ": fd.LKJ(3, 1.5),
    "VonMisesFisher": fd.VonMisesFisher([1.0, 0.0, 0.0], 3.0),
    "Multinomial": fd.Multinomial(10, WEIGHTS),
    "DirichletMultinomial": fd.DirichletMultinomial(10 * WEIGHTS, 10),
    "OneHotCategorical": fd.OneHotCategorical(WEIGHTS),
    "OneHotCategoricalStraightThrough": fd.OneHotCategoricalStraightThrough(WEIGHTS),
    "RelaxedOneHotCategorical": fd.RelaxedOneHotCategorical(0.5, WEIGHTS),
    "ExpRelaxedCategorical": fd.ExpRelaxedCategorical(0.5, WEIGHTS),
}
