#pragma once

#include <torc/base/clock.hpp>
#include <torc/base/random.hpp>
#include <torc/http/head_writer.hpp>
#include <torc/http/range.hpp>
#include <torc/http/request.hpp>
#include <torc/http/status.hpp>
#include <torc/http/target.hpp>
#include <torc/site/cache/asset.hpp>
#include <torc/site/response/multipart.hpp>
#include <torc/site/routing/redirects.hpp>
#include <torc/site/routing/rule_policies.hpp>
#include <torc/site/routing/vary.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace torc::site {

/// What goes out after the head that the responder wrote.
struct Answer {
    http::Status status = http::Status::ok;
    /// Whose bytes follow the head; null: none do. Lives as long as the asset.
    Representation* source = nullptr;
    /// Which of them; of `parts`, if there are any, nothing.
    http::ByteRange body{};
    /// Several ranges of them, for whoever sends them to put together.
    std::unique_ptr<Multipart> parts{};
    /// Bytes of content, for the access log: what follows, or a small page that was written behind
    /// the head.
    std::uint64_t content_bytes = 0;
};

/// How the connection stands, as an answer must tell it.
enum class Persistence : std::uint8_t {
    /// HTTP/1.1's default: no Connection field.
    keep_alive,
    /// HTTP/1.0 asked for it: "Connection: keep-alive".
    keep_alive_stated,
    /// "Connection: close".
    close,
};

/// Turns a request and an asset into an answer: selection, preconditions, ranges, head. No I/O, no
/// clock but the time it is told, and no allocation but for an answer of several ranges.
class Responder {
public:
    /// `codings`: which one is sent when a client wants several equally, the first of these first;
    /// outlives the responder. `extra_fields`: see Policy. `boundary_key`: whoever knows it can
    /// foretell the boundaries of multipart responses. `base_path`: what stands in front of the
    /// paths of targets and redirects ("download/"); outlives the responder.
    explicit Responder(const std::vector<http::ContentCoding>& codings,
                       const std::vector<ExtraField>& extra_fields = {},
                       SecretKey boundary_key = SecretKey::random(),
                       std::string_view base_path = {});

    /// Sets the time that answers carry as Date. Call it as often as you like.
    void set_time(WallTime now) noexcept;

    /// The policy of the answers from now on, in place of the responder's own: it outlives them, or
    /// the next call of this.
    void use(const PathPolicy& policy) noexcept { policy_ = &policy; }

    /// A field with its line end that each response from now on has too; empty: none. It outlives
    /// them, and has room in other_fields_bytes_max.
    void set_timing(std::string_view field) noexcept { timing_ = field; }

    /// Room that any head needs at the most, with a small page behind it, but for that of a
    /// redirect.
    [[nodiscard]] std::size_t head_bytes_max() const noexcept {
        return own_head_bytes_max + policy_->bytes_max();
    }
    /// Room that the head needs that answers a request for `target` with `asset`.
    [[nodiscard]] std::size_t head_bytes_max(const http::Target& target,
                                             const Asset& asset) const noexcept {
        return asset.kind() == Asset::Kind::redirect
                   ? head_bytes_max() +
                         3 * (base_path_.size() + asset.location().size() + target.query.size())
                   : head_bytes_max();
    }
    static constexpr std::size_t own_head_bytes_max = 4096;

    /// Answers a request whose method alone decides: OPTIONS, and what torc does not do. `writer`
    /// has room for head_bytes_max(). Precondition: the method is neither GET nor HEAD.
    [[nodiscard]] Answer respond_to_method(const http::Request& request, Persistence persistence,
                                           http::HeadWriter& writer) const noexcept;

    /// Answers GET or HEAD. Writes the whole head, and for an error without a page of its own a
    /// small one, to `writer`, which has room for head_bytes_max(target, asset). Precondition:
    /// `asset` is neither a directory nor missing.
    [[nodiscard]] Answer respond(const http::Request& request, const http::Target& target,
                                 const Asset& asset, Persistence persistence,
                                 http::HeadWriter& writer);

