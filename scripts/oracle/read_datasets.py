"""Reads data sets as the official tool does, with torchvision and Pillow (specification C.1).

    python scripts/oracle/read_datasets.py {cifar100,gtsrb,tiny} ROOT OUT

It does not use the package. ROOT is the folder that the official tool expects. OUT gets train.bin and test.bin,
uint8 [N,3,H,W], and train.txt and test.txt with one label a line.
"""

import csv
import sys
import types
from pathlib import Path

# Its operators are not needed here, and may not be there.
sys.modules["torchvision._meta_registrations"] = types.ModuleType("torchvision._meta_registrations")

import numpy as np
from PIL import Image
from torchvision.datasets import CIFAR100, ImageFolder

Split = tuple[list[Image.Image], list[int]]


class AnyCIFAR100(CIFAR100):
    """Without the checksums, which are those of the authors' images."""

    train_list = [["train", None]]
    test_list = [["test", None]]
    meta = {**CIFAR100.meta, "md5": None}


def cifar100(root: Path) -> tuple[Split, Split]:
    def split(train: bool) -> Split:
        items = list(AnyCIFAR100(str(root), train=train))
        return [image for image, _ in items], [label for _, label in items]

    return split(True), split(False)


def gtsrb(root: Path) -> tuple[Split, Split]:
    def rows(folder: Path, table: str) -> tuple[list[Path], list[int]]:
        with open(folder / table, newline="") as file:
            lines = list(csv.reader(file, delimiter=";"))[1:]
        return [folder / line[0] for line in lines], [int(line[7]) for line in lines]

    train: tuple[list[Path], list[int]] = ([], [])
    for label in range(43):
        paths, labels = rows(root / "Train" / f"{label:05d}", f"GT-{label:05d}.csv")
        train[0].extend(paths)
        train[1].extend(labels)
    test = rows(root / "Test", "GT-final_test.csv")

    def split(paths: list[Path], labels: list[int]) -> Split:
        return [Image.open(path).resize((32, 32), Image.Resampling.BILINEAR) for path in paths], labels

    return split(*train), split(*test)


def tiny(root: Path) -> tuple[Split, Split]:
    """`val` must be in class folders already."""

    def split(name: str) -> Split:
        items = list(ImageFolder(str(root / "tiny-imagenet-200" / name)))
        return [image for image, _ in items], [label for _, label in items]

    return split("train"), split("val")


READERS = {"cifar100": cifar100, "gtsrb": gtsrb, "tiny": tiny}


def main() -> None:
    name, root, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    for split, (images, labels) in zip(("train", "test"), READERS[name](root), strict=True):
        pixels = np.stack([np.asarray(image) for image in images]).transpose(0, 3, 1, 2)
        (out / f"{split}.bin").write_bytes(np.ascontiguousarray(pixels).tobytes())
        (out / f"{split}.txt").write_text("".join(f"{label}\n" for label in labels))


if __name__ == "__main__":
    main()
