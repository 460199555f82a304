"""optimizers.txt: a 3-4-2 tanh net trained for 20 steps by every optimizer variant.

Most come from torch.optim. Two rules are written out here because the packaged PyTorch does not have them:
NAdam (PyTorch up to 1.13 multiplies the running product of the momentum schedule by the current factor twice;
2.0 corrected it, and the corrected rule is the contract) and Lion (Chen et al. 2023, algorithm 2).
"""

import math

import numpy as np
import torch

from writer import Writer, gap, snapshot

STEPS = 20
BATCHES = 4


class Rule(torch.optim.Optimizer):
    """An optimizer given by one function of (parameter, gradient, state, step, options)."""

    rule = None

    def __init__(self, params, **options):
        super().__init__(params, options)

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                state = self.state[p]
                state["step"] = state.get("step", 0) + 1
                type(self).rule(p, p.grad, state, state["step"], group)


def nadam_rule(p, g, state, t, o):
    beta1, beta2 = o["betas"]
    g = g + o["weight_decay"] * p
    mu = beta1 * (1 - 0.5 * 0.96 ** (t * o["momentum_decay"]))
    mu_next = beta1 * (1 - 0.5 * 0.96 ** ((t + 1) * o["momentum_decay"]))
    product = state["product"] = state.get("product", 1.0) * mu
    m = state["m"] = beta1 * state.get("m", torch.zeros_like(p)) + (1 - beta1) * g
    v = state["v"] = beta2 * state.get("v", torch.zeros_like(p)) + (1 - beta2) * g * g
    denominator = (v / (1 - beta2**t)).sqrt() + o["eps"]
    p -= o["lr"] * (1 - mu) / (1 - product) * g / denominator
    p -= o["lr"] * mu_next / (1 - product * mu_next) * m / denominator


def lion_rule(p, g, state, t, o):
    beta1, beta2 = o["betas"]
    m = state.get("m", torch.zeros_like(p))
    p -= o["lr"] * ((beta1 * m + (1 - beta1) * g).sign() + o["weight_decay"] * p)
    state["m"] = beta2 * m + (1 - beta2) * g


class NAdam(Rule):
    rule = nadam_rule


class Lion(Rule):
    rule = lion_rule


NADAM = dict(lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, momentum_decay=4e-3)
LION = dict(lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0)
LBFGS = dict(history_size=10, max_iter=1, max_eval=1000)

# case name, optimizer type of the service, class, options, extras of the loop
VARIANTS = [
    ("sgd", torch.optim.SGD, dict(lr=0.1), {}),
    ("sgd_momentum", torch.optim.SGD, dict(lr=0.05, momentum=0.9), {}),
    ("sgd_dampening", torch.optim.SGD, dict(lr=0.05, momentum=0.9, dampening=0.5), {}),
    ("sgd_nesterov", torch.optim.SGD, dict(lr=0.05, momentum=0.9, nesterov=True), {}),
    ("sgd_weight_decay", torch.optim.SGD, dict(lr=0.1, weight_decay=0.05), {}),
    ("sgd_momentum_weight_decay", torch.optim.SGD, dict(lr=0.05, momentum=0.9, weight_decay=0.05), {}),
    ("sgd_momentum_changed_rate", torch.optim.SGD, dict(lr=0.1, momentum=0.9), dict(rate_from_11=0.01)),
    ("sgd_clip_norm", torch.optim.SGD, dict(lr=0.1), dict(clip_norm=0.1)),
    ("sgd_clip_value", torch.optim.SGD, dict(lr=0.1), dict(clip_value=0.05)),
    ("adagrad", torch.optim.Adagrad, dict(lr=0.01), {}),
    ("adagrad_lr_decay", torch.optim.Adagrad, dict(lr=0.05, lr_decay=0.1), {}),
    ("adagrad_weight_decay", torch.optim.Adagrad, dict(lr=0.05, weight_decay=0.05), {}),
    ("adagrad_accumulator", torch.optim.Adagrad, dict(lr=0.05, initial_accumulator_value=0.1), {}),
    ("rmsprop", torch.optim.RMSprop, dict(lr=0.01), {}),
    ("rmsprop_centered", torch.optim.RMSprop, dict(lr=0.01, centered=True), {}),
    ("rmsprop_momentum", torch.optim.RMSprop, dict(lr=0.01, momentum=0.9), {}),
    ("rmsprop_centered_momentum", torch.optim.RMSprop, dict(lr=0.01, momentum=0.9, centered=True), {}),
    ("rmsprop_weight_decay", torch.optim.RMSprop, dict(lr=0.01, weight_decay=0.05), {}),
    ("adam", torch.optim.Adam, dict(lr=1e-3), {}),
    ("adam_fast", torch.optim.Adam, dict(lr=0.05, betas=(0.8, 0.95), eps=1e-6), {}),
    ("adam_weight_decay", torch.optim.Adam, dict(lr=0.01, weight_decay=0.05), {}),
    ("adam_amsgrad", torch.optim.Adam, dict(lr=0.01, amsgrad=True), {}),
    ("adamw", torch.optim.AdamW, dict(lr=1e-3), {}),
    ("adamw_weight_decay", torch.optim.AdamW, dict(lr=0.01, weight_decay=0.1), {}),
    ("adamw_amsgrad", torch.optim.AdamW, dict(lr=0.01, amsgrad=True), {}),
    ("adadelta", torch.optim.Adadelta, dict(lr=1.0), {}),
    ("adadelta_weight_decay", torch.optim.Adadelta, dict(lr=0.5, rho=0.95, weight_decay=0.05), {}),
    ("adamax", torch.optim.Adamax, dict(lr=2e-3), {}),
    ("adamax_weight_decay", torch.optim.Adamax, dict(lr=0.02, weight_decay=0.05), {}),
    ("nadam", NAdam, NADAM, {}),
    ("nadam_weight_decay", NAdam, dict(NADAM, lr=0.02, weight_decay=0.05), {}),
    ("radam", torch.optim.RAdam, dict(lr=1e-3), {}),
    ("radam_weight_decay", torch.optim.RAdam, dict(lr=0.02, weight_decay=0.05), {}),
    ("rprop", torch.optim.Rprop, dict(lr=0.01), {}),
    ("lion", Lion, LION, {}),
    ("lion_weight_decay", Lion, dict(LION, lr=0.01, weight_decay=0.1), {}),
    ("lbfgs", torch.optim.LBFGS, dict(LBFGS, lr=1.0, line_search_fn="strong_wolfe"), dict(full=True)),
    ("lbfgs_fixed_step", torch.optim.LBFGS, dict(LBFGS, lr=0.2, line_search_fn=None), dict(full=True)),
]


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2))

    def forward(self, x):
        return self.layers(x)


