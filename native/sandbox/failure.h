#pragma once
#include <cerrno>
#include <system_error>

namespace sau::sandbox {

/// Throws the system's error of a call.
[[noreturn]] inline void fail(const char* call, int error = errno) {
  throw std::system_error(error, std::generic_category(), call);
}

}  // namespace sau::sandbox
