#include "sau/defenses/selection.h"

#include "sau/predict.h"

namespace sau {
namespace {

ImageSet images_between(const ImageSet& set, int64_t begin, int64_t end) {
  return {set.images.slice(0, begin, end), set.labels.slice(0, begin, end),
          set.true_labels.slice(0, begin, end), set.is_mapped};
}

/// What is found of the trainee as a candidate; of one that cuts as much as the one before, what
/// was found of that.
template <typename Found>
class FoundOnce {
 public:
  FoundOnce(const Ladder& ladder, std::function<Found()> find)
      : ladder_(ladder), find_(std::move(find)) {}
  Found operator()(int64_t index) {
    const int64_t number = ladder_.number(index);
    if (!number_ || *number_ != number) found_ = find_();
    number_ = number;
    return *found_;
  }

 private:
  const Ladder& ladder_;
  std::function<Found()> find_;
  std::optional<int64_t> number_;
  std::optional<Found> found_;
};

}  // namespace

CleanSplit split_clean(const ImageSet& clean) {
  constexpr int64_t kFifth = 5;
  const int64_t count = clean.size();
  if (count < kFifth) {
    throw Error("ERR_CONFIG",
                "Expected at least 5 clean images, of which a fifth judges the "
                "candidates, but received " +
                    std::to_string(count) + ". Give more clean images, or choose another select");
  }
  const int64_t judges = (count + kFifth - 1) / kFifth;
  return {images_between(clean, 0, count - judges), images_between(clean, count - judges, count)};
}

double accuracy_on(const FrozenPixelClassifier& model, const ImageSet& set,
                   const RunControl& control) {
  const auto right = predict(model, set, control).eq(set.labels).sum().item<double>();
  return right / static_cast<double>(set.size());
}

Metrics measure_candidate(const Ladder& ladder, int64_t index, const DefenseRun& run) {
  ladder.apply(index);
  auto row = ladder.row(index);
  const auto metrics = run.measure();
  row.metrics = metrics;
  run.report(std::move(row));
  return metrics;
}

Choice choose_by_clean(const Ladder& ladder, double max_drop, double before,
                       const std::function<double()>& accuracy, const DefenseRun& run) {
  Choice choice{0, {}};
  FoundOnce<double> accuracy_of(ladder, accuracy);
  FoundOnce<Metrics> metrics_of(ladder, [&] { return run.measure(); });
  for (int64_t index = 0; index < ladder.count && !choice.refused; ++index) {
    run.control().throw_if_cancelled();
    ladder.apply(index);
    const double found = accuracy_of(index);
    auto row = ladder.row(index);
    row.cells.emplace_back("validationAcc", found);
    if (run.measures(index)) row.metrics = metrics_of(index);
    run.report(std::move(row));
    if (found >= (1 - max_drop) * before)
      choice.kept = index;
    else
      choice.refused = index;
  }
  ladder.apply(choice.kept);
  return choice;
}

void report_ladder(const Ladder& ladder, const DefenseRun& run) {
  FoundOnce<Metrics> metrics_of(ladder, [&] { return run.measure(); });
  for (int64_t index = 0; index < ladder.count; ++index) {
    run.control().throw_if_cancelled();
    if (!run.measures(index)) continue;
    ladder.apply(index);
    auto row = ladder.row(index);
    row.metrics = metrics_of(index);
    run.report(std::move(row));
  }
}

}  // namespace sau
