"""Baseline defenses that prune, unoptimised (defenses E2, E5, E6, E9, E10, E11).

What they find in a network, and how they cut it. Models are in evaluation mode. Batches are
(normalized x, labels) pairs that can be gone through again and again. Gradients that the official
tool accumulates without need are accumulated here too.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tuning import fine_tune, sgd

BIN = 0.1  # of a histogram, in standard deviations
Options = dict[str, Any]
Batches = Iterable[tuple[Tensor, Tensor]]
Scores = dict[str, Tensor]


class MaskedNorm(nn.Module):
    """A batch norm in training mode whose weight and bias are scaled channel by channel."""

    def __init__(self, norm: nn.BatchNorm2d) -> None:
        super().__init__()
        self.norm = norm
        self.mask = nn.Parameter(torch.ones_like(norm.weight))
        self.weight_noise: Tensor | None = None
        self.bias_noise: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        weight = self.mask if self.weight_noise is None else self.mask + self.weight_noise
        bias = self.norm.bias if self.bias_noise is None else self.norm.bias * (1 + self.bias_noise)
        return F.batch_norm(
            x, None, None, self.norm.weight * weight, bias, training=True, eps=self.norm.eps
        )


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


def clp(model: nn.Module) -> Scores:
    """Bounds on the Lipschitz constants of the channels."""
    scores: Scores = {}
    conv: nn.Conv2d | None = None
    for key, module in model.named_modules():
        if isinstance(module, nn.Conv2d):
            conv = module
        if isinstance(module, nn.BatchNorm2d):
            found = []
            for j in range(module.num_features):
                scale = (module.weight[j] / module.running_var[j].sqrt()).abs()
                matrix = conv.weight[j].reshape(conv.weight.shape[1], -1) * scale
                found.append(torch.linalg.svdvals(matrix.detach()).max())
            scores[key] = torch.stack(found)
    return scores


@torch.no_grad()
def inputs_of_norms(model: nn.Module, x: Tensor) -> dict[str, tuple[nn.BatchNorm2d, Tensor]]:
    found: dict[str, Tensor] = {}
    hooks = [
        norm.register_forward_hook(lambda _m, taken, _out, key=key: found.update({key: taken[0]}))
        for key, norm in norms_of(model).items()
    ]
    model(x)
    for hook in hooks:
        hook.remove()
    return {key: (norm, found[key]) for key, norm in norms_of(model).items()}


def bnp(model: nn.Module, x: Tensor) -> Scores:
    """How far the statistics of clean images are from the running ones."""
    scores = {}
    for key, (norm, value) in inputs_of_norms(model, x).items():
        rows = value.transpose(0, 1).flatten(1)
        m1, v1 = rows.mean(1), rows.var(1)
        m2, v2 = norm.running_mean, norm.running_var
        scores[key] = 0.5 * (v2 / v1).log() + (v1 + (m1 - m2) ** 2) / (2 * v2) - 0.5
    return scores


def ep(model: nn.Module, x: Tensor) -> Scores:
    """Entropies of the channels' largest values."""
    scores = {}
    for key, (_, value) in inputs_of_norms(model, x).items():
        rows = value.amax((2, 3)).t()
        rows = (rows - rows.mean(1, keepdim=True)) / rows.std(1, keepdim=True)
        low, high = rows.min().item(), rows.max().item()
        scores[key] = torch.zeros(len(rows), dtype=rows.dtype)
        for t in range(int((high - low) / BIN)):
            inside = (rows > low + BIN * t) & (rows < low + BIN * (t + 1))
            p = inside.to(rows).mean(1)
            scores[key] -= torch.xlogy(p, p)
    return scores


@torch.no_grad()
def cut_outliers(model: nn.Module, scores: Scores, u: float) -> None:
    """Cuts channels by u standard deviations above the mean score of their norm."""
    for key, norm in norms_of(model).items():
        far = scores[key] > scores[key].mean() + u * scores[key].std()
        norm.weight[far] = 0
        norm.bias[far] = 0


@torch.no_grad()
def mean_features(model: nn.Module, batches: Batches) -> Tensor:
    """The means of what the first linear layer takes."""
    layer = next(m for m in model.modules() if isinstance(m, nn.Linear))
    found: list[Tensor] = []
    hook = layer.register_forward_hook(lambda _m, taken, _out: found.append(taken[0]))
    for x, _ in batches:
        model(x)
    hook.remove()
    return torch.cat(found).mean(0)


