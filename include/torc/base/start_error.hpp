#pragma once

#include <exception>
#include <stdexcept>

namespace torc {

/// Why the server can't start, in one line that names the thing and the remedy. Thrown before the
/// workers start, and caught in main alone.
class StartError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// A StartError that starting again can't mend: what the user chose makes no sense.
class UsageError : public StartError {
public:
    using StartError::StartError;
};

/// The server was told to stop before it had started; no failure.
class StoppedBeforeStart : public std::exception {
public:
    [[nodiscard]] const char* what() const noexcept override {
        return "told to stop before the start";
    }
};

}  // namespace torc
