"""What PyTorch's libraries make of a network, in their own environment: `python learning_torch.py IN.npz OUT.npz`.

Imports nothing of raphson. IN holds the kind of the network, its weights w0, w1, ... in PyTorch's order, inputs x,
targets y, vectors (k, P), and how many repeats, eigenvalues and products (of a trace) there are. OUT holds products,
eigenvalues, traces and seconds by library; see `Found`.
"""

import json
import os
import sys
import time
import warnings

import numpy as np

os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

import torch  # noqa: E402
from torch import nn  # noqa: E402

GIVEN = np.load(sys.argv[1])
REPEATS, TOP, PRODUCTS = (int(GIVEN[name]) for name in ("repeats", "top", "products"))


def network(kind: str) -> nn.Module:
    """The two networks of the benchmark."""
    if kind == "mlp":
        return nn.Sequential(nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 10))
    return nn.Sequential(
        nn.Unflatten(1, (1, 8, 8)),
        nn.Conv2d(1, 4, 3, padding=1),
        nn.Tanh(),
        nn.Conv2d(4, 8, 3, padding=1, stride=2),
        nn.Tanh(),
        nn.Flatten(),
        nn.Linear(128, 10),
    )


def clocked(call, repeats=REPEATS):
    """The median of processor seconds, after one call that is not counted, and the last answer."""
    answer, spent = call(), []
    for _ in range(repeats):
        begin = time.process_time()
        answer = call()
        spent.append(time.process_time() - begin)
    return float(np.median(spent)), answer


class Found:
    """Arrays and numbers by library, written as one file."""

    def __init__(self):
        self.arrays, self.numbers = {}, {}

    def put(self, library, name, seconds, value):
        """One result."""
        self.numbers.setdefault(library, {})[name] = seconds
        self.arrays[f"{library}:{name}"] = np.asarray(value, float)


def flat(tensors):
    """One vector."""
    return torch.cat([t.reshape(-1) for t in tensors])


def curvlinops_side(found, model, loss, x, y, vectors):
    """curvlinops: products one by one and 16 together, eigenvalues through SciPy, XTrace, and the dense Hessian."""
    import curvlinops
    from scipy.sparse.linalg import eigsh

    params = list(model.parameters())
    hessian = curvlinops.HessianLinearOperator(model, loss, params, [(x, y)], check_deterministic=False)
    ggn = curvlinops.GGNLinearOperator(model, loss, params, [(x, y)], check_deterministic=False)
    one, many = vectors[0], vectors[:16].T.contiguous()
    found.put("curvlinops", "hessian", *clocked(lambda: hessian @ one))
    found.put("curvlinops", "gauss-newton", *clocked(lambda: ggn @ one))
    found.put("curvlinops", "hessian, 16", *clocked(lambda: hessian @ many))
    export = hessian.to_scipy()
    found.put("curvlinops", "top", *clocked(lambda: eigsh(export, TOP, which="LA", tol=1e-10)[0][::-1], 3))
    found.put("curvlinops", "trace", *clocked(lambda: curvlinops.xtrace(hessian, PRODUCTS), 3))
    n = one.numel()
    eye = torch.eye(n, dtype=one.dtype)
    begin = time.process_time()
    dense = torch.cat([hessian @ eye[:, i : i + 64] for i in range(0, n, 64)], dim=1)
    found.put("curvlinops", "dense", time.process_time() - begin, dense)


def eigenthings_side(found, model, loss, x, y, vectors):
    """hessian-eigenthings: products, Lanczos with as many steps as it needs, Hutch++."""
    import hessian_eigenthings as he
    from hessian_eigenthings.loss_fns.standard import cross_entropy_loss_of_output

    hessian = he.HessianOperator(model, [(x, y)], he.supervised_loss(loss))
    losses = cross_entropy_loss_of_output()
    ggn = he.GGNOperator(model, [(x, y)], he.supervised_forward, losses)
    one = vectors[0]
    name = "hessian-eigenthings"
    found.put(name, "hessian", *clocked(lambda: hessian @ one))
    found.put(name, "gauss-newton", *clocked(lambda: ggn @ one))

    def top():
        steps = 20
        while True:
            answer = he.lanczos(hessian, k=TOP, max_iter=steps, tol=1e-10, which="LA", seed=0, reorthogonalize=True)
            if bool(torch.all(answer.converged)) or steps > 400:
                return answer.eigenvalues
            steps *= 2

    found.put(name, "top", *clocked(top, 3))
    seconds, answer = clocked(lambda: he.trace(hessian, num_matvecs=PRODUCTS, method="hutch++", seed=0), 3)
    found.put(name, "trace", seconds, [answer.estimate, answer.stderr])


def pyhessian_side(found, model, loss, x, y, vectors):
    """PyHessian: products from a kept gradient, power iteration, Hutchinson."""
    from pyhessian import hessian
    from pyhessian.utils import hessian_vector_product

    begin = time.process_time()
    tool = hessian(model, loss, data=(x, y), cuda=False)
    found.put("PyHessian", "kept gradient", time.process_time() - begin, 0.0)
    pieces = vectors[0].split([p.numel() for p in tool.params])
    shaped = [piece.reshape(p.shape) for piece, p in zip(pieces, tool.params, strict=True)]
    found.put("PyHessian", "hessian", *clocked(lambda: flat(hessian_vector_product(tool.gradsH, tool.params, shaped))))
    seconds, answer = clocked(lambda: tool.eigenvalues(maxIter=500, tol=1e-9, top_n=TOP)[0], 1)
    found.put("PyHessian", "top", seconds, answer)
    seconds, samples = clocked(lambda: tool.trace(maxIter=PRODUCTS, tol=0.0), 3)
    found.put("PyHessian", "trace", seconds, [np.mean(samples), np.std(samples, ddof=1) / np.sqrt(len(samples))])


SIDES = {"curvlinops": curvlinops_side, "hessian-eigenthings": eigenthings_side, "PyHessian": pyhessian_side}


def main():
    """Reads, measures, writes."""
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    warnings.simplefilter("ignore")
    if os.environ.get("EIGENTHINGS"):
        sys.path.insert(0, os.environ["EIGENTHINGS"])
    model, loss = network(str(GIVEN["kind"])), nn.CrossEntropyLoss()
    with torch.no_grad():
        for i, p in enumerate(model.parameters()):
            p.copy_(torch.tensor(GIVEN[f"w{i}"]))
    x, y, vectors = torch.tensor(GIVEN["x"]), torch.tensor(GIVEN["y"]), torch.tensor(GIVEN["vectors"])
    found, missing = Found(), {}
    found.put("PyTorch", "gradient", *clocked(lambda: flat(torch.autograd.grad(loss(model(x), y), model.parameters()))))
    for name, side in SIDES.items():
        try:
            side(found, model, loss, x, y, vectors)
        except Exception as error:  # a library that is not there, or fails, is a row that says so
            missing[name] = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:150]
        model.zero_grad()
    from importlib.metadata import version

    versions = {"torch": torch.__version__}
    for name in ("curvlinops-for-pytorch", "pyhessian"):
        versions[name] = version(name) if name not in missing else "missing"
    about = {"spent": found.numbers, "missing": missing, "versions": versions}
    np.savez(sys.argv[2], about=json.dumps(about), **found.arrays)


if __name__ == "__main__":
    main()
