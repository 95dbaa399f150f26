// PostgreSQL's client programs: which pg_dump to use, and running it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "pg/conninfo.h"

namespace airlift {

struct ClientProgram {
  std::string path;
  int version = 0;  // like PG_VERSION_NUM: 150020

  int major() const { return version / 10000; }
};

// The version that `pg_dump --version` prints, as PG_VERSION_NUM; 0 where the text is none.
int ParseProgramVersion(const std::string& text);

// The program for a move from `source_major` to `target_major`, out of `candidates`: the newest that is not older than
// the source and not newer than the target, else the oldest newer one (it may write clauses that the target does not
// know). Throws Error with a hint when none will do.
ClientProgram ChooseProgram(const std::vector<ClientProgram>& candidates, int source_major, int target_major);

// Looks for pg_dump in `bindir` alone when it is given, else in PATH and in the places of the usual packages.
std::vector<ClientProgram> FindPrograms(const std::string& bindir);

// Runs the program with `info` as its --dbname; a password, or the passphrase of a client's key, goes through a
// file in memory that the child inherits, never through the command line or the environment. Ends it when a stop is
// requested. Throws Error with the program's stderr as DETAIL when it fails; returns its warnings. `waiting` is called
// now and then meanwhile; what it throws ends the program.
std::string RunClientProgram(const ClientProgram& program, const ConnInfo& info, std::vector<std::string> arguments,
                             const std::function<void()>& waiting = {});

// A file without a name, for a child to write and us to read, or the other way round: nothing is left behind however we
// end, and nobody else may open it.
class MemoryFile {
 public:
  MemoryFile();
  ~MemoryFile();
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  // As a child process that inherits it can open it.
  std::string path() const;
  void Write(const std::string& bytes);
  std::string Read() const;

 private:
  int fd_ = -1;
};

}  // namespace airlift
