#include "sau/net/program_lines.h"

#include "sau/error.h"
#include "sau/net/size_call.h"

namespace sau {
namespace {

[[noreturn]] void refuse(const std::string& what, const std::string& advice) {
  throw Error("ERR_PROGRAM", "Expected a classifier as a program but " + what + ". " + advice);
}

/// A tensor of the program that is no weight.
class ConstantValue : public Callee {
 public:
  explicit ConstantValue(torch::Tensor value) : value_(std::move(value)) {}
  /// Kept where the last pass wanted it, so that recorded work finds it at its address.
  c10::IValue operator()(std::vector<c10::IValue>, const Pass& pass) const override {
    const auto dtype = value_.is_floating_point() ? pass.dtype : value_.scalar_type();
    for (const auto& copy : copies_) {
      if (copy.scalar_type() == dtype && copy.device() == pass.device) return copy;
    }
    copies_.push_back(value_.to(pass.device, dtype));
    return copies_.back();
  }

 private:
  torch::Tensor value_;
  mutable std::vector<torch::Tensor> copies_;
};

/// An element of a list or tuple.
class ElementOf : public Callee {
 public:
  explicit ElementOf(size_t position) : position_(position) {}
  c10::IValue operator()(std::vector<c10::IValue> inputs, const Pass&) const override {
    const auto& list = inputs.at(0);
    if (list.isTensorList()) {
      const auto tensors = list.toTensorList();
      TORCH_CHECK(position_ < tensors.size(), "expected more than ", tensors.size(), " results");
      return tensors.get(position_);
    }
    TORCH_CHECK(list.isTuple(), "expected several results, got ", list.tagKind());
    const auto& elements = list.toTupleRef().elements();
    TORCH_CHECK(position_ < elements.size(), "expected more than ", elements.size(), " results");
    return elements[position_];
  }

 private:
  size_t position_;
};

/// Lines by the names of their values.
class Reader {
 public:
  explicit Reader(const Program& program) {
    add({.kind = Line::Kind::kInput, .name = program.input}, {program.input});
    for (size_t i = 0; i < program.weights.size(); ++i) {
      const auto& weight = program.weights[i];
      add({.kind = Line::Kind::kWeight, .name = weight.key, .position = i}, weight.values);
    }
    for (const auto& [value, tensor] : program.constants) {
      add({.kind = Line::Kind::kConstant,
           .name = value,
           .callee = std::make_shared<ConstantValue>(tensor)},
          {value});
    }
    for (const auto& node : program.nodes) add(node);
    output_ = line_of(program.output);
    ++lines_[output_].uses;
  }

  Lines take() { return {std::move(lines_), output_}; }

 private:
  size_t line_of(const std::string& name) const {
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) refuse("it uses " + name + " before it is defined", kDamaged);
    return found->second;
  }

  void add(Line line, const std::vector<std::string>& names) {
    lines_.push_back(std::move(line));
    for (const auto& name : names) {
      if (!by_name_.emplace(name, lines_.size() - 1).second)
        refuse("it defines " + name + " twice", kDamaged);
    }
  }

  BoundArgument bind(const ProgramArgument& argument, std::vector<size_t>& inputs) {
    return std::visit(Overloaded{[&](const ProgramArgument::Value& value) -> BoundArgument {
                                   inputs.push_back(line_of(value.name));
                                   ++lines_[inputs.back()].uses;
                                   return {BoundArgument::Input{inputs.size() - 1}};
                                 },
                                 [&](const std::vector<ProgramArgument>& items) -> BoundArgument {
                                   std::vector<BoundArgument> bound;
                                   for (const auto& item : items)
                                     bound.push_back(bind(item, inputs));
                                   return {std::move(bound)};
                                 },
                                 [](const auto& plain) -> BoundArgument { return {plain}; }},
                      argument.is);
  }

  void add(const ProgramNode& node) {
    Line line{.kind = Line::Kind::kCall,
              .name = node.outputs.empty() ? node.op : node.outputs[0],
              .op = node.op};
    std::vector<std::pair<std::string, BoundArgument>> arguments;
    for (const auto& [name, argument] : node.arguments)
      arguments.emplace_back(name, bind(argument, line.inputs));
    try {
      line.callee = callee_of(node, std::move(arguments));
    } catch (const c10::Error& error) {
      refuse("its node " + line.name + " (" + node.op +
                 ") cannot be called: " + error.what_without_backtrace(),
             kDamaged);
    }
    if (node.outputs.size() == 1 && !node.gives_list) {
      add(std::move(line), node.outputs);
      return;
    }
    add(std::move(line), {});
    const auto list = lines_.size() - 1;
    for (size_t k = 0; k < node.outputs.size(); ++k) {
      ++lines_[list].uses;
      add({.kind = Line::Kind::kElement,
           .name = node.outputs[k],
           .inputs = {list},
           .callee = std::make_shared<ElementOf>(k),
           .position = k},
          {node.outputs[k]});
    }
  }

  static std::shared_ptr<const Callee> callee_of(
      const ProgramNode& node, std::vector<std::pair<std::string, BoundArgument>> arguments) {
    const std::string sizes = "sym::";
    if (!node.op.starts_with(sizes))
      return std::make_shared<OperatorCall>(node.op, node.overload, std::move(arguments));
    std::vector<BoundArgument> operands;
    for (auto& [name, argument] : arguments) operands.push_back(std::move(argument));
    return std::make_shared<SizeCall>(node.op.substr(sizes.size()), std::move(operands));
  }

  static constexpr const char* kDamaged = "Export it again";
  std::vector<Line> lines_;
  size_t output_ = 0;
  std::unordered_map<std::string, size_t> by_name_;
};

}  // namespace

Lines read_lines(const Program& program) { return Reader(program).take(); }

}  // namespace sau
