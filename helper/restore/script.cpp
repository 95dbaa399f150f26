#include "restore/script.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <random>
#include <string_view>
#include <thread>
#include <vector>

#include "base/byte_source.h"
#include "engine/load.h"
#include "pg/sql_text.h"
#include "preflight/preflight.h"
#include "schema/client_program.h"
#include "state/run_state.h"

namespace airlift {

namespace {

constexpr std::string_view kFirstWords = "--\n-- PostgreSQL database dump\n--\n";
constexpr std::string_view kLastWords = "\n--\n-- PostgreSQL database dump complete\n--\n";
constexpr std::string_view kServerVersion = "\n-- Dumped from database version ";
constexpr std::string_view kProgramVersion = "\n-- Dumped by pg_dump version ";
constexpr std::string_view kRestrict = "\\restrict ";
constexpr std::string_view kUnrestrict = "\\unrestrict ";
constexpr std::string_view kTimeout = "SET transaction_timeout ";
constexpr int64_t kEnds = 4096;  // bytes that are looked at of either end

std::string Start(const std::string& path) {
  const Extent whole = WholeFile(path);
  return ReadWhole({path, 0, std::min(whole.size, kEnds)});
}

std::string End(const std::string& path) {
  const Extent whole = WholeFile(path);
  const int64_t size = std::min(whole.size, kEnds);
  return ReadWhole({path, whole.size - size, size});
}

std::string RestOfLine(std::string_view text, std::string_view words) {
  const size_t at = text.find(words);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = text.substr(at + words.size());
  return std::string(rest.substr(0, rest.find('\n')));
}

constexpr int kTransactionTimeoutSince = 17;

// What comes before the first object of a script. Of it psql gets no \restrict, for it has ours, and no setting that
// the target is too old for; the lines stay, so that psql's messages count them right.
std::string HeaderFor(std::string_view start, int target_major) {
  std::string header;
  while (!start.empty()) {
    const std::string_view line = start.substr(0, start.find('\n'));
    const bool is_restrict = line.substr(0, kRestrict.size()) == kRestrict;
    const bool is_header = line.empty() || line.substr(0, 2) == "--" || line.substr(0, 4) == "SET " || is_restrict;
    if (!is_header || line.size() == start.size()) break;
    const bool is_too_new = target_major < kTransactionTimeoutSince && line.substr(0, kTimeout.size()) == kTimeout;
    if (!is_restrict && !is_too_new) header += line;
    header += '\n';
    start.remove_prefix(line.size() + 1);
  }
  return header;
}

// Bytes of the file that such a header stands for.
int64_t HeaderSize(std::string_view start, std::string_view header) {
  int64_t size = 0;
  for (auto lines = std::count(header.begin(), header.end(), '\n'); lines > 0; --lines)
    size = static_cast<int64_t>(start.find('\n', static_cast<size_t>(size))) + 1;
  return size;
}

// psql runs what there is of a script, and would commit it.
// Returns where the script ends; what follows is a comment and pg_dump's \unrestrict.
int64_t EndOfScript(const std::string& path) {
  const std::string end = End(path);
  const size_t at = end.rfind(kLastWords);
  bool is_whole = at != std::string::npos;
  std::string_view rest = is_whole ? std::string_view(end).substr(at + kLastWords.size()) : std::string_view();
  while (is_whole && !rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    is_whole = line.empty() || line.substr(0, kUnrestrict.size()) == kUnrestrict;
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  }
  if (!is_whole)
    throw Error(fmt::format("script \"{}\" is cut off", path),
                "It does not end with \"PostgreSQL database dump complete\", as pg_dump ends a script.",
                "Make the dump again.");
  return WholeFile(path).size - static_cast<int64_t>(end.size() - at);
}

std::string RandomWord() {
  static constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  std::random_device random;
  std::string word;
  while (word.size() < 40) word += kLetters[random() % kLetters.size()];
  return word;
}

// Beside a pg_dump, the newest first.
ClientProgram FindPsql(const std::string& bindir) {
  std::vector<ClientProgram> programs = FindPrograms(bindir);
  std::reverse(programs.begin(), programs.end());
  for (ClientProgram& program : programs) {
    program.path = std::filesystem::path(program.path).replace_filename("psql");
    if (access(program.path.c_str(), X_OK) == 0) return program;
  }
  throw Error("found no psql, which a plain script needs", {},
              "Install the package postgresql-client, or name its directory with --pg-bindir.");
}

// What a child process reads as a file while a thread writes it: a text, then bytes of a file. The end comes only when
// everything is written: who reads a script to its end commits it.
class FeedingPipe {
 public:
  FeedingPipe(std::string text, Extent then) : text_(std::move(text)), then_(std::move(then)) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw Error("could not create a pipe", std::strerror(errno));
    read_fd_ = ends[0];
    write_fd_ = ends[1];
    fcntl(read_fd_, F_SETFD, 0);  // for the child
    thread_ = std::thread([this] { Feed(); });
  }
  ~FeedingPipe() {
    CloseReadEnd();
    thread_.join();
    if (write_fd_ >= 0) close(write_fd_);
  }
  FeedingPipe(const FeedingPipe&) = delete;
  FeedingPipe& operator=(const FeedingPipe&) = delete;

  std::string path() const { return fmt::format("/proc/self/fd/{}", read_fd_); }

  // Once the child has it, so that a child that ends ends the writing. Throws what kept the thread from going on.
  void Check() {
    CloseReadEnd();
    if (failed_) throw Error(failure_);
  }

