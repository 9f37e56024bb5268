#include "sau/defenses/state_archive.h"

#include <type_traits>

#include "sau/device.h"
#include "sau/error.h"

namespace sau {
namespace {

Error unfit(const std::string& name) {
  return Error("ERR_CHECKPOINT", "Expected the state of an equal run but its '" + name +
                                     "' is of another. Go on with the options that the run began "
                                     "with");
}

}  // namespace

StateArchive::StateArchive(std::vector<NamedTensor> taken, const torch::Device& device,
                           bool is_whole)
    : gives_(true), is_whole_(is_whole), taken_(std::move(taken)), device_(device) {}

void StateArchive::operator()(const std::string& name, torch::Tensor& value) {
  if (!gives_) {
    if (value.defined()) take(name, value);
    return;
  }
  const auto* own = given(name);
  if (own == nullptr) return;
  if (!value.defined()) {
    value = own->to(device_, own->scalar_type(), /*non_blocking=*/false, /*copy=*/true);
    return;
  }
  if (value.sizes() != own->sizes() || value.scalar_type() != own->scalar_type()) throw unfit(name);
  const torch::NoGradGuard no_grad;
  value.copy_(*own);
}

template <class T>
void StateArchive::number(const std::string& name, T& value) {
  using Stored = std::conditional_t<std::is_same_v<T, double>, double, int64_t>;
  constexpr auto kType = std::is_same_v<Stored, double> ? torch::kFloat64 : torch::kInt64;
  if (!gives_) {
    taken_.push_back({name, torch::full({}, static_cast<Stored>(value), kType)});
    return;
  }
  const auto* own = given(name);
  if (own == nullptr) return;
  if (own->numel() != 1 || own->scalar_type() != kType) throw unfit(name);
  value = static_cast<T>(own->item<Stored>());
}

void StateArchive::operator()(const std::string& name, double& value) { number(name, value); }

void StateArchive::operator()(const std::string& name, int64_t& value) { number(name, value); }

void StateArchive::operator()(const std::string& name, bool& value) { number(name, value); }

void StateArchive::take(const std::string& name, const torch::Tensor& value) {
  taken_.push_back({name, to_host(value)});
}

const torch::Tensor* StateArchive::given(const std::string& name) const {
  for (const auto& tensor : taken_) {
    if (tensor.name == name) return &tensor.value;
  }
  if (is_whole_) throw unfit(name);
  return nullptr;
}

std::vector<NamedTensor> StateArchive::given_below(const std::string& prefix) const {
  std::vector<NamedTensor> found;
  for (const auto& [name, value] : taken_) {
    if (name.starts_with(prefix)) found.push_back({name.substr(prefix.size()), value});
  }
  return found;
}

}  // namespace sau
