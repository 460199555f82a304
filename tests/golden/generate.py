#!/usr/bin/python3
"""Makes the golden files of this folder: numbers from PyTorch that the C tests compare with.

    apt install python3-torch          (made with Debian 12's package, PyTorch 1.13.1)
    /usr/bin/python3 tests/golden/generate.py [family ...]

Families: optimizers losses activations layers schedules initialisers; all without an argument. Deterministic: fixed
seeds, one thread, CPU; a second run writes the same bytes. Every family ends with checks that do not use PyTorch's
own result (formulas in numpy, known one-step values); a failed check stops the run. README.md defines the format.
"""

import pathlib
import sys

import torch

import activations
import initialisers
import layers
import losses
import optimizers
import schedules

FAMILIES = {m.__name__: m for m in (optimizers, losses, activations, layers, schedules, initialisers)}
FLOAT32_LIMIT = 5e-6  # a case where PyTorch's own float32 and float64 differ by more cannot hold a test at 1e-5


def main():
    torch.set_num_threads(1)
    folder = pathlib.Path(__file__).resolve().parent
    for name in sys.argv[1:] or FAMILIES:
        report = FAMILIES[name].generate(folder) or []
        print("%s: written%s" % (name, "".join("\n  %-32s float32 gap %.2g" % (n, d) for d, n in report)))
        loose = [n for d, n in report if d > FLOAT32_LIMIT]
        if loose:
            raise SystemExit("ill-conditioned in float32: " + ", ".join(loose))


if __name__ == "__main__":
    main()
