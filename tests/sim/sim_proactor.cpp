#include "sim/sim_proactor.hpp"

#include <torc/base/limits.hpp>

#include "sim/sim_operation.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

namespace torc::sim {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

/// Between the moment when something can be done and when it is.
constexpr Duration prompt_least = 500ns;
constexpr Duration prompt_most = 30us;
constexpr Duration late_most = 20ms;
/// Of one iteration of a worker's loop.
constexpr Duration iteration_least = 1us;
constexpr Duration iteration_most = 60us;
/// A run that has come so far does not end by itself.
constexpr std::uint64_t events_max = 20'000'000;

}  // namespace

SimProactor::SimProactor(Kernel& kernel)
    : kernel_(kernel), machine_(kernel.machine()), now_(machine_.now()) {}

SimProactor::~SimProactor() = default;

std::size_t SimProactor::operations_in_flight() const noexcept {
    return static_cast<std::size_t>(std::ranges::count_if(
        in_flight_, [](const auto& one) { return one.second->uses_memory(); }));
}

void SimProactor::accept(io::Token token, int listener) {
    if (kernel_.descriptors().find(listener, Descriptor::Kind::listener, "an accept") == nullptr) {
        return;
    }
    if (!accepting_.emplace(listener, Accepting{.token = token}).second) {
        kernel_.history().fail("two accepts on one listener");
        return;
    }
    kernel_.descriptors().use(listener);
    kernel_.find_listener(listener)->listener = [this, listener] { poke(listener); };
    poke(listener);
}

void SimProactor::cancel_accept(io::Token token, int listener) {
    const auto found = accepting_.find(listener);
    if (found == accepting_.end() || found->second.token != token) {
        return;  // It has ended by itself.
    }
    kernel_.find_listener(listener)->listener = nullptr;
    accepting_.erase(found);
    report(
        {.completion = {.token = token, .result = -ECANCELED, .data = {}}, .listener = listener});
}

void SimProactor::accept_some(int listener) {
    const auto found = accepting_.find(listener);
    if (found == accepting_.end()) {
        return;
    }
    found->second.is_scheduled = false;
    const io::Token token = found->second.token;
    const Result<int> accepted = machine_.strikes(Fault::descriptor_shortage)
                                     ? Result<int>(std::unexpected(Errno(EMFILE)))
                                     : kernel_.accept(listener);
    if (accepted) {
        report({.completion = {.token = token, .result = *accepted, .more = true, .data = {}}});
        poke(listener);
    } else if (accepted.error() != Errno(EAGAIN)) {
        kernel_.find_listener(listener)->listener = nullptr;
        accepting_.erase(found);
        report({.completion = {.token = token, .result = -accepted.error().value(), .data = {}},
                .listener = listener});
    }
}

void SimProactor::poke(int fd) {
    if (const auto found = accepting_.find(fd); found != accepting_.end()) {
        if (!found->second.is_scheduled && !kernel_.find_listener(fd)->queue.empty()) {
            found->second.is_scheduled = true;
            machine_.after(machine_.delay(prompt_least, prompt_most),
                           [this, fd] { accept_some(fd); });
        }
        return;
    }
    const auto found = on_sockets_.find(fd);
    if (found == on_sockets_.end()) {
        return;
    }
    const OperationRef operation = found->second;
    const std::shared_ptr<Socket> socket = socket_of(fd, "an operation");
    if (operation->is_scheduled || operation->is_over || socket == nullptr ||
        !can_go_on(*operation, *socket)) {
        return;
    }
    operation->is_scheduled = true;
    machine_.after(machine_.delay(prompt_least, prompt_most), [this, operation] {
        operation->is_scheduled = false;
        go_on(operation);
    });
}

void SimProactor::run(io::Token token, io::BlockingJob& job, Lane lane) {
    begin_on_file(std::make_shared<Operation>(Operation{
                      .kind = Operation::Kind::job, .token = token, .lane = lane, .job = &job}),
                  disk_time());
}