@torch.no_grad()
def accuracy(model: nn.Module, batches: Batches) -> float:
    model.eval()
    right = [(model(x).argmax(1) == y).double() for x, y in batches]
    return torch.cat(right).mean().item()


def fp(model: nn.Module, batches: Batches, judges: Batches, options: Options) -> list[float]:
    """Cuts the lowest features until the judges lose too much, then trains with these held at 0.
    The losses of the rounds."""
    layer = next(m for m in model.modules() if isinstance(m, nn.Linear))
    order = mean_features(model, batches).argsort(stable=True)
    before = accuracy(model, judges)
    whole = layer.weight.detach().clone()
    step = math.ceil(options["step"] * len(order))

    def cut(count: int) -> None:
        with torch.no_grad():
            layer.weight[:, order[:count]] = 0

    kept = 0
    for count in range(0, len(order), step):
        cut(count)
        if accuracy(model, judges) < (1 - options["most_drop"]) * before:
            break
        kept = count
    with torch.no_grad():
        layer.weight.copy_(whole)
    cut(kept)
    return fine_tune(model, batches, options, options["rounds"], lambda: cut(kept))


def learn_masks(
    layers: Sequence[MaskedNorm],
    model: nn.Module,
    batches: Batches,
    start_noise: Sequence[Tensor],
    options: Options,
) -> list[float]:
    """Adversarial neuron pruning: a step of the masks for each batch, with noise that starts anew.

    start_noise: of the weights of each norm, then of the biases. Returns the losses of the last
    step: with the first noise (negative), with the moved one, without.
    """
    optimizer = torch.optim.SGD(
        [layer.mask for layer in layers], lr=options["rate"], momentum=options["momentum"]
    )
    losses: list[Tensor] = []

    def put(values: Sequence[Tensor | None]) -> None:
        for i, layer in enumerate(layers):
            layer.weight_noise, layer.bias_noise = values[i], values[len(layers) + i]

    for x, y in batches:
        noise = [values.clone().requires_grad_() for values in start_noise]
        put(noise)
        first = -F.cross_entropy(model(x), y)
        first.backward()
        put([(v - options["bound"] * v.grad.sign()).detach() for v in noise])
        optimizer.zero_grad()
        robust = F.cross_entropy(model(x), y)
        put([None] * len(noise))
        natural = F.cross_entropy(model(x), y)
        share = options["clean_share"]
        (share * natural + (1 - share) * robust).backward()
        optimizer.step()
        clamp(layers)
        losses = [first, robust, natural]
    return [loss.item() for loss in losses]


def recover_masks(
    layers: Sequence[MaskedNorm], model: nn.Module, batches: Batches, options: Options
) -> list[float]:
    """The second part of reconstructive neuron pruning: its mean losses by rounds."""
    optimizer = torch.optim.SGD(
        [layer.mask for layer in layers], lr=options["rate"], momentum=options["momentum"]
    )
    losses = []
    for _ in range(options["rounds"]):
        of_batches = []
        for x, y in batches:
            loss = options["share"] * F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            clamp(layers)
            of_batches.append(loss.item())
        losses.append(sum(of_batches) / len(of_batches))
    return losses


def unlearn(model: nn.Module, batches: Batches, options: Options) -> list[float]:
    """The first part of reconstructive neuron pruning: training that raises the loss."""
    optimizer = sgd(model, options["learning_rate"])
    model.train()
    losses = []
    for _ in range(options["rounds"]):
        of_batches = []
        for x, y in batches:
            optimizer.zero_grad()
            loss = -F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            of_batches.append(loss.item())
        losses.append(sum(of_batches) / len(of_batches))
    return losses


@torch.no_grad()
def clamp(layers: Sequence[MaskedNorm]) -> None:
    for layer in layers:
        layer.mask.clamp_(0, 1)


@torch.no_grad()
def cut_masks(model: nn.Module, masks: Sequence[Tensor], threshold: float) -> None:
    """Sets the weights of channels to 0 whose mask, to four decimals, is at most a threshold."""
    for norm, mask in zip(norms_of(model).values(), masks, strict=True):
        norm.weight[(mask * 1e4).round() / 1e4 <= threshold + 1e-9] = 0
