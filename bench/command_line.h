// What nacre-bench may be told.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "bench/settings.h"

namespace bench {

class CommandLine {
 public:
  CommandLine();
  // Ends the process on --help and on wrong usage.
  void parse(int argc, char** argv);
  // For a child that runs one engine with the same settings and writes lines of JSON.
  std::vector<std::string> for_child(const std::string& engine, const std::string& label) const;
  std::string text() const { return text_; }  // as it was typed

  Settings settings;
  std::string engine;                // one, in this process
  std::vector<std::string> compare;  // each in a process of its own
  uint32_t repeat = 3;
  uint64_t memory_limit = 0;  // 0: none
  std::string json_file;
  std::string csv_file;
  std::string html_file;
  std::vector<std::string> from;  // files with lines of earlier runs, instead of a run
  std::string label;              // begins the progress line
  bool list = false;

 private:
  void add_what_runs();
  void add_data();
  void add_how();
  void add_outputs();

  CLI::App app_;
  std::string text_;
  uint64_t memory_mib_ = 2560;
  bool cold_ = false;
  bool no_verify_ = false;
  bool no_latency_ = false;
};

}  // namespace bench
