// A directory that a run fills, and nobody else has.
#pragma once

#include <string>

namespace airlift {

// Throws Error where `path` is something else than an empty directory, or not there. `manifest` is the name of the file
// that tells a complete one.
void RefuseFilledDirectory(const std::string& path, const char* manifest);

// Makes `path`, with the directories above it, where it is not there. Throws Error with the reason.
void MakeDirectory(const std::string& path);

// Throws Error where no file could be made at `path`: its directory is missing or closed, or it is a directory.
void RequirePlaceForFile(const std::string& path);

}  // namespace airlift
