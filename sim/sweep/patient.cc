#include "sim/sweep/patient.h"

#include <optional>

#include "base/assert.h"
#include "os/file_ref.h"

namespace nacre::sim {

Patient Patient::make(const char* name, Script script, uint64_t seed, bool with_youth) {
  Patient patient{.name = name, .script = std::move(script), .image = {}, .ledger = {}, .content = {}, .youth = {}};
  SimulationOptions world = plain_world();
  Simulation sim(seed, world);
  uint64_t changes = 0;
  const auto look_at_youth = [&](bool after) {
    const Faults& faults = sim.disk().faults();
    const uint64_t so_far = faults.sites(IoKind::kWrite) + faults.sites(IoKind::kStore) + faults.sites(IoKind::kRename);
    if (!after || so_far == changes) return;
    changes = so_far;
    patient.youth.push_back(sim.disk().image());
  };
  if (with_youth) sim.disk().watch(look_at_youth);
  const auto result = sim.run([&] { Story(sim, sim.disk(), patient.script, patient.ledger).tell(); });
  NACRE_CHECK(result.ending == sync::Ending::kDone);
  patient.image = sim.disk().image();
  const auto disk = SimDisk::create({.latency_ns_min = 0, .latency_ns_max = 0});
  disk->restore(patient.image);
  Simulation reading(seed, world);
  const auto read = reading.run([&] {
    auto db = Story::open(reading, *disk, patient.script.options, OpenMode::kReadOnly).value();
    std::string disagreement;
    patient.content = read_database(db, patient.ledger.keys(), &disagreement).value();
    NACRE_CHECK(disagreement.empty() && patient.ledger.check_found(patient.content, Loss::kPower).empty());
  });
  NACRE_CHECK(read.ending == sync::Ending::kDone);
  return patient;
}

std::vector<std::string> Patient::files() const {
  std::vector<std::string> paths;
  for (const auto& [path, bytes] : image) {
    if (!path.ends_with("/")) paths.push_back(path);
  }
  return paths;
}

std::string family_of(const std::string& path) {
  switch (os::file_ref(path.substr(path.rfind('/') + 1)).kind) {
    case FileKind::kTable: return "table";
    case FileKind::kLog: return "log";
    case FileKind::kManifest: return "manifest";
    case FileKind::kCurrent: return "CURRENT";
    case FileKind::kLock: return "LOCK";
    default: return "other file";
  }
}

void Examination::judge(const char* what, const Error& error) {
  found_ = true;
  const bool right = error.kind == ErrorKind::kCorruption && error.file_kind != FileKind::kNone;
  if (!right && failure_.empty()) failure_ = std::string(what) + ": " + error.to_string();
}

void Examination::compare(const std::string& keyspace, const std::string& key, const std::optional<Value>& got) {
  const auto& content = patient_.content.at(keyspace);
  const auto at = content.find(key);
  const bool same = at == content.end() ? !got : got && got->bytes() == Bytes(at->second);
  if (!same && failure_.empty())
    failure_ = "a get of " + keyspace + "/" + key + " gives " + (got ? "wrong data" : "nothing");
}

void Examination::read_keyspace(const Keyspace& keyspace, const std::string& name) {
  const auto known = patient_.ledger.keys().find(name);
  const std::vector<std::string> keys =
      known == patient_.ledger.keys().end() ? std::vector<std::string>() : known->second;
  for (const std::string& key : keys) {
    const auto got = keyspace.get(key);
    if (got) {
      compare(name, key, *got);
    } else {
      judge("get", got.error());
    }
  }
  const std::vector<Bytes> asked(keys.begin(), keys.end());
  if (const auto values = keyspace.multi_get(asked)) {
    for (size_t i = 0; i < keys.size(); i++) compare(name, keys[i], (*values)[i]);
  } else {
    judge("multi-get", values.error());
  }
  for (const bool reverse : {false, true}) {
    const KeyspaceContent& content = patient_.content.at(name);
    KeyspaceContent seen;
    bool right = true;
    Scan scan = keyspace.scan({.reverse = reverse});
    for (const auto& [key, value] : scan) {
      const auto at = content.find(std::string(key));
      right = right && at != content.end() && at->second == value && seen.emplace(key, value).second;
    }
    const auto status = scan.status();
    if (!status) judge("scan", status.error());
    if ((!right || (status && seen != content)) && failure_.empty())
      failure_ = "a scan of " + name + " gives wrong data";
  }
}

std::string Examination::examine(SimDisk& disk, Access access) {
  failure_.clear();
  findings_.clear();
  found_ = false;
  const OpenMode mode = access == Access::kReadOnly ? OpenMode::kReadOnly : OpenMode::kMustExist;
  auto db = Story::open(sim_, disk, patient_.script.options, mode);
  if (!db) {
    judge("open", db.error());
    return "refused by the open";
  }
  std::string disagreement;
  const auto seen = read_database(*db, patient_.ledger.keys(), &disagreement);
  const bool lost_end = seen && *seen != patient_.content;
  if (lost_end) {  // a live log lost its end: all else follows from this state
    failure_ = disagreement.empty() ? patient_.ledger.check_found(*seen, loss_) : disagreement;
    const bool torn = patient_.ledger.check_found(*seen, Loss::kPower).empty();
    return torn ? "the end of the log dropped" : "a synced end of the log lost, the limit of promise 7";
  }
  for (const auto& [name, content] : patient_.content) {
    const auto keyspace = db->keyspace(name);
    if (keyspace) {
      read_keyspace(*keyspace, name);
    } else {
      failure_ = "keyspace " + name + ": " + keyspace.error().to_string();
    }
  }
  const bool found_by_reads = found_;
  auto findings = db->check();
  if (findings) {
    findings_ = std::move(*findings);
  } else {
    failure_ = "check: " + findings.error().to_string();
  }
  for (const CheckFinding& finding : findings_) judge("check", finding.error);
  if (found_by_reads && findings_.empty() && failure_.empty()) failure_ = "a read finds damage that check() does not";
  if (access == Access::kWriting) {
    if (const auto closed = db->close(); !closed) judge("close", closed.error());
  }
  if (found_by_reads) return "found by reads";
  return found_ ? "found by check()" : "harmless: everything is right";
}

}  // namespace nacre::sim
