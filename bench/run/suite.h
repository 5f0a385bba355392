// Suite: the wanted workloads on one engine, in the order of the catalogue, in this process.
//
// Each starts from the store it asks for: a new one, or one with all its records, for which what the workload before it left is
// used if it is that. After each workload that wrote, a walk over the store finds every entry that must be there and no other, and gets find
// what was written last.
#pragma once

#include <functional>
#include <memory>

#include "bench/engine/registry.h"
#include "bench/run/contents.h"
#include "bench/run/phase.h"

namespace bench {

class Suite {
 public:
  using Emit = std::function<void(const Result&)>;

  Suite(const Engine& engine, const Settings& settings, std::string label, Emit emit);
  ~Suite();
  void run();

 private:
  void prepare(const Workload& workload);
  void fresh(const Workload& workload);
  void load(Data data);
  void warm();
  void measure(const Workload& workload, bool silent);
  uint64_t verify(const std::string& name);
  void verify_values(const std::string& name, Session& session);
  bool can(const Workload& workload) const;
  std::string title(const char* what) const { return label_ + engine_.name + " " + what; }
  void close();

  const Engine& engine_;
  Settings settings_;
  const std::string label_;
  const Emit emit_;
  const Values values_;
  std::unique_ptr<Store> store_;
  Data data_ = Data::kPlain;  // what the store holds
  Records records_;
  std::unique_ptr<Contents> contents_;
  bool warm_ = false;
};

}  // namespace bench
