#include "support/cutover_case.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <thread>

namespace airlift::test {

namespace {

using namespace std::chrono_literals;

constexpr const char* kLinkPassword = "link-s3cret";

}  // namespace

void CutoverCase::SetUp() {
  MoveTest::SetUp();
  // As the service would give it: rds_replication lets a role use slots there.
  if (target().Value("postgres", "SELECT count(*) FROM pg_roles WHERE rolname = 'way_back'") == "0")
    target().Execute("postgres",
                     std::string("CREATE ROLE way_back LOGIN REPLICATION PASSWORD '") + kLinkPassword + "'");
  source().Execute("postgres", "DROP ROLE IF EXISTS airlift_replication");
  back_password_file_ = target().directory() + "/" + database() + ".back";
  std::ofstream(back_password_file_) << kLinkPassword << "\n";
  chmod(back_password_file_.c_str(), 0600);
}

void CutoverCase::TearDown() {
  if (WithExtension()) source().Execute(database(), "SELECT airlift.unfence()");
  // Subscriptions and slots keep a database from being dropped; roles belong to the cluster.
  for (Cluster* cluster : {&target(), &source()}) {
    const auto connection = cluster->Connect(database());
    const Result names = connection->Query(
        "SELECT s.subname FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid "
        "WHERE d.datname = current_database()");
    for (int row = 0; row < names.rows(); ++row) {
      const std::string name = "\"" + names.Text(row, 0) + "\"";
      for (const char* then : {" DISABLE", " SET (slot_name = NONE)"})
        connection->Execute("ALTER SUBSCRIPTION " + name + then);
      connection->Execute("DROP SUBSCRIPTION " + name);
    }
  }
  for (Cluster* cluster : {&target(), &source()}) {
    const std::string mine = "FROM pg_replication_slots WHERE database = '" + database() + "'";
    for (int i = 0; i < 100 && cluster->Value("postgres", "SELECT count(*) " + mine) != "0"; ++i) {
      cluster->Execute("postgres", "SELECT pg_terminate_backend(active_pid) " + mine + " AND active");
      cluster->Execute("postgres", "SELECT pg_drop_replication_slot(slot_name) " + mine + " AND NOT active");
      std::this_thread::sleep_for(50ms);
    }
  }
  MoveTest::TearDown();
  source().Execute("postgres", "DROP ROLE IF EXISTS airlift_replication");
  for (const std::string& file : {back_password_file_, database() + ".password"}) unlink(file.c_str());
}

void CutoverCase::Replicate(int source_port, const std::vector<std::string>& more) {
  const std::string port = std::to_string(source_port == 0 ? source().port() : source_port);
  std::vector<std::string> arguments = {"--type",          "full-load-and-cdc",
                                        "--from-target",   "host=127.0.0.1 port=" + port,
                                        "--password-file", target().directory() + "/" + database() + ".password"};
  if (target().Connect("postgres")->server_major() < 16) {
    target().PsqlFile(database(), TestFile("managed_profile/exec_as_admin.sql"));
    arguments.insert(arguments.end(), {"--admin-function", "managed.exec_as_admin"});
  }
  arguments.insert(arguments.end(), more.begin(), more.end());
  const ProcessResult result = Airlift("migrate", arguments);
  ASSERT_EQ(result.status, kVerified) << result.Describe();
}

std::vector<std::string> CutoverCase::CrossingArguments(const std::vector<std::string>& more) {
  std::vector<std::string> arguments = {
      "--fallback-role",          "way_back",
      "--fallback-password-file", back_password_file_,
      "--target-from-source",     "host=127.0.0.1 port=" + std::to_string(target().port())};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}
ProcessResult CutoverCase::CutOver(const std::vector<std::string>& more) {
  return Airlift("cutover", CrossingArguments(more));
}

ProcessResult CutoverCase::FallBack(std::vector<std::string> more) {
  more.insert(more.end(), {"--fallback-role", "way_back", "--fallback-password-file", back_password_file_});
  return Airlift("fallback", more);
}

ProcessResult CutoverCase::CleanUp(const std::vector<std::string>& more) {
  std::vector<std::string> arguments = {
      "cleanup",         "--source", SourceConnInfo(),           "--target",         TargetConnInfo(),
      "--fallback-role", "way_back", "--fallback-password-file", back_password_file_};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const ProcessResult result = RunHelper(arguments);
  ExpectNoPassword(result.out + result.err);
  return result;
}

std::string CutoverCase::Stream() { return target().Value(database(), "SELECT name FROM airlift_state.subscription"); }
std::string CutoverCase::Phase() { return target().Value(database(), "SELECT phase FROM airlift_state.replication"); }

}  // namespace airlift::test
