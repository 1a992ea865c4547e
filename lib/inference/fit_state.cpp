#include <mixfam/fit_state.hpp>

#include "inference/fit_memory.hpp"

namespace mixfam {

FitState::FitState(Memory memory) : memory_(std::make_unique<Memory>(std::move(memory))) {}
FitState::FitState(const FitState& other) : memory_(std::make_unique<Memory>(*other.memory_)) {}
FitState::FitState(FitState&& other) noexcept = default;
FitState& FitState::operator=(FitState other) noexcept {
  memory_ = std::move(other.memory_);
  return *this;
}
FitState::~FitState() = default;

const Mixture& FitState::mixture() const { return memory_->state.mixture; }
const Statistics& FitState::statistics() const { return memory_->last.image; }
const Trace& FitState::trace() const { return memory_->trace; }
std::optional<Verdict> FitState::verdict() const { return memory_->verdict; }
const std::string& FitState::message() const { return memory_->message; }
std::size_t FitState::restart() const { return memory_->restart; }

}  // namespace mixfam
