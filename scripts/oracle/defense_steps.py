"""Baseline defenses on any network, unoptimised (defenses E3, E4, E7, E8).

`defense_steps.py FOLDER` reads request.json there (model, classes, side, images, draw, and for each
method its options), and writes what both sides start from, reference.pt and images.pt, what the
oracle ends at, expected.pt with the parameters of each method one after another, in double and in
single precision, and its figures, expected.json. Every batch has all the images, so that their
order does not matter.
"""

import copy
import json
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import grad
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn import functional

from data import ImageSet, Normalization
from flat import parameters_of
from lively import draw_images, enliven
from networks import network

CALIBRATION = 40  # images
SPREAD = 0.5  # of logits
MOMENTUM, WEIGHT_DECAY = 0.9, 5e-4
Options = dict[str, Any]


def sgd(model: nn.Module, rate: float) -> torch.optim.SGD:
    return torch.optim.SGD(
        model.parameters(), lr=rate, momentum=MOMENTUM, weight_decay=WEIGHT_DECAY
    )


def smoothed_divergence(logits: Tensor, labels: Tensor, smoothing: float) -> Tensor:
    classes = logits.shape[1]
    target = torch.full_like(logits, smoothing / (classes - 1))
    target.scatter_(1, labels.unsqueeze(1), 1 - smoothing)
    return functional.kl_div(logits.log_softmax(1), target, reduction="batchmean")


def ftsam(model: nn.Module, x: Tensor, y: Tensor, options: Options) -> list[float]:
    """The perturbed losses of the steps."""
    optimizer = sgd(model, options["learning_rate"])
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, options["schedule_length"])
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    losses = []
    model.train()
    for _ in range(options["rounds"]):
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


def ibau(model: nn.Module, x: Tensor, y: Tensor, options: Options) -> list[float]:
    """The outer losses of the rounds. All images have the perturbation in them."""
    parameters = list(model.parameters())
    optimizer = torch.optim.Adam(parameters, lr=options["learning_rate"], amsgrad=True)
    losses = []

    def inner(w: Tensor, labels: Tensor) -> Tensor:
        loss = functional.cross_entropy(model(x + w), labels)
        return options["norm_weight"] * w.square().sum() - loss

    for _ in range(options["rounds"]):
        start = torch.zeros_like(x[:1]).requires_grad_()
        (step,) = grad(inner(start, model(x).argmax(1)), start)
        w = (-options["perturbation_rate"] * step).detach().requires_grad_()
        outer = functional.cross_entropy(model(x + w), y)
        losses.append(outer.item())
        outer_w, *outer_theta = grad(outer, [w, *parameters])
        (inner_w,) = grad(inner(w, y), w, create_graph=True)
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


def nad(model: nn.Module, x: Tensor, y: Tensor, options: Options) -> list[float]:
    """The weighted attention losses of the steps. sites: modules whose outputs are compared."""
    teacher = copy.deepcopy(model)
    optimizer = sgd(teacher, options["learning_rate"])
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, options["schedule_length"])
    teacher.train()
    for _ in range(options["teacher_rounds"]):
        optimizer.zero_grad()
        functional.cross_entropy(teacher(x), y).backward()
        optimizer.step()
        schedule.step()
    teacher.eval()

    maps: dict[str, list[Tensor]] = {"student": [], "teacher": []}
    for name, network in (("student", model), ("teacher", teacher)):
        for site in options["sites"]:
            network.get_submodule(site).register_forward_hook(
                lambda _module, _inputs, output, into=maps[name]: into.append(output)
            )
    losses = []
    optimizer = sgd(model, options["learning_rate"])
    model.train()
    for _ in range(options["rounds"]):
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
    return losses


def nc(model: nn.Module, x: Tensor, y: Tensor, options: Options) -> list[float]:
    """The norms of the masks of the classes; no weight changes."""
    normalization = Normalization(dtype=x.dtype)
    model.requires_grad_(False)
    norms = []
    for target in range(options["classes"]):
        m = torch.ones(1, 1, *x.shape[2:], dtype=x.dtype, requires_grad=True)
        p = torch.ones_like(x[:1]).requires_grad_()
        optimizer = torch.optim.Adam([m, p], lr=options["mask_rate"], betas=(0.5, 0.9))
        for _ in range(options["epochs"]):
            mask, pattern = (v.tanh() / (2 + 1e-7) + 0.5 for v in (m, p))
            stamped = (1 - mask) * x + mask * normalization.normalize(pattern)
            logits = model(stamped)
            loss = functional.cross_entropy(logits, torch.full_like(y, target))
            optimizer.zero_grad()
            (loss + options["cost"] * mask.sum()).backward()
            optimizer.step()
        norms.append((m.tanh() / (2 + 1e-7) + 0.5).sum().item())
    return norms


class TwiceDifferentiable(nn.Module):
    """Hard sigmoid, whose backward pass has no derivative in PyTorch."""

    def forward(self, x: Tensor) -> Tensor:
        return (x + 3).clamp(0, 6) / 6


def twice_differentiable(model: nn.Module) -> nn.Module:
    for module in list(model.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.Hardsigmoid):
                setattr(module, name, TwiceDifferentiable())
    return model


METHODS = {"ftsam": ftsam, "ibau": ibau, "nad": nad, "nc": nc}


def main() -> None:
    torch.set_num_threads(1)
    folder = Path(sys.argv[1])
    request = json.loads((folder / "request.json").read_text())
    torch.manual_seed(request["draw"])
    images = draw_images(CALIBRATION, request["side"], request["classes"])
    model = network(request["model"], request["classes"])
    labels = enliven(model, request["model"], images, spread=SPREAD, own_statistics=False)
    torch.save(model.state_dict(), folder / "reference.pt")
    kept = ImageSet(*(t[: request["images"]].clone() for t in (images, labels, labels)))
    torch.save({"images": kept.images, "labels": kept.labels}, folder / "images.pt")

    tensors, figures = {"start": parameters_of(model)}, {}
    for dtype, suffix in ((torch.float32, ".single"), (torch.float64, "")):
        x = Normalization(dtype=dtype).from_uint8(kept.images)
        for name, options in request["methods"].items():
            trained = twice_differentiable(copy.deepcopy(model)).to(dtype)
            with sdpa_kernel(SDPBackend.MATH):  # the others have no second derivative
                figures[name] = METHODS[name](trained, x, kept.labels, options)
            tensors[name + suffix] = parameters_of(trained).float()
    torch.save(tensors, folder / "expected.pt")
    (folder / "expected.json").write_text(json.dumps(figures))


if __name__ == "__main__":
    main()
