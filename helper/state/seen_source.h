// Which server the source was, each time: the state in the target remembers it. A standby that was promoted, or a
// backup that was restored, has the same system identifier, but another timeline.
#pragma once

#include <string>

#include "pg/connection.h"

namespace airlift {

// Of the source's WAL; 0 where the server does not tell.
int TimelineOf(Connection& source);

// Remembers the source's identity and timeline in schema airlift_state of the target, which must exist. What is to be
// known about it, where it was another one the last time; "" where not.
std::string NoticeSource(Connection& source, Connection& target);

// Throws Error where a connection that was made again leads to another server, or to another timeline, than before.
void RequireSameServer(Connection& connection, const std::string& identity_before, int timeline_before);

}  // namespace airlift
