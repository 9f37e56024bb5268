#pragma once
#include <utility>

#include "sau/error.h"

namespace sau {

/// The names that the library gives to the values of an enum. Beside each enum stands its
/// specialisation: kWhat, how errors call what is named, and kAll, pairs of name and value.
template <typename Enum>
struct Names;

template <typename Enum>
const char* name_of(Enum value) {
  for (const auto& [name, known] : Names<Enum>::kAll) {
    if (known == value) return name;
  }
  throw Error("ERR_NATIVE", std::string("no name for this ") + Names<Enum>::kWhat);
}

}  // namespace sau
