// slowfs: a FUSE file system whose calls take as long as they are told to, each by itself: what a
// network file system or a tired disk does to a server, without either.
//
//   slowfs [--cold-bytes N] MOUNTPOINT
//
// It prints `ready` when it is mounted, and then obeys the lines of its standard input. It answers
// each with a line of its standard output, `ok`, `ok NUMBER` or `error: WHY`:
//
//   stall CALL          calls of that kind wait until they are released
//   delay CALL MS       calls of that kind take so long, each from when it came
//   release CALL        answers those that wait, and no others wait from then on
//   waiting CALL        how many wait now
//   count CALL          how many there were since the mount
//   mode keep-cache     the kernel keeps what was read in its page cache (the default), or
//   mode direct-io      it does not, and each read(2) comes here; both for files opened afterwards
//   valid MS            how long the kernel may keep names and attributes that it hears of
//                       afterwards, names without a file included; an hour by default. 0: it asks
//                       for each component of each path, each time
//   heed-signals        a call whose caller has a signal to take fails with EINTR, those that wait
//                       already too: a process that waits can be killed, and end, as it can with
//                       NFS. Before, nothing ends a call, and who waits can't be killed (but in a
//                       read into the page cache)
//
// CALL is lookup (of a name that the kernel does not know), getattr, open, read, flush (which
// close(2) waits for), release (which nobody waits for), opendir, readdir, statfs, or `all`.
//
// The files are there for ever, and nothing else is (ENOENT):
//
//   index.html 1k.txt 20k.txt 100k.bin 1m.bin 10m.bin
//   cold.bin                  1 GiB, or --cold-bytes
//   d/000.txt … d/999.txt     1 KiB each
//   e/000.txt … e/999.txt     the same in another directory
//   medium/000.bin …          1,000 files of 100 KiB
//   large/000.bin …           100 files of 1 MiB
//
// The byte at offset N of each is 'a' + N % 26, so that a piece out of place shows.
//
// slowfs stays in the foreground. The end of its standard input unmounts it, and so do SIGTERM,
// SIGINT and the end of the process that started it; what waits is answered before. One thread
// serves all: a call that waits is set aside and holds none.

#define FUSE_USE_VERSION 35

#include "program.hpp"

#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using torc::bench::check;
using torc::bench::parse_number;
using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;
using Milliseconds = std::chrono::milliseconds;

constexpr off_t kib = 1024;
constexpr off_t mib = 1024 * kib;
// 2020-01-01: long ago, or a server would be cautious with it.
constexpr time_t modified_at = 1'577'836'800;
constexpr std::size_t command_bytes_max = 4096;
// Read-ahead that may wait at a time. The kernel keeps what is beyond, and it would not be counted.
constexpr unsigned background_max = 1024;

// ----------------------------------------------------------------------------------- the tree

struct Node {
    std::string name;
    bool is_directory = false;
    off_t size = 0;
    std::vector<fuse_ino_t> children{};
};

/// The number of a node is its place in the tree, from FUSE_ROOT_ID (1) on.
class Tree {
public:
    explicit Tree(off_t cold_bytes) {
        nodes_.push_back({.name = "", .is_directory = true});
        const std::initializer_list<std::pair<const char*, off_t>> files = {
            {"index.html", kib},     {"1k.txt", kib}, {"20k.txt", 20 * kib},
            {"100k.bin", 100 * kib}, {"1m.bin", mib}, {"10m.bin", 10 * mib},
            {"cold.bin", cold_bytes}};
        for (const auto& [name, size] : files) {
            add(FUSE_ROOT_ID, {.name = name, .size = size});
        }
        add_directory("d", 1000, ".txt", kib);
        add_directory("e", 1000, ".txt", kib);
        add_directory("medium", 1000, ".bin", 100 * kib);
        add_directory("large", 100, ".bin", mib);
    }

    [[nodiscard]] const Node& at(fuse_ino_t number) const { return nodes_.at(number - 1); }

    [[nodiscard]] std::optional<fuse_ino_t> find(fuse_ino_t parent, const std::string& name) const {
        const auto found = by_name_.find({parent, name});
        return found == by_name_.end() ? std::nullopt : std::optional(found->second);
    }

