#include "support/cluster.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>

#include "pg/identifier.h"

namespace airlift::test {

namespace {

std::string Servers() { return TestFile("support/servers"); }

std::string Environment(const char* name) {
  const char* value = getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

// Everything of this process lies below one directory; a watcher removes it even if the process is killed.
const std::string& WorkDirectory() {
  static const std::string directory = [] {
    char path[] = "/tmp/airlift-e2e.XXXXXX";
    if (mkdtemp(path) == nullptr) throw std::runtime_error("could not create a temporary directory");
    RunOrThrow({"chmod", "755", path});
    RunOrThrow({Servers(), "watch", std::to_string(getpid()), path});
    return std::string(path);
  }();
  return directory;
}

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

// The installation that test/run made for all test programs, or one of our own where a program runs by itself.
const std::string& TreeOf(Side side) {
  static std::string trees[2];
  std::string& tree = trees[side == Side::kSource ? 0 : 1];
  if (!tree.empty()) return tree;
  tree = Environment(side == Side::kSource ? "PG_AIRLIFT_SOURCE_TREE" : "PG_AIRLIFT_TARGET_TREE");
  if (tree.empty()) {
    const std::string directory = WorkDirectory() + "/" + SideName(side) + "_tree";
    tree = FirstLine(RunOrThrow({Servers(), "tree", SideName(side), directory}));
  }
  return tree;
}

std::unique_ptr<Cluster> shared_clusters[2];

class SharedClusters : public ::testing::Environment {
 public:
  void TearDown() override {
    for (auto& cluster : shared_clusters) cluster.reset();
    RunProcess({Servers(), "destroy", WorkDirectory()});
  }
};

// Registered before main() runs, as GoogleTest wants it; owned by GoogleTest.
[[maybe_unused]] const auto* const registered = ::testing::AddGlobalTestEnvironment(new SharedClusters);

Cluster& Shared(Side side) {
  auto& cluster = shared_clusters[side == Side::kSource ? 0 : 1];
  if (!cluster) cluster = std::make_unique<Cluster>(side);
  return *cluster;
}

}  // namespace

Cluster::Cluster(Side side, const std::vector<std::string>& settings) : side_(side), bindir_(TreeOf(side)) {
  static int number = 0;
  directory_ = WorkDirectory() + "/" + SideName(side) + std::to_string(++number);
  std::vector<std::string> command = {Servers(), "init", bindir_, directory_};
  command.insert(command.end(), settings.begin(), settings.end());
  RunOrThrow(command);
  Start();
  if (side == Side::kTarget) RunOrThrow({Servers(), "managed", directory_, kMasterPassword});
}

Cluster::~Cluster() { RunProcess({Servers(), "destroy", directory_}); }

void Cluster::Start() {
  RunOrThrow({Servers(), "start", directory_});
  port_ = std::stoi(ReadFile(directory_ + "/port"));
}

void Cluster::Stop(const std::string& mode) { RunOrThrow({Servers(), "stop", directory_, mode}); }

ConnInfo Cluster::Superuser(const std::string& database) const {
  return ConnInfo()
      .With("host", directory_ + "/socket")
      .With("port", std::to_string(port_))
      .With("user", "postgres")
      .With("dbname", database);
}

ConnInfo Cluster::Login(const std::string& database, const std::string& role, const std::string& password) const {
  return ConnInfo()
      .With("host", "127.0.0.1")
      .With("port", std::to_string(port_))
      .With("user", role)
      .With("password", password)
      .With("dbname", database);
}

void Cluster::CreateDatabase(const std::string& name, const std::string& options) {
  Execute("postgres", "CREATE DATABASE " + QuoteIdentifier(name) + " " + options);
}

void Cluster::DropDatabase(const std::string& name) {
  Execute("postgres", "DROP DATABASE IF EXISTS " + QuoteIdentifier(name) + " WITH (FORCE)");
}

std::unique_ptr<Connection> Cluster::Connect(const ConnInfo& info) const {
  auto connection = std::make_unique<Connection>(info, side_);
  connection->Execute("RESET ALL");
  return connection;
}

Result Cluster::Query(const std::string& database, const std::string& sql) const {
  return Connect(database)->Query(sql);
}

std::string Cluster::Value(const std::string& database, const std::string& sql) const {
  const Result result = Query(database, sql);
  return result.rows() == 0 ? std::string() : result.Text(0, 0);
}

void Cluster::Execute(const std::string& database, const std::string& sql) const { Connect(database)->Execute(sql); }

std::vector<std::string> Cluster::PsqlCommand(const std::string& database,
                                              const std::vector<std::string>& options) const {
  std::vector<std::string> command = {bindir_ + "/psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1"};
  command.insert(command.end(), options.begin(), options.end());
  command.insert(command.end(), {"-d", Superuser(database).ToString()});
  return command;
}

std::string Cluster::Psql(const std::string& database, const std::string& script,
                          const std::vector<std::string>& options) const {
  ProcessOptions process;
  process.input = script;
  process.environment["PGCLIENTENCODING"] = "UTF8";
  std::vector<std::string> command = PsqlCommand(database, options);
  command.insert(command.end(), {"-f", "-"});
  return RunOrThrow(command, process);
}

std::string Cluster::PsqlFile(const std::string& database, const std::string& path,
                              const std::vector<std::string>& options) const {
  std::vector<std::string> command = PsqlCommand(database, options);
  command.insert(command.end(), {"-f", path});
  return RunOrThrow(command);
}

std::string Cluster::LogTail(int lines) const {
  return RunProcess({"tail", "-n", std::to_string(lines), directory_ + "/log"}).out;
}

Cluster& SharedSource() { return Shared(Side::kSource); }
Cluster& SharedTarget() { return Shared(Side::kTarget); }

std::string TestFile(const std::string& path) { return std::string(AIRLIFT_TEST_DIRECTORY) + "/" + path; }

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("could not read " + path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace airlift::test
