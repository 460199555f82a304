"""initialisers.txt: what each initialiser must draw from, for several shapes: bound of a uniform or deviation of a normal.

The formulas are written here and checked against samples of torch.nn.init and PyTorch's layers.
"""

import math

import torch
from torch import nn
from torch.nn import init

from writer import Writer

# case suffix, shape as PyTorch stores it [out, in, kernel...]
SHAPES = [("dense", (64, 100)), ("dense_wide", (300, 20)), ("conv2d", (32, 16, 3, 3))]
SAMPLES = 20  # draws of a whole tensor for the check


def fans(shape):
    area = math.prod(shape[2:])
    return shape[1] * area, shape[0] * area


def lecun_normal(w):
    return init.normal_(w, 0.0, math.sqrt(1 / fans(w.shape)[0]))


# name, distribution, spread(fan_in, fan_out), PyTorch's function
SCHEMES = [
    ("pytorch", "uniform", lambda i, o: 1 / math.sqrt(i), lambda w: init.kaiming_uniform_(w, a=math.sqrt(5))),
    ("glorot_uniform", "uniform", lambda i, o: math.sqrt(6 / (i + o)), init.xavier_uniform_),
    ("glorot_normal", "normal", lambda i, o: math.sqrt(2 / (i + o)), init.xavier_normal_),
    ("he_uniform", "uniform", lambda i, o: math.sqrt(6 / i), lambda w: init.kaiming_uniform_(w, nonlinearity="relu")),
    ("he_normal", "normal", lambda i, o: math.sqrt(2 / i), lambda w: init.kaiming_normal_(w, nonlinearity="relu")),
    ("lecun_normal", "normal", lambda i, o: math.sqrt(1 / i), lecun_normal),
]

GAINS = ["linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu"]


def check(name, distribution, spread, draws):
    flat = draws.reshape(-1)
    deviation = spread / math.sqrt(3) if distribution == "uniform" else spread
    close = abs(float(flat.std()) / deviation - 1) < 0.01 and abs(float(flat.mean())) < 0.02 * deviation
    if distribution == "uniform":
        close = close and spread * 0.999 < float(flat.abs().max()) <= spread * 1.000001
    if not close:
        raise SystemExit("%s: deviation %g, expected %g" % (name, flat.std(), deviation))


def generate(folder):
    torch.manual_seed(0)
    with Writer(folder / "initialisers.txt") as out:
        for name, distribution, spread, function in SCHEMES:
            for suffix, shape in SHAPES:
                fan_in, fan_out = fans(shape)
                value = spread(fan_in, fan_out)
                check(name, distribution, value, torch.stack([function(torch.empty(shape)) for _ in range(SAMPLES)]))
                out.begin("%s_%s" % (name, suffix), initialiser=name, distribution=distribution,
                          fan_in=fan_in, fan_out=fan_out)
                out.tensor("shape", shape)
                out.tensor("bound" if distribution == "uniform" else "deviation", value)
                if name == "pytorch":
                    out.tensor("bias_bound", 1 / math.sqrt(fan_in))
                out.end()
        check("bias", "uniform", 0.1, torch.stack([nn.Linear(100, 64).bias.detach() for _ in range(100)]))
        for kind, gates in (("rnn", 1), ("lstm", 4), ("gru", 3)):
            layer = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[kind](20, 50)
            for key, p in layer.named_parameters():
                if float(p.abs().max()) > 1 / math.sqrt(50) or p.shape[0] != gates * 50:
                    raise SystemExit("%s %s" % (kind, key))
            out.begin("pytorch_" + kind, initialiser="pytorch", distribution="uniform", inputs=20, units=50,
                      note="all weights and both biases")
            out.tensor("bound", 1 / math.sqrt(50))
            out.end()
        out.begin("pytorch_embedding", initialiser="pytorch", distribution="normal")
        check("embedding", "normal", 1.0, torch.stack([nn.Embedding(100, 50).weight.detach() for _ in range(20)]))
        out.tensor("deviation", 1.0)
        out.end()
        for suffix, shape in SHAPES:
            w = init.orthogonal_(torch.empty(shape)).reshape(shape[0], -1)
            small = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
            if float((small - torch.eye(len(small))).abs().max()) > 1e-5:
                raise SystemExit("orthogonal")
            out.begin("orthogonal_" + suffix, initialiser="orthogonal", gain=1.0,
                      orthonormal="rows" if w.shape[0] <= w.shape[1] else "columns")
            out.tensor("shape", shape)
            out.end()
        out.begin("gains", note="torch.nn.init.calculate_gain; leaky_relu with slope 0.01")
        for name in GAINS:
            out.tensor(name, init.calculate_gain(name))
        out.end()
