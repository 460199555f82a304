"""scikit-learn on the workloads of workloads.c that it has, by the protocol of protocol.h. Its estimators are timed over
whole fits, so a measurement is as many epochs as fill the time."""
import sys
import time
import warnings

try:
    import numpy as np
    from sklearn.linear_model import SGDClassifier, SGDRegressor
    from sklearn.neural_network import MLPClassifier
    warnings.filterwarnings("ignore")
except ImportError:
    np = None


def make(name):
    """Features, targets and a function from epochs to an estimator."""
    random = np.random.default_rng(0)
    if name in ("linear-32-b1-sgd", "linear-32-b1-sgd-in-order", "logistic-32-b64-adam"):
        x = random.standard_normal((200000, 32))
        y = x @ random.standard_normal(32) + 0.1 * random.standard_normal(200000)
        if name == "logistic-32-b64-adam":  # with a batch of 1 and no Adam, which it has not
            return x, y > 0, lambda epochs: SGDClassifier(loss="log_loss", max_iter=epochs, tol=None)
        shuffle = name == "linear-32-b1-sgd"
        return x, y, lambda epochs: SGDRegressor(max_iter=epochs, tol=None, shuffle=shuffle)
    if name == "mlp-784-128-10-b64-adam":
        x, y = random.random((20000, 784), dtype=np.float32), random.integers(0, 10, 20000)
        return x, y, lambda epochs: MLPClassifier((128,), batch_size=64, max_iter=epochs, n_iter_no_change=10**6)
    if name == "mlp-2-16-1-b32-adam":
        x = random.standard_normal((2000, 2))
        y = x[:, 0] * x[:, 1] > 0
        return x, y, lambda epochs: MLPClassifier((16,), activation="tanh", batch_size=32, max_iter=epochs,
                                                  n_iter_no_change=10**6)
    return None


def fit(made, epochs):
    x, y, estimator = made
    start = time.process_time()
    estimator(epochs).fit(x, y)
    return epochs * len(x) / (time.process_time() - start)


def main():
    name, made = None, None
    for line in sys.stdin:
        seconds, asked = line.split()
        if np is not None and asked != name:
            name, made = asked, make(asked)
            speed = fit(made, 1) if made else 0
        if not made:
            print("-", flush=True)
            continue
        epochs = max(1, round(float(seconds) * speed / len(made[0])))
        print(f"{fit(made, epochs):.6g}", flush=True)


main()
