#pragma once

#include <stdexcept>

namespace torc::server {

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

}  // namespace torc::server
