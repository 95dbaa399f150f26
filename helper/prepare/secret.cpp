#include "prepare/secret.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

namespace airlift {

namespace {

constexpr size_t kPasswordLength = 32;
constexpr std::string_view kPasswordCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

[[noreturn]] void ThrowFileError(const std::string& path) {
  throw Error("could not use password file \"" + path + "\": " + std::strerror(errno));
}

class File {
 public:
  File(const std::string& path, int flags) : path_(path), descriptor_(open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~File() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  bool IsOpen() const { return descriptor_ >= 0; }

  void CheckIsPrivate() const {
    struct stat status = {};
    if (fstat(descriptor_, &status) != 0) ThrowFileError(path_);
    if (!S_ISREG(status.st_mode)) throw Error("password file \"" + path_ + "\" is not a plain file");
    if (status.st_uid != geteuid() || (status.st_mode & 077) != 0)
      throw Error("password file \"" + path_ + "\" can be read by others", {},
                  "It has to be yours and to have permissions u=rw (0600) or less.");
  }

  std::string ReadAll() const {
    std::string text;
    std::array<char, 4096> buffer;
    for (;;) {
      const ssize_t got = read(descriptor_, buffer.data(), buffer.size());
      if (got < 0) ThrowFileError(path_);
      if (got == 0) return text;
      text.append(buffer.data(), static_cast<size_t>(got));
    }
  }

  void WriteDurably(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t put = write(descriptor_, text.data(), text.size());
      if (put < 0) ThrowFileError(path_);
      text.remove_prefix(static_cast<size_t>(put));
    }
    if (fsync(descriptor_) != 0) ThrowFileError(path_);
  }

 private:
  const std::string& path_;
  int descriptor_;
};

// The text of a file of the user's own; nullopt where there is none.
std::optional<std::string> ReadPrivateFile(const std::string& path) {
  const File file(path, O_RDONLY);
  if (!file.IsOpen()) {
    if (errno == ENOENT) return std::nullopt;
    ThrowFileError(path);
  }
  file.CheckIsPrivate();
  return file.ReadAll();
}

}  // namespace

std::string RandomPassword() {
  // Bytes beyond the last whole multiple of the alphabet are thrown away: every character is equally likely.
  constexpr size_t kUsable = 256 - 256 % kPasswordCharacters.size();
  std::string password;
  while (password.size() < kPasswordLength) {
    std::array<unsigned char, 64> bytes;
    if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
      throw Error("could not get random numbers from the system");
    for (const unsigned char byte : bytes)
      if (byte < kUsable && password.size() < kPasswordLength)
        password += kPasswordCharacters[byte % kPasswordCharacters.size()];
  }
  return password;
}

std::string ScramVerifier(Connection& connection, const std::string& role, const std::string& password) {
  const std::unique_ptr<char, decltype(&PQfreemem)> verifier(
      PQencryptPasswordConn(connection.get(), password.c_str(), role.c_str(), "scram-sha-256"), &PQfreemem);
  if (!verifier) throw Error("could not compute the SCRAM verifier of a password");
  return verifier.get();
}

PasswordFile::PasswordFile(std::string path) : path_(std::move(path)) {
  const std::optional<std::string> text = ReadPrivateFile(path_);
  if (!text) return;
  ends_in_newline_ = text->empty() || text->back() == '\n';
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    // A line that a killed process wrote half is of no use: its password was not used yet.
    const auto entry = nlohmann::json::parse(line, nullptr, false);
    if (entry.is_object() && entry.contains("role") && entry.contains("password"))
      passwords_[entry["role"].get<std::string>()] = entry["password"].get<std::string>();
  }
}

std::string PasswordFile::For(const std::string& role) {
  const auto known = passwords_.find(role);
  if (known != passwords_.end()) return known->second;
  const std::string password = RandomPassword();
  Append(role, password);
  return passwords_[role] = password;
}

void PasswordFile::Append(const std::string& role, const std::string& password) {
  const File file(path_, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW);
  if (!file.IsOpen()) ThrowFileError(path_);
  file.CheckIsPrivate();
  const nlohmann::ordered_json entry = {{"role", role}, {"password", password}};
  file.WriteDurably((ends_in_newline_ ? "" : "\n") + entry.dump() + "\n");
  ends_in_newline_ = true;
}

std::string ReadPasswordFile(const std::string& path) {
  const std::string text = ReadPrivateFile(path).value_or("");
  return text.substr(0, text.find_first_of("\r\n"));
}

std::string CreatePasswordFile(const std::string& path) {
  const File file(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
  if (!file.IsOpen()) ThrowFileError(path);
  file.CheckIsPrivate();
  const std::string password = RandomPassword();
  file.WriteDurably(password + "\n");
  return password;
}

}  // namespace airlift
