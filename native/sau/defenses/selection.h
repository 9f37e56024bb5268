#pragma once
#include <functional>
#include <optional>

#include "sau/defenses/defense.h"
#include "sau/workspace.h"

namespace sau {

/// The quirks of the official tool (defenses E0): not taken over, or the numbered ones taken
/// over.
enum class Compat { kSound, kReference };

/// By what a defense chooses among candidates (defenses E0): by clean images that it does not
/// learn from, by a threshold that the user gives, or, as the official tool does, by the test sets.
enum class Select { kClean, kFixed, kOracle };

template <>
struct Names<Compat> {
  static constexpr const char* kWhat = "compat";
  static constexpr std::pair<const char*, Compat> kAll[] = {{"sound", Compat::kSound},
                                                            {"reference", Compat::kReference}};
};
template <>
struct Names<Select> {
  static constexpr const char* kWhat = "select";
  static constexpr std::pair<const char*, Select> kAll[] = {
      {"clean", Select::kClean}, {"fixed", Select::kFixed}, {"oracle", Select::kOracle}};
};

struct SelectionOptions {
  Select select;
  double max_drop;  ///< kClean: share of the accuracy that a candidate may lose
};

template <class V>
void fields(V& v, SelectionOptions& o) {
  v("select", o.select);
  v("maxDrop", o.max_drop);
}

/// The clean subset where a defense chooses by it: the last fifth of its images, rounded up, judges
/// and is never learned from.
struct CleanSplit {
  ImageSet learn, judge;
};

/// Throws ERR_CONFIG for fewer than five images.
CleanSplit split_clean(const ImageSet& clean);

/// Share of a set's images whose label a model predicts.
double accuracy_on(const FrozenPixelClassifier& model, const ImageSet& set,
                   const RunControl& control);

/// Candidates from the weakest to the strongest, as those see them who choose.
struct Ladder {
  int64_t count;
  /// How much a candidate cuts. A stronger one cuts all that a weaker one does, so that two of one
  /// number are the same.
  std::function<int64_t(int64_t index)> number;
  /// Makes the trainee a candidate.
  std::function<void(int64_t index)> apply;
  /// The row that reports it, without its metrics.
  std::function<TableRow(int64_t index)> row;
};

/// Makes the trainee a candidate, measures it on the test sets and reports its row with that.
Metrics measure_candidate(const Ladder& ladder, int64_t index, const DefenseRun& run);

/// What a choice came to.
struct Choice {
  int64_t kept;                    ///< the candidate that the trainee is now
  std::optional<int64_t> refused;  ///< the first one that lost too much
};

/// Chooses by clean images: the last candidate before the first whose accuracy is below
/// (1 - max_drop) * before, else the weakest. accuracy: of the trainee as it is; before: of the
/// backdoored model. Reports the rows so far, with the accuracy as "validationAcc".
Choice choose_by_clean(const Ladder& ladder, double max_drop, double before,
                       const std::function<double()>& accuracy, const DefenseRun& run);

/// Reports every n-th candidate with its metrics, n as rounds are measured; the trainee is then the
/// last of these.
void report_ladder(const Ladder& ladder, const DefenseRun& run);

}  // namespace sau
