#pragma once
// The one precompiled header: LibTorch's headers dominate the build. Only what the sources use;
// <torch/torch.h> as a whole costs half as much again.
#include <torch/autograd.h>
#include <torch/cuda.h>
#include <torch/nn/functional/loss.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <torch/types.h>
