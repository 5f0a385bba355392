// Publisher: keeps the file STATS of a database directory up to date (published_format.h).
//
// The file is mapped, so that a publication is a copy of a few KiB in memory: no system call, no sync, no name that changes, and
// it survives the process. It is made when the first publication finds none; that costs one sync, and is not done where the
// device is nearly full. A file of this name that is somebody else's is left alone, and nothing is published.
//
// No failure hurts the database: after one that will not pass nothing is published any more, else the next call tries again.
//
// Thread safety: one thread at a time. Lifetime: the directory outlives it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "format/uuid.h"
#include "metrics/published_format.h"
#include "nacre/runtime.h"

namespace nacre::metrics {

class Publisher {
 public:
  // To be made when the database is opened: both clocks are read.
  Publisher(Directory& directory, Clock& clock, const format::Uuid& uuid);

  // False if these statistics are published already, or cannot be.
  bool publish(const Stats& stats);
  // The last publication: the database is closed. Nothing if there was none before.
  void publish_close(const Stats& stats);

 private:
  void prepare();
  void make_file();
  void open_file();
  void write(Bytes encoded_stats, uint64_t left_out, bool closed);

  Directory& directory_;
  Clock& clock_;
  const format::Uuid uuid_;
  const uint64_t opened_ns_;
  const uint64_t opened_wall_ns_;
  std::unique_ptr<MappedFile> file_;
  bool given_up_ = false;
  uint64_t turn_ = 0;
  std::string published_;  // the statistics, encoded
};

}  // namespace nacre::metrics
