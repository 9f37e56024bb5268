#include "addon/images.h"

#include <memory>
#include <string>
#include <system_error>

#include "images/mapping.h"
#include "images/transform.h"

namespace sau::addon {
namespace {

int64_t integer_of(const Napi::Object& options, const char* key) {
  return options.Get(key).ToNumber().Int64Value();
}

class TransformWorker : public Napi::AsyncWorker {
 public:
  /// picture: {data, height, width}; transform: {resizedHeight, resizedWidth, bicubic, top, left,
  /// height, width}; out: planes [3, height, width] from the offset on.
  TransformWorker(const Napi::Object& picture, const Napi::Object& transform,
                  const Napi::Uint8Array& out, int64_t offset)
      : Napi::AsyncWorker(out.Env()),
        deferred_(Napi::Promise::Deferred::New(out.Env())),
        source_{integer_of(picture, "height"), integer_of(picture, "width")},
        transform_{.resized = {integer_of(transform, "resizedHeight"),
                               integer_of(transform, "resizedWidth")},
                   .interpolation = transform.Get("bicubic").ToBoolean()
                                        ? images::Interpolation::kBicubic
                                        : images::Interpolation::kBilinear,
                   .top = integer_of(transform, "top"),
                   .left = integer_of(transform, "left"),
                   .window = {integer_of(transform, "height"), integer_of(transform, "width")}},
        data_(Napi::Persistent(picture.Get("data").As<Napi::Uint8Array>())),
        out_(Napi::Persistent(out)),
        rgb_(data_.Value().Data()),
        planes_(out_.Value().Data() + offset) {}

  /// Whether the arrays are as long as their sizes say.
  bool fits(int64_t offset) const {
    const auto& window = transform_.window;
    return data_.Value().ElementLength() ==
               static_cast<size_t>(3 * source_.height * source_.width) &&
           offset >= 0 &&
           static_cast<int64_t>(out_.Value().ElementLength()) - offset >=
               3 * window.height * window.width;
  }

  Napi::Promise promise() const { return deferred_.Promise(); }
  void Execute() override { images::transform_picture(rgb_, source_, transform_, planes_); }
  void OnOK() override { deferred_.Resolve(Env().Undefined()); }
  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

 private:
  Napi::Promise::Deferred deferred_;
  images::Size source_;
  images::Transform transform_;
  Napi::Reference<Napi::Uint8Array> data_, out_;  // alive while the thread works on their memory
  const uint8_t* rgb_;
  uint8_t* planes_;
};

/// transformPicture(picture, transform, out, offset): Promise<void>
Napi::Value transform_picture(const Napi::CallbackInfo& info) {
  const int64_t offset = info[3].ToNumber().Int64Value();
  auto worker =
      std::make_unique<TransformWorker>(info[0].As<Napi::Object>(), info[1].As<Napi::Object>(),
                                        info[2].As<Napi::Uint8Array>(), offset);
  if (!worker->fits(offset)) {
    throw Napi::RangeError::New(info.Env(), "expected arrays as long as the pictures in them");
  }
  worker->Queue();
  return worker.release()->promise();  // deletes itself
}

class MapWorker : public Napi::AsyncWorker {
 public:
  MapWorker(Napi::Env env, std::string folder, int64_t bytes)
      : Napi::AsyncWorker(env),
        deferred_(Napi::Promise::Deferred::New(env)),
        folder_(std::move(folder)),
        bytes_(bytes) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

  void Execute() override {
    try {
      mapping_ = std::make_unique<images::Mapping>(folder_, static_cast<size_t>(bytes_));
    } catch (const std::system_error& error) {
      errno_ = error.code().value();
      SetError(error.what());
    }
  }

  void OnOK() override {
    const Napi::HandleScope scope(Env());
    try {
      auto* mapping = mapping_.get();
      const auto buffer = Napi::ArrayBuffer::New(
          Env(), mapping->data(), mapping->size(),
          [](Napi::Env, void*, images::Mapping* kept) { delete kept; }, mapping);
      mapping_.release();  // goes with the buffer
      deferred_.Resolve(buffer);
    } catch (const Napi::Error& error) {
      deferred_.Reject(error.Value());
    }
  }

  void OnError(const Napi::Error& error) override {
    error.Set("errno", Napi::Number::New(Env(), errno_));
    deferred_.Reject(error.Value());
  }

 private:
  Napi::Promise::Deferred deferred_;
  std::string folder_;
  int64_t bytes_;
  std::unique_ptr<images::Mapping> mapping_;
  int errno_ = 0;
};

/// mapMemory(folder, bytes): Promise<ArrayBuffer>. An error has the `errno` of the system.
Napi::Value map_memory(const Napi::CallbackInfo& info) {
  auto* worker = new MapWorker(info.Env(), info[0].ToString(), info[1].ToNumber().Int64Value());
  worker->Queue();
  return worker->promise();
}

}  // namespace

void define_images(Napi::Env env, Napi::Object exports) {
  exports.Set("transformPicture", Napi::Function::New(env, transform_picture));
  exports.Set("mapMemory", Napi::Function::New(env, map_memory));
}

}  // namespace sau::addon
