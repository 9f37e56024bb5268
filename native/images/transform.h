#pragma once
#include <cstdint>

// Pictures on the CPU: neither N-API nor LibTorch.
namespace sau::images {

/// In pixels.
struct Size {
  int64_t height, width;
};

enum class Interpolation { kBilinear, kBicubic };

/// A resize, and the window of the resized picture that is wanted.
struct Transform {
  Size resized;
  Interpolation interpolation;
  int64_t top, left;  ///< of the window in the resized picture; below 0 it begins outside
  Size window;
};

/// Interleaved 8-bit RGB to planes. rgb: [source.height, source.width, 3]; planes: [3,
/// window.height, window.width]. The resize is antialiased and equals Pillow's of an 8-bit picture
/// in every bit; what the window has outside of the picture is 0.
void transform_picture(const uint8_t* rgb, Size source, const Transform& transform,
                       uint8_t* planes);

}  // namespace sau::images
