#include <torc/http/request.hpp>

#include <algorithm>

namespace torc::http {

std::string_view Request::value(FieldName id) const noexcept {
    if (!has(id)) {
        return {};
    }
    return std::ranges::find(fields(), id, &Field::id)->value;
}

std::size_t Request::count(FieldName id) const noexcept {
    if (!has(id)) {
        return 0;
    }
    return static_cast<std::size_t>(std::ranges::count(fields(), id, &Field::id));
}

}  // namespace torc::http
