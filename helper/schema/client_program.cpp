#include "schema/client_program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>
#include <sstream>
#include <string_view>

#include "base/error.h"
#include "base/stop.h"

extern char** environ;

namespace airlift {

namespace {

constexpr const char* kPackageDirectories[] = {"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin",
                                               "/opt/homebrew/opt/postgresql@*/bin", "/usr/local/pgsql/bin"};
constexpr const char* kServiceFile = "PGSERVICEFILE";
constexpr const char* kService = "pg_airlift";
constexpr std::string_view kOwnVariables = "PG_AIRLIFT_";
constexpr int kPollMilliseconds = 200;
constexpr size_t kMostOutput = 64 * 1024;

// A child process whose stdout (or stderr) is read here.
class Child {
 public:
  Child(const std::vector<std::string>& arguments, const std::vector<std::string>& environment, int captured_fd) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw Error("could not create a pipe", std::strerror(errno));
    output_fd_ = ends[0];
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    for (const int fd : {STDOUT_FILENO, STDERR_FILENO})
      if (fd != captured_fd) posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], captured_fd);
    const int status = Spawn(arguments, environment, &actions);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (status != 0) {
      close(output_fd_);
      throw Error(fmt::format("could not run \"{}\"", arguments[0]), std::strerror(status));
    }
  }

  ~Child() {
    close(output_fd_);
    if (pid_ <= 0) return;
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Reads to the end; throws Stopped, and so ends the child, when a stop is requested.
  std::string ReadAll(const std::function<void()>& waiting = {}) {
    std::string output;
    char buffer[4096];
    while (true) {
      CheckStop();
      if (waiting) waiting();
      pollfd waiting = {output_fd_, POLLIN, 0};
      if (poll(&waiting, 1, kPollMilliseconds) <= 0) continue;
      const ssize_t length = read(output_fd_, buffer, sizeof buffer);
      if (length <= 0) return output;
      if (output.size() < kMostOutput) output.append(buffer, static_cast<size_t>(length));
    }
  }

  // 0 where it ended well.
  int Wait() {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
  }

 private:
  int Spawn(const std::vector<std::string>& arguments, const std::vector<std::string>& environment,
            posix_spawn_file_actions_t* actions) {
    const auto pointers = [](const std::vector<std::string>& texts) {
      std::vector<char*> list;
      for (const std::string& text : texts) list.push_back(const_cast<char*>(text.c_str()));
      list.push_back(nullptr);
      return list;
    };
    return posix_spawn(&pid_, arguments[0].c_str(), actions, nullptr, pointers(arguments).data(),
                       pointers(environment).data());
  }

  pid_t pid_ = -1;
  int output_fd_ = -1;
};

// Our environment, with messages in English (they end up in our own). With `has_password`, without one that would come
// before the password file's.
std::vector<std::string> ChildEnvironment(bool has_password, const std::string& service_file = {}) {
  std::vector<std::string> list = {"LC_ALL=C"};
  if (!service_file.empty()) list.push_back(kServiceFile + ("=" + service_file));
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::string_view name = text.substr(0, text.find('='));
    // Our own variables may hold connection strings with passwords.
    const bool is_ours = name.substr(0, kOwnVariables.size()) == kOwnVariables;
    const bool is_replaced = (has_password && name == "PGPASSWORD") || (!service_file.empty() && name == kServiceFile);
    if (name != "LC_ALL" && !is_ours && !is_replaced) list.emplace_back(text);
  }
  return list;
}

// One line of a password file: for any server, since the child connects to one only.
std::string PasswordLine(const std::string& password) {
  if (password.find_first_of("\n\r") != std::string::npos)
    throw Error("a password with a line break cannot be given to pg_dump", {}, "Set PGPASSWORD, or another password.");
  std::string line = "*:*:*:*:";
  for (const char c : password) {
    if (c == ':' || c == '\\') line += '\\';
    line += c;
  }
  return line + "\n";
}

// A service of libpq, which takes any setting of a connection; a value ends with its line and is trimmed.
std::string ServiceLines(const std::string& passphrase) {
  if (passphrase.find_first_of("\n\r") != std::string::npos || passphrase.front() == ' ' || passphrase.back() == ' ')
    throw Error("a passphrase that has a line break, or a blank at its beginning or end, cannot be given to pg_dump",
                {}, "Give the key another one (sslpassword).");
  return fmt::format("[{}]\nsslpassword={}\n", kService, passphrase);
}

std::optional<ClientProgram> Inspect(const std::string& directory) {
  const std::string path = directory + "/pg_dump";
  if (access(path.c_str(), X_OK) != 0) return std::nullopt;
  try {
    Child child({path, "--version"}, ChildEnvironment(false), STDOUT_FILENO);
    const int version = ParseProgramVersion(child.ReadAll());
    if (child.Wait() == 0 && version > 0) return ClientProgram{path, version};
  } catch (const Stopped&) {
    throw;
  } catch (const Error&) {
    // A directory whose pg_dump does not run is no candidate.
  }
  return std::nullopt;
}

