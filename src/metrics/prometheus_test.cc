// to_prometheus against a strict reader of its format, written without looking at the writer.

#include <gtest/gtest.h>

#include <charconv>
#include <map>
#include <optional>
#include <regex>
#include <set>

#include "metrics/random_stats.h"
#include "nacre/metrics.h"

namespace nacre::metrics {
namespace {

struct Sample {
  std::string name;
  std::map<std::string, std::string> labels;
  std::string value;
};

struct Exposition {
  std::map<std::string, std::string> types;
  std::vector<Sample> samples;
};

// Version 0.0.4, as its page says, and as promtool wants it: HELP and TYPE once, before the lines of the family; the lines of a
// family together; no line twice; a counter ends in _total.
class StrictReader {
 public:
  Exposition read(const std::string& text) {
    EXPECT_TRUE(text.empty() || text.back() == '\n');
    for (size_t at = 0; at < text.size();) {
      const size_t end = text.find('\n', at);
      line(text.substr(at, end - at));
      at = end + 1;
    }
    for (const auto& [family, help] : helps_) EXPECT_TRUE(out_.types.contains(family)) << family;
    return std::move(out_);
  }

 private:
  void line(const std::string& text) {
    static const std::regex kHelp("# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (\\S.*)");
    static const std::regex kType("# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|summary)");
    std::smatch match;
    if (std::regex_match(text, match, kHelp)) {
      EXPECT_TRUE(helps_.emplace(match[1], match[2]).second) << text;
      family_ = match[1];
    } else if (std::regex_match(text, match, kType)) {
      EXPECT_EQ(family_, match[1].str()) << text;
      EXPECT_TRUE(out_.types.emplace(match[1], match[2]).second) << text;
      EXPECT_EQ(match[2] == "counter", family_.ends_with("_total")) << text;
    } else {
      sample(text);
    }
  }

  void sample(const std::string& text) {
    Sample sample;
    size_t at = text.find_first_of("{ ");
    ASSERT_NE(at, std::string::npos) << text;
    sample.name = text.substr(0, at);
    ASSERT_TRUE(std::regex_match(sample.name, std::regex("[a-zA-Z_:][a-zA-Z0-9_:]*"))) << text;
    if (text[at] == '{') {
      ASSERT_TRUE(labels(text, at, sample)) << text;
    }
    ASSERT_EQ(text[at], ' ') << text;
    sample.value = text.substr(at + 1);
    double value = 0;
    const char* end = sample.value.data() + sample.value.size();
    ASSERT_TRUE(sample.value == "NaN" || std::from_chars(sample.value.data(), end, value).ptr == end) << text;
    ASSERT_TRUE(seen_.emplace(sample.name, sample.labels).second) << text << " is there twice";
    const std::string& type = out_.types[family_];
    const bool is_own = sample.name == family_;
    const bool is_part = type == "summary" && (sample.name == family_ + "_sum" || sample.name == family_ + "_count");
    ASSERT_TRUE(is_own || is_part) << text << " in family " << family_;
    ASSERT_EQ(type == "summary" && is_own, sample.labels.contains("quantile")) << text;
    out_.samples.push_back(std::move(sample));
  }

  static bool labels(const std::string& text, size_t& at, Sample& sample) {
    at++;
    while (at < text.size() && text[at] != '}') {
      const size_t equals = text.find("=\"", at);
      if (equals == std::string::npos) return false;
      const std::string name = text.substr(at, equals - at);
      if (!std::regex_match(name, std::regex("[a-zA-Z_][a-zA-Z0-9_]*"))) return false;
      std::string value;
      for (at = equals + 2; at < text.size() && text[at] != '"'; at++) {
        if (text[at] == '\\') {
          at++;
          if (at == text.size() || (text[at] != '\\' && text[at] != '"' && text[at] != 'n')) return false;
          value += text[at] == 'n' ? '\n' : text[at];
        } else {
          value += text[at];
        }
      }
      if (!sample.labels.emplace(name, value).second) return false;
      if (++at < text.size() && text[at] == ',') at++;
    }
    return at < text.size() && text[at++] == '}';
  }

