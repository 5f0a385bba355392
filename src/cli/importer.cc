#include "cli/importer.h"

#include <algorithm>
#include <cerrno>
#include <concepts>
#include <cstdio>
#include <cstring>

#include "cli/human.h"
#include "cli/terminal.h"

namespace nacre::cli {

namespace {

constexpr uint64_t kBatchBytes = 256 << 10;

// Empty, or why a database with so much memory cannot hold it.
std::string over_limit(const Entry& entry, uint64_t memory_bytes) {
  if (entry.key.size() > kMaxKeyBytes) return "the key is longer than 64 KiB";
  if (entry.value.size() > kMaxValueBytes) return "the value is longer than 4 GiB - 1";
  if (entry.key.size() + entry.value.size() > largest_entry_bytes(memory_bytes))
    return "key and value are together longer than " + human_bytes(memory_bytes / 4) +
           ", a quarter of the memory of this database (--options)";
  return {};
}

// "shape tiered, not leveled as in the dump; ..."
std::string differences(const KeyspaceOptions& here, const KeyspaceOptions& there) {
  std::string words;
  const auto compare = [&words](const char* name, const auto& one, const auto& other) {
    if (one == other) return;
    const auto shown = [](const auto& value) {
      if constexpr (std::integral<std::remove_cvref_t<decltype(value)>>)
        return std::to_string(value);
      else
        return std::string(to_string(value));
    };
    if (!words.empty()) words += "; ";
    words += std::string(name) + " " + shown(one) + ", not " + shown(other) + " as in the dump";
  };
  compare("compression", here.compression, there.compression);
  compare("bottom compression", here.bottom_compression, there.bottom_compression);
  compare("shape", here.shape, there.shape);
  compare("filter bits per key", here.filter_bits_per_key, there.filter_bits_per_key);
  compare("block bytes", here.block_bytes, there.block_bytes);
  return words;
}

ImportEnd refused(const Error& error) { return {.why = ImportEnd::Why::kWrite, .error = error}; }

}  // namespace

ImportEnd Importer::run(Progress& progress) {
  ImportEnd end = read(progress);
  if (end.why == ImportEnd::Why::kWrite) return end;
  const auto written = write();
  return written ? end : refused(written.error());
}

// Everything added so far is in the database after this.
Result<void> Importer::write() {
  if (pending_ > 0) {
    if (const auto written = session_.db.write(batch_, options_); !written) {
      if (written.error().kind == ErrorKind::kIo) uncertain_ = pending_;
      return written;
    }
    kept_ += pending_;
    pending_ = 0;
    batch_.clear();
  }
  settled_ = done_;
  return {};
}

void Importer::write_while_idle() {
  if (failed_) return;
  if (const auto written = write(); !written) failed_ = written.error();
}

std::optional<ImportEnd> Importer::add(const Entry& entry) {
  const uint64_t entry_bytes = entry.key.size() + entry.value.size();
  if (pending_ > 0 && batch_.size_bytes() + entry_bytes > largest_entry_bytes(memory_bytes_)) {
    if (const auto written = write(); !written) return refused(written.error());
  }
  batch_.put(keyspace_, entry.key, entry.value);
  pending_++;
  done_ = reader_.place();
  if (batch_.size_bytes() < kBatchBytes) return std::nullopt;
  const auto written = write();
  if (written) return std::nullopt;
  return refused(written.error());
}

std::optional<ImportEnd> Importer::reject(Progress& progress, const Complaint& complaint) {
  if (arguments_.on_error == "stop")
    return ImportEnd{.why = ImportEnd::Why::kWrong, .where = to_string(complaint), .words = complaint.words};
  if (rejects_.will_be_told()) progress.clear();
  if (!rejects_.add(complaint, reader_.rejected()))
    return ImportEnd{.why = ImportEnd::Why::kRejects,
                     .words = visible(rejects_.file()) + ": cannot be written: " + std::strerror(errno)};
  done_ = reader_.place();
  return std::nullopt;
}

// The keyspace of that name; made, if there is none, with `options`, or told if it keeps others.
Result<Keyspace> Importer::keyspace_for(const std::string& name, const KeyspaceOptions& options, Progress& progress) {
  const std::vector<std::string> names = session_.db.keyspaces();
  if (std::ranges::find(names, name) == names.end()) return session_.db.create_keyspace(name, options);
  auto keyspace = session_.db.keyspace(name);
  if (!keyspace || keyspace->options() == options) return keyspace;
  if (made_ && name == session_.db.default_keyspace().name()) {  // the open made it
    if (const auto set = keyspace->set_options(options); !set) return set.error();
  } else if (!arguments_.quiet) {
    progress.clear();
    std::fprintf(stderr, "nacre: keyspace %s was there and keeps its options: %s\n", visible(name).c_str(),
                 differences(keyspace->options(), options).c_str());
  }
  return keyspace;
}

std::optional<ImportEnd> Importer::enter_keyspace(Progress& progress) {
  const std::string name = arguments_.keyspace.value_or(std::string(reader_.keyspace()));
  const std::optional<KeyspaceOptions>& options = reader_.keyspace_options();
  auto keyspace = options ? keyspace_for(name, *options, progress) : session_.db.keyspace(name);
  if (!keyspace) return refused(keyspace.error());
  keyspace_ = *std::move(keyspace);
  return std::nullopt;
}

// What passes over records that an earlier import settled has still to find them there.
ImportEnd Importer::end_of_input() const {
  const uint64_t records = reader_.place().records;
  if (records >= arguments_.skip_entries) return {};
  return {.why = ImportEnd::Why::kBroken,
          .words = "the input ends before --skip-entries " + std::to_string(arguments_.skip_entries) +
                   ": it has only " + counted(records)};
}

ImportEnd Importer::read(Progress& progress) {
  Entry entry;
  for (;;) {
    const Place before = reader_.place();
    std::optional<ImportEnd> end;
    const Step step = reader_.next(entry);
    if (failed_) return refused(*failed_);
    switch (step) {
      case Step::kEntry: {
        const std::string wrong = over_limit(entry, memory_bytes_);
        if (skipped()) {
          done_ = reader_.place();
          if (done_.records == arguments_.skip_entries) progress.begin_behind(done_.bytes, done_.records);
        } else if (wrong.empty()) {
          end = add(entry);
        } else {
          end = reject(progress, {reader_.place().lines == 0 ? 0 : before.lines + 1, 0, before.bytes, wrong});
        }
        break;
      }
      case Step::kKeyspace: end = enter_keyspace(progress); break;
      case Step::kBad:
        if (skipped()) {
          done_ = reader_.place();
        } else {
          end = reject(progress, reader_.complaint());
        }
        break;
      case Step::kBroken:
        return {.why = ImportEnd::Why::kBroken,
                .where = to_string(reader_.complaint()),
                .words = reader_.complaint().words};
      case Step::kEnd: return end_of_input();
      case Step::kFailed: return {.why = ImportEnd::Why::kInput};
      case Step::kInterrupted: return {.why = ImportEnd::Why::kInterrupted, .words = "interrupted"};
    }
    if (end) return *std::move(end);
    progress.update(reader_.place().bytes, reader_.place().records);
  }
}

}  // namespace nacre::cli
