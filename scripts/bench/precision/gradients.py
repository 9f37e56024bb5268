"""Gradients of the official procedure's inner objective in float64, and in PyTorch's own float32.

Reads one JSON line: the world of bench.mjs with `gradients`, a list of {precision, start, file},
and `pgd`, the attack's options. Writes each gradient of delta at its start as raw float64
[n,3,H,W], up to one positive factor, and answers with the number of shared images of each.
"""

import json
import sys
from pathlib import Path
from typing import Any

from baseline_model import load_model  # first: it finds the oracle
import torch
from torch import Tensor

from data import ImageSet, Normalization, read_attack_result, read_cifar10
from losses import inner_losses
from preact_resnet import PreActResNet18
from sau import PgdOptions, initial_delta

PIECE = 64  # images; in evaluation mode batch norm treats each image apart
DTYPES = {"fp64": torch.float64, "fp32": torch.float32, "tf32": torch.float32}


def inner_gradient(
    f: PreActResNet18,
    g: PreActResNet18,
    images: ImageSet,
    normalization: Normalization,
    pgd: PgdOptions,
) -> tuple[Tensor, Tensor]:
    """Gradient at the initial delta of the sum over the images, and who is shared (bool [n])."""
    x = normalization.from_uint8(images.images)
    y = images.labels.to(x.device)
    delta = initial_delta(x, pgd).requires_grad_()
    with torch.no_grad():
        clean_f, clean_g = f(x).argmax(1), g(x).argmax(1)
    moved = normalization.perturbed(x, delta)
    losses = inner_losses(f(moved), g(moved), y, clean_f, clean_g, pgd.beta1, pgd.beta2)
    (gradient,) = torch.autograd.grad(losses.total * len(y), delta)
    assert not gradient[losses.shared_mask].any(), "a shared image has no gradient"
    return gradient, losses.shared_mask


def write_gradient(world: dict[str, Any], subset: ImageSet, precision: str, start: str,
                   file: str) -> int:
    """The number of shared images."""
    device, dtype = world["device"], DTYPES[precision]
    for backend in (torch.backends.cudnn, torch.backends.cuda.matmul):
        backend.allow_tf32 = precision == "tf32"
    trainee = torch.load(world["trainee"], map_location="cpu", weights_only=True)
    reference = read_attack_result(Path(world["record"]))
    f, g = (load_model(attack, device).to(dtype).requires_grad_(False)
            for attack in (trainee, reference))
    pgd = PgdOptions(init=start, **world["pgd"])
    normalization = Normalization(dtype=dtype, device=device)
    pieces = [
        inner_gradient(f, g, subset.select(slice(i, i + PIECE)), normalization, pgd)
        for i in range(0, len(subset), PIECE)
    ]
    torch.cat([gradient for gradient, _ in pieces]).double().cpu().numpy().tofile(file)
    return sum(int(shared.sum().item()) for _, shared in pieces)


def main() -> None:
    world = json.loads(sys.stdin.readline())
    torch.set_num_threads(world["threads"])
    torch.backends.cudnn.deterministic = True
    chosen = world["cleanIndices"][: world["batch"]]
    subset = read_cifar10(Path(world["data"]), "train").select(chosen)
    shared = [write_gradient(world, subset, **wanted) for wanted in world["gradients"]]
    print(json.dumps({"shared": shared, "torch": torch.__version__}), flush=True)


if __name__ == "__main__":
    main()
