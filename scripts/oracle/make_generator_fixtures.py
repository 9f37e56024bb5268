"""Writes generators.pt and generators.json: the results of the attacks' generators for the tiny
networks.

`make_generator_fixtures.py test/fixtures/native` reads the nets and images that make_fixtures.py
wrote there. Plain PyTorch from the specification, B4.4 to B4.7; one image and one formula at a time.
"""

import json
import sys
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from preact_resnet import PreActResNet18

SEED = 3
LF = {"targetLabel": 2, "passes": 2, "peak": 0.2, "searchSteps": 50, "overshoot": 0.02,
      "enough": 2.0, "settled": 0.0}
LC = {"steps": 10, "stepSize": 1.5 / 255, "bound": 8 / 255}
TROJAN = {"neurons": 2, "steps": 12, "target": 100, "stepSize": 0.1, "bound": 0.3,
          "stopBelow": 1e-3}
STEGA = {"epochs": 2, "batchSize": 8, "learningRate": 1e-3, "accuracyGoal": 0.4, "waitSteps": 1,
         "rampSteps": 3, "imageWeight": 10.0}


def main() -> None:
    folder = Path(sys.argv[1])
    torch.set_num_threads(1)
    facts = json.loads((folder / "fixtures.json").read_text())
    batch, training = torch.load(folder / "tiny_batch.pt"), torch.load(folder / "training.pt")
    net = PreActResNet18(facts["num_classes"], 2)
    net.load_state_dict(torch.load(folder / "tiny_reference.pt"))
    net.eval().requires_grad_(False)
    mean, std = (torch.tensor(facts[key]).view(1, 3, 1, 1) for key in ("mean", "std"))

    def plain(x: Tensor) -> Tensor:
        return net(x)

    def normalized(x: Tensor) -> Tensor:
        return net((x - mean) / std)

    tensors: dict[str, Tensor] = {}
    out: dict[str, object] = {"seed": SEED, "lf": LF, "lc": LC, "trojan": TROJAN, "stega": STEGA}
    images, labels = batch["images"] / 255, batch["labels"]
    for name, model in (("plain", plain), ("normalized", normalized)):
        pattern, rate, steps = lf_pattern(model, images, training["images"] / 255)
        tensors[f"lf.{name}"], out[f"lf_{name}"] = pattern, {"rate": rate, "search_steps": steps}
        tensors[f"lc.{name}"] = adversarial(model, images, labels)
    tensors["trojan.start"], tensors["trojan.trigger"], neurons, costs = trojan(net)
    out["trojan_result"] = {"neurons": neurons, "costs": costs}
    made, out["stega_result"] = stega(training["images"] / 255, images)
    tensors.update(made)
    torch.save(tensors, folder / "generators.pt")
    (folder / "generators.json").write_text(json.dumps(out, indent=1) + "\n")


def smooth(v: Tensor) -> Tensor:
    k = torch.arange(30, dtype=torch.float64)
    kernel = torch.exp(-0.5 * (5 * (k - 14.5) / 30) ** 2)
    kernel = (kernel / kernel.sum()).float()
    flat = functional.pad(v.transpose(0, 1), (14, 15, 14, 15))
    full = torch.outer(kernel, kernel)[None, None]
    return functional.conv2d(flat, full).transpose(0, 1)


def deepfool(model, x: Tensor) -> tuple[Tensor | None, int]:
    total = torch.zeros_like(x)
    for step in range(LF["searchSteps"]):
        at = (x + (1 + LF["overshoot"]) * total).requires_grad_()
        logits = model(at)[0]
        top = int(logits.argmax())
        if top == LF["targetLabel"]:
            return (1 + LF["overshoot"]) * total, step
        difference = logits[LF["targetLabel"]] - logits[top]
        (w,) = torch.autograd.grad(difference, at)
        total = total + difference.detach().abs() / w.norm() ** 2 * w
    return None, LF["searchSteps"]


