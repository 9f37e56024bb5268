"""The neural polarizer, unoptimised (defenses E12).

`add_polarizer` puts one before a convolution of a model. `npd` trains it, and nothing else, from
batches of (normalized x, labels). Each step makes all of its passes through the whole network.
"""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from data import Normalization

MOMENTUM, WEIGHT_DECAY = 0.9, 5e-4
Options = dict[str, Any]
Batches = Iterable[tuple[Tensor, Tensor]]


def add_polarizer(model: nn.Module, place: str) -> nn.Sequential:
    """A 1x1 convolution that is the identity and a norm, before the convolution of that name."""
    convolution = model.get_submodule(place)
    channels = convolution.in_channels
    polarizer = nn.Sequential(
        nn.Conv2d(channels, channels, 1, bias=False), nn.BatchNorm2d(channels)
    ).to(convolution.weight)
    nn.init.dirac_(polarizer[0].weight)
    model.set_submodule(place, nn.Sequential(*polarizer, convolution))
    return polarizer.eval()


def npd(
    model: nn.Module, polarizer: nn.Sequential, batches: Batches, options: Options
) -> list[float]:
    """The losses of the steps behind the warm-up."""
    model.eval().requires_grad_(False)
    polarizer.requires_grad_(True)
    warm_up(model, polarizer, batches, options)
    optimizer = torch.optim.SGD(
        polarizer.parameters(),
        lr=options["learning_rate"],
        momentum=MOMENTUM,
        weight_decay=WEIGHT_DECAY,
    )
    losses = []
    for _ in range(options["rounds"]):
        for x, y in batches:
            loss = loss_of(model, polarizer, x, y, options)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses


def warm_up(
    model: nn.Module, polarizer: nn.Sequential, batches: Batches, options: Options
) -> None:
    optimizer = torch.optim.SGD(polarizer.parameters(), lr=options["warmup_rate"])
    polarizer.train()
    for _ in range(options["warmup_rounds"]):
        for x, y in batches:
            optimizer.zero_grad()
            functional.cross_entropy(model(x), y).backward()
            optimizer.step()
    polarizer.eval()


def loss_of(
    model: nn.Module, polarizer: nn.Sequential, x: Tensor, y: Tensor, options: Options
) -> Tensor:
    normalization = Normalization(dtype=x.dtype)
    x01 = x * normalization.std + normalization.mean
    with torch.no_grad():
        clean = model(x)
    kept = clean.argmax(1)
    target = clean.scatter(1, y.unsqueeze(1), -torch.inf).argmax(1)
    delta = search(model, x01, target, normalization, options)
    other = normalization.normalize((x01 + delta).clamp(0, 1))

    polarizer.train(options["train_mode"])
    loss = options["weights"][0] * functional.cross_entropy(model(x), y)
    statistics = [b.clone() for b in polarizer.buffers()]
    logits = model(other)
    for buffer, before in zip(polarizer.buffers(), statistics):
        buffer.data = before  # they follow the clean images alone
    polarizer.eval()

    p = logits.softmax(1)
    first, second = logits.topk(2, 1).indices.unbind(1)
    wrong = torch.where(first == y, second, first)
    loss = loss + options["weights"][1] * functional.cross_entropy(logits, kept)
    for weight, chosen in zip(options["weights"][2:], (wrong, target)):
        risk = -(1.0001 - p.gather(1, chosen.unsqueeze(1))).log()
        loss = loss + weight * risk.mean()
    return loss


def search(
    model: nn.Module,
    x01: Tensor,
    target: Tensor,
    normalization: Normalization,
    options: Options,
) -> Tensor:
    """One perturbation for each image in pixel scale, towards its target."""
    is_l2 = options["norm"] == "L2"
    bound = options["bound"]
    delta = torch.zeros_like(x01) if is_l2 else torch.full_like(x01, bound)
    for _ in range(options["steps"]):
        delta.requires_grad_()
        logits = model(normalization.normalize((x01 + delta).clamp(0, 1)))
        each = functional.cross_entropy(logits, target, reduction="none")
        (gradient,) = torch.autograd.grad(each.clamp(-80, 80).mean(), delta)
        with torch.no_grad():
            step = gradient.sign() if options["sign_steps"] else gradient
            delta = delta - options["step_size"] * step
            if is_l2:
                norms = delta.flatten(1).norm(dim=1).view(-1, 1, 1, 1)
                delta = torch.where(norms > bound, delta * bound / norms, delta)
            else:
                delta = delta.clamp(-bound, bound)
            now = model(normalization.normalize((x01 + delta).clamp(0, 1))).argmax(1)
        if (now == target).double().mean() > options["enough"]:
            break
    return delta
