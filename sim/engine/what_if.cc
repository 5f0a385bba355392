// What if a file were damaged at rest: the database is opened and read as it then is, and afterwards everything is put back.
//
// Allowed are an error that says so, and the right answer. Never that something is not there that is, never older data.
#include <algorithm>

#include "sim/engine/arrange.h"
#include "sim/engine/run.h"
#include "sim/probes.h"
#include "sim/tally.h"

namespace nacre::sim {

namespace {

constexpr uint64_t kSector = 512;

bool changes_bytes(DamageKind kind) { return kind == DamageKind::kFlip || kind == DamageKind::kZero; }

}  // namespace

// Damages one file of the database, and returns which; "" if there is none.
std::string EngineRun::damage_something(const Part& part) {
  base::Prng prng(part.seed + 1);
  std::vector<std::string> files;
  for (const std::string& path : sim_.disk().files()) {
    if (path.starts_with(path_ + "/") && !strangers_.contains(path) && !path.ends_with("/LOCK")) files.push_back(path);
  }
  if (files.empty()) return "";
  const std::string& path = files[prng.below(files.size())];
  const uint64_t size = sim_.disk().content(path).size();
  const DamageKind kind = damage_of(part);
  if (kind == DamageKind::kErase) {
    sim_.disk().erase(path);
  } else if (kind == DamageKind::kSwap) {
    const std::string& other = files[prng.below(files.size())];
    if (other == path) return "";
    sim_.disk().swap(path, other);
  } else if (size == 0) {
    return "";
  } else if (kind == DamageKind::kTruncate) {
    sim_.disk().truncate(path, prng.below(size));
  } else if (kind == DamageKind::kFlip) {
    sim_.disk().flip_bit(path, prng.below(size), static_cast<uint32_t>(prng.below(8)));
  } else {
    std::string content = sim_.disk().content(path);
    const uint64_t begin = prng.below(size) / kSector * kSector;
    const uint64_t bytes = std::min(kSector, size - begin);
    if (content.compare(begin, bytes, std::string(bytes, '\0')) == 0) return "";
    content.replace(begin, bytes, std::string(bytes, '\0'));
    sim_.disk().set_content(path, content);
  }
  return path;
}

void EngineRun::what_if_damaged(Boot& boot, const Part& part) {
  if (never_opened_) return;
  const DiskImage before = sim_.disk().image();
  const std::string path = damage_something(part);
  if (!path.empty()) {
    boot.number = disk_number();
    boot.weather.damage = true;
    const std::string what = std::string("what if: ") + to_string(damage_of(part)) + " " + path;
    // The end of a log or manifest may go unseen, if nothing later tells of it.
    const bool of_a_log = path.ends_with(".wal") || path.find("/MANIFEST-") != std::string::npos;
    const bool whole = closed_cleanly_ && changes_bytes(damage_of(part));
    const Cut floor = of_a_log && !whole ? Cut{} : oracle_->must_survive();
    const bool must_be_found = closed_cleanly_ && path.ends_with(".sst");
    read_damaged(boot, floor, must_be_found ? path : "", what);
    tally().count("files damaged");
  }
  sim_.events().forget();
  sim_.disk().restore(before);
  boot.weather.damage = lied_to_;
  boot.weather.stopped = false;
  boot.doors = {};
  boot.stopped = {};
  boot.db = nullptr;
}

// `table`: a damaged table that was in use, or "".
void EngineRun::read_damaged(Boot& boot, const Cut& floor, const std::string& table, const std::string& what) {
  bool found = false;
  const auto told = [&](const Error& error, Call call) {
    found = true;
    if (!boot.weather.permits(call, error)) fail(boot, what + ": " + error.to_string());
    if (error.kind == ErrorKind::kCorruption && error.file_kind == FileKind::kNone)
      fail(boot, what + ": the error names no file: " + error.to_string());
  };
  auto db = Db::open(path_, options_of(plan_, boot.index), sim_.runtime());
  if (!db) {
    NACRE_SOMETIMES("an open finds damage", true);
    return told(db.error(), Call::kOpen);
  }
  boot.db = &*db;
  Sight sight(oracle_->history(), floor);
  const auto read_all = [&] {
    for (const Door& door : boot.doors) {
      if (!door.handle) continue;
      Entries entries;
      Scan scan = door.handle->scan();
      for (const auto& [key, value] : scan) entries.emplace_back(key, value);
      if (const auto status = scan.status(); !status) {
        told(status.error(), Call::kRead);
      } else {
        expect(boot, sight.sees_range(door.space, "", std::nullopt, entries), what.c_str());
      }
      for (const auto& [at, track] : oracle_->history().tracks()) {
        if (at.space != door.space) continue;
        const auto value = door.handle->get(at.key);
        if (!value) {
          told(value.error(), Call::kRead);
        } else {
          expect(boot, sight.sees(at, *value ? std::optional<Bytes>((*value)->bytes()) : std::nullopt), what.c_str());
        }
      }
    }
  };
  const auto check_all = [&] {
    const auto findings = db->check();
    if (!findings) fail(boot, what + ": check could not run: " + findings.error().to_string());
    for (const CheckFinding& finding : *findings) told(finding.error, Call::kRead);
  };
  check_all();
  // The open removes tables that nothing names, and a merge reads no filters: the damage may be gone already.
  const bool in_use =
      !table.empty() && sim_.events().count(EventKind::kCompactionFinished) == 0 && sim_.disk().exists(table);
  if (in_use && !found) fail(boot, what + ": check() did not notice");
  if (!open_doors(boot, &sight)) return;
  if (auto second = db->keyspace(keyspace_name(1))) boot.doors[1] = {.handle = *second, .space = 1};
  read_all();
  if (const auto compacted = db->compact(); !compacted) told(compacted.error(), Call::kWork);
  read_all();
  check_all();
  NACRE_SOMETIMES("damage is found after the open", found);
  NACRE_SOMETIMES("damage is harmless", !found);
  boot.doors = {};
}

}  // namespace nacre::sim
