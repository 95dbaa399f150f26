// SQL as text, password files, and what is printed of steps.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>

#include "pg/sql_text.h"
#include "prepare/prepare_report.h"
#include "prepare/secret.h"

namespace airlift {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(SqlText, QuotesNamesAndValues) {
  EXPECT_EQ(SqlName("plain"), "\"plain\"");
  EXPECT_EQ(SqlName("a\"b\\c"), "\"a\"\"b\\c\"");
  EXPECT_EQ(SqlName("a\"b\\c\n\x1b"), "U&\"a\"\"b\\\\c\\000a\\001b\"");
  EXPECT_EQ(SqlText("it's"), "'it''s'");
  EXPECT_EQ(SqlText("a\\b'c\n"), "E'a\\\\b''c\\x0a'");
}

TEST(SqlText, SplitsListsOfIdentifiers) {
  EXPECT_THAT(SplitQuotedList(""), IsEmpty());
  EXPECT_THAT(SplitQuotedList("\"\""), ElementsAre(""));
  EXPECT_THAT(SplitQuotedList("a, b"), ElementsAre("a", "b"));
  EXPECT_THAT(SplitQuotedList("\"$user\", \"a\"\"b, c\",d"), ElementsAre("$user", "a\"b, c", "d"));
  EXPECT_EQ(SqlSettingValue("SEARCH_PATH", "a, b"), "'a', 'b'");
  EXPECT_EQ(SqlSettingValue("search_path", ""), "''");
  EXPECT_EQ(SqlSettingValue("DateStyle", "ISO, DMY"), "'ISO, DMY'");
}

class PasswordFiles : public ::testing::Test {
 protected:
  PasswordFiles() {
    char name[] = "/tmp/airlift-password.XXXXXX";
    close(mkstemp(name));
    path_ = name;
    unlink(name);
  }
  ~PasswordFiles() override { unlink(path_.c_str()); }

  std::string Contents() {
    std::ifstream file(path_);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  mode_t Mode() {
    struct stat status = {};
    stat(path_.c_str(), &status);
    return status.st_mode & 0777;
  }

  std::string path_;
};

TEST_F(PasswordFiles, AreForTheUserAlone) {
  const std::string password = PasswordFile(path_).For("two\nlines");
  EXPECT_EQ(password.size(), 32u);
  EXPECT_EQ(Mode(), 0600u);
  EXPECT_THAT(Contents(), HasSubstr(password));
  chmod(path_.c_str(), 0640);
  EXPECT_THROW(PasswordFile{path_}, Error);
  EXPECT_THROW(ReadPasswordFile(path_), Error);
}

TEST_F(PasswordFiles, GiveTheSamePasswordAgain) {
  const std::string first = PasswordFile(path_).For("a");
  PasswordFile again(path_);
  EXPECT_EQ(again.For("a"), first);
  EXPECT_NE(again.For("b"), first);
}

TEST_F(PasswordFiles, SurviveALineThatWasWrittenHalf) {
  const std::string first = PasswordFile(path_).For("a");
  std::ofstream(path_, std::ios::app) << "{\"role\": \"b\", \"pass";
  const std::string second = PasswordFile(path_).For("b");
  PasswordFile again(path_);
  EXPECT_EQ(again.For("a"), first);
  EXPECT_EQ(again.For("b"), second);
}

TEST_F(PasswordFiles, OfOneRoleHoldOneLine) {
  EXPECT_EQ(ReadPasswordFile(path_), "");
  const std::string password = CreatePasswordFile(path_);
  EXPECT_EQ(Mode(), 0600u);
  EXPECT_EQ(ReadPasswordFile(path_), password);
}

PrepareResult ResultWith(const PrepareFinding& finding) {
  PrepareResult result;
  result.command = "prepare";
  result.findings = {finding};
  return result;
}

TEST(PrepareReport, CountsWhatIsNeitherANoteNorAccepted) {
  EXPECT_EQ(ResultWith({"role.x", "a", "", "", false, false}).ExitStatus(), kExitFindings);
  EXPECT_EQ(ResultWith({"role.x", "a", "", "", true, false}).ExitStatus(), kExitDone);
  EXPECT_EQ(ResultWith({"role.x", "a", "", "", false, true}).ExitStatus(), kExitDone);
}

// Run by hand, it would set the mark as the password.
TEST(PrepareReport, ADryRunOffersNoStatementWhoseSecretIsLeftOut) {
  PrepareResult result;
  result.command = "prepare";
  result.dry_run = true;
  Step step;
  step.sql = std::string("ALTER ROLE \"a\" PASSWORD ") + kSecretMark;
  step.secret = "hash";
  result.steps = {step};
  EXPECT_THAT(PrepareText(result), HasSubstr("\n-- ALTER ROLE"));
  EXPECT_THAT(PrepareText(result), Not(HasSubstr("\nALTER ROLE")));
}

TEST(PrepareReport, ADryRunIsAnSqlScript) {
  PrepareResult result = ResultWith({"role.x", "a", "it is so", "do that", false, false});
  result.dry_run = true;
  Step step;
  step.what = "create role a";
  step.sql = "CREATE ROLE \"a\"";
  result.steps = {step};
  const std::string text = PrepareText(result);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    EXPECT_TRUE(line.empty() || line.rfind("--", 0) == 0 || line == "CREATE ROLE \"a\";") << line;
}

}  // namespace
}  // namespace airlift