def make_data(dtype, full):
    torch.manual_seed(31)
    rows = 40 if full else BATCHES * 5
    x = torch.randn(rows, 3)
    y = torch.stack([torch.sin(x[:, 0]) + 0.5 * x[:, 1], x[:, 2] * x[:, 0]], 1) + 0.1 * torch.randn(rows, 2)
    x, y = x.to(dtype), y.to(dtype)
    return [(x, y)] if full else list(zip(x.split(5), y.split(5)))


def train(dtype, make, options, extras):
    """Run one variant. Returns batches, gradients at step 1, losses, snapshots by step and the defaults used."""
    torch.manual_seed(10)
    net = Net().to(dtype)
    batches = make_data(dtype, extras.get("full", False))
    optimizer = make(net.parameters(), **options)
    snapshots, losses, first_gradient = {0: snapshot(net)}, [], None
    for step in range(1, STEPS + 1):
        x, y = batches[(step - 1) % len(batches)]
        if step == 11 and "rate_from_11" in extras:
            optimizer.param_groups[0]["lr"] = extras["rate_from_11"]

        def closure():
            optimizer.zero_grad()
            loss = torch.nn.functional.mse_loss(net(x), y)
            loss.backward()
            return loss

        loss = closure()
        losses.append(loss.detach())
        if step == 1:
            first_gradient = [(n, p.grad.clone()) for n, p in net.named_parameters()]
        if "clip_norm" in extras:
            torch.nn.utils.clip_grad_norm_(net.parameters(), extras["clip_norm"])
        if "clip_value" in extras:
            torch.nn.utils.clip_grad_value_(net.parameters(), extras["clip_value"])
        if make is torch.optim.LBFGS:
            optimizer.step(closure)
        else:
            optimizer.step()
        snapshots[step] = snapshot(net)
    return batches, first_gradient, torch.stack(losses), snapshots, optimizer.defaults


def write_meta(out, name, options, extras):
    out.meta("optimizer", name.split("_")[0])
    for key, value in options.items():
        if key in ("foreach", "maximize", "capturable", "fused", "differentiable", "max_iter", "max_eval"):
            continue
        if key in ("betas", "etas", "step_sizes"):
            for i, part in enumerate(value):
                out.meta("%s.%d" % (key, i), float(part))
        else:
            key = {"lr": "learning_rate", "history_size": "history", "line_search_fn": "line_search"}.get(key, key)
            out.meta(key, "none" if value is None else value)
    for key, value in extras.items():
        key = {"rate_from_11": "learning_rate_from_step_11", "full": "full_batch"}.get(key, key)
        out.meta(key, value)


def fingerprint(make, gradients, start=0.0, rates=None, **options):
    """Distance moved by one parameter under a list of gradients, in double."""
    p = torch.nn.Parameter(torch.tensor([start], dtype=torch.float64))
    optimizer = make([p], lr=1.0, **options)
    for i, g in enumerate(gradients):
        if rates:
            optimizer.param_groups[0]["lr"] = rates[i]
        p.grad = torch.tensor([g], dtype=torch.float64)
        optimizer.step()
    return float(p.detach())