    [[nodiscard]] struct stat attributes_of(fuse_ino_t number) const {
        const Node& node = at(number);
        struct stat attributes{};
        attributes.st_ino = number;
        attributes.st_mode = node.is_directory ? S_IFDIR | 0755U : S_IFREG | 0444U;
        attributes.st_nlink = node.is_directory ? 2 : 1;
        attributes.st_size = node.size;
        attributes.st_mtim.tv_sec = modified_at;
        attributes.st_ctim.tv_sec = modified_at;
        return attributes;
    }

private:
    fuse_ino_t add(fuse_ino_t parent, Node node) {
        const fuse_ino_t number = nodes_.size() + 1;
        by_name_.emplace(std::pair(parent, node.name), number);
        nodes_.push_back(std::move(node));
        nodes_[parent - 1].children.push_back(number);
        return number;
    }

    /// Files are called 000 and so on.
    void add_directory(const char* name, unsigned files, const char* suffix, off_t size) {
        const fuse_ino_t directory = add(FUSE_ROOT_ID, {.name = name, .is_directory = true});
        for (unsigned i = 0; i < files; ++i) {
            const std::string digits = std::to_string(1000 + i).substr(1);
            add(directory, {.name = digits + suffix, .size = size});
        }
    }

    std::vector<Node> nodes_;
    std::map<std::pair<fuse_ino_t, std::string>, fuse_ino_t> by_name_;
};

std::string contents(off_t size, off_t offset, std::size_t count_max) {
    const off_t left = std::max<off_t>(size - offset, 0);
    std::string bytes(std::min(count_max, static_cast<std::size_t>(left)), '\0');
    for (char& byte : bytes) {
        byte = static_cast<char>('a' + offset++ % 26);
    }
    return bytes;
}

// ------------------------------------------------------------------------------ what takes time

enum class Call : std::uint8_t {
    lookup,
    getattr,
    open,
    read,
    flush,
    release,
    opendir,
    readdir,
    statfs
};
constexpr std::array<std::string_view, 9> call_names = {
    "lookup", "getattr", "open", "read", "flush", "release", "opendir", "readdir", "statfs"};

/// The calls that `name` stands for.
std::vector<Call> calls_named(std::string_view name) {
    std::vector<Call> calls;
    for (std::size_t i = 0; i < call_names.size(); ++i) {
        if (name == "all" || name == call_names[i]) {
            calls.push_back(static_cast<Call>(i));
        }
    }
    if (calls.empty()) {
        throw std::invalid_argument("not a call: " + std::string(name));
    }
    return calls;
}

/// The calls that came, each with its answer, until it is time for it.
class Waiting {
public:
    /// `answer` is called at once if calls of that kind take no time.
    void add(Call call, fuse_req_t request, std::function<void()> answer) {
        Kind& kind = kind_of(call);
        ++kind.count;
        if (kind.delay == Milliseconds::zero()) {
            answer();
        } else {
            const bool is_for_ever = kind.delay == Milliseconds::max();
            const Time due = is_for_ever ? Time::max() : Clock::now() + kind.delay;
            calls_.emplace(due,
                           Parked{.call = call, .request = request, .answer = std::move(answer)});
            fuse_req_interrupt_func(request, on_signal, this);
        }
    }

    void stall(Call call) { kind_of(call).delay = Milliseconds::max(); }
    void delay(Call call, Milliseconds delay) { kind_of(call).delay = delay; }

    void release(Call call) {
        kind_of(call).delay = Milliseconds::zero();
        std::erase_if(calls_, [&](const auto& entry) {
            if (entry.second.call != call) {
                return false;
            }
            entry.second.answer();
            return true;
        });
    }

    void heed_signals() { heeds_signals_ = true; }

    /// Ends the calls whose callers have a signal to take, if those are heeded.
    void answer_interrupted() {
        if (!heeds_signals_ || !has_interrupted_) {
            return;
        }
        has_interrupted_ = false;
        std::erase_if(calls_, [](const auto& entry) {
            if (entry.second.is_interrupted) {
                fuse_reply_err(entry.second.request, EINTR);
            }
            return entry.second.is_interrupted;
        });
    }

    void answer_due() {
        const auto end = calls_.upper_bound(Clock::now());
        std::for_each(calls_.begin(), end, [](const auto& entry) { entry.second.answer(); });
        calls_.erase(calls_.begin(), end);
    }

