#include "replicate/start_point.h"

#include <fmt/format.h>

#include "pg/identifier.h"
#include "slots/slot.h"

namespace airlift {

namespace {

constexpr std::string_view kSlotPrefix = "slot:";

bool IsLsn(const std::string& text) {
  return !text.empty() && text.find('/') != std::string::npos &&
         text.find_first_not_of("0123456789abcdefABCDEF/") == std::string::npos;
}

// Any slot of pgoutput in this database that has not gone beyond `lsn`.
std::string FindSlotFor(Connection& source, const std::string& lsn) {
  const Result slots = source.Query(
      "SELECT slot_name FROM pg_catalog.pg_replication_slots WHERE plugin = 'pgoutput' AND NOT active "
      "AND database = pg_catalog.current_database() AND COALESCE(wal_status, '') <> 'lost' "
      "AND confirmed_flush_lsn <= $1::pg_catalog.pg_lsn ORDER BY 1",
      {lsn});
  if (slots.rows() == 1) return slots.Text(0, 0);
  std::string list;
  for (int row = 0; row < slots.rows(); ++row) list += (row == 0 ? "" : ", ") + slots.Text(row, 0);
  throw Error(slots.rows() == 0 ? fmt::format("no slot of the source covers changes since {}", lsn)
                                : fmt::format("several slots of the source cover changes since {}: {}", lsn, list),
              {}, slots.rows() == 0 ? "WAL is kept for slots only: load again." : "Name one: --start-point slot:NAME.");
}

}  // namespace

StartPoint FindStartPoint(Connection& source, const std::string& text,
                          const std::function<void(const std::string& line)>& note) {
  const bool is_lsn = IsLsn(text);
  if (!is_lsn && !text.starts_with(kSlotPrefix))
    throw Error(fmt::format("start point \"{}\" is not known", text), {}, "Give now, slot:NAME, or an LSN.");
  const std::string name = is_lsn ? FindSlotFor(source, text) : text.substr(kSlotPrefix.size());
  const auto slot = FindSlot(source, name);
  if (!slot) throw Error(fmt::format("source: there is no slot {}", DisplayName(name)));
  if (slot->plugin != "pgoutput" || slot->is_active || slot->wal_status == "lost" ||
      slot->database != source.Query("SELECT pg_catalog.current_database()").Text(0, 0))
    throw Error(fmt::format("source: slot {} cannot be the start point", DisplayName(name)),
                fmt::format("Its plugin is {}, its database {}, it is {}, its WAL is {}.", slot->plugin, slot->database,
                            slot->is_active ? "in use" : "free", slot->wal_status),
                "It has to be a free slot of pgoutput in this database.");
  note(fmt::format("source: slot {} stands at {} (confirmed_flush_lsn)", name, slot->confirmed_flush_lsn));
  if (!is_lsn) return {name, slot->confirmed_flush_lsn};
  const Result advanced =
      source.Query("SELECT end_lsn FROM pg_catalog.pg_replication_slot_advance($1, $2)", {name, text});
  return {name, advanced.Text(0, 0)};
}

}  // namespace airlift
