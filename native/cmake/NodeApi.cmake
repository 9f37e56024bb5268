# Defines node_api from the headers that npm installed: node-addon-api and node-api-headers.
set(SAU_NODE_MODULES "${CMAKE_CURRENT_SOURCE_DIR}/node_modules" CACHE PATH "Where npm installed")
if(EXISTS "${SAU_NODE_MODULES}/node-addon-api/napi.h"
   AND EXISTS "${SAU_NODE_MODULES}/node-api-headers/include/node_api.h")
  add_library(node_api INTERFACE)
  target_include_directories(node_api SYSTEM INTERFACE
    "${SAU_NODE_MODULES}/node-addon-api" "${SAU_NODE_MODULES}/node-api-headers/include")
  target_compile_definitions(node_api INTERFACE NAPI_VERSION=9 NAPI_CPP_EXCEPTIONS)
  # The functions are those of the program that loads the addon.
  if(APPLE)
    target_link_options(node_api INTERFACE -undefined dynamic_lookup)
  elseif(MSVC)
    set(node_lib "${CMAKE_BINARY_DIR}/node_api.lib")
    execute_process(COMMAND ${CMAKE_AR} /nologo /machine:x64
      "/def:${SAU_NODE_MODULES}/node-api-headers/def/node_api.def" "/out:${node_lib}"
      COMMAND_ERROR_IS_FATAL ANY)
    # It need not be called node.exe: the hook of cmake-js then names it.
    target_sources(node_api INTERFACE "${SAU_NODE_MODULES}/cmake-js/lib/cpp/win_delay_load_hook.cc")
    target_link_libraries(node_api INTERFACE "${node_lib}" delayimp)
    target_link_options(node_api INTERFACE /DELAYLOAD:NODE.EXE)
  endif()
endif()
