#include "compaction/merge_job.h"

#include "format/entry_hash.h"

namespace nacre::compaction {

namespace {

constexpr uint64_t kEntriesPerPoll = 4096;

// Takes what a merge reads to the writer, entry by entry, and adds up what came in and what is to come out.
class Transfer {
 public:
  explicit Transfer(RunWriterOptions options) : writer_(std::move(options)) {}

  // The entry at the cursor; `kept`: its trailer from now on, or nothing if it goes.
  Result<void> take(const merge::MergeCursor& cursor, std::optional<uint64_t> kept) {
    const Bytes key = cursor.key();
    const Bytes value = cursor.value();
    const uint64_t key_hash = base::hash_key(key);
    const uint64_t value_hash = format::value_hash(value);
    const uint64_t hash = format::entry_hash(key_hash, cursor.trailer(), value_hash);
    totals_.entries_read++;
    totals_.hash_read += hash;
    if (!kept) return {};
    totals_.entries_written++;
    const table::TableCursor* lone = cursor.lone();
    if (lone != nullptr && writer_.can_copy(*lone)) {
      // With its trailer: that of one entry takes as much room as any other.
      hash_kept_ += hash;
      NACRE_TRY(lone->check_lone(key_hash, hash));
      return writer_.add_lone(*lone);
    }
    hash_kept_ += format::entry_hash(key_hash, *kept, value_hash);
    return writer_.add(key, key_hash, *kept, value);
  }

  Result<MergeResult> finish() {
    MergeResult result{.totals = totals_};
    NACRE_TRY_ASSIGN(result.tables, writer_.finish(hash_kept_));
    result.warm = writer_.take_warm();
    return result;
  }

  const MergeTotals& totals() const { return totals_; }

 private:
  RunWriter writer_;
  MergeTotals totals_;
  uint64_t hash_kept_ = 0;
};

}  // namespace

Result<MergeResult> merge_part(merge::MergeCursor cursor, merge::VersionFilter filter, RunWriterOptions options,
                               const MergePart& part, const std::function<Result<void>()>& poll) {
  options.begin = part.begin;
  options.end = part.end;
  options.tombstones = [&filter](Bytes begin, Bytes end) { return filter.keep_tombstones(begin, end); };
  Transfer transfer(std::move(options));
  if (part.begin.empty()) {
    cursor.seek_first();
  } else {
    cursor.seek(part.begin, ~uint64_t{0});
  }
  for (; cursor.valid(); cursor.next()) {
    const Bytes key = cursor.key();
    if (!part.end.empty() && key >= Bytes(part.end)) break;
    NACRE_TRY(transfer.take(cursor, filter.keep(key, cursor.trailer())));
    if (transfer.totals().entries_read % kEntriesPerPoll == 0 && poll) NACRE_TRY(poll());
  }
  NACRE_TRY(cursor.status());
  return transfer.finish();
}

}  // namespace nacre::compaction
