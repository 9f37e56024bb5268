#pragma once
#include <string>
#include <variant>

#include "sau/error.h"
#include "sau/run_control.h"
#include "sau/scan/latent.h"
#include "sau/scan/margins.h"
#include "sau/scan/shared_labels.h"
#include "sau/scan/triggers.h"
#include "sau/scan/universal.h"
#include "sau/workspace.h"

namespace sau::jobs {

using ScanStatistic = std::variant<InversionOptions, MarginOptions, SharedLabelsOptions,
                                   UniversalOptions, LatentOptions>;

/// The statistic of a name, its options still to be read. Throws ERR_CONFIG where there is none.
inline ScanStatistic statistic_named(const std::string& name) {
  if (name == "nc") return InversionOptions{};
  if (name == "mmbd") return MarginOptions{};
  if (name == "shared") return SharedLabelsOptions{};
  if (name == "universal") return UniversalOptions{};
  if (name == "latent") return LatentOptions{};
  throw Error("ERR_CONFIG",
              "The native core expected a known statistic but received '" + name + "'");
}

struct ScanOptions {
  ScanStatistic statistic;
};

/// For a visitor that reads: the name of the statistic says which options it has.
template <class V>
void fields(V& v, ScanOptions& o) {
  std::string name;
  v("statistic", name);
  o.statistic = statistic_named(name);
  std::visit([&](auto& options) { v("options", options); }, o.statistic);
}

/// What the statistics look at. chunk: images of a pass with gradients.
ScanScene scan_scene(const Workspace& workspace, const FrozenPixelClassifier& model, int64_t chunk,
                     const RunControl& control);

/// One statistic of the trainee over all its classes, by the images of kCleanSubset where it needs
/// any. The model keeps its weights.
ScanFindings scan(Workspace& workspace, const ScanOptions& options, const RunControl& control);

}  // namespace sau::jobs
