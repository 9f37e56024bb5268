"""ACC, ASR, RA and their losses (specification B2), with the official tool's separate passes."""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from data import ImageSet, Normalization, batches


@dataclass(frozen=True)
class Metrics:
    """Fractions in [0,1]; losses are the mean over batches of the batch-mean cross entropy."""

    acc: float
    asr: float
    ra: float
    clean_loss: float
    poisoned_loss: float
    ra_loss: float
    clean_count: int
    poisoned_count: int


@torch.no_grad()
def score(
    model: nn.Module, data: ImageSet, normalization: Normalization, batch_size: int
) -> tuple[float, float]:
    """One pass: (share of images with argmax = label, mean over batches of the batch-mean loss)."""
    model.eval()
    correct = 0
    losses = []
    for x, labels in batches(data, normalization, batch_size):
        logits = model(x)
        losses.append(functional.cross_entropy(logits, labels).item())
        correct += (logits.argmax(1) == labels).sum().item()
    return correct / len(data), sum(losses) / len(losses)


def evaluate(
    model: nn.Module,
    clean: ImageSet,
    poisoned: ImageSet,
    normalization: Normalization,
    batch_size: int,
) -> Metrics:
    """Three passes: clean, poisoned against the attack label, poisoned against the true label."""
    acc, clean_loss = score(model, clean, normalization, batch_size)
    asr, poisoned_loss = score(model, poisoned, normalization, batch_size)
    ra, ra_loss = score(model, poisoned.with_true_labels(), normalization, batch_size)
    return Metrics(
        acc, asr, ra, clean_loss, poisoned_loss, ra_loss, len(clean), len(poisoned)
    )
