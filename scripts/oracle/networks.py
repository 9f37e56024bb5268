"""The reference's other networks, which are torchvision's, under the names that the package knows.

The image size changes none of them; ViT resizes the normalized images to 224 pixels by itself.
"""

import sys
import types
from typing import Any

from torch import nn


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


def network(name: str, num_classes: int) -> nn.Module:
    """A network in evaluation mode with random weights."""
    from preact_resnet import PreActResNet18

    if name == "preactresnet18":
        return PreActResNet18(num_classes).eval()
    make = getattr(torchvision.models, name)
    if name.startswith("vit_"):
        # Antialiased, as torchvision does it by default since 0.17; it makes no difference where
        # images become larger.
        resize = torchvision.transforms.Resize((224, 224), antialias=True)
        return nn.Sequential(resize, make(num_classes=num_classes)).eval()
    return make(num_classes=num_classes).eval()
