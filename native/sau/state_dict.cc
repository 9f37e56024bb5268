#include "sau/state_dict.h"

#include <sstream>

#include "sau/device.h"
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

std::vector<NamedTensor> gradients_of(const torch::nn::Module& module) {
  std::vector<NamedTensor> gradients;
  for (const auto& item : module.named_parameters())
    gradients.push_back({item.key(), to_host(item.value().grad())});
  return gradients;
}

void load_state_dict(torch::nn::Module& module, const std::vector<NamedTensor>& tensors) {
  copy_tensors(tensors, state_dict(module));
}

void copy_tensors(const std::vector<NamedTensor>& from, const std::vector<NamedTensor>& to) {
  const torch::NoGradGuard no_grad;
  if (to.size() != from.size()) {
    throw Error("ERR_CHECKPOINT", "Expected " + std::to_string(to.size()) +
                                      " tensors but received " + std::to_string(from.size()) +
                                      ". Check that they are of this model, with its classes");
  }
  for (size_t i = 0; i < to.size(); ++i) {
    if (to[i].name != from[i].name || to[i].value.sizes() != from[i].value.sizes() ||
        to[i].value.scalar_type() != from[i].value.scalar_type()) {
      throw Error("ERR_CHECKPOINT", "Expected the tensor " + describe(to[i]) + " but received " +
                                        describe(from[i]) +
                                        ". Check that they are of this model, with its classes");
    }
  }
  for (size_t i = 0; i < to.size(); ++i) to[i].value.copy_(from[i].value);
}

}  // namespace sau
