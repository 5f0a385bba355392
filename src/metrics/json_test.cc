// to_json against a JSON parser that is not ours.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "metrics/random_stats.h"
#include "base/text.h"
#include "nacre/metrics.h"

namespace nacre::metrics {
namespace {

using Json = nlohmann::ordered_json;

std::string bytes_of(const Json& object) {
  if (object.contains("name")) return object["name"].get<std::string>();
  std::string bytes;
  const auto hex = object["name_hex"].get<std::string>();
  for (size_t i = 0; i < hex.size(); i += 2) bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

// Whether `json` says of every field what the object holds.
class Comparison {
 public:
  template <class Object>
  void compare(const Json& json, const Object& object) {
    size_t fields = 0;
    visit_fields(object, [&](const char* name, const auto& field) {
      fields++;
      field_is(json, name, field);
    });
    if constexpr (requires { object.write_amplification(); }) {
      fields += 3;
      EXPECT_EQ(json["write_amplification"].get<double>(), object.write_amplification());
      EXPECT_EQ(json["space_amplification"].get<double>(), object.space_amplification());
      EXPECT_EQ(json["read_amplification"].get<double>(), object.read_amplification());
    }
    EXPECT_EQ(json.size(), fields) << json;
  }

 private:
  template <class T>
  void field_is(const Json& json, const char* name, const T& field) {
    if constexpr (std::same_as<T, std::string>) {
      EXPECT_EQ(bytes_of(json), field);
      EXPECT_EQ(json.contains("name"), base::is_utf8(field));
    } else if constexpr (std::same_as<T, DelayReason>) {
      EXPECT_EQ(json.at(name).get<std::string>(), to_string(field));
    } else if constexpr (std::integral<T>) {
      EXPECT_EQ(json.at(name).get<T>(), field) << name;
    } else if constexpr (requires { field.begin(); }) {
      ASSERT_EQ(json.at(name).size(), field.size()) << name;
      for (size_t i = 0; i < field.size(); i++) compare(json[name][i], field[i]);
    } else {
      compare(json.at(name), field);
    }
  }
};

TEST(Json, SaysEveryFieldOfAnyStatistics) {
  base::Prng random(1);
  for (int round = 0; round < 300; round++) {
    const Stats stats = random_stats(random);
    const std::string text = to_json(stats);
    ASSERT_EQ(text.find('\n'), std::string::npos) << text;
    Comparison().compare(Json::parse(text), stats);
    if (HasFailure()) FAIL() << text;
  }
}

TEST(Json, TheOrderIsThatOfTheHeader) {
  const std::string text = to_json(Stats{.keyspaces = {KeyspaceStats{.name = "users"}}, .writes = 3});
  EXPECT_TRUE(text.starts_with(R"({"keyspaces":[{"name":"users","memtable_bytes":0,)")) << text;
  EXPECT_TRUE(text.ends_with(R"("write_amplification":0,"space_amplification":1,"read_amplification":0})")) << text;
  EXPECT_NE(
      text.find(R"("levels":[],"write_amplification":0,"space_amplification":1,"read_amplification":0}],"writes":3,)"),
      std::string::npos)
      << text;
}

TEST(Json, AllCharactersOfANameSurvive) {
  std::string name;
  for (int c = 0; c < 128; c++) name += static_cast<char>(c);
  const Json json = Json::parse(to_json(Stats{.keyspaces = {KeyspaceStats{.name = name}}}));
  EXPECT_EQ(json["keyspaces"][0]["name"].get<std::string>(), name);
}

TEST(Text, WhatIsUtf8) {
  for (const char* good : {"", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                           "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(base::is_utf8(good)) << good;
  for (const char* bad : {"\x80", "\xc0\x80", "\xc1\xbf", "\xc3", "\xc3(", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xe2\x82",
                          "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xff", "a\xff"})
    EXPECT_FALSE(base::is_utf8(bad)) << bad;
}

}  // namespace
}  // namespace nacre::metrics
