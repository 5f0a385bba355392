// YCSB A to F (Cooper and others, SoCC 2010): records of 1 KB in the order of a hash, Zipf 0.99 scattered over the records.
// Run in the order A B C F D, then, loaded anew since D has added records, E.

#include "bench/data/zipf.h"
#include "bench/workload/sources.h"

namespace bench {

namespace {

constexpr double kExponent = 0.99;

enum class Choice : uint8_t { kZipf, kLatest };

struct Mix {  // shares of the operations; they add up to 1
  double reads = 0;
  double updates = 0;
  double inserts = 0;
  double scans = 0;
  double modifies = 0;
  Choice choice = Choice::kZipf;
};

class YcsbSource : public Source {
 public:
  YcsbSource(const Mix& mix, const Scope& scope)
      : mix_(mix),
        records_(scope.records.count),
        worker_(scope.worker),
        workers_(scope.workers),
        random_(scope.seed),
        zipf_(records_, kExponent) {}

  void next(Operation& operation) override {
    double kind = unit_interval(random_);
    operation.number = chosen();
    operation.version = ++version_;
    if ((kind -= mix_.reads) < 0) {
      operation.action = Action::kGet;
    } else if ((kind -= mix_.updates) < 0) {
      operation.action = Action::kPut;
    } else if ((kind -= mix_.modifies) < 0) {
      operation.action = Action::kModify;
    } else if ((kind -= mix_.scans) < 0) {
      operation.action = Action::kScan;
      operation.count = 1 + random_.below(kMaxScan);
    } else {
      operation.action = Action::kPut;
      operation.number = inserted_number(inserted_++);
      if (mix_.choice == Choice::kLatest) zipf_.grow_to(records_ + inserted_);
    }
  }

 private:
  static constexpr uint64_t kMaxScan = 100;

  // The workers insert different numbers, and each looks only for its own: so what it looks for is there.
  uint64_t inserted_number(uint64_t i) const { return records_ + i * workers_ + worker_; }
  uint64_t chosen() {
    const uint64_t rank = zipf_.draw(random_);
    if (mix_.choice == Choice::kZipf) return scatter(rank) % records_;
    return rank < inserted_ ? inserted_number(inserted_ - 1 - rank) : records_ - 1 - (rank - inserted_);
  }

  const Mix mix_;
  const uint64_t records_;
  const uint64_t worker_;
  const uint64_t workers_;
  nacre::base::Prng random_;
  Zipf zipf_;
  uint64_t inserted_ = 0;
  uint64_t version_ = 0;
};

Workload workload(const char* name, const char* words, const Mix& mix, const CountOf& operations) {
  return {.name = name,
          .words = words,
          .data = Data::kYcsb,
          .warms = true,
          .crews = {{.operations = operations,
                     .source = [mix](const Scope& scope) { return std::make_unique<YcsbSource>(mix, scope); }}}};
}

}  // namespace

std::vector<Workload> ycsb_workloads() {
  return {
      workload("ycsb-a", "half reads, half updates, Zipf", {.reads = 0.5, .updates = 0.5}, all_records()),
      workload("ycsb-b", "95% reads, 5% updates, Zipf", {.reads = 0.95, .updates = 0.05}, all_records()),
      workload("ycsb-c", "reads, Zipf", {.reads = 1}, all_records()),
      workload("ycsb-f", "half reads, half reads with an update of what was read, Zipf",
               {.reads = 0.5, .modifies = 0.5}, all_records()),
      workload("ycsb-d", "95% reads, most of what was inserted last, 5% inserts",
               {.reads = 0.95, .inserts = 0.05, .choice = Choice::kLatest}, all_records()),
      workload("ycsb-e", "95% scans of 1 to 100 records, 5% inserts, Zipf", {.inserts = 0.05, .scans = 0.95},
               share_of_records(10)),
  };
}

}  // namespace bench
