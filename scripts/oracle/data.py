"""Images, labels and normalization (specification B1.3, C.1-C.3).

Everything is read once and kept in memory as uint8; the official tool decodes images again for
every pass. A benchmark against this baseline therefore compares computation, not image decoding.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

CIFAR10_MEAN = (0.4914, 0.4822, 0.4465)
CIFAR10_STD = (0.247, 0.243, 0.261)


@dataclass(frozen=True)
class ImageSet:
    """images: uint8 [N, 3, H, W]; labels, true_labels: int64 [N].

    A model is scored against `labels`. For poisoned images these are the attack's labels, and
    `true_labels` are the original ones. For clean images both are equal.
    """

    images: Tensor
    labels: Tensor
    true_labels: Tensor

    def __len__(self) -> int:
        return len(self.images)

    def select(self, indices: Tensor | list[int] | slice) -> "ImageSet":
        return ImageSet(self.images[indices], self.labels[indices], self.true_labels[indices])

    def with_true_labels(self) -> "ImageSet":
        """These images with their original labels, for measuring RA."""
        return ImageSet(self.images, self.true_labels, self.true_labels)


class Normalization:
    """Per-channel constants in [0,1] pixel scale; normalized x = (x01 - mean) / std."""

    def __init__(
        self,
        mean: tuple[float, ...] = CIFAR10_MEAN,
        std: tuple[float, ...] = CIFAR10_STD,
        dtype: torch.dtype = torch.float32,
        device: str = "cpu",
    ) -> None:
        self.mean = torch.tensor(mean, dtype=dtype, device=device).view(1, -1, 1, 1)
        self.std = torch.tensor(std, dtype=dtype, device=device).view(1, -1, 1, 1)

    def from_uint8(self, images: Tensor) -> Tensor:
        """uint8 [N,3,H,W] -> normalized floating [N,3,H,W] (to-tensor, then normalize; C.2)."""
        return self.normalize(images.to(self.mean).div(255))

    def normalize(self, x01: Tensor) -> Tensor:
        return (x01 - self.mean) / self.std

    def perturbed(self, x: Tensor, delta: Tensor) -> Tensor:
        """Normalized x plus delta in pixel scale, normalized again, without clipping (B1.5).

        Denormalizes as two "normalize" operations, as the official tool does.
        """
        pixels = x / (1 / self.std) - (-self.mean)
        return self.normalize(pixels + delta)


def batches(
    data: ImageSet, normalization: Normalization, batch_size: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """(normalized x, labels) in order; the partial last batch is kept."""
    for start in range(0, len(data), batch_size):
        part = data.select(slice(start, start + batch_size))
        yield normalization.from_uint8(part.images), part.labels.to(normalization.mean.device)


def read_cifar10(folder: Path, split: str) -> ImageSet:
    """`cifar-10-batches-bin`: records of one label byte and 3072 pixel bytes, channel first."""
    names = ["test_batch"] if split == "test" else [f"data_batch_{i}" for i in range(1, 6)]
    raw = np.concatenate([np.fromfile(folder / f"{name}.bin", dtype=np.uint8) for name in names])
    rows = torch.from_numpy(raw).view(-1, 3073)
    labels = rows[:, 0].long()
    return ImageSet(rows[:, 1:].reshape(-1, 3, 32, 32).contiguous(), labels, labels)


def read_attack_result(record: Path) -> dict[str, Any]:
    """The record's `attack_result.pt` (C.3). It is a pickle: only for records you trust."""
    return torch.load(record / "attack_result.pt", map_location="cpu", weights_only=False)


def read_poisoned_test(record: Path, attack: dict[str, Any], limit: int) -> ImageSet:
    """Poisoned test images whose original index is below `limit`, in the record's order (C.3)."""
    entries = attack["bd_test"]["bd_data_container"]["data_dict"]
    chosen = [int(i) for i in attack["bd_test"]["original_index_array"] if i < limit]
    info = {int(index): value for index, value in entries.items()}
    images, labels, true_labels = [], [], []
    for index in chosen:
        stored = info[index]["path"].replace("\\", "/")
        file = re.search(r"bd_[^/]*_dataset/.*$", stored)
        if file is None:
            raise ValueError(f"Expected a path through bd_*_dataset but received {stored}")
        with Image.open(record / file.group()) as image:
            pixels = np.asarray(image.convert("RGB"))
        images.append(torch.from_numpy(pixels.copy()).permute(2, 0, 1))
        attack_label, true_label = info[index]["other_info"]
        labels.append(int(attack_label))
        true_labels.append(int(true_label))
    return ImageSet(
        torch.stack(images).contiguous(), torch.tensor(labels), torch.tensor(true_labels)
    )


def clean_subset_indices(total: int, ratio: float = 0.05, seed: int = 0) -> list[int]:
    """floor(total * ratio) indices in draw order, a pure function of the seed (B1.3, B5)."""
    return random.Random(seed).sample(range(total), int(total * ratio))
