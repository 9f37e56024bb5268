"""Writes attacks.pt, the fixture of the attacks that poison batches.

`make_batch_attack_fixtures.py OUT` writes a flat dict name -> contiguous float32 tensor. WaNet:
control points and noise with the grid and the warped images that follow from them. Input-aware:
what generators with the weights of `weight_at` draw, and the number of their parameters. Rounding:
gray levels on their way into the model's scale and back. Dithering: gray levels and what is left of
them with eight levels.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from data import CIFAR10_MEAN, CIFAR10_STD

SIDE = 16
GRID = 4
STRENGTH = 0.5
WIDTH = 2


def wanet(images: Tensor) -> dict[str, Tensor]:
    control = torch.rand(1, 2, GRID, GRID) * 2 - 1
    field = F.interpolate(
        control / control.abs().mean(), size=SIDE, mode="bicubic", align_corners=True
    )
    line = torch.linspace(-1, 1, SIDE)
    row, column = torch.meshgrid(line, line, indexing="ij")
    flow = field.permute(0, 2, 3, 1)
    grid = torch.stack([column, row], dim=2).unsqueeze(0) + STRENGTH / SIDE * flow
    grid = grid.clamp(-1, 1)
    noise = torch.rand(len(images), SIDE, SIDE, 2) * 2 - 1
    noisy = (grid + noise / SIDE).clamp(-1, 1)
    return {
        "wanet.control": control,
        "wanet.grid": grid,
        "wanet.noise": noise,
        "wanet.warped": sample(images, grid.repeat(len(images), 1, 1, 1)),
        "wanet.crossed": sample(images, noisy),
    }


def sample(images: Tensor, grid: Tensor) -> Tensor:
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=True)


class Generator(nn.Module):
    def __init__(self, out_channels: int, width: int, double_tanh: bool) -> None:
        super().__init__()
        self.double_tanh = double_tanh
        c1, c2, c3 = width, 2 * width, 4 * width
        pool, up = nn.MaxPool2d(2), nn.Upsample(scale_factor=2, mode="bilinear")
        self.layers = nn.Sequential(
            *unit(3, c1), *unit(c1, c1), pool,
            *unit(c1, c2), *unit(c2, c2), pool,
            *unit(c2, c3), *unit(c3, c3), pool,
            *unit(c3, c3),
            up, *unit(c3, c3), *unit(c3, c2),
            up, *unit(c2, c2), *unit(c2, c1),
            up, *unit(c1, c1), *unit(c1, out_channels)[:-1],
        )

    def forward(self, x: Tensor) -> Tensor:
        y = self.layers(x).tanh()
        return (y.tanh() if self.double_tanh else y) / (2 + 1e-7) + 0.5


def unit(channels: int, out: int) -> list[nn.Module]:
    norm = nn.BatchNorm2d(out, eps=1e-5, momentum=0.05)
    return [nn.Conv2d(channels, out, 3, padding=1), norm, nn.ReLU()]


def weight_at(tensor: int, shape: torch.Size) -> Tensor:
    """Values in [0.1,1.1), or centered at 0 for the weights of a convolution."""
    index = torch.arange(shape.numel(), dtype=torch.float64)
    values = (index * 7919 + tensor * 104729) % 1000 / 1000
    return (values - 0.5 if len(shape) == 4 else values + 0.1).float().reshape(shape)


def input_aware(images: Tensor) -> dict[str, Tensor]:
    facts = {}
    for name, out_channels in (("pattern", 3), ("mask", 1)):
        official = Generator(out_channels, 32, True)
        count = sum(parameter.numel() for parameter in official.parameters())
        facts[f"generator.{name}.parameters"] = torch.tensor([float(count)])
        for kind, training, double in (("eval", 0, 1), ("train", 1, 1), ("single", 0, 0)):
            generator = Generator(out_channels, WIDTH, bool(double)).train(bool(training))
            for i, (key, value) in enumerate(generator.state_dict().items()):
                if not key.endswith("num_batches_tracked"):
                    value.copy_(weight_at(i, value.shape))
            with torch.no_grad():
                facts[f"generator.{name}.{kind}"] = generator(images)
    return facts


def rounding() -> dict[str, Tensor]:
    """[256,3]: the results of truncating each gray level after it was normalized, brought back,
    rounded to a gray level, normalized and brought back again."""
    mean, std = torch.tensor(CIFAR10_MEAN), torch.tensor(CIFAR10_STD)
    inverse_std = torch.tensor([1 / value for value in CIFAR10_STD])
    levels = torch.arange(256.0).unsqueeze(1)

    def there_and_back(pixels: Tensor) -> Tensor:
        return (pixels - mean) / std / inverse_std + mean

    rounded = (there_and_back(levels / 255) * 255 / 255 * 255).round() / 255 * 255
    return {"rounding.levels": (there_and_back(rounded / 255) * 255).trunc()}


def dithered(levels: int = 8) -> dict[str, Tensor]:
    """Floyd and Steinberg's error diffusion in double precision, then whole gray levels."""
    before = torch.randint(0, 256, (2, 3, SIDE, SIDE)).float()
    values = np.pad(before.numpy().astype(np.float64), ((0, 0), (0, 0), (0, 1), (1, 1)))
    step = 255 / (levels - 1)
    for y in range(SIDE):
        for x in range(1, SIDE + 1):
            old = values[:, :, y, x].copy()
            new = np.round(old / step) * step
            values[:, :, y, x] = new
            for down, right, share in ((0, 1, 7), (1, -1, 3), (1, 0, 5), (1, 1, 1)):
                values[:, :, y + down, x + right] += (old - new) * share / 16
    after = np.round(values[:, :, :SIDE, 1 : SIDE + 1])
    return {"dithering.before": before, "dithering.after": torch.from_numpy(after).float()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    out = parser.parse_args().out
    torch.set_num_threads(1)
    torch.manual_seed(0)
    images = torch.randn(2, 3, SIDE, SIDE)
    tensors = {
        "images": images,
        **wanet(images),
        **input_aware(images),
        **rounding(),
        **dithered(),
    }
    torch.save({name: value.contiguous() for name, value in tensors.items()}, out / "attacks.pt")


if __name__ == "__main__":
    main()
