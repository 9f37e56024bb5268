"""Writes what the networks say at weights by formula: `make_network_fixtures.py OUT [NAME ...]`.

networks.json has of each network the counts of its state dict and of its arithmetic, and, for 10
classes at 32x32 and 200 classes at 64x64, logits, cross entropy of two images with label 1 and its
gradient by the pixels, in double precision; of those with batch norm, dropout or stochastic depth
also that of a pass in training mode. With names, only these are made anew.
"""

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from formula import gain_of, images, state_dict
from networks import network

NAMES = (
    "preactresnet18 vgg11 vgg13 vgg16 vgg19 vgg11_bn vgg13_bn vgg16_bn vgg19_bn resnet18 resnet34 "
    "resnet50 resnext50_32x4d wide_resnet50_2 densenet121 densenet161 densenet169 mobilenet_v2 "
    "mobilenet_v3_large mnasnet1_0 shufflenet_v2_x1_0 efficientnet_b0 efficientnet_b3 "
    "convnext_tiny convnext_small vit_b_16 vit_b_32 vit_l_16 vit_l_32"
).split()
CLASS_COUNTS = (10, 43, 100, 200)
CASES = ((10, 32), (200, 64))  # classes and side
TRAINING = {"classes": 10, "side": 64, "images": 6, "seed": 5}
SHOWN = 4  # logits of each image


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    torch.set_num_threads(1)
    file = args.out / "networks.json"
    known = json.loads(file.read_text())["networks"] if args.names and file.exists() else {}
    for name in args.names or NAMES:
        print(name, flush=True)
        known[name] = facts_of(name)
    facts = {"torch": torch.__version__, "networks": {n: known[n] for n in NAMES if n in known}}
    file.write_text(json.dumps(facts, indent=1) + "\n")


def facts_of(name: str) -> dict[str, Any]:
    with torch.device("meta"):
        shapes = {classes: network(name, classes) for classes in CLASS_COUNTS}
    model = shapes[10]
    entries = model.state_dict()
    lines = "".join(f"{key} {'x'.join(map(str, t.shape))}\n" for key, t in entries.items())
    return {
        "gain": gain_of(name),
        "parameters": {
            classes: sum(p.numel() for p in shape.parameters())
            for classes, shape in shapes.items()
        },
        "entries": len(entries),
        "parameter_entries": len(list(model.parameters())),
        "buffer_elements": sum(b.numel() for b in model.buffers()),
        "fingerprint": hashlib.md5(lines.encode()).hexdigest()[:8],
        "macs": {side: macs_of(model, side) for side in (32, 64)},
        "cases": [answer(name, classes, side) for classes, side in CASES],
        "training": training_answer(name) if has_mode(model) else None,
    }


def macs_of(model: nn.Module, side: int) -> int:
    """Multiply-accumulates of one image: convolutions, linear layers, products of the attention."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(torch.empty(1, 3, side, side, device="meta"))
    return counter.get_total_flops() // 2


def has_mode(model: nn.Module) -> bool:
    """Whether training differs from evaluation."""
    return any(
        isinstance(module, nn.BatchNorm2d)
        or isinstance(module, nn.Dropout) and module.p > 0
        or type(module).__name__ == "StochasticDepth" and module.p > 0
        for module in model.modules()
    )


def answer(name: str, classes: int, side: int) -> dict[str, Any]:
    model = filled(name, classes)
    return {"classes": classes, "side": side, **response(model, images(2, side), [1, 1])}


def training_answer(name: str) -> dict[str, Any]:
    """Images by the formula with labels 0, 1, 2 and so on."""
    model = filled(name, TRAINING["classes"]).train()
    count = TRAINING["images"]
    torch.manual_seed(TRAINING["seed"])
    facts = response(model, images(count, TRAINING["side"]), list(range(count)))
    statistics = [b.flatten() for b in model.buffers() if b.is_floating_point()]
    values = torch.cat([torch.zeros(0, dtype=torch.float64), *statistics])
    return {
        **TRAINING,
        **facts,
        "statistics_norm": values.norm().item(),
        "statistics_sum": values.sum().item(),
    }


def filled(name: str, classes: int) -> nn.Module:
    model = network(name, classes)
    model.load_state_dict(state_dict(model, gain_of(name)))
    return model.double()


def response(model: nn.Module, pixels: Tensor, labels: list[int]) -> dict[str, Any]:
    x = pixels.double().requires_grad_()
    logits = model(x)
    loss = functional.cross_entropy(logits, torch.tensor(labels))
    (gradient,) = torch.autograd.grad(loss, x)
    return {
        "logits": logits[:2, :SHOWN].tolist(),
        "largest_logit": logits.detach().abs().max().item(),
        "loss": loss.item(),
        "gradient_norm": gradient.norm().item(),
        # Tells gradients of one norm apart.
        "gradient_by_images": (gradient * x.detach()).sum().item(),
    }


if __name__ == "__main__":
    main()
