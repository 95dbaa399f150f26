#include "base/output_directory.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/byte_source.h"
#include "base/error.h"

namespace airlift {

void RefuseFilledDirectory(const std::string& path, const char* manifest) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return;
  if (!std::filesystem::is_directory(path)) throw Error(fmt::format("\"{}\" is no directory", path));
  if (std::filesystem::is_empty(path)) return;
  throw Error(fmt::format("directory \"{}\" is not empty", path),
              FileExists(path + "/" + manifest) ? "What it holds is complete: it has its manifest."
                                                : "It may be of a run that did not end: there is no manifest in it.",
              "Give another directory, or remove this one.");
}

void MakeDirectory(const std::string& path) {
  std::error_code failure;
  std::filesystem::create_directories(path, failure);
  if (failure) throw Error(fmt::format("could not create directory \"{}\": {}", path, failure.message()));
}

void RequirePlaceForFile(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    throw Error(fmt::format("\"{}\" is a directory", path), {}, "Give the name of a file.");
  const std::string parent = std::filesystem::path(path).parent_path();
  const std::string directory = parent.empty() ? "." : parent;
  if (access(directory.c_str(), W_OK | X_OK) != 0)
    throw Error(fmt::format("no file can be made in directory \"{}\": {}", directory, std::strerror(errno)),
                fmt::format("\"{}\" is to be written there at the end.", path));
}

}  // namespace airlift
