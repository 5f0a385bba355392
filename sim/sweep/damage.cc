// The sweeps of damage at rest:
//
//   bits      every bit of every file, flipped
//   lengths   every file cut at every length, and grown
//   files     every file deleted, copied to other numbers, exchanged with each other one, replaced by what it was earlier and by the
//             file of that name of another database
#include "sim/sweep/damage.h"

#include <algorithm>

namespace nacre::sim {

std::shared_ptr<SimDisk> disk_with(const DiskImage& image) {
  auto disk = SimDisk::create({.latency_ns_min = 0, .latency_ns_max = 0});
  disk->restore(image);
  return disk;
}

std::vector<uint64_t> offsets_of(const std::string& content) {
  constexpr uint64_t kNear = 64;
  std::vector<uint64_t> offsets;
  const size_t last = content.find_last_not_of('\0');
  const uint64_t used = last == std::string::npos ? 0 : last + 1;
  uint64_t next = content.find_first_not_of('\0');  // the first byte from at - kNear on that is not zero, or npos
  for (uint64_t at = 0; at < content.size(); at++) {
    if (at >= kNear && next != std::string::npos && next < at - kNear)
      next = content.find_first_not_of('\0', at - kNear);
    const bool zeros = content.size() > 65536 && at >= kNear && next >= std::min<uint64_t>(at + kNear, content.size());
    if (!zeros || at % kPageBytes == 0 || at % kPageBytes == kPageBytes - 1) offsets.push_back(at);
    if (zeros && at > used + kPageBytes && at % kPageBytes == 1) at += kPageBytes - 3;
  }
  return offsets;
}

DamageSweep::DamageSweep(uint64_t script, bool with_youth) {
  patients_.push_back(Patient::make("closed", Script::make(script, ScriptKind::kSmall), 1, with_youth));
  patients_.push_back(Patient::make("live log", Script::make(script, ScriptKind::kCut), 1, with_youth));
}

std::string DamageSweep::simulate(const std::function<std::string(Simulation&)>& body) {
  Simulation sim(1, plain_world(2'000'000'000));
  std::string wrong;
  const auto result = sim.run([&] { wrong = body(sim); });
  return result.ending == sync::Ending::kDone ? wrong : result.report;
}

namespace {

constexpr uint64_t kBytesOfTrial = 8;

void note(const std::string& family, const std::string& outcome, Tally& tally) { tally.count(family + ": " + outcome); }

// ---- bits ------------------------------------------------------------------------------------------------------------

class BitSweep final : public DamageSweep {
 public:
  explicit BitSweep(uint64_t script) : DamageSweep(script) {
    for (const Patient& patient : patients_) {
      for (const std::string& path : patient.files()) {
        const std::vector<uint64_t> offsets = offsets_of(patient.image.at(path));
        bytes_ += offsets.size();
        for (size_t i = 0; i < offsets.size(); i += kBytesOfTrial) {
          const size_t end = std::min(offsets.size(), i + kBytesOfTrial);
          spots_.push_back(
              {&patient,
               path,
               {offsets.begin() + static_cast<ptrdiff_t>(i), offsets.begin() + static_cast<ptrdiff_t>(end)}});
        }
      }
    }
  }
  uint64_t trials() const override { return spots_.size(); }
  uint64_t quick_trials() const override { return 100; }
  std::string places() const override {
    return std::to_string(bytes_) + " bytes, " + std::to_string(8 * bytes_) + " bits";
  }
  std::string describe(uint64_t trial) const override {
    const Spot& spot = spots_[trial];
    return std::string(spot.patient->name) + ", " + spot.path + " from " + std::to_string(spot.offsets.front());
  }

  std::string run(uint64_t trial, Tally& tally) override {
    const Spot& spot = spots_[trial];
    return simulate([&](Simulation& sim) -> std::string {
      const auto disk = disk_with(spot.patient->image);
      Examination examination(sim, *spot.patient);
      const std::string family = family_of(spot.path);
      for (const uint64_t offset : spot.offsets) {
        for (uint32_t bit = 0; bit < 8; bit++) {
          disk->flip_bit(spot.path, offset, bit);
          tally.count("bits flipped");
          note(family, examination.examine(*disk, Access::kReadOnly), tally);
          disk->flip_bit(spot.path, offset, bit);
          if (!examination.failure().empty()) return what_failed("read-only", offset, bit, examination);
        }
        const uint32_t bit = static_cast<uint32_t>(offset * 5 % 8);
        const auto fresh = disk_with(spot.patient->image);
        fresh->flip_bit(spot.path, offset, bit);
        note(family + ", opened to write", examination.examine(*fresh, Access::kWriting), tally);
        if (!examination.failure().empty()) return what_failed("to write", offset, bit, examination);
      }
      return "";
    });
  }

 private:
  struct Spot {
    const Patient* patient;
    std::string path;
    std::vector<uint64_t> offsets;
  };
  static std::string what_failed(const char* how, uint64_t offset, uint32_t bit, const Examination& examination) {
    return std::string("opened ") + how + ", offset " + std::to_string(offset) + ", bit " + std::to_string(bit) + ": " +
           examination.failure();
  }

  std::vector<Spot> spots_;
  uint64_t bytes_ = 0;
};

// ---- lengths and files -----------------------------------------------------------------------------------------------

struct Injury {
  const Patient* patient;
  std::string family;
  std::string words;
  std::function<void(SimDisk&)> apply;
  Loss loss = Loss::kPower;
};

// A list of things to do to a database, each a trial, opened both ways.
class InjurySweep : public DamageSweep {
 public:
  using DamageSweep::DamageSweep;
  uint64_t trials() const override { return injuries_.size(); }
  std::string describe(uint64_t trial) const override {
    return std::string(injuries_[trial].patient->name) + ", " + injuries_[trial].words;
  }
  std::string run(uint64_t trial, Tally& tally) override {
    const Injury& injury = injuries_[trial];
    return simulate([&](Simulation& sim) -> std::string {
      for (const Access access : {Access::kReadOnly, Access::kWriting}) {
        const auto disk = disk_with(injury.patient->image);
        injury.apply(*disk);
        Examination examination(sim, *injury.patient, injury.loss);
        note(injury.family, examination.examine(*disk, access), tally);
        if (!examination.failure().empty()) return examination.failure();
      }
      return "";
    });
  }

 protected:
  std::vector<Injury> injuries_;
};

class LengthSweep final : public InjurySweep {
 public:
  explicit LengthSweep(uint64_t script) : InjurySweep(script, false) {
    for (const Patient& patient : patients_) {
      for (const std::string& path : patient.files()) {
        const std::string& content = patient.image.at(path);
        for (const uint64_t size : offsets_of(content)) {
          injuries_.push_back({&patient, family_of(path) + " cut", path + " cut to " + std::to_string(size),
                               [path, size](SimDisk& disk) { disk.truncate(path, size); }});
        }
        for (const uint64_t more : {1, 7, 512, 4096}) {
          for (const char with : {'\0', 'x'}) {
            injuries_.push_back({&patient, family_of(path) + " grown", path + " grown by " + std::to_string(more),
                                 [path, more, with](SimDisk& disk) {
                                   disk.set_content(path, disk.content(path) + std::string(more, with));
                                 }});
          }
        }
      }
    }
  }
  uint64_t quick_trials() const override { return 1000; }
  std::string places() const override { return "every byte of the files as their end, and 8 ways to grow"; }
};

class FileSweep final : public InjurySweep {
 public:
  explicit FileSweep(uint64_t script) : InjurySweep(script, true) {
    for (const Patient& patient : patients_) strangers_.push_back(Patient::make(patient.name, patient.script, 2));
    for (size_t i = 0; i < patients_.size(); i++) add(patients_[i], strangers_[i]);
  }
  uint64_t quick_trials() const override { return 1000; }
  std::string places() const override { return "every file, every pair of files"; }

 private:
  void add(const Patient& patient, const Patient& stranger) {
    for (const std::string& path : patient.files()) {
      const std::string family = family_of(path);
      injuries_.push_back(
          {&patient, family + " deleted", path + " deleted", [path](SimDisk& disk) { disk.erase(path); }});
      for (const std::string& name : other_names(path)) {
        if (patient.image.contains(name)) continue;
        injuries_.push_back({&patient, family + " copied", path + " copied to " + name,
                             [path, name](SimDisk& disk) { disk.set_content(name, disk.content(path)); }});
      }
      for (const std::string& other : patient.files()) {
        if (other <= path) continue;
        injuries_.push_back({&patient, family + " and " + family_of(other) + " exchanged",
                             path + " exchanged with " + other,
                             [path, other](SimDisk& disk) { disk.swap(path, other); }});
      }
      if (const auto theirs = stranger.image.find(path); theirs != stranger.image.end()) {
        injuries_.push_back({&patient, family + " of another database", path + " of another database",
                             [path, content = theirs->second](SimDisk& disk) { disk.set_content(path, content); }});
      }
      add_youth(patient, path);
    }
  }
  void add_youth(const Patient& patient, const std::string& path) {
    std::vector<std::string> seen = {patient.image.at(path)};
    for (const DiskImage& image : patient.youth) {
      const auto found = image.find(path);
      if (found == image.end() || std::find(seen.begin(), seen.end(), found->second) != seen.end()) continue;
      seen.push_back(found->second);
      injuries_.push_back({&patient, family_of(path) + " as it was",
                           path + " as it was, " + std::to_string(seen.size()),
                           [path, content = found->second](SimDisk& disk) { disk.set_content(path, content); },
                           family_of(path) == "log" ? Loss::kSyncedEnd : Loss::kPower});
    }
  }
  // The same kind of file under numbers that are free: below, among and far above the others.
  static std::vector<std::string> other_names(const std::string& path) {
    std::vector<std::string> names;
    const std::string name = path.substr(path.rfind('/') + 1);
    const size_t at = name.find_first_of("0123456789");
    if (at == std::string::npos) return {"db/copy"};
    const size_t digits = name.find_first_not_of("0123456789", at) - at;
    for (const char* number : {"000001", "000002", "000009", "000030", "000900", "900000"}) {
      std::string renamed = name;
      renamed.replace(at, std::min(digits, name.size() - at), number);
      names.push_back("db/" + renamed);
    }
    return names;
  }

  std::vector<Patient> strangers_;
};

}  // namespace

std::unique_ptr<Sweep> make_bit_sweep(uint64_t script) { return std::make_unique<BitSweep>(script); }
std::unique_ptr<Sweep> make_length_sweep(uint64_t script) { return std::make_unique<LengthSweep>(script); }
std::unique_ptr<Sweep> make_file_sweep(uint64_t script) { return std::make_unique<FileSweep>(script); }

}  // namespace nacre::sim
