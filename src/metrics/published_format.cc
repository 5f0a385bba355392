#include "metrics/published_format.h"

#include <algorithm>
#include <utility>

#include "base/checksum.h"
#include "base/coding.h"
#include "metrics/fields.h"

namespace nacre::metrics {

namespace {

constexpr uint64_t kMagic = 0x737453657263614eULL;  // "NacreSts" as it lies
constexpr uint32_t kVersion = 1;
constexpr uint64_t kSeed = 0x7374617473ULL;
constexpr size_t kCheckedBytes = kSlotHeaderBytes - 8;
constexpr uint64_t kPublicationBytes = 7 * base::kMaxVarint64Bytes;  // at most, of what is not statistics

class Writer {
 public:
  template <class Object>
  void object(const Object& object) {
    visit_fields(object, [this](const char*, const auto& field) { this->put(field); });
  }
  std::string out;

 private:
  void put(DelayReason reason) { base::append_varint(out, static_cast<uint64_t>(reason)); }
  void put(const std::string& bytes) { base::append_sized(out, bytes); }
  template <class T>
  void put(const std::vector<T>& list) {
    base::append_varint(out, list.size());
    for (const T& each : list) object(each);
  }
  template <class T>
  void put(const T& field) {
    if constexpr (std::unsigned_integral<T>) {
      base::append_varint(out, field);
    } else {
      object(field);
    }
  }
};

class Reader {
 public:
  explicit Reader(base::Decoder& in) : in_(in) {}
  template <class Object>
  void object(Object& object) {
    visit_fields(object, [this](const char*, auto& field) { this->take(field); });
  }

 private:
  void take(uint64_t& field) { field = in_.varint(); }
  void take(uint32_t& field) { field = static_cast<uint32_t>(in_.varint_at_most(UINT32_MAX)); }
  void take(bool& field) { field = in_.varint_at_most(1) != 0; }
  void take(DelayReason& field) {
    field = static_cast<DelayReason>(in_.varint_at_most(static_cast<uint64_t>(DelayReason::kCount) - 1));
  }
  void take(std::string& field) { field = std::string(in_.sized()); }
  template <class T>
  void take(std::vector<T>& field) {
    for (uint64_t left = in_.varint_at_most(in_.remaining()); left != 0 && in_.ok(); left--)
      object(field.emplace_back());
  }
  template <class T>
  void take(T& field) {
    object(field);
  }

  base::Decoder& in_;
};

template <class Visit>
void visit_publication(auto& publication, Visit&& visit) {
  visit(publication.process_id);
  visit(publication.opened_wall_ns);
  visit(publication.published_wall_ns);
  visit(publication.uptime_ns);
  visit(publication.keyspaces_left_out);
}

template <class Object>
std::string encoded(const Object& object) {
  Writer writer;
  writer.object(object);
  return std::move(writer.out);
}

uint64_t operations(const KeyspaceStats& keyspace) {
  return keyspace.puts + keyspace.erases + keyspace.range_erases + keyspace.gets + keyspace.multi_get_keys +
         keyspace.seeks;
}

uint64_t checksum_of(Bytes slot, uint64_t payload_bytes) {
  const uint64_t of_header = base::checksum64(slot.substr(0, kCheckedBytes), kSeed);
  return base::checksum64(slot.substr(kSlotHeaderBytes, payload_bytes), of_header);
}

}  // namespace

std::string encode_stats(const Stats& stats, uint64_t* left_out) {
  *left_out = 0;
  std::string all = encoded(stats);
  const uint64_t room = kSlotBytes - kSlotHeaderBytes - kPublicationBytes;
  if (all.size() <= room) return all;

  std::vector<std::pair<uint64_t, size_t>> busiest;  // operations, and which keyspace
  for (size_t i = 0; i < stats.keyspaces.size(); i++) busiest.emplace_back(operations(stats.keyspaces[i]), i);
  std::sort(busiest.begin(), busiest.end(),
            [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
  Stats kept = stats;
  kept.keyspaces.clear();
  uint64_t bytes = encoded(kept).size() + base::kMaxVarint64Bytes;
  std::vector<size_t> chosen;
  for (const auto& [count, i] : busiest) {
    bytes += encoded(stats.keyspaces[i]).size();
    if (bytes > room) break;
    chosen.push_back(i);
  }
  std::sort(chosen.begin(), chosen.end());
  for (const size_t i : chosen) kept.keyspaces.push_back(stats.keyspaces[i]);
  *left_out = stats.keyspaces.size() - chosen.size();
  return encoded(kept);
}

std::string encode_slot(const PublishedStats& publication, Bytes encoded_stats, const format::Uuid& uuid,
                        uint64_t turn) {
  std::string payload;
  visit_publication(publication, [&payload](uint64_t field) { base::append_varint(payload, field); });
  payload += publication.was_closed ? '\1' : '\0';
  payload += encoded_stats;
  std::string slot;
  base::append_fixed<uint64_t>(slot, kMagic);
  base::append_fixed<uint32_t>(slot, kVersion);
  base::append_fixed<uint32_t>(slot, static_cast<uint32_t>(payload.size()));
  base::append_fixed<uint64_t>(slot, turn);
  slot.append(uuid.view());
  base::append_fixed<uint64_t>(slot, 0);
  slot += payload;
  base::store<uint64_t>(slot.data() + kCheckedBytes, checksum_of(slot, payload.size()));
  return slot;
}

std::optional<Slot> decode_slot(Bytes slot) {
  if (slot.size() < kSlotHeaderBytes || base::load<uint64_t>(slot.data()) != kMagic) return std::nullopt;
  if (base::load<uint32_t>(slot.data() + 8) != kVersion) return std::nullopt;
  const uint32_t payload_bytes = base::load<uint32_t>(slot.data() + 12);
  if (payload_bytes > slot.size() - kSlotHeaderBytes) return std::nullopt;
  if (base::load<uint64_t>(slot.data() + kCheckedBytes) != checksum_of(slot, payload_bytes)) return std::nullopt;
  base::Decoder in(slot.substr(kSlotHeaderBytes, payload_bytes));
  Slot out;
  out.turn = base::load<uint64_t>(slot.data() + 16);
  visit_publication(out.publication, [&in](uint64_t& field) { field = in.varint(); });
  out.publication.was_closed = in.varint_at_most(1) != 0;
  Reader(in).object(out.publication.stats);
  if (!in.ok() || !in.at_end() || out.publication.process_id == 0) return std::nullopt;
  return out;
}

std::optional<Slot> newest_slot(Bytes file) {
  if (file.size() != kPublishedFileBytes) return std::nullopt;
  std::optional<Slot> first = decode_slot(file.substr(0, kSlotBytes));
  std::optional<Slot> second = decode_slot(file.substr(kSlotBytes));
  if (!first || (second && second->turn > first->turn)) return second;
  return first;
}

bool may_be_taken_over(uint64_t file_bytes, Bytes head) {
  if (file_bytes != kPublishedFileBytes || head.size() < 8) return false;
  const uint64_t magic = base::load<uint64_t>(head.data());
  return magic == kMagic || std::all_of(head.begin(), head.end(), [](char c) { return c == 0; });
}

}  // namespace nacre::metrics
