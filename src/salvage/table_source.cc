#include "salvage/table_source.h"

#include "base/result.h"
#include "format/entry_hash.h"

namespace nacre::salvage {

bool TableSource::open() {
  auto file = directory_.open_read(facts_.name);
  if (!file) {
    doubts_.add(facts_.keys);
    findings_.lost(0, 0, facts_.keys, facts_.entries.value_or(0),
                   "the table cannot be opened: " + file.error().to_string());
    return false;
  }
  table_ = std::make_unique<DamagedTable>(*std::move(file), facts_.id);
  cursor_.clear();
  return next_block();
}

bool TableSource::next() { return cursor_.next() || next_block(); }

// Whether the entries ascend, and come behind those of the blocks before, and none before where the table is said to begin.
bool TableSource::in_order(const format::BlockView& view) const {
  format::BlockCursor cursor;
  cursor.reset(view);
  std::string key = last_key_;
  uint64_t trailer = last_trailer_;
  bool any = any_;
  if (cursor.move_to(0); cursor.key() < lower()) return false;
  for (cursor.move_to(0); cursor.valid(); cursor.next()) {
    if (any && format::compare_internal(key, trailer, cursor.key(), cursor.trailer()) >= 0) return false;
    key = cursor.key();
    trailer = cursor.trailer();
    any = true;
  }
  return true;
}

bool TableSource::next_block() {
  while (next_place_ < table_->places().size()) {
    const size_t index = next_place_++;
    const DamagedTable::Place& place = table_->places()[index];
    on_bytes_(place.bytes);
    auto loaded = table_->load(place);
    if (loaded && !in_order(loaded->view)) loaded = malformed("entries are out of order");
    if (!loaded) {
      note_hole(index, loaded.error());
      continue;
    }
    block_ = *std::move(loaded);
    block_.view = format::BlockView(block_.image);
    cursor_.reset(block_.view);
    uint64_t hash = 0;
    for (uint32_t i = 0; cursor_.move_to(i); i++) {
      hash += format::entry_hash(base::hash_key(cursor_.key()), cursor_.trailer(), cursor_.value());
      if (i + 1 == block_.view.entries()) {
        last_key_ = cursor_.key();
        last_trailer_ = cursor_.trailer();
      }
    }
    hash_ += hash;
    entries_ += block_.view.entries();
    any_ = true;
    cursor_.move_to(0);
    doubt_holes(std::string(cursor_.key()));
    return true;
  }
  finish();
  return false;
}

void TableSource::note_hole(size_t index, const Error& error) {
  const DamagedTable::Place& place = table_->places()[index];
  Hole hole{.offset = place.offset, .bytes = place.bytes, .what = why(error)};
  hole.keys.to = table_->fence(index);
  if (index != 0) hole.keys.from = table_->fence(index - 1);
  if (!hole.keys.from) hole.keys.from = any_ ? std::optional(last_key_) : facts_.keys.from;
  holes_.push_back(std::move(hole));
}

// The keys of the new holes are in doubt, up to `to` where nothing else says to which.
void TableSource::doubt_holes(const std::optional<std::string>& to) {
  for (; doubted_ < holes_.size(); doubted_++) {
    KeyRange& keys = holes_[doubted_].keys;
    if (!keys.to) keys.to = to;
    doubts_.add(keys);
  }
}

void TableSource::finish() {
  const bool known = facts_.entries && facts_.entries_hash;
  const bool all_there = known && *facts_.entries == entries_ && *facts_.entries_hash == hash_;
  if (all_there) {
    // Nothing lay in the holes. But what stood in doubt until now may have been decided by the log.
    for (size_t i = 0; i < doubted_; i++) {
      if (!doubts_.relied_on(holes_[i].keys)) continue;
      findings_.doubtful(holes_[i].offset, holes_[i].bytes, holes_[i].keys,
                         "nothing is missing, and the log was believed before that was known");
    }
  } else {
    doubt_holes(facts_.keys.to);
    const uint64_t missing = known && *facts_.entries > entries_ ? *facts_.entries - entries_ : 0;
    for (Hole& hole : holes_) {
      findings_.lost(hole.offset, hole.bytes, std::move(hole.keys), holes_.size() == 1 ? missing : 0,
                     "a block of the table is damaged: " + hole.what);
    }
    if (holes_.empty() && known) {
      findings_.lost(0, 0, facts_.keys, missing, "the table does not hold the entries that it should");
    }
  }
  cursor_.clear();
  block_ = {};
  table_.reset();
}

}  // namespace nacre::salvage