def check_fingerprints():
    """One-step values that tell PyTorch's variants from other frameworks'; computed by hand from the formulas."""
    nadam = {k: v for k, v in NADAM.items() if k != "lr"}
    mu = [0.9 * (1 - 0.5 * 0.96 ** (t * 4e-3)) for t in (1, 2)]
    expected = [
        ("adam", fingerprint(torch.optim.Adam, [1e-8], eps=1e-8), -0.5),
        ("rmsprop", fingerprint(torch.optim.RMSprop, [1e-4]), -1e-4 / (1e-5 + 1e-8)),
        ("momentum", fingerprint(torch.optim.SGD, [1, 0], momentum=0.9, rates=[1.0, 0.1]), -1.09),
        ("adagrad", fingerprint(torch.optim.Adagrad, [1.0]), -1.0),
        ("nadam", fingerprint(NAdam, [1.0], **nadam), -(1 + mu[1] * 0.1 / (1 - mu[0] * mu[1]))),
        ("nadam rounded", round(fingerprint(NAdam, [1.0], **nadam), 6), -1.056452),
        ("adam decay", fingerprint(torch.optim.Adam, [0.0], start=1.0, weight_decay=0.1), 0.0),
        ("adamw decay", fingerprint(torch.optim.AdamW, [0.0], start=1.0, weight_decay=0.1), 0.9),
        ("lion", fingerprint(Lion, [3.0, -0.1], betas=(0.9, 0.99), weight_decay=0.0), -2.0),
    ]
    ams = fingerprint(torch.optim.Adam, [1.0, 0.0], amsgrad=True) - fingerprint(torch.optim.Adam, [1.0], amsgrad=True)
    expected.append(("amsgrad second step", round(ams, 6), -0.669723))
    for name, got, want in expected:
        if not math.isclose(got, want, rel_tol=1e-6, abs_tol=2e-7):
            raise SystemExit("fingerprint of %s: %.9g, expected %.9g" % (name, got, want))


def check_adam_by_hand(batches, snapshots):
    """The whole 20 steps of adam again in numpy with gradients written out, without PyTorch."""
    p = [t.numpy().astype(np.float64) for _, t in snapshots[0]]
    m, v = [0 * a for a in p], [0 * a for a in p]
    for t in range(1, STEPS + 1):
        x, y = (a.numpy().astype(np.float64) for a in batches[(t - 1) % BATCHES])
        hidden = np.tanh(x @ p[0].T + p[1])
        error = 2 * (hidden @ p[2].T + p[3] - y) / y.size
        back = (error @ p[2]) * (1 - hidden**2)
        for i, g in enumerate([back.T @ x, back.sum(0), error.T @ hidden, error.sum(0)]):
            m[i] = 0.9 * m[i] + 0.1 * g
            v[i] = 0.999 * v[i] + 0.001 * g * g
            p[i] = p[i] - 1e-3 * (m[i] / (1 - 0.9**t)) / (np.sqrt(v[i] / (1 - 0.999**t)) + 1e-8)
    worst = max(np.abs(a - b.numpy()).max() for a, (_, b) in zip(p, snapshots[STEPS]))
    if worst > 1e-12:
        raise SystemExit("adam by hand differs by %g" % worst)


def generate(folder):
    check_fingerprints()
    report = []
    with Writer(folder / "optimizers.txt", torch.float32) as single, \
            Writer(folder / "optimizers_double.txt", torch.float64) as double:
        for name, make, options, extras in VARIANTS:
            runs = {}
            for out, dtype in ((single, torch.float32), (double, torch.float64)):
                runs[dtype] = train(dtype, make, options, extras)
            difference = gap(runs[torch.float32][3][STEPS], runs[torch.float64][3][STEPS])
            report.append((difference, name))
            if name == "adam":
                check_adam_by_hand(runs[torch.float64][0], runs[torch.float64][3])
            for out, dtype in ((single, torch.float32), (double, torch.float64)):
                batches, first_gradient, losses, snapshots, defaults = runs[dtype]
                out.begin(name, dtype=str(dtype).split(".")[1], loss="mse", steps=STEPS, batches=len(batches))
                write_meta(out, name, defaults, extras)
                out.meta("float32_gap", "%.2g" % difference)
                for i, (x, y) in enumerate(batches):
                    out.tensor("batch.%d.x" % i, x)
                    out.tensor("batch.%d.y" % i, y)
                out.tensors("start.", snapshots[0])
                out.tensors("gradient.", first_gradient)
                out.tensor("loss", losses)
                for step in (1, 2, STEPS):
                    out.tensors("step%d." % step, snapshots[step])
                out.end()
    return report
