#include "sau/scan/triggers.h"

#include "sau/defenses/stamping.h"
#include "sau/device.h"

namespace sau {
namespace {

PictureMade picture_of(const InvertedTrigger& trigger) {
  const auto sheet = to_host(sheet_of(trigger.mask * trigger.pattern));
  const auto* bytes = sheet.const_data_ptr<uint8_t>();
  return {.name = std::to_string(trigger.target),
          .height = sheet.size(1),
          .width = sheet.size(2),
          .planes = {bytes, bytes + sheet.numel()}};
}

}  // namespace

ScanFindings scan_triggers(const ScanScene& scene, const ImageSet& images,
                           const InversionOptions& options) {
  ScanFindings findings;
  for (int64_t label = 0; label < scene.classes; ++label) {
    auto generator = generator_of(scene.seed, label);
    const InversionScene inversion{.model = scene.model,
                                   .normalizer = scene.normalizer,
                                   .images = images,
                                   .generator = generator,
                                   .chunk = scene.chunk,
                                   .control = scene.control};
    const auto trigger = invert_trigger(inversion, label, options, [&](int64_t epochs) {
      scene.control.report(BatchDone{
          .round = label, .rounds = scene.classes, .batch = epochs, .batches = options.epochs});
    });
    findings.classes.push_back({{"norm", trigger.norm},
                                {"success", trigger.success},
                                {"epochs", static_cast<double>(trigger.epochs)},
                                {"succeeded", trigger.succeeded ? 1.0 : 0.0}});
    findings.pictures.push_back(picture_of(trigger));
  }
  return findings;
}

}  // namespace sau
