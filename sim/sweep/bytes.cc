// The sweep of bytes: every byte of every file, at least one of its bits turned. Where `bits` opens a database for each, this one
// damages many places at once, as far as each still gets a verdict of its own:
//
//   - if everything that is read is right and check() finds nothing, all of them are harmless;
//   - if check() names for each of them a place of its own, at or before it, each is detected;
//   - else the places are halved and tried again, down to one.
//
// Whatever the number of places, each answer is right or says kCorruption. A trial takes one byte of each zone of a file. The first
// byte of each is tried alone, which tells how the zone is: a place that hides others (the log's records, a manifest, the footer of
// a table) is always tried alone.
#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "os/file_ref.h"
#include "sim/sweep/damage.h"

namespace nacre::sim {

namespace {

constexpr uint64_t kZoneBytes = 64;
constexpr uint64_t kWritingOneIn = 16;  // images that are opened to write as well

enum class ZoneKind : uint8_t { kHarmless, kFound, kHiding };

struct Zone {
  ZoneKind kind = ZoneKind::kHiding;
  uint64_t named = 0;  // of a zone that is found: the place that check() names, the begin of its block
};

struct Flip {
  uint64_t offset = 0;
  uint8_t mask = 0;
};

// One file of a patient.
struct Body {
  const Patient* patient;
  std::string path;
  std::vector<uint64_t> offsets;
  std::vector<Zone> zones;  // once known
};

class ByteSweep final : public DamageSweep {
 public:
  explicit ByteSweep(uint64_t script) : DamageSweep(script), script_(script) {
    for (const Patient& patient : patients_) {
      for (const std::string& path : patient.files()) {
        bodies_.push_back({&patient, path, offsets_of(patient.image.at(path)), {}});
        bytes_ += bodies_.back().offsets.size();
      }
    }
  }
  uint64_t trials() const override { return bodies_.size() * kZoneBytes; }
  uint64_t quick_trials() const override { return 20; }
  std::string places() const override { return std::to_string(bytes_) + " bytes"; }
  std::string describe(uint64_t trial) const override {
    const Body& body = bodies_[trial / kZoneBytes];
    return std::string(body.patient->name) + ", " + body.path + ", byte " + std::to_string(trial % kZoneBytes) +
           " of each " + std::to_string(kZoneBytes);
  }
  std::string run(uint64_t trial, Tally& tally) override;

 private:
  class Trial;

  const uint64_t script_;
  uint64_t bytes_ = 0;
  std::vector<Body> bodies_;
};

class ByteSweep::Trial {
 public:
  Trial(Simulation& sim, Body& body, uint64_t seed, Tally& tally)
      : sim_(sim),
        body_(body),
        tally_(tally),
        family_(family_of(body.path)),
        file_(os::file_ref(body.path.substr(body.path.rfind('/') + 1))),
        disk_(disk_with(body.patient->image)),
        examination_(sim, *body.patient),
        prng_(seed) {}

  // The first byte of each zone, alone; says how the zones are.
  std::string probe() {
    std::vector<Zone> zones;
    for (size_t i = 0; i < body_.offsets.size(); i += kZoneBytes) {
      if (const std::string wrong = try_each({flip_at(i)}); !wrong.empty()) return wrong;
      Zone& zone = zones.emplace_back();
      if (outcome_.starts_with("harmless")) zone.kind = ZoneKind::kHarmless;
      const auto named = outcome_.starts_with("found") ? place_named_for(body_.offsets[i]) : std::nullopt;
      if (named) zone = {ZoneKind::kFound, *named};
    }
    body_.zones = std::move(zones);
    return "";
  }

  std::string byte_of_each_zone(uint64_t position) {
    std::vector<Flip> harmless;
    std::vector<std::vector<Flip>> found;       // each with one zone of each block
    std::map<uint64_t, size_t> zones_of_block;  // so far
    for (size_t zone = 0; zone < body_.zones.size(); zone++) {
      const size_t i = zone * kZoneBytes + position;
      if (i >= body_.offsets.size()) break;
      switch (body_.zones[zone].kind) {
        case ZoneKind::kHarmless: harmless.push_back(flip_at(i)); break;
        case ZoneKind::kFound: {
          const size_t nth = zones_of_block[body_.zones[zone].named]++;
          if (nth == found.size()) found.emplace_back();
          found[nth].push_back(flip_at(i));
          break;
        }
        case ZoneKind::kHiding:
          if (const std::string wrong = try_each({flip_at(i)}); !wrong.empty()) return wrong;
          break;
      }
    }
    std::string wrong = try_each(harmless);
    for (auto each = found.begin(); each != found.end() && wrong.empty(); ++each) wrong = try_each(*each);
    return wrong;
  }

