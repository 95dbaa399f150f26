#include "cluster/database_creation.h"

#include <fmt/format.h>

#include "pg/sql_text.h"

namespace airlift {

namespace {

constexpr int kProvidersSince = 15;

const std::string& Mapped(const std::string& locale, const LocaleMap& locales) {
  const auto found = locales.find(locale);
  return found == locales.end() ? locale : found->second;
}

std::string ProviderClauses(const DatabaseFacts& database) {
  switch (database.provider) {
    case 'i':
      return " LOCALE_PROVIDER icu ICU_LOCALE " + SqlText(database.locale) +
             (database.icu_rules.empty() ? "" : " ICU_RULES " + SqlText(database.icu_rules));
    case 'b':
      return " LOCALE_PROVIDER builtin BUILTIN_LOCALE " + SqlText(database.locale);
    default:
      return " LOCALE_PROVIDER libc";
  }
}

std::string Collation(const DatabaseFacts& database) {
  const char* provider = database.provider == 'i' ? "ICU " : database.provider == 'b' ? "builtin " : "";
  return provider + SqlText(database.provider == 'c' ? database.collate : database.locale);
}

}  // namespace

LocaleMap ParseLocaleMap(const std::vector<std::string>& texts) {
  LocaleMap locales;
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == text.size())
      throw Error("--map-locale: \"" + text + "\" is not of the form FROM=TO", {},
                  "For example: de_DE.utf8=de_DE.UTF-8");
    locales[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return locales;
}

DatabaseFacts WithMappedLocales(DatabaseFacts database, const LocaleMap& locales) {
  database.collate = Mapped(database.collate, locales);
  database.ctype = Mapped(database.ctype, locales);
  database.locale = Mapped(database.locale, locales);
  return database;
}

std::string CreateDatabaseStatement(const DatabaseFacts& database, int target_major) {
  return fmt::format("CREATE DATABASE {} TEMPLATE template0 ENCODING {} LC_COLLATE {} LC_CTYPE {}{}",
                     SqlName(database.name), SqlText(database.encoding), SqlText(database.collate),
                     SqlText(database.ctype), target_major >= kProvidersSince ? ProviderClauses(database) : "");
}

std::vector<std::string> UnknownLocales(Connection& target, const std::vector<std::string>& locales) {
  std::vector<std::string> unknown;
  const Transaction rolled_back(target);
  for (const std::string& locale : locales) {
    target.Execute("SAVEPOINT airlift_locale");
    try {
      // Asks the host for the locale as CREATE DATABASE does, and any role may set it.
      target.Query("SELECT pg_catalog.set_config('lc_monetary', $1, true)", {locale});
    } catch (const SqlError& error) {
      if (!error.IsClass("22")) throw;
      unknown.push_back(locale);
    }
    target.Execute("ROLLBACK TO SAVEPOINT airlift_locale");
  }
  return unknown;
}

std::string LocaleDifferences(const DatabaseFacts& source, const DatabaseFacts& target) {
  std::string text;
  const auto add = [&](const char* what, const std::string& at_source, const std::string& at_target) {
    if (at_source == at_target) return;
    text += fmt::format("{}{} is {} at the source and {} at the target", text.empty() ? "" : ", ", what, at_source,
                        at_target);
  };
  add("encoding", source.encoding, target.encoding);
  add("collation", Collation(source), Collation(target));
  add("character classification", SqlText(source.ctype), SqlText(target.ctype));
  return text;
}

}  // namespace airlift
