// Many small statements of which some may be refused: fast where all succeed, exact where not.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "pg/connection.h"

namespace airlift {

// Runs `sql`; the server's words when it refused, nullopt when it did not. Within a transaction it runs in a savepoint,
// so that a refusal leaves the transaction usable. Throws where the connection is lost, the server is short of a
// resource, or a stop was requested.
std::optional<std::string> TryStatement(Connection& connection, const std::string& sql);

// Runs every statement, several hundred in a round trip, and calls `refused(index, reason)` for each that the server
// refused; the others take effect. Outside of a transaction every batch is one of its own, which also gives the locks
// back: prefer that for thousands of statements. Statements must not be transaction control.
void RunEach(Connection& connection, const std::vector<std::string>& statements,
             const std::function<void(size_t index, const std::string& reason)>& refused);

}  // namespace airlift
