#pragma once
#include <napi.h>

namespace sau::addon {

/// Adds the functions for pictures to the exports: `transformPicture` and `mapMemory`. They need no
/// LibTorch and work on Node's threads for such work.
void define_images(Napi::Env env, Napi::Object exports);

}  // namespace sau::addon
