// Items: makes the items of an inspection and hands them on, until their receiver has had enough.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "format/uuid.h"
#include "nacre/inspect.h"
#include "nacre/options.h"

namespace nacre::salvage {

inline InspectField number(const char* name, uint64_t value) { return {.name = name, .number = value}; }
inline InspectField word(const char* name, std::string text) {
  return {.name = name, .kind = InspectField::Kind::kWord, .text = std::move(text)};
}
inline InspectField bytes(const char* name, Bytes value) {
  return {.name = name, .kind = InspectField::Kind::kBytes, .text = std::string(value)};
}
const char* codec_word(Compression codec);

class Items {
 public:
  explicit Items(const std::function<bool(const InspectItem&)>& on_item) : on_item_(on_item) {}

  bool stopped() const { return stopped_; }
  void add(const InspectItem& item) {
    if (!stopped_) stopped_ = !on_item_(item);
  }
  void damage(uint64_t offset, uint64_t byte_count, std::string why, uint32_t depth = 0) {
    add({.what = "damage",
         .depth = depth,
         .offset = offset,
         .bytes = byte_count,
         .damaged = true,
         .fields = {word("why", std::move(why))}});
  }
  void damage(uint64_t offset, uint64_t byte_count, const Error& error, uint32_t depth = 0) {
    damage(offset, byte_count, error.reason != nullptr ? error.reason : error.to_string(), depth);
  }

 private:
  const std::function<bool(const InspectItem&)>& on_item_;
  bool stopped_ = false;
};

// One kind of file each. The name of the file is not looked at.
void inspect_table(std::unique_ptr<ReadableFile> file, const format::TableIdentity& id, const InspectOptions& options,
                   Items& items);
void inspect_log(std::unique_ptr<ReadableFile> file, uint64_t number, const InspectOptions& options, Items& items);
void inspect_manifest(ReadableFile& file, Items& items);
void inspect_current(ReadableFile& file, Items& items);
void inspect_directory(Directory& directory, Items& items);

}  // namespace nacre::salvage
