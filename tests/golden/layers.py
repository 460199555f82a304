"""layers.txt, images.txt, recurrent.txt: small networks around every layer kind, trained for 20 steps.

Images are NCHW inside PyTorch and flattened in that order (channel, row, column); inputs and the tested layer's output
are written in both layouts. The same runs in float64 stand in NAME_double.txt.
"""

import json

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from writer import Writer, gap, snapshot

STEPS = 20
BATCHES = 4


class Recurrent:
    """Mixed into nn.RNN, nn.LSTM and nn.GRU: the whole sequence [batch, time, units] or its last entry."""

    def forward(self, x):
        output, _ = super().forward(x)
        return output if self.sequences else output[:, -1]


class RNN(Recurrent, nn.RNN):
    pass


class LSTM(Recurrent, nn.LSTM):
    pass


class GRU(Recurrent, nn.GRU):
    pass


class ConvSame(nn.Conv2d):
    """"same" for any stride: output = ceil(input / stride), the odd row or column of padding goes to the end.

    For stride 1 this is PyTorch's padding="same"; PyTorch has no other, so larger strides are padded here.
    """

    def forward(self, x):
        pads = []
        for size, kernel, stride in zip(x.shape[:1:-1], self.kernel_size[::-1], self.stride[::-1]):
            total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
            pads += [total // 2, total - total // 2]
        return super().forward(F.pad(x, pads))


def recurrent(kind, inputs, units, sequences):
    layer = kind(inputs, units, batch_first=True)
    layer.sequences = sequences
    return layer


def describe(layer):
    """The layer in the words of the service's job spec."""
    if isinstance(layer, nn.Linear):
        return {"type": "dense", "units": layer.out_features, "bias": layer.bias is not None}
    if isinstance(layer, nn.Conv2d):
        return {"type": "conv2d", "filters": layer.out_channels, "kernel": list(layer.kernel_size),
                "stride": list(layer.stride), "padding": "same" if isinstance(layer, ConvSame) else "valid",
                "bias": layer.bias is not None}
    if isinstance(layer, (nn.MaxPool2d, nn.AvgPool2d)):
        kind = "max_pool2d" if isinstance(layer, nn.MaxPool2d) else "avg_pool2d"
        return {"type": kind, "size": layer.kernel_size, "stride": layer.stride}
    if isinstance(layer, Recurrent):
        return {"type": type(layer).__name__.lower(), "units": layer.hidden_size, "return_sequences": layer.sequences}
    if isinstance(layer, nn.Embedding):
        return {"type": "embedding", "dimensions": layer.embedding_dim, "vocabulary": layer.num_embeddings}
    if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d)):
        return {"type": "batch_norm", "momentum": layer.momentum, "eps": layer.eps}
    if isinstance(layer, nn.LayerNorm):
        return {"type": "layer_norm", "eps": layer.eps}
    if isinstance(layer, nn.Flatten):
        return {"type": "flatten"}
    return {"type": "activation", "function": type(layer).__name__.lower()}


IMAGE = (2, 6, 5)  # channels, height, width


def image_net(layer, features, outputs=2):
    return [layer, nn.Tanh(), nn.Flatten(), nn.Linear(features, outputs)]


