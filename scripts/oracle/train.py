"""Ordinary training without augmentation (specification B3.1): SGD, momentum, cosine per epoch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from data import ImageSet, Normalization


@dataclass(frozen=True)
class TrainOptions:
    """schedule_length: epochs of the half cosine (T_max); the rate changes after each epoch."""

    batch_size: int = 128
    learning_rate: float = 0.01
    momentum: float = 0.9
    weight_decay: float = 5e-4
    schedule_length: int = 100


def train(
    model: nn.Module,
    data: ImageSet,
    normalization: Normalization,
    options: TrainOptions,
    orders: Sequence[Sequence[int]],
    before_epoch: Callable[[int], object] = lambda _epoch: None,
) -> tuple[list[list[float]], list[float]]:
    """One epoch per order, last partial batch dropped, BN in training mode; ends in eval mode.

    before_epoch(epoch) is called before each. Returns the batch-mean losses [epoch][batch] and each epoch's learning rate.
    """
    optimizer = torch.optim.SGD(
        model.parameters(),
        lr=options.learning_rate,
        momentum=options.momentum,
        weight_decay=options.weight_decay,
    )
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, options.schedule_length)
    losses, rates = [], []
    model.train()
    for epoch, order in enumerate(orders):
        before_epoch(epoch)
        rates.append(scheduler.get_last_lr()[0])
        losses.append([])
        size = options.batch_size
        for start in range(0, len(order) - size + 1, size):
            part = data.select(torch.as_tensor(order[start : start + size]))
            logits = model(normalization.from_uint8(part.images))
            loss = functional.cross_entropy(logits, part.labels.to(logits.device))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses[-1].append(loss.item())
        scheduler.step()
    model.eval()
    return losses, rates
