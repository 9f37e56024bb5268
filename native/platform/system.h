#pragma once
#include <cstddef>
#include <string>

// What differs between Linux, macOS and Windows: posix.cc and windows.cc. Paths are UTF-8.
namespace sau::platform {

/// A shared library of this process. It stays open until the process ends.
using Library = void*;

/// How the names of shared libraries end, such as ".so".
extern const char* const kLibraryEnding;

/// Opens a library by its path. Those that it needs are found among the open ones by their names.
/// nullptr where it cannot be opened, and then `*problem` says why.
Library open_library(const std::string& path, std::string* problem);

/// The address of a function that a library exports; nullptr if it has none of this name.
void* find_symbol(Library library, const char* name);

/// The path of the library that contains this address; empty if there is none.
std::string library_of(const void* address);

/// Keeps the library that contains this address open, also where a worker thread that has loaded it
/// ends.
void keep_open(const void* address);

/// The path with links followed; unchanged if it leads nowhere.
std::string real_path(const std::string& path);

/// Names the calling thread for debuggers and monitors. At most 15 bytes.
void name_thread(const char* name);

/// Asks the system to read a part of a mapped file into memory; it may as well not.
void read_ahead(const void* begin, size_t bytes);

/// Gives memory that the allocator keeps for later back to the system, where it can.
void trim_heap();

}  // namespace sau::platform
