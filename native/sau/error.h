#pragma once
#include <stdexcept>
#include <string>
#include <utility>

namespace sau {

/// A failure with a stable code of the package, such as ERR_CHECKPOINT. The addon turns every other
/// exception into ERR_NATIVE or ERR_OUT_OF_MEMORY.
class Error : public std::runtime_error {
 public:
  Error(std::string code, const std::string& message)
      : std::runtime_error(message), code_(std::move(code)) {}
  const std::string& code() const { return code_; }

 private:
  std::string code_;
};

}  // namespace sau
