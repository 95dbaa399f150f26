#include "pinned_settings.h"

#include <iterator>

#include "server_catalog.h"
#include "text_settings.h"

extern "C" {
#include "catalog/namespace.h"
#include "utils/bytea.h"
#include "utils/float.h"
#include "utils/guc.h"

// of utils/pg_locale.h, which needs ICU's headers
extern PGDLLIMPORT char* locale_monetary;
}

namespace airlift {

namespace {

// SET search_path = '' on a function arrives as one quoted empty name, which no schema can have.
bool NamesNoSchema(const char* path) { return path[0] == '\0' || strcmp(path, "\"\"") == 0; }

}  // namespace

// Asked per row, hence by the variables behind the settings and not by GetConfigOption.
bool TextSettingsArePinned() {
  static_assert(std::size(kTextSettings) == 8, "test the new setting below");
  return DateStyle == USE_ISO_DATES && DateOrder == DATEORDER_YMD && IntervalStyle == INTSTYLE_POSTGRES &&
         extra_float_digits == 3 && bytea_output == BYTEA_OUTPUT_HEX && !quote_all_identifiers &&
         NamesNoSchema(namespace_search_path) && strcmp(locale_monetary, "C") == 0 &&
         strcmp(pg_get_timezone_name(session_timezone), "UTC") == 0;
}

int PinTextSettings() {
  const int level = NewGUCNestLevel();
  for (const TextSetting& setting : kTextSettings)
    set_config_option(setting.name, setting.value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
  return level;
}

void UnpinTextSettings(int level) { AtEOXact_GUC(true, level); }

void CallWithUtf8Client(void (*function)(void*), void* argument) {
  const int encoding = pg_get_client_encoding();
  if (likely(encoding == PG_UTF8)) return function(argument);
  if (PrepareClientEncoding(PG_UTF8) < 0)
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("conversion between %s and %s is not supported", "UTF8", GetDatabaseEncodingName())));
  SetClientEncoding(PG_UTF8);
  PG_TRY();
  { function(argument); }
  PG_FINALLY();
  { SetClientEncoding(encoding); }
  PG_END_TRY();
}

}  // namespace airlift
