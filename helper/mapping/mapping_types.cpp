#include "mapping/mapping_types.h"

#include <fmt/format.h>

namespace airlift {

namespace {

enum class Modifier { kNone, kLength, kScale, kPrecision };

struct TypeName {
  const char* name;
  const char* sql;
  Modifier modifier;
};
// As DMS makes them in a PostgreSQL target.
constexpr TypeName kTypes[] = {
    {"boolean", "boolean", Modifier::kNone},
    {"int1", "smallint", Modifier::kNone},
    {"int2", "smallint", Modifier::kNone},
    {"int4", "integer", Modifier::kNone},
    {"int8", "bigint", Modifier::kNone},
    {"uint1", "smallint", Modifier::kNone},
    {"uint2", "integer", Modifier::kNone},
    {"uint4", "bigint", Modifier::kNone},
    {"uint8", "bigint", Modifier::kNone},
    {"real4", "real", Modifier::kNone},
    {"real8", "double precision", Modifier::kNone},
    {"numeric", "numeric", Modifier::kPrecision},
    {"string", "character varying", Modifier::kLength},
    {"wstring", "character varying", Modifier::kLength},
    {"clob", "text", Modifier::kNone},
    {"nclob", "text", Modifier::kNone},
    {"bytes", "bytea", Modifier::kNone},
    {"blob", "bytea", Modifier::kNone},
    {"date", "date", Modifier::kNone},
    {"time", "time", Modifier::kScale},
    {"datetime", "timestamp", Modifier::kScale},
};

bool IsNumber(const std::string& text) {
  return !text.empty() && text.size() <= 8 && text.find_first_not_of("0123456789") == std::string::npos;
}

}  // namespace

std::string SqlType(const MappingType& type, std::string* problem) {
  for (const std::string* number : {&type.length, &type.precision, &type.scale}) {
    if (number->empty() || IsNumber(*number)) continue;
    *problem = fmt::format("\"{}\" in its data-type is not a number", *number);
    return {};
  }
  for (const TypeName& each : kTypes) {
    if (type.name != each.name) continue;
    switch (each.modifier) {
      case Modifier::kLength:
        return type.length.empty() ? "text" : fmt::format("{}({})", each.sql, type.length);
      case Modifier::kScale:
        // DMS's documents say either.
        if (type.scale.empty() && type.precision.empty()) return each.sql;
        return fmt::format("{}({})", each.sql, type.scale.empty() ? type.precision : type.scale);
      case Modifier::kPrecision:
        if (type.precision.empty()) return each.sql;
        return fmt::format("{}({},{})", each.sql, type.precision, type.scale.empty() ? "0" : type.scale);
      case Modifier::kNone:
        return each.sql;
    }
  }
  *problem = fmt::format("data-type \"{}\" is not supported", type.name);
  return {};
}

}  // namespace airlift
