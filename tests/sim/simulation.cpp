#include "sim/simulation.hpp"

#include <torc/base/unique_fd.hpp>
#include <torc/config/settings.hpp>
#include <torc/file/root.hpp>
#include <torc/net/listening_sockets.hpp>
#include <torc/worker/current_root.hpp>
#include <torc/worker/mailbox.hpp>
#include <torc/worker/snapshot.hpp>
#include <torc/worker/worker.hpp>

#include "sim/client.hpp"
#include "sim/editor.hpp"
#include "sim/kernel.hpp"
#include "sim/model.hpp"
#include "sim/sim_proactor.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace torc::sim {
namespace {

using namespace std::chrono_literals;

std::uint64_t seed_under_way = 0;

/// How often it is looked whether all clients are done.
constexpr Duration look_interval = 50ms;
constexpr std::uint64_t early_stops_per_mille = 200;

Duration draw_granularity(Random& random) {
    return random.chance(500) ? Duration(1) : Duration(4ms);
}

/// All that there is in a run, in the order in which it is made.
class Simulation {
public:
    Simulation(std::uint64_t seed, const Faults& faults, std::ostream* trace)
        : history_(trace),
          machine_(seed, faults, history_),
          kernel_(machine_, draw_granularity(machine_.random())),
          model_(machine_, kernel_.tree(), std::string(Editor::root)),
          editor_(machine_, kernel_.tree(), model_, machine_.random().fork()),
          around_{.machine = machine_, .kernel = kernel_, .model = model_},
          proactor_(kernel_) {
        model_.follow(RequestMaker::paths());
        around_.listener = kernel_.make_listener();
        around_.favourite = editor_.favourite();
        listeners_.emplace();
        listeners_->add(0, UniqueFd(around_.listener));
        worker_.emplace(proactor_, worker::WorkerOptions{.snapshot = make_snapshot(),
                                                         .listeners = &*listeners_,
                                                         .reports = &reports_,
                                                         .connections_max = 64,
                                                         .mailbox = &mailbox_});
    }

    void run() {
        worker_->begin_serving();
        begin();
        while (!worker_->has_left() && !history_.has_failed()) {
            worker_->iterate();
        }
        if (!history_.has_failed()) {
            end();
        }
    }

    /// Operations still have the worker's memory, or nobody knows what it is worth.
    [[nodiscard]] bool must_be_kept() const noexcept { return worker_.has_value(); }

    [[nodiscard]] const ClientSurroundings& clients() const noexcept { return around_; }
    [[nodiscard]] const Machine& machine() const noexcept { return machine_; }
    [[nodiscard]] const History& history() const noexcept { return history_; }

private:
    worker::SharedSnapshot make_snapshot() {
        config::Settings settings;
        settings.sites.front().whole.directory = Editor::root;
        return worker::make_snapshot(
            std::move(settings), nullptr,
            [&](const config::AreaSettings& area) {
                return std::make_shared<worker::CurrentRoot>(
                    area.directory,
                    std::make_shared<const file::Root>(*file::Root::open(area.directory)),
                    machine_.now().monotonic, reports_);
            },
            {}, machine_.now().monotonic);
    }

    void begin() {
        const std::uint64_t clients = machine_.random().between(1, 6);
        for (std::uint64_t number = 1; number <= clients; ++number) {
            clients_.push_back(std::make_unique<Client>(around_, machine_.random().fork(),
                                                        static_cast<int>(number)));
        }
        editor_.begin();
        if (machine_.random().chance(early_stops_per_mille)) {
            machine_.after(machine_.delay(0s, 20s), [this] { stop(); });
        }
        look_after_clients();
    }

    void look_after_clients() {
        machine_.after(look_interval, [this] {
            if (!std::ranges::all_of(clients_, &Client::is_done)) {
                look_after_clients();
                return;
            }
            editor_.stop();
            stop();
        });
    }

    /// As signals tell it: once, and sometimes once more.
    void stop() {
        using worker::Stop;
        around_.stopped_at = std::min(around_.stopped_at, machine_.now().monotonic);
        const Stop order = machine_.random().chance(300) ? Stop::drain_at_once : Stop::drain;
        history_.note("stop", static_cast<int>(order));
        mailbox_.order(order);
        if (machine_.random().chance(300)) {
            machine_.after(machine_.delay(0s, 5s), [this] {
                history_.note("stop", static_cast<int>(Stop::now));
                mailbox_.order(Stop::now);
            });
        }
    }

    void end() {
        static_cast<void>(worker_->finish());
        const bool is_busy = worker_->has_operations_in_flight();
        if (!is_busy && proactor_.operations_in_flight() > 0) {
            history_.fail("the worker ends under operations that use its memory");
        } else if (is_busy && !machine_.faults().has(Fault::slow_disk)) {
            history_.fail("the worker leaves operations behind");
        } else if (!is_busy) {
            worker_.reset();
            listeners_.reset();
            if (kernel_.descriptors().size() > 0) {
                history_.fail("descriptors are left open: " + kernel_.descriptors().text());
            }
        }
    }

    History history_;
    Machine machine_;
    Kernel kernel_;
    Model model_;
    Editor editor_;
    ClientSurroundings around_;
    std::vector<std::unique_ptr<Client>> clients_;
    const worker::ReportSink reports_ = [this](const worker::Report& report) {
        history_.note_text("report", static_cast<int>(report.severity), report.text);
    };
    worker::Mailbox mailbox_;
    SimProactor proactor_;
    std::optional<net::ListeningSockets> listeners_;
    std::optional<worker::Worker> worker_;
};

}  // namespace

RunResult run(const RunOptions& options) {
    seed_under_way = options.seed;
    Random random(options.seed);
    const Faults faults = Faults::named(options.faults, random);
    auto simulation = std::make_unique<Simulation>(random.next(), faults, options.trace);
    simulation->run();
    RunResult result{.seed = options.seed,
                     .failure = simulation->history().failure(),
                     .digest = simulation->history().digest(),
                     .faults = faults.text(),
                     .requests = simulation->clients().requests,
                     .responses = simulation->clients().responses,
                     .events = simulation->machine().events()};
    for (std::size_t kind = 0; kind < fault_kinds; ++kind) {
        result.struck[kind] = simulation->machine().struck(static_cast<Fault>(kind));
    }
    if (simulation->must_be_kept()) {
        // Never destroyed, and found by LeakSanitizer.
        static auto* const kept = new std::vector<std::unique_ptr<Simulation>>();
        kept->push_back(std::move(simulation));
    }
    return result;
}

std::uint64_t current_seed() noexcept {
    return seed_under_way;
}

}  // namespace torc::sim
