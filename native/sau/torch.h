#pragma once
// The only precompiled header, because LibTorch's headers dominate the build time. It includes only
// what the sources use; all of <torch/torch.h> costs half as much again.
#include <torch/autograd.h>
#include <torch/cuda.h>
#include <torch/nn/functional/loss.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <torch/types.h>
