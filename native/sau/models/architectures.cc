#include "sau/models/architectures.h"

#include <regex>

#include "sau/error.h"

namespace sau {

// One file of this folder each.
Graph preact_resnet18(const ModelSpec& spec);

const std::vector<Architecture>& architectures() {
  static const std::vector<Architecture> kArchitectures{
      {"preactresnet18", 32, 64, preact_resnet18},
  };
  return kArchitectures;
}

DescribedModel describe_model(const std::string& name, int64_t num_classes) {
  static const std::regex kName("(.*?)(?:_w([1-9][0-9]{0,3}))?");
  std::smatch match;
  std::regex_match(name, match, kName);
  std::string names;
  for (const auto& architecture : architectures()) {
    names += (names.empty() ? "" : ", ") + std::string(architecture.name);
    if (match[1] != architecture.name) continue;
    const int64_t width = match[2].matched ? std::stoll(match[2]) : architecture.width;
    return {architecture, architecture.build({.num_classes = num_classes, .width = width})};
  }
  throw Error("ERR_CONFIG", "Expected one of the models " + names +
                                ", or one of another width such as " + architectures()[0].name +
                                "_w16, but received '" + name + "'");
}

std::shared_ptr<GraphModule> make_classifier(const std::string& name, int64_t num_classes) {
  return std::make_shared<GraphModule>(describe_model(name, num_classes).graph);
}

}  // namespace sau
