"""schedules.txt: the learning rate that PyTorch's schedulers give for each of 60 steps, in float64.

Entry t (from 0) is the rate used by update t, when the scheduler is called once after every update. Each closed
form is checked against PyTorch's running products. inverse_time is not in PyTorch: learning_rate / (1 + decay t).
"""

import math
import warnings

import torch
from torch.optim import lr_scheduler as S

from writer import Writer

COUNT = 60
PLATEAU_LOSSES = [1.0 / (1 + 0.4 * t) for t in range(12)] + [0.19, 0.19005, 0.1899999, 0.2, 0.21, 0.19] * 8


def step(lr, o, t):
    return lr * o["gamma"] ** (t // o["step_size"])


def multi_step(lr, o, t):
    return lr * o["gamma"] ** sum(t >= m for m in o["milestones"])


def exponential(lr, o, t):
    return lr * o["gamma"] ** t


def polynomial(lr, o, t):
    return lr * (1 - min(t, o["total_iters"]) / o["total_iters"]) ** o["power"]


def cosine(lr, o, t):
    return o["eta_min"] + (lr - o["eta_min"]) * (1 + math.cos(math.pi * t / o["T_max"])) / 2


def cosine_restarts(lr, o, t):
    length = o["T_0"]
    while t >= length:
        t -= length
        length *= o["T_mult"]
    return o["eta_min"] + (lr - o["eta_min"]) * (1 + math.cos(math.pi * t / length)) / 2


def one_cycle(lr, o, t):
    """lr is the peak; the last step of the cycle, total_steps - 1, has the final rate."""
    start, final = lr / o["div_factor"], lr / o["div_factor"] / o["final_div_factor"]
    if o.get("three_phase"):
        marks = [o["pct_start"] * o["total_steps"] - 1, 2 * o["pct_start"] * o["total_steps"] - 2, o["total_steps"] - 1]
        rates = [start, lr, start, final]
    else:
        marks, rates = [o["pct_start"] * o["total_steps"] - 1, o["total_steps"] - 1], [start, lr, final]
    begin = 0.0
    for i, end in enumerate(marks):
        if t <= end or i == len(marks) - 1:
            share = (t - begin) / (end - begin)
            if o.get("anneal_strategy", "cos") == "cos":
                return rates[i + 1] + (rates[i] - rates[i + 1]) / 2 * (1 + math.cos(math.pi * share))
            return rates[i] + (rates[i + 1] - rates[i]) * share
        begin = end
    return final


def plateau(lr, o, _):
    """Generator form: the one schedule with a memory."""
    best, bad, cooldown = math.inf, 0, 0
    rates = []
    for loss in PLATEAU_LOSSES[:COUNT]:
        rates.append(lr)
        margin = best * (1 - o["threshold"]) if o["threshold_mode"] == "rel" else best - o["threshold"]
        if loss < margin:
            best, bad = loss, 0
        else:
            bad += 1
        if cooldown > 0:
            cooldown, bad = cooldown - 1, 0
        if bad > o["patience"]:
            smaller = max(lr * o["factor"], o["min_lr"])
            lr = smaller if lr - smaller > 1e-8 else lr
            cooldown, bad = o["cooldown"], 0
    return rates


PLATEAU = dict(factor=0.1, patience=10, threshold=1e-4, threshold_mode="rel", cooldown=0, min_lr=0.0)
RESTARTS = S.CosineAnnealingWarmRestarts
CYCLE = dict(total_steps=COUNT, pct_start=0.3, div_factor=25.0, final_div_factor=1e4)

# case, type in the service, PyTorch's class, options, closed form
CASES = [
    ("step", "step", S.StepLR, dict(step_size=7, gamma=0.5), step),
    ("step_default_gamma", "step", S.StepLR, dict(step_size=20, gamma=0.1), step),
    ("multi_step", "multi_step", S.MultiStepLR, dict(milestones=[5, 12, 40], gamma=0.3), multi_step),
    ("exponential", "exponential", S.ExponentialLR, dict(gamma=0.93), exponential),
    ("polynomial", "polynomial", S.PolynomialLR, dict(total_iters=50, power=2.0), polynomial),
    ("polynomial_linear", "polynomial", S.PolynomialLR, dict(total_iters=60, power=1.0), polynomial),
    ("cosine", "cosine", S.CosineAnnealingLR, dict(T_max=60, eta_min=0.0), cosine),
    ("cosine_eta_min", "cosine", S.CosineAnnealingLR, dict(T_max=59, eta_min=0.001), cosine),
    ("cosine_beyond_t_max", "cosine", S.CosineAnnealingLR, dict(T_max=20, eta_min=0.001), cosine),
    ("cosine_restarts", "cosine_restarts", RESTARTS, dict(T_0=10, T_mult=1, eta_min=0.0), cosine_restarts),
    ("cosine_restarts_growing", "cosine_restarts", RESTARTS, dict(T_0=8, T_mult=2, eta_min=0.002), cosine_restarts),
    ("one_cycle", "one_cycle", S.OneCycleLR, CYCLE, one_cycle),
    ("one_cycle_linear", "one_cycle", S.OneCycleLR, dict(CYCLE, pct_start=0.25, anneal_strategy="linear"), one_cycle),
    ("one_cycle_three_phase", "one_cycle", S.OneCycleLR, dict(CYCLE, three_phase=True), one_cycle),
    ("plateau", "plateau", S.ReduceLROnPlateau, PLATEAU, plateau),
    ("plateau_short", "plateau", S.ReduceLROnPlateau,
     dict(PLATEAU, factor=0.5, patience=3, cooldown=2, min_lr=0.004), plateau),
    ("plateau_absolute", "plateau", S.ReduceLROnPlateau,
     dict(PLATEAU, factor=0.5, patience=2, threshold=0.02, threshold_mode="abs"), plateau),
    ("inverse_time", "inverse_time", None, dict(decay=0.05), None),
]


def rates_of(make, options, lr):
    if make is None:
        return [lr / (1 + options["decay"] * t) for t in range(COUNT)]
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=lr)
    if make is S.OneCycleLR:
        scheduler = make(optimizer, max_lr=lr, cycle_momentum=False, **options)
    else:
        scheduler = make(optimizer, **options)
    rates = []
    for t in range(COUNT):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if t == COUNT - 1:
            break
        scheduler.step(*([PLATEAU_LOSSES[t]] if make is S.ReduceLROnPlateau else []))
    return rates


def generate(folder):
    warnings.filterwarnings("ignore")
    with Writer(folder / "schedules.txt") as out:
        for name, kind, make, options, closed in CASES:
            lr = 0.1
            rates = rates_of(make, options, lr)
            if closed:
                want = plateau(lr, options, 0) if closed is plateau else [closed(lr, options, t) for t in range(COUNT)]
                worst = max(abs(a - b) / max(abs(b), 1e-6) for a, b in zip(rates, want))
                if worst > 1e-9:
                    raise SystemExit("%s differs from its closed form by %g" % (name, worst))
            out.begin(name, schedule=kind, learning_rate=lr)
            for key, value in options.items():
                out.meta(key.lower(), ",".join(map(str, value)) if isinstance(value, list) else value)
            if make is S.ReduceLROnPlateau:
                out.tensor("monitored", PLATEAU_LOSSES[:COUNT])
            out.tensor("rate", rates)
            out.end()
