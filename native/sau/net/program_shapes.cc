#include <algorithm>
#include <map>

#include "sau/error.h"
#include "sau/net/memory_limit.h"
#include "sau/net/program_lines.h"

namespace sau {
namespace {

/// For the values of three images; large networks at 600 pixels need a third of it.
constexpr int64_t kMostBytes = int64_t{1} << 30;

using Sizes = std::vector<int64_t>;

/// Zeros that take no memory.
torch::Tensor zeros_like_weight(const ProgramWeight& weight, bool copied) {
  const auto zeros = torch::zeros({}, weight.dtype).expand(weight.shape);
  return copied ? zeros.clone() : zeros;
}

int64_t elements_of(const c10::IValue& value) {
  if (value.isTensor()) return value.toTensor().numel();
  int64_t elements = 0;
  if (value.isTensorList()) {
    for (const torch::Tensor& tensor : value.toTensorVector()) elements += tensor.numel();
  } else if (value.isTuple()) {
    for (const auto& element : value.toTupleRef().elements()) elements += elements_of(element);
  }
  return elements;
}

/// The sizes of each line's value; of a list its elements.
class Trial {
 public:
  Trial(const std::vector<Line>& lines, const Program& program, int64_t images)
      : lines_(lines), program_(program), images_(images), values_(lines.size()) {
    for (const auto& line : lines) uses_.push_back(line.uses);
  }

  std::vector<std::optional<Sizes>> run() {
    std::vector<std::optional<Sizes>> sizes;
    for (size_t i = 0; i < lines_.size(); ++i) {
      auto value = value_of(lines_[i]);
      if (value.isTensor()) {
        sizes.emplace_back(value.toTensor().sizes().vec());
      } else {
        sizes.emplace_back(std::nullopt);
        list_elements_.emplace(i, elements_of(value));
      }
      if (uses_[i] > 0) values_[i] = std::move(value);
    }
    return sizes;
  }

  int64_t list_elements(size_t line) const { return list_elements_.at(line); }

 private:
  c10::IValue value_of(const Line& line) {
    try {
      if (line.kind == Line::Kind::kInput)
        return torch::zeros({images_, 3, program_.height, program_.width});
      if (line.kind == Line::Kind::kWeight)
        return zeros_like_weight(program_.weights[line.position], line.copied);
      std::vector<c10::IValue> inputs;
      for (const size_t input : line.inputs) {
        inputs.push_back(--uses_[input] == 0 ? std::move(values_[input]) : values_[input]);
      }
      auto value = (*line.callee)(std::move(inputs), {torch::kFloat32, torch::kCPU});
      return line.copied ? value.toTensor().clone() : value;
    } catch (const c10::Error& error) {
      refuse(line, error.what_without_backtrace());
    } catch (const std::exception& error) {
      refuse(line, error.what());
    }
  }

  [[noreturn]] void refuse(const Line& line, const std::string& why) const {
    throw Error("ERR_PROGRAM", "Expected a program that takes " + std::to_string(images_) +
                                   " images of " + std::to_string(program_.height) + " x " +
                                   std::to_string(program_.width) + " pixels but its node " +
                                   line.name + (line.op.empty() ? "" : " (" + line.op + ")") +
                                   " fails: " + why + ". Export it again");
  }

  const std::vector<Line>& lines_;
  const Program& program_;
  int64_t images_;
  std::vector<c10::IValue> values_;
  std::vector<int64_t> uses_;
  std::map<size_t, int64_t> list_elements_;
};

/// The shape for one image, from the sizes for two and for three: where they differ they grow with
/// the batch.
Sizes one_image(const Sizes& two, const Sizes& three) {
  Sizes shape;
  for (size_t d = 0; d < two.size(); ++d) {
    if (d >= three.size() || two[d] == three[d]) {
      shape.push_back(two[d]);
    } else if (two[d] / 2 != 1) {
      shape.push_back(std::max<int64_t>(1, two[d] / 2));
    }
  }
  return shape;
}

}  // namespace

void find_shapes(Lines& program_lines, const Program& program) {
  auto& [lines, output] = program_lines;
  const torch::NoGradGuard no_grad;
  const MemoryLimit limit(kMostBytes);
  Trial two(lines, program, 2);
  Trial three(lines, program, 3);
  const auto for_two = two.run();
  const auto for_three = three.run();
  for (size_t i = 0; i < lines.size(); ++i) {
    lines[i].is_tensor = for_two[i].has_value();
    if (for_two[i] && for_three[i]) {
      lines[i].sizes = *for_two[i];
      lines[i].shape = one_image(*for_two[i], *for_three[i]);
    } else if (!for_two[i]) {
      lines[i].shape = {two.list_elements(i) / 2};
    }
  }
  if (for_two[output] != Sizes{2, program.num_classes} ||
      for_three[output] != Sizes{3, program.num_classes}) {
    throw Error("ERR_PROGRAM", "Expected a program that gives logits [N, " +
                                   std::to_string(program.num_classes) + "] but it gives " +
                                   c10::str(at::IntArrayRef(lines[output].sizes)) +
                                   " for two images. Export it again");
  }
}

}  // namespace sau
