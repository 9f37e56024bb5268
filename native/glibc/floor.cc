// What is compiled on a newer system runs on one of glibc 2.28, the floor of LibTorch: functions
// that have a newer version since are defined here and ask for the oldest one. They are visible to
// the library alone that they are linked into, and the linker leaves out those that it does not
// use. Where another newer function comes into use, `npm run prebuilds:check` names it. No header
// that declares these functions may be read here: two declarations would not agree.

#if defined(__x86_64__)
#define SAU_FIRST_GLIBC "GLIBC_2.2.5"
#define SAU_THREAD_NAMES_GLIBC "GLIBC_2.12"
constexpr int kStatVersion = 1;
#elif defined(__aarch64__)
#define SAU_FIRST_GLIBC "GLIBC_2.17"
#define SAU_THREAD_NAMES_GLIBC "GLIBC_2.17"
constexpr int kStatVersion = 0;
#else
#error "expected x86_64 or aarch64: glibc's first version for another processor is not known here"
#endif

#define SAU_OLD(name, version) __asm__(".symver old_" #name ", " #name "@" version)

extern "C" {

SAU_OLD(dlopen, SAU_FIRST_GLIBC);
SAU_OLD(dlsym, SAU_FIRST_GLIBC);
SAU_OLD(dlerror, SAU_FIRST_GLIBC);
SAU_OLD(dladdr, SAU_FIRST_GLIBC);
SAU_OLD(exp, SAU_FIRST_GLIBC);
SAU_OLD(log, SAU_FIRST_GLIBC);
SAU_OLD(pow, SAU_FIRST_GLIBC);
SAU_OLD(pthread_setname_np, SAU_THREAD_NAMES_GLIBC);
SAU_OLD(__fxstat, SAU_FIRST_GLIBC);

void* old_dlopen(const char* file, int mode);
void* old_dlsym(void* library, const char* name);
char* old_dlerror();
int old_dladdr(const void* address, void* info);
double old_exp(double x);
double old_log(double x);
double old_pow(double x, double y);
int old_pthread_setname_np(unsigned long thread, const char* name);
int old___fxstat(int version, int file, void* facts);

void* dlopen(const char* file, int mode) { return old_dlopen(file, mode); }
void* dlsym(void* library, const char* name) { return old_dlsym(library, name); }
char* dlerror() { return old_dlerror(); }
int dladdr(const void* address, void* info) { return old_dladdr(address, info); }

// The values are those of the new versions: only the way of reporting errors has changed.
double exp(double x) { return old_exp(x); }
double log(double x) { return old_log(x); }
double pow(double x, double y) { return old_pow(x, y); }

int pthread_setname_np(unsigned long thread, const char* name) {
  return old_pthread_setname_np(thread, name);
}

// A function since 2.33, before it was this one.
int fstat(int file, void* facts) { return old___fxstat(kStatVersion, file, facts); }

// Since 2.32 it lets the standard library count references without atomic instructions as long as
// there is one thread. There are always more here.
extern char __libc_single_threaded;
char __libc_single_threaded = 0;

}  // extern "C"
