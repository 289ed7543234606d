// How listeners come from another process, and go to one.

#include <torc/net/listener.hpp>

#include "claim.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <expected>
#include <iterator>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace torc::net {

void Listeners::adopt(InheritedGroup group) {
    const std::size_t workers = sockets_.size();
    const std::string path = group.endpoint.is_unix() ? group.endpoint.path() : "";
    const bool has_file = group.opened_by == OpenedBy::torc && !path.empty() && path[0] != '@';
    if (has_file && ::access(path.c_str(), F_OK) != 0) {
        return;  // Nobody finds it any more: another is bound there.
    }
    // Each member of a group has a worker, as the kernel deals out connections to all of them. Who
    // gets none opens one more; if the group can't be joined, for another user has made it or it is
    // none, some share one. Of a Unix-domain socket see complete_group.
    for (std::size_t first = 0; first < group.sockets.size(); first += workers) {
        Change::Addition addition{.endpoint = group.endpoint,
                                  .opened_by = group.opened_by,
                                  .is_inherited = true,
                                  .sockets = std::vector<UniqueFd>(workers)};
        const std::size_t count = std::min(workers, group.sockets.size() - first);
        for (std::size_t worker = 0; worker < workers; ++worker) {
            UniqueFd& socket = addition.sockets[worker];
            if (worker < count) {
                socket = std::move(group.sockets[first + worker]);
            } else if (first == 0 && !group.endpoint.is_unix()) {
                // A group of others' is not joined: what is added would be nobody's afterwards.
                auto joined = group.opened_by == OpenedBy::torc
                                  ? listen_on(group.endpoint, Claim::shared)
                                  : std::unexpected(Errno(EADDRINUSE));
                socket = joined ? *std::move(joined)
                                : UniqueFd(::fcntl(addition.sockets[worker % count].get(),
                                                   F_DUPFD_CLOEXEC, 0));
            }
        }
        if (has_file) {
            addition.file = SocketFile(path);
        }
        places_.reserve(places_.size() + 1);
        for (ListeningSockets& sockets : sockets_) {
            sockets.reserve(places_.size() + 1);
        }
        add(addition);
    }
}

std::vector<Endpoint> Listeners::settle(Keeps keeps) {
    Change change = prepare(addresses_, port_);
    for (std::size_t index = 0; index < places_.size(); ++index) {
        Place& place = places_[index];
        if (!std::exchange(place.is_inherited, false)) {
            continue;
        }
        for (ListeningSockets& sockets : sockets_) {
            sockets.settle(index, place.opened_by == OpenedBy::others ? Keeps::yes : keeps);
        }
    }
    return apply(std::move(change));
}

void Listeners::keep() noexcept {
    for (std::size_t index = 0; index < places_.size(); ++index) {
        for (ListeningSockets& sockets : sockets_) {
            if (places_[index].is_in_use) {
                sockets.keep(index);
            }
        }
    }
}

std::vector<Listeners::Passed> Listeners::passed() const {
    std::vector<Passed> passed;
    for (const ListeningSockets& sockets : sockets_) {
        const auto places = sockets.places();
        for (std::size_t index = 0; index < places.size(); ++index) {
            if (places[index].socket >= 0 && !places[index].is_retired) {
                passed.push_back(
                    {.socket = places[index].socket, .opened_by = places_[index].opened_by});
            }
        }
    }
    return passed;
}

std::vector<Listeners::Own> Listeners::own_sockets() const {
    struct Ranked {
        Own own;
        std::ptrdiff_t rank;
    };
    std::vector<Ranked> ranked;
    for (unsigned worker = 0; worker < sockets_.size(); ++worker) {
        const auto places = sockets_[worker].places();
        for (std::size_t index = 0; index < places.size(); ++index) {
            const Place& place = places_[index];
            if (place.opened_by == OpenedBy::torc && places[index].socket >= 0 &&
                !places[index].is_retired) {
                const auto rank = std::ranges::count_if(ranked, [&](const Ranked& other) {
                    return other.own.endpoint == place.endpoint;
                });
                ranked.push_back({.own = {.endpoint = place.endpoint,
                                          .worker = worker,
                                          .index = index,
                                          .socket = places[index].socket},
                                  .rank = rank});
            }
        }
    }
    // Not stable_sort, for which clang warns of what libstdc++ is made of.
    std::ranges::sort(ranked, {}, [](const Ranked& each) {
        return std::tuple(each.rank, each.own.worker, each.own.index);
    });
    std::vector<Own> own;
    own.reserve(ranked.size());
    std::ranges::transform(ranked, std::back_inserter(own), &Ranked::own);
    return own;
}

void Listeners::keep_alone(std::span<const Own> kept) noexcept {
    for (unsigned worker = 0; worker < sockets_.size(); ++worker) {
        for (std::size_t index = 0; index < places_.size(); ++index) {
            const Place& place = places_[index];
            if (!place.is_in_use || place.opened_by == OpenedBy::others) {
                continue;
            }
            const bool is_kept = std::ranges::any_of(
                kept, [&](const Own& own) { return own.worker == worker && own.index == index; });
            sockets_[worker].keep(index, is_kept ? Keeps::yes : Keeps::no);
        }
    }
}

}  // namespace torc::net
