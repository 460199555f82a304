"""PyTorch on the workloads of workloads.c, one thread, by the protocol of protocol.h: each line of standard input,
"SECONDS NAME", is answered by samples a second of processor time, or by "-"."""
import sys
import time

try:
    import torch
    import torch.nn as nn
    import torch.nn.functional as F
except ImportError:
    torch = None


class Convolutions(nn.Module if torch else object):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 8, 5, padding=2)
        self.second = nn.Conv2d(8, 16, 5, padding=2)
        self.last = nn.Linear(16 * 49, 10)

    def forward(self, images):
        x = F.max_pool2d(F.relu(self.first(images)), 2)
        x = F.max_pool2d(F.relu(self.second(x)), 2)
        return self.last(x.flatten(1))


class Recurrent(nn.Module if torch else object):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(65, 32)
        self.lstm = nn.LSTM(32, 128, batch_first=True)
        self.last = nn.Linear(128, 65)

    def forward(self, symbols):
        return self.last(self.lstm(self.embedding(symbols))[0]).transpose(1, 2)


def dense(*widths):
    layers = []
    for before, after in zip(widths[:-1], widths[1:]):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def regression(count):
    x = torch.randn(count, 32)
    return x, x @ torch.randn(32, 1) + 0.1 * torch.randn(count, 1)


def make(name):
    """Model, features, targets, loss, optimizer, batch size."""
    if name.startswith("linear-32"):
        x, y = regression(200000)
        model = nn.Linear(32, 1)
        batch = {"b64": 64, "b1": 1, "full": 200000}[name.split("-")[2]]
        return model, x, y, F.mse_loss, torch.optim.SGD(model.parameters(), 1e-3), batch
    if name == "logistic-32-b64-adam":
        x, y = regression(200000)
        model = nn.Linear(32, 1)
        loss = F.binary_cross_entropy_with_logits
        return model, x, (y > 0).float(), loss, torch.optim.Adam(model.parameters(), 1e-3), 64
    if name == "mlp-2-16-1-b32-adam":
        x = torch.randn(2000, 2)
        y = (x[:, 0] * x[:, 1] > 0).float().unsqueeze(1)
        model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))
        loss = F.binary_cross_entropy_with_logits
        return model, x, y, loss, torch.optim.Adam(model.parameters(), 1e-2), 32
    if name == "mlp-784-128-10-b64-adam":
        x, y, model, batch = torch.rand(20000, 784), torch.randint(0, 10, (20000,)), dense(784, 128, 10), 64
    elif name == "mlp-1024-2048-2048-10-b128-adam":
        x, y = torch.randn(8192, 1024), torch.randint(0, 10, (8192,))
        model, batch = dense(1024, 2048, 2048, 10), 128
    elif name == "conv-28x28-8-16-b64-adam":
        last = torch.channels_last if "--channels-last" in sys.argv else torch.contiguous_format
        x = torch.randn(8192, 1, 28, 28).contiguous(memory_format=last)
        y, model, batch = torch.randint(0, 10, (8192,)), Convolutions().to(memory_format=last), 64
    elif name == "lstm-65-32-128-t64-b32-adam":
        x, y = torch.randint(0, 65, (1024, 64)), torch.randint(0, 65, (1024, 64))
        model, batch = Recurrent(), 32
    else:
        return None
    return model, x, y, F.cross_entropy, torch.optim.Adam(model.parameters(), 1e-3), batch


def train(made, seconds, position):
    model, x, y, loss_function, optimizer, batch = made
    done, start = 0, time.process_time()
    while True:
        first = position[0]
        if first + batch > len(x):
            first = 0
        position[0] = first + batch
        optimizer.zero_grad(set_to_none=True)
        loss_function(model(x[first:first + batch]), y[first:first + batch]).backward()
        optimizer.step()
        done += batch
        taken = time.process_time() - start
        if taken >= seconds:
            return done / taken


def main():
    if torch:
        torch.manual_seed(0)
        torch.set_num_threads(1)
    name, made, position = None, None, [0]
    for line in sys.stdin:
        seconds, asked = line.split()
        if torch and asked != name:
            name, made, position = asked, make(asked), [0]
            if made:
                train(made, 0.2, position)
        print(f"{train(made, float(seconds), position):.6g}" if made else "-", flush=True)


main()