 private:
  void CloseReadEnd() {
    if (is_read_end_open_) close(read_fd_);
    is_read_end_open_ = false;
  }

  void Feed() {
    sigset_t broken_pipe;
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
    try {
      if (!Write(text_)) return;
      ByteSource source(then_);
      for (std::string_view piece = source.Next(); !piece.empty(); piece = source.Next())
        if (!Write(piece)) return;
    } catch (const std::exception& error) {
      failure_ = error.what();
      failed_ = true;
      return;
    }
    close(write_fd_);
    write_fd_ = -1;
  }

  // False where nobody reads any more.
  bool Write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = write(write_fd_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return false;
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    return true;
  }

  const std::string text_;
  const Extent then_;
  int read_fd_ = -1;
  int write_fd_ = -1;
  bool is_read_end_open_ = true;
  std::string failure_;
  std::atomic<bool> failed_{false};
  std::thread thread_;
};

std::vector<std::string> Arguments(const std::string& path) {
  return {"--no-psqlrc",
          "--quiet",
          "--single-transaction",
          "--set=ON_ERROR_STOP=1",
          fmt::format("--command={}{}", kRestrict, RandomWord()),
          "--file=" + path};
}

std::string WithName(std::string messages, const std::string& pipe, const std::string& path) {
  for (size_t at = messages.find(pipe); at != std::string::npos; at = messages.find(pipe, at + path.size()))
    messages.replace(at, pipe.size(), path);
  return messages;
}

void RunScript(const ClientProgram& psql, const std::string& path, const ConnInfo& target, int target_major) {
  const std::string start = Start(path);
  const std::string header = HeaderFor(start, target_major);
  const int64_t begin = HeaderSize(start, header);
  FeedingPipe pipe(header, {path, begin, EndOfScript(path) - begin});
  const std::string name = pipe.path();
  try {
    RunClientProgram(psql, target, Arguments(name), [&] { pipe.Check(); });
  } catch (const Stopped&) {
    throw;
  } catch (const Error& error) {
    throw Error("psql could not run the script; the target is as it was before",
                error.detail().empty() ? error.what() : WithName(error.detail(), name, path),
                "From a directory, custom format or tar (pg_dump -Fd, -Fc, -Ft), what this target refuses is left out "
                "and listed, and the rest arrives.");
  }
}

void RefuseOptions(const ArchiveOptions& archive, const MoveOptions& options) {
  if (!options.selection.IsEmpty())
    throw Error(fmt::format("\"{}\" is a plain script, of which nothing can be selected or mapped", archive.path), {},
                "Dump in directory, custom format or tar, or move from the source itself.");
  if (!archive.manifest.empty() || !archive.manifest_key.empty())
    throw Error(fmt::format("\"{}\" is a plain script, which has no manifest", archive.path), {},
                "What is to be proved is dumped by pg_airlift dump.");
}

void RefuseOtherState(Connection& target) {
  if (const auto run = RunState(target).Find(); run && run->stage != Stage::kFinished)
    throw Error(fmt::format("the target holds the state of an unfinished restore or move, of database \"{}\"",
                            run->source_database),
                {}, "Give an empty target database.");
}

}  // namespace

bool IsPlainScript(const std::string& path) {
  if (!FileExists(path) || std::filesystem::is_directory(path)) return false;
  return Start(path).substr(0, kFirstWords.size()) == kFirstWords;
}

RunResult RestoreScript(const ArchiveOptions& archive, const MoveOptions& options, Progress& progress) {
  RefuseOptions(archive, options);
  EndOfScript(archive.path);
  const ClientProgram psql = FindPsql(options.pg_bindir);
  const std::string start = Start(archive.path);
  RunResult result;
  result.command = "restore";
  result.started_at = UtcNow();
  result.was_verified = false;
  result.source.server_version = RestOfLine(start, kServerVersion);
  Connection target(options.target, Side::kTarget);
  result.target = ReadServerFacts(target);
  TakeDriverLock(target, progress);
  RefuseOtherState(target);
  if (const std::string list = Blockers(RunTargetPreflight({target, options})); !list.empty()) throw Error(list);
  result.notes.push_back(fmt::format("from plain script {} (by pg_dump {}), through psql", archive.path,
                                     RestOfLine(start, kProgramVersion)));
  result.notes.emplace_back(
      "not verified: psql neither filters nor proves anything; an archive of pg_airlift dump is proved");
  progress.Note(fmt::format("{} runs the script, as one transaction", psql.path));
  const auto began = std::chrono::steady_clock::now();
  RunScript(psql, archive.path, options.target, target.server_major());
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  result.seconds.emplace_back("psql", took.count());
  target.Execute("ANALYZE");
  result.finished_at = UtcNow();
  return result;
}

Description DescribeScriptRestore(const ArchiveOptions& archive, const MoveOptions& options) {
  RefuseOptions(archive, options);
  EndOfScript(archive.path);
  const std::string start = Start(archive.path);
  std::string text = SqlComment(fmt::format("plain script: {}, of a PostgreSQL {}, by pg_dump {}", archive.path,
                                            RestOfLine(start, kServerVersion), RestOfLine(start, kProgramVersion)));
  Connection target(options.target, Side::kTarget);
  const std::vector<PreflightProblem> problems = RunTargetPreflight({target, options});
  text += ProblemComments(problems);
  std::string command = FindPsql(options.pg_bindir).path;
  for (const std::string& argument : Arguments(archive.path)) command += " " + argument;
  return {text + SqlComment("runs: " + command) + "/* target */ ANALYZE;\n", !Blockers(problems).empty()};
}

}  // namespace airlift
