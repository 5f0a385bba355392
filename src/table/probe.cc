#include "table/probe.h"

#include <algorithm>
#include <memory>
#include <tuple>
#include <vector>

#include "base/result.h"

namespace nacre::table {

bool Probe::passes_filter() {
  const auto passes = table_->passes_filter(key_hash_);
  if (passes && *passes) return true;
  end(passes ? Result<Table::Found>(Table::Found{}) : Result<Table::Found>(passes.error()));
  return false;
}

void Probe::descend() {
  if (guess_ == Guess::kAbsent && !passes_filter()) return;
  const auto index = table_->index_frame();
  if (!index) return end(index.error());
  index_ = *index;
  leaf_ = Table::index_in(*index_).leaf_for(key_, &table_->slot(0));
  state_ = State::kDescended;
}

void Probe::locate() {
  if (state_ != State::kDescended) return;
  block_ = Table::index_in(*index_).lower_bound_in(leaf_, key_);
  if (block_ == table_->blocks()) return end(Table::Found{});
  table_->prefetch_block(block_);
  state_ = State::kLocated;
}

void Probe::match() {
  if (state_ != State::kLocated) return;
  frame_ = table_->cache().find(table_->slot(block_));
  if (frame_ != nullptr) [[likely]] {
    state_ = State::kCached;
    format::BlockView(frame_->bytes()).prefetch_match(key_hash_);
    return;
  }
  if (guess_ == Guess::kPresent && !passes_filter()) return;
  extent_ = Table::index_in(*index_).extent(block_);
  state_ = State::kMissing;
}

// The missing blocks of some probes: each is read once, however many probes want it.
class MissingBlocks {
 public:
  explicit MissingBlocks(std::span<Probe> probes) {
    for (Probe& probe : probes) {
      if (probe.missing()) waiting_.push_back(&probe);
    }
    // By number and not by address, so that the same run reads in the same order.
    const auto place = [](const Probe* p) { return std::tuple(p->table_->number(), p->block_); };
    std::sort(waiting_.begin(), waiting_.end(), [&](const Probe* a, const Probe* b) { return place(a) < place(b); });
    for (size_t begin = 0; begin < waiting_.size();) {
      size_t end = begin + 1;
      while (end < waiting_.size() && place(waiting_[end]) == place(waiting_[begin])) end++;
      groups_.push_back({begin, end});
      begin = end;
    }
  }

  // Bounds the memory of one batch; blocks of usual size all go into one.
  void read_all(FileSystem& file_system) {
    for (size_t begin = 0; begin < groups_.size();) {
      uint64_t bytes = 0;
      size_t end = begin;
      while (end < groups_.size() && (end == begin || bytes + extent(end).bytes <= kBatchBytes))
        bytes += extent(end++).bytes;
      read_some(begin, end, file_system);
      begin = end;
    }
  }

 private:
  static constexpr uint64_t kBatchBytes = uint64_t{4} << 20;

  // Probes waiting_[begin, end) want the same block.
  struct Group {
    size_t begin;
    size_t end;
  };

  Probe& leader(size_t group) const { return *waiting_[groups_[group].begin]; }
  const Extent& extent(size_t group) const { return leader(group).extent_; }

  void read_some(size_t begin, size_t end, FileSystem& file_system) {
    if (end == begin + 1) {  // also how very large blocks get read without a detour
      const Probe& only = leader(begin);
      return resolve(begin, only.table_->load_block(only.block_, only.extent_));
    }
    uint64_t bytes = 0;
    for (size_t group = begin; group < end; group++) bytes += extent(group).bytes;
    const auto room = std::make_unique_for_overwrite<char[]>(bytes);
    std::vector<ReadRequest> requests;
    requests.reserve(end - begin);
    char* at = room.get();
    for (size_t group = begin; group < end; group++) {
      requests.push_back(ReadRequest{.file = &leader(group).table_->file().file(),
                                     .offset = extent(group).offset,
                                     .out = {at, extent(group).bytes}});
      at += extent(group).bytes;
    }
    file_system.read_batch(requests);
    for (size_t group = begin; group < end; group++) resolve(group, published(group, requests[group - begin]));
  }

  Result<cache::PinnedFrame> published(size_t group, const ReadRequest& request) const {
    const Probe& probe = leader(group);
    NACRE_TRY(probe.table_->file().check_read(request.result, request.offset, request.out.size()));
    return probe.table_->publish_block(probe.block_, probe.extent_, {request.out.data(), request.out.size()});
  }

  void resolve(size_t group, const Result<cache::PinnedFrame>& frame) const {
    for (size_t i = groups_[group].begin; i < groups_[group].end; i++) {
      Probe& probe = *waiting_[i];
      if (!frame) {
        probe.end(frame.error());
        continue;
      }
      probe.frame_ = frame->get();
      probe.state_ = Probe::State::kCached;
      probe.finish();
    }
  }

  std::vector<Probe*> waiting_;  // by table and block
  std::vector<Group> groups_;
};

void read_missing(std::span<Probe> probes, FileSystem& file_system) {
  if (std::none_of(probes.begin(), probes.end(), [](const Probe& probe) { return probe.missing(); })) return;
  MissingBlocks(probes).read_all(file_system);
}

void look_up(std::span<Probe> probes, FileSystem& file_system) {
  for (const Probe& probe : probes) probe.prefetch();
  for (Probe& probe : probes) probe.descend();
  for (Probe& probe : probes) probe.locate();
  for (Probe& probe : probes) probe.match();
  for (Probe& probe : probes) probe.finish();
  read_missing(probes, file_system);
}

}  // namespace nacre::table
