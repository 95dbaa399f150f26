// A plain SQL script of pg_dump. Only psql can read it: it runs as a whole, in one transaction, neither filtered nor
// proved.
#pragma once

#include <string>

#include "restore/restore.h"

namespace airlift {

// Whether the file begins as pg_dump begins a plain script.
bool IsPlainScript(const std::string& path);

// Runs the script on the target by psql, beside the pg_dump of options.pg_bindir or PATH. The target holds all of it
// afterwards or, with an Error, nothing. psql obeys no command of its own in it (\restrict), whatever a name or a
// comment of the source made of a line. The verdict is "not verified".
RunResult RestoreScript(const ArchiveOptions& archive, const MoveOptions& options, Progress& progress);

// What RestoreScript would do. Changes nothing.
Description DescribeScriptRestore(const ArchiveOptions& archive, const MoveOptions& options);

}  // namespace airlift
