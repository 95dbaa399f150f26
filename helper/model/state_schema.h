// The schema of the target database that holds the run's state. Not pg_airlift: PostgreSQL reserves names that begin
// with "pg_" for itself ("unacceptable schema name").
#pragma once

// A macro, so that it joins string literals: "SELECT ... FROM " AIRLIFT_STATE_SCHEMA ".task"
#define AIRLIFT_STATE_SCHEMA "airlift_state"
