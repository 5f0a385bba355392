#include "metrics/publisher.h"

#include <array>
#include <cstring>
#include <utility>

#include "format/file_names.h"
#include "os/process.h"

namespace nacre::metrics {

namespace {

constexpr uint64_t kLeastFreeBytes = uint64_t{64} << 20;  // else the file is not made: data needs the space

}  // namespace

Publisher::Publisher(Directory& directory, Clock& clock, const format::Uuid& uuid)
    : directory_(directory), clock_(clock), uuid_(uuid), opened_ns_(clock.now_ns()), opened_wall_ns_(clock.wall_ns()) {}

bool Publisher::publish(const Stats& stats) {
  prepare();
  if (file_ == nullptr) return false;
  uint64_t left_out = 0;
  std::string encoded = encode_stats(stats, &left_out);
  if (encoded == published_) return false;
  write(encoded, left_out, false);
  published_ = std::move(encoded);
  return true;
}

void Publisher::publish_close(const Stats& stats) {
  if (file_ == nullptr) return;
  uint64_t left_out = 0;
  const std::string encoded = encode_stats(stats, &left_out);
  write(encoded, left_out, true);
}

void Publisher::prepare() {
  if (file_ != nullptr && file_->damaged()) {  // the device lost a page of it
    file_.reset();
    given_up_ = true;
  }
  if (file_ != nullptr || given_up_) return;
  const auto found = directory_.open_read(format::kStatsName);
  if (!found) {
    if (found.error().kind == ErrorKind::kNotFound) {
      make_file();
    } else {
      given_up_ = true;
    }
    return;
  }
  std::array<char, kSlotHeaderBytes> head;
  const auto got = (*found)->read(0, head);
  if (!got || !may_be_taken_over((*found)->size_bytes(), {head.data(), *got})) {
    given_up_ = true;
    return;
  }
  open_file();
}

void Publisher::make_file() {
  const auto free_bytes = directory_.free_bytes();
  if (!free_bytes || *free_bytes < kLeastFreeBytes) return;
  auto made = directory_.create_mapped(format::kStatsName, kPublishedFileBytes, MappedSpace::kReserved);
  if (made) file_ = *std::move(made);
  given_up_ = !made && made.error().kind != ErrorKind::kNoSpace;
}

// What cannot be mapped was copied without its zeros, or cut off: it is made anew.
void Publisher::open_file() {
  auto opened = directory_.open_mapped(format::kStatsName);
  if (!opened) {
    given_up_ = opened.error().kind != ErrorKind::kCorruption || !directory_.remove(format::kStatsName);
    return;
  }
  file_ = *std::move(opened);
  if (const auto newest = newest_slot({file_->data(), file_->size_bytes()})) turn_ = newest->turn;
}

void Publisher::write(Bytes encoded_stats, uint64_t left_out, bool closed) {
  turn_++;
  const std::string slot = encode_slot({.was_closed = closed,
                                        .process_id = os::process_id(),
                                        .opened_wall_ns = opened_wall_ns_,
                                        .published_wall_ns = clock_.wall_ns(),
                                        .uptime_ns = clock_.now_ns() - opened_ns_,
                                        .keyspaces_left_out = left_out},
                                       encoded_stats, uuid_, turn_);
  const uint64_t offset = turn_ % 2 * kSlotBytes;
  std::memcpy(file_->data() + offset, slot.data(), slot.size());
  file_->stored(offset, offset + slot.size());
}

}  // namespace nacre::metrics
