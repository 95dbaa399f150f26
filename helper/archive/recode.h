// Archives in another encoding than UTF8.
#pragma once

#include <string>

#include "pg/connection.h"
#include "schema/archive.h"

namespace airlift {

// Turns the contents into UTF8, by the server's own conversion. Throws Error for an archive whose literals were written
// with standard_conforming_strings = off: they would be read as something else.
void RecodeContents(Connection& server, const std::string& encoding, Archive& archive);

}  // namespace airlift
