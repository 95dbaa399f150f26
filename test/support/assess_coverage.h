// Which checks of the catalogue are covered outside sql/assess_cases.sql. A unit test sees that every check is in
// exactly one place: there, in the list below (test/e2e/assess_test.cpp), or in the table of those that no test server
// can produce.
#pragma once

namespace airlift::test {

// Fire, and do not fire, in test/e2e/assess_test.cpp: what cannot be done in a transaction, and what needs a target.
inline constexpr const char* kCheckedEndToEnd[] = {
    "act.ddl",
    "act.prepared",
    "act.slot_xmin",
    "act.spilled",
    "act.two_phase",
    "act.without_tls",
    "cfg.altered",
    "cfg.decoding_memory",
    "cfg.hba",
    "cfg.hba_errors",
    "cfg.hba_methods",
    "cfg.idle_slot_timeout",
    "cfg.listen",
    "cfg.not_default",
    "cfg.plugin_list",
    "cfg.replication_role",
    "cfg.sender_timeout",
    "cfg.senders",
    "cfg.slot_keep_size",
    "cfg.slots",
    "cfg.ssl",
    "cfg.timeouts",
    "cfg.wal_level",
    "coll.differs",
    "coll.not_on_target",
    "enc.differs",
    "enc.invalid_bytes",
    "enc.not_utf8",
    "enc.sql_ascii",
    "ext.not_allowed",
    "ext.not_on_target",
    "ext.version_on_target",
    "feat.failover_slot",
    "idx.invalid",
    "owner.needs_grant",
    "owner.not_settable",
    "rate.wal",
    "role.is_master",
    "role.md5_refused",
    "role.not_on_target",
    "role.unknown_setting",
    "role.unsettable",
    "size.aurora",
    "size.dump_fit",
    "size.rds_64tib",
    "slot.plugin_refused",
    "spl.not_offered",
    "src.is_standby",
    "src.standby_decoding",
    "tablespace.custom",
    "target.create",
    "target.create_role",
    "target.load_settings",
    "target.not_empty",
    "target.password_commands",
    "target.rds_superuser",
    "target.read_only",
    "target.session_replication_role",
    "target.subscribe",
    "target.way_back",
    "target.workers",
    "tz.abbreviations",
    "tz.default",
    "tz.not_on_target",
};

struct NotProduced {
  const char* id;
  const char* reason;
};

inline constexpr NotProduced kNotProduced[] = {
    {"act.long_transaction", "takes a transaction of ten minutes"},
    {"ver.source_minor", "depends on the server that is installed"},
    {"ver.standby_dump", "takes a standby of an older minor release"},
};

}  // namespace airlift::test
