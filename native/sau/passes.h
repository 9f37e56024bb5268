#pragma once
#include <cstdint>

namespace sau {

/// Passes of images through models: a batch of n images counts n.
struct Passes {
  int64_t forward = 0, backward = 0;

  Passes operator+(const Passes& other) const {
    return {forward + other.forward, backward + other.backward};
  }
  Passes operator-(const Passes& other) const {
    return {forward - other.forward, backward - other.backward};
  }
};

}  // namespace sau
