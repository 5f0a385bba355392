// A work queue: producers append, workers take one job each, and none is lost or done twice, whoever dies when.
//
// A job waits under "waiting/" and its number. A worker moves it to "taken/" in a transaction: of two workers who want the
// same one, one gets kConflict and looks again. What a dead worker had taken, the next start puts back.
//
// Prints:
//   100 jobs, each done once
//   put back after a crash: job 100

#include <array>
#include <atomic>
#include <cstdio>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "nacre/nacre.h"

namespace {

struct Job {
  std::string number;
  std::string payload;
};

class WorkQueue {
 public:
  explicit WorkQueue(nacre::Db& db) : db_(db) {}

  // On the disk when this returns: whoever was told that the job is accepted may rely on it.
  void append(uint64_t number, const std::string& payload) {
    std::array<char, 21> digits{};
    std::snprintf(digits.data(), digits.size(), "%020llu", static_cast<unsigned long long>(number));
    db_.put(std::string("waiting/") + digits.data(), payload, nacre::Durability::kDisk).value();
  }

  // The oldest job that waits, or none. It is this caller's until done().
  std::optional<Job> take() {
    while (true) {
      nacre::Cursor cursor = db_.cursor({.prefix = "waiting/"});
      cursor.seek_first();
      cursor.status().value();
      if (!cursor.valid()) return std::nullopt;
      const std::string key(cursor.key());
      nacre::Transaction transaction = db_.begin();
      const std::optional<std::string> payload = transaction.get(key).value();
      if (!payload) continue;  // somebody took it since the cursor saw it
      Job job{.number = key.substr(key.find('/') + 1), .payload = *payload};
      transaction.erase(key).value();
      transaction.put("taken/" + job.number, job.payload).value();
      const nacre::Result<void> committed = transaction.commit(nacre::Durability::kDisk);
      if (committed) return job;
      if (committed.error().kind != nacre::ErrorKind::kConflict) committed.value();
    }
  }

  void done(const Job& job) { db_.erase("taken/" + job.number, nacre::Durability::kDisk).value(); }

  // For a start: what was taken and not done waits again. Returns the numbers.
  std::vector<std::string> put_back() {
    std::vector<std::string> numbers;
    nacre::Batch batch;
    nacre::Scan scan = db_.scan({.prefix = "taken/"});
    for (auto [key, payload] : scan) {
      const std::string number(key.substr(key.find('/') + 1));
      batch.put("waiting/" + number, payload);
      batch.erase(key);
      numbers.push_back(number);
    }
    scan.status().value();
    db_.write(batch, nacre::Durability::kDisk).value();
    return numbers;
  }

 private:
  nacre::Db& db_;
};

}  // namespace

int main(int argc, char** argv) {
  nacre::Db db = nacre::Db::open(argc > 1 ? argv[1] : "data").value();
  WorkQueue queue(db);
  constexpr int kJobs = 100;
  for (int number = 0; number < kJobs; number++) queue.append(static_cast<uint64_t>(number), "do it");

  std::array<std::atomic<int>, kJobs> times{};
  std::vector<std::thread> workers;
  for (int worker = 0; worker < 3; worker++) {
    workers.emplace_back([&] {
      while (const std::optional<Job> job = queue.take()) {
        times.at(std::stoul(job->number))++;
        queue.done(*job);
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  for (const std::atomic<int>& count : times) {
    if (count != 1) return 1;
  }
  std::cout << kJobs << " jobs, each done once\n";

  queue.append(kJobs, "never finished");
  if (!queue.take()) return 1;  // and here its worker dies
  for (const std::string& number : queue.put_back())
    std::cout << "put back after a crash: job " << std::stoul(number) << "\n";
}