def lf_pattern(model, images: Tensor, evaluation: Tensor) -> tuple[Tensor, float, list[int]]:
    generator = torch.Generator().manual_seed(SEED)
    v = torch.zeros(1, *images.shape[1:])
    taken = []
    for _ in range(LF["passes"]):
        for i in torch.randperm(len(images), generator=generator).tolist():
            x = images[i : i + 1]
            if model(x + v).argmax() != model(x).argmax():
                continue
            change, steps = deepfool(model, x + v)
            taken.append(steps)
            if change is not None:
                v = smooth(v + smooth(change))
                if v.max() > v.min():
                    v = (v - v.min()) / (v.max() - v.min()) * LF["peak"]
        changed = model(evaluation + v).argmax(1) != model(evaluation).argmax(1)
    return (v[0] * 255).to(torch.uint8), changed.double().mean().item(), taken


def adversarial(model, images: Tensor, labels: Tensor) -> Tensor:
    x = images
    for _ in range(LC["steps"]):
        at = x.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(functional.cross_entropy(model(at), labels), at)
        change = torch.clamp(x + LC["stepSize"] * gradient.sign() - images, -LC["bound"], LC["bound"])
        x = torch.clamp(images + change, 0, 1)
    return (x * 255).to(torch.uint8)


def trojan(net: PreActResNet18) -> tuple[Tensor, Tensor, list[int], list[float]]:
    start = torch.zeros(3, 16, 16, dtype=torch.uint8)
    start[:, 4:13, 5:12] = 255
    start[:, 4, 5:12] = 100
    neurons = net.linear.weight.abs().sum(0).argsort(descending=True)[: TROJAN["neurons"]]
    seen: list[Tensor] = []
    hook = net.linear.register_forward_pre_hook(lambda _module, inputs: seen.append(inputs[0]))
    x0 = start[None] / 255
    keep, x, costs = (x0 > 0).float(), x0, []
    for _ in range(TROJAN["steps"] + 1):
        at = x.clone().requires_grad_()
        net(at * keep)
        cost = ((seen[-1][0, neurons] - TROJAN["target"]) ** 2).sum()
        costs.append(cost.item())
        if len(costs) > TROJAN["steps"]:
            break
        (gradient,) = torch.autograd.grad(cost, at)
        change = torch.clamp(x - TROJAN["stepSize"] * gradient.sign() - x0, -0.3, 0.3)
        x = torch.clamp(x0 + change, 0, 1)
    hook.remove()
    return start, (x[0] * 255).to(torch.uint8), neurons.tolist(), costs


def initialize(net: nn.Module) -> None:
    """He's initialization, as in StegaStamp; the official tool's text leaves it open. With it the
    bits get through."""
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            nn.init.zeros_(module.bias)


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.secret_dense = nn.Linear(100, 768)
        self.conv1 = nn.Conv2d(6, 32, 3, padding=1)
        self.conv2 = nn.Conv2d(32, 32, 3, 2, padding=1)
        self.conv3 = nn.Conv2d(32, 64, 3, 2, padding=1)
        self.conv4 = nn.Conv2d(64, 128, 3, 2, padding=1)
        self.conv5 = nn.Conv2d(128, 256, 3, 2, padding=1)
        self.up6, self.conv6 = nn.Conv2d(256, 128, 2), nn.Conv2d(256, 128, 3, padding=1)
        self.up7, self.conv7 = nn.Conv2d(128, 64, 2), nn.Conv2d(128, 64, 3, padding=1)
        self.up8, self.conv8 = nn.Conv2d(64, 32, 2), nn.Conv2d(64, 32, 3, padding=1)
        self.up9, self.conv9 = nn.Conv2d(32, 32, 2), nn.Conv2d(70, 32, 3, padding=1)
        self.conv10, self.residual = nn.Conv2d(32, 32, 3, padding=1), nn.Conv2d(32, 3, 1)
        initialize(self)

    def forward(self, bits: Tensor, image: Tensor) -> Tensor:
        relu = functional.relu
        planes = relu(self.secret_dense(bits)).reshape(-1, 3, 16, 16)
        x0 = torch.cat([functional.interpolate(planes, image.shape[2:], mode="nearest"), image], 1)
        x1 = relu(self.conv1(x0))
        x2 = relu(self.conv2(x1))
        x3 = relu(self.conv3(x2))
        x4 = relu(self.conv4(x3))
        x5 = relu(self.conv5(x4))

        def enlarge(up: nn.Conv2d, x: Tensor) -> Tensor:
            larger = functional.interpolate(x, scale_factor=2, mode="nearest")
            return relu(up(functional.pad(larger, (0, 1, 0, 1))))

        x6 = relu(self.conv6(torch.cat([x4, enlarge(self.up6, x5)], 1)))
        x7 = relu(self.conv7(torch.cat([x3, enlarge(self.up7, x6)], 1)))
        x8 = relu(self.conv8(torch.cat([x2, enlarge(self.up8, x7)], 1)))
        x9 = relu(self.conv9(torch.cat([x1, enlarge(self.up9, x8), x0], 1)))
        return torch.sigmoid(self.residual(relu(self.conv10(x9))))


