// A throw-away PostgreSQL server for a test (see test/support/servers), and the two that every test program shares.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pg/connection.h"
#include "support/process.h"

namespace airlift::test {

// The password of master, the migrating role of a managed target.
inline constexpr const char* kMasterPassword = "m4ster-s3cret-pw";

class Cluster {
 public:
  // A new server with `settings` ("name=value"), running. The target is a managed one (managed_profile.sql) and its
  // installation offers only what a managed service offers. The source's installation has our extension.
  explicit Cluster(Side side, const std::vector<std::string>& settings = {});
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  void Start();
  void Stop(const std::string& mode = "fast");

  Side side() const { return side_; }
  int port() const { return port_; }
  const std::string& directory() const { return directory_; }
  // Where psql, pg_dump and so on of this server's version are.
  const std::string& bindir() const { return bindir_; }

  // Through the socket, as the superuser postgres.
  ConnInfo Superuser(const std::string& database = "postgres") const;
  // Through TCP with a password.
  ConnInfo Login(const std::string& database, const std::string& role, const std::string& password) const;

  // `options` as in CREATE DATABASE, for example "TEMPLATE other".
  void CreateDatabase(const std::string& name, const std::string& options = {});
  void DropDatabase(const std::string& name);

  // A session with the server's own settings, not those that the program pins; of the superuser where no other is
  // given.
  std::unique_ptr<Connection> Connect(const std::string& database) const { return Connect(Superuser(database)); }
  std::unique_ptr<Connection> Connect(const ConnInfo& info) const;

  // As superuser, for statements and single values.
  Result Query(const std::string& database, const std::string& sql) const;
  std::string Value(const std::string& database, const std::string& sql) const;
  void Execute(const std::string& database, const std::string& sql) const;

  // As superuser through psql, which stops at the first error and then throws. Returns stdout (-At).
  std::string Psql(const std::string& database, const std::string& script,
                   const std::vector<std::string>& options = {}) const;
  std::string PsqlFile(const std::string& database, const std::string& path,
                       const std::vector<std::string>& options = {}) const;
  // The last lines of the server's log.
  std::string LogTail(int lines = 40) const;

 private:
  std::vector<std::string> PsqlCommand(const std::string& database, const std::vector<std::string>& options) const;

  Side side_;
  std::string directory_;
  std::string bindir_;
  int port_ = 0;
};

// Started at first use, stopped when the test program ends.
Cluster& SharedSource();
Cluster& SharedTarget();

// test/<path> of the source tree.
std::string TestFile(const std::string& path);
std::string ReadFile(const std::string& path);

}  // namespace airlift::test
