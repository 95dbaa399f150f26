// Passwords on our command line, which everybody on this host may read for as long as we run.
#pragma once

#include <string>

namespace airlift {

// The connection string in `text` without its passwords; `text` itself where there is none to hide.
std::string WithoutPassword(const std::string& text);

// Overwrites the arguments that are, or end in, connection strings with a password: what stays is the string without
// it. The caller has taken its own copy of the arguments before.
void HidePasswords(int argc, char** argv);

}  // namespace airlift
