#pragma once
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/stack.h>

#include <string>
#include <utility>
#include <vector>

#include "sau/net/call.h"
#include "sau/net/program.h"

namespace sau {

/// An argument whose values are positions among a node's inputs.
struct BoundArgument {
  struct Input {
    size_t position;
  };
  std::variant<ProgramArgument::None, Input, int64_t, double, bool, std::string, torch::ScalarType,
               at::MemoryFormat, ProgramArgument::Layout, ProgramArgument::Device,
               std::vector<BoundArgument>>
      is;
};

/// A call of an operator of PyTorch. Arguments are bound to the operator's schema by their names.
class OperatorCall : public Callee {
 public:
  /// Throws c10::Error for an unknown operator or argument.
  OperatorCall(const std::string& op, const std::string& overload,
               std::vector<std::pair<std::string, BoundArgument>> arguments);
  c10::IValue operator()(std::vector<c10::IValue> inputs, const Pass& pass) const override;

  const c10::FunctionSchema& schema() const { return handle_.schema(); }
  /// What is bound to an argument of the schema; null where it has its default.
  const BoundArgument* argument(const std::string& name) const;
  /// Inputs that the operator writes to.
  std::vector<size_t> written_inputs() const;
  /// Inputs in whose memory its result may lie.
  std::vector<size_t> aliased_inputs() const;

 private:
  torch::jit::Stack stack_of(const std::vector<c10::IValue>& inputs, const Pass& pass) const;

  c10::OperatorHandle handle_;
  std::vector<std::pair<std::string, BoundArgument>> arguments_;
  std::vector<const BoundArgument*> bound_;  ///< of each argument of the schema; null: the default
  bool only_wide_;                           ///< computes in float32 on a CPU
};

}  // namespace sau
