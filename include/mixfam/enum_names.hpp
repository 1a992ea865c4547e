#pragma once

#include <optional>
#include <string_view>

namespace mixfam {

template <class Enum>
struct EnumName {
  Enum value;
  const char* name;
};

/// The names of the values of an enumeration, in messages, files and options of the program alike: specialised beside
/// each enumeration that has names, with an array `all` in the order of the values.
template <class Enum>
struct EnumNames;

/// The name of a value; "" of a number that is no value of the enumeration.
template <class Enum, class = decltype(EnumNames<Enum>::all)>
constexpr const char* to_string(Enum value) {
  for (const EnumName<Enum>& each : EnumNames<Enum>::all)
    if (each.value == value) return each.name;
  return "";
}

/// The value of a name; nothing for a word that names none.
template <class Enum>
constexpr std::optional<Enum> from_string(std::string_view name) {
  for (const EnumName<Enum>& each : EnumNames<Enum>::all)
    if (each.name == name) return each.value;
  return std::nullopt;
}

}  // namespace mixfam
