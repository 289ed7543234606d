#pragma once

#include <cstdlib>
#include <ctime>
#include <string>

namespace torc::test {

/// An environment variable that is set, or with a null value is not, for as long as this lives;
/// afterwards it is not set. No other thread may run meanwhile.
class ScopedVariable {
public:
    explicit ScopedVariable(std::string name, const char* value = nullptr)
        : name_(std::move(name)) {
        assign(value);
    }
    ScopedVariable(const ScopedVariable&) = delete;
    ScopedVariable& operator=(const ScopedVariable&) = delete;
    ~ScopedVariable() { assign(nullptr); }

    void assign(const char* value) {
        // NOLINTBEGIN(concurrency-mt-unsafe): see the class.
        if (value == nullptr) {
            ::unsetenv(name_.c_str());
        } else {
            ::setenv(name_.c_str(), value, 1);
        }
        // NOLINTEND(concurrency-mt-unsafe)
    }

private:
    std::string name_;
};

/// The time zone of this process for as long as this lives.
class ScopedTimeZone {
public:
    explicit ScopedTimeZone(const char* zone) : variable_("TZ", zone) { ::tzset(); }
    ScopedTimeZone(const ScopedTimeZone&) = delete;
    ScopedTimeZone& operator=(const ScopedTimeZone&) = delete;
    ~ScopedTimeZone() {
        variable_.assign(nullptr);
        ::tzset();
    }

private:
    ScopedVariable variable_;
};

}  // namespace torc::test
