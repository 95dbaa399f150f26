#include "support/hostile_case.h"

#include <unistd.h>

#include <sstream>

#include "support/move_test.h"

namespace airlift::test {

namespace {

// Statements of the scripts that some versions do not know, and in which they are known.
constexpr struct {
  const char* statement;
  int from_major, to_major;
} kOfSomeVersions[] = {{"CREATE EXTENSION adminpack;", 13, 16},
                       {"CREATE PUBLICATION schpub FOR TABLES IN SCHEMA app;", 15, 99}};

std::string Script(const Cluster& source, const std::string& name) {
  const std::string shared = SharedFile("cases/" + name);
  std::string script = ReadFile(shared.empty() ? TestFile("data/" + name) : shared);
  const int major = source.Connect("postgres")->server_major();
  for (const auto& each : kOfSomeVersions) {
    const size_t at = script.find(each.statement);
    if (at != std::string::npos && (major < each.from_major || major > each.to_major))
      script.erase(at, std::string(each.statement).size());
  }
  return script;
}

}  // namespace

void LoadHostileRoles(Cluster& source) { source.Psql("postgres", Script(source, "hostile_roles.sql")); }

void LoadHostileSchema(Cluster& source) {
  const std::string tablespace = source.directory() + "/fast";
  RunOrThrow({"mkdir", "-m", "777", tablespace});
  if (geteuid() == 0) RunOrThrow({"chown", "--reference=" + source.directory() + "/data", tablespace});
  source.Psql("nasty", Script(source, "hostile_schema.sql"), {"-v", "tablespace_dir=" + tablespace});
}

std::vector<std::string> HostileFindings(int source_major) {
  std::istringstream lines(ReadFile(TestFile("data/hostile_findings.txt")));
  std::vector<std::string> findings;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream fields(line);
    int from_major = 0, to_major = 0;
    fields >> from_major >> to_major >> std::ws;
    std::string finding;
    std::getline(fields, finding);
    if (source_major >= from_major && source_major <= to_major) findings.push_back(finding);
  }
  return findings;
}

}  // namespace airlift::test
