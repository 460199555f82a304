"""Writes the plain-text number files that the C tests read; README.md in this folder defines the format."""

import numpy as np
import torch

DIGITS = {torch.float32: "%.9g", torch.float64: "%.17g"}


class Writer:
    """One golden file: cases of meta lines and tensors. Every number parses back to the same value."""

    def __init__(self, path, dtype=torch.float64):
        self.file = open(path, "w", encoding="ascii", newline="\n")
        self.digits = DIGITS[dtype]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def begin(self, name, **meta):
        self.file.write("case %s\n" % name)
        for key, value in meta.items():
            self.meta(key, value)

    def meta(self, key, value):
        if isinstance(value, bool):
            value = "true" if value else "false"
        elif isinstance(value, float):
            value = "%.17g" % value
        self.file.write("meta %s %s\n" % (key, value))

    def tensor(self, name, values):
        array = values.detach().numpy() if isinstance(values, torch.Tensor) else np.asarray(values)
        self.file.write("tensor %s shape%s\n" % (name, "".join(" %d" % d for d in array.shape)))
        flat = [self.digits % float(v) for v in array.reshape(-1)]
        for i in range(0, len(flat), 8):
            self.file.write(" ".join(flat[i : i + 8]) + "\n")

    def tensors(self, prefix, named):
        for name, values in named:
            self.tensor(prefix + name, values)

    def end(self):
        self.file.write("end\n")


def snapshot(module):
    """The parameters as (name, copy) pairs, in PyTorch's order."""
    return [(name, p.detach().clone()) for name, p in module.named_parameters()]


def gap(single, double):
    """Largest difference of two lists of (name, tensor), relative to each tensor's largest value."""
    worst = 0.0
    for (_, a), (_, b) in zip(single, double):
        scale = max(float(b.abs().max()), 1e-30)
        worst = max(worst, float((a.double() - b).abs().max()) / scale)
    return worst
