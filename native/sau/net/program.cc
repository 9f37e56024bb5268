#include "sau/net/program.h"

#include <algorithm>

#include "sau/net/program_layers.h"
#include "sau/net/program_lines.h"

namespace sau {
namespace {

class CopyOf : public Callee {
 public:
  c10::IValue operator()(std::vector<c10::IValue> inputs, const Pass&) const override {
    return inputs.at(0).toTensor().clone();
  }
};

/// The name of a norm or dropout that is no layer, and so keeps to evaluation mode.
std::string trained_otherwise(const Line& line) {
  for (const char* part : {"batch_norm", "dropout"}) {
    if (line.op.find(part) != std::string::npos) return line.name + " (" + line.op + ")";
  }
  return {};
}

/// Nodes from the lines of a program.
class Writer {
 public:
  Writer(const Lines& lines, const Program& program)
      : lines_(lines.lines),
        output_(lines.output),
        program_(program),
        nodes_(lines_.size()),
        fresh_(lines_.size()) {
    for (const auto& weight : program.weights) {
      graph_.weights.push_back(
          {weight.key, weight.shape, weight.dtype, weight.trains, Init{Init::Kind::kConstant, 0}});
    }
    nodes_[0] = append(op::Input{}, {});
    copy_if_written(0);
  }

  Graph write() {
    for (size_t i = 1; i < lines_.size(); ++i) {
      if (lines_[i].kind >= Line::Kind::kCall) write(i);
    }
    finish();
    return std::move(graph_);
  }

 private:
  size_t append(Op op, std::vector<size_t> inputs) {
    graph_.nodes.push_back({std::move(op), std::move(inputs)});
    return graph_.nodes.size() - 1;
  }

  /// The node of a line's value. Weights and constants become values where they are first wanted.
  size_t node_of(size_t i) {
    if (nodes_[i]) return *nodes_[i];
    const auto& line = lines_[i];
    nodes_[i] = line.kind == Line::Kind::kWeight
                    ? append(op::WeightValue{line.position, line.shape}, {})
                    : append(op::Call{line.callee, line.shape}, {});
    copy_if_written(i);
    return *nodes_[i];
  }

  void copy_if_written(size_t i) {
    if (!lines_[i].copied) return;
    nodes_[i] = append(op::Call{std::make_shared<CopyOf>(), lines_[i].shape}, {*nodes_[i]});
  }

  void write(size_t i) {
    const auto& line = lines_[i];
    if (line.kind == Line::Kind::kElement && nodes_[i]) return;
    if (auto layered = line.kind == Line::Kind::kCall ? as_layer(i) : std::nullopt) {
      nodes_[i] = append(std::move(layered->op), nodes_of(layered->inputs));
      fresh_[i] = true;
      return;
    }
    nodes_[i] =
        append(op::Call{line.callee, line.shape, trained_otherwise(line)}, nodes_of(line.inputs));
    const auto* call = line.call();
    fresh_[i] = call != nullptr && call->aliased_inputs().empty();
  }

  std::vector<size_t> nodes_of(const std::vector<size_t>& lines) {
    std::vector<size_t> nodes;
    for (const size_t line : lines) nodes.push_back(node_of(line));
    return nodes;
  }

  std::optional<Layered> as_layer(size_t i) {
    const auto* call = lines_[i].call();
    if (call == nullptr) return {};
    const auto written = call->written_inputs();
    const bool exclusive = std::all_of(written.begin(), written.end(), [&](size_t position) {
      const size_t target = lines_[i].inputs[position];
      return lines_[target].uses == 1 && fresh_[target];
    });
    auto layered = layer_of(i, lines_, program_, exclusive);
    if (!layered || lines_[i].is_tensor) return layered;
    return first_element_alone(i) ? layered : std::nullopt;
  }

  /// A norm of several results, of which others than the first serve training, is a layer where
  /// only the first is used; the element is then the layer's own value.
  bool first_element_alone(size_t i) {
    const size_t first = i + 1;
    for (size_t e = first; e < lines_.size() && is_element_of(e, i); ++e) {
      if (e != first && lines_[e].uses > 0) return false;
    }
    if (first >= lines_.size() || !is_element_of(first, i)) return false;
    for (size_t e = first; e < lines_.size() && is_element_of(e, i); ++e)
      nodes_[e] = graph_.nodes.size();
    return true;
  }

  bool is_element_of(size_t e, size_t list) const {
    return lines_[e].kind == Line::Kind::kElement && lines_[e].inputs[0] == list;
  }

  /// Logits are float32. A linear layer that gives them computes so, as that of an architecture.
  void finish() {
    const size_t output = node_of(output_);
    auto& last = graph_.nodes.back();
    auto* linear = std::get_if<op::Linear>(&last.op);
    if (linear == nullptr || output + 1 != graph_.nodes.size()) {
      append(op::Widen{}, {output});
      return;
    }
    linear->wide = true;
    auto head = std::move(last);
    graph_.nodes.pop_back();
    const size_t wide = append(op::Widen{}, head.inputs);
    append(std::move(head.op), {wide});
  }

  const std::vector<Line>& lines_;
  size_t output_;
  const Program& program_;
  Graph graph_;
  std::vector<std::optional<size_t>> nodes_;  ///< of each line
  std::vector<bool> fresh_;                   ///< lines whose value lies in memory of its own
};

}  // namespace

Graph graph_of(const Program& program) {
  auto lines = read_lines(program);
  follow_writes(lines.lines);
  find_shapes(lines, program);
  return Writer(lines, program).write();
}

}  // namespace sau
