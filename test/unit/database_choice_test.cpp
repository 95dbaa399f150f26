// Which databases of a cluster are moved, and how they are created.
#include "cluster/database_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "cluster/database_creation.h"

namespace airlift {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

DatabaseFacts Database(const std::string& name) {
  DatabaseFacts database;
  database.name = name;
  database.owner = "app";
  database.encoding = "UTF8";
  database.collate = database.ctype = "C.UTF-8";
  return database;
}

// The names of those that are moved.
std::vector<std::string> Moved(const std::vector<DatabaseChoice>& choices) {
  std::vector<std::string> names;
  for (const DatabaseChoice& choice : choices)
    if (choice.left_out.empty()) names.push_back(choice.facts.name);
  return names;
}

DatabaseChoice Choose(const DatabaseFacts& database, const ChoiceInputs& inputs = {},
                      const DatabasePatterns& patterns = {}) {
  return ChooseDatabases({database}, patterns, inputs).front();
}

TEST(DatabaseChoice, ByPatternsAsPgDumpallHasThem) {
  const std::vector<DatabaseFacts> databases = {Database("app1"), Database("app2"), Database("App"), Database("na.me"),
                                                Database("crm")};
  const auto moved = [&](const std::vector<std::string>& include, const std::vector<std::string>& exclude) {
    return Moved(ChooseDatabases(databases, DatabasePatterns(include, exclude), {}));
  };
  EXPECT_THAT(moved({}, {}), ElementsAre("app1", "app2", "App", "na.me", "crm"));
  EXPECT_THAT(moved({"app*"}, {}), ElementsAre("app1", "app2"));
  EXPECT_THAT(moved({"APP?"}, {"app2"}), ElementsAre("app1"));
  EXPECT_THAT(moved({"\"App\"", "\"na.me\""}, {}), ElementsAre("App", "na.me"));
  EXPECT_THAT(moved({}, {"*p*", "crm"}), ElementsAre("na.me")) << "*p* does not match na.me";
  EXPECT_THAT(moved({"nothing"}, {}), IsEmpty());
  EXPECT_THAT(DatabasePatterns({"crm", "x*"}, {}).Unmatched(databases), ElementsAre("x*"));
  EXPECT_THROW(DatabasePatterns({"na.me"}, {}), Error);
  EXPECT_THROW(DatabasePatterns({}, {".crm"}), Error);
}

TEST(DatabaseChoice, WhatCannotOrNeedNotBeMoved) {
  DatabaseFacts database = Database("template1");
  database.is_template = true;
  EXPECT_THAT(Choose(database).left_out, HasSubstr("template"));
  EXPECT_TRUE(Choose(database).is_by_design);

  EXPECT_FALSE(Choose(Database("rdsadmin")).is_by_design) << "one of the user's own by that name";
  EXPECT_TRUE(Choose(Database("rdsadmin"), {.source_is_managed = true}).is_by_design);

  for (const auto break_it :
       {+[](DatabaseFacts& d) { d.is_half_dropped = true; }, +[](DatabaseFacts& d) { d.takes_connections = false; },
        +[](DatabaseFacts& d) { d.may_connect = false; }}) {
    database = Database("app");
    break_it(database);
    EXPECT_FALSE(Choose(database).left_out.empty());
    EXPECT_FALSE(Choose(database).is_by_design);
    EXPECT_TRUE(Choose(database, {}, DatabasePatterns({}, {"app"})).is_by_design) << "excluded is as wished";
  }
}

TEST(DatabaseChoice, TheServersOwnDatabaseIsMovedWhereItHoldsSomethingOrIsNamed) {
  const DatabaseFacts postgres = Database("postgres");
  EXPECT_EQ(Choose(postgres).left_out, "");
  EXPECT_THAT(Choose(postgres, {.servers_database_is_empty = true}).left_out, HasSubstr("empty"));
  EXPECT_TRUE(Choose(postgres, {.servers_database_is_empty = true}).is_by_design);
  EXPECT_EQ(Choose(postgres, {.servers_database_is_empty = true}, DatabasePatterns({"post*"}, {})).left_out, "");
  EXPECT_EQ(Choose(Database("app"), {.servers_database_is_empty = true}).left_out, "");
}

TEST(DatabaseCreation, AsAtTheSource) {
  DatabaseFacts database = Database("a \"b\"");
  EXPECT_EQ(CreateDatabaseStatement(database, 14),
            "CREATE DATABASE \"a \"\"b\"\"\" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE "
            "'C.UTF-8'");
  EXPECT_THAT(CreateDatabaseStatement(database, 15), HasSubstr(" LOCALE_PROVIDER libc"));
  database.provider = 'i';
  database.locale = "de-DE";
  EXPECT_THAT(CreateDatabaseStatement(database, 16), HasSubstr(" LOCALE_PROVIDER icu ICU_LOCALE 'de-DE'"));
  database.icu_rules = "& V << w";
  EXPECT_THAT(CreateDatabaseStatement(database, 16), HasSubstr(" ICU_RULES '& V << w'"));
  database.provider = 'b';
  database.locale = "C.UTF-8";
  EXPECT_THAT(CreateDatabaseStatement(database, 17), HasSubstr(" LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'"));
}

TEST(DatabaseCreation, LocalesByAnotherName) {
  const LocaleMap map = ParseLocaleMap({"C.UTF-8=C", "x=y"});
  const DatabaseFacts mapped = WithMappedLocales(Database("a"), map);
  EXPECT_EQ(mapped.collate, "C");
  EXPECT_EQ(mapped.ctype, "C");
  EXPECT_EQ(LocaleDifferences(Database("a"), Database("a")), "");
  EXPECT_THAT(LocaleDifferences(Database("a"), mapped), HasSubstr("collation is 'C.UTF-8' at the source and 'C'"));
  for (const char* wrong : {"C", "=C", "C=", ""}) EXPECT_THROW(ParseLocaleMap({wrong}), Error) << wrong;
}

}  // namespace
}  // namespace airlift
