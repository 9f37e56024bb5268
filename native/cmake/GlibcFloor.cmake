# sau_use_old_glibc(target): the library works with glibc 2.28 though it is built on a newer one, see
# native/glibc/floor.cc. It asks for libdl and libpthread by name, which are parts of libc since 2.34.
function(sau_use_old_glibc target)
  if(NOT CMAKE_SYSTEM_NAME STREQUAL "Linux")
    return()
  endif()
  target_sources(${target} PRIVATE native/glibc/floor.cc)
  target_link_options(${target} PRIVATE -Wl,--gc-sections
    -Wl,--push-state,--no-as-needed,-l:libdl.so.2,-l:libpthread.so.0,--pop-state)
endfunction()

set_source_files_properties(native/glibc/floor.cc PROPERTIES COMPILE_OPTIONS -ffunction-sections
  SKIP_UNITY_BUILD_INCLUSION ON SKIP_PRECOMPILE_HEADERS ON)