 private:
  Flip flip_at(size_t i) {
    const auto any = static_cast<uint8_t>(1 + prng_.below(255));
    const auto bit = static_cast<uint8_t>(1U << prng_.below(8));
    return {body_.offsets[i], prng_.one_in(2) ? any : bit};
  }

  std::string try_each(const std::vector<Flip>& flips) {
    if (flips.empty()) return "";
    if (const std::string wrong = examine(flips); !wrong.empty()) return wrong;
    const bool harmless = outcome_.starts_with("harmless");
    if (flips.size() == 1 || harmless || each_is_named(flips)) {
      tally_.count("bytes flipped", flips.size());
      tally_.count("bytes of a " + family_ + ": " + outcome_, flips.size());
      return "";
    }
    const auto middle = flips.begin() + static_cast<ptrdiff_t>(flips.size() / 2);
    if (const std::string wrong = try_each({flips.begin(), middle}); !wrong.empty()) return wrong;
    return try_each({middle, flips.end()});
  }

  // Leaves the words of what came of it in outcome_.
  std::string examine(const std::vector<Flip>& flips) {
    apply(flips, *disk_);
    outcome_ = examination_.examine(*disk_, Access::kReadOnly);
    apply(flips, *disk_);
    tally_.count("images opened");
    if (!examination_.failure().empty()) return words(flips) + examination_.failure();
    if (!prng_.one_in(kWritingOneIn)) return "";
    const auto fresh = disk_with(body_.patient->image);
    apply(flips, *fresh);
    Examination writing(sim_, *body_.patient);
    writing.examine(*fresh, Access::kWriting);
    tally_.count("images opened to write");
    return writing.failure().empty() ? "" : words(flips) + "opened to write: " + writing.failure();
  }

  void apply(const std::vector<Flip>& flips, SimDisk& disk) const {
    for (const Flip& flip : flips) disk.flip_bits(body_.path, flip.offset, flip.mask);
  }

  // The last place in this file, at or before the offset, that check() has named.
  std::optional<uint64_t> place_named_for(uint64_t offset) const {
    std::optional<uint64_t> last;
    for (const CheckFinding& finding : examination_.findings()) {
      const Error& error = finding.error;
      const bool here = error.file_kind == file_.kind && error.file_number == file_.number;
      if (here && error.offset <= offset && error.offset >= last.value_or(0)) last = error.offset;
    }
    return last;
  }

  bool each_is_named(const std::vector<Flip>& flips) const {
    std::set<uint64_t> used;
    return std::all_of(flips.begin(), flips.end(), [&](const Flip& flip) {
      const auto named = place_named_for(flip.offset);
      return named && used.insert(*named).second;
    });
  }

  static std::string words(const std::vector<Flip>& flips) {
    std::string text = std::to_string(flips.size()) + " bytes flipped";
    for (size_t i = 0; i < std::min<size_t>(flips.size(), 16); i++) {
      text += (i == 0 ? ", at " : " ") + std::to_string(flips[i].offset) + "^" + std::to_string(flips[i].mask);
    }
    return text + ": ";
  }

  Simulation& sim_;
  Body& body_;
  Tally& tally_;
  const std::string family_;
  const os::FileRef file_;
  const std::shared_ptr<SimDisk> disk_;
  Examination examination_;
  base::Prng prng_;
  std::string outcome_;
};

std::string ByteSweep::run(uint64_t trial, Tally& tally) {
  return simulate([&](Simulation& sim) -> std::string {
    Body& body = bodies_[trial / kZoneBytes];
    const uint64_t seed = script_ << 32 | trial;
    const uint64_t position = trial % kZoneBytes;
    Tally unseen;
    const bool probing = position == 0;
    if (probing || body.zones.empty()) {
      const uint64_t seed_of_probe = script_ << 32 | (trial - position);
      const std::string wrong = Trial(sim, body, seed_of_probe, probing ? tally : unseen).probe();
      if (probing || !wrong.empty()) return wrong;
    }
    return Trial(sim, body, seed, tally).byte_of_each_zone(position);
  });
}

}  // namespace

std::unique_ptr<Sweep> make_byte_sweep(uint64_t script) { return std::make_unique<ByteSweep>(script); }

}  // namespace nacre::sim
