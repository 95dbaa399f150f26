// Options that choose what of the source is moved or compared: pg_dump's.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "selection/selection_rules.h"

namespace airlift {

struct SelectionArguments {
  // By the option that gave them, "--table" first.
  std::vector<std::vector<std::string>> patterns;
  std::vector<std::string> filters;
  std::string mapping;

  // Reads the filter files. Throws Error where a pattern or a line is none.
  SelectionRules Rules() const;
};

void AddSelectionOptions(CLI::App& app, SelectionArguments& arguments);

// --mapping alone.
CLI::Option* AddMappingOption(CLI::App& app, std::string& file);
// The rules of a table mapping; none where no file is given. Throws Error where it is no table mapping.
SelectionRules MappingRules(const std::string& file);

}  // namespace airlift
