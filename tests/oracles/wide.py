"""Slow, obvious twins of infinitely wide networks: integrals, the recursion, the linear model."""

import math

import numpy as np
import torch
from scipy.linalg import expm


def expectation(function, variance, other, covariance, nodes=400):
    """E[f(u) f(v)] by a grid over two independent standard normals."""
    at, weights = np.polynomial.legendre.leggauss(nodes)
    at, weights = 9 * at, 9 * weights * np.exp(-0.5 * (9 * at) ** 2) / math.sqrt(2 * math.pi)
    at, weights = torch.from_numpy(at), torch.from_numpy(weights)
    u = math.sqrt(variance) * at
    slope = covariance / math.sqrt(variance)
    rest = math.sqrt(max(other - slope**2, 0.0))
    v = slope * at[:, None] + rest * at
    return float(weights @ (function(u)[:, None] * function(v)) @ weights)


def kernels(layers, x, y, expected):
    """K and Θ of one pair by the recursion, layer by layer.

    Args:
        layers: (weight variance, bias variance) of every dense layer.
        x: An input (d,).
        y: Another.
        expected: From (variance, variance, covariance) to E[φφ′] and E of the derivatives.
    """
    vectors = {"xx": (x, x), "yy": (y, y), "xy": (x, y)}
    k = {name: float(a @ b) / len(x) for name, (a, b) in vectors.items()}
    theta = 0.0
    for place, (weights, biases) in enumerate(layers):
        slope = 1.0
        if place:
            values = {
                "xx": expected(k["xx"], k["xx"], k["xx"])[0],
                "yy": expected(k["yy"], k["yy"], k["yy"])[0],
            }
            values["xy"], slope = expected(k["xx"], k["yy"], k["xy"])
            k = values
        k = {name: weights * value + biases for name, value in k.items()}
        theta = k["xy"] + weights * theta * slope
    return k["xy"], theta


class Linear:
    """z = J θ with θ(0) ~ N(0, 1), under gradient flow of ½‖z − y‖² + ½ρ‖θ − θ(0)‖²."""

    def __init__(self, slopes, targets, ridge=0.0):
        self.slopes, self.targets, self.ridge = slopes, targets, ridge

    @property
    def kernel(self):
        return self.slopes @ self.slopes.T

    def parameters(self, time):
        """Mean (p, outputs) and covariance (p, p) of θ(τ), from the flow of θ itself."""
        p = self.slopes.shape[1]
        rate = self.slopes.T @ self.slopes + self.ridge * torch.eye(p, dtype=torch.float64)
        # θ′ = −rate (θ − θ0) − JᵀJθ0 + Jᵀy
        both = torch.zeros(2 * p, 2 * p, dtype=rate.dtype)
        both[:p, :p], both[:p, p:] = -time * rate, time * torch.eye(p, dtype=torch.float64)
        pulled = torch.from_numpy(expm(both.numpy()))[
            :p, p:
        ]  # the integral of exp(−s·rate) from 0 to τ
        moved = torch.eye(p, dtype=torch.float64) - pulled @ self.slopes.T @ self.slopes
        return pulled @ self.slopes.T @ self.targets, moved @ moved.T
