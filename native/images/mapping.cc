#include "images/mapping.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace sau::images {
namespace {

[[noreturn]] void fail(int error, const char* call) {
  throw std::system_error(error, std::generic_category(), call);
}

/// A file descriptor that closes.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return value_; }

 private:
  int value_;
};

/// Opens a file of the folder that has no name.
int open_nameless(const std::string& folder) {
  const int nameless = open(folder.c_str(), O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
  // Some file systems cannot make such a file; there it loses its name at once.
  if (nameless >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) return nameless;
  auto path = folder + "/.sau-images-XXXXXX";
  const int file = mkostemp(path.data(), O_CLOEXEC);
  if (file >= 0) unlink(path.c_str());
  return file;
}

}  // namespace

Mapping::Mapping(const std::string& folder, size_t bytes) : data_(nullptr), bytes_(bytes) {
  const Descriptor file(open_nameless(folder));
  if (file.get() < 0) fail(errno, "open");
  // A file with holes would end the process with SIGBUS where the disk is full at a later write.
  const int error = posix_fallocate(file.get(), 0, static_cast<off_t>(bytes));
  if (error != 0) fail(error, "fallocate");
  data_ = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (data_ == MAP_FAILED) fail(errno, "mmap");
}

Mapping::~Mapping() { munmap(data_, bytes_); }

}  // namespace sau::images
