#include <dlfcn.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <climits>
#include <cstdint>
#include <cstdlib>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "platform/system.h"

// Linux and macOS.
namespace sau::platform {

#ifdef __APPLE__
const char* const kLibraryEnding = ".dylib";
#else
const char* const kLibraryEnding = ".so";
#endif

Library open_library(const std::string& path, std::string* problem) {
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) *problem = dlerror();
  return library;
}

void* find_symbol(Library library, const char* name) { return dlsym(library, name); }

std::string library_of(const void* address) {
  Dl_info facts{};
  return dladdr(address, &facts) == 0 ? "" : facts.dli_fname;
}

void keep_open(const void* address) {
  dlopen(library_of(address).c_str(), RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
}

std::string real_path(const std::string& path) {
  char resolved[PATH_MAX];
  return realpath(path.c_str(), resolved) == nullptr ? path : resolved;
}

void name_thread(const char* name) {
#ifdef __APPLE__
  pthread_setname_np(name);
#else
  pthread_setname_np(pthread_self(), name);
#endif
}

void read_ahead(const void* begin, size_t bytes) {
  static const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto start = reinterpret_cast<uintptr_t>(begin);
  const auto aligned = start / page * page;
  madvise(reinterpret_cast<void*>(aligned), start - aligned + bytes, MADV_WILLNEED);
}

void trim_heap() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

}  // namespace sau::platform
