#pragma once
#include <optional>

#include "sau/net/graph.h"
#include "sau/run_control.h"
#include "sau/workspace.h"

namespace sau {

/// Where Grad-CAM reads a network: the value of a node, a map [C,height,width] or, where the
/// network has attention, tokens [1 + height * width, C] whose first is the class token.
struct CamSite {
  size_t node;
  int64_t height, width;
  bool has_tokens;
};

/// The end of the last stage with maps above one pixel. Of a network with attention the norm that
/// the last attention takes, because only the class token goes on behind it. None where the network
/// has no such place, or it is not known which: a program's attention is not looked into.
std::optional<CamSite> cam_site(const Graph& graph, int64_t height, int64_t width);

struct CamOptions {
  ModelRole model;
  ImageRole images;
  torch::Tensor indices;  ///< int64 [n] on the host
  torch::Tensor classes;  ///< int64 [n] on the host: whose score is followed, image by image
};

/// Grad-CAM: the channels of the site, weighted by the mean of the class score's gradient over the
/// positions, summed, and zero where the sum is negative. Float32 [n,h,w] on the host; undefined
/// where there is no site.
torch::Tensor grad_cam(const Workspace& workspace, const CamOptions& options,
                       const RunControl& control);

}  // namespace sau
