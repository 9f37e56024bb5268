// Makes calls of the C library fail at a chosen one: loaded before a program with LD_PRELOAD, and told what to do
// through a file that it shares with the test (control.ts has the layout), so that the test can say something else
// while the program runs. The processes that the program starts count with it.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

enum { kFolderBytes = 976, kPathBytes = 252, kRecords = 8192 };

// In the order of KINDS in control.ts.
enum kind {
  kLook,
  kRead,
  kOpen,
  kWrite,
  kClose,
  kSync,
  kRename,
  kUnlink,
  kMkdir,
  kRmdir,
  kTruncate,
  kReserve,
  kMap,
  kLink,
  kTouch,
  kCopy,
};

// Besides the numbers of errors, and of signals below zero.
enum { kShort = 10001, kTakeAway = 10002 };

struct control {
  uint32_t armed;
  uint32_t calls;        // that were counted since
  uint32_t at;           // the call that fails, from 1; 0: none
  int32_t action;        // what happens then
  uint32_t counted;      // bits of the kinds that count
  uint32_t fails_after;  // bits of the kinds that fail after that call, too
  uint32_t fired;
  uint32_t unused;
  int64_t clock_seconds;  // by which the wall clock is wrong; the sign changes at each look where `clock_swings`
  uint32_t clock_swings;
  uint32_t clock_looks;
  char folder[kFolderBytes];  // without links, without a slash at its end
  struct {
    uint32_t kind;
    char path[kPathBytes];
  } records[kRecords];
};

static struct control *control;

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("SAU_FAULTS");
  if (path == NULL) return;
  const int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
  if (file < 0) return;
  void *map = (void *)syscall(SYS_mmap, NULL, sizeof(struct control), PROT_READ | PROT_WRITE,
                              MAP_SHARED, file, 0);
  syscall(SYS_close, file);
  if (map != MAP_FAILED) control = map;
}

