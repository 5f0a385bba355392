#include "engine/space_reserve.h"

#include <algorithm>
#include <array>

#include "base/prng.h"
#include "format/file_names.h"
#include "format/reserve_format.h"

namespace nacre::engine {

namespace {

constexpr uint64_t kPieceBytes = sync::kSimulated ? 64 << 10 : 1 << 20;

const Error kGivenUp{
    .kind = ErrorKind::kNoSpace, .operation = Operation::kWrite, .reason = "the reserve is not made now"};

bool is_whole(Directory& directory, const tree::ReserveFile& file, const format::Uuid& uuid, uint64_t bytes) {
  if (file.bytes != bytes) return false;
  const auto opened = directory.open_read(format::reserve_name(file.number));
  if (!opened) return false;
  std::array<char, format::kReserveHeaderBytes> head;
  const auto got = (*opened)->read(0, head);
  return got && Bytes(head.data(), *got) == format::encode_reserve_header(uuid, file.number);
}

}  // namespace

SpaceReserve::SpaceReserve(Directory& directory, Options options, std::span<const tree::ReserveFile> found)
    : directory_(directory), options_(std::move(options)) {
  for (const tree::ReserveFile& file : found) {
    if (number_ == 0 && is_whole(directory, file, options_.uuid, options_.bytes)) {
      number_ = file.number;
    } else {
      useless_.push_back(file.number);
    }
  }
  held_.store(number_ != 0, std::memory_order_release);
}

// What stays is found by the next open.
void SpaceReserve::remove(uint64_t number) { (void)directory_.remove(format::reserve_name(number)); }

void SpaceReserve::tidy() {
  sync::MutexLock lock(mutex_);
  for (const uint64_t number : useless_) remove(number);
  useless_.clear();
}

bool SpaceReserve::give_back(uint64_t turn) {
  wanted_back_.store(true, std::memory_order_release);
  sync::MutexLock lock(mutex_);
  wanted_back_.store(false, std::memory_order_release);
  if (number_ != 0) {
    remove(number_);
    number_ = 0;
    held_.store(false, std::memory_order_release);
    in_use_.store(true);
    turn_.fetch_add(1, std::memory_order_acq_rel);
  }
  if (!useless_.empty()) {
    for (const uint64_t number : useless_) remove(number);
    useless_.clear();
    turn_.fetch_add(1, std::memory_order_acq_rel);
  }
  return turn_.load(std::memory_order_acquire) != turn;
}

Result<bool> SpaceReserve::make(const std::function<bool()>& go_on) {
  if (held()) return true;
  NACRE_TRY_ASSIGN(const uint64_t free_bytes, directory_.free_bytes());
  if (free_bytes < 2 * options_.bytes) return false;
  sync::MutexLock lock(mutex_);
  const Result<void> made = make_locked(go_on);
  if (made) return true;
  turn_.fetch_add(1, std::memory_order_acq_rel);  // what it took for a while may be what another did not find
  if (made.error().kind != ErrorKind::kNoSpace) return made.error();
  return false;
}

Result<void> SpaceReserve::make_locked(const std::function<bool()>& go_on) {
  NACRE_TRY_ASSIGN(const uint64_t number, write_file(go_on));
  if (is_in_use()) {
    const auto beside = write_file(go_on);
    remove(beside ? *beside : number);
    if (!beside) return beside.error();
  }
  number_ = number;
  held_.store(true, std::memory_order_release);
  in_use_.store(false, std::memory_order_release);
  return {};
}

Result<uint64_t> SpaceReserve::write_file(const std::function<bool()>& go_on) {
  NACRE_TRY_ASSIGN(const uint64_t number, options_.next_number());
  NACRE_TRY_ASSIGN(const auto file, directory_.create(format::reserve_name(number)));
  const Result<void> written = fill(*file, number, go_on);
  if (written) return number;
  remove(number);
  return written.error();
}

Result<void> SpaceReserve::fill(WritableFile& file, uint64_t number, const std::function<bool()>& go_on) {
  base::Prng noise(number);
  std::string piece = format::encode_reserve_header(options_.uuid, number);
  for (uint64_t done = 0; done < options_.bytes; done += piece.size(), piece.clear()) {
    if (wanted_back_.load(std::memory_order_acquire) || !go_on()) return kGivenUp;
    const uint64_t bytes = std::min(kPieceBytes, options_.bytes - done);
    while (piece.size() < bytes) {
      const uint64_t word = noise.next();
      piece.append(reinterpret_cast<const char*>(&word), std::min<uint64_t>(sizeof word, bytes - piece.size()));
    }
    NACRE_TRY(file.append(piece));
    file.start_writeback();
  }
  return file.sync();
}

}  // namespace nacre::engine
