// No exception leaves the C API: one that reaches it ends the process (docs/adr/0008).
#include <gtest/gtest.h>

#include <stdexcept>

#include "nacre/c.h"
#include "os/testing.h"

namespace nacre {
namespace {

bool throws_at_an_entry(void*, nacre_bytes, nacre_bytes) { throw std::runtime_error("of a visitor"); }
void throws_at_a_name(void*, nacre_bytes) { throw std::runtime_error("of a visitor"); }
bool throws_at_an_item(void*, const nacre_inspect_item*) { throw std::runtime_error("of a visitor"); }
void throws_at_progress(void*, uint64_t, uint64_t) { throw std::runtime_error("of a visitor"); }
void throws_at_an_event(void*, const nacre_event*) { throw std::runtime_error("of a sink"); }

// Runs `body`, and ends as if nothing had been wrong if an exception comes out of it.
template <class Body>
void let_out(const Body& body) {
  try {
    body();
  } catch (...) {
    std::_Exit(0);
  }
}

TEST(CApiExceptionsDeathTest, OneFromACallbackEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  os::TemporaryDirectory home;
  nacre_db* db;
  ASSERT_EQ(nacre_open((home.path() + "/db").c_str(), nullptr, &db, nullptr), NACRE_OK);
  const nacre_keyspace* map = nacre_default_keyspace(db);
  ASSERT_EQ(nacre_put(map, nacre_text("k"), nacre_text("v"), nullptr, nullptr), NACRE_OK);
  nacre_transaction* transaction;
  ASSERT_EQ(nacre_transaction_begin(db, &transaction, nullptr), NACRE_OK);
  EXPECT_DEATH(let_out([&] { nacre_scan(map, nullptr, throws_at_an_entry, nullptr, nullptr); }), "terminate called");
  EXPECT_DEATH(let_out([&] { nacre_keyspace_names(db, throws_at_a_name, nullptr, nullptr); }), "terminate called");
  EXPECT_DEATH(let_out([&] {
                 nacre_transaction_read_range(transaction, map, nacre_text("a"), nacre_text("z"), throws_at_an_entry,
                                              nullptr, nullptr);
               }),
               "terminate called");
  const std::string path = home.path() + "/db";
  EXPECT_DEATH(let_out([&] { nacre_inspect(path.c_str(), nullptr, throws_at_an_item, nullptr, nullptr); }),
               "terminate called");
  nacre_transaction_free(transaction);
  nacre_db_free(db);
  const nacre_repair_options options{.struct_size = sizeof options, .on_progress = throws_at_progress};
  nacre_repair_report* report;
  EXPECT_DEATH(let_out([&] { nacre_repair(path.c_str(), (path + "2").c_str(), &options, &report, nullptr); }),
               "terminate called");
}

TEST(CApiExceptionsDeathTest, OneFromAnEventEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  os::TemporaryDirectory home;
  const std::string path = home.path() + "/db";
  const nacre_options options = {.struct_size = sizeof options, .on_event = throws_at_an_event};
  nacre_db* db;
  EXPECT_DEATH(let_out([&] { nacre_open(path.c_str(), &options, &db, nullptr); }), "terminate called");
}

}  // namespace
}  // namespace nacre
