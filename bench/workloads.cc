#include "workloads.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <numeric>
#include <random>

namespace bench {

namespace {

constexpr uint64_t kSeed = 20260101;
constexpr size_t kValueBytes = 100;

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Half random, half a repetition of it; cut from a pool that is made once, so that making values costs no time.
class Values {
 public:
  Values() : pool_(1 << 20, '\0') {
    std::mt19937_64 random(kSeed);
    for (size_t at = 0; at < pool_.size(); at += kValueBytes) {
      for (size_t i = 0; i < kValueBytes && at + i < pool_.size(); i++) {
        pool_[at + i] = i < kValueBytes / 2 ? static_cast<char>(random()) : pool_[at + i - kValueBytes / 2];
      }
    }
  }
  std::string_view of(uint64_t number) const {
    const size_t slots = pool_.size() / kValueBytes;
    return {pool_.data() + (number * 2654435761U % slots) * kValueBytes, kValueBytes};
  }

 private:
  std::string pool_;
};

struct Key {
  char bytes[16];
  explicit Key(uint64_t number) {
    const uint64_t big_endian = __builtin_bswap64(number);
    std::memcpy(bytes, &big_endian, 8);
    std::memset(bytes + 8, '0', 8);
  }
  std::string_view view() const { return {bytes, sizeof bytes}; }
};

[[noreturn]] void wrong(const char* what) {
  std::fprintf(stderr, "wrong answer: %s\n", what);
  std::exit(4);
}

class Run {
 public:
  explicit Run(const Plan& plan) : plan_(plan), n_(plan.n), order_(plan.n) {
    std::iota(order_.begin(), order_.end(), uint64_t{0});
    std::shuffle(order_.begin(), order_.end(), std::mt19937_64(kSeed));
  }

  std::vector<Measurement> all() {
    if (wanted("fillseq")) {
      fresh();
      measure("fillseq", n_, [this] {
        for (uint64_t i = 0; i < n_; i++) engine_->put(Key(i).view(), values_.of(i));
        engine_->settle();
      });
    }
    if (plan_.only == std::vector<std::string>{"fillseq"}) return finish();
    fresh();
    const auto fill = [this] {
      for (const uint64_t number : order_) engine_->put(Key(number).view(), values_.of(number));
      engine_->settle();
    };
    wanted("fillrandom") ? measure("fillrandom", n_, fill) : fill();
    reads();
    measure("overwrite", n_, [this] {
      std::mt19937_64 random(kSeed + 1);
      for (uint64_t i = 0; i < n_; i++) engine_->put(Key(random() % n_).view(), values_.of(i));
      engine_->settle();
    });
    measure("fillsync", n_ / 1000, [this] {
      for (uint64_t i = 0; i < n_ / 1000; i++) engine_->put_synced(Key(order_[i]).view(), values_.of(i));
    });
    return finish();
  }

 private:
  bool wanted(const char* workload) const {
    return plan_.only.empty() || std::find(plan_.only.begin(), plan_.only.end(), workload) != plan_.only.end();
  }
  std::vector<Measurement> finish() {
    close();
    return std::move(measurements_);
  }
  void reads() {
    std::string value;
    if (wanted("readrandom")) {
      for (uint64_t i = 0; i < n_; i++) engine_->get(Key(i).view(), &value);  // warms every engine alike
    }
    measure("readrandom", n_, [&] {
      std::mt19937_64 random(kSeed + 2);
      uint64_t found = 0;
      for (uint64_t i = 0; i < n_; i++) found += engine_->get(Key(random() % n_).view(), &value);
      if (found != n_) wrong("readrandom did not find every key");
    });
    measure("seekrandom", n_, [this] {
      std::mt19937_64 random(kSeed + 3);
      for (uint64_t i = 0; i < n_; i++) {
        const uint64_t number = random() % n_;
        const uint64_t seen = engine_->reader()->seek_and_next(Key(number).view(), 10);
        if (seen != std::min<uint64_t>(11, n_ - number)) wrong("seekrandom saw another number of entries");
      }
    });
    measure("readseq", n_, [this] {
      if (engine_->reader()->walk_all() != n_) wrong("readseq saw another number of entries");
    });
  }

  void fresh() {
    close();
    std::filesystem::create_directories(plan_.directory);
    engine_ = plan_.engine == "rocksdb" ? open_rocksdb(plan_.directory + "/db", plan_.memory_bytes)
                                        : open_nacre(plan_.directory + "/db", plan_.memory_bytes);
    if (engine_ == nullptr) {
      std::fprintf(stderr, "this build has no engine %s\n", plan_.engine.c_str());
      std::exit(2);
    }
    if (measurements_.empty()) std::fprintf(stderr, "%s\n", engine_->describe().c_str());
  }
  void close() {
    engine_.reset();
    std::filesystem::remove_all(plan_.directory + "/db");
  }
  void measure(const char* workload, uint64_t operations, const std::function<void()>& body) {
    if (!wanted(workload)) return;
    const double cpu_begin = cpu_seconds();
    const auto begin = std::chrono::steady_clock::now();
    body();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    measurements_.push_back(
        {.workload = workload, .operations = operations, .seconds = seconds, .cpu_seconds = cpu_seconds() - cpu_begin});
    std::fprintf(stderr, "  %-8s %-11s %10.0f /s\n", plan_.engine.c_str(), workload, measurements_.back().rate());
  }

  const Plan plan_;
  const uint64_t n_;
  std::vector<uint64_t> order_;
  Values values_;
  std::unique_ptr<Engine> engine_;
  std::vector<Measurement> measurements_;
};

}  // namespace

std::vector<Measurement> run_all(const Plan& plan) { return Run(plan).all(); }

}  // namespace bench
