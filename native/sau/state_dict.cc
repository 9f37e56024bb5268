#include "sau/state_dict.h"

#include <sstream>

#include "sau/error.h"

namespace sau {
namespace {

void collect(const torch::nn::Module& module, const std::string& prefix,
             std::vector<NamedTensor>& out) {
  for (const auto& item : module.named_parameters(/*recurse=*/false))
    out.push_back({prefix + item.key(), item.value()});
  for (const auto& item : module.named_buffers(/*recurse=*/false))
    out.push_back({prefix + item.key(), item.value()});
  for (const auto& child : module.named_children())
    collect(*child.value(), prefix + child.key() + ".", out);
}

std::string describe(const NamedTensor& tensor) {
  std::ostringstream text;
  text << tensor.name << " " << tensor.value.scalar_type() << " " << tensor.value.sizes();
  return text.str();
}

}  // namespace

std::vector<NamedTensor> state_dict(const torch::nn::Module& module) {
  std::vector<NamedTensor> tensors;
  collect(module, "", tensors);
  return tensors;
}

void load_state_dict(torch::nn::Module& module, const std::vector<NamedTensor>& tensors) {
  const torch::NoGradGuard no_grad;
  const auto own = state_dict(module);
  if (own.size() != tensors.size()) {
    throw Error("ERR_CHECKPOINT", "Expected " + std::to_string(own.size()) +
                                      " tensors but received " + std::to_string(tensors.size()));
  }
  for (size_t i = 0; i < own.size(); ++i) {
    if (own[i].name != tensors[i].name || own[i].value.sizes() != tensors[i].value.sizes() ||
        own[i].value.scalar_type() != tensors[i].value.scalar_type()) {
      throw Error("ERR_CHECKPOINT", "Expected the tensor " + describe(own[i]) + " but received " +
                                        describe(tensors[i]));
    }
  }
  for (size_t i = 0; i < own.size(); ++i) own[i].value.copy_(tensors[i].value);
}

}  // namespace sau