    /// For poll(2).
    [[nodiscard]] int milliseconds_until_due() const {
        if (calls_.empty() || calls_.begin()->first == Time::max()) {
            return -1;
        }
        const auto left = std::chrono::ceil<Milliseconds>(calls_.begin()->first - Clock::now());
        return static_cast<int>(std::max(left, Milliseconds::zero()).count());
    }

    [[nodiscard]] std::size_t count_waiting(Call call) const {
        return static_cast<std::size_t>(std::ranges::count_if(
            calls_, [&](const auto& entry) { return entry.second.call == call; }));
    }
    [[nodiscard]] std::size_t count(Call call) const {
        return kinds_[static_cast<std::size_t>(call)].count;
    }

private:
    struct Kind {
        /// The maximum stands for ever.
        Milliseconds delay{};
        std::size_t count = 0;
    };
    struct Parked {
        Call call;
        fuse_req_t request;
        std::function<void()> answer;
        bool is_interrupted = false;
    };

    /// Not the place for an answer: libfuse still uses the request.
    static void on_signal(fuse_req_t request, void* self) {
        auto& waiting = *static_cast<Waiting*>(self);
        for (auto& [due, parked] : waiting.calls_) {
            if (parked.request == request) {
                parked.is_interrupted = true;
                waiting.has_interrupted_ = true;
            }
        }
    }

    Kind& kind_of(Call call) { return kinds_[static_cast<std::size_t>(call)]; }

    std::array<Kind, call_names.size()> kinds_;
    std::multimap<Time, Parked> calls_;
    bool heeds_signals_ = false;
    bool has_interrupted_ = false;
};

// ----------------------------------------------------------------------------- the file system

struct FileSystem {
    Tree tree;
    Waiting waiting{};
    bool is_direct_io = false;
    Milliseconds valid = std::chrono::hours(1);

    /// As libfuse wants it.
    [[nodiscard]] double valid_s() const { return std::chrono::duration<double>(valid).count(); }
};

FileSystem& file_system(fuse_req_t request) {
    return *static_cast<FileSystem*>(fuse_req_userdata(request));
}

void wait(Call call, fuse_req_t request, std::function<void()> answer) {
    file_system(request).waiting.add(call, request, std::move(answer));
}

void initialise(void* /*files*/, fuse_conn_info* connection) {
    connection->max_background = background_max;
}

// A reply fails when the caller has been killed meanwhile, which is nobody's loss.

void lookup(fuse_req_t request, fuse_ino_t parent, const char* name) {
    const FileSystem& files = file_system(request);
    fuse_entry_param entry{};
    entry.entry_timeout = files.valid_s();
    entry.attr_timeout = files.valid_s();
    // 0 says that there is no such file.
    if (const auto number = files.tree.find(parent, name)) {
        entry.ino = *number;
        entry.attr = files.tree.attributes_of(*number);
    }
    wait(Call::lookup, request, [=] { fuse_reply_entry(request, &entry); });
}

void get_attributes(fuse_req_t request, fuse_ino_t number, fuse_file_info* /*info*/) {
    const FileSystem& files = file_system(request);
    const struct stat attributes = files.tree.attributes_of(number);
    const double valid_s = files.valid_s();
    wait(Call::getattr, request, [=] { fuse_reply_attr(request, &attributes, valid_s); });
}

void open_file(fuse_req_t request, fuse_ino_t /*number*/, fuse_file_info* info) {
    fuse_file_info opened = *info;
    opened.direct_io = file_system(request).is_direct_io;
    opened.keep_cache = !opened.direct_io;
    wait(Call::open, request, [=] { fuse_reply_open(request, &opened); });
}

void read_file(fuse_req_t request, fuse_ino_t number, std::size_t size, off_t offset,
               fuse_file_info* /*info*/) {
    const off_t file_size = file_system(request).tree.at(number).size;
    wait(Call::read, request, [=] {
        const std::string bytes = contents(file_size, offset, size);
        fuse_reply_buf(request, bytes.data(), bytes.size());
    });
}

void flush_file(fuse_req_t request, fuse_ino_t /*number*/, fuse_file_info* /*info*/) {
    wait(Call::flush, request, [=] { fuse_reply_err(request, 0); });
}

void release_file(fuse_req_t request, fuse_ino_t /*number*/, fuse_file_info* /*info*/) {
    wait(Call::release, request, [=] { fuse_reply_err(request, 0); });
}

