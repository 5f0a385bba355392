// EntryReader: entries out of an input, one after another, whatever their format. A reader never fails as a whole because one
// entry is bad, if it can tell where the next one begins.
//
// A *record* is what the input has one of for each entry: a line, or a row of CSV, or an entry of a dump. A bad record counts
// too, a header does not. "The first N records" thus names a prefix of the input, which a later import can pass over.
//
// Thread safety: one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "nacre/bytes.h"
#include "nacre/options.h"

namespace nacre::cli {

// Views into the reader: alive until its next call.
struct Entry {
  Bytes key;
  Bytes value;
};

// How far a reader has come: behind a record.
struct Place {
  uint64_t records = 0;
  uint64_t lines = 0;  // of text; 0 in a dump
  uint64_t bytes = 0;
};

// What is wrong, and where.
struct Complaint {
  uint64_t line = 0;    // from 1; 0: the format has no lines
  uint64_t column = 0;  // byte of that line, from 1; 0: all of it
  uint64_t offset = 0;  // byte of the input, from 0
  std::string words;
};

// "line 7 column 3", or "byte 4096".
std::string to_string(const Complaint& complaint);

enum class Step : uint8_t {
  kEntry,
  kKeyspace,     // the entries that follow belong to keyspace(), of which there may be none
  kBad,          // complaint() says why one or more records are none; the next call goes on behind them
  kBroken,       // complaint() says why nothing can be read from here on
  kEnd,          // of the input, and it was whole
  kFailed,       // the input could not be read: ByteSource::error_number
  kInterrupted,  // the input was given up: ByteSource
};

class EntryReader {
 public:
  virtual ~EntryReader() = default;
  // Looks whether this can be the reader's format at all, and returns kEntry if so; else as next().
  virtual Step begin() { return Step::kEntry; }
  virtual Step next(Entry& entry) = 0;

  const Place& place() const { return place_; }
  const Complaint& complaint() const { return complaint_; }
  // After kBad: the record as it stood, its line end included.
  Bytes rejected() const { return rejected_; }
  Bytes keyspace() const { return keyspace_; }
  // Of keyspace(), as it was where it came from; none if the input does not say.
  const std::optional<KeyspaceOptions>& keyspace_options() const { return keyspace_options_; }
  uint32_t keyspaces() const { return keyspaces_; }  // that the input names; known after begin()
  bool had_header() const { return had_header_; }

 protected:
  Place place_;
  Complaint complaint_;
  Bytes rejected_;
  std::string keyspace_;
  std::optional<KeyspaceOptions> keyspace_options_;
  uint32_t keyspaces_ = 0;
  bool had_header_ = false;
};

}  // namespace nacre::cli
