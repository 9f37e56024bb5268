#include "sau/defenses/nc.h"

#include <algorithm>
#include <cmath>

#include "sau/defenses/stamping.h"
#include "sau/device.h"
#include "sau/precision.h"

namespace sau {
namespace {

/// The share of a set that is stamped, at its end; the rest is learned as it is.
int64_t first_stamped(const ImageSet& images, double ratio) {
  return static_cast<int64_t>(std::floor((1 - ratio) * static_cast<double>(images.size())));
}

void report_outliers(const SmallOutliers& outliers, const char* median, const DefenseRun& run) {
  run.report({.table = "outliers",
              .cells = {{"median", std::string(median)},
                        {"value", outliers.median},
                        {"deviation", outliers.deviation},
                        {"index", outliers.index}}});
}

PictureMade picture(std::string name, const torch::Tensor& pixels) {
  const auto sheet = to_host(sheet_of(pixels));
  const auto* bytes = sheet.const_data_ptr<uint8_t>();
  return {.name = std::move(name),
          .height = sheet.size(1),
          .width = sheet.size(2),
          .planes = {bytes, bytes + sheet.numel()}};
}

}  // namespace

NcDefense::NcDefense(Workspace& workspace, const NcOptions& options, const RunControl&)
    : workspace_(workspace),
      options_(options),
      model_(workspace.model(ModelRole::kTrainee)),
      clean_subset_(workspace.images(ImageRole::kCleanSubset)),
      schedule_(options.optimizer.learning_rate, options.schedule) {
  if (first_stamped(clean_subset_, options.unlearning_ratio) == clean_subset_.size()) {
    throw Error("ERR_CONFIG",
                "Expected clean images of which unlearningRatio leaves one or more "
                "to stamp but received " +
                    std::to_string(clean_subset_.size()) +
                    ". Give more clean images, or raise unlearningRatio");
  }
}

void NcDefense::run(const DefenseRun& run) {
  search(run);
  const auto classes = judge(run);
  if (classes.empty()) {
    run.control().report(
        Note{"no class has a trigger that is far smaller than the others: the "
             "model stays as it is"});
    return;
  }
  unlearn(classes, run);
}

void NcDefense::search(const DefenseRun& run) {
  run.begin_stage("searching a trigger for each class");
  const auto frozen =
      workspace_.frozen(ModelRole::kTrainee, outer_dtype(workspace_.options().precision));
  const InversionScene scene{
      .model = frozen,
      .normalizer = model_.normalizer(),
      .images = clean_subset_,
      .generator = workspace_.generator(),
      .chunk = workspace_.images_per_piece(ImageRole::kCleanSubset, frozen.precision()),
      .control = run.control()};
  const auto* head = model_.model().graph().find_head();
  const int64_t classes = head ? head->out : workspace_.options().num_classes;
  run.steps(classes, [&](int64_t target) {
    triggers_.push_back(invert_trigger(scene, target, options_.inversion, [&](int64_t epochs) {
      run.control().report(BatchDone{.round = target,
                                     .rounds = classes,
                                     .batch = epochs,
                                     .batches = options_.inversion.epochs});
    }));
  });
  std::vector<torch::Tensor> masks, patterns, products;
  for (const auto& [target, mask, pattern, norm, success, epochs, succeeded] : triggers_) {
    masks.push_back(mask.expand_as(pattern));
    patterns.push_back(pattern);
    products.push_back(mask * pattern);
  }
  run.control().report(picture("masks", torch::cat(masks)));
  run.control().report(picture("patterns", torch::cat(patterns)));
  run.control().report(picture("triggers", torch::cat(products)));
}

std::vector<int64_t> NcDefense::judge(const DefenseRun& run) const {
  std::vector<double> norms;
  for (const auto& trigger : triggers_) norms.push_back(trigger.norm);
  const auto lower = small_outliers(norms, Median::kLower, options_.anomaly);
  const auto mean = small_outliers(norms, Median::kMean, options_.anomaly);
  for (size_t c = 0; c < triggers_.size(); ++c) {
    const auto& trigger = triggers_[c];
    const bool found =
        std::find(lower.found.begin(), lower.found.end(), trigger.target) != lower.found.end();
    run.report({.table = "triggers",
                .cells = {{"class", static_cast<double>(trigger.target)},
                          {"norm", trigger.norm},
                          {"success", trigger.success},
                          {"epochs", static_cast<double>(trigger.epochs)},
                          {"index", lower.indices[c]},
                          {"indexOfMeanMedian", mean.indices[c]},
                          {"found", found ? 1.0 : 0.0}}});
  }
  report_outliers(lower, "lower", run);
  report_outliers(mean, "mean", run);
  return lower.found;
}

void NcDefense::unlearn(const std::vector<int64_t>& classes, const DefenseRun& run) {
  run.begin_stage("unlearning the triggers");
  const auto images = stamped(classes);
  optimizer_.emplace(model_.model().parameters(), options_.optimizer);
  EpochTrainer trainer({model_, *optimizer_, schedule_, workspace_.generator()}, images, options_,
                       {});
  run.rounds([&](const Round& round) {
    const auto sums = trainer.run_epoch(round, run.control());
    return Figures{{"loss", sums.mean_loss()}, {"trainAcc", sums.accuracy()}};
  });
}

ImageSet NcDefense::stamped(const std::vector<int64_t>& classes) const {
  const int64_t first = first_stamped(clean_subset_, options_.unlearning_ratio);
  const auto rest = clean_subset_.images.slice(0, first);
  const auto labels = clean_subset_.true_labels;
  std::vector<torch::Tensor> images{clean_subset_.images.slice(0, 0, first).to(torch::kFloat32)};
  std::vector<torch::Tensor> all_labels{labels.slice(0, 0, first)};
  for (const int64_t c : classes) {
    const auto& [target, mask, pattern, norm, success, epochs, succeeded] =
        triggers_[static_cast<size_t>(c)];
    images.push_back(options_.compat == Compat::kReference
                         ? stamp_from_pictures(rest, mask, pattern)
                         : stamp(rest, mask, pattern));
    all_labels.push_back(labels.slice(0, first));
  }
  const auto joined = torch::cat(all_labels);
  return {torch::cat(images), joined, joined};
}

void NcDefense::visit(StateArchive& archive) {
  auto count = static_cast<int64_t>(triggers_.size());
  archive("classes", count);
  triggers_.resize(static_cast<size_t>(count));
  for (size_t c = 0; c < triggers_.size(); ++c) {
    const auto prefix = std::to_string(c) + ".";
    auto& [target, mask, pattern, norm, success, epochs, succeeded] = triggers_[c];
    archive(prefix + "target", target);
    archive(prefix + "mask", mask);
    archive(prefix + "pattern", pattern);
    archive(prefix + "norm", norm);
    archive(prefix + "success", success);
    archive(prefix + "epochs", epochs);
    archive(prefix + "succeeded", succeeded);
  }
  if (!optimizer_) return;
  archive.part("optimizer", *optimizer_);
  archive.part("schedule", schedule_);
}

}  // namespace sau
