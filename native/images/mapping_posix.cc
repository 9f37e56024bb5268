#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "images/mapping.h"

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

int make_and_unlink(const std::string& folder) {
  auto path = folder + "/.sau-images-XXXXXX";
  const int file = mkostemp(path.data(), O_CLOEXEC);
  if (file >= 0) unlink(path.c_str());
  return file;
}

#ifdef __APPLE__

int open_nameless(const std::string& folder) { return make_and_unlink(folder); }

/// Returns an errno, or 0.
int take_room(int file, off_t bytes) {
  fstore_t store{F_ALLOCATEALL, F_PEOFPOSMODE, 0, bytes, 0};
  if (fcntl(file, F_PREALLOCATE, &store) != 0) return errno;
  return ftruncate(file, bytes) != 0 ? errno : 0;
}

#else

/// Opens a file of the folder that has no name.
int open_nameless(const std::string& folder) {
  const int nameless = open(folder.c_str(), O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
  // Some file systems cannot make such a file; there it loses its name at once.
  if (nameless >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) return nameless;
  return make_and_unlink(folder);
}

/// Returns an errno, or 0.
int take_room(int file, off_t bytes) { return posix_fallocate(file, 0, bytes); }

#endif

}  // namespace

struct Mapping::View {
  View(const std::string& folder, size_t size) : bytes(size) {
    const Descriptor file(open_nameless(folder));
    if (file.get() < 0) fail(errno, "open");
    // A file with holes would end the process with SIGBUS where the disk is full at a later write.
    const int error = take_room(file.get(), static_cast<off_t>(bytes));
    if (error != 0) fail(error, "fallocate");
    data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
    if (data == MAP_FAILED) fail(errno, "mmap");
  }
  ~View() { munmap(data, bytes); }
  View(const View&) = delete;
  View& operator=(const View&) = delete;

  void* data = nullptr;
  size_t bytes;
};

Mapping::Mapping(const std::string& folder, size_t bytes)
    : view_(std::make_unique<View>(folder, bytes)) {}
Mapping::~Mapping() = default;
void* Mapping::data() const { return view_->data; }
size_t Mapping::size() const { return view_->bytes; }

}  // namespace sau::images
