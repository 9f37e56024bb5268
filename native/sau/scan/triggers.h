#pragma once
#include "sau/defenses/trigger_inversion.h"
#include "sau/scan/scene.h"

namespace sau {

/// The smallest trigger for each class (scan G1). Figures: norm, success, epochs, succeeded (0
/// or 1). Pictures: the triggers, mask times pattern, by label as "0", "1" and so on.
ScanFindings scan_triggers(const ScanScene& scene, const ImageSet& images,
                           const InversionOptions& options);

}  // namespace sau
