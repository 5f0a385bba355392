#include "compaction/merge_job.h"

#include "format/entry_hash.h"

namespace nacre::compaction {

namespace {
constexpr uint64_t kEntriesPerPoll = 4096;
}

Result<MergeResult> merge_part(merge::MergeCursor cursor, merge::VersionFilter filter, RunWriterOptions options,
                               const MergePart& part, const std::function<Result<void>()>& poll) {
  MergeResult result;
  uint64_t hash_kept = 0;
  options.begin = part.begin;
  options.end = part.end;
  options.tombstones = [&filter](Bytes begin, Bytes end) { return filter.keep_tombstones(begin, end); };
  RunWriter writer(std::move(options));
  if (part.begin.empty()) {
    cursor.seek_first();
  } else {
    cursor.seek(part.begin, ~uint64_t{0});
  }
  for (; cursor.valid(); cursor.next()) {
    const Bytes key = cursor.key();
    if (!part.end.empty() && key >= Bytes(part.end)) break;
    const uint64_t trailer = cursor.trailer();
    const Bytes value = cursor.value();
    const uint64_t key_hash = base::hash_key(key);
    const uint64_t value_hash = format::value_hash(value);
    result.totals.hash_read += format::entry_hash(key_hash, trailer, value_hash);
    if (const std::optional<uint64_t> kept = filter.keep(key, trailer)) {
      NACRE_TRY(writer.add(key, key_hash, *kept, value));
      hash_kept += format::entry_hash(key_hash, *kept, value_hash);
      result.totals.entries_written++;
    }
    if (++result.totals.entries_read % kEntriesPerPoll == 0 && poll) NACRE_TRY(poll());
  }
  NACRE_TRY(cursor.status());
  NACRE_TRY_ASSIGN(result.tables, writer.finish(hash_kept));
  result.warm = writer.take_warm();
  return result;
}

}  // namespace nacre::compaction
