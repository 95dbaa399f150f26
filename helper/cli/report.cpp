// report: what another command wrote as JSON, as one HTML page.
#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/json_document.h"
#include "cli/command.h"
#include "cli/html_file.h"
#include "html/render.h"
#include "model/verdict.h"

namespace airlift {

namespace {

struct ReportArguments {
  std::string input;
  std::string output;
};

std::string ReadInput(const std::string& path) {
  if (path == "-") return {std::istreambuf_iterator<char>(std::cin), {}};
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) throw Error(fmt::format("could not read file \"{}\": {}", path, std::strerror(errno)));
  return text;
}

nlohmann::json Parse(const std::string& path, const std::string& text) {
  try {
    return ParseDocument(text);
  } catch (const nlohmann::json::exception& error) {
    throw Error(fmt::format("file \"{}\" is not valid JSON", path), error.what());
  }
}

int RunReport(const ReportArguments& arguments) {
  const std::string page = RenderHtml(Parse(arguments.input, ReadInput(arguments.input)));
  if (arguments.output.empty() || arguments.output == "-") {
    fmt::print("{}", page);
  } else {
    WriteWholeFile(arguments.output, page);
  }
  return kExitDone;
}

}  // namespace

std::function<int()> SetupReport(CLI::App& app) {
  auto arguments = std::make_shared<ReportArguments>();
  app.add_option(
         "FILE", arguments->input,
         "evidence of compare, migrate or restore, or what assess or plan printed with --json; - for standard input")
      ->required();
  app.add_option("-o,--output", arguments->output, "where to write the page (default: standard output)")
      ->type_name("FILE");
  return [arguments] { return RunReport(*arguments); };
}

}  // namespace airlift
