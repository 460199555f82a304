"""activations.txt: value and derivative of every activation on a grid from -30 to 30 that contains 0.

Computed in float64 by PyTorch and again from the formulas in extended precision (gelu: by erfc); both must agree to
1e-12, and the second, rounded to float64, is written because it keeps the far tails.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F

from writer import Writer

GRID = np.concatenate([np.arange(-120, 121) * 0.25, [-0.0078125, -1e-3, 1e-3, 0.0078125]]).astype(np.float32)
SELU_ALPHA, SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946

ACTIVATIONS = [
    ("relu", F.relu, {}),
    ("leaky_relu", lambda x: F.leaky_relu(x, 0.01), {"negative_slope": 0.01}),
    ("elu", lambda x: F.elu(x, 1.0), {"alpha": 1.0}),
    ("selu", F.selu, {}),
    ("gelu", F.gelu, {}),
    ("silu", F.silu, {}),
    ("sigmoid", torch.sigmoid, {}),
    ("tanh", torch.tanh, {}),
    ("softplus", lambda x: F.softplus(x, threshold=50), {}),  # PyTorch's threshold 20 only serves float32
    ("identity", lambda x: x, {}),
]


def by_formula(name, x):
    """(value, derivative) without PyTorch."""
    if name == "gelu":
        below = np.array([0.5 * math.erfc(-a / math.sqrt(2)) for a in x])
        return x * below, below + x * np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    x = x.astype(np.longdouble)
    s = 1 / (1 + np.exp(-x))
    complement = 1 / (1 + np.exp(x))
    negative = x <= 0
    return {
        "relu": lambda: (np.maximum(x, 0), (x > 0) * 1.0),
        "leaky_relu": lambda: (np.where(negative, 0.01 * x, x), np.where(negative, 0.01, 1)),
        "elu": lambda: (np.where(negative, np.expm1(x), x), np.where(negative, np.exp(x), 1)),
        "selu": lambda: (
            SELU_SCALE * np.where(negative, SELU_ALPHA * np.expm1(x), x),
            SELU_SCALE * np.where(negative, SELU_ALPHA * np.exp(x), 1),
        ),
        "silu": lambda: (x * s, s * (1 + x * complement)),
        "sigmoid": lambda: (s, s * complement),
        "tanh": lambda: (np.tanh(x), 1 / np.cosh(x) ** 2),
        "softplus": lambda: (np.logaddexp(0, x), s),
        "identity": lambda: (x, np.ones_like(x)),
    }[name]()


def generate(folder):
    with Writer(folder / "activations.txt") as out:
        for name, function, options in ACTIVATIONS:
            x = torch.tensor(GRID).double().requires_grad_(True)
            value = function(x)
            value.sum().backward()
            exact = by_formula(name, x.detach().numpy())
            for got, want in zip((value.detach().numpy(), x.grad.numpy()), exact):
                if not np.allclose(got, want.astype(float), rtol=1e-11, atol=1e-12):
                    raise SystemExit("%s differs from its formula" % name)
            value, derivative = (w.astype(float) for w in exact)
            out.begin(name, activation=name, **options)
            out.tensor("x", GRID.astype(float))
            out.tensor("value", value)
            out.tensor("derivative", derivative)
            out.end()
