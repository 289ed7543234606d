#include <torc/http/conditional.hpp>
#include <torc/http/date.hpp>
#include <torc/site/responder.hpp>

#include <chrono>

namespace torc::site {
namespace {

constexpr std::string_view allowed_methods = "GET, HEAD, OPTIONS";

constexpr std::string_view page_begin =
    "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n<title>";
constexpr std::string_view page_middle =
    "</title>\n<body style=\"font-family: system-ui, sans-serif; text-align: center; "
    "padding: 15vh 1rem\">\n<h1>";
constexpr std::string_view page_end = "</h1>\n<p>torc</p>\n";

}  // namespace

void Responder::set_time(WallTime now) noexcept {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
    if (seconds == now_) {
        return;
    }
    now_ = seconds;
    http::HeadWriter writer(ok_prefix_);
    writer.append(http::status_line(http::Status::ok));
    common_fields_offset_ = writer.written().size();
    writer.append("Server: torc\r\n");
    const http::DateText date = http::format_date(seconds);
    writer.field("Date", {date.data(), date.size()});
    ok_prefix_bytes_ = writer.written().size();
}

void Responder::begin_head(http::Status status, Persistence persistence,
                           http::HeadWriter& writer) const noexcept {
    const std::string_view ok_prefix(ok_prefix_.data(), ok_prefix_bytes_);
    if (status == http::Status::ok) {
        writer.append(ok_prefix);
    } else {
        writer.append(http::status_line(status));
        writer.append(ok_prefix.substr(common_fields_offset_));
    }
    switch (persistence) {
        case Persistence::keep_alive:
            break;
        case Persistence::keep_alive_stated:
            writer.append("Connection: keep-alive\r\n");
            break;
        case Persistence::close:
            writer.append("Connection: close\r\n");
            break;
    }
}

Answer Responder::write_page(http::Status status, http::Method method,
                             http::HeadWriter& writer) noexcept {
    constexpr std::size_t digits_and_space = 4;
    const std::string_view reason = http::reason_phrase(status);
    const std::size_t title_bytes = digits_and_space + reason.size();
    const std::size_t page_bytes =
        page_begin.size() + title_bytes + page_middle.size() + title_bytes + page_end.size();
    writer.append("Content-Type: text/html; charset=utf-8\r\n");
    writer.field("Content-Length", page_bytes);
    writer.append("\r\n");
    if (method == http::Method::head) {
        return Answer{.status = status};
    }
    const auto append_title = [&] {
        writer.append(std::uint64_t{http::code(status)});
        writer.append(" ");
        writer.append(reason);
    };
    writer.append(page_begin);
    append_title();
    writer.append(page_middle);
    append_title();
    writer.append(page_end);
    return Answer{.status = status, .content_bytes = page_bytes};
}

bool Responder::respond_to_method(const http::Request& request, Persistence persistence,
                                  http::HeadWriter& writer, Answer& answer) const noexcept {
    switch (request.method) {
        case http::Method::get:
        case http::Method::head:
            return false;
        case http::Method::options:
            begin_head(http::Status::no_content, persistence, writer);
            writer.field("Allow", allowed_methods);
            writer.append("\r\n");
            answer = Answer{.status = http::Status::no_content};
            return true;
        case http::Method::unknown:
            answer = reject(http::Status::not_implemented, request.method, persistence, writer);
            return true;
        case http::Method::post:
        case http::Method::put:
        case http::Method::delete_:
        case http::Method::patch:
        case http::Method::trace:
        case http::Method::connect:
            break;
    }
    begin_head(http::Status::method_not_allowed, persistence, writer);
    writer.field("Allow", allowed_methods);
    answer = write_page(http::Status::method_not_allowed, request.method, writer);
    return true;
}

Answer Responder::respond(const http::Request& request, const http::Target& target,
                          const Asset& asset, Persistence persistence,
                          http::HeadWriter& writer) const noexcept {
    switch (asset.kind()) {
        case Asset::Kind::file:
            return respond_with_file(request, asset, persistence, writer);
        case Asset::Kind::redirect_to_directory:
            return redirect(request, target, persistence, writer);
        case Asset::Kind::error:
            break;
    }
    return reject(asset.status(), request.method, persistence, writer);
}

Answer Responder::respond_with_file(const http::Request& request, const Asset& asset,
                                    Persistence persistence,
                                    http::HeadWriter& writer) const noexcept {
    Answer answer;
    switch (http::evaluate_preconditions(request, asset.validators(), now_)) {
        case http::Precondition::passed:
            break;
        case http::Precondition::not_modified:
            answer.status = http::Status::not_modified;
            begin_head(answer.status, persistence, writer);
            writer.append(asset.fields_from_last_modified());
            return answer;
        case http::Precondition::failed:
            return reject(http::Status::precondition_failed, request.method, persistence, writer);
    }
    http::RangeOutcome outcome = http::RangeOutcome::ignore;
    http::RangeSet set;
    // A range means something in a GET alone (RFC 9110 §14.2).
    if (request.method == http::Method::get && request.has(http::FieldName::range) &&
        http::if_range_holds(request, asset.validators(), now_)) {
        outcome = http::select_ranges(request.value(http::FieldName::range), asset.size(), set);
        if (set.count > 1) {
            outcome = http::RangeOutcome::ignore;
        }
    }
    switch (outcome) {
        case http::RangeOutcome::ignore:
            begin_head(http::Status::ok, persistence, writer);
            writer.append(asset.fields());
            answer.body = {.first = 0, .length = asset.size()};
            break;
        case http::RangeOutcome::satisfiable:
            answer.status = http::Status::partial_content;
            answer.body = set.storage.front();
            begin_head(answer.status, persistence, writer);
            writer.append("Content-Range: bytes ");
            writer.append(answer.body.first);
            writer.append("-");
            writer.append(answer.body.first + answer.body.length - 1);
            writer.append("/");
            writer.append(asset.size());
            writer.append("\r\n");
            writer.field("Content-Length", answer.body.length);
            writer.append(asset.fields_from_content_type());
            break;
        case http::RangeOutcome::unsatisfiable:
            begin_head(http::Status::range_not_satisfiable, persistence, writer);
            writer.append("Content-Range: bytes */");
            writer.append(asset.size());
            writer.append("\r\n");
            return write_page(http::Status::range_not_satisfiable, request.method, writer);
    }
    if (request.method == http::Method::head) {
        answer.body = {};
    }
    answer.content_bytes = answer.body.length;
    return answer;
}

Answer Responder::redirect(const http::Request& request, const http::Target& target,
                           Persistence persistence, http::HeadWriter& writer) const noexcept {
    begin_head(http::Status::moved_permanently, persistence, writer);
    // An absolute path that begins with one slash and a segment: it can't lead to another host.
    writer.append("Location: /");
    writer.append_path_encoded(target.path);
    writer.append("/");
    if (target.has_query) {
        writer.append("?");
        writer.append_query(target.query);
    }
    writer.append("\r\n");
    return write_page(http::Status::moved_permanently, request.method, writer);
}

Answer Responder::reject(http::Status status, http::Method method, Persistence persistence,
                         http::HeadWriter& writer) const noexcept {
    begin_head(status, persistence, writer);
    return write_page(status, method, writer);
}

}  // namespace torc::site
