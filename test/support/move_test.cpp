#include "support/move_test.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>

namespace airlift::test {

bool SlowTests() { return getenv("PG_AIRLIFT_SLOW_TESTS") != nullptr; }

std::string FinalVerdict(const ProcessResult& result) {
  std::istringstream stream(result.out);
  std::string last;
  for (std::string line; std::getline(stream, line);)
    if (!line.empty()) last = line;
  const std::string prefix = "verdict: ";
  return last.rfind(prefix, 0) == 0 ? last.substr(prefix.size()) : std::string();
}

std::string SharedFile(const std::string& path) {
  const char* given = getenv("PG_AIRLIFT_SHARED");
  const std::string file = (given == nullptr ? TestFile("../../shared") : std::string(given)) + "/" + path;
  return std::filesystem::exists(file) ? file : std::string();
}

void ExpectNoPassword(const std::string& text) {
  for (const char* secret : {kMasterPassword, "s3cret"})
    EXPECT_EQ(text.find(secret), std::string::npos) << "a password was shown:\n" << text;
}

void MoveTest::SetUp() {
  static int number = 0;
  database_ = "move" + std::to_string(++number);
  evidence_path_ = target().directory() + "/" + database_ + ".json";
  CreateOnSource(database_);
  CreateOnTarget(database_, "OWNER master");
  AddExtension(database_);
}

bool MoveTest::WithExtension() const { return getenv("PG_AIRLIFT_WITHOUT_EXTENSION") == nullptr; }

void MoveTest::AddExtension(const std::string& database) {
  if (WithExtension()) source().Execute(database, "CREATE EXTENSION pg_airlift");
}

void MoveTest::TearDown() {
  if (HasFailure()) {
    printf("--- source log\n%s--- target log\n%s", source().LogTail().c_str(), target().LogTail().c_str());
  }
  for (const auto& name : source_databases_) source().DropDatabase(name);
  for (const auto& name : target_databases_) target().DropDatabase(name);
}

void MoveTest::CreateOnSource(const std::string& name, const std::string& options) {
  source().CreateDatabase(name, options);
  source_databases_.push_back(name);
}

void MoveTest::CreateOnTarget(const std::string& name, const std::string& options) {
  target().CreateDatabase(name, options);
  target_databases_.push_back(name);
}

std::vector<std::string> MoveTest::Arguments(const std::string& command, const std::vector<std::string>& more) {
  std::vector<std::string> arguments = {command, "--source", SourceConnInfo(), "--target", TargetConnInfo()};
  if (command != "restore") arguments.insert(arguments.end(), {"--evidence", evidence_path_});
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

ProcessResult MoveTest::Airlift(const std::string& command, const std::vector<std::string>& more,
                                const Environment& environment) {
  unlink(evidence_path_.c_str());
  const ProcessResult result = RunHelper(Arguments(command, more), environment);
  EXPECT_FALSE(result.timed_out);
  EXPECT_LE(result.status, 2) << result.Describe();
  ExpectNoPassword(result.out + result.err);
  return result;
}

nlohmann::json MoveTest::Evidence() const {
  const std::string text = ReadFile(evidence_path_);
  ExpectNoPassword(text);
  return nlohmann::json::parse(text);
}

nlohmann::json MoveTest::EvidenceOf(const std::string& schema, const std::string& table) const {
  const nlohmann::json evidence = Evidence();
  for (const auto& entry : evidence.at("tables"))
    if (entry.at("schema") == schema && entry.at("table") == table) return entry;
  ADD_FAILURE() << "no evidence for " << schema << "." << table;
  return nlohmann::json::object();
}

void MoveTest::ExpectVerifiedMove(const std::vector<std::string>& more) {
  const ProcessResult result = Airlift("migrate", more);
  EXPECT_EQ(result.status, kVerified) << result.Describe();
  EXPECT_EQ(FinalVerdict(result), "verified") << result.Describe();
  ExpectSameContents();
}

void MoveTest::ExpectSameContents() { EXPECT_EQ(FirstDifference(source(), database_, target(), database_), ""); }

}  // namespace airlift::test
