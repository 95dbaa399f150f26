// Connection strings and URIs as libpq takes them, with PG* variables, service files and .pgpass behind them.
#pragma once

#include <map>
#include <string>

namespace airlift {

class ConnInfo {
 public:
  ConnInfo() = default;

  // Parses a conninfo string, a URI, or a bare database name; throws Error without echoing a password.
  static ConnInfo Parse(const std::string& text);

  // The setting's value, or "" where it is not given.
  std::string Get(const std::string& key) const;
  ConnInfo With(const std::string& key, const std::string& value) const;

  // For libpq.
  std::string ToString() const;
  // The same without the password: fit for a screen, a log, a command line.
  std::string ToStringWithoutPassword() const;
  std::string password() const { return Get("password"); }

  const std::map<std::string, std::string>& settings() const { return settings_; }

 private:
  std::map<std::string, std::string> settings_;
};

}  // namespace airlift
