#include <algorithm>
#include <cmath>

#include "sau/models/families.h"
#include "sau/net/graph_builder.h"

namespace sau {
namespace {

constexpr double kVitEps = 1e-6;
constexpr int64_t kSide = 224;      // pixels of the images that the patches are cut from
constexpr int64_t kHeadWidth = 64;  // channels of one head of the attention

/// x + attention(norm(x)), then y + MLP(norm(y)).
Value encoder_layer(GraphBuilder& net, const std::string& key, const Value& x) {
  const int64_t channels = x.channels;
  constexpr Init kXavier{Init::Kind::kXavierUniform};
  const auto ln_1 = net.layer_norm(key + ".ln_1", channels, kVitEps);
  const auto in = net.attention_input(key + ".self_attention", channels);
  const auto out = net.linear(key + ".self_attention.out_proj", channels, channels);
  const auto ln_2 = net.layer_norm(key + ".ln_2", channels, kVitEps);
  const auto wide = net.linear(key + ".mlp.0", channels, 4 * channels, kXavier);
  const auto narrow = net.linear(key + ".mlp.3", 4 * channels, channels, kXavier);
  const int64_t heads = std::max<int64_t>(1, channels / kHeadWidth);
  const auto y = net.join(x, out(net.attention(in(ln_1(x)), heads)));
  return net.join(y, narrow(net.activate(op::Curve::kGelu, wide(ln_2(y)))));
}

/// The reference's list of a resize and torchvision's network: every key begins with "1.". Images
/// of 224 pixels pass the resize as they are.
Graph vit(const ModelSpec& spec, int64_t patch, int64_t layers) {
  TORCH_CHECK(spec.width % kHeadWidth == 0 || spec.width < kHeadWidth, "expected whole heads of ",
              kHeadWidth, " channels, got a width of ", spec.width);
  GraphBuilder net({.linear = {Init::Kind::kDefaultWeight}, .zero_bias = true});
  const int64_t patch_pixels = 3 * patch * patch;
  const int64_t tokens = (kSide / patch) * (kSide / patch) + 1;
  const auto class_token = net.class_token("1.class_token", spec.width);
  const auto conv_proj =
      net.conv("1.conv_proj", {.in = 3,
                               .out = spec.width,
                               .kernel = patch,
                               .stride = patch,
                               .bias = true,
                               .padding = 0,
                               .init = Init{Init::Kind::kTruncatedNormal,
                                            1 / std::sqrt(static_cast<double>(patch_pixels))}});
  const auto positions = net.positions("1.encoder.pos_embedding", tokens, spec.width);
  const auto patches = conv_proj(net.resize(net.input(), kSide));
  auto x = positions(class_token(net.tokens(patches)));
  for (int64_t i = 0; i < layers; ++i)
    x = encoder_layer(net, "1.encoder.layers.encoder_layer_" + std::to_string(i), x);
  const auto norm = net.layer_norm("1.encoder.ln", spec.width, kVitEps);
  // Of all tokens only the first goes on, and the norm looks at each by itself.
  const auto features = norm(net.first_token(x));
  return net.finish(net.linear("1.heads.head", spec.width, spec.num_classes), features);
}

}  // namespace

Graph vit_b_16(const ModelSpec& spec) { return vit(spec, 16, 12); }
Graph vit_b_32(const ModelSpec& spec) { return vit(spec, 32, 12); }
Graph vit_l_16(const ModelSpec& spec) { return vit(spec, 16, 24); }
Graph vit_l_32(const ModelSpec& spec) { return vit(spec, 32, 24); }

}  // namespace sau
