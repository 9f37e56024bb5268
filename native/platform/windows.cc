#include "platform/windows.h"

#include <filesystem>
#include <system_error>

#include "platform/system.h"

namespace sau::platform {
namespace {

HMODULE module_of(const void* address, DWORD flags) {
  HMODULE module = nullptr;
  GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | flags, static_cast<LPCWSTR>(address),
                     &module);
  return module;
}

}  // namespace

const char* const kLibraryEnding = ".dll";

Library open_library(const std::string& path, std::string* problem) {
  // Libraries that are open are found by their names; others beside this one, then in the system's
  // folders, never in the current folder or PATH.
  const HMODULE library =
      LoadLibraryExW(wide(path).c_str(), nullptr,
                     LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_DEFAULT_DIRS);
  if (library == nullptr) {
    const std::error_code error(static_cast<int>(GetLastError()), std::system_category());
    *problem = path + ": " + error.message();
  }
  return library;
}

void* find_symbol(Library library, const char* name) {
  return reinterpret_cast<void*>(GetProcAddress(static_cast<HMODULE>(library), name));
}

std::string library_of(const void* address) {
  const HMODULE module = module_of(address, GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT);
  if (module == nullptr) return "";
  std::wstring path(MAX_PATH, L'\0');
  for (;;) {
    const DWORD length = GetModuleFileNameW(module, path.data(), static_cast<DWORD>(path.size()));
    if (length == 0) return "";
    if (length < path.size()) return narrow(path.substr(0, length));
    path.resize(2 * path.size());
  }
}

void keep_open(const void* address) { module_of(address, GET_MODULE_HANDLE_EX_FLAG_PIN); }

std::string real_path(const std::string& path) {
  std::error_code error;
  const auto resolved = std::filesystem::canonical(wide(path), error);
  return error ? path : narrow(resolved.wstring());
}

void name_thread(const char* name) {
  using SetDescription = HRESULT(WINAPI*)(HANDLE, PCWSTR);
  // Windows has it since version 1607.
  const auto set_description = reinterpret_cast<SetDescription>(reinterpret_cast<void*>(
      GetProcAddress(GetModuleHandleW(L"kernel32.dll"), "SetThreadDescription")));
  if (set_description != nullptr) set_description(GetCurrentThread(), wide(name).c_str());
}

void read_ahead(const void* begin, size_t bytes) {
  WIN32_MEMORY_RANGE_ENTRY range{const_cast<void*>(begin), bytes};
  PrefetchVirtualMemory(GetCurrentProcess(), 1, &range, 0);
}

void trim_heap() {}

}  // namespace sau::platform
