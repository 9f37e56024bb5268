#!/usr/bin/env bash
# Builds, tests and measures on a machine with a GPU, in one command and without a registry:
#   scripts/bench/bench_gpu.sh [OUT [options of bench.mjs]]
# Needs cmake, a C++ compiler, node, the node_modules of `npm ci`, and a python3 (or SAU_BENCH_PYTHON) with a
# CUDA torch, numpy and pillow. Leaves bench.md, bench.json, suspects.md, suspects.json and tests.txt in OUT (bench_gpu).
# Every precision of the package runs beside PyTorch with its stock settings, whose convolutions are TF32, and fp32 also
# beside PyTorch without TF32.
set -euo pipefail

out=$(realpath -m "${1:-bench_gpu}")
shift || true
cd "$(dirname "$0")/../.."
mkdir -p "$out"
python=$(command -v "${SAU_BENCH_PYTHON:-python3}")

# LibTorch is the torch of that Python, for the build and at run time.
SAU_NATIVE_LIBTORCH=$("$python" -c 'import os, torch; print(os.path.dirname(torch.__file__))')
export SAU_NATIVE_LIBTORCH
"$python" -c 'import torch; assert torch.cuda.is_available(), "torch finds no GPU"'

node node_modules/typescript/bin/tsc -p .
cmake -S . -B build -DLIBTORCH_DIR="$SAU_NATIVE_LIBTORCH"
cmake --build build --parallel "$(nproc)"
if [[ ! -e build/Release/sau_cuda.so ]]; then
  echo "Expected sau_cuda.so from the build but it is missing: see the warnings of cmake" >&2
  exit 1
fi

# What fails is told at the end: a measurement is worth having beside a failed test.
tests=0
node node_modules/vitest/vitest.mjs run test/cuda --passWithNoTests 2>&1 | tee "$out/tests.txt" || tests=$?
precisions=fp32,tf32,bf16,fp16
bench=0
node scripts/bench/bench.mjs --device cuda --python "$python" --precision "$precisions" --parts all --clean 2500 --rounds 12 \
  --json "$out/bench.json" "$@" | tee "$out/bench.md" || bench=$?
suspects=0
node scripts/bench/precision/main.mjs --device cuda --only suspects --precisions "$precisions" \
  --json "$out/suspects.json" | tee "$out/suspects.md" || suspects=$?
echo "tests: exit $tests, benchmark: exit $bench, suspects: exit $suspects, results in $out" >&2
exit $((tests || bench || suspects))