  Exposition out_;
  std::map<std::string, std::string> helps_;
  std::set<std::pair<std::string, std::map<std::string, std::string>>> seen_;
  std::string family_;
};

TEST(Prometheus, AnyStatisticsAreWellFormed) {
  base::Prng random(5);
  for (int round = 0; round < 60; round++) {
    Stats stats = random_stats(random);
    std::set<std::string> names;
    for (KeyspaceStats& keyspace : stats.keyspaces) {
      for (uint32_t i = 0; i < keyspace.levels.size(); i++) keyspace.levels[i].level = i;
      names.insert(keyspace.name);
    }
    if (names.size() != stats.keyspaces.size()) continue;
    for (size_t i = 0; i < stats.delays.size(); i++) stats.delays[i].reason = static_cast<DelayReason>(i);
    const std::string text = to_prometheus(stats, std::vector<MetricLabel>{{"db", random_name(random)}}).value();
    const Exposition read = StrictReader().read(text);
    if (HasFailure()) FAIL() << text;
    std::set<std::string> keyspaces;
    for (const Sample& sample : read.samples) {
      ASSERT_TRUE(sample.labels.contains("db"));
      if (sample.name == "nacre_keyspace_puts_total") keyspaces.insert(sample.labels.at("keyspace"));
    }
    EXPECT_EQ(keyspaces.size(), names.size()) << "different keyspaces stay different";
  }
}

TEST(Prometheus, EveryFieldIsThere) {
  base::Prng random(6);
  Stats stats;
  uint64_t value = 0;
  const auto next = [&value] { return value += 1'000; };
  Filler filler(random, next, 2);
  filler.fill(stats);
  for (KeyspaceStats& keyspace : stats.keyspaces) {
    keyspace.name = "k" + std::to_string(keyspace.puts);
    for (uint32_t i = 0; i < keyspace.levels.size(); i++) keyspace.levels[i].level = i;
  }
  std::set<uint64_t> said;
  for (const Sample& sample : StrictReader().read(to_prometheus(stats).value()).samples) {
    const double read = std::stod(sample.value);
    said.insert(static_cast<uint64_t>(read));
    if (read < 1e9) said.insert(static_cast<uint64_t>(read * 1e9 + 0.5));  // seconds, or a small count
  }
  const auto check = [&said](auto& self, const auto& object, const std::string& path) -> void {
    visit_fields(object, [&](const char* name, const auto& field) {
      using T = std::remove_cvref_t<decltype(field)>;
      if constexpr (std::same_as<T, uint64_t>) {
        EXPECT_TRUE(said.contains(field)) << path << "." << name;
      } else if constexpr (
          requires {
            field.front();
            field.front().jobs;
          } || requires { field.front().puts; } || requires { field.front().delays; }) {
        for (const auto& each : field) self(self, each, path + "." + name);
      } else if constexpr (std::is_class_v<T> && !std::same_as<T, std::string>) {
        self(self, field, path + "." + name);
      }
    });
  };
  check(check, stats, "stats");
}

TEST(Prometheus, NamesOfKeyspacesAreReadable) {
  const auto name_of = [](const std::string& keyspace) {
    const Exposition read =
        StrictReader().read(to_prometheus(Stats{.keyspaces = {KeyspaceStats{.name = keyspace}}}).value());
    for (const Sample& sample : read.samples) {
      if (sample.labels.contains("keyspace")) return sample.labels.at("keyspace");
    }
    return std::string("there is none");
  };
  EXPECT_EQ(name_of("users"), "users");
  EXPECT_EQ(name_of("\xc3\xa9t\xc3\xa9"), "\xc3\xa9t\xc3\xa9");
  EXPECT_EQ(name_of("say \"hi\""), "say \"hi\"");
  EXPECT_EQ(name_of("a\xff\n"), "a\\xff\\x0a");
  EXPECT_EQ(name_of("a\\xff"), "a\\\\xff") << "another keyspace than the one before";
}

TEST(Prometheus, UnitsAndEmptySummaries) {
  Stats stats;
  stats.get_latency = {.count = 3, .sum_ns = 4'500'000'000, .p50_ns = 1'000'000'000, .max_ns = 2'000'000'000};
  const std::string text = to_prometheus(stats).value();
  for (const char* line : {"nacre_get_latency_seconds{quantile=\"0.5\"} 1\n", "nacre_get_latency_seconds_sum 4.5\n",
                           "nacre_get_latency_seconds_count 3\n", "nacre_get_latency_max_seconds 2\n",
                           "nacre_seek_latency_seconds{quantile=\"0.999\"} NaN\n", "nacre_writes_stopped 0\n"})
    EXPECT_NE(text.find(line), std::string::npos) << line;
}

TEST(Prometheus, WrongLabelsAreRefused) {
  for (const char* wrong :
       {"", "9lives", "a-b", "__name__", "keyspace", "level", "part", "quantile", "reason", "a b", "\xc3\xa9"})
    EXPECT_FALSE(to_prometheus({}, std::vector<MetricLabel>{{wrong, "x"}}).has_value()) << wrong;
  EXPECT_FALSE(to_prometheus({}, std::vector<MetricLabel>{{"a", "x"}, {"a", "y"}}).has_value());
  EXPECT_TRUE(to_prometheus({}, std::vector<MetricLabel>{{"a", "x"}, {"_b9", "y"}}).has_value());
}

}  // namespace
}  // namespace nacre::metrics
