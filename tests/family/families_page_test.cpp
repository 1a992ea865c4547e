#include "catch.hpp"

#include <mixfam/mixfam.hpp>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

// docs/families.md is made from the registry. With MIXFAM_WRITE_DOCS=1 in the environment this test writes the page
// instead of comparing it.

namespace mixfam {
namespace {

void list_fields(std::ostream& page, const std::string& heading, const Schema& schema) {
  for (const Field& field : schema.fields())
    page << "| " << heading << " | `" << field.name << "` | " << rule_of(field.domain) << " |\n";
}

std::string families_page() {
  std::ostringstream page;
  page << "# Families\n\nMade from the registry: each section is what the family's own file states. `mixfam families` "
          "lists\n"
          "the same names. Symbols are those of [notation.md](notation.md).\n";
  const Registry registry = Registry::builtin();
  for (const RegistryEntry& entry : registry.entries()) {
    const FamilyPtr family = registry.make(entry.example.empty() ? entry.name : entry.example, 1);
    page << "\n## " << entry.name << "\n\n" << entry.summary << ".\n\n| | name | rule |\n|---|---|---|\n";
    page << "| data | `x` | " << family->support(0).rule << " |\n";
    list_fields(page, "parameter", family->parameters());
    if (family->prior()) list_fields(page, "prior", family->prior()->hyperparameters());
    for (const std::string& option : entry.options) page << "| option | `" << option << "` | |\n";
    page << entry.formulas;
  }
  return page.str();
}

}  // namespace

TEST_CASE("docs/families.md says what the registry says", "[docs]") {
  const std::string file = std::string(std::getenv("MIXFAM_SOURCE_ROOT")) + "/docs/families.md";
  if (std::getenv("MIXFAM_WRITE_DOCS")) std::ofstream(file) << families_page();
  std::ostringstream committed;
  committed << std::ifstream(file).rdbuf();
  CHECK(committed.str() == families_page());
}

}  // namespace mixfam
