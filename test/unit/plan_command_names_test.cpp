// Names for AWS, durations, versions: what is typed by people and ends up in commands.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/duration.h"
#include "base/error.h"
#include "plan/aws_name.h"
#include "plan/capacity.h"
#include "plan/runbook.h"

namespace airlift::planning {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

std::string Refusal(const std::string& name) {
  try {
    CheckAwsIdentifier(name, "identifier");
    return {};
  } catch (const Error& error) {
    return error.Report();
  }
}

TEST(AwsIdentifier, TakesWhatAwsTakes) {
  for (const std::string name : {"a", "A1", "my-db-1", "a-b-c"}) EXPECT_EQ(Refusal(name), "") << name;
  EXPECT_EQ(Refusal(std::string(63, 'a')), "");
}

TEST(AwsIdentifier, RefusesTheRestAndSaysWhy) {
  EXPECT_THAT(Refusal(""), HasSubstr("empty"));
  EXPECT_THAT(Refusal(std::string(64, 'a')), HasSubstr("longer than 63"));
  EXPECT_THAT(Refusal("1db"), HasSubstr("begin with a letter"));
  EXPECT_THAT(Refusal("db-"), HasSubstr("ends with a hyphen"));
  EXPECT_THAT(Refusal("d--b"), HasSubstr("two hyphens"));
  for (const std::string name : {"d_b", "d b", "d;rm -rf", "$(id)", "größe", "a\nb", "a.b"})
    EXPECT_THAT(Refusal(name), HasSubstr("something else")) << name;
}

TEST(AwsIdentifier, TellsEveryBrokenRuleAtOnce) {
  const std::string report = Refusal("-a--");
  EXPECT_THAT(report, HasSubstr("begin with a letter"));
  EXPECT_THAT(report, HasSubstr("ends with"));
  EXPECT_THAT(report, HasSubstr("two hyphens"));
}

TEST(AwsIdentifier, OneMadeFromADatabaseIsAlwaysValidWithOurSuffixes) {
  for (const std::string database : {"shop", "", "---", "größe", "1", "a__b", "$(rm)", "\n", "Shop-DB-", "--x--"})
    EXPECT_EQ(Refusal(IdentifierFrom(database) + "-parameters-cluster"), "") << database;
  EXPECT_EQ(Refusal(IdentifierFrom(std::string(500, 'x')) + "-parameters-cluster"), "");
  EXPECT_EQ(IdentifierFrom("Shop_DB"), "airlift-shop-db");
}

TEST(AwsNames, RegionClassAndKeyAreChecked) {
  EXPECT_NO_THROW(CheckRegion("eu-west-1"));
  EXPECT_NO_THROW(CheckRegion("us-gov-east-1"));
  for (const std::string region : {"", "eu", "eu-west", "eu west 1", "eu-west-1;", "-eu-west-1"})
    EXPECT_THROW(CheckRegion(region), Error) << region;
  EXPECT_NO_THROW(CheckInstanceClass("db.r7g.xlarge"));
  for (const std::string name : {"", "db.", "r7g.large", "db.r7g.$(id)"}) EXPECT_THROW(CheckInstanceClass(name), Error);
  EXPECT_NO_THROW(CheckKmsKey("arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab"));
  for (const std::string key : {"", "-x", "a b", "a;b", "$(id)"}) EXPECT_THROW(CheckKmsKey(key), Error) << key;
}

TEST(ShellQuote, LeavesOneWordOnOneLine) {
  EXPECT_EQ(ShellQuote("plain-1.x"), "plain-1.x");
  EXPECT_EQ(ShellQuote(""), "''");
  EXPECT_EQ(ShellQuote("a b"), "'a b'");
  EXPECT_EQ(ShellQuote("it's"), "'it'\\''s'");
  EXPECT_EQ(ShellQuote("$(id)`x`"), "'$(id)`x`'");
  EXPECT_EQ(ShellQuote("a\n'b\\"), "$'a\\x0a\\'b\\\\'");
}

TEST(RdsEndpoint, TellsInstanceAndRegion) {
  const RdsEndpoint endpoint = ParseRdsEndpoint("mydb.abc123.eu-west-1.rds.amazonaws.com");
  EXPECT_EQ(endpoint.identifier, "mydb");
  EXPECT_EQ(endpoint.region, "eu-west-1");
  for (const std::string host : {"", "localhost", "/tmp/socket", "a.b.c.d.e.f", "$(id).x.eu-west-1.rds.amazonaws.com"})
    EXPECT_EQ(ParseRdsEndpoint(host).identifier, "") << host;
}

TEST(ParseDuration, ReadsWhatPeopleWrite) {
  EXPECT_DOUBLE_EQ(ParseDuration("90"), 90);
  EXPECT_DOUBLE_EQ(ParseDuration("90s"), 90);
  EXPECT_DOUBLE_EQ(ParseDuration("5 min"), 300);
  EXPECT_DOUBLE_EQ(ParseDuration("1h30min"), 5400);
  EXPECT_DOUBLE_EQ(ParseDuration("0.5h"), 1800);
  EXPECT_DOUBLE_EQ(ParseDuration("2 days"), 172800);
  for (const std::string text : {"", " ", "h", "5 parsecs", "-5", "1h30", "5..5s", "99999999999d", "1e5"})
    EXPECT_THROW(ParseDuration(text), Error) << text;
}

TEST(ParseTargetVersion, TakesMajorOrBoth) {
  EXPECT_EQ(ParseTargetVersion("17").Text(), "17");
  EXPECT_EQ(ParseTargetVersion("17.5").Text(), "17.5");
  for (const std::string text : {"", "9", "12", "17.", "17.x", "17.5.1", "x", "-17", "170"})
    EXPECT_THROW(ParseTargetVersion(text), Error) << text;
}

SourceFacts RdsSource() {
  SourceFacts facts;
  facts.kind = ServerKind::kRds;
  facts.version = 150020;
  return facts;
}

std::string AllCommands(const Runbook& runbook) {
  std::string text;
  for (const RunbookStep& step : runbook.steps) text += step.command + "\n";
  return text;
}

TEST(Runbook, FromRdsToAuroraOfTheSameMajorBothRoadsAreOpen) {
  const AwsNames names{"mig", "src", "eu-west-1", "eu-west-1", "", "db.r7g.large"};
  for (const Runbook& runbook : MakeRunbooks(RdsSource(), names, {15, 13}, ServerKind::kAurora)) {
    EXPECT_TRUE(runbook.applies) << runbook.reason;
    const std::string commands = AllCommands(runbook);
    EXPECT_THAT(commands, HasSubstr("--db-cluster-identifier mig-cluster"));
    EXPECT_THAT(commands, HasSubstr("--engine-version 15.13"));
    EXPECT_THAT(commands, Not(HasSubstr("copy-db-snapshot")));
    EXPECT_THAT(commands, Not(HasSubstr("{")));
    EXPECT_THAT(commands, Not(HasSubstr("--kms-key-id")));
  }
}

TEST(Runbook, TwoRegionsCopyTheSnapshotAndCloseTheReplica) {
  const AwsNames names{"mig", "src", "us-west-2", "eu-west-1", "alias/key", "db.r7g.large"};
  const auto runbooks = MakeRunbooks(RdsSource(), names, {15, -1}, ServerKind::kAurora);
  EXPECT_TRUE(runbooks[0].applies);
  EXPECT_THAT(AllCommands(runbooks[0]), HasSubstr("--source-region us-west-2 --kms-key-id alias/key"));
  EXPECT_THAT(AllCommands(runbooks[0]), HasSubstr("--engine-version \"$AURORA_VERSION\""));
  EXPECT_FALSE(runbooks[1].applies);
}

TEST(Runbook, DoesNotApplyToASelfManagedSourceOrAnotherMajor) {
  const AwsNames names{"mig", "", "", "", "", ""};
  SourceFacts own = RdsSource();
  own.kind = ServerKind::kSelfManaged;
  EXPECT_FALSE(MakeRunbooks(own, names, {15, -1}, ServerKind::kAurora)[0].applies);
  EXPECT_FALSE(MakeRunbooks(RdsSource(), names, {17, -1}, ServerKind::kAurora)[0].applies);
  EXPECT_FALSE(MakeRunbooks(RdsSource(), names, {15, -1}, ServerKind::kRds)[0].applies);
  EXPECT_THROW(CheckAwsNames({std::string(50, 'a'), "", "", "", "", ""}), Error) << "no room for suffixes";
}

}  // namespace
}  // namespace airlift::planning
