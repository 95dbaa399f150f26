#include "cli/selection_arguments.h"

#include <iterator>

#include "base/error.h"
#include "mapping/table_mapping.h"
#include "selection/filter_file.h"

namespace airlift {

namespace {

struct SelectionOption {
  const char* flags;  // CLI11's, the long name last
  const char* name;
  bool is_include;
  SelectedKind kind;
  const char* description;
};

constexpr SelectionOption kOptions[] = {
    {"-T,--table", "--table", true, SelectedKind::kTable,
     "only tables, views and sequences that match this pattern, and what they need; may be given several times, as all "
     "of these"},
    {"--table-and-children", "--table-and-children", true, SelectedKind::kTableAndChildren,
     "the same, with partitions and tables that inherit"},
    {"--exclude-table", "--exclude-table", false, SelectedKind::kTable, "not the tables that match this pattern"},
    {"--exclude-table-and-children", "--exclude-table-and-children", false, SelectedKind::kTableAndChildren,
     "the same, with partitions and tables that inherit"},
    {"--exclude-table-data", "--exclude-table-data", false, SelectedKind::kTableData,
     "of the tables that match this pattern the definition alone"},
    {"--exclude-table-data-and-children", "--exclude-table-data-and-children", false,
     SelectedKind::kTableDataAndChildren, "the same, with partitions and tables that inherit"},
    {"-n,--schema", "--schema", true, SelectedKind::kSchema, "only schemas that match this pattern"},
    {"-N,--exclude-schema", "--exclude-schema", false, SelectedKind::kSchema,
     "not the schemas that match this pattern"},
    {"--extension", "--extension", true, SelectedKind::kExtension,
     "this extension too, where only tables or schemas are asked for"},
    {"--exclude-extension", "--exclude-extension", false, SelectedKind::kExtension,
     "not the extensions that match this pattern"},
};

}  // namespace

void AddSelectionOptions(CLI::App& app, SelectionArguments& arguments) {
  arguments.patterns.resize(std::size(kOptions));
  const char* group = "Selection (docs/selection.md)";
  for (size_t i = 0; i < std::size(kOptions); ++i)
    app.add_option(kOptions[i].flags, arguments.patterns[i], kOptions[i].description)
        ->type_name("PATTERN")
        ->group(group);
  AddMappingOption(app, arguments.mapping)->group(group);
  app.add_option("--filter", arguments.filters, "a file of such choices, as pg_dump 17 takes it (- for standard input)")
      ->type_name("FILE")
      ->group(group);
}

SelectionRules SelectionArguments::Rules() const {
  SelectionRules rules;
  for (size_t i = 0; i < patterns.size(); ++i)
    for (const std::string& pattern : patterns[i])
      rules.Add(kOptions[i].is_include, kOptions[i].kind, pattern, std::string(kOptions[i].name) + " " + pattern);
  for (const std::string& file : filters) ReadFilterFile(file, rules);
  if (mapping.empty()) return rules;
  if (!rules.rules.empty())
    throw Error("--mapping cannot be combined with other options of selection", {},
                "Write rules that select and exclude.");
  return MappingRules(mapping);
}

CLI::Option* AddMappingOption(CLI::App& app, std::string& file) {
  return app
      .add_option("--mapping", file,
                  "a table mapping of AWS DMS: selection, filters and transformations as JSON (docs/table-mapping.md)")
      ->type_name("FILE");
}

SelectionRules MappingRules(const std::string& file) {
  SelectionRules rules;
  if (file.empty()) return rules;
  rules.mapping = ReadTableMappingFile(file);
  rules.mapping_origin = file;
  ParseTableMapping(rules.mapping, file);
  return rules;
}

}  // namespace airlift
