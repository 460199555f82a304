"""losses.txt: value and gradient of every loss for ordinary and extreme inputs.

Computed in float64 by PyTorch and again from the formulas in extended precision; both must agree, and the second,
rounded to float64, is written. Inputs are exact in float32, so one file serves tests of both widths. Reduction is the
mean over all elements, for cross_entropy and multi-class hinge over rows. No input lies on a kink but in mae_tie.
"""

import numpy as np
import torch
import torch.nn.functional as F

from writer import Writer

INF = float("inf")


def tensor(values):
    return torch.tensor(values, dtype=torch.float32).double()


def normal(seed, *shape, scale=1.0):
    torch.manual_seed(seed)
    return (scale * torch.randn(*shape)).double()


def quantile(z, y, q):
    return torch.maximum(q * (y - z), (q - 1) * (y - z)).mean()


def hinge_binary(z, y):
    """Targets 0/1 stand for the signs -1/+1."""
    return torch.clamp(1 - (2 * y - 1) * z, min=0).mean()


REGRESSION = (normal(1, 6, 3), normal(2, 6, 3))
FAR = (tensor([[1e4, -1e4, 3e-5], [0.0, 1e-20, 250.0]]), tensor([[-1e4, 1e4, -3e-5], [1.0, -1e-20, 249.5]]))
LARGE = (tensor([1e15, -1e15]), tensor([0.0, 1.0]))  # squares overflow no double, and 1e30 no float32
BITS = (normal(3, 6, 2, scale=2.0), (normal(4, 6, 2) > 0).double())
COUNTS = (normal(5, 6, 2), normal(6, 6, 2).abs().mul(3).floor())
CLASSES = (normal(7, 6, 4, scale=2.0), torch.tensor([0, 3, 1, 2, 2, 0]))


def cases():
    """(case name, loss, options, function of (z, y), predictions, targets)"""
    yield "mse", "mse", {}, F.mse_loss, *REGRESSION
    yield "mse_far", "mse", {}, F.mse_loss, *FAR
    yield "mse_large", "mse", {}, F.mse_loss, *LARGE
    yield "mse_one", "mse", {}, F.mse_loss, tensor([[0.75]]), tensor([[-0.5]])
    yield "mae", "mae", {}, F.l1_loss, *REGRESSION
    yield "mae_far", "mae", {}, F.l1_loss, *FAR
    yield "mae_tie", "mae", {}, F.l1_loss, tensor([1.0, 2.0, 3.0]), tensor([1.0, 2.5, 3.0])
    for delta in (1.0, 0.3, 1000.0):
        huber = lambda z, y, d=delta: F.huber_loss(z, y, delta=d)
        yield "huber_%g" % delta, "huber", {"delta": delta}, huber, *REGRESSION
        yield "huber_%g_far" % delta, "huber", {"delta": delta}, huber, *FAR
    bce = F.binary_cross_entropy_with_logits
    yield "binary_cross_entropy", "binary_cross_entropy", {}, bce, *BITS
    yield "binary_cross_entropy_soft", "binary_cross_entropy", {}, bce, BITS[0], BITS[1] * 0.75 + 0.125
    for z in (800.0, -800.0, 0.0, 40.0, -40.0):
        for y in (0.0, 1.0):
            name = "binary_cross_entropy_%g_%g" % (z, y)
            yield name, "binary_cross_entropy", {}, bce, tensor([[z]]), tensor([[y]])
    ce = F.cross_entropy
    yield "cross_entropy", "cross_entropy", {}, ce, *CLASSES
    yield "cross_entropy_two_classes", "cross_entropy", {}, ce, CLASSES[0][:, :2].clone(), torch.tensor([0, 1, 1, 0, 1, 0])
    for target in range(3):
        name = "cross_entropy_extreme_%d" % target
        yield name, "cross_entropy", {}, ce, tensor([[1000.0, 0.0, -1000.0]]), torch.tensor([target])
    yield "cross_entropy_equal", "cross_entropy", {}, ce, tensor([[1e4] * 5, [-1e4] * 5]), torch.tensor([3, 0])
    yield "cross_entropy_minus_infinity", "cross_entropy", {}, ce, tensor([[0.5, -INF, 1.5]]), torch.tensor([2])
    yield "cross_entropy_close", "cross_entropy", {}, ce, tensor([[1e4, 1e4 + 0.5, 1e4 - 1]]), torch.tensor([1])
    yield "hinge_binary", "hinge", {}, hinge_binary, BITS[0][:, :1].clone(), BITS[1][:, :1].clone()
    yield "hinge_binary_far", "hinge", {}, hinge_binary, tensor([[1e6], [-1e6], [3.0]]), tensor([[0.0], [0.0], [1.0]])
    yield "hinge_classes", "hinge", {}, F.multi_margin_loss, *CLASSES
    yield "hinge_classes_far", "hinge", {}, F.multi_margin_loss, tensor([[1e6, -1e6, 0.0]]), torch.tensor([1])
    poisson = lambda z, y: F.poisson_nll_loss(z, y, log_input=True, full=False)
    yield "poisson", "poisson", {}, poisson, *COUNTS
    yield "poisson_far", "poisson", {}, poisson, tensor([-1000.0, 0.0, 80.0, 10.0]), tensor([0.0, 5.0, 2.0, 21000.0])
    for q in (0.5, 0.1, 0.9):
        function = lambda z, y, q=q: quantile(z, y, q)
        yield "quantile_%g" % q, "quantile", {"quantile": q}, function, *REGRESSION
        yield "quantile_%g_far" % q, "quantile", {"quantile": q}, function, *FAR


