// to_json: a writer that visits the fields.

#include <charconv>

#include "base/text.h"
#include "metrics/fields.h"
#include "nacre/metrics.h"

namespace nacre {

namespace metrics {
namespace {

class JsonWriter {
 public:
  template <class Object>
  void object(const Object& object) {
    out_ += '{';
    visit_fields(object, [this](const char* name, const auto& field) { this->member(name, field); });
    if constexpr (requires { object.write_amplification(); }) {
      member("write_amplification", object.write_amplification());
      member("space_amplification", object.space_amplification());
      member("read_amplification", object.read_amplification());
    }
    out_ += '}';
  }
  std::string take() { return std::move(out_); }

 private:
  void begin_member(const std::string& name) {
    if (out_.back() != '{') out_ += ',';
    base::append_json_string(out_, name);
    out_ += ':';
  }
  template <class T>
  void member(const char* name, const T& field) {
    begin_member(name);
    if constexpr (std::same_as<T, bool>) {
      out_ += field ? "true" : "false";
    } else if constexpr (std::integral<T> || std::floating_point<T>) {
      number(field);
    } else {
      object(field);
    }
  }
  void member(const char* name, const std::string& bytes) {
    if (out_.back() != '{') out_ += ',';
    base::append_json_member(out_, name, bytes);
  }
  void member(const char* name, DelayReason reason) {
    begin_member(name);
    base::append_json_string(out_, to_string(reason));
  }
  template <class T>
  void member(const char* name, const std::vector<T>& list) {
    begin_member(name);
    out_ += '[';
    for (const T& each : list) {
      if (out_.back() != '[') out_ += ',';
      object(each);
    }
    out_ += ']';
  }

  void number(auto value) {
    char text[32];
    const auto [end, error] = std::to_chars(text, text + sizeof text, value);
    out_.append(text, end);
  }

  std::string out_;
};

}  // namespace
}  // namespace metrics

std::string to_json(const Stats& stats) noexcept {
  metrics::JsonWriter writer;
  writer.object(stats);
  return writer.take();
}

}  // namespace nacre
