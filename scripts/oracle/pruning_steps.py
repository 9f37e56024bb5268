"""What the defenses that prune find in a network, in plain PyTorch and double precision.

`pruning_steps.py MODEL` prints JSON: of channel Lipschitz, batch norm and entropy pruning the
scores of each norm, of fine-pruning the means of the features, of adversarial and reconstructive
neuron pruning losses and masks after one step. Weights, images and noise come from formula.py.
"""

import json
import math
import sys
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from formula import gain_of, images, state_dict, uniform
from networks import network

CLASSES = 10
SIDE = 32
COUNT = 12
NOISE = 2000  # first position of the formula's numbers that are the noise
BOUND = 0.4
RATE = 0.2  # of the masks


class MaskedNorm(nn.Module):
    """A batch norm in training mode whose weight and bias are scaled channel by channel."""

    def __init__(self, norm: nn.BatchNorm2d) -> None:
        super().__init__()
        self.norm = norm
        self.mask = torch.ones_like(norm.weight).requires_grad_()
        self.weight_noise: Tensor | None = None
        self.bias_noise: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        weight = self.mask if self.weight_noise is None else self.mask + self.weight_noise
        bias = self.norm.bias if self.bias_noise is None else self.norm.bias * (1 + self.bias_noise)
        return F.batch_norm(
            x, None, None, self.norm.weight * weight, bias, training=True, eps=self.norm.eps
        )


def fresh(name: str) -> nn.Module:
    model = network(name, CLASSES)
    model.load_state_dict(state_dict(model, gain_of(name)))
    return model.double().eval()


def norms_of(model: nn.Module) -> dict[str, nn.BatchNorm2d]:
    return {key: m for key, m in model.named_modules() if isinstance(m, nn.BatchNorm2d)}


def masked(model: nn.Module) -> list[MaskedNorm]:
    """Puts a mask on every batch norm."""
    layers = []
    for key, norm in norms_of(model).items():
        parent, _, name = key.rpartition(".")
        layers.append(MaskedNorm(norm))
        setattr(model.get_submodule(parent), name, layers[-1])
    return layers


def lipschitz(name: str) -> dict[str, list[float]]:
    scores: dict[str, list[float]] = {}
    conv: nn.Conv2d | None = None
    for key, module in fresh(name).named_modules():
        if isinstance(module, nn.Conv2d):
            conv = module
        if isinstance(module, nn.BatchNorm2d):
            scores[key] = []
            for j in range(module.num_features):
                scale = (module.weight[j] / module.running_var[j].sqrt()).abs()
                matrix = conv.weight[j].reshape(conv.weight.shape[1], -1) * scale
                scores[key].append(torch.linalg.svdvals(matrix).max().item())
    return scores


@torch.no_grad()
def inputs_of_norms(name: str, x: Tensor) -> dict[str, tuple[nn.BatchNorm2d, Tensor]]:
    model = fresh(name)
    found: dict[str, Tensor] = {}
    for key, norm in norms_of(model).items():
        norm.register_forward_hook(lambda _m, taken, _out, key=key: found.update({key: taken[0]}))
    model(x)
    return {key: (norm, found[key]) for key, norm in norms_of(model).items()}


def divergence(name: str, x: Tensor) -> dict[str, list[float]]:
    scores = {}
    for key, (norm, value) in inputs_of_norms(name, x).items():
        rows = value.transpose(0, 1).flatten(1)
        m1, v1 = rows.mean(1), rows.var(1)
        m2, v2 = norm.running_mean, norm.running_var
        scores[key] = (0.5 * (v2 / v1).log() + (v1 + (m1 - m2) ** 2) / (2 * v2) - 0.5).tolist()
    return scores


def entropy(name: str, x: Tensor) -> dict[str, list[float]]:
    scores = {}
    for key, (_, value) in inputs_of_norms(name, x).items():
        rows = value.amax((2, 3)).t()
        rows = (rows - rows.mean(1, keepdim=True)) / rows.std(1, keepdim=True)
        low, high = rows.min().item(), rows.max().item()
        scores[key] = []
        for row in rows.tolist():
            total = 0.0
            for t in range(int((high - low) / 0.1)):
                inside = [v for v in row if low + 0.1 * t < v < low + 0.1 * (t + 1)]
                p = len(inside) / len(row)
                total -= p * math.log(p) if p > 0 else 0.0
            scores[key].append(total)
    return scores


@torch.no_grad()
def features(name: str, x: Tensor) -> list[float]:
    model = fresh(name)
    layers = [m for m in model.modules() if isinstance(m, nn.Linear)]
    found: list[Tensor] = []
    layers[0].register_forward_hook(lambda _m, taken, _out: found.append(taken[0]))
    model(x)
    return found[0].mean(0).tolist()


def adversarial(name: str, x: Tensor, y: Tensor) -> dict[str, Any]:
    model = fresh(name)
    layers = masked(model)
    sizes = [len(layer.mask) for layer in layers]
    both = torch.from_numpy(BOUND * (2 * uniform(NOISE, 2 * sum(sizes)) - 1)).split(2 * [*sizes])
    noise = [values.clone().requires_grad_() for values in both]

    def put(values: list[Tensor] | None) -> None:
        for i, layer in enumerate(layers):
            layer.weight_noise = None if values is None else values[i]
            layer.bias_noise = None if values is None else values[len(layers) + i]

    put(noise)
    first = -F.cross_entropy(model(x), y)
    gradients = torch.autograd.grad(first, noise)
    put([(v - BOUND * g.sign()).detach() for v, g in zip(noise, gradients, strict=True)])
    robust = F.cross_entropy(model(x), y)
    put(None)
    natural = F.cross_entropy(model(x), y)
    losses = [first.item(), robust.item(), natural.item()]
    return {"losses": losses, "masks": stepped(0.2 * natural + 0.8 * robust, layers)}


def stepped(loss: Tensor, layers: list[MaskedNorm]) -> list[float]:
    gradients = torch.autograd.grad(loss, [layer.mask for layer in layers])
    masks = [layer.mask - RATE * g for layer, g in zip(layers, gradients, strict=True)]
    return torch.cat(masks).clamp(0, 1).tolist()


def reconstructive(name: str, x: Tensor, y: Tensor) -> dict[str, Any]:
    model = fresh(name).train()
    optimizer = torch.optim.SGD(model.parameters(), 0.01, momentum=0.9, weight_decay=5e-4)
    unlearning = -F.cross_entropy(model(x), y)
    unlearning.backward()
    optimizer.step()
    layers = masked(model)
    loss = 0.2 * F.cross_entropy(model(x), y)
    return {"losses": [unlearning.item(), loss.item()], "masks": stepped(loss, layers)}


def main() -> None:
    torch.set_num_threads(1)
    name = sys.argv[1]
    x = images(COUNT, SIDE).double()
    y = torch.arange(COUNT) % CLASSES
    found = {
        "count": COUNT,
        "clp": lipschitz(name),
        "bnp": divergence(name, x),
        "ep": entropy(name, x),
        "fp": features(name, x),
        "anp": adversarial(name, x, y),
        "rnp": reconstructive(name, x, y),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
