// Time series: keys that sort by series and time, windows read in order, old data erased by range.
//
// Prints:
//   12:00 to 12:05 on day 2: 5 samples, mean 23.0
//   newest sample of kitchen: 23.0
//   after day 1 was erased: kitchen 1440, cellar 1440 samples

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>

#include "nacre/nacre.h"

namespace {

constexpr uint64_t kMinute = 60, kDay = 24 * 60 * kMinute;

// The name, a zero byte, and the time with its highest byte first: so bytes sort as series and times do.
std::string key_of(const std::string& series, uint64_t time) {
  std::string key = series + '\0';
  for (int shift = 56; shift >= 0; shift -= 8) key += static_cast<char>(time >> shift);
  return key;
}

double sample_of(nacre::Bytes value) {
  double sample = 0;
  std::memcpy(&sample, value.data(), sizeof sample);
  return sample;
}

void record_two_days(nacre::Db& db, const std::string& series) {
  nacre::Batch batch;  // many samples to a batch: one record in the log
  for (uint64_t time = 0; time < 2 * kDay; time += kMinute) {
    const double sample = 20 + static_cast<double>(time / (12 * 60 * kMinute));  // a degree more each half day
    batch.put(key_of(series, time), nacre::Bytes(reinterpret_cast<const char*>(&sample), sizeof sample));
    if (batch.count() == 500) {
      db.write(batch).value();
      batch.clear();
    }
  }
  db.write(batch).value();
}

int count(const nacre::Db& db, const std::string& series) {
  int samples = 0;
  nacre::Scan scan = db.scan({.prefix = series + '\0'});
  for (auto entry : scan) samples += entry.value.size() == sizeof(double) ? 1 : 0;
  scan.status().value();
  return samples;
}

}  // namespace

int main(int argc, char** argv) {
  nacre::Options options;
  options.keyspace.bottom_compression = nacre::Compression::kZstd;
  options.keyspace.filter_bits_per_key = 0;  // nobody asks for one sample by its key
  nacre::Db db = nacre::Db::open(argc > 1 ? argv[1] : "data", options).value();
  for (const char* series : {"kitchen", "cellar"}) record_two_days(db, series);

  const uint64_t noon = kDay + 12 * 60 * kMinute;
  double sum = 0;
  int samples = 0;
  nacre::Scan window = db.scan({.from = key_of("kitchen", noon), .to = key_of("kitchen", noon + 5 * kMinute)});
  for (auto entry : window) {
    sum += sample_of(entry.value);
    samples++;
  }
  window.status().value();
  std::printf("12:00 to 12:05 on day 2: %d samples, mean %.1f\n", samples, sum / samples);

  nacre::Cursor cursor = db.cursor({.prefix = std::string("kitchen") + '\0'});
  cursor.seek_last();
  std::printf("newest sample of kitchen: %.1f\n", sample_of(cursor.value()));

  // One range a series: neither a tombstone an entry nor a scan.
  for (const char* series : {"kitchen", "cellar"}) db.erase_range(key_of(series, 0), key_of(series, kDay)).value();
  std::printf("after day 1 was erased: kitchen %d, cellar %d samples\n", count(db, "kitchen"), count(db, "cellar"));
}