# name -> (builder of the layer list, input shape of one example, target width, index of the tested layer)
CASES = {
    "dense": (lambda: [nn.Linear(5, 6), nn.ReLU(), nn.Linear(6, 3)], (5,), 3, 0),
    "dense_no_bias": (lambda: [nn.Linear(5, 6, bias=False), nn.Tanh(), nn.Linear(6, 3)], (5,), 3, 0),
    "dense_on_sequence": (
        lambda: [nn.Linear(3, 4), nn.Tanh(), nn.Flatten(), nn.Linear(16, 2)], (4, 3), 2, 0),
    "conv2d_valid": (lambda: image_net(nn.Conv2d(2, 3, 3), 36), IMAGE, 2, 0),
    "conv2d_valid_stride2": (lambda: image_net(nn.Conv2d(2, 3, 3, stride=2), 12), IMAGE, 2, 0),
    "conv2d_valid_rectangular": (lambda: image_net(nn.Conv2d(2, 3, (2, 3), stride=(1, 2)), 30), IMAGE, 2, 0),
    "conv2d_same": (lambda: image_net(ConvSame(2, 3, 3), 90), IMAGE, 2, 0),
    "conv2d_same_even_kernel": (lambda: image_net(ConvSame(2, 3, 2), 90), IMAGE, 2, 0),
    "conv2d_same_stride2": (lambda: image_net(ConvSame(2, 3, 3, stride=2), 27), IMAGE, 2, 0),
    "conv2d_no_bias": (lambda: image_net(nn.Conv2d(2, 3, 3, bias=False), 36), IMAGE, 2, 0),
    "conv2d_1x1": (lambda: image_net(nn.Conv2d(2, 3, 1), 90), IMAGE, 2, 0),
    "max_pool2d": (
        lambda: [nn.Conv2d(2, 3, 2), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(12, 2)], IMAGE, 2, 1),
    "max_pool2d_overlapping": (
        lambda: [nn.Conv2d(2, 3, 2), nn.MaxPool2d(2, stride=1), nn.Flatten(), nn.Linear(36, 2)], IMAGE, 2, 1),
    "avg_pool2d": (
        lambda: [nn.Conv2d(2, 3, 2), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(12, 2)], IMAGE, 2, 1),
    "avg_pool2d_overlapping": (
        lambda: [nn.Conv2d(2, 3, 2), nn.AvgPool2d(3, stride=1), nn.Flatten(), nn.Linear(18, 2)], IMAGE, 2, 1),
    "batch_norm": (
        lambda: [nn.Linear(4, 5), nn.BatchNorm1d(5), nn.Tanh(), nn.Linear(5, 2)], (4,), 2, 1),
    "batch_norm_image": (
        lambda: [nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(36, 2)], IMAGE, 2, 1),
    "layer_norm": (
        lambda: [nn.Linear(4, 5), nn.LayerNorm(5), nn.Tanh(), nn.Linear(5, 2)], (4,), 2, 1),
    "layer_norm_on_sequence": (
        lambda: [nn.LayerNorm(3), nn.Flatten(), nn.Linear(12, 2)], (4, 3), 2, 0),
    "embedding": (
        lambda: [nn.Embedding(7, 3), nn.Flatten(), nn.Linear(12, 2)], "tokens", 2, 0),
    "text": (  # character model: every position predicts the next token
        lambda: [nn.Embedding(7, 3), recurrent(LSTM, 3, 4, True), nn.Linear(4, 7)], "text", 7, 1),
    "convnet": (  # two convolutions with pools and a softmax head
        lambda: [ConvSame(1, 3, 3), nn.ReLU(), nn.MaxPool2d(2), ConvSame(3, 4, 3), nn.ReLU(), nn.MaxPool2d(2),
                 nn.Flatten(), nn.Linear(16, 3)], (1, 8, 8), "classes", 3),
}
for kind in (RNN, LSTM, GRU):
    name = kind.__name__.lower()
    CASES[name] = (lambda k=kind: [recurrent(k, 3, 4, False), nn.Linear(4, 2)], (5, 3), 2, 0)
    CASES[name + "_sequences"] = (
        lambda k=kind: [recurrent(k, 3, 4, True), nn.Flatten(), nn.Linear(20, 2)], (5, 3), 2, 0)
    CASES[name + "_stacked"] = (
        lambda k=kind: [recurrent(k, 3, 4, True), recurrent(k, 4, 3, False), nn.Linear(3, 2)], (5, 3), 2, 0)

ADAM = {"embedding", "text", "convnet", "gru_stacked", "conv2d_same", "layer_norm"}


