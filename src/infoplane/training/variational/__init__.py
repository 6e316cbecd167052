"""Variational bottlenecks and their dual as losses for anybody's network with a normal code."""

from infoplane.models.stochastic import ByClass as ByClass
from infoplane.models.stochastic import Stochastic as Stochastic
from infoplane.models.stochastic import StochasticClassifier as StochasticClassifier
from infoplane.quantities.diagonal import Diagonal as Diagonal
from infoplane.training.variational.losses import Coded as Coded
from infoplane.training.variational.losses import Lagrangian as Lagrangian
from infoplane.training.variational.losses import ceb as ceb
from infoplane.training.variational.losses import coded as coded
from infoplane.training.variational.losses import cross_entropy as cross_entropy
from infoplane.training.variational.losses import fitting_classes as fitting_classes
from infoplane.training.variational.losses import onehot as onehot
from infoplane.training.variational.losses import published_vdual as published_vdual
from infoplane.training.variational.losses import rate as rate
from infoplane.training.variational.losses import residual as residual
from infoplane.training.variational.losses import reversed_divergence as reversed_divergence
from infoplane.training.variational.losses import vdual as vdual
from infoplane.training.variational.losses import vib as vib
from infoplane.training.variational.noise import Confusion as Confusion
from infoplane.training.variational.noise import Jittered as Jittered
from infoplane.training.variational.noise import NoiseModel as NoiseModel
from infoplane.training.variational.noise import Predicted as Predicted
from infoplane.training.variational.noise import Smoothing as Smoothing
from infoplane.training.variational.noise import flipped as flipped
