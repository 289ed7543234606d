// What a connection does with one request: parses it, decides about its body, and adds the response
// to the batch.

#include <torc/base/limits.hpp>
#include <torc/http/framing.hpp>
#include <torc/http/request_parser.hpp>
#include <torc/http/target.hpp>
#include <torc/worker/connection.hpp>

#include "find_asset.hpp"

#include <memory>
#include <optional>
#include <utility>

namespace torc::worker {
namespace {

/// The one of a user's redirects that counts, by what was found; nothing: none does, or it has to
/// be loaded first.
std::optional<site::Redirects::Index> choose(const site::Redirects::Found& redirect,
                                             const FoundAsset& found) noexcept {
    if (found.is_missing()) {
        return redirect.where_nothing_is;
    }
    return found.asset != nullptr ? redirect.where_file_is : std::nullopt;
}

}  // namespace

static_assert(site::Responder::own_head_bytes_max + 2 * site::extra_fields_bytes_max <=
                  limits::response_batch_bytes,
              "any head but a redirect's must fit into an empty batch");

Connection::Served Connection::serve_one(std::string_view input, site::Asset* loaded_asset) {
    const std::size_t scanned = backlog_ ? backlog_->take_scanned_bytes() : 0;
    services_.scratch.user = {};
    http::Request& request = services_.scratch.request;
    const http::ParseResult result =
        http::parse_request(input, scanned, request, services_.parse_limits);
    switch (result.state) {
        case http::ParseState::incomplete:
            // What can't become a request is not waited for, such as a TLS client that waits too.
            return http::opening_of(input) == http::Opening::http
                       ? Served{.bytes = 0, .next = Next::input}
                       : refuse(input, http::Status::bad_request);
        case http::ParseState::malformed:
            return refuse(input, result.status);
        case http::ParseState::parsed:
            break;
    }
    return serve_parsed(input.substr(request.head_bytes), loaded_asset);
}

Connection::Served Connection::serve_parsed(std::string_view after_head,
                                            site::Asset* loaded_asset) {
    const http::Request& request = services_.scratch.request;
    const auto framing = http::determine_framing(request);
    if (!framing) {
        return reject(framing.error().status);
    }
    std::optional<ChunkedBody> chunked = backlog_ ? backlog_->body : std::nullopt;
    const BodyPlan body = plan_body(*framing, after_head, services_.body_bytes_max, chunked);
    switch (body.verdict) {
        case BodyPlan::Verdict::respond:
        case BodyPlan::Verdict::respond_and_close:
            break;
        case BodyPlan::Verdict::wait:
            if (!backlog_) {
                backlog_ = std::make_unique<Backlog>();
            }
            backlog_->body = chunked;
            return {.bytes = 0, .next = Next::body};
        case BodyPlan::Verdict::refuse:
            return reject(http::Status::bad_request);
    }
    const Served served = respond(*framing, body, loaded_asset);
    if (served.bytes > 0 && backlog_) {
        backlog_->body.reset();
    }
    return served;
}

Connection::Served Connection::respond(const http::Framing& framing, const BodyPlan& body,
                                       site::Asset* loaded_asset) {
    const http::Request& request = services_.scratch.request;
    const bool is_abandoned = body.verdict == BodyPlan::Verdict::respond_and_close;
    const bool is_last = !framing.persistent || is_abandoned || services_.is_draining;
    const site::Persistence persistence = is_last ? site::Persistence::close
                                          : request.version_minor == 0
                                              ? site::Persistence::keep_alive_stated
                                              : site::Persistence::keep_alive;
    const bool is_read =
        request.method == http::Method::get || request.method == http::Method::head;
    const std::optional<Served> obstacle =
        is_read ? respond_with_asset(persistence, loaded_asset) : respond_to_method(persistence);
    if (obstacle) {
        return *obstacle;
    }
    if (is_last) {
        const bool may_still_send = is_abandoned || body.remaining_bytes > 0;
        afterwards_ = may_still_send ? Afterwards::linger : Afterwards::close;
    }
    body_remaining_bytes_ = is_last ? 0 : body.remaining_bytes;
    const bool must_send = is_last || content_.has_more();
    return {.bytes = request.head_bytes + body.bytes,
            .next = must_send ? Next::send : Next::request};
}

std::optional<Connection::Served> Connection::respond_with_asset(site::Persistence persistence,
                                                                 site::Asset* loaded_asset) {
    const http::Request& request = services_.scratch.request;
    HostedSite* const site =
        loaded_asset != nullptr ? waiting_for_.get() : services_.hosting.find(request);
    services_.scratch.site = site;
    if (site == nullptr) {
        return respond_without_site(persistence);
    }
    auto resolved =
        http::resolve_target(request.target, services_.scratch.target_bytes, site->encoded_slash());
    // With an encoded slash: no file has such a name, but a view of an application may.
    const bool leads_nowhere = !resolved && resolved.error().status == http::Status::not_found;
    if (!resolved && !leads_nowhere) {
        return respond_with_error(site->whole(), resolved.error().status, persistence);
    }
    static constexpr http::Target nowhere;
    const http::Target& target = resolved ? *resolved : nowhere;
    site::Redirects::Found redirect;
    if (site->redirects() != nullptr && resolved) {
        redirect = site->redirects()->find(http::host_of(request), target.path);
        if (redirect.where_file_is && !redirect.depends_on_file()) {
            return respond_with_redirect(*site, target, *redirect.where_file_is, persistence);
        }
    }
    HostedArea* area = resolved ? &site->area_of(target.path) : &site->whole();
    const std::string_view path = target.path;
    FoundAsset found{.asset = loaded_asset};
    const bool lacks_slash = area->lacks_slash(path);
    if (lacks_slash) {
        services_.scratch.canonical_redirect = site::Asset::redirect(std::string(path) + '/');
        found.asset = services_.scratch.canonical_redirect.get();
        area = &site->whole();
    } else if (resolved) {
        resolved->path.remove_prefix(area->cut_bytes);
    }
    if (area->access != nullptr) {
        if (const Access access = find_access(*area->access); access != Access::granted) {
            return refuse_access(*area, access, persistence);
        }
    }
    services_.hosting.use(*area);
    if (!lacks_slash) {
        found = resolved ? find_asset(services_, *area, target, loaded_asset)
                         : find_for_no_file(services_, *area,
                                            request.target.substr(0, request.target.find('?')),
                                            loaded_asset);
    }
    if (const auto user_redirect = choose(redirect, found)) {
        resolved->path = path;
        return respond_with_redirect(*site, target, *user_redirect, persistence);
    }
    if (found.is_missing()) {
        found = find_substitute(services_, *area, target.path, target.path);
    }
    if (found.asset == nullptr) {
        services_.scratch.load_key = found.key;
        services_.scratch.load_tree = area->tree ? area->tree->index() : 0;
        services_.scratch.load_site = HostedSiteRef(site);
        return Served{.bytes = 0, .next = Next::asset};
    }
    return respond_with(*area, target, *found.asset, persistence);
}

std::optional<Connection::Served> Connection::respond_with(HostedArea& area,
                                                           const http::Target& target,
                                                           const site::Asset& asset,
                                                           site::Persistence persistence) {
    if (area.has_rules) {
        // They are for files, and where there is none for the path that was asked for.
        const bool has_path_of_its_own =
            asset.kind() == site::Asset::Kind::file && !asset.location().empty();
        area.use_policy_of(has_path_of_its_own ? std::string_view(asset.location()) : target.path);
    }
    const std::size_t head_bytes = area.responder.head_bytes_max(target, asset);
    if (!takes_response(area.counted, head_bytes)) {
        return Served{.bytes = 0, .next = Next::send};
    }
    http::HeadWriter writer = batch_->writer(head_bytes);
    if (area.tells_timing) {
        area.responder.set_timing(render_timing());
    }
    add_response(
        area.responder.respond(services_.scratch.request, target, asset, persistence, writer),
        writer);
    if (area.tells_timing) {
        area.responder.set_timing({});
    }
    return std::nullopt;
}

std::optional<Connection::Served> Connection::respond_with_redirect(HostedSite& site,
                                                                    const http::Target& target,
                                                                    site::Redirects::Index redirect,
                                                                    site::Persistence persistence) {
    HostedArea& area = services_.hosting.use(site.whole());
    area.use_policy_of(target.path);
    const site::Redirects& redirects = *site.redirects();
    const std::size_t location_bytes = redirects.location_bytes_max(redirect, target);
    if (location_bytes > limits::location_bytes_max) {
        return respond_with_error(site.whole(), http::Status::uri_too_long, persistence);
    }
    const std::size_t head_bytes = area.responder.head_bytes_max() + location_bytes;
    if (!takes_response(area.counted, head_bytes)) {
        return Served{.bytes = 0, .next = Next::send};
    }
    http::HeadWriter writer = batch_->writer(head_bytes);
    add_response(area.responder.redirect(services_.scratch.request, target, {redirects, redirect},
                                         persistence, writer),
                 writer);
    return std::nullopt;
}

std::optional<Connection::Served> Connection::respond_to_method(site::Persistence persistence) {
    const http::Request& request = services_.scratch.request;
    HostedSite* const site = services_.hosting.find(request);
    services_.scratch.site = site;
    if (site == nullptr) {
        return respond_without_site(persistence);
    }
    const auto form =
        http::check_target_form(request, services_.scratch.target_bytes, site->encoded_slash());
    if (!form) {
        return respond_with_error(site->whole(), form.error().status, persistence);
    }
    // "*" and a host with a port name no path; they are of the whole site.
    const auto target =
        http::resolve_target(request.target, services_.scratch.target_bytes, site->encoded_slash());
    HostedArea& area = services_.hosting.use(target ? site->area_of(target->path) : site->whole());
    if (target) {
        area.use_policy_of(target->path);
    }
    // No password is asked for: a browser's preflight has none
    // (https://fetch.spec.whatwg.org/#cors-preflight-fetch), and the response tells of no file.
    if (area.access != nullptr && !area.access->addresses.let_in(client())) {
        return respond_with_error(area, http::Status::forbidden, persistence);
    }
    const std::size_t head_bytes = area.responder.head_bytes_max();
    if (!takes_response(area.counted, head_bytes)) {
        return Served{.bytes = 0, .next = Next::send};
    }
    http::HeadWriter writer = batch_->writer(head_bytes);
    add_response(area.responder.respond_to_method(request, persistence, writer), writer);
    return std::nullopt;
}

std::optional<Connection::Served> Connection::respond_with_error(HostedArea& area,
                                                                 http::Status status,
                                                                 site::Persistence persistence) {
    return respond_with_error(area, area.counted, status, persistence);
}

std::optional<Connection::Served> Connection::respond_for_no_site(http::Status status,
                                                                  site::Persistence persistence) {
    return respond_with_error(services_.hosting.fallback().whole(),
                              services_.hosting.counted_for_none(), status, persistence);
}

std::optional<Connection::Served> Connection::respond_with_error(HostedArea& area,
                                                                 CountedSite& counted,
                                                                 http::Status status,
                                                                 site::Persistence persistence) {
    services_.hosting.use(area);
    const std::size_t head_bytes = area.responder.head_bytes_max();
    if (!takes_response(counted, head_bytes)) {
        return Served{.bytes = 0, .next = Next::send};
    }
    http::HeadWriter writer = batch_->writer(head_bytes);
    add_response(area.responder.reject(status, services_.scratch.request, persistence, writer),
                 writer);
    return std::nullopt;
}

Connection::Served Connection::refuse(std::string_view input, http::Status status) {
    services_.scratch.refused_opening = is_fresh_ ? http::opening_of(input) : http::Opening::http;
    services_.scratch.request.forget();
    services_.scratch.request.request_line = http::first_line(input);
    // A request that took too long comes here at once: this may be another connection's.
    services_.scratch.user = {};
    return reject(status);
}

Connection::Served Connection::reject(http::Status status) {
    services_.scratch.site = nullptr;
    const auto obstacle = respond_for_no_site(status, site::Persistence::close);
    if (obstacle) {
        return *obstacle;
    }
    afterwards_ = Afterwards::linger;
    return {.bytes = 0, .next = Next::send};
}

void Connection::add_response(site::Answer response, const http::HeadWriter& writer) {
    is_fresh_ = false;
    counted_->counters.count_response(services_.scratch.request.method, response.status);
    ++uncounted_responses_;
    batch_->append_head(writer);
    content_.begin(response, *batch_);
    if (services_.access_logs != nullptr) {
        log_response(response);
    }
    if (waits_since_ != never) {
        waits_since_ = never;
        disk_wait_ = {};
    }
}

}  // namespace torc::worker
