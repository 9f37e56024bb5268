#include "sau/models/architectures.h"

#include <regex>

#include "sau/error.h"
#include "sau/models/families.h"
#include "sau/net/polarizer.h"

namespace sau {

const std::vector<Architecture>& architectures() {
  static const auto& kArchitectures = *new std::vector<Architecture>{
      {"preactresnet18", 32, 64, preact_resnet18},
      {"vgg11", 224, 64, vgg11},
      {"vgg13", 224, 64, vgg13},
      {"vgg16", 224, 64, vgg16},
      {"vgg19", 224, 64, vgg19},
      {"vgg11_bn", 224, 64, vgg11_bn},
      {"vgg13_bn", 224, 64, vgg13_bn},
      {"vgg16_bn", 224, 64, vgg16_bn},
      {"vgg19_bn", 224, 64, vgg19_bn},
      {"resnet18", 224, 64, resnet18},
      {"resnet34", 224, 64, resnet34},
      {"resnet50", 224, 64, resnet50},
      {"resnext50_32x4d", 224, 64, resnext50_32x4d},
      {"wide_resnet50_2", 224, 64, wide_resnet50_2},
      {"densenet121", 224, 32, densenet121},
      {"densenet161", 224, 48, densenet161},
      {"densenet169", 224, 32, densenet169},
      {"mobilenet_v2", 224, 32, mobilenet_v2},
      {"mobilenet_v3_large", 224, 16, mobilenet_v3_large},
      {"mnasnet1_0", 224, 32, mnasnet1_0},
      {"shufflenet_v2_x1_0", 224, 24, shufflenet_v2_x1_0},
      {"efficientnet_b0", 224, 32, efficientnet_b0},
      {"efficientnet_b3", 224, 40, efficientnet_b3},
      {"convnext_tiny", 224, 96, convnext_tiny},
      {"convnext_small", 224, 96, convnext_small},
      {"vit_b_16", 224, 768, vit_b_16},
      {"vit_b_32", 224, 768, vit_b_32},
      {"vit_l_16", 224, 1024, vit_l_16},
      {"vit_l_32", 224, 1024, vit_l_32},
  };
  return kArchitectures;
}

namespace {

/// Not every architecture can have every width.
Graph build(const Architecture& architecture, const ModelSpec& spec) {
  if (spec.width == architecture.width) return architecture.build(spec);
  try {
    return architecture.build(spec);
  } catch (const c10::Error& e) {
    throw Error("ERR_CONFIG", "Expected a width that " + std::string(architecture.name) +
                                  " can have but received " + std::to_string(spec.width) + ": " +
                                  e.what_without_backtrace());
  }
}

}  // namespace

DescribedModel describe_model(const std::string& name, int64_t num_classes) {
  static const auto& kName = *new std::regex("(.*?)(?:_w([1-9][0-9]{0,3}))?(_polarized)?");
  std::smatch match;
  std::regex_match(name, match, kName);
  for (const auto& architecture : architectures()) {
    if (match[1] != architecture.name) continue;
    const int64_t width = match[2].matched ? std::stoll(match[2]) : architecture.width;
    auto graph = build(architecture, {.num_classes = num_classes, .width = width});
    return {architecture, match[3].matched ? polarized(graph) : std::move(graph)};
  }
  throw Error("ERR_CONFIG",
              "Expected the name of a model, such as resnet18, of one with another width, such as "
              "resnet18_w16, or of either with a polarizer, such as resnet18_polarized, but "
              "received '" +
                  name + "'");
}

}  // namespace sau
