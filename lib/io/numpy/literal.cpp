#include "io/numpy/literal.hpp"

#include <stdexcept>

namespace mixfam::numpy {

namespace {

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Literal whole() {
    Literal value = literal(0);
    skip_blanks();
    if (at_ != text_.size()) fail("the end");
    return value;
  }

 private:
  [[noreturn]] void fail(const std::string& expected) const {
    throw std::invalid_argument(expected + " is expected at byte " + std::to_string(at_) + " of its header");
  }

  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t')) ++at_;
  }

  bool take(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  Literal literal(int depth) {
    constexpr int deepest = 16;
    if (depth > deepest) fail("a header that is not so deep");
    skip_blanks();
    if (take("True")) return {Literal::Kind::boolean, "", true, {}};
    if (take("False")) return {Literal::Kind::boolean, "", false, {}};
    if (take("(")) return items(Literal::Kind::sequence, ')', depth);
    if (take("[")) return items(Literal::Kind::sequence, ']', depth);
    if (take("{")) return items(Literal::Kind::dictionary, '}', depth);
    if (at_ < text_.size() && (text_[at_] == '\'' || text_[at_] == '"')) return quoted();
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    if (at_ == begin) fail("a value");
    Literal number{Literal::Kind::number, std::string(text_.substr(begin, at_ - begin)), false, {}};
    take("L");  // long integers of Python 2
    return number;
  }

  Literal quoted() {
    const char quote = text_[at_++];
    std::string value;
    while (at_ < text_.size() && text_[at_] != quote) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      value += text_[at_++];
    }
    if (at_ == text_.size()) fail("a closing quote");
    ++at_;
    return {Literal::Kind::text, std::move(value), false, {}};
  }

  Literal items(Literal::Kind kind, char close, int depth) {
    Literal value{kind, "", false, {}};
    for (;;) {
      skip_blanks();
      if (take(std::string_view(&close, 1))) return value;
      value.items.push_back(literal(depth + 1));
      skip_blanks();
      if (kind == Literal::Kind::dictionary) {
        if (!take(":")) fail("':'");
        value.items.push_back(literal(depth + 1));
        skip_blanks();
      }
      if (!take(",") && (at_ == text_.size() || text_[at_] != close)) fail("',' or '" + std::string(1, close) + "'");
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Literal parse_literal(std::string_view text) { return Parser(text).whole(); }

}  // namespace mixfam::numpy
