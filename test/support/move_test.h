// The fixture of end-to-end tests: a fresh database on each of the two shared servers, and the program between them.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/cluster.h"
#include "support/helper_program.h"
#include "support/oracle.h"

namespace airlift::test {

inline constexpr int kVerified = 0;
inline constexpr int kDiffers = 1;
inline constexpr int kFailed = 2;

// Bigger cases run in the second tier only (make test-slow).
bool SlowTests();

// The line "verdict: ..." with which text output ends, without "verdict: "; "" where there is none.
std::string FinalVerdict(const ProcessResult& result);

class MoveTest : public ::testing::Test {
 protected:
  void SetUp() override;
  // Shows both servers' logs where the test failed.
  void TearDown() override;

  Cluster& source() { return SharedSource(); }
  Cluster& target() { return SharedTarget(); }
  // Whether the source's database gets our extension. Without it the program hashes streams. Servers of other versions
  // than the built one cannot have it (PG_AIRLIFT_WITHOUT_EXTENSION).
  virtual bool WithExtension() const;

  // The database of this test, of the same name on both sides. On the target it belongs to master.
  const std::string& database() const { return database_; }

  // Where WithExtension().
  void AddExtension(const std::string& database);
  // Databases besides database(); dropped at the end of the test.
  void CreateOnSource(const std::string& name, const std::string& options = {});
  void CreateOnTarget(const std::string& name, const std::string& options = {});

  // Conninfo strings as a user would write them.
  std::string SourceConnInfo() { return SourceConnInfo(database_); }
  std::string TargetConnInfo() { return TargetConnInfo(database_); }
  std::string SourceConnInfo(const std::string& database) { return source().Superuser(database).ToString(); }
  std::string TargetConnInfo(const std::string& database) {
    return target().Login(database, "master", kMasterPassword).ToString();
  }

  // pg_airlift COMMAND --source ... --target ... more, between the test's databases. What it prints is checked for
  // passwords, always.
  ProcessResult Airlift(const std::string& command, const std::vector<std::string>& more = {},
                        const Environment& environment = {});
  std::vector<std::string> Arguments(const std::string& command, const std::vector<std::string>& more = {});

  // The evidence of the last Airlift(), which is told to write it to a file of this test.
  nlohmann::json Evidence() const;
  // The entry of a table; an empty object where there is none.
  nlohmann::json EvidenceOf(const std::string& schema, const std::string& table) const;

  // Migrates, expects "verified", and asks the oracle.
  void ExpectVerifiedMove(const std::vector<std::string>& more = {});
  void ExpectSameContents();

  std::string evidence_path_;
  std::string database_;

 private:
  std::vector<std::string> source_databases_, target_databases_;
};

// A file that is not part of this repository: in PG_AIRLIFT_SHARED, or beside the checkout in shared/. "" where absent.
std::string SharedFile(const std::string& path);

// Asserts that nothing in `text` is a password that the tests use.
void ExpectNoPassword(const std::string& text);

}  // namespace airlift::test
