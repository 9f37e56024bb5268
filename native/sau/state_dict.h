#pragma once
#include <string>
#include <vector>

#include "sau/torch.h"

namespace sau {

struct NamedTensor {
  std::string name;
  torch::Tensor value;
};

/// Parameters and buffers of a module under their checkpoint keys and in PyTorch's order: of each
/// module its parameters, its buffers, then its children. The tensors are the module's own, not
/// copies.
std::vector<NamedTensor> state_dict(const torch::nn::Module& module);

/// The gradients of a module's parameters under their checkpoint keys, on the host.
std::vector<NamedTensor> gradients_of(const torch::nn::Module& module);

/// Copies tensors into a module. Names, shapes and dtypes must be exactly those of
/// state_dict(module); throws ERR_CHECKPOINT otherwise, before anything is changed.
void load_state_dict(torch::nn::Module& module, const std::vector<NamedTensor>& tensors);

/// Copies the values of `from` into the tensors of `to`. Names, shapes, dtypes and order must be
/// equal; otherwise it throws ERR_CHECKPOINT before anything is changed.
void copy_tensors(const std::vector<NamedTensor>& from, const std::vector<NamedTensor>& to);

}  // namespace sau
