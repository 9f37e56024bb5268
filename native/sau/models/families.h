#pragma once
#include "sau/models/architectures.h"

// The networks that the table of architectures lists. Each family is a file of this folder.
namespace sau {

Graph preact_resnet18(const ModelSpec& spec);
Graph vgg11(const ModelSpec& spec);
Graph vgg13(const ModelSpec& spec);
Graph vgg16(const ModelSpec& spec);
Graph vgg19(const ModelSpec& spec);
Graph vgg11_bn(const ModelSpec& spec);
Graph vgg13_bn(const ModelSpec& spec);
Graph vgg16_bn(const ModelSpec& spec);
Graph vgg19_bn(const ModelSpec& spec);
Graph resnet18(const ModelSpec& spec);
Graph resnet34(const ModelSpec& spec);
Graph resnet50(const ModelSpec& spec);
Graph resnext50_32x4d(const ModelSpec& spec);
Graph wide_resnet50_2(const ModelSpec& spec);
Graph densenet121(const ModelSpec& spec);
Graph densenet161(const ModelSpec& spec);
Graph densenet169(const ModelSpec& spec);
Graph mobilenet_v2(const ModelSpec& spec);
Graph mobilenet_v3_large(const ModelSpec& spec);
Graph mnasnet1_0(const ModelSpec& spec);
Graph shufflenet_v2_x1_0(const ModelSpec& spec);
Graph efficientnet_b0(const ModelSpec& spec);
Graph efficientnet_b3(const ModelSpec& spec);
Graph convnext_tiny(const ModelSpec& spec);
Graph convnext_small(const ModelSpec& spec);
Graph vit_b_16(const ModelSpec& spec);
Graph vit_b_32(const ModelSpec& spec);
Graph vit_l_16(const ModelSpec& spec);
Graph vit_l_32(const ModelSpec& spec);

}  // namespace sau
