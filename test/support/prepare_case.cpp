#include "support/prepare_case.h"

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <thread>

#include "pg/identifier.h"

namespace airlift::test {

namespace {

// Roles of a test, as against those that the server or the profile of a managed target has.
constexpr const char* kOfTests =
    "r.oid >= 16384 AND r.rolname NOT LIKE 'rds%' AND r.rolname <> 'master' AND NOT r.rolsuper";

std::set<std::string> RoleNames(Cluster& cluster) {
  const Result result = cluster.Query("postgres", "SELECT rolname FROM pg_roles");
  std::set<std::string> names;
  for (int row = 0; row < result.rows(); ++row) names.insert(result.Text(row, 0));
  return names;
}

std::string Lines(const Result& result) {
  std::string text;
  for (int row = 0; row < result.rows(); ++row) {
    for (int column = 0; column < result.columns(); ++column)
      text += (column > 0 ? " | " : "") + result.Text(row, column);
    text += "\n";
  }
  return text;
}

// The dump's own secret, new each time, is no part of the state.
std::string WithoutRestrictLines(const std::string& dump) {
  std::istringstream lines(dump);
  std::string kept;
  for (std::string line; std::getline(lines, line);)
    if (line.find("restrict ") == std::string::npos) kept += line + "\n";
  return kept;
}

constexpr const char* kStateQueries[] = {
    "SELECT oid, rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls, "
    "rolconnlimit, rolpassword, rolvaliduntil, shobj_description(oid, 'pg_authid') FROM pg_authid ORDER BY 1",
    "SELECT roleid::regrole, member::regrole, grantor::regrole, admin_option, to_jsonb(m) ->> 'inherit_option', "
    "to_jsonb(m) ->> 'set_option' FROM pg_auth_members m ORDER BY 1, 2, 3",
    "SELECT * FROM pg_db_role_setting ORDER BY 1, 2",
    "SELECT nspname, nspowner::regrole FROM pg_namespace WHERE nspname !~ '^pg_' ORDER BY 1",
    "SELECT extname FROM pg_extension ORDER BY 1",
    // As pg_dump sees them: an explicit list that says what the default says is no difference.
    "SELECT c.oid::regclass, a.grantee::regrole, a.privilege_type FROM pg_class c, "
    "aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p') "
    "ORDER BY 1, 2, 3",
    "SELECT n.nspname, a.grantee::regrole, a.privilege_type FROM pg_namespace n, "
    "aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a ORDER BY 1, 2, 3",
    "SELECT pubname FROM pg_publication ORDER BY 1",
    "SELECT oid::regclass, relreplident FROM pg_class WHERE relkind IN ('r', 'p') AND oid >= 16384 ORDER BY 1",
};

}  // namespace

void PrepareCase::SetUp() {
  source_roles_ = RoleNames(source());
  target_roles_ = RoleNames(target());
  MoveTest::SetUp();
}

void PrepareCase::TearDown() {
  MoveTest::TearDown();
  DropNewRoles(source(), source_roles_);
  DropNewRoles(target(), target_roles_);
  for (const std::string& path : scratch_) std::filesystem::remove_all(path);
}

// What is left of a failed test must not make the next one fail: databases are gone, so roles own nothing but grants.
void PrepareCase::DropNewRoles(Cluster& cluster, const std::set<std::string>& former) {
  const auto connection = cluster.Connect("postgres");
  for (const std::string& name : RoleNames(cluster)) {
    if (former.count(name) > 0) continue;
    connection->Execute("DROP OWNED BY " + QuoteIdentifier(name) + " CASCADE");
    connection->Execute("DROP ROLE " + QuoteIdentifier(name));
  }
}

void PrepareCase::LoadRoles() { source().PsqlFile("postgres", TestFile("data/prepare_roles.sql")); }

ProcessResult PrepareCase::RunIn(const std::string& name, const std::string& command,
                                 const std::vector<std::string>& more) {
  std::vector<std::string> arguments = {command, "--source", SourceConnInfo(name), "--target", TargetConnInfo(name)};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const ProcessResult result = RunHelper(arguments);
  EXPECT_FALSE(result.timed_out);
  EXPECT_LE(result.status, 2) << result.Describe();
  ExpectNoPassword(result.out + result.err);
  return result;
}

ProcessResult PrepareCase::Run(const std::string& command, const std::vector<std::string>& more) {
  return RunIn(database(), command, more);
}

nlohmann::json PrepareCase::RunJsonIn(const std::string& name, const std::string& command,
                                      const std::vector<std::string>& more) {
  std::vector<std::string> arguments = more;
  arguments.push_back("--json");
  const ProcessResult result = RunIn(name, command, arguments);
  const nlohmann::json parsed = nlohmann::json::parse(result.out, nullptr, false);
  EXPECT_TRUE(parsed.is_object()) << result.Describe();
  EXPECT_EQ(parsed.value("exit_status", -1), result.status);
  return parsed;
}

nlohmann::json PrepareCase::RunJson(const std::string& command, const std::vector<std::string>& more) {
  return RunJsonIn(database(), command, more);
}

int PrepareCase::RunAndKill(const std::string& command, const std::vector<std::string>& more, int milliseconds) {
  std::vector<std::string> arguments = {command, "--source", SourceConnInfo(), "--target", TargetConnInfo()};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const auto process = StartHelper(arguments);
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
  process->Signal(SIGKILL);
  const int status = process->Wait().status;
  return status == 128 + SIGKILL ? -1 : status;
}

int PrepareCase::KillUntilDone(const std::string& command, const std::vector<std::string>& more) {
  int runs = 0;
  for (int milliseconds = 15; milliseconds < 60000; milliseconds += milliseconds < 300 ? 15 : milliseconds) {
    ++runs;
    const int status = RunAndKill(command, more, milliseconds);
    if (status < 0) continue;
    EXPECT_LE(status, kDiffers);
    return runs;
  }
  ADD_FAILURE() << "does not end";
  return runs;
}

std::vector<std::string> PrepareCase::Findings(const nlohmann::json& result) {
  std::vector<std::string> findings;
  for (const auto& finding : result["findings"])
    if (!finding["note"].get<bool>())
      findings.push_back(finding["id"].get<std::string>() + " " + finding["object"].get<std::string>());
  return findings;
}

std::string PrepareCase::State(Cluster& cluster) {
  std::string state;
  const std::string program = cluster.bindir() + "/pg_dumpall";
  if (std::filesystem::exists(program)) {
    ProcessOptions options;
    options.environment["PGTZ"] = "UTC";
    state = WithoutRestrictLines(
        RunOrThrow({program, "--globals-only", "-d", cluster.Superuser("postgres").ToString()}, options));
  }
  const auto connection = cluster.Connect(database());
  for (const char* query : kStateQueries) state += Lines(connection->Query(query)) + "--\n";
  return state;
}

std::string PrepareCase::RolesOf(Cluster& cluster, const std::string& condition) {
  return Lines(cluster.Query(
      "postgres", std::string("SELECT rolname, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolconnlimit, "
                              "rolvaliduntil AT TIME ZONE 'UTC', rolpassword FROM pg_authid r WHERE ") +
                      kOfTests + " " + condition + " ORDER BY rolname COLLATE \"C\""));
}

std::string PrepareCase::MembershipsOf(Cluster& cluster) {
  const auto knows_options = [](Cluster& side) { return side.Connect("postgres")->server_major() >= 16; };
  const bool with_options = knows_options(source()) && knows_options(target());
  return Lines(cluster.Query(
      "postgres", std::string("SELECT g.rolname, r.rolname, bool_or(m.admin_option)") +
                      (with_options ? ", bool_or(m.inherit_option), bool_or(m.set_option)" : "") +
                      " FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid JOIN pg_roles r ON r.oid = m.member "
                      "WHERE g.rolname !~ '^(rds|pg_read_server_files)' AND " +
                      kOfTests + " GROUP BY 1, 2 ORDER BY 1, 2"));
}

std::string PrepareCase::SettingsOf(Cluster& cluster, const std::string& database) {
  return Lines(cluster.Query(
      database,
      std::string("SELECT r.rolname, d.datname, item FROM pg_db_role_setting s "
                  "LEFT JOIN pg_roles r ON r.oid = s.setrole LEFT JOIN pg_database d ON d.oid = s.setdatabase "
                  "CROSS JOIN unnest(setconfig) item WHERE item !~ '^(zero_damaged_pages|my[.])' "
                  "AND s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database())) "
                  "AND (s.setrole = 0 OR (") +
          kOfTests + ")) ORDER BY 1, 2, 3"));
}

std::string PrepareCase::Scratch(const std::string& name) {
  scratch_.push_back(target().directory() + "/" + database() + "." + name);
  return scratch_.back();
}

std::string PrepareCase::ReadPassword(const std::string& path) {
  const std::string text = ReadFile(path);
  return text.substr(0, text.find('\n'));
}

}  // namespace airlift::test