void open_directory(fuse_req_t request, fuse_ino_t /*number*/, fuse_file_info* info) {
    const fuse_file_info opened = *info;
    wait(Call::opendir, request, [=] { fuse_reply_open(request, &opened); });
}

/// The entries from `first` on, as many as go into `size` bytes. An entry's offset is the place of
/// the next.
std::string directory_entries(fuse_req_t request, const Node& directory, std::size_t first,
                              std::size_t size) {
    const Tree& tree = file_system(request).tree;
    std::string entries(size, '\0');
    std::size_t used = 0;
    for (std::size_t i = first; i < directory.children.size(); ++i) {
        const fuse_ino_t number = directory.children[i];
        const struct stat attributes = tree.attributes_of(number);
        const std::size_t needed =
            fuse_add_direntry(request, &entries[used], size - used, tree.at(number).name.c_str(),
                              &attributes, static_cast<off_t>(i + 1));
        if (needed > size - used) {
            break;
        }
        used += needed;
        if (used == size) {
            break;
        }
    }
    entries.resize(used);
    return entries;
}

void read_directory(fuse_req_t request, fuse_ino_t number, std::size_t size, off_t offset,
                    fuse_file_info* /*info*/) {
    const Node& directory = file_system(request).tree.at(number);
    const std::string entries =
        directory_entries(request, directory, static_cast<std::size_t>(offset), size);
    wait(Call::readdir, request, [=] { fuse_reply_buf(request, entries.data(), entries.size()); });
}

void get_statistics(fuse_req_t request, fuse_ino_t /*number*/) {
    struct statvfs statistics{};
    statistics.f_bsize = 4096;
    statistics.f_namemax = 255;
    wait(Call::statfs, request, [=] { fuse_reply_statfs(request, &statistics); });
}

// -------------------------------------------------------------------------------- the commands

/// Sums `count` over the calls of that name.
std::string sum_of(std::string_view name, const std::function<std::size_t(Call)>& count) {
    std::size_t sum = 0;
    for (const Call call : calls_named(name)) {
        sum += count(call);
    }
    return "ok " + std::to_string(sum);
}

/// Gives the line to answer with.
std::string obey(FileSystem& files, const std::string& line) {
    std::istringstream words(line);
    std::string command;
    std::string argument;
    std::string number;
    words >> command >> argument >> number;
    Waiting& waiting = files.waiting;
    if (command == "waiting") {
        return sum_of(argument, [&](Call call) { return waiting.count_waiting(call); });
    }
    if (command == "count") {
        return sum_of(argument, [&](Call call) { return waiting.count(call); });
    }
    if (command == "stall") {
        std::ranges::for_each(calls_named(argument), [&](Call call) { waiting.stall(call); });
    } else if (command == "delay") {
        const Milliseconds delay(parse_number<std::uint32_t>(number));
        std::ranges::for_each(calls_named(argument),
                              [&](Call call) { waiting.delay(call, delay); });
    } else if (command == "release") {
        std::ranges::for_each(calls_named(argument), [&](Call call) { waiting.release(call); });
    } else if (command == "mode" && (argument == "keep-cache" || argument == "direct-io")) {
        files.is_direct_io = argument == "direct-io";
    } else if (command == "heed-signals") {
        waiting.heed_signals();
    } else if (command == "valid") {
        files.valid = Milliseconds(parse_number<std::uint32_t>(argument));
    } else {
        throw std::invalid_argument("not a command: " + line);
    }
    return "ok";
}

void say(std::string_view line) {
    std::cout << line << '\n' << std::flush;
}

/// Obeys the lines that came on standard input; false at its end.
bool obey_input(FileSystem& files, std::string& received) {
    std::array<char, command_bytes_max> buffer{};
    const ssize_t count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (count <= 0) {
        return false;
    }
    received.append(buffer.data(), static_cast<std::size_t>(count));
    for (std::size_t end = 0; (end = received.find('\n')) != std::string::npos;) {
        try {
            say(obey(files, received.substr(0, end)));
        } catch (const std::invalid_argument& error) {
            say(std::string("error: ") + error.what());
        }
        received.erase(0, end + 1);
    }
    return true;
}

// -------------------------------------------------------------------------------------- running

struct Options {
    off_t cold_bytes = 1024 * mib;
    std::string mountpoint;
};

