{
  # For tools that look for a binding.gyp: runs the CMake build, which alone lists the sources.
  "targets": [
    {
      "target_name": "sau_native",
      "type": "none",
      "actions": [
        {
          "action_name": "cmake",
          "inputs": ["CMakeLists.txt"],
          "outputs": ["build/Release/sau_native.node"],
          "action": ["node", "scripts/build.mjs"]
        }
      ]
    }
  ]
}
