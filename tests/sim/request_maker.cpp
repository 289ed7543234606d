#include "sim/request_maker.hpp"

#include "sim/model.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace torc::sim {
namespace {

constexpr std::array<std::string_view, 17> served_paths = {"",
                                                           "index.html",
                                                           "small.txt",
                                                           "medium.css",
                                                           "large.bin",
                                                           "empty.txt",
                                                           "link.txt",
                                                           "dir/",
                                                           "dir",
                                                           "dir/page.html",
                                                           "dir/index.html",
                                                           "dir/deep/file.txt",
                                                           "bare/",
                                                           "gone.html",
                                                           "outside.txt",
                                                           "locked.txt",
                                                           ".hidden/secret.txt"};

constexpr std::size_t known_max = 16;

constexpr int bad_request = 400;
constexpr int method_not_allowed = 405;
constexpr int no_content = 204;
constexpr int expectation_failed = 417;
constexpr int fields_too_large = 431;
constexpr int not_implemented = 501;
constexpr int version_not_supported = 505;

struct Refused {
    std::string_view bytes;
    int status;
    bool ends_connection;
};

constexpr std::array refused_requests = {
    Refused{"GET / HTTP/1.1\r\n\r\n", bad_request, true},
    Refused{"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", bad_request, true},
    Refused{"GET /small.txt HTTP/1.1\nHost: a\r\n\r\n", bad_request, true},
    Refused{"GET /small.txt HTTP/1.1\r\nHost : a\r\n\r\n", bad_request, true},
    Refused{"GET /small.txt HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", bad_request, true},
    Refused{"GET  /small.txt HTTP/1.1\r\nHost: a\r\n\r\n", bad_request, true},
    Refused{"GET /small.txt HTTP/2.0\r\nHost: a\r\n\r\n", version_not_supported, true},
    Refused{"GET /small.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 1x\r\n\r\n", bad_request, true},
    Refused{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: "
            "chunked\r\n\r\n",
            bad_request, true},
    Refused{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            not_implemented, true},
    Refused{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", bad_request,
            true},
    Refused{"GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n", expectation_failed, true},
    Refused{"GET /../x HTTP/1.1\r\nHost: a\r\n\r\n", bad_request, false},
    Refused{"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", bad_request, false},
    Refused{"GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", bad_request, false},
    Refused{"BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n", not_implemented, false},
    Refused{"get / HTTP/1.1\r\nHost: a\r\n\r\n", not_implemented, false},
    Refused{"DELETE /small.txt HTTP/1.1\r\nHost: a\r\n\r\n", method_not_allowed, false},
    Refused{"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", no_content, false},
    Refused{"POST /small.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello=world",
            method_not_allowed, false},
    Refused{"PUT /small.txt HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\n"
            "hello\r\n0\r\nTrailer: 1\r\n\r\n",
            method_not_allowed, false}};

}  // namespace

std::vector<std::string> RequestMaker::paths() {
    return {served_paths.begin(), served_paths.end()};
}

Request RequestMaker::make() {
    if (random_.chance(80)) {
        return make_refused();
    }
    Request request;
    request.path = served_paths[random_.below(served_paths.size())];
    if (random_.chance(350)) {
        request.path = favourite_;
    } else if (random_.chance(120)) {
        request.path = "large.bin";  // It takes the longest way.
    }
    request.is_head = random_.chance(100);
    const std::string fields = fields_for(request);
    const bool is_absolute = random_.chance(50);
    request.bytes = std::string(request.is_head ? "HEAD " : "GET ") +
                    (is_absolute ? "http://example.org" : "") + spelled(request.path) +
                    " HTTP/1.1\r\n" + fields + "\r\n";
    return request;
}