std::vector<std::string> SearchDirectories(const std::string& bindir) {
  if (!bindir.empty()) return {bindir};
  std::vector<std::string> directories;
  const char* path = getenv("PATH");
  std::istringstream parts(path == nullptr ? "" : path);
  for (std::string part; std::getline(parts, part, ':');)
    if (!part.empty()) directories.push_back(part);
  for (const char* pattern : kPackageDirectories) {
    glob_t found = {};
    if (glob(pattern, 0, nullptr, &found) == 0)
      for (size_t i = 0; i < found.gl_pathc; ++i) directories.emplace_back(found.gl_pathv[i]);
    globfree(&found);
  }
  return directories;
}

std::string TrimEnd(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace

int ParseProgramVersion(const std::string& text) {
  const size_t start = text.find(") ");
  if (text.rfind("pg_dump (", 0) != 0 || start == std::string::npos) return 0;
  const char* at = text.data() + start + 2;
  const char* const end = text.data() + text.size();
  uint16_t major = 0, minor = 0;
  const auto [after, error] = std::from_chars(at, end, major);
  if (error != std::errc()) return 0;
  if (after != end && *after == '.') std::from_chars(after + 1, end, minor);
  return major * 10000 + minor;
}

ClientProgram ChooseProgram(const std::vector<ClientProgram>& candidates, int source_major, int target_major) {
  const int ceiling = std::max(source_major, target_major);
  const ClientProgram* best = nullptr;
  // Majors up to the ceiling count upwards, those above it downwards and after all others; then the newest minor.
  const auto rank = [&](const ClientProgram& p) {
    return std::pair(p.major() <= ceiling ? p.major() : -p.major(), p.version);
  };
  for (const ClientProgram& candidate : candidates) {
    if (candidate.major() < source_major) continue;
    if (best == nullptr || rank(candidate) > rank(*best)) best = &candidate;
  }
  if (best != nullptr) return *best;
  throw Error(
      fmt::format("found no pg_dump of PostgreSQL {} or newer", source_major),
      candidates.empty() ? std::string() : fmt::format("The newest found is {}.", candidates.back().path),
      fmt::format("Install the package postgresql-client-{}, or name its directory with --pg-bindir.", ceiling));
}

std::vector<ClientProgram> FindPrograms(const std::string& bindir) {
  std::vector<ClientProgram> programs;
  for (const std::string& directory : SearchDirectories(bindir))
    if (const auto program = Inspect(directory)) programs.push_back(*program);
  std::stable_sort(programs.begin(), programs.end(),
                   [](const auto& a, const auto& b) { return a.version < b.version; });
  return programs;
}

std::string RunClientProgram(const ClientProgram& program, const ConnInfo& info, std::vector<std::string> arguments,
                             const std::function<void()>& waiting) {
  arguments.insert(arguments.begin(), program.path);
  arguments.push_back("--no-password");
  const bool has_password = !info.password().empty();
  MemoryFile password_file;
  if (has_password) password_file.Write(PasswordLine(info.password()));
  ConnInfo of_child = has_password ? info.With("passfile", password_file.path()) : info;
  MemoryFile service_file;
  // A service of the user's own has its settings, and the passphrase among them, in the user's file.
  const bool has_passphrase =
      !info.Get("sslpassword").empty() && info.Get("service").empty() && getenv("PGSERVICE") == nullptr;
  if (has_passphrase) {
    service_file.Write(ServiceLines(info.Get("sslpassword")));
    of_child = of_child.With("service", kService);
  }
  arguments.push_back("--dbname=" + of_child.ToStringWithoutPassword());
  Child child(arguments, ChildEnvironment(has_password, has_passphrase ? service_file.path() : std::string()),
              STDERR_FILENO);
  const std::string messages = TrimEnd(child.ReadAll(waiting));
  if (child.Wait() == 0) return messages;
  CheckStop();
  throw Error(fmt::format("\"{}\" failed", program.path), messages);
}

// Without other rights libpq takes no passwords from a file.
MemoryFile::MemoryFile() : fd_(memfd_create("pg_airlift", 0)) {
  if (fd_ < 0 || fchmod(fd_, 0600) != 0) throw Error("could not create a file in memory", std::strerror(errno));
}

MemoryFile::~MemoryFile() { close(fd_); }

std::string MemoryFile::path() const { return fmt::format("/proc/self/fd/{}", fd_); }

void MemoryFile::Write(const std::string& bytes) {
  if (write(fd_, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
    throw Error("could not write a file in memory", std::strerror(errno));
}

std::string MemoryFile::Read() const {
  std::string bytes;
  char buffer[1 << 16];
  ssize_t length = 0;
  while ((length = pread(fd_, buffer, sizeof buffer, static_cast<off_t>(bytes.size()))) > 0)
    bytes.append(buffer, static_cast<size_t>(length));
  if (length < 0) throw Error("could not read what pg_dump wrote", std::strerror(errno));
  return bytes;
}

}  // namespace airlift
