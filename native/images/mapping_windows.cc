#include <cerrno>
#include <cstdint>
#include <system_error>

#include "images/mapping.h"
#include "platform/windows.h"

namespace sau::images {
namespace {

/// Throws the last error of the system as the errno that it corresponds to.
[[noreturn]] void fail(const char* call) {
  const std::error_code error(static_cast<int>(GetLastError()), std::system_category());
  const auto condition = error.default_error_condition();
  const bool is_known = condition.category() == std::generic_category();
  throw std::system_error(is_known ? condition.value() : EIO, std::generic_category(),
                          std::string(call) + ": " + error.message());
}

/// A handle that closes.
class Handle {
 public:
  explicit Handle(HANDLE value) : value_(value) {}
  ~Handle() {
    if (is_open()) CloseHandle(value_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  HANDLE get() const { return value_; }
  bool is_open() const { return value_ != nullptr && value_ != INVALID_HANDLE_VALUE; }

 private:
  HANDLE value_;
};

/// Opens a file of the folder that is deleted with its last handle.
HANDLE open_temporary(const std::string& folder) {
  wchar_t path[MAX_PATH + 1];
  if (GetTempFileNameW(platform::wide(folder).c_str(), L"sau", 0, path) == 0) fail("open");
  return CreateFileW(path, GENERIC_READ | GENERIC_WRITE, 0, nullptr, CREATE_ALWAYS,
                     FILE_ATTRIBUTE_TEMPORARY | FILE_FLAG_DELETE_ON_CLOSE, nullptr);
}

}  // namespace

/// The file is kept open: it is deleted where it closes, for which no view may be left.
struct Mapping::View {
  View(const std::string& folder, size_t size) : file(open_temporary(folder)), bytes(size) {
    if (!file.is_open()) fail("open");
    // Extends the file to its size, and fails where the disk has no room for it.
    const auto length = static_cast<uint64_t>(bytes);
    const Handle section(CreateFileMappingW(file.get(), nullptr, PAGE_READWRITE,
                                            static_cast<DWORD>(length >> 32),
                                            static_cast<DWORD>(length), nullptr));
    if (!section.is_open()) fail("CreateFileMapping");
    data = MapViewOfFile(section.get(), FILE_MAP_ALL_ACCESS, 0, 0, bytes);
    if (data == nullptr) fail("MapViewOfFile");
  }
  ~View() { UnmapViewOfFile(data); }
  View(const View&) = delete;
  View& operator=(const View&) = delete;

  Handle file;
  void* data = nullptr;
  size_t bytes;
};

Mapping::Mapping(const std::string& folder, size_t bytes)
    : view_(std::make_unique<View>(folder, bytes)) {}
Mapping::~Mapping() = default;
void* Mapping::data() const { return view_->data; }
size_t Mapping::size() const { return view_->bytes; }

}  // namespace sau::images
