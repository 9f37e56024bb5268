"""One batch of 64 images of a real BackdoorBench record at full size."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from data import Normalization, clean_subset_indices, read_attack_result, read_cifar10
from flat import gradient_of
from preact_resnet import PreActResNet18
from sau import OuterLosses, OuterOptions, Perturbation, PgdOptions, outer_losses, perturb

COUNT = 64
STRIDE = 997
THREADS = 2


def make_record_fixture(record: Path, cifar: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """delta, losses and outer gradient of the first 64 images of the seed-0 clean subset.

    Both models hold the record's weights. delta = 0.2f * delta_code: with the default options every
    element lies on {-0.2, 0, 0.2} exactly, which is checked. gradient_samples is every 997th
    element of the flat gradient in state-dict order; gradient_norms is one L2 norm per parameter.
    """
    attack = read_attack_result(record)
    train_set = read_cifar10(cifar, "train")
    indices = clean_subset_indices(len(train_set))[:COUNT]
    batch = train_set.select(torch.tensor(indices))
    threads = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    try:
        f, result, losses = _run(attack, batch.images, batch.labels, torch.float32)
        _, double, _ = _run(attack, batch.images, batch.labels, torch.float64)
    finally:
        torch.set_num_threads(threads)

    codes = (result.delta / 0.2).round()
    if not torch.equal(codes * torch.tensor(0.2), result.delta):
        raise ValueError("Expected delta on the grid {-0.2, 0, 0.2} but found other values")
    gradient = gradient_of(f)
    norms = torch.stack([p.grad.norm() for _, p in f.named_parameters()])
    tensors = {
        "indices": torch.tensor(indices, dtype=torch.int32),
        "labels": batch.labels.int(),
        "delta_code": codes.to(torch.int8),
        "gradient_samples": gradient[::STRIDE].clone(),
        "gradient_norms": norms,
    }
    facts = {
        "gradient_stride": STRIDE,
        "parameter_names": [name for name, _ in f.named_parameters()],
        "shared_counts": result.shared_counts,
        "pgd_losses": result.losses,
        "float64_shared_counts": double.shared_counts,
        "float64_agreement": ((result.delta - double.delta).abs() < 1e-4).double().mean().item(),
        "clean_loss": losses.clean.item(),
        "adversarial_loss": losses.adversarial.item(),
        "shared_loss": losses.shared.item(),
        "loss": losses.total.item(),
        "suspects": losses.suspects.tolist(),
        "gradient_norm": gradient.norm().item(),
    }
    return tensors, facts


def _run(
    attack: dict[str, Any], images: Tensor, labels: Tensor, dtype: torch.dtype
) -> tuple[PreActResNet18, Perturbation, OuterLosses]:
    normalization = Normalization(dtype=dtype)
    f, g = PreActResNet18(attack["num_classes"]), PreActResNet18(attack["num_classes"])
    for model in (f, g):
        model.load_state_dict(attack["model"])
        model.to(dtype).eval()
    x = normalization.from_uint8(images)
    result = perturb(f, g, x, labels, normalization, PgdOptions())
    f.zero_grad()
    losses = outer_losses(f, g, x, labels, result.delta, normalization, OuterOptions())
    losses.total.backward()
    return f, result, losses
