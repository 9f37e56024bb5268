#include "addon/functional_net.h"

#include <ATen/Parallel.h>

#include <memory>
#include <string>
#include <vector>

#include "addon/error.h"
#include "addon/fields.h"
#include "addon/program.h"
#include "addon/tensors.h"
#include "sau/models/architectures.h"
#include "sau/net/cost.h"
#include "sau/net/graph_builder.h"
#include "sau/net/operator_call.h"
#include "sau/net/operators.h"
#include "sau/net/response.h"
#include "sau/net/taps.h"

namespace sau::addon {
namespace {

/// The network of an array of nodes; layers are declared in the order of their use.
class NodeReader {
 public:
  Graph read(const Napi::Value& nodes) {
    const auto array = nodes.As<Napi::Array>();
    for (uint32_t i = 0; i + 1 < array.Length(); ++i)
      values_.push_back(use(object_of(array.Get(i), "each node")));
    const auto last = object_of(array.Get(array.Length() - 1), "the last node");
    return net_.finish(linear(last), value(last, "x"));
  }

 private:
  Value value(const Napi::Object& o, const char* key) const {
    return values_.at(static_cast<size_t>(integer_field(o, key)));
  }
  Layer linear(const Napi::Object& o) {
    return net_.linear(string_field(o, "key"), value(o, "x").channels, integer_field(o, "out"));
  }
  Value use(const Napi::Object& o) {
    const auto op = string_field(o, "op");
    const auto x = value(o, "x");
    if (op == "relu") return net_.relu(x);
    if (op == "add") return net_.join(x, value(o, "y"));
    if (op == "globalAverage") return net_.global_average(x);
    if (op == "batchNorm") return net_.batch_norm(string_field(o, "key"), x.channels)(x);
    if (op == "linear") return linear(o)(x);
    if (op != "conv") refuse("a known node but received '" + op + "'");
    return net_.conv(string_field(o, "key"), {.in = x.channels,
                                              .out = integer_field(o, "out"),
                                              .kernel = integer_field(o, "kernel"),
                                              .stride = integer_field(o, "stride"),
                                              .groups = integer_field(o, "groups"),
                                              .bias = boolean_field(o, "bias")})(x);
  }

  GraphBuilder net_;
  std::vector<Value> values_{net_.input()};
};

Napi::Value net_layout(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const GraphModule module(NodeReader().read(info[0]));
    return to_js(info.Env(), state_dict(module), false);
  });
}

Napi::Value run_net(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto o = object_of(info[0], "the network and its images");
    GraphModule module(network_of(o));
    load_state_dict(module, named_tensors(field(o, "tensors")));
    const auto dtype = dtype_of(string_field(o, "dtype"));
    const auto images = net_images_of(o);
    ResponseLabels labels;
    if (o.Has("labels"))
      labels = int32_tensor(field(o, "labels"), {images.size(0)}).to(torch::kInt64);
    const auto view = string_field(o, "view");
    at::set_num_threads(1);  // so that every machine takes the way of one thread
    const auto response = view == "frozen" ? respond_frozen(module, images, dtype, labels)
                          : view == "training"
                              ? respond_in_training(module, images, dtype, labels,
                                                    static_cast<uint64_t>(integer_field(o, "seed")))
                              : respond(module, images, dtype, labels);
    auto result = Napi::Object::New(info.Env());
    result.Set("logits", to_js_double(info.Env(), response.logits));
    result.Set("gradient", to_js_double(info.Env(), response.gradient));
    if (response.statistics.defined())
      result.Set("statistics", to_js_double(info.Env(), response.statistics));
    return result;
  });
}

Napi::Value weight_gradients(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto o = object_of(info[0], "the network and its images");
    GraphModule module(network_of(o));
    load_state_dict(module, named_tensors(field(o, "tensors")));
    const auto images = net_images_of(o);
    return to_js(info.Env(), respond_weights(module, images), true);
  });
}

Napi::Array strings_to_js(Napi::Env env, const std::vector<std::string>& strings) {
  auto array = Napi::Array::New(env, strings.size());
  for (uint32_t i = 0; i < strings.size(); ++i) array[i] = strings[i];
  return array;
}

Napi::Value list_operators(const Napi::CallbackInfo& info) {
  return guarded(info.Env(),
                 [&]() -> Napi::Value { return strings_to_js(info.Env(), allowed_operators()); });
}

