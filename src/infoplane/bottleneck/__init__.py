"""The information bottleneck of a given joint distribution, solved exactly; bits outside."""

from infoplane.bottleneck.account import Account as Account
from infoplane.bottleneck.accounting import account_of as account_of
from infoplane.bottleneck.accounting import accounts as accounts
from infoplane.bottleneck.agglomerative import Agglomeration as Agglomeration
from infoplane.bottleneck.agglomerative import agglomerate as agglomerate
from infoplane.bottleneck.anneal import Curve as Curve
from infoplane.bottleneck.anneal import curve as curve
from infoplane.bottleneck.bifurcation import Bifurcation as Bifurcation
from infoplane.bottleneck.critical import Thresholds as Thresholds
from infoplane.bottleneck.critical import thresholds as thresholds
from infoplane.bottleneck.exponents import Exponent as Exponent
from infoplane.bottleneck.exponents import cluster_exponents as cluster_exponents
from infoplane.bottleneck.exponents import error_exponent as error_exponent
from infoplane.bottleneck.exponents import geometric_mean as geometric_mean
from infoplane.bottleneck.families import ExponentialFamily as ExponentialFamily
from infoplane.bottleneck.families import exponential_family as exponential_family
from infoplane.bottleneck.gaussian import GaussianBottleneck as GaussianBottleneck
from infoplane.bottleneck.joint import Joint as Joint
from infoplane.bottleneck.solution import Solution as Solution
from infoplane.bottleneck.solution import Status as Status
from infoplane.bottleneck.solver import solve as solve
