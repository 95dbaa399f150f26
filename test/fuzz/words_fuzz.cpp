// Short texts: positions, sizes, durations, digests, connection strings, patterns, names.
#include "archive/manifest.h"
#include "audit/change_stream.h"
#include "base/duration.h"
#include "base/format.h"
#include "base/terminal.h"
#include "catalog/pattern.h"
#include "fuzz/fuzz.h"
#include "pg/conninfo.h"
#include "pg/identifier.h"
#include "pg/sql_text.h"
#include "plan/aws_name.h"
#include "schema/client_program.h"

using namespace airlift;

namespace {

// Bytes with which a name could do something where it is shown.
void RequireNoControls(const std::string& text, bool newline_is_fine) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && !(newline_is_fine && (c == '\n' || c == '\t'))) || byte == 0x7f) __builtin_trap();
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(fuzz::View(data, size));
  fuzz::Refusing([&] { ParseLsn(text); });
  fuzz::Refusing([&] { ParseSize(text); });
  fuzz::Refusing([&] { ParseDuration(text); });
  fuzz::Refusing([&] { ParseDigestText(text); });
  fuzz::Refusing([&] { Matches({ParseNamePattern(text)}, "schema", "name"); });
  fuzz::Refusing([&] { SplitQuotedList(text); });
  ParseProgramVersion(text);
  planning::ParseRdsEndpoint(text);
  planning::CheckAwsIdentifier(planning::IdentifierFrom(text), "name");
  fuzz::Refusing([&] {
    // What is written can be read again.
    const ConnInfo info = ConnInfo::Parse(text);
    if (ConnInfo::Parse(info.ToString()).settings() != info.settings()) __builtin_trap();
  });
  RequireNoControls(Inert(text), true);
  RequireNoControls(DisplayName(text), false);
  RequireNoControls(SqlName(text), false);
  RequireNoControls(SqlText(text), false);
  RequireNoControls(OneLine(text), false);
  RequireNoControls(planning::ShellQuote(text), false);
  return 0;
}
