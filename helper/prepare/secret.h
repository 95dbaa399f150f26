// Passwords: made, kept in files that only the user can read, and never shown.
#pragma once

#include <map>
#include <string>

#include "pg/connection.h"

namespace airlift {

// 32 letters and digits from the system's random numbers.
std::string RandomPassword();

// The SCRAM-SHA-256 verifier that the server would store, computed here: the password itself is never sent.
std::string ScramVerifier(Connection& connection, const std::string& role, const std::string& password);

// A file of new passwords, one JSON object per line: {"role": "app", "password": "..."}. It is created with mode 0600
// and refused where others can read it. A password is in the file, and on the disk, before it is used, so that a rerun
// finds it again.
class PasswordFile {
 public:
  // Reads the file where it exists. Throws Error where it is not the user's own.
  explicit PasswordFile(std::string path);
  // The role's password; one that is made now is written at once.
  std::string For(const std::string& role);

 private:
  void Append(const std::string& role, const std::string& password);

  std::string path_;
  std::map<std::string, std::string> passwords_;
  bool ends_in_newline_ = true;
};

// The first line of a file that only the user can read; "" where there is no such file.
std::string ReadPasswordFile(const std::string& path);
// Makes the file, mode 0600, with a new password, and returns that.
std::string CreatePasswordFile(const std::string& path);

}  // namespace airlift
