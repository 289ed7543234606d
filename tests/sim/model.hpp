#pragma once

#include <torc/base/clock.hpp>

#include "sim/file_tree.hpp"
#include "sim/machine.hpp"
#include "sim/message.hpp"

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::sim {

/// What a path led to from one time on.
struct Version {
    enum class Kind : std::uint8_t { file, redirect, missing, forbidden };

    MonotonicTime since{};
    Kind kind = Kind::missing;
    Contents contents{};
    WallTime modified{};

    [[nodiscard]] bool is_same(const Version& other) const {
        return kind == other.kind && contents == other.contents && modified == other.modified;
    }
};

/// Judges responses: a plain model of RFC 9110 over the history of the tree, slow and as short as
/// it can be. It shares no code with the server.
class Model {
public:
    /// `root`: the directory that is served. Both outlive it.
    Model(Machine& machine, const FileTree& tree, std::string root)
        : machine_(machine), tree_(tree), root_(std::move(root)) {}

    /// The paths that clients ask for, decoded and normalised. Before anything else.
    void follow(std::vector<std::string> paths);
    /// Something in the tree may have changed.
    void look();
    /// Whether what `path` leads to has changed since.
    [[nodiscard]] bool has_changed(std::string_view path, MonotonicTime since) const;

    /// What is wrong with a response; empty: nothing.
    [[nodiscard]] std::string judge(const Request& request, const Response& response);
    /// The contents of a response that has all of a file, for later conditions on it.
    [[nodiscard]] static Contents contents_of(const Response& response);

private:
    /// Whether a condition on contents that a client had is true of a version.
    enum class Certainty : std::uint8_t { no, maybe, yes };

    /// `last`: what it led to before, which is the same object as long as it is the same bytes.
    [[nodiscard]] Version version_at(std::string_view path, const Contents& last) const;
    [[nodiscard]] InodeRef walk(const InodeRef& from, std::string_view path, int links,
                                bool& is_forbidden) const;
    [[nodiscard]] std::vector<Version> versions(const Request& request,
                                                const Response& response) const;
    [[nodiscard]] static Certainty has_tag(const Version& version, const Validator& validator);
    /// Whether it may be what it was at the date of If-Modified-Since.
    [[nodiscard]] bool may_be_unmodified(const Version& version, const Request& request) const;
    [[nodiscard]] std::vector<int> statuses(const Request& request, const Version& version) const;
    [[nodiscard]] bool is_excused(const Response& response, const Request& request) const;
    [[nodiscard]] std::string judge_fields(const Request& request, const Response& response) const;
    [[nodiscard]] std::string judge_by(const Version& version, const Request& request,
                                       const Response& response) const;
    [[nodiscard]] std::string note_tag(const Request& request, const Response& response);

    Machine& machine_;
    const FileTree& tree_;
    const std::string root_;
    std::map<std::string, std::vector<Version>, std::less<>> history_;
    /// By path and tag.
    std::map<std::pair<std::string, std::string>, Contents> tags_;
};

}  // namespace torc::sim
