#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace torc::server {

/// Writes metrics as Prometheus reads them: OpenMetrics 1.0.0 (https://openmetrics.io/), or its
/// older text format 0.0.4. Samples follow the family that they are of.
class Exposition {
public:
    enum class Format : std::uint8_t { open_metrics, text };
    enum class Type : std::uint8_t { counter, gauge, histogram, info };

    /// A name and its value; the value may be any UTF-8.
    using Label = std::pair<std::string_view, std::string_view>;
    using Labels = std::initializer_list<Label>;

    explicit Exposition(Format format) noexcept : format_(format) {}

    /// Begins a family. `name`: without the "_total" of a counter and the "_info" of an info, which
    /// are added where they belong. Its unit is what it ends with, if that is one.
    void begin(std::string_view name, Type type, std::string_view help);

    // Samples of the family.

    void add(std::uint64_t value, Labels labels = {});
    void add_seconds(double seconds, Labels labels = {});
    /// One of a histogram's: `suffix` is "_bucket" or "_count".
    void add_part(std::string_view suffix, std::uint64_t value, Labels labels);
    void add_part_seconds(std::string_view suffix, double seconds, Labels labels);

    /// What was written, with its end. Nothing is to be added any more.
    [[nodiscard]] std::string take();
    /// The Content-Type of what is written.
    [[nodiscard]] static std::string_view content_type(Format format) noexcept;

private:
    [[nodiscard]] std::string_view suffix() const noexcept;
    void write_name_and_labels(std::string_view suffix, Labels labels);

    const Format format_;
    Type type_ = Type::gauge;
    std::string name_;
    std::string text_;
};

/// Which of the formats `accept`, the value of an Accept field, asks for.
[[nodiscard]] Exposition::Format exposition_format(std::string_view accept) noexcept;

}  // namespace torc::server