Options parse_options(std::span<char*> arguments) {
    Options options;
    if (arguments.size() == 4 && arguments[1] == std::string_view("--cold-bytes")) {
        options.cold_bytes = parse_number<off_t>(arguments[2]);
    } else if (arguments.size() != 2) {
        throw std::invalid_argument("usage: slowfs [--cold-bytes N] MOUNTPOINT");
    }
    options.mountpoint = arguments.back();
    return options;
}

/// The signals that end it come by a descriptor.
int end_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    check(::pthread_sigmask(SIG_BLOCK, &signals, nullptr), "pthread_sigmask");
    return check(::signalfd(-1, &signals, SFD_CLOEXEC), "signalfd");
}

/// A mounted file system; unmounted at its end, whoever still uses it.
class Session {
public:
    Session(FileSystem& files, const std::string& mountpoint) {
        fuse_lowlevel_ops operations{};
        operations.init = initialise;
        operations.lookup = lookup;
        operations.getattr = get_attributes;
        operations.open = open_file;
        operations.read = read_file;
        operations.flush = flush_file;
        operations.release = release_file;
        operations.opendir = open_directory;
        operations.readdir = read_directory;
        operations.statfs = get_statistics;
        // allow_other: servers give up root.
        std::array<std::string, 3> words{"slowfs", "-o",
                                         "ro,allow_other,default_permissions,fsname=slowfs"};
        std::array<char*, words.size()> pointers{};
        std::ranges::transform(words, pointers.begin(), [](auto& word) { return word.data(); });
        fuse_args arguments = FUSE_ARGS_INIT(int{pointers.size()}, pointers.data());
        session_ = fuse_session_new(&arguments, &operations, sizeof operations, &files);
        fuse_opt_free_args(&arguments);
        if (session_ == nullptr) {
            throw std::runtime_error("libfuse refuses its options");
        }
        if (fuse_session_mount(session_, mountpoint.c_str()) != 0) {
            fuse_session_destroy(session_);
            throw std::runtime_error("can't be mounted at " + mountpoint);
        }
        // A request may have gone before it is read.
        check(::fcntl(descriptor(), F_SETFL, O_NONBLOCK), "F_SETFL");
    }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session() {
        fuse_session_unmount(session_);
        fuse_session_destroy(session_);
        std::free(buffer_.mem);
    }

    [[nodiscard]] int descriptor() const { return fuse_session_fd(session_); }

    /// Performs a call, if there is one; false when it was unmounted by somebody else.
    bool perform() {
        const int count = fuse_session_receive_buf(session_, &buffer_);
        if (count == -EAGAIN || count == -EINTR) {
            return true;
        }
        if (count <= 0) {
            return false;
        }
        fuse_session_process_buf(session_, &buffer_);
        return true;
    }

private:
    fuse_session* session_ = nullptr;
    // libfuse allocates its memory.
    fuse_buf buffer_{};
};

void run(FileSystem& files, Session& session, int signals) {
    std::string received;
    std::array<pollfd, 3> events = {{{.fd = session.descriptor(), .events = POLLIN, .revents = 0},
                                     {.fd = STDIN_FILENO, .events = POLLIN, .revents = 0},
                                     {.fd = signals, .events = POLLIN, .revents = 0}}};
    while (true) {
        check(::poll(events.data(), events.size(), files.waiting.milliseconds_until_due()), "poll");
        files.waiting.answer_due();
        const bool goes_on = (events[0].revents == 0 || session.perform()) &&
                             (events[1].revents == 0 || obey_input(files, received)) &&
                             events[2].revents == 0;
        if (!goes_on) {
            return;
        }
        files.waiting.answer_interrupted();
    }
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const Options options = parse_options({argv, static_cast<std::size_t>(argc)});
        const int signals = end_signals();
        check(::prctl(PR_SET_PDEATHSIG, SIGTERM), "PR_SET_PDEATHSIG");
        FileSystem files{.tree = Tree(options.cold_bytes)};
        Session session(files, options.mountpoint);
        say("ready");
        run(files, session, signals);
        for (const Call call : calls_named("all")) {
            files.waiting.release(call);
        }
        return 0;
    } catch (const std::exception& error) {
        std::cerr << "slowfs: " << error.what() << '\n';
        return 1;
    }
}
