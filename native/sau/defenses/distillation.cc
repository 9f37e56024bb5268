#include "sau/defenses/distillation.h"

#include "sau/defenses/attention.h"
#include "sau/error.h"

namespace sau {

AttentionSites last_stages(const Graph& graph, int64_t height, int64_t width, double beta1,
                           double beta2, double power) {
  auto ends = stage_ends(graph, height, width);
  if (ends.empty()) {
    throw Error("ERR_CONFIG",
                "Expected a model with maps of more than one pixel for the method nad, which "
                "compares their attention, but it has none. Choose another method, such as ft");
  }
  if (ends.size() == 1) return {std::move(ends), {beta2}, power};
  ends.erase(ends.begin(), ends.end() - 2);
  return {std::move(ends), {beta1, beta2}, power};
}

Distiller::Distiller(const PixelClassifier& student, std::shared_ptr<GraphModule> teacher,
                     AttentionSites sites, torch::ScalarType dtype)
    : student_(student),
      teacher_(std::move(teacher)),
      sites_(std::move(sites)),
      teacher_maps_(sites_.nodes.size()),
      frozen_teacher_(PixelClassifier(teacher_, student.normalizer(), dtype, student.passes()),
                      student.normalizer(), dtype, /*chunk=*/0, taps_into(teacher_maps_)) {}

Taps Distiller::taps_into(Maps& maps) const {
  return {.nodes = sites_.nodes,
          .take = [&maps](size_t k, const torch::Tensor& value) { maps[k] = value; }};
}

Distilled Distiller::operator()(const LabelledInput& batch) {
  {
    const torch::NoGradGuard no_grad;
    frozen_teacher_.logits_of_input(batch.input);
  }
  Maps maps(sites_.nodes.size());
  Distilled result;
  result.logits =
      student_.logits_of_input(batch.input, student_.model().weights(), taps_into(maps));
  result.attention = torch::zeros({}, result.logits.options());
  for (size_t k = 0; k < maps.size(); ++k) {
    result.distances.push_back(attention_distance(maps[k], teacher_maps_[k], sites_.power));
    result.attention = result.attention + sites_.betas[k] * result.distances[k];
  }
  result.loss = torch::cross_entropy_loss(result.logits, batch.labels) + result.attention;
  return result;
}

}  // namespace sau
