#include <mixfam/fit.hpp>

namespace mixfam {

const char* to_string(Update update) {
  switch (update) {
    case Update::ml:
      return "ml";
    case Update::map:
      return "map";
    case Update::vb:
      return "vb";
    case Update::sampled:
      return "sampled";
  }
  return "";
}

const char* to_string(Assignment assignment) {
  switch (assignment) {
    case Assignment::soft:
      return "soft";
    case Assignment::hard:
      return "hard";
    case Assignment::sampled:
      return "sampled";
  }
  return "";
}

const char* to_string(Acceleration acceleration) {
  switch (acceleration) {
    case Acceleration::none:
      return "none";
    case Acceleration::squarem:
      return "squarem";
    case Acceleration::anderson:
      return "anderson";
  }
  return "";
}

const char* to_string(DegeneratePolicy policy) {
  switch (policy) {
    case DegeneratePolicy::error:
      return "error";
    case DegeneratePolicy::reseed:
      return "reseed";
    case DegeneratePolicy::drop:
      return "drop";
    case DegeneratePolicy::keep:
      return "keep";
  }
  return "";
}

const char* to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::converged:
      return "converged";
    case Verdict::max_iterations:
      return "max_iterations";
    case Verdict::decreased:
      return "decreased";
    case Verdict::degenerate:
      return "degenerate";
    case Verdict::interrupted:
      return "interrupted";
    case Verdict::saddle:
      return "saddle";
  }
  return "";
}

const char* to_string(Prefer prefer) {
  switch (prefer) {
    case Prefer::sound:
      return "sound";
    case Prefer::likelihood:
      return "likelihood";
  }
  return "";
}

}  // namespace mixfam
