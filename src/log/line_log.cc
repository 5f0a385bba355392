#include "log/line_log.h"

#include <array>

#include "base/result.h"
#include "format/file_names.h"

namespace nacre::log {

namespace {

constexpr uint64_t kPauseNs = 1'000'000'000;
constexpr uint64_t kMostAge = 1000;  // of files that may be surplus: LogOptions::files is no larger
constexpr size_t kBeginBytes = 64;

}  // namespace

bool LineLog::append(Bytes line, uint64_t wall_ns) {
  if (directory_ == nullptr) return false;
  if (device_full_ && on_full_device_bytes_ + line.size() > kMostOnFullDeviceBytes) return false;
  // Either way round: the wall clock may jump.
  if (failed_at_ns_ != 0 && wall_ns < failed_at_ns_ + kPauseNs && failed_at_ns_ < wall_ns + kPauseNs) return false;
  if (file_ == nullptr && !open(wall_ns)) return false;
  const uint64_t size_bytes = file_->size_bytes();
  if (size_bytes != 0 && size_bytes + line.size() > file_bytes_ && (!rotate(wall_ns) || !open(wall_ns))) return false;
  if (!file_->append(line)) return false;
  if (device_full_) on_full_device_bytes_ += line.size();
  return true;
}

void LineLog::set_device_full(bool full) {
  device_full_ = full;
  on_full_device_bytes_ = 0;
}

void LineLog::close() {
  file_.reset();
  directory_ = nullptr;
}

// Whether the file is ours, or not there.
Result<bool> LineLog::may_take(const std::string& name) const {
  const auto file = directory_->open_read(name);
  if (!file && file.error().kind == ErrorKind::kNotFound) return true;
  if (!file) return file.error();
  std::array<char, kBeginBytes> begin{};
  NACRE_TRY_ASSIGN(const size_t got, (*file)->read(0, begin));
  return got == 0 || is_ours_({begin.data(), got});
}

// False, and what is to be done about it is done, if not.
bool LineLog::all_may_be_taken(uint32_t begin, uint32_t end, uint64_t wall_ns) {
  for (uint32_t age = begin; age < end; age++) {
    const Result<bool> ours = may_take(format::report_name(age));
    if (!ours) return fail(ours.error(), wall_ns);
    if (*ours) continue;
    close();
    return false;
  }
  return true;
}

bool LineLog::open(uint64_t wall_ns) {
  auto opened = directory_->open_lines(format::kReportName);
  if (!opened) return fail(opened.error(), wall_ns);
  if (!all_may_be_taken(0, 1, wall_ns)) return false;
  file_ = *std::move(opened);
  failed_at_ns_ = 0;
  return true;
}

// Each step leaves what the next attempt goes on from.
bool LineLog::rotate(uint64_t wall_ns) {
  if (!all_may_be_taken(1, files_, wall_ns)) return false;
  remove_surplus();
  for (uint32_t age = files_ - 1; age-- > 0;) {
    const auto renamed = directory_->rename(format::report_name(age), format::report_name(age + 1));
    if (!renamed && renamed.error().kind != ErrorKind::kNotFound) return fail(renamed.error(), wall_ns);
  }
  if (files_ == 1) {
    if (const auto removed = directory_->remove(format::kReportName); !removed) return fail(removed.error(), wall_ns);
  }
  file_.reset();
  return true;
}

// Of a time when more were kept.
void LineLog::remove_surplus() {
  const auto entries = directory_->list();
  if (!entries) return;
  for (const DirectoryEntry& entry : *entries) {
    const auto name = format::parse_name(entry.name);
    if (!name || name->temporary || name->kind != format::NameKind::kReport || name->number < files_ ||
        name->number >= kMostAge || !may_take(entry.name).value_or(false))
      continue;
    (void)directory_->remove(entry.name).has_value();
  }
}

bool LineLog::fail(const Error& error, uint64_t wall_ns) {
  if (error.kind == ErrorKind::kUnsupported) {
    close();
  } else {
    failed_at_ns_ = wall_ns;
  }
  return false;
}

}  // namespace nacre::log