Request RequestMaker::make_refused() {
    Request request{.means = Request::Means::refusal};
    if (random_.chance(50)) {
        constexpr std::size_t too_much = 40'000;
        request.bytes =
            "GET / HTTP/1.1\r\nHost: a\r\nX-Padding: " + std::string(too_much, 'x') + "\r\n\r\n";
        request.statuses = {fields_too_large};
        request.ends_connection = true;
        return request;
    }
    const Refused& refused = refused_requests[random_.below(refused_requests.size())];
    request.bytes = refused.bytes;
    request.statuses = {refused.status};
    request.ends_connection = refused.ends_connection;
    return request;
}

std::string RequestMaker::spelled(const std::string& path) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    constexpr unsigned half = 16;
    std::string target = random_.chance(50) ? "/./" : "/";
    for (const char character : path) {
        if (character != '/' && random_.chance(20)) {
            const auto byte = static_cast<unsigned char>(character);
            target += {'%', digits[byte / half], digits[byte % half]};
        } else {
            target += character;
        }
    }
    return target + (random_.chance(50) ? "?query=1" : "");
}

std::string RequestMaker::fields_for(Request& request) {
    std::string fields = "Host: example.org\r\n";
    if (random_.chance(300)) {
        add_conditions(request, fields);
    }
    if (random_.chance(200)) {
        add_range(request, fields);
    }
    if (random_.chance(50)) {
        fields += "Connection: close\r\n";
        request.ends_connection = true;
    }
    if (random_.chance(100)) {
        fields += "X-Padding: " + std::string(random_.below(6000), 'y') + "\r\n";
    }
    return fields;
}

void RequestMaker::add_conditions(Request& request, std::string& fields) {
    std::vector<const Known*> of_path;
    for (const Known& known : known_) {
        if (known.path == request.path) {
            of_path.push_back(&known);
        }
    }
    if (of_path.empty()) {
        return;
    }
    const Known& known = *of_path[random_.below(of_path.size())];
    const std::uint64_t kind = random_.below(4);
    if (kind == 0 && !known.date.empty()) {
        fields += "If-Modified-Since: " + known.date + "\r\n";
        request.if_modified_since = {.text = known.date, .contents = known.contents};
    } else if (kind == 1 && !known.tag.empty()) {
        fields += "If-Match: " + known.tag + "\r\n";
        request.if_match = {.text = known.tag, .contents = known.contents};
    } else if (kind == 2 && !known.tag.empty() && !request.is_head) {
        add_range(request, fields);
        fields += "If-Range: " + known.tag + "\r\n";
        request.if_range = {.text = known.tag, .contents = known.contents};
    } else if (!known.tag.empty()) {
        fields += "If-None-Match: \"other\", " + known.tag + "\r\n";
        request.if_none_match = {.text = known.tag, .contents = known.contents};
    }
}

void RequestMaker::add_range(Request& request, std::string& fields) {
    if (request.range) {
        return;
    }
    constexpr std::array<std::uint64_t, 5> sizes = {1, 100, 4096, 100'000, 1'000'000};
    const std::uint64_t first = random_.below(sizes[random_.below(sizes.size())]);
    const std::uint64_t count = 1 + random_.below(sizes[random_.below(sizes.size())]);
    RangeAsked range;
    switch (random_.below(3)) {
        case 0:
            range.last = count;
            fields += "Range: bytes=-" + std::to_string(count) + "\r\n";
            break;
        case 1:
            range.first = first;
            fields += "Range: bytes=" + std::to_string(first) + "-\r\n";
            break;
        default:
            range.first = first;
            range.last = first + count - 1;
            fields += "Range: bytes=" + std::to_string(first) + "-" +
                      std::to_string(first + count - 1) + "\r\n";
    }
    request.range = range;
}

void RequestMaker::remember(const Request& request, const Response& response) {
    constexpr int ok = 200;
    if (request.means != Request::Means::file || request.is_head || response.status != ok) {
        return;
    }
    if (known_.size() == known_max) {
        known_.erase(known_.begin());
    }
    known_.push_back({.path = request.path,
                      .tag = std::string(response.field("etag")),
                      .date = std::string(response.field("last-modified")),
                      .contents = Model::contents_of(response)});
}

}  // namespace torc::sim