    /// One of a site's.
    struct UserRedirect {
        const Redirects& redirects;
        Redirects::Index index;
    };
    /// Redirects as a user's redirect says. Writes head and page to `writer`, which has room for
    /// head_bytes_max() and the redirect's location_bytes_max.
    [[nodiscard]] Answer redirect(const http::Request& request, const http::Target& target,
                                  const UserRedirect& found, Persistence persistence,
                                  http::HeadWriter& writer) const noexcept;

    /// Writes an error answer to `writer`, which has room for head_bytes_max(): head and, but for
    /// HEAD, a small page. `request`: its method is unknown, and it has neither a target nor
    /// fields, where it was too broken to tell.
    [[nodiscard]] Answer reject(http::Status status, const http::Request& request,
                                Persistence persistence, http::HeadWriter& writer) const noexcept;

    /// The same for a request of what is protected: 401 with `challenge`, a field with its line end
    /// (see http::basic_challenge; RFC 9110 §15.5.2).
    [[nodiscard]] Answer ask_for_credentials(std::string_view challenge,
                                             const http::Request& request, Persistence persistence,
                                             http::HeadWriter& writer) const noexcept;

private:
    /// What a head says beside its status and what the asset has rendered.
    struct Envelope {
        Persistence persistence = Persistence::keep_alive;
        Vary vary{};
        /// See ContentType. What torc writes itself has a type.
        bool is_type_known = true;
        /// The content is torc's own page, or states a policy of its own.
        bool has_own_policy = false;
    };

    [[nodiscard]] static Envelope around(const Representation& source, Envelope envelope) noexcept;
    void begin_head(http::Status status, const Envelope& envelope,
                    http::HeadWriter& writer) const noexcept;
    /// The fields that come of the status and the site's rules.
    void append_prefix(http::Status status, const Envelope& envelope,
                       http::HeadWriter& writer) const noexcept;
    /// `begin_head` for a page of torc's own, which `write_page` then writes.
    void begin_page(http::Status status, Envelope envelope,
                    http::HeadWriter& writer) const noexcept;
    /// The last fields, the end of the head and, but for HEAD, the page.
    [[nodiscard]] Answer write_page(http::Status status, const http::Request& request,
                                    http::HeadWriter& writer) const noexcept;
    [[nodiscard]] Answer refuse_codings(const http::Request& request, Envelope envelope,
                                        http::HeadWriter& writer) const noexcept;
    [[nodiscard]] Answer respond_with_file(const http::Request& request, const Asset& asset,
                                           const Envelope& envelope, http::HeadWriter& writer);
    // Nothing, and nothing is written, when the whole is to be sent.
    [[nodiscard]] std::optional<Answer> respond_with_range(const http::Request& request,
                                                           Representation& source,
                                                           const Envelope& envelope,
                                                           http::HeadWriter& writer);
    [[nodiscard]] std::optional<Answer> respond_with_parts(const http::RangeSet& ranges,
                                                           Representation& source,
                                                           const Envelope& envelope,
                                                           http::HeadWriter& writer);
    [[nodiscard]] Answer respond_with_error(const http::Request& request, const Asset& asset,
                                            const Envelope& envelope, http::HeadWriter& writer);
    [[nodiscard]] Answer redirect(const http::Request& request, const http::Target& target,
                                  const Asset& asset, const Envelope& envelope,
                                  http::HeadWriter& writer) const noexcept;
    /// The representation that suits the request best; null when none may be sent.
    [[nodiscard]] Representation* select(const http::Request& request,
                                         const Asset& asset) const noexcept;

    const std::vector<http::ContentCoding>& codings_;
    const std::string_view base_path_;
    /// What there is without `use`; on the heap, for the responder may be moved.
    PathPolicyRef own_policy_;
    const PathPolicy* policy_;
    std::string_view timing_{};
    http::DateSeconds now_ = http::DateSeconds::min();
    /// A boundary is a keyed hash of how many there were before it: who writes the files can see
    /// some, and must not learn the next one from them, for it could stand in a file then.
    SecretKey boundary_key_;
    std::uint64_t multiparts_made_ = 0;
};

}  // namespace torc::site
