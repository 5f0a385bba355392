#include "salvage/survey.h"

#include <gtest/gtest.h>

namespace nacre::salvage {
namespace {

// A table whose keyspace is not known gets one of its own. Its made-up name was that of a keyspace of the user, which it was merged into.
TEST(Survey, AMadeUpNameIsNobodysName) {
  Survey survey;
  const auto create = [&](uint32_t id, const std::string& name) {
    format::VersionEdit edit;
    edit.keyspace = id;
    edit.created.emplace();
    edit.created->name = name;
    survey.tree.apply(edit);
  };
  create(5, "table-9");
  create(6, "keyspace-7");
  SurveyedTable table;
  table.facts.id.number = 9;
  EXPECT_NE(survey.keyspace_name(table), "table-9");
  EXPECT_NE(survey.keyspace_name(7), "keyspace-7");
  create(6, "keyspace-7");  // again, as behind damage: it keeps its name
  EXPECT_EQ(survey.keyspace_name(6), "keyspace-7");
}

}  // namespace
}  // namespace nacre::salvage
