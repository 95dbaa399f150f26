// The fixture of tests that need one server and the extension, no program: a fresh database on a server of its own
// kind.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "support/cluster.h"

namespace airlift::test {

using Session = std::unique_ptr<Connection>;

// Shared by the tests of a program; ends with it.
inline Cluster& Server() {
  static Cluster server(Side::kSource, {"max_prepared_transactions=10"});
  return server;
}

class ExtensionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    static int number = 0;
    database_ = "extension" + std::to_string(++number);
    source().CreateDatabase(database_);
    Execute("CREATE EXTENSION pg_airlift");
  }
  void TearDown() override {
    if (HasFailure()) printf("--- log\n%s", source().LogTail().c_str());
    source().Execute("postgres", "ALTER DATABASE " + database_ + " RESET ALL");
    DropSlots();
    source().DropDatabase(database_);
  }

  Cluster& source() { return Server(); }
  const std::string& database() const { return database_; }

  Session Connect() { return source().Connect(database_); }
  Session ConnectAs(const std::string& role) {
    return source().Connect(source().Superuser(database_).With("user", role));
  }
  // In a session of its own.
  void Execute(const std::string& sql) { source().Execute(database_, sql); }
  std::string Value(const std::string& sql) { return source().Value(database_, sql); }

  // Asked anew until it says `expected`, or for ten seconds; returns what it said last.
  std::string ValueOnce(const std::string& sql, const std::string& expected) {
    std::string value;
    for (int i = 0; i < 200; ++i) {
      if ((value = Value(sql)) == expected) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return value;
  }

  // SQLSTATE and message of a statement that must fail; "" if it did not.
  static std::string ErrorOf(Connection& session, const std::string& sql) {
    try {
      session.Execute(sql);
    } catch (const SqlError& error) {
      return error.sqlstate() + " " + error.what() + "\n" + error.detail() + "\n" + error.hint();
    }
    return "";
  }
  std::string ErrorOf(const std::string& sql) { return ErrorOf(*Connect(), sql); }

  void DropSlots() { Execute("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active"); }

 private:
  std::string database_;
};

}  // namespace airlift::test