def by_formula(loss, options, z, y):
    """The loss again in numpy's extended precision, row by row: (value, gradient)."""
    z = z.numpy().astype(np.longdouble)
    if loss == "cross_entropy" or (loss == "hinge" and z.shape[-1] > 1):
        value, gradient = np.longdouble(0), np.zeros_like(z)
        for i, c in enumerate(y.numpy()):
            if loss == "cross_entropy":
                e = np.exp(z[i] - z[i].max())
                value += np.log(e.sum()) + z[i].max() - z[i, c]
                gradient[i] = e / e.sum() - (np.arange(z.shape[1]) == c)
            else:
                margin = 1 - z[i, c] + z[i]
                margin[c] = 0
                value += np.maximum(margin, 0).sum() / z.shape[1]
                gradient[i] = (margin > 0) / np.longdouble(z.shape[1])
                gradient[i, c] -= gradient[i].sum()
        return value / len(z), gradient / len(z)
    y = y.numpy().astype(np.longdouble)
    d = z - y
    if loss == "mse":
        value, gradient = d * d, 2 * d
    elif loss == "mae":
        value, gradient = abs(d), np.sign(d)
    elif loss == "huber":
        c = np.longdouble(options["delta"])
        value = np.where(abs(d) <= c, d * d / 2, c * (abs(d) - c / 2))
        gradient = np.clip(d, -c, c)
    elif loss == "binary_cross_entropy":
        value, gradient = np.logaddexp(0, z) - y * z, 1 / (1 + np.exp(-z)) - y
    elif loss == "hinge":
        s = 2 * y - 1
        value, gradient = np.maximum(0, 1 - s * z), np.where(1 - s * z > 0, -s, 0)
    elif loss == "poisson":
        value, gradient = np.exp(z) - y * z, np.exp(z) - y
    else:
        q = np.longdouble(options["quantile"])
        value, gradient = np.where(d < 0, -q * d, (1 - q) * d), np.where(d < 0, -q, 1 - q)
    return value.mean(), gradient / z.size


def generate(folder):
    with Writer(folder / "losses.txt") as out:
        for name, loss, options, function, z, y in cases():
            z = z.clone().requires_grad_(True)
            value = function(z, y)
            value.backward()
            want, gradient = by_formula(loss, options, z.detach(), y)
            close = np.allclose(float(value), float(want), rtol=1e-12, atol=1e-15) and np.allclose(
                z.grad.numpy(), gradient.astype(float), rtol=1e-12, atol=1e-15
            )
            if not close:
                raise SystemExit("%s: %r %r, by formula %r %r" % (name, value, z.grad, want, gradient))
            out.begin(name, loss=loss, **options)
            out.tensor("prediction", z)
            out.tensor("target", y)
            out.tensor("value", float(want))
            out.tensor("gradient", gradient.astype(float))
            out.end()