static int lies_within(const char *path) {
  const size_t length = strlen(control->folder);
  return strncmp(path, control->folder, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static void path_of(int file, char *path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const ssize_t length = syscall(SYS_readlink, link, path, kPathBytes - 1);
  path[length < 0 ? 0 : length] = 0;
}

// What a call is to do: 0: its work; an error; or kShort.
static int fault(enum kind kind, const char *path) {
  if (control == NULL || !control->armed || !(control->counted & (1u << kind))) return 0;
  if (path == NULL || !lies_within(path)) return 0;
  const uint32_t call = __atomic_add_fetch(&control->calls, 1, __ATOMIC_SEQ_CST);
  if (call <= kRecords) {
    control->records[call - 1].kind = kind;
    snprintf(control->records[call - 1].path, kPathBytes, "%s", path);
  }
  const int is_later = control->at != 0 && call > control->at;
  if (is_later && (control->fails_after & (1u << kind)) && control->action > 0) {
    return control->action;
  }
  if (call != control->at) return 0;
  __atomic_add_fetch(&control->fired, 1, __ATOMIC_SEQ_CST);
  if (control->action < 0) {
    kill(getpid(), -control->action);
    return 0;
  }
  if (control->action == kTakeAway) {
    char aside[kFolderBytes + 8];
    snprintf(aside, sizeof aside, "%s.gone", control->folder);
    syscall(SYS_rename, control->folder, aside);
    return 0;
  }
  return control->action;
}

static int fault_of_file(enum kind kind, int file) {
  if (control == NULL || !control->armed) return 0;
  const int kept = errno;
  char path[kPathBytes];
  path_of(file, path);
  const int what = fault(kind, path);
  errno = kept;
  return what;
}

static int fault_of_open(const char *path, int flags) {
  const int writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT);
  return fault(writes ? kOpen : kLook, path);
}

#define REAL(name)                                                   \
  static __typeof__(name) *real;                                     \
  if (real == NULL) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

#define FAIL_IF(what, result) \
  do {                        \
    const int failed = what;  \
    if (failed != 0) {        \
      errno = failed;         \
      return result;          \
    }                         \
  } while (0)

// A call that fails with -1 where its path, or its file, has a fault.
#define BY_PATH(kind, result, name, parameters, path, ...) \
  result name parameters {                                 \
    REAL(name);                                            \
    FAIL_IF(fault(kind, path), -1);                        \
    return real(__VA_ARGS__);                              \
  }
#define BY_FILE(kind, result, name, parameters, file, ...) \
  result name parameters {                                 \
    REAL(name);                                            \
    FAIL_IF(fault_of_file(kind, file), -1);                \
    return real(__VA_ARGS__);                              \
  }

#define OPEN(name)                            \
  int name(const char *path, int flags, ...) { \
    REAL(name);                               \
    va_list rest;                             \
    va_start(rest, flags);                    \
    const mode_t mode = va_arg(rest, mode_t); \
    va_end(rest);                             \
    FAIL_IF(fault_of_open(path, flags), -1);  \
    return real(path, flags, mode);           \
  }
OPEN(open)
OPEN(open64)

DIR *opendir(const char *path) {
  REAL(opendir);
  FAIL_IF(fault(kLook, path), NULL);
  return real(path);
}

int scandir64(const char *path, struct dirent64 ***names, int (*filter)(const struct dirent64 *),
              int (*compare)(const struct dirent64 **, const struct dirent64 **)) {
  REAL(scandir64);
  FAIL_IF(fault(kLook, path), -1);
  return real(path, names, filter, compare);
}

BY_PATH(kLook, int, statfs64, (const char *path, struct statfs64 *facts), path, path, facts)
BY_FILE(kRead, ssize_t, read, (int file, void *to, size_t bytes), file, file, to, bytes)
BY_FILE(kRead, ssize_t, pread64, (int file, void *to, size_t bytes, off64_t at), file, file, to, bytes, at)

// Half of what is given.
static size_t part(int what, size_t bytes) { return what == kShort && bytes > 1 ? bytes / 2 : bytes; }

#define WRITE(name, parameters, bytes, ...)         \
  ssize_t name parameters {                         \
    REAL(name);                                     \
    const int what = fault_of_file(kWrite, file);   \
    FAIL_IF(what == kShort ? 0 : what, -1);         \
    bytes = part(what, bytes);                      \
    return real(__VA_ARGS__);                       \
  }
WRITE(write, (int file, const void *from, size_t bytes), bytes, file, from, bytes)
WRITE(pwrite64, (int file, const void *from, size_t bytes, off64_t at), bytes, file, from, bytes, at)
#define WRITE_PIECES(name, parameters, ...)                        \
  ssize_t name parameters {                                        \
    REAL(name);                                                    \
    const int what = fault_of_file(kWrite, file);                  \
    FAIL_IF(what == kShort ? 0 : what, -1);                        \
    count = (int)part(what, (size_t)count);                        \
    return real(__VA_ARGS__);                                      \
  }
WRITE_PIECES(writev, (int file, const struct iovec *pieces, int count), file, pieces, count)
WRITE_PIECES(pwritev64, (int file, const struct iovec *pieces, int count, off64_t at), file, pieces,
             count, at)

// Only of files that were opened for writing: what their writes could not do may be told there. The file is closed.
int close(int file) {
  REAL(close);
  const int flags = control == NULL || !control->armed ? O_RDONLY : fcntl(file, F_GETFL);
  const int what = (flags & O_ACCMODE) == O_RDONLY ? 0 : fault_of_file(kClose, file);
  const int result = real(file);
  FAIL_IF(what, -1);
  return result;
}

BY_FILE(kSync, int, fsync, (int file), file, file)
BY_FILE(kSync, int, fdatasync, (int file), file, file)
BY_PATH(kRename, int, rename, (const char *from, const char *to), from, from, to)
BY_PATH(kUnlink, int, unlink, (const char *path), path, path)
BY_PATH(kMkdir, int, mkdir, (const char *path, mode_t mode), path, path, mode)
BY_PATH(kRmdir, int, rmdir, (const char *path), path, path)
BY_FILE(kTruncate, int, ftruncate64, (int file, off64_t bytes), file, file, bytes)
BY_PATH(kLink, int, link, (const char *from, const char *to), to, from, to)
BY_PATH(kLink, int, symlink, (const char *target, const char *path), path, target, path)
BY_PATH(kTouch, int, utimensat,
        (int folder, const char *path, const struct timespec times[2], int flags), path, folder,
        path, times, flags)
BY_FILE(kCopy, ssize_t, sendfile64, (int file, int from, off64_t *at, size_t bytes), file, file, from,
        at, bytes)

#define RESERVE(name, offset)                     \
  int name(int file, offset at, offset bytes) {   \
    REAL(name);                                   \
    const int what = fault_of_file(kReserve, file); \
    return what != 0 ? what : real(file, at, bytes); \
  }
RESERVE(posix_fallocate, off_t)
RESERVE(posix_fallocate64, off64_t)

#define MAP(name, offset)                                                                \
  void *name(void *near, size_t bytes, int protection, int flags, int file, offset at) { \
    REAL(name);                                                                          \
    if (file >= 0) FAIL_IF(fault_of_file(kMap, file), MAP_FAILED);                       \
    return real(near, bytes, protection, flags, file, at);                               \
  }
MAP(mmap, off_t)
MAP(mmap64, off64_t)

// libuv copies by a call that the C library of older systems has not.
long syscall(long number, ...) {
  REAL(syscall);
  va_list rest;
  va_start(rest, number);
  long of[6];
  for (int i = 0; i < 6; i++) of[i] = va_arg(rest, long);
  va_end(rest);
  if (number == SYS_copy_file_range) FAIL_IF(fault_of_file(kCopy, (int)of[2]), -1);
  return real(number, of[0], of[1], of[2], of[3], of[4], of[5]);
}

// Seconds by which the wall clock is wrong now.
static int64_t wrong_by(void) {
  if (control == NULL || control->clock_seconds == 0) return 0;
  if (!control->clock_swings) return control->clock_seconds;
  const uint32_t look = __atomic_add_fetch(&control->clock_looks, 1, __ATOMIC_SEQ_CST);
  return look % 2 == 0 ? control->clock_seconds : -control->clock_seconds;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  REAL(clock_gettime);
  const int result = real(clock, now);
  if (clock == CLOCK_REALTIME && result == 0) now->tv_sec += wrong_by();
  return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  REAL(gettimeofday);
  const int result = real(now, zone);
  if (result == 0) now->tv_sec += wrong_by();
  return result;
}
