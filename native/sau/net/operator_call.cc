#include "sau/net/operator_call.h"

#include <algorithm>
#include <limits>

#include "sau/net/operators.h"
#include "sau/net/second_order.h"

namespace sau {
namespace {

using c10::TypeKind;

/// What a call knows when it converts an argument.
struct Conversion {
  const std::vector<c10::IValue>& inputs;
  const Pass& pass;
};

/// A number where the schema has a tensor: as Python's numbers, it does not decide the dtype of a
/// result.
c10::IValue wrapped(const c10::IValue& number) {
  auto tensor = number.isInt()      ? torch::scalar_to_tensor(number.toInt())
                : number.isDouble() ? torch::scalar_to_tensor(number.toDouble())
                                    : torch::scalar_to_tensor(number.toBool());
  tensor.unsafeGetTensorImpl()->set_wrapped_number(true);
  return tensor;
}

/// A value that is no list, as the schema's type has it.
c10::IValue fit(c10::IValue value, const c10::TypePtr& type) {
  const bool is_number = value.isInt() || value.isDouble() || value.isBool();
  switch (type->kind()) {
    case TypeKind::TensorType:
      if (is_number) return wrapped(value);
      TORCH_CHECK(value.isTensor(), "expected a tensor, got ", value.tagKind());
      return value;
    case TypeKind::FloatType:
      if (value.isInt()) return static_cast<double>(value.toInt());
      TORCH_CHECK(value.isDouble(), "expected a number, got ", value.tagKind());
      return value;
    case TypeKind::IntType:
    case TypeKind::SymIntType:
      TORCH_CHECK(value.isInt(), "expected an integer, got ", value.tagKind());
      return value;
    case TypeKind::NumberType:
      TORCH_CHECK(is_number, "expected a number, got ", value.tagKind());
      return value;
    case TypeKind::BoolType:
      TORCH_CHECK(value.isBool(), "expected true or false, got ", value.tagKind());
      return value;
    case TypeKind::StringType:
      TORCH_CHECK(value.isString(), "expected a text, got ", value.tagKind());
      return value;
    case TypeKind::DeviceObjType:
      TORCH_CHECK(value.isDevice(), "expected a device, got ", value.tagKind());
      return value;
    default:
      TORCH_CHECK(false, "expected no argument of the type ", type->str());
  }
}

/// float32 of the exporter stands for the dtype of the pass.
torch::ScalarType dtype_in(const Pass& pass, torch::ScalarType dtype) {
  return dtype == torch::kFloat32 ? pass.dtype : dtype;
}

/// An argument that is no list.
c10::IValue scalar(const BoundArgument& argument, const Conversion& with) {
  return std::visit(
      Overloaded{[](const ProgramArgument::None&) { return c10::IValue(); },
                 [&](const BoundArgument::Input& input) { return with.inputs.at(input.position); },
                 [&](torch::ScalarType dtype) {
                   return c10::IValue(static_cast<int64_t>(dtype_in(with.pass, dtype)));
                 },
                 [](at::MemoryFormat format) { return c10::IValue(static_cast<int64_t>(format)); },
                 [](const ProgramArgument::Layout&) {
                   return c10::IValue(static_cast<int64_t>(at::kStrided));
                 },
                 [&](const ProgramArgument::Device&) { return c10::IValue(with.pass.device); },
                 [](const std::vector<BoundArgument>&) -> c10::IValue {
                   TORCH_CHECK(false, "expected no list");
                 },
                 [](const auto& plain) { return c10::IValue(plain); }},
      argument.is);
}

template <typename Element, typename Convert>
c10::IValue list_of(const std::vector<BoundArgument>& items, Convert&& convert) {
  c10::List<Element> list;
  list.reserve(items.size());
  for (const auto& item : items) list.push_back(convert(item));
  return list;
}

c10::IValue list_of(const std::vector<BoundArgument>& items, const c10::TypePtr& element,
                    const Conversion& with) {
  const auto each = [&](const BoundArgument& item) { return fit(scalar(item, with), element); };
  switch (element->kind()) {
    case TypeKind::IntType:
    case TypeKind::SymIntType:
      return list_of<int64_t>(items, [&](const auto& item) { return each(item).toInt(); });
    case TypeKind::FloatType:
      return list_of<double>(items, [&](const auto& item) { return each(item).toDouble(); });
    case TypeKind::BoolType:
      return list_of<bool>(items, [&](const auto& item) { return each(item).toBool(); });
    case TypeKind::TensorType:
      return list_of<torch::Tensor>(items, [&](const auto& item) { return each(item).toTensor(); });
    case TypeKind::OptionalType:
      return list_of<std::optional<torch::Tensor>>(
          items, [&](const auto& item) -> std::optional<torch::Tensor> {
            const auto value = scalar(item, with);
            if (value.isNone()) return std::nullopt;
            TORCH_CHECK(value.isTensor(), "expected a tensor, got ", value.tagKind());
            return value.toTensor();
          });
    default:
      TORCH_CHECK(false, "expected no list of the type ", element->str());
  }
}

c10::IValue convert(const BoundArgument& argument, c10::TypePtr type, std::optional<int32_t> length,
                    const Conversion& with) {
  if (type->kind() == TypeKind::OptionalType) {
    if (std::holds_alternative<ProgramArgument::None>(argument.is)) return {};
    type = type->castRaw<c10::OptionalType>()->getElementType();
  }
  if (type->kind() != TypeKind::ListType) return fit(scalar(argument, with), type);
  const auto element = type->castRaw<c10::ListType>()->getElementType();
  if (const auto* items = std::get_if<std::vector<BoundArgument>>(&argument.is))
    return list_of(*items, element, with);
  // A value may be a list already; one number stands for as many as the schema has.
  const auto value = scalar(argument, with);
  if (value.isTensorList() && element->kind() == TypeKind::TensorType) return value;
  TORCH_CHECK(length && *length > 0, "expected a list");
  return list_of(std::vector<BoundArgument>(static_cast<size_t>(*length), argument), element, with);
}

c10::OperatorHandle find_operator(const std::string& op, const std::string& overload) {
  const std::string space = "aten::";
  TORCH_CHECK(op.starts_with(space), "expected an operator of aten, got ", op);
  const auto name = op.substr(space.size());
  const auto full = overload.empty() ? name : name + "." + overload;
  TORCH_CHECK(is_allowed_operator(full), "expected an operator that is allowed, got ", full);
  // Weights in the layout of channels last have strides that a view may refuse.
  const auto lenient = name == "view"      ? space + "reshape"
                       : name == "view_as" ? space + "reshape_as"
                                           : op;
  const auto handle = c10::Dispatcher::singleton().findSchema({lenient, overload});
  TORCH_CHECK(handle.has_value(), "expected an operator of this LibTorch, got ", full);
  return *handle;
}

bool takes_device(const c10::TypePtr& type) {
  return type->kind() == TypeKind::OptionalType &&
         type->castRaw<c10::OptionalType>()->getElementType()->kind() == TypeKind::DeviceObjType;
}

void collect_inputs(const BoundArgument& argument, std::vector<size_t>& inputs) {
  if (const auto* input = std::get_if<BoundArgument::Input>(&argument.is))
    inputs.push_back(input->position);
  if (const auto* items = std::get_if<std::vector<BoundArgument>>(&argument.is)) {
    for (const auto& item : *items) collect_inputs(item, inputs);
  }
}

/// The CPU has no kernel of them for 16 bits.
bool lacks_short_kernel(const std::string& op) {
  return op == "aten::_upsample_bilinear2d_aa" || op == "aten::_upsample_bicubic2d_aa";
}

/// scaled_dot_product_attention of a stack by operators that have second derivatives.
torch::Tensor attention_in_steps(const torch::jit::Stack& stack) {
  const auto query = stack.at(0).toTensor();
  auto mask = stack.at(3).toOptional<torch::Tensor>();
  if (mask && mask->scalar_type() == torch::kBool) {
    mask = torch::zeros_like(*mask, query.options())
               .masked_fill(mask->logical_not(), -std::numeric_limits<double>::infinity());
  }
  return std::get<0>(at::_scaled_dot_product_attention_math(
      query, stack.at(1).toTensor(), stack.at(2).toTensor(), mask,
      /*dropout_p=*/stack.at(4).toDouble(), /*is_causal=*/stack.at(5).toBool(),
      /*dropout_mask=*/std::nullopt, /*scale=*/stack.at(6).toOptional<double>(),
      /*enable_gqa=*/stack.at(7).toBool()));
}

}  // namespace

OperatorCall::OperatorCall(const std::string& op, const std::string& overload,
                           std::vector<std::pair<std::string, BoundArgument>> arguments)
    : handle_(find_operator(op, overload)),
      arguments_(std::move(arguments)),
      only_wide_(lacks_short_kernel(op)) {
  for (auto& [name, argument] : arguments_) {
    if (op == "aten::view" && name == "size") name = "shape";
  }
  const auto& expected = schema().arguments();
  for (const auto& slot : expected) {
    const auto* bound = argument(slot.name());
    TORCH_CHECK(bound != nullptr || slot.default_value().has_value(), "expected the argument ",
                slot.name());
    bound_.push_back(bound);
  }
  for (const auto& [name, argument] : arguments_) {
    TORCH_CHECK(std::any_of(expected.begin(), expected.end(),
                            [&name = name](const auto& slot) { return slot.name() == name; }),
                "expected no argument ", name);
  }
}

const BoundArgument* OperatorCall::argument(const std::string& name) const {
  for (const auto& [known, argument] : arguments_) {
    if (known == name) return &argument;
  }
  return nullptr;
}

c10::IValue OperatorCall::operator()(std::vector<c10::IValue> inputs, const Pass& pass) const {
  const bool widens = only_wide_ && pass.device.is_cpu() && c10::elementSize(pass.dtype) < 4;
  if (widens) {
    for (auto& input : inputs) {
      if (input.isTensor()) input = input.toTensor().to(torch::kFloat32);
    }
  }
  const bool creates = std::none_of(inputs.begin(), inputs.end(),
                                    [](const auto& input) { return input.isTensor(); });
  auto stack = stack_of(inputs, pass);
  inputs.clear();
  // Its fused form has no second derivative.
  if (is_second_order() && schema().name() == "aten::scaled_dot_product_attention")
    stack = {c10::IValue(attention_in_steps(stack))};
  else
    handle_.callBoxed(stack);
  if (stack.size() != 1) return c10::ivalue::Tuple::create(std::move(stack));
  const bool is_tensor = stack[0].isTensor();
  if (is_tensor && (widens || (creates && stack[0].toTensor().scalar_type() == torch::kFloat32)))
    return stack[0].toTensor().to(pass.dtype);
  return std::move(stack[0]);
}

torch::jit::Stack OperatorCall::stack_of(const std::vector<c10::IValue>& inputs,
                                         const Pass& pass) const {
  const auto& slots = schema().arguments();
  torch::jit::Stack stack;
  stack.reserve(slots.size());
  for (size_t i = 0; i < slots.size(); ++i) {
    auto value = bound_[i] == nullptr
                     ? *slots[i].default_value()
                     : convert(*bound_[i], slots[i].type(), slots[i].N(), {inputs, pass});
    if (value.isNone() && takes_device(slots[i].type())) value = pass.device;
    stack.push_back(std::move(value));
  }
  return stack;
}

std::vector<size_t> OperatorCall::written_inputs() const {
  std::vector<size_t> written;
  const auto& slots = schema().arguments();
  for (size_t i = 0; i < slots.size(); ++i) {
    const auto* alias = slots[i].alias_info();
    if (alias != nullptr && alias->isWrite() && bound_[i] != nullptr)
      collect_inputs(*bound_[i], written);
  }
  return written;
}

std::vector<size_t> OperatorCall::aliased_inputs() const {
  std::vector<size_t> aliased;
  const auto& slots = schema().arguments();
  const auto& returns = schema().returns();
  const bool says_so = std::any_of(returns.begin(), returns.end(), [](const auto& result) {
    return result.alias_info() != nullptr;
  });
  const bool may_be_any = may_give_input(schema().name().substr(std::string("aten::").size()));
  for (size_t i = 0; i < slots.size(); ++i) {
    if (bound_[i] != nullptr && (may_be_any || (says_so && slots[i].alias_info() != nullptr)))
      collect_inputs(*bound_[i], aliased);
  }
  return aliased;
}

}  // namespace sau
