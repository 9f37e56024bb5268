"""Baseline defenses that train, unoptimised (defenses E1, E3, E4, E7, E8).

Each takes a model and its batches, (normalized x, labels) pairs that can be gone through again and
again, and changes the model as the official procedure does. Gradients that the official tool
accumulates without need are accumulated here too. Names of options are snake case.
"""

import copy
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import grad
from torch.nn import functional

from data import Normalization

MOMENTUM, WEIGHT_DECAY = 0.9, 5e-4
Options = dict[str, Any]
Batches = Iterable[tuple[Tensor, Tensor]]


def sgd(model: nn.Module, rate: float) -> torch.optim.SGD:
    return torch.optim.SGD(
        model.parameters(), lr=rate, momentum=MOMENTUM, weight_decay=WEIGHT_DECAY
    )


def cosine(optimizer: torch.optim.SGD, length: int) -> torch.optim.lr_scheduler.LRScheduler:
    return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, length)


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def fine_tune(
    model: nn.Module,
    batches: Batches,
    options: Options,
    rounds: int,
    after_step: Callable[[], None] = lambda: None,
) -> list[float]:
    """Ordinary training. The mean losses of the rounds."""
    optimizer = sgd(model, options["learning_rate"])
    schedule = cosine(optimizer, options["schedule_length"])
    model.train()
    losses = []
    for _ in range(rounds):
        of_batches = []
        for x, y in batches:
            optimizer.zero_grad()
            loss = functional.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            after_step()
            of_batches.append(loss.item())
        schedule.step()
        losses.append(mean(of_batches))
    return losses


def ft(model: nn.Module, batches: Batches, options: Options) -> list[float]:
    return fine_tune(model, batches, options, options["rounds"])


def smoothed_divergence(logits: Tensor, labels: Tensor, smoothing: float) -> Tensor:
    classes = logits.shape[1]
    target = torch.full_like(logits, smoothing / (classes - 1))
    target.scatter_(1, labels.unsqueeze(1), 1 - smoothing)
    return functional.kl_div(logits.log_softmax(1), target, reduction="batchmean")


def ftsam(model: nn.Module, batches: Batches, options: Options) -> list[float]:
    """The perturbed losses of the steps."""
    optimizer = sgd(model, options["learning_rate"])
    schedule = cosine(optimizer, options["schedule_length"])
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    losses = []
    model.train()
    for _ in range(options["rounds"]):
        for x, y in batches:
            optimizer.zero_grad()
            smoothed_divergence(model(x), y, options["smoothing"]).backward()
            with torch.no_grad():
                weighted = [(p.abs() * p.grad).norm() for p in model.parameters()]
                scale = options["rho"] / (torch.stack(weighted).norm() + 1e-12)
                steps = [p.square() * p.grad * scale for p in model.parameters()]
                for p, step in zip(model.parameters(), steps):
                    p.add_(step)
            momenta = [norm.momentum for norm in norms]
            for norm in norms:
                norm.momentum = 0
            optimizer.zero_grad()
            loss = smoothed_divergence(model(x), y, options["smoothing"])
            loss.backward()
            losses.append(loss.item())
            with torch.no_grad():
                for p, step in zip(model.parameters(), steps):
                    p.sub_(step)
            for norm, momentum in zip(norms, momenta):
                norm.momentum = momentum
            optimizer.step()
            schedule.step()
    return losses


def ibau(model: nn.Module, batches: Batches, options: Options) -> list[float]:
    """The outer losses of the steps. All images have the perturbation in them."""
    parameters = list(model.parameters())
    optimizer = torch.optim.Adam(parameters, lr=options["learning_rate"], amsgrad=True)
    stored = list(batches)
    inner_x, inner_y = stored[0]
    losses = []

    def inner(x: Tensor, w: Tensor, labels: Tensor) -> Tensor:
        loss = functional.cross_entropy(model(x + w), labels)
        return options["norm_weight"] * w.square().sum() - loss

    for _ in range(options["rounds"]):
        w = torch.zeros_like(inner_x[:1])
        for x, _ in batches:
            w = w.detach().requires_grad_()
            inner(x, w, model(x).argmax(1)).backward()
            w = w - options["perturbation_rate"] * w.grad
        w = w.detach().requires_grad_()
        for x, y in stored:
            outer = functional.cross_entropy(model(x + w), y)
            losses.append(outer.item())
            outer_w, *outer_theta = grad(outer, [w, *parameters])
            (inner_w,) = grad(inner(inner_x, w, inner_y), w, create_graph=True)
            mapped = w - options["fixed_point_rate"] * inner_w
            v = torch.zeros_like(w)
            for _ in range(options["fixed_points"]):
                (product,) = grad(mapped, w, v, retain_graph=True)
                v = product + outer_w
            implicit = grad(mapped, parameters, v, allow_unused=True)
            for p, explicit, more in zip(parameters, outer_theta, implicit):
                p.grad = explicit if more is None else explicit + more
            optimizer.step()
    return losses


def attention(a: Tensor) -> Tensor:
    q = a.square().sum(1).flatten(1)
    return q / (q.norm(dim=1, keepdim=True) + 1e-6)


def nad(model: nn.Module, batches: Batches, options: Options) -> list[float]:
    """The weighted attention losses of the steps. sites: modules whose outputs are compared."""
    teacher = copy.deepcopy(model)
    fine_tune(teacher, batches, options, options["teacher_rounds"])
    teacher.eval()

    maps: dict[str, list[Tensor]] = {"student": [], "teacher": []}
    hooks = [
        network.get_submodule(site).register_forward_hook(
            lambda _module, _inputs, output, into=maps[name]: into.append(output)
        )
        for name, network in (("student", model), ("teacher", teacher))
        for site in options["sites"]
    ]
    losses = []
    optimizer = sgd(model, options["learning_rate"])
    model.train()
    for _ in range(options["rounds"]):
        for x, y in batches:
            for kept in maps.values():
                kept.clear()
            with torch.no_grad():
                teacher(x)
            logits = model(x)
            pairs = zip(options["betas"], maps["student"], maps["teacher"])
            distill = sum(
                beta * (attention(a) - attention(b)).square().mean() for beta, a, b in pairs
            )
            optimizer.zero_grad()
            (functional.cross_entropy(logits, y) + distill).backward()
            optimizer.step()
            losses.append(distill.item())
    for hook in hooks:
        hook.remove()
    return losses


def nc(model: nn.Module, batches: Batches, options: Options) -> list[float]:
    """The norms of the masks of the classes; no weight changes."""
    model.requires_grad_(False)
    shape = next(iter(batches))[0][:1]
    normalization = Normalization(dtype=shape.dtype)
    norms = []
    for target in range(options["classes"]):
        m = torch.ones_like(shape[:, :1]).requires_grad_()
        p = torch.ones_like(shape).requires_grad_()
        optimizer = torch.optim.Adam([m, p], lr=options["mask_rate"], betas=(0.5, 0.9))
        for _ in range(options["epochs"]):
            for x, y in batches:
                mask, pattern = (squashed(v) for v in (m, p))
                stamped = (1 - mask) * x + mask * normalization.normalize(pattern)
                logits = model(stamped)
                loss = functional.cross_entropy(logits, torch.full_like(y, target))
                optimizer.zero_grad()
                (loss + options["cost"] * mask.sum()).backward()
                optimizer.step()
        norms.append(squashed(m).sum().item())
    model.requires_grad_(True)
    return norms


def squashed(variable: Tensor) -> Tensor:
    return variable.tanh() / (2 + 1e-7) + 0.5
