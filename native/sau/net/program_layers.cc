#include "sau/net/program_layers.h"

#include <algorithm>
#include <map>

namespace sau {
namespace {

/// A call with its arguments by name.
class Site {
 public:
  Site(size_t line, const std::vector<Line>& lines, const Program& program)
      : line_(lines[line]), lines_(lines), program_(program) {}

  const BoundArgument* argument(const char* name) const { return line_.call()->argument(name); }
  bool has_none(const char* name) const {
    const auto* found = argument(name);
    return found == nullptr || std::holds_alternative<ProgramArgument::None>(found->is);
  }
  /// The line of a tensor.
  std::optional<size_t> tensor(const char* name) const {
    const auto* found = argument(name);
    if (found == nullptr) return {};
    const auto* input = std::get_if<BoundArgument::Input>(&found->is);
    if (input == nullptr || !lines_[line_.inputs[input->position]].is_tensor) return {};
    return line_.inputs[input->position];
  }
  const std::vector<int64_t>& sizes(size_t line) const { return lines_[line].sizes; }
  /// A float32 weight that nobody writes to.
  std::optional<size_t> weight(const char* name) const {
    const auto line = tensor(name);
    if (!line || lines_[*line].kind != Line::Kind::kWeight || lines_[*line].copied) return {};
    const size_t position = lines_[*line].position;
    if (program_.weights[position].dtype != torch::kFloat32) return {};
    return position;
  }
  const std::vector<int64_t>& shape(size_t weight) const { return program_.weights[weight].shape; }
  const std::string& key(size_t weight) const { return program_.weights[weight].key; }
  std::optional<size_t> find_key(const std::string& key) const {
    for (size_t i = 0; i < program_.weights.size(); ++i) {
      if (program_.weights[i].key == key) return i;
    }
    return {};
  }

  /// A number, or the default where there is none. Nothing where it is no fixed number.
  std::optional<double> number(const char* name, double otherwise) const {
    const auto* found = argument(name);
    if (found == nullptr) return otherwise;
    if (const auto* real = std::get_if<double>(&found->is)) return *real;
    if (const auto* whole = std::get_if<int64_t>(&found->is)) return static_cast<double>(*whole);
    return {};
  }
  /// An integer, or a list of equal ones.
  std::optional<int64_t> integer(const char* name, int64_t otherwise) const {
    const auto* found = argument(name);
    if (found == nullptr) return otherwise;
    if (const auto* whole = std::get_if<int64_t>(&found->is)) return *whole;
    const auto* items = std::get_if<std::vector<BoundArgument>>(&found->is);
    if (items == nullptr || items->empty()) return {};
    const auto* first = std::get_if<int64_t>(&items->front().is);
    if (first == nullptr) return {};
    const bool equal = std::all_of(items->begin(), items->end(), [&](const BoundArgument& item) {
      const auto* whole = std::get_if<int64_t>(&item.is);
      return whole != nullptr && *whole == *first;
    });
    return equal ? std::optional(*first) : std::nullopt;
  }
  bool is_false(const char* name) const {
    const auto* found = argument(name);
    const auto* truth = found == nullptr ? nullptr : std::get_if<bool>(&found->is);
    return truth != nullptr && !*truth;
  }

