#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "sau/state_dict.h"
#include "sau/torch.h"

namespace sau {

/// What something has left, named once for both directions: a visit takes it, or gives it back. As
/// fields() does with options.
class StateArchive {
 public:
  /// Takes.
  StateArchive() = default;
  /// Gives back what was taken. is_whole: all that a visit names must be there; else what is not
  /// stays as it is.
  StateArchive(std::vector<NamedTensor> taken, const torch::Device& device, bool is_whole);

  bool gives() const { return gives_; }
  /// On the host, in the order of the visit.
  const std::vector<NamedTensor>& taken() const { return taken_; }

  /// In place where it is defined; else it becomes a copy on the device. Undefined ones are not
  /// taken.
  void operator()(const std::string& name, torch::Tensor& value);
  void operator()(const std::string& name, double& value);
  void operator()(const std::string& name, int64_t& value);
  void operator()(const std::string& name, bool& value);
  /// The tensors of something that has state() and load_state().
  template <class Stateful>
  void part(const std::string& name, Stateful& stateful) {
    if (gives_) {
      if (const auto part = given_below(name + "."); is_whole_ || !part.empty())
        stateful.load_state(part);
      return;
    }
    for (const auto& [key, value] : stateful.state()) take(name + "." + key, value);
  }

 private:
  void take(const std::string& name, const torch::Tensor& value);
  /// Null where it was not taken and need not be there. Throws ERR_CHECKPOINT.
  const torch::Tensor* given(const std::string& name) const;
  std::vector<NamedTensor> given_below(const std::string& prefix) const;
  template <class T>
  void number(const std::string& name, T& value);

  bool gives_ = false;
  bool is_whole_ = false;
  std::vector<NamedTensor> taken_;
  torch::Device device_ = torch::kCPU;
};

}  // namespace sau
