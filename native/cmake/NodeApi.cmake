# Defines node_api from the headers that npm installed: node-addon-api and node-api-headers.
set(SAU_NODE_MODULES "${CMAKE_CURRENT_SOURCE_DIR}/node_modules" CACHE PATH "Where npm installed")
if(EXISTS "${SAU_NODE_MODULES}/node-addon-api/napi.h"
   AND EXISTS "${SAU_NODE_MODULES}/node-api-headers/include/node_api.h")
  add_library(node_api INTERFACE)
  target_include_directories(node_api SYSTEM INTERFACE
    "${SAU_NODE_MODULES}/node-addon-api" "${SAU_NODE_MODULES}/node-api-headers/include")
  target_compile_definitions(node_api INTERFACE NAPI_VERSION=9 NAPI_CPP_EXCEPTIONS)
endif()
