#include "sau/models/classifier.h"

#include <regex>

#include "sau/error.h"
#include "sau/models/preact_resnet.h"

namespace sau {

std::shared_ptr<Classifier> make_classifier(const std::string& name, int64_t num_classes) {
  static const std::regex kPreActResNet18("preactresnet18(?:_w([1-9][0-9]{0,3}))?");
  std::smatch match;
  if (std::regex_match(name, match, kPreActResNet18)) {
    const int64_t width = match[1].matched ? std::stoll(match[1]) : 64;
    return std::make_shared<PreActResNet18>(num_classes, width);
  }
  throw Error("ERR_CONFIG",
              "Expected a model such as preactresnet18 or preactresnet18_w16 but received '" +
                  name + "'. No other architecture is known");
}

}  // namespace sau
