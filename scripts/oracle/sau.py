"""Shared Adversarial Unlearning, the official procedure unoptimized (specification B1).

It keeps the official cost: the clean forwards of both models run again in every PGD step (4
forwards and 2 backwards per step), `.backward()` accumulates weight gradients of both models, the
outer forward runs on the concatenation [x; x~], masks select rows (a host synchronization each on a
GPU) and the early stop is decided on the host. Predictions that only feed an argmax run without a
graph.

f is the model being purified, g the frozen backdoored reference; x are normalized images [N,3,H,W],
y labels int64 [N], delta perturbations [N,3,H,W] in [0,1] pixel scale.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional

from data import ImageSet, Normalization
from losses import inner_losses, shared_risk


@dataclass(frozen=True)
class PgdOptions:
    """Inner maximization (B1.1, B1.5, B1.6)."""

    norm: str = "L_inf"  # L_inf | L1 | L2 | Reg
    bound: float = 0.2
    step_size: float = 0.2
    steps: int = 5
    init: str = "max"  # max | min | zero | random
    beta1: float = 0.01  # weight of the adversarial term
    beta2: float = 1.0  # weight of the shared term


@dataclass(frozen=True)
class OuterOptions:
    """Outer minimization (B1.1, B1.7): weights of clean loss, AT loss, shared risk."""

    lambda1: float = 1.0
    lambda2: float = 0.0
    lambda3: float = 1.0
    train_mode: bool = False


@dataclass(frozen=True)
class SauOptions:
    """A whole run (B1.1)."""

    rounds: int = 100
    batch_size: int = 256
    outer_steps: int = 1
    optimizer: str = "adam"
    learning_rate: float = 1e-4
    weight_decay: float = 0.0
    pgd: PgdOptions = field(default_factory=PgdOptions)
    outer: OuterOptions = field(default_factory=OuterOptions)


@dataclass(frozen=True)
class Perturbation:
    """delta after the last update; counts of shared samples and J before each update."""

    delta: Tensor
    shared_counts: list[int]
    losses: list[float]


@dataclass(frozen=True)
class OuterLosses:
    """Scalars of B1.7; suspects: bool [N]."""

    clean: Tensor
    adversarial: Tensor
    shared: Tensor
    total: Tensor
    suspects: Tensor


def project(delta: Tensor, norm: str, bound: float) -> Tensor:
    """Projection on the norm ball, image by image for L1 and L2 (B1.5)."""
    if norm == "L_inf":
        return delta.clamp(-bound, bound)
    if norm in ("L1", "L2"):
        size = delta.flatten(1).norm(p=1 if norm == "L1" else 2, dim=1)
        scale = torch.where(size > bound, bound / size, torch.ones_like(size))
        return delta * scale.view(-1, 1, 1, 1)
    if norm == "Reg":
        return delta
    raise ValueError(f"Expected L_inf, L1, L2 or Reg for the norm but received {norm}")


def initial_delta(x: Tensor, options: PgdOptions) -> Tensor:
    """The projected start of the perturbation (B1.5); `random` is U[0,1), not symmetric."""
    if options.init == "random":
        start = torch.rand_like(x)
    else:
        start = torch.full_like(x, {"max": 1.0, "min": -1.0, "zero": 0.0}[options.init])
        start = start * options.bound
    return project(start, options.norm, options.bound)


def perturb(
    f: nn.Module,
    g: nn.Module,
    x: Tensor,
    y: Tensor,
    normalization: Normalization,
    options: PgdOptions,
) -> Perturbation:
    """Inner maximization for one batch (B1.6), in eval mode. The steps are sign steps for every
    norm."""
    f.eval()
    g.eval()
    delta = initial_delta(x, options)
    shared_counts, history = [], []
    for _ in range(options.steps):
        delta = delta.detach().requires_grad_()
        x_perturbed = normalization.perturbed(x, delta)
        with torch.no_grad():
            clean_f, clean_g = f(x).argmax(1), g(x).argmax(1)
        losses = inner_losses(
            f(x_perturbed), g(x_perturbed), y, clean_f, clean_g, options.beta1, options.beta2
        )
        losses.total.backward()
        shared_counts.append(int(losses.shared_mask.sum().item()))
        history.append(losses.total.item())
        with torch.no_grad():
            stepped = delta - options.step_size * delta.grad.sign()
            delta = project(stepped, options.norm, options.bound)
        if shared_counts[-1] == len(y):
            break
    return Perturbation(delta.detach(), shared_counts, history)


def outer_losses(
    f: nn.Module,
    g: nn.Module,
    x: Tensor,
    y: Tensor,
    delta: Tensor,
    normalization: Normalization,
    options: OuterOptions,
) -> OuterLosses:
    """The differentiable losses of one outer step (B1.7); leaves f in eval mode."""
    x_perturbed = normalization.perturbed(x, delta)
    f.train(options.train_mode)
    z, zp = f(torch.cat([x, x_perturbed])).chunk(2)
    f.eval()
    with torch.no_grad():
        clean_g, fooled_g = g(x).argmax(1), g(x_perturbed).argmax(1)
    clean = functional.cross_entropy(z, y)
    adversarial = functional.cross_entropy(zp, y)
    shared, suspects = shared_risk(zp, y, fooled_g, clean_g)
    total = options.lambda1 * clean + options.lambda2 * adversarial + options.lambda3 * shared
    return OuterLosses(clean, adversarial, shared, total, suspects)


def make_optimizer(f: nn.Module, options: SauOptions) -> torch.optim.Optimizer:
    """Adam with amsgrad, or SGD with momentum 0.9; the learning rate stays constant (B1.8)."""
    rate, decay = options.learning_rate, options.weight_decay
    if options.optimizer == "sgd":
        return torch.optim.SGD(f.parameters(), lr=rate, momentum=0.9, weight_decay=decay)
    return torch.optim.Adam(f.parameters(), lr=rate, weight_decay=decay, amsgrad=True)


def unlearn_batch(
    f: nn.Module,
    g: nn.Module,
    optimizer: torch.optim.Optimizer,
    x: Tensor,
    y: Tensor,
    delta: Tensor,
    normalization: Normalization,
    options: SauOptions,
) -> OuterLosses:
    """`outer_steps` optimizer steps on one perturbed batch (B1.7); the last step's losses."""
    for _ in range(options.outer_steps):
        losses = outer_losses(f, g, x, y, delta, normalization, options.outer)
        optimizer.zero_grad()
        losses.total.backward()
        optimizer.step()
        f.eval()
    return losses


def run_rounds(
    f: nn.Module,
    g: nn.Module,
    subset: ImageSet,
    normalization: Normalization,
    options: SauOptions,
    orders: Sequence[Sequence[int]],
    on_batch: Callable[[int, int, Perturbation, OuterLosses], None],
    on_round: Callable[[int], None],
    before_round: Callable[[int], object] = lambda _round: None,
) -> None:
    """All rounds (B1.2, B1.4). orders[r]: the positions of round r in the clean subset, in order.

    on_batch(round, batch, perturbation, losses) and on_round(round) are called after each, and
    before_round(round) before each round.
    """
    optimizer = make_optimizer(f, options)
    for number in range(options.rounds):
        before_round(number)
        order = torch.as_tensor(orders[number])
        for batch, positions in enumerate(order.split(options.batch_size)):
            part = subset.select(positions)
            x = normalization.from_uint8(part.images)
            y = part.labels.to(x.device)
            perturbation = perturb(f, g, x, y, normalization, options.pgd)
            losses = unlearn_batch(
                f, g, optimizer, x, y, perturbation.delta, normalization, options
            )
            on_batch(number, batch, perturbation, losses)
        on_round(number)
