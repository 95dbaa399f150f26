// --html FILE: the page of a command's result, besides what it prints.
#pragma once

#include <CLI/CLI.hpp>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace airlift {

// For an option that names a file: that it can be made is seen before anything is begun, not when a long run ends.
CLI::Option* WritesAtTheEnd(CLI::Option* option);

// Declares --html on `app`; `path` stays "" where it is not given.
void AddHtmlOption(CLI::App& app, std::string& path);

// Renders the document that the command would print with --json (html/render.h) into `path`; nothing where that is "".
// Throws Error where the file cannot be written.
void WriteHtmlFile(const std::string& path, const nlohmann::json& document);

// Writes under another name first, so that a file with the final name is whole. Throws Error.
void WriteWholeFile(const std::string& path, const std::string& text);

}  // namespace airlift