class Net(nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.layers = nn.Sequential(*layers)


def inputs(*shape):
    """Normal numbers rounded to 64ths: short in the file and exact in both widths."""
    return (64 * torch.randn(*shape)).round() / 64


def make_batches(shape, width, dtype):
    batches, size = [], 3 if len(shape) == 3 else 5
    for _ in range(BATCHES):
        if shape == "tokens":
            x, y = torch.randint(0, 7, (size, 4)), torch.randn(size, width).to(dtype)
        elif shape == "text":
            tokens = torch.randint(0, 7, (size, 6))
            x, y = tokens[:, :-1], tokens[:, 1:]
        elif width == "classes":
            x, y = inputs(size, *shape).to(dtype), torch.randint(0, 3, (size,))
        else:
            x, y = inputs(size, *shape).to(dtype), torch.randn(size, width).to(dtype)
        batches.append((x, y))
    return batches


def loss_of(output, y):
    if y.dtype != torch.int64:
        return F.mse_loss(output, y)
    return F.cross_entropy(output.reshape(-1, output.shape[-1]), y.reshape(-1))


def buffers(net):
    return [(n, b.detach().clone()) for n, b in net.named_buffers() if "num_batches" not in n]


def run(name, seed, dtype):
    """Train one case and return everything that is written."""
    build, shape, width, tested = CASES[name]
    torch.manual_seed(seed)
    net = Net(build()).to(dtype)
    for parameter_name, p in net.named_parameters():
        if any(part in parameter_name for part in ("1.weight", "1.bias")) and p.dim() == 1:
            with torch.no_grad():  # a norm's scale and shift away from 1 and 0, so that a mix-up shows
                p.add_(0.3 * torch.randn(p.shape).to(dtype))
    batches = make_batches(shape, width, dtype)
    if name in ADAM:
        optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    else:
        optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    result = {"net": net, "batches": batches, "tested": tested, "losses": []}
    result["parameters"], result["buffers"] = {0: snapshot(net)}, {0: buffers(net)}
    for step in range(1, STEPS + 1):
        x, y = batches[(step - 1) % BATCHES]
        optimizer.zero_grad()
        hidden = net.layers[: tested + 1](x)
        output = net.layers[tested + 1 :](hidden)
        loss = loss_of(output, y)
        loss.backward()
        if step == 1:
            result["hidden"], result["output"] = hidden.detach(), output.detach()
            result["gradient"] = [(n, p.grad.clone()) for n, p in net.named_parameters()]
        optimizer.step()
        result["losses"].append(loss.detach())
        result["parameters"][step], result["buffers"][step] = snapshot(net), buffers(net)
    net.eval()
    result["evaluation"] = net.layers(batches[0][0]).detach()
    return result


def both_layouts(out, name, values):
    if values.dim() == 4:
        out.tensor(name + "_nchw", values)
        out.tensor(name + "_nhwc", values.permute(0, 2, 3, 1))
    else:
        out.tensor(name, values)


def write(out, name, r, dtype, difference):
    y = r["batches"][0][1]
    out.begin(name, dtype=dtype, loss="cross_entropy" if y.dtype == torch.int64 else "mse",
              steps=STEPS, batches=BATCHES, tested_layer=r["tested"], float32_gap="%.2g" % difference)
    if name in ADAM:
        for key, value in (("optimizer", "adam"), ("learning_rate", 0.01)):
            out.meta(key, value)
    else:
        for key, value in (("optimizer", "sgd"), ("learning_rate", 0.05), ("momentum", 0.9)):
            out.meta(key, value)
    for i, layer in enumerate(r["net"].layers):
        out.meta("layers.%d" % i, json.dumps(describe(layer)))
    for i, (x, y) in enumerate(r["batches"]):
        both_layouts(out, "batch.%d.x" % i, x)
        out.tensor("batch.%d.y" % i, y)
    out.tensors("start.", r["parameters"][0])
    both_layouts(out, "hidden", r["hidden"])
    out.tensor("output", r["output"])
    out.tensors("gradient.", r["gradient"])
    out.tensor("loss", torch.stack(r["losses"]))
    for step in (1, STEPS):
        out.tensors("step%d." % step, r["parameters"][step])
    for step in (0, 1, STEPS):
        out.tensors("buffers%d." % step, r["buffers"][step])
    out.tensor("evaluation", r["evaluation"])
    out.end()


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def recurrent_by_hand(kind, p, x):
    """Last hidden state of rnn, lstm (gates i f g o) or gru (gates r z n) in numpy."""
    w, u, b, c = (p["layers.0.%s_l0" % n].numpy() for n in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
    h = np.zeros((x.shape[0], u.shape[1]))
    cell = h
    for t in range(x.shape[1]):
        a, r = x[:, t] @ w.T + b, h @ u.T + c
        if kind == "rnn":
            h = np.tanh(a + r)
        elif kind == "lstm":
            i, f, g, o = np.split(a + r, 4, axis=1)
            cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(cell)
        else:
            (ar, az, an), (hr, hz, hn) = np.split(a, 3, axis=1), np.split(r, 3, axis=1)
            z = sigmoid(az + hz)
            h = (1 - z) * np.tanh(an + sigmoid(ar + hr) * hn) + z * h
    return h


def convolution_by_hand(p, x, stride, same):
    """conv2d in plain loops over NHWC input and [out, in, kh, kw] weights: the layout of the C code."""
    w, b = p["layers.0.weight"].numpy(), p["layers.0.bias"].numpy()
    size, k = x.shape[1:3], w.shape[2:]
    if same:
        totals = [max((-(-n // stride) - 1) * stride + m - n, 0) for n, m in zip(size, k)]
        x = np.pad(x, [(0, 0)] + [(t // 2, t - t // 2) for t in totals] + [(0, 0)])
    out = [(n - m) // stride + 1 for n, m in zip(x.shape[1:3], k)]
    y = np.zeros((x.shape[0], out[0], out[1], w.shape[0]))
    for row in range(out[0]):
        for column in range(out[1]):
            patch = x[:, row * stride : row * stride + k[0], column * stride : column * stride + k[1], :]
            y[:, row, column, :] = np.einsum("nhwc,ochw->no", patch, w) + b
    return y


def check(name, r):
    """First forward pass again without PyTorch, where that is a few lines."""
    p, x = dict(r["parameters"][0]), r["batches"][0][0].numpy()
    if name in ("rnn", "lstm", "gru"):
        got, want = r["hidden"].numpy(), recurrent_by_hand(name, p, x)
    elif name in ("conv2d_valid", "conv2d_valid_stride2", "conv2d_same", "conv2d_same_even_kernel",
                  "conv2d_same_stride2", "conv2d_1x1"):
        got = r["hidden"].permute(0, 2, 3, 1).numpy()
        want = convolution_by_hand(p, x.transpose(0, 2, 3, 1), 2 if "stride2" in name else 1, "same" in name)
    elif name in ("batch_norm", "layer_norm"):
        z = x @ p["layers.0.weight"].numpy().T + p["layers.0.bias"].numpy()
        axis = 0 if name == "batch_norm" else 1
        z = (z - z.mean(axis, keepdims=True)) / np.sqrt(z.var(axis, keepdims=True) + 1e-5)
        got, want = r["hidden"].numpy(), z * p["layers.1.weight"].numpy() + p["layers.1.bias"].numpy()
    else:
        return
    if not np.allclose(got, want, rtol=1e-11, atol=1e-12):
        raise SystemExit("%s: first forward pass differs from its formula" % name)


def family(name):
    """The file a case stands in."""
    if name.startswith(("rnn", "lstm", "gru", "text")):
        return "recurrent"
    return "images" if len(CASES[name][1]) == 3 else "layers"


def generate(folder):
    runs = {}
    for seed, name in enumerate(CASES, start=100):
        single, double = (run(name, seed, t) for t in (torch.float32, torch.float64))
        check(name, double)
        runs[name] = (single, double, gap(single["parameters"][STEPS], double["parameters"][STEPS]))
    for file in ("layers", "images", "recurrent"):
        with Writer(folder / (file + ".txt"), torch.float32) as single, \
                Writer(folder / (file + "_double.txt"), torch.float64) as double:
            for name in (n for n in CASES if family(n) == file):
                write(single, name, runs[name][0], "float32", runs[name][2])
                write(double, name, runs[name][1], "float64", runs[name][2])
    return [(difference, name) for name, (_, _, difference) in runs.items()]
