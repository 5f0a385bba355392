#include "cli/nearest.h"

#include <gtest/gtest.h>

#include <vector>

namespace nacre::cli {
namespace {

const std::vector<std::string> kCommands = {"put",   "get",     "del",   "scan",      "import", "export",
                                            "stats", "compact", "check", "keyspaces", "--json", "--keys-only"};

TEST(Nearest, FindsSlipsOfTheFinger) {
  for (const auto& [typed, meant] : std::vector<std::pair<std::string, std::string>>{{"gte", "get"},
                                                                                     {"pput", "put"},
                                                                                     {"scna", "scan"},
                                                                                     {"sacn", "scan"},
                                                                                     {"delete", "del"},
                                                                                     {"stat", "stats"},
                                                                                     {"expotr", "export"},
                                                                                     {"keyspace", "keyspaces"},
                                                                                     {"key", "keyspaces"},
                                                                                     {"--jsno", "--json"},
                                                                                     {"--key-only", "--keys-only"},
                                                                                     {"comapct", "compact"}}) {
    EXPECT_EQ(nearest(typed, kCommands), meant) << typed;
  }
}

TEST(Nearest, OffersNothingFarAway) {
  for (const char* typed : {"", "x", "frobnicate", "qqq", "--", "selection", "Alice"}) {
    EXPECT_EQ(nearest(typed, kCommands), "") << typed;
  }
  EXPECT_EQ(nearest(std::string(100'000, 's'), kCommands), "");
  EXPECT_EQ(nearest("get", {}), "");
}

TEST(Nearest, SaysItInWords) {
  EXPECT_EQ(did_you_mean("gte", kCommands), ", did you mean \"get\"?");
  EXPECT_EQ(did_you_mean("frobnicate", kCommands), "");
}

}  // namespace
}  // namespace nacre::cli