 private:
  const Line& line_;
  const std::vector<Line>& lines_;
  const Program& program_;
};

std::optional<Layered> convolution(const Site& site) {
  const auto x = site.tensor("input");
  const auto weight = site.weight("weight");
  const auto bias = site.weight("bias");
  const auto stride = site.integer("stride", 1);
  const auto padding = site.integer("padding", 0);
  const auto groups = site.integer("groups", 1);
  if (!x || !weight || (!bias && !site.has_none("bias")) || !stride || !padding || !groups ||
      site.integer("dilation", 1) != 1 || site.sizes(*x).size() != 4)
    return {};
  const auto& shape = site.shape(*weight);
  if (shape.size() != 4 || shape[2] != shape[3]) return {};
  return Layered{op::Conv2d{.weight = *weight,
                            .bias = bias,
                            .in = shape[1] * *groups,
                            .out = shape[0],
                            .kernel = shape[2],
                            .stride = *stride,
                            .padding = *padding,
                            .groups = *groups},
                 {*x}};
}

/// Of maps, with statistics that a training pass can update.
std::optional<Layered> batch_norm(const Site& site, bool has_flag) {
  const auto x = site.tensor("input");
  const auto weight = site.weight("weight");
  const auto bias = site.weight("bias");
  const auto mean = site.weight("running_mean");
  const auto variance = site.weight("running_var");
  const auto eps = site.number("eps", 1e-5);
  const auto momentum = site.number("momentum", 0.1);
  if (!x || !weight || !bias || !mean || !variance || !eps || !momentum ||
      (has_flag && !site.is_false("training")) || site.sizes(*x).size() != 4)
    return {};
  const std::string ending = "running_mean";
  const auto& key = site.key(*mean);
  if (!key.ends_with(ending)) return {};
  const auto count =
      site.find_key(key.substr(0, key.size() - ending.size()) + "num_batches_tracked");
  if (!count) return {};
  return Layered{op::BatchNorm{.weight = *weight,
                               .bias = *bias,
                               .mean = *mean,
                               .variance = *variance,
                               .count = *count,
                               .channels = site.shape(*weight)[0],
                               .eps = *eps,
                               .momentum = *momentum},
                 {*x}};
}

std::optional<Layered> layer_norm(const Site& site) {
  const auto x = site.tensor("input");
  const auto weight = site.weight("weight");
  const auto bias = site.weight("bias");
  const auto eps = site.number("eps", 1e-5);
  if (!x || !weight || !bias || !eps || site.shape(*weight).size() != 1) return {};
  return Layered{op::LayerNorm{.weight = *weight,
                               .bias = *bias,
                               .channels = site.shape(*weight)[0],
                               .eps = *eps,
                               .wide = false},
                 {*x}};
}

std::optional<Layered> linear(const Site& site) {
  const auto x = site.tensor("input");
  const auto weight = site.weight("weight");
  const auto bias = site.weight("bias");
  if (!x || !weight || !bias || site.shape(*weight).size() != 2) return {};
  const auto& shape = site.shape(*weight);
  return Layered{
      op::Linear{.weight = *weight, .bias = *bias, .in = shape[1], .out = shape[0], .wide = false},
      {*x}};
}

std::optional<Layered> sum(const Site& site) {
  const auto a = site.tensor("self");
  const auto b = site.tensor("other");
  if (!a || !b || site.number("alpha", 1) != 1 || site.sizes(*a) != site.sizes(*b) ||
      site.sizes(*a).empty())
    return {};
  return Layered{op::Add{}, {*a, *b}};
}

std::optional<Layered> dropout(const Site& site) {
  const auto x = site.tensor("input").has_value() ? site.tensor("input") : site.tensor("self");
  const auto rate = site.number("p", 0);
  if (!x || !rate || !(*rate >= 0 && *rate < 1) || !site.is_false("train")) return {};
  return Layered{op::Dropout{*rate}, {*x}};
}

std::optional<Layered> activation(const Site& site, const std::string& name) {
  static const auto& kCurves = *new std::map<std::string, op::Curve>{
      {"relu6", op::Curve::kRelu6},     {"gelu", op::Curve::kGelu},
      {"silu", op::Curve::kSilu},       {"hardswish", op::Curve::kHardswish},
      {"sigmoid", op::Curve::kSigmoid}, {"hardsigmoid", op::Curve::kHardsigmoid}};
  const auto x = site.tensor("self");
  if (!x || site.argument("approximate") != nullptr) return {};
  if (name == "relu") return Layered{op::Relu{}, {*x}};
  const auto curve = kCurves.find(name);
  if (curve == kCurves.end()) return {};
  return Layered{op::Activate{curve->second}, {*x}};
}

}  // namespace

std::optional<Layered> layer_of(size_t line, const std::vector<Line>& lines, const Program& program,
                                bool exclusive) {
  const auto* call = lines[line].call();
  if (call == nullptr || (!call->written_inputs().empty() && !exclusive)) return {};
  const Site site(line, lines, program);
  auto name = lines[line].op.substr(std::string("aten::").size());
  if (name == "_native_batch_norm_legit_no_training") return batch_norm(site, false);
  if (name.ends_with('_')) name.pop_back();
  if (name == "conv2d" || (name == "convolution" && site.is_false("transposed")))
    return convolution(site);
  if (name == "batch_norm") return batch_norm(site, true);
  if (name == "layer_norm") return layer_norm(site);
  if (name == "linear") return linear(site);
  if (name == "add") return sum(site);
  if (name == "dropout") return dropout(site);
  return activation(site, name);
}

}  // namespace sau
