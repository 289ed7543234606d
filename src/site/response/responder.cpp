#include <torc/base/assert.hpp>
#include <torc/http/conditional.hpp>
#include <torc/http/credentials.hpp>
#include <torc/http/date.hpp>
#include <torc/http/negotiation.hpp>
#include <torc/site/response/responder.hpp>
#include <torc/site/routing/path.hpp>

#include "response/error_page.hpp"

#include <algorithm>
#include <chrono>

namespace torc::site {
namespace {

/// What of a head is neither rendered by a representation, nor a page, nor a user's.
constexpr std::size_t other_fields_bytes_max = 1024;
static_assert(other_fields_bytes_max + fields_bytes_max <= Responder::own_head_bytes_max &&
                  other_fields_bytes_max + security_policy_bytes_max + ErrorPage::bytes_max +
                          http::basic_challenge_bytes_max <=
                      Responder::own_head_bytes_max,
              "any head must fit where there is room for one");

constexpr std::string_view allowed_methods = "GET, HEAD, OPTIONS";

/// Whether Accept-Encoding could refuse something: that takes a quality value.
bool has_coding_qualities(const http::Request& request) noexcept {
    const auto lines = request.lines(http::FieldName::accept_encoding);
    return std::ranges::any_of(lines, [](const http::Field& field) {
        return field.id == http::FieldName::accept_encoding && field.value.contains(';');
    });
}

/// Appends a reference to `location`, a path, as it is followed from the target (RFC 9110
/// §10.2.2). It is a relative one where that is possible: a proxy in front may have taken a prefix
/// off the target, which the client alone can put before `location` again.
/// `base_path`: of both.
void write_reference(const http::Target& target, std::string_view base_path,
                     std::string_view location, http::HeadWriter& writer) noexcept {
    const std::string_view directory = directory_of(target.path);
    const std::string_view parent = directory_of(directory.substr(0, directory.size() - 1));
    if (target.has_all_segments && location.starts_with(directory)) {
        location.remove_prefix(directory.size());
        // What is before a colon in the first segment would be a scheme (RFC 3986 §4.2).
        if (location.empty() || location.substr(0, location.find('/')).contains(':')) {
            writer.append("./");
        }
    } else if (target.has_all_segments && directory_of(location) == parent) {
        location.remove_prefix(parent.size());
        writer.append("../");
    } else {
        // It begins with one slash and a segment, so it can't lead to another host.
        writer.append("/");
        writer.append_path_encoded(base_path);
    }
    writer.append_path_encoded(location);
}

}  // namespace

Responder::Responder(const std::vector<http::ContentCoding>& codings,
                     const std::vector<ExtraField>& extra_fields, SecretKey boundary_key,
                     std::string_view base_path)
    : codings_(codings),
      base_path_(base_path),
      own_policy_(new PathPolicy(Policy(extra_fields))),
      policy_(own_policy_.get()),
      boundary_key_(boundary_key) {}

void Responder::set_time(WallTime now) noexcept {
    now_ = std::chrono::floor<std::chrono::seconds>(now);
}

Responder::Envelope Responder::around(const Representation& source, Envelope envelope) noexcept {
    envelope.is_type_known = source.is_type_known();
    envelope.has_own_policy = source.has_security_policy();
    return envelope;
}

void Responder::begin_head(http::Status status, const Envelope& envelope,
                           http::HeadWriter& writer) const noexcept {
    const Policy& policy = policy_->of(status);
    // Nearly all responses.
    if (status == http::Status::ok && envelope.is_type_known) {
        writer.append(policy.ok_prefix(now_));
    } else {
        append_prefix(status, envelope, writer);
    }
    if (!envelope.has_own_policy) {
        writer.append(policy.security_policy());
    }
    if (envelope.persistence != Persistence::keep_alive) {
        writer.append(envelope.persistence == Persistence::close ? "Connection: close\r\n"
                                                                 : "Connection: keep-alive\r\n");
    }
    writer.append(envelope.vary.field());
    if (!timing_.empty()) {
        writer.append(timing_);
    }
}

void Responder::append_prefix(http::Status status, const Envelope& envelope,
                              http::HeadWriter& writer) const noexcept {
    const StatusFields of_status = fields_of(status);
    const Policy& policy = policy_->of(status);
    std::string_view fields = policy.ok_prefix(now_);
    if (!of_status.is_success) {
        fields.remove_suffix(policy.success().size() + policy.no_sniffing().size());
    } else if (!envelope.is_type_known) {
        fields.remove_suffix(policy.no_sniffing().size());
    }
    if (status != http::Status::ok) {
        writer.append(http::status_line(status));
        fields.remove_prefix(http::status_line(http::Status::ok).size());
    }
    writer.append(fields);
    if (!of_status.is_success) {
        writer.append(policy.no_sniffing());
        writer.append(policy.cache_control() ? std::string_view(*policy.cache_control())
                                             : of_status.cache_control);
    }
    writer.append(of_status.retry_after);
}

void Responder::begin_page(http::Status status, Envelope envelope,
                           http::HeadWriter& writer) const noexcept {
    envelope.has_own_policy = true;
    begin_head(status, envelope, writer);
}

Answer Responder::write_page(http::Status status, const http::Request& request,
                             http::HeadWriter& writer) const noexcept {
    const ErrorPage page(status, request);
    writer.field("Content-Type", page.content_type());
    writer.field("Content-Length", std::uint64_t{page.bytes().size()});
    if (page.security_policy().empty()) {
        writer.append(policy_->of(status).security_policy());
    } else {
        writer.field("Content-Security-Policy", page.security_policy());
    }
    writer.append("\r\n");
    if (request.method == http::Method::head) {
        return Answer{.status = status};
    }
    writer.append(page.bytes());
    return Answer{.status = status, .content_bytes = page.bytes().size()};
}

Answer Responder::respond_to_method(const http::Request& request, Persistence persistence,
                                    http::HeadWriter& writer) const noexcept {
    switch (request.method) {
        case http::Method::options:
            begin_head(http::Status::no_content, {.persistence = persistence}, writer);
            writer.field("Allow", allowed_methods);
            writer.append(policy_->of(http::Status::no_content).options());
            writer.append("\r\n");
            return Answer{.status = http::Status::no_content};
        case http::Method::unknown:
            return reject(http::Status::not_implemented, request, persistence, writer);
        case http::Method::post:
        case http::Method::put:
        case http::Method::delete_:
        case http::Method::patch:
        case http::Method::trace:
        case http::Method::connect:
            begin_page(http::Status::method_not_allowed, {.persistence = persistence}, writer);
            writer.field("Allow", allowed_methods);
            return write_page(http::Status::method_not_allowed, request, writer);
        case http::Method::get:
        case http::Method::head:
            break;
    }
    assertion_failed("GET and HEAD are answered with an asset");
}

Answer Responder::respond(const http::Request& request, const http::Target& target,
                          const Asset& asset, Persistence persistence, http::HeadWriter& writer) {
    const Envelope envelope{.persistence = persistence, .vary = asset.vary()};
    switch (asset.kind()) {
        case Asset::Kind::file:
            return respond_with_file(request, asset, envelope, writer);
        case Asset::Kind::redirect:
            return redirect(request, target, asset, envelope, writer);
        case Asset::Kind::error:
            return respond_with_error(request, asset, envelope, writer);
        case Asset::Kind::directory:
        case Asset::Kind::missing:
            break;
    }
    assertion_failed("another asset is sent instead");
}

Representation* Responder::select(const http::Request& request, const Asset& asset) const noexcept {
    // Browsers name what they can decode and no more, and most files have but one coding.
    if (!asset.has_codings() && !has_coding_qualities(request)) {
        return &asset.identity();
    }
    const http::Qualities qualities = http::coding_qualities(request);
    const auto quality = [&qualities](http::ContentCoding coding) {
        return qualities[static_cast<std::size_t>(coding)];
    };
    Representation* best = nullptr;
    unsigned best_quality = 0;
    for (const http::ContentCoding coding : codings_) {
        Representation* const candidate = asset.representation(coding);
        if (candidate != nullptr && quality(coding) > best_quality) {
            best = candidate;
            best_quality = quality(coding);
        }
    }
    // A file that is coded itself (.svgz) counts as what it is to who names its coding, and for
    // want of any other as the file itself.
    const http::ContentCoding own = asset.identity().coding();
    const bool is_plain = own == http::ContentCoding::identity ||
                          (quality(own) == 0 && !http::refuses_coding(request, own));
    const unsigned own_quality = quality(is_plain ? http::ContentCoding::identity : own);
    return own_quality > best_quality ? &asset.identity() : best;
}

Answer Responder::respond_with_file(const http::Request& request, const Asset& asset,
                                    const Envelope& envelope, http::HeadWriter& writer) {
    Representation* const source = select(request, asset);
    if (source == nullptr) {
        return refuse_codings(request, envelope, writer);
    }
    switch (http::evaluate_preconditions(request, source->validators(), now_)) {
        case http::Precondition::passed:
            break;
        case http::Precondition::not_modified:
            begin_head(http::Status::not_modified, around(*source, envelope), writer);
            writer.append(source->fields_from_last_modified());
            return Answer{.status = http::Status::not_modified};
        case http::Precondition::failed:
            begin_page(http::Status::precondition_failed, envelope, writer);
            return write_page(http::Status::precondition_failed, request, writer);
    }
    // A range means something in a GET alone (RFC 9110 §14.2).
    if (request.method == http::Method::get && request.has(http::FieldName::range)) {
        if (auto answer = respond_with_range(request, *source, envelope, writer)) {
            return *std::move(answer);
        }
    }
    begin_head(http::Status::ok, around(*source, envelope), writer);
    writer.append(source->fields());
    Answer answer;
    if (request.method != http::Method::head) {
        answer.source = source;
        answer.body.length = source->size();
        answer.content_bytes = source->size();
    }
    return answer;
}

Answer Responder::refuse_codings(const http::Request& request, Envelope envelope,
                                 http::HeadWriter& writer) const noexcept {
    // There may be nothing to choose from, but this depends on it.
    envelope.vary = envelope.vary | Vary::on_coding();
    begin_page(http::Status::not_acceptable, envelope, writer);
    return write_page(http::Status::not_acceptable, request, writer);
}

std::optional<Answer> Responder::respond_with_range(const http::Request& request,
                                                    Representation& source,
                                                    const Envelope& envelope,
                                                    http::HeadWriter& writer) {
    // Two Range fields are no list, and so nothing that could be understood.
    if (request.has_several(http::FieldName::range) ||
        !http::if_range_holds(request, source.validators(), now_)) {
        return std::nullopt;
    }
    http::RangeSet ranges;
    switch (http::select_ranges(request.value(http::FieldName::range), source.size(), ranges)) {
        case http::RangeOutcome::ignore:
            return std::nullopt;
        case http::RangeOutcome::satisfiable:
            break;
        case http::RangeOutcome::unsatisfiable:
            begin_page(http::Status::range_not_satisfiable, envelope, writer);
            writer.append("Content-Range: bytes */");
            writer.append(source.size());
            writer.append("\r\n");
            return write_page(http::Status::range_not_satisfiable, request, writer);
    }
    if (ranges.count > 1) {
        return respond_with_parts(ranges, source, envelope, writer);
    }
    const http::ByteRange range = ranges.ranges().front();
    begin_head(http::Status::partial_content, around(source, envelope), writer);
    writer.append("Content-Range: ");
    write_content_range(range, source.size(), writer);
    writer.append("\r\n");
    writer.field("Content-Length", range.length);
    writer.append(source.fields_from_content_type());
    return Answer{.status = http::Status::partial_content,
                  .source = &source,
                  .body = range,
                  .content_bytes = range.length};
}

std::optional<Answer> Responder::respond_with_parts(const http::RangeSet& ranges,
                                                    Representation& source,
                                                    const Envelope& envelope,
                                                    http::HeadWriter& writer) {
    auto parts = std::make_unique<Multipart>(ranges, source.size(), source.content_type(),
                                             siphash(boundary_key_, multiparts_made_++));
    const std::uint64_t content_bytes = parts->content_bytes();
    if (content_bytes > source.size()) {
        return std::nullopt;  // The whole is cheaper.
    }
    begin_head(http::Status::partial_content, around(source, envelope), writer);
    writer.append("Content-Type: ");
    parts->write_content_type(writer);
    writer.append("\r\n");
    writer.field("Content-Length", content_bytes);
    writer.append(source.fields_from_content_encoding());
    return Answer{.status = http::Status::partial_content,
                  .source = &source,
                  .parts = std::move(parts),
                  .content_bytes = content_bytes};
}

Answer Responder::respond_with_error(const http::Request& request, const Asset& asset,
                                     const Envelope& envelope, http::HeadWriter& writer) {
    Representation* const page = asset.page();
    if (page == nullptr) {
        begin_page(asset.status(), envelope, writer);
        return write_page(asset.status(), request, writer);
    }
    begin_head(asset.status(), envelope, writer);
    writer.field("Content-Type", page->content_type());
    writer.field("Content-Length", page->size());
    writer.append("\r\n");
    if (request.method == http::Method::head) {
        return Answer{.status = asset.status()};
    }
    return Answer{.status = asset.status(),
                  .source = page,
                  .body = {.first = 0, .length = page->size()},
                  .content_bytes = page->size()};
}

Answer Responder::redirect(const http::Request& request, const http::Target& target,
                           const Asset& asset, const Envelope& envelope,
                           http::HeadWriter& writer) const noexcept {
    begin_page(http::Status::moved_permanently, envelope, writer);
    writer.append("Location: ");
    write_reference(target, base_path_, asset.location(), writer);
    if (target.has_query) {
        writer.append("?");
        writer.append_query(target.query);
    }
    writer.append("\r\n");
    return write_page(http::Status::moved_permanently, request, writer);
}

Answer Responder::redirect(const http::Request& request, const http::Target& target,
                           const UserRedirect& found, Persistence persistence,
                           http::HeadWriter& writer) const noexcept {
    const http::Status status = found.redirects.status(found.index);
    // The page is HTML for some.
    begin_page(status, {.persistence = persistence, .vary = Vary::on_media_type()}, writer);
    writer.append("Location: ");
    found.redirects.write_location(found.index, target, writer);
    writer.append("\r\n");
    return write_page(status, request, writer);
}

Answer Responder::reject(http::Status status, const http::Request& request, Persistence persistence,
                         http::HeadWriter& writer) const noexcept {
    begin_page(status, {.persistence = persistence}, writer);
    return write_page(status, request, writer);
}

Answer Responder::ask_for_credentials(std::string_view challenge, const http::Request& request,
                                      Persistence persistence,
                                      http::HeadWriter& writer) const noexcept {
    begin_page(http::Status::unauthorized, {.persistence = persistence}, writer);
    writer.append(challenge);
    return write_page(http::Status::unauthorized, request, writer);
}

}  // namespace torc::site
