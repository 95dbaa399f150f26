// Which server the source was, each time: the state in the target remembers it. A standby that was promoted, or a
// backup that was restored, has the same system identifier, but another timeline.
#pragma once

#include <string>

#include "pg/connection.h"

namespace airlift {

// Of the source's WAL; 0 where the server does not tell.
int TimelineOf(Connection& source);

// Than when: the last time that the source was remembered, or the first.
enum class SinceWhen { kLast, kFirst };

// In words, where the source is the same but on another timeline than it was; "" where not.
std::string FindTimelineChange(Connection& source, Connection& target, SinceWhen since);

// Its identity and timeline, in schema airlift_state of the target, which must exist: for who has judged what the
// target has of it, so that others learn of a change until somebody has.
void RememberSource(Connection& source, Connection& target);

// Throws Error where a connection that was made again leads to another server, or to another timeline, than before.
void RequireSameServer(Connection& connection, const std::string& identity_before, int timeline_before);

}  // namespace airlift
