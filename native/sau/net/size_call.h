#pragma once
#include <string>
#include <vector>

#include "sau/net/call.h"
#include "sau/net/operator_call.h"

namespace sau {

/// Arithmetic on sizes, and sizes of tensors: what a program computes outside of tensors. Integers
/// that leave 64 bits are refused.
class SizeCall : public Callee {
 public:
  /// function: such as "size" or "floordiv". Throws c10::Error for an unknown one.
  SizeCall(const std::string& function, std::vector<BoundArgument> arguments);
  c10::IValue operator()(std::vector<c10::IValue> inputs, const Pass& pass) const override;

 private:
  using Function = c10::IValue (*)(const std::vector<c10::IValue>& operands);
  Function function_;
  std::vector<BoundArgument> arguments_;
};

}  // namespace sau
