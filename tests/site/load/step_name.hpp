#pragma once

#include <torc/site/load/load_step.hpp>

#include <cstdint>

namespace torc::site::test {

/// Which kind of step one is, to be compared.
enum class StepName : std::uint8_t { open, stat, read, digest, list, previous_root, finished };

[[nodiscard]] inline StepName name_of(const LoadStep& step) {
    return static_cast<StepName>(step.index());
}
static_assert(is<LoadFinished>(LoadStep(std::in_place_index<std::size_t(StepName::finished)>)));

}  // namespace torc::site::test
