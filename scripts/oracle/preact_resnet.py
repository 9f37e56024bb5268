"""PreActResNet18 for small images (specification D).

The module names are the checkpoint's keys: conv1, linear and
layer{1-4}.{0,1}.{bn1,conv1,bn2,conv2,shortcut.0}. With width 64 and 10 classes: 102 state-dict
entries, 11,171,146 parameters.
"""

from torch import Tensor, nn
from torch.nn import functional


class PreActBlock(nn.Module):
    """BN-ReLU-conv3x3-BN-ReLU-conv3x3 plus shortcut.

    [N, in_channels, H, W] -> [N, out_channels, H/stride, W/stride].
    Where the shape changes, the shortcut is a 1x1 convolution of the *activated* input, without BN;
    elsewhere it is the raw input.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        if stride != 1 or in_channels != out_channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False)
            )

    def forward(self, x: Tensor) -> Tensor:
        activated = functional.relu(self.bn1(x))
        residual = self.shortcut(activated) if hasattr(self, "shortcut") else x
        out = self.conv1(activated)
        out = self.conv2(functional.relu(self.bn2(out)))
        return out + residual


class PreActResNet18(nn.Module):
    """Normalized images [N, 3, H, W] -> logits [N, num_classes].

    Stages of two blocks with width, 2, 4 and 8 times width channels, strides 1, 2, 2, 2; no BN or
    ReLU after the last stage; global average pool.
    """

    def __init__(self, num_classes: int, width: int = 64) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3, padding=1, bias=False)
        self.layer1 = _stage(width, width, stride=1)
        self.layer2 = _stage(width, 2 * width, stride=2)
        self.layer3 = _stage(2 * width, 4 * width, stride=2)
        self.layer4 = _stage(4 * width, 8 * width, stride=2)
        self.linear = nn.Linear(8 * width, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        out = self.layer4(self.layer3(self.layer2(self.layer1(self.conv1(x)))))
        return self.linear(functional.adaptive_avg_pool2d(out, 1).flatten(1))


def _stage(in_channels: int, out_channels: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        PreActBlock(in_channels, out_channels, stride),
        PreActBlock(out_channels, out_channels, 1),
    )
