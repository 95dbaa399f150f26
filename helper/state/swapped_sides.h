// --source and --target given the wrong way round, while a migration between the two is recorded.
#pragma once

#include "pg/connection.h"

namespace airlift {

// True when the database given as the source holds the state of a migration whose source is the one given as the
// target. False where that cannot be told.
bool AreSwapped(Connection& source, Connection& target);

// Throws Error where they are.
void RefuseSwappedSides(Connection& source, Connection& target);

inline constexpr const char* kSwappedSides = "source and target are swapped";
inline constexpr const char* kSwappedSidesDetail =
    "The database given as the source holds the state of a migration that came from the one given as the target.";
inline constexpr const char* kSwappedSidesHint =
    "Give them the other way round; pg_airlift status tells how it stands.";

}  // namespace airlift
