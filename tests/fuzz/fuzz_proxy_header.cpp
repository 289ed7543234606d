#include <torc/base/assert.hpp>
#include <torc/net/proxy_header.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// What holds for every input:
// - a header is no longer than it may be, and no longer than what came;
// - what follows it makes no difference;
// - every beginning of it is waited for, and nothing is waited for beyond the longest header;
// - who is named has an IP address.

namespace {

using torc::net::parse_proxy_header;
using torc::net::ProxyHeader;
using State = ProxyHeader::State;

void check_parsed(std::string_view input, const ProxyHeader& header) {
    TORC_ASSERT(header.bytes > 0 && header.bytes <= input.size());
    TORC_ASSERT(header.bytes <= torc::net::proxy_header_bytes_max);
    TORC_ASSERT(!header.client || !header.client->is_unix());
    // In memory of its own, so that a byte read beyond it is found.
    const std::string alone(input.substr(0, header.bytes));
    const ProxyHeader again = parse_proxy_header(alone);
    TORC_ASSERT(again.state == State::parsed && again.bytes == header.bytes);
    TORC_ASSERT(again.client == header.client);
    for (std::size_t bytes = 0; bytes < header.bytes; ++bytes) {
        const std::string part(input.substr(0, bytes));
        TORC_ASSERT(parse_proxy_header(part).state == State::incomplete);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const ProxyHeader header = parse_proxy_header(input);
    switch (header.state) {
        case State::parsed:
            check_parsed(input, header);
            break;
        case State::incomplete:
            TORC_ASSERT(input.size() < torc::net::proxy_header_bytes_max);
            break;
        case State::malformed:
            TORC_ASSERT(!header.error.empty());
            TORC_ASSERT(parse_proxy_header(std::string(input) + "x").state == State::malformed);
            break;
    }
    return 0;
}
