// A database of the target like that of the source: encoding, locales, owner.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cluster/database_facts.h"

namespace airlift {

// Locales of the source by the name they have on the target.
using LocaleMap = std::map<std::string, std::string>;
// "FROM=TO" each; throws Error for anything else.
LocaleMap ParseLocaleMap(const std::vector<std::string>& texts);
// The facts with the locales that the target gets.
DatabaseFacts WithMappedLocales(DatabaseFacts database, const LocaleMap& locales);

// CREATE DATABASE from template0, for a target of this version. `database` is as it is to be.
std::string CreateDatabaseStatement(const DatabaseFacts& database, int target_major);

// Of these C library locales, those that the target's host does not have.
std::vector<std::string> UnknownLocales(Connection& target, const std::vector<std::string>& locales);

// What of encoding and collation is not as at the source, for people; "" where all is the same.
std::string LocaleDifferences(const DatabaseFacts& source, const DatabaseFacts& target);

}  // namespace airlift
