"""The reference's other networks, which are torchvision's, under the names that the package knows.

The image size changes none of them; ViT resizes the normalized images to 224 pixels by itself.
"""

import re
import sys
import types
from typing import Any

from torch import nn

from preact_resnet import PreActResNet18


def _import_torchvision() -> Any:
    """torchvision, of which only the networks and the resize are needed, and nothing compiled.

    Where the compiled part is of another build of torch, importing the package fails in the module
    that describes the compiled operators; it is imported without it then.
    """
    try:
        import torchvision
    except RuntimeError:
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        name = "torchvision._meta_registrations"
        sys.modules[name] = types.ModuleType(name)
        import torchvision
    return torchvision


torchvision = _import_torchvision()


models = torchvision.models


def network(name: str, num_classes: int) -> nn.Module:
    """A network in evaluation mode with random weights. "<name>_w<width>" is one with another
    number of base channels."""
    base, _, width = name.partition("_w")
    if not width.isdecimal():  # a name such as vgg19_bn
        base, width = name, ""
    if width:
        model = _narrow(base, int(width), num_classes)
    elif base == "preactresnet18":
        model = PreActResNet18(num_classes)
    else:
        model = getattr(models, base)(num_classes=num_classes)
    if base.startswith("vit_"):
        # Antialiased, as torchvision does it by default since 0.17; it makes no difference where
        # images become larger.
        model = nn.Sequential(torchvision.transforms.Resize((224, 224), antialias=True), model)
    return model.eval()


def _narrow(base: str, width: int, num_classes: int) -> nn.Module:
    """A network of another width, for the names whose layers torchvision can scale alike."""
    makers = {
        "preact": lambda _, w, k: PreActResNet18(k, w),
        "resnet|resnext|wide_resnet": _resnet,
        "vgg": _vgg,
        "densenet": _densenet,
        "mobilenet_v3_large": _mobilenet_v3,
        "shufflenet_v2_x1_0": _shufflenet,
        "efficientnet_b0": _efficientnet,
        "convnext": _convnext,
        "vit": _vit,
    }
    for pattern, make in makers.items():
        if re.match(pattern, base):
            return make(base, width, num_classes)
    raise ValueError(f"Expected a network that torchvision can scale but received {base}")


def _resnet(base: str, width: int, num_classes: int) -> nn.Module:
    """Stock layers, made anew from a stem of `width` channels on."""
    model = getattr(models, base)(num_classes=num_classes)
    model.inplanes = width
    model.conv1 = nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False)
    model.bn1 = nn.BatchNorm2d(width)
    for stage in range(4):
        name = f"layer{stage + 1}"
        blocks = getattr(model, name)
        made = model._make_layer(
            type(blocks[0]), width << stage, len(blocks), stride=1 if stage == 0 else 2
        )
        setattr(model, name, made)
    model.fc = nn.Linear(model.inplanes, num_classes)
    return model


def _vgg(base: str, width: int, num_classes: int) -> nn.Module:
    depth = base.removesuffix("_bn")[3:]
    config = {"11": "A", "13": "B", "16": "D", "19": "E"}[depth]
    channels = [c if c == "M" else c * width // 64 for c in models.vgg.cfgs[config]]
    model = models.VGG(models.vgg.make_layers(channels, base.endswith("_bn")), num_classes)
    hidden = 64 * width
    model.classifier[0] = nn.Linear(49 * 8 * width, hidden)
    model.classifier[3] = nn.Linear(hidden, hidden)
    model.classifier[6] = nn.Linear(hidden, num_classes)
    return model


def _densenet(base: str, width: int, num_classes: int) -> nn.Module:
    blocks = {"121": (6, 12, 24, 16), "161": (6, 12, 36, 24), "169": (6, 12, 32, 32)}
    return models.DenseNet(width, blocks[base[-3:]], 2 * width, num_classes=num_classes)


def _mobilenet_v3(base: str, width: int, num_classes: int) -> nn.Module:
    settings, last = models.mobilenetv3._mobilenet_v3_conf(base, width / 16)
    return models.MobileNetV3(settings, last, num_classes)


def _shufflenet(_base: str, width: int, num_classes: int) -> nn.Module:
    channels = [width] + [c * width // 24 // 2 * 2 for c in (116, 232, 464, 1024)]
    return models.ShuffleNetV2([4, 8, 4], channels, num_classes)


def _efficientnet(base: str, width: int, num_classes: int) -> nn.Module:
    settings, last = models.efficientnet._efficientnet_conf(
        base, width_mult=width / 32, depth_mult=1.0
    )
    return models.EfficientNet(settings, 0.2, 0.2, num_classes, last_channel=last)


def _convnext(base: str, width: int, num_classes: int) -> nn.Module:
    third, depth_rate = {"convnext_tiny": (9, 0.1), "convnext_small": (27, 0.4)}[base]
    blocks = (3, 3, third, 3)
    stages = [
        models.convnext.CNBlockConfig(width << i, width << i + 1 if i < 3 else None, count)
        for i, count in enumerate(blocks)
    ]
    return models.ConvNeXt(stages, depth_rate, num_classes=num_classes)


def _vit(base: str, width: int, num_classes: int) -> nn.Module:
    layers, patch = (12 if base[4] == "b" else 24), int(base[-2:])
    return models.VisionTransformer(
        224, patch, layers, max(1, width // 64), width, 4 * width, num_classes=num_classes
    )