Napi::Value describe_program(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto program = program_of(info[0]);
    const auto graph = graph_of(program);
    std::vector<std::string> calls;
    for (const auto& node : graph.nodes) {
      const auto* call = std::get_if<op::Call>(&node.op);
      const auto* operation =
          call == nullptr ? nullptr : dynamic_cast<const OperatorCall*>(call->callee.get());
      if (operation != nullptr) calls.push_back(operation->schema().name());
    }
    const auto cost = cost_of(graph, program.height, program.width);
    auto result = Napi::Object::New(info.Env());
    result.Set("calls", strings_to_js(info.Env(), calls));
    result.Set("nodes", static_cast<double>(graph.nodes.size()));
    result.Set("endsInLinear", graph.find_head() != nullptr);
    result.Set("macs", static_cast<double>(cost.macs));
    result.Set("peakElements", static_cast<double>(cost.peak_elements));
    return result;
  });
}

Napi::Value cost_of_model(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto number = [&](size_t i) { return info[i].ToNumber().Int64Value(); };
    const auto model = describe_model(string_of(info[0], "the model's name"), number(1));
    const auto cost = cost_of(model.graph, number(2), number(3));
    auto result = Napi::Object::New(info.Env());
    result.Set("macs", static_cast<double>(cost.macs));
    result.Set("peakElements", static_cast<double>(cost.peak_elements));
    const auto images = images_within_memory(model.graph, number(2), number(3), torch::kFloat32);
    result.Set("imagesWithinMemory", static_cast<double>(images));
    const auto few = images_with_gradients(model.graph, number(2), number(3), torch::kFloat32);
    result.Set("imagesWithGradients", static_cast<double>(few));
    return result;
  });
}

Napi::Value taps_of_model(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto o = object_of(info[0], "the network and its size");
    const auto graph = network_of(o);
    const int64_t height = integer_field(o, "height"), width = integer_field(o, "width");
    const auto shapes = shapes_of(graph, height, width);
    const auto ends = stage_ends(graph, height, width);
    auto stages = Napi::Array::New(info.Env(), ends.size());
    for (uint32_t i = 0; i < ends.size(); ++i) {
      const auto& shape = shapes[ends[i]];
      auto sizes = Napi::Array::New(info.Env(), shape.size());
      for (uint32_t k = 0; k < shape.size(); ++k) sizes[k] = static_cast<double>(shape[k]);
      auto end = Napi::Object::New(info.Env());
      end.Set("node", static_cast<double>(ends[i]));
      end.Set("shape", sizes);
      stages[i] = end;
    }
    std::vector<std::string> norms;
    for (const auto& norm : norms_of(graph)) norms.push_back(norm.key);
    auto result = Napi::Object::New(info.Env());
    result.Set("stages", stages);
    result.Set("norms", strings_to_js(info.Env(), norms));
    if (const auto layer = feature_layer(graph)) {
      const auto& linear = std::get<op::Linear>(graph.nodes[*layer].op);
      result.Set("featureLayer", graph.weights[linear.weight].key);
    }
    return result;
  });
}

}  // namespace

Graph network_of(const Napi::Object& o) {
  if (o.Has("program")) return graph_of(program_of(o.Get("program")));
  if (!o.Has("model")) return NodeReader().read(field(o, "nodes"));
  return describe_model(string_field(o, "model"), integer_field(o, "numClasses")).graph;
}

torch::Tensor net_images_of(const Napi::Object& o) {
  return float_tensor(field(o, "images"), {integer_field(o, "count"), 3, integer_field(o, "height"),
                                           integer_field(o, "width")});
}

Napi::Object define_net_functions(Napi::Env env) {
  auto functions = Napi::Object::New(env);
  functions.Set("layout", Napi::Function::New(env, net_layout));
  functions.Set("run", Napi::Function::New(env, run_net));
  functions.Set("weightGradients", Napi::Function::New(env, weight_gradients));
  functions.Set("operators", Napi::Function::New(env, list_operators));
  functions.Set("program", Napi::Function::New(env, describe_program));
  functions.Set("taps", Napi::Function::New(env, taps_of_model));
  functions.Set("cost", Napi::Function::New(env, cost_of_model));
  return functions;
}

}  // namespace sau::addon