def decoder(side: int) -> nn.Module:
    layers: list[nn.Module] = []
    shape = [(3, 32, 2), (32, 32, 1), (32, 64, 2), (64, 64, 1), (64, 64, 2), (64, 128, 2),
             (128, 128, 2)]
    for into, out, stride in shape:
        layers += [nn.Conv2d(into, out, 3, stride, padding=1), nn.ReLU()]
    end = -(-side // 32)
    net = nn.Sequential(*layers, nn.Flatten(), nn.Linear(128 * end * end, 512), nn.ReLU(),
                        nn.Linear(512, 100))
    initialize(net)
    return net


def stega(train: Tensor, test: Tensor) -> tuple[dict[str, Tensor], dict[str, object]]:
    secret = (torch.arange(100) % 3 == 0).to(torch.uint8)
    torch.manual_seed(SEED)
    encoder, reader = Encoder(), decoder(train.shape[2])
    parameters = [*encoder.parameters(), *reader.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=STEGA["learningRate"])
    generator = torch.Generator().manual_seed(SEED)
    since, losses, weights = None, [], []
    for _ in range(STEGA["epochs"]):
        order = torch.randperm(len(train), generator=generator)
        epoch = []
        for rows in order.split(STEGA["batchSize"]):
            bits = torch.randint(0, 2, (len(rows), 100), generator=generator, dtype=torch.float32)
            progress = 0 if since is None else (since - STEGA["waitSteps"]) / STEGA["rampSteps"]
            weight = STEGA["imageWeight"] * min(1, max(0, progress))
            weights.append(weight)
            encoded = encoder(bits, train[rows])
            logits = reader(encoded)
            loss = functional.binary_cross_entropy_with_logits(logits, bits)
            loss = loss + weight * functional.mse_loss(encoded, train[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            epoch.append(loss.item())
            accuracy = ((logits > 0) == (bits > 0.5)).double().mean().item()
            if since is not None:
                since += 1
            elif accuracy > STEGA["accuracyGoal"]:
                since = 0
        losses.append(sum(epoch) / len(epoch))
    made = {"stega.secret": secret}
    with torch.no_grad():
        for name, images in (("train", train), ("test", test)):
            encoded = encoder(secret.float().expand(len(images), -1), images)
            made[f"stega.{name}"] = (encoded * 255).round().to(torch.uint8)
        read = reader(made["stega.train"] / 255) > 0
    facts = {
        "losses": losses,
        "weights": weights,
        "parameters": [sum(p.numel() for p in m.parameters()) for m in (encoder, reader)],
        "bit_accuracy": (read == secret.bool()).double().mean().item(),
        "image_error": functional.mse_loss(made["stega.train"] / 255, train).item(),
    }
    return made, facts


if __name__ == "__main__":
    main()