void SimProactor::await_input(io::Token token, int fd) {
    Descriptor* const descriptor =
        kernel_.descriptors().find(fd, Descriptor::Kind::notifier, "a wait for input");
    if (descriptor == nullptr) {
        return;
    }
    const auto operation = std::make_shared<Operation>(Operation{
        .kind = Operation::Kind::await_input, .token = token, .number = ++last_operation_});
    in_flight_.emplace(operation->number, operation);
    const auto look = [this, operation] {
        if (!std::exchange(operation->is_scheduled, true)) {
            machine_.after(machine_.delay(prompt_least, prompt_most),
                           [this, operation] { complete(operation, 1); });
        }
    };
    descriptor->notifier->listen(look);
    if (descriptor->notifier->has_input()) {
        look();
    }
}

void SimProactor::await_priority(io::Token token, int /*fd*/) {
    // The mounts never change.
    const auto operation = std::make_shared<Operation>(Operation{
        .kind = Operation::Kind::await_priority, .token = token, .number = ++last_operation_});
    in_flight_.emplace(operation->number, operation);
}

void SimProactor::close(int fd) {
    kernel_.descriptors().close(fd, "a close");
}

void SimProactor::close_file(int fd, Lane /*lane*/) noexcept {
    kernel_.descriptors().close(fd, "a close");
}

void SimProactor::complete(const OperationRef& operation, std::int32_t result) {
    operation->is_over = true;
    in_flight_.erase(operation->number);
    report({.completion = {.token = operation->token,
                           .result = result,
                           .more = false,
                           .file_wait = operation->file_wait,
                           .data = {}},
            .operation = operation});
}

void SimProactor::report(Ready ready) {
    // The items of one stream don't overtake each other.
    const bool may_be_late = ready.operation != nullptr;
    const Duration delay = may_be_late && machine_.strikes(Fault::late_completions)
                               ? machine_.delay(prompt_least, late_most)
                               : Duration(0);
    machine_.after(delay, [this, ready = std::move(ready)] { ready_.push_back(ready); });
}

void SimProactor::deliver(const Ready& ready) {
    io::Completion completion = ready.completion;
    if (const OperationRef& operation = ready.operation) {
        completion.data = operation->received;
        received_.push_back(operation);
        on_sockets_.erase(operation->fd);
        for (const int fd : {operation->fd, operation->slice.file}) {
            kernel_.descriptors().end_use(fd);
        }
    }
    if (!completion.more && ready.listener >= 0) {
        kernel_.descriptors().end_use(ready.listener);
    }
    kernel_.history().note("completion", completion.token.operation, completion.token.slot,
                           completion.result);
    batch_.push_back(completion);
}

void SimProactor::drop_received() {
    for (const OperationRef& operation : received_) {
        std::ranges::fill(operation->received, untouched);
    }
    received_.clear();
}

std::span<const io::Completion> SimProactor::wait(MonotonicTime deadline) {
    machine_.pass(machine_.delay(iteration_least, iteration_most));
    drop_received();
    batch_.clear();
    while (ready_.empty() && !is_woken_ && machine_.now().monotonic < deadline) {
        const bool is_alive = machine_.step(deadline) || deadline != never;
        if (!is_alive || machine_.events() > events_max) {
            kernel_.history().fail(is_alive ? "the run does not end"
                                            : "the worker waits for what never comes");
            break;
        }
        if (kernel_.history().has_failed()) {
            break;
        }
    }
    is_woken_ = false;
    now_ = machine_.now();
    std::size_t count = std::min<std::size_t>(ready_.size(), limits::completions_per_wait_max);
    if (count > 1 && machine_.strikes(Fault::late_completions)) {
        count = machine_.random().between(1, count);
    }
    for (; count > 0; --count) {
        deliver(ready_.front());
        ready_.pop_front();
    }
    return batch_;
}

}  // namespace torc::sim
