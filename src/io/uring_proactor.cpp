#include "uring_proactor.hpp"

#include <torc/base/assert.hpp>
#include <torc/base/limits.hpp>

#include "thread_sanitizer.hpp"
#include "uring_operations.hpp"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <new>
#include <utility>

namespace torc::io {
namespace {

/// Token::operation of the operations that the proactor starts for itself.
enum Internal : std::uint8_t {
    internal_timer = Token::reserved_operations,
    internal_timer_update,
    internal_wake,
    internal_close,
    internal_cancel,
    internal_file_warm,
    internal_room_poll,
    internal_room_events,
    /// Of the pool.
    internal_chunk_read,
};

constexpr std::uint16_t receive_buffer_group = 0;
/// Until the kernel is asked again that had no memory to take a submission.
constexpr int shortage_pause_ms = 1;
/// How many half-closed sockets with room are gone on with for one completion.
constexpr std::size_t room_events_max = 64;

}  // namespace

Ring::~Ring() {
    if (is_open_) {
        io_uring_submit(&ring_);
        io_uring_queue_exit(&ring_);
    }
}

Result<void> Ring::open(std::uint32_t submissions, std::uint32_t completions) noexcept {
    io_uring_params parameters{};
    // SINGLE_ISSUER: one thread submits, so the kernel takes no lock for it; DEFER_TASKRUN needs
    // it. DEFER_TASKRUN: completions are worked off when the loop waits, in one batch, not by
    // interrupting it. SUBMIT_ALL: one bad submission completes with its error and does not hold up
    // those behind it. CQSIZE: room for every connection's completion at once, since an overflow is
    // slow to recover from. CLAMP: past the kernel's maximum take the maximum. Never a flag that
    // liburing 2.3 does not know: with NO_SQARRAY it writes over the ring's head.
    parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                       IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
    parameters.cq_entries = completions;
    if (const int error = io_uring_queue_init_params(submissions, &ring_, &parameters); error < 0) {
        return std::unexpected(Errno(-error));
    }
    is_open_ = true;
    return {};
}

Result<std::unique_ptr<Proactor>> UringProactor::create(const ProactorOptions& options) {
    std::unique_ptr<UringProactor> proactor(new UringProactor());
    if (const auto result = proactor->initialise(options); !result) {
        return std::unexpected(result.error());
    }
    return proactor;
}

UringProactor::~UringProactor() = default;

Result<void> UringProactor::initialise(const ProactorOptions& options) {
    // One completion for each connection, and as many again for loads, closes and accepts.
    const std::uint32_t completions =
        std::clamp(options.connections_max * 2, 2 * limits::submission_queue_entries,
                   limits::completion_queue_entries_max);
    if (auto result = ring_.open(limits::submission_queue_entries, completions); !result) {
        return result;
    }
    // Saves the kernel a look-up of the ring's descriptor in each enter; not having it is no harm.
    io_uring_register_ring_fd(ring_.get());
    std::array<unsigned, 2> thread_limits = {limits::ring_bounded_threads_max,
                                             limits::ring_unbounded_threads_max};
    if (const int error = io_uring_register_iowq_max_workers(ring_.get(), thread_limits.data());
        error < 0) {
        return std::unexpected(Errno(-error));
    }
    if (auto result = register_receive_buffers(); !result) {
        return result;
    }
    auto scratch = Mapping::create(limits::cold_file_chunk_bytes);
    if (!scratch) {
        return std::unexpected(scratch.error());
    }
    scratch_ = std::move(*scratch);
    auto file_sender = FileSender::create();
    if (!file_sender) {
        return std::unexpected(file_sender.error());
    }
    file_sender_ = *std::move(file_sender);
    // Blocking on purpose: the ring answers a read of a non-blocking eventfd with EAGAIN at once.
    wake_fd_.reset(::eventfd(0, EFD_CLOEXEC));
    if (!wake_fd_) {
        return std::unexpected(Errno::last());
    }
    lent_buffers_.reserve(limits::receive_buffers);
    arm_wake();
    // Entered once here, so that a filter that forbids no more than this shows as an error of
    // creation.
    if (const int error = io_uring_submit(ring_.get()); error < 0) {
        return std::unexpected(Errno(-error));
    }
    now_ = std::chrono::steady_clock::now();
    return {};
}

Result<void> UringProactor::register_receive_buffers() {
    auto buffers = ReceiveBuffers::create();
    auto ring_memory = Mapping::create(sizeof(io_uring_buf) * limits::receive_buffers);
    if (!buffers || !ring_memory) {
        return std::unexpected(Errno(ENOMEM));
    }
    buffers_ = std::move(*buffers);
    buffer_ring_memory_ = std::move(*ring_memory);
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uintptr_t>(buffer_ring_memory_.data());
    registration.ring_entries = limits::receive_buffers;
    registration.bgid = receive_buffer_group;
    if (const int error = io_uring_register_buf_ring(ring_.get(), &registration, 0); error < 0) {
        return std::unexpected(Errno(-error));
    }
    buffer_ring_ = reinterpret_cast<io_uring_buf_ring*>(buffer_ring_memory_.data());
    io_uring_buf_ring_init(buffer_ring_);
    provide_more_buffers();
    return {};
}

void UringProactor::add_buffer(std::uint16_t index, int offset) noexcept {
    io_uring_buf_ring_add(buffer_ring_, buffers_.address(index), limits::receive_buffer_bytes,
                          index, io_uring_buf_ring_mask(limits::receive_buffers), offset);
}

void UringProactor::provide_more_buffers() noexcept {
    std::uint16_t index = buffers_.ready();
    buffers_.make_more_ready();
    int offset = 0;
    while (index < buffers_.ready()) {
        add_buffer(index++, offset++);
    }
    io_uring_buf_ring_advance(buffer_ring_, offset);
}

io_uring_sqe* UringProactor::next_submission() {
    if (!waiting_submissions_.empty()) {
        return &waiting_submissions_.emplace_back();
    }
    io_uring_sqe* submission = io_uring_get_sqe(ring_.get());
    if (submission == nullptr) {
        submit(false);
        submission = io_uring_get_sqe(ring_.get());
    }
    return submission != nullptr ? submission : &waiting_submissions_.emplace_back();
}

void UringProactor::queue_waiting_submissions() noexcept {
    std::size_t count = 0;
    for (; count < waiting_submissions_.size(); ++count) {
        io_uring_sqe* const submission = io_uring_get_sqe(ring_.get());
        if (submission == nullptr) {
            break;
        }
        *submission = waiting_submissions_[count];
    }
    waiting_submissions_.erase(waiting_submissions_.begin(),
                               waiting_submissions_.begin() + static_cast<std::ptrdiff_t>(count));
}

void UringProactor::tag(io_uring_sqe* submission, Token token) noexcept {
    TORC_ASSERT(is_used_operation(submission->opcode));
    submission->user_data = token.pack();
}

void UringProactor::accept(Token token, int listener) {
    io_uring_sqe* submission = next_submission();
    io_uring_prep_multishot_accept(submission, listener, nullptr, nullptr,
                                   SOCK_NONBLOCK | SOCK_CLOEXEC);
    tag(submission, token);
}

void UringProactor::cancel_accept(Token token, int /*listener*/) {
    io_uring_sqe* submission = next_submission();
    io_uring_prep_cancel64(submission, token.pack(), 0);
    tag(submission, Token{.operation = internal_cancel});
}

void UringProactor::receive(Token token, int socket) {
    io_uring_sqe* submission = next_submission();
    io_uring_prep_recv(submission, socket, nullptr, limits::receive_buffer_bytes, 0);
    submission->flags |= IOSQE_BUFFER_SELECT;
    submission->buf_group = receive_buffer_group;
    // The peer has just been answered and thinks: polling first saves a receive that would find
    // nothing.
    submission->ioprio |= IORING_RECVSEND_POLL_FIRST;
    tag(submission, token);
}

void UringProactor::send(Token token, int socket, const msghdr& message, bool more_follows) {
    // WAITALL: the kernel goes on after a short send, so that one completion nearly always means
    // all or an error. Not always: it gives up after so many tries (128 in Linux 6.18), which a
    // half-closed peer uses up at once.
    const int flags = MSG_NOSIGNAL | MSG_WAITALL | (more_follows ? MSG_MORE : 0);
    io_uring_sqe* submission = next_submission();
    if (message.msg_iovlen == 1) {
        const iovec& piece = message.msg_iov[0];
        io_uring_prep_send(submission, socket, piece.iov_base, piece.iov_len, flags);
    } else {
        io_uring_prep_sendmsg(submission, socket, &message, static_cast<unsigned>(flags));
    }
    tag(submission, token);
}

void UringProactor::send_rest(Token token, int socket, const msghdr& message, std::size_t sent,
                              bool more_follows) {
    const std::uint32_t index = add_sending(token);
    sendings_[index].sender.start(
        socket, {.message = &message, .sent_bytes = sent, .more_follows = more_follows});
    start_sending(index);
}

void UringProactor::send_file(Token token, const FileSlice& slice) {
    const std::uint32_t index = add_sending(token);
    sendings_[index].sender.start(slice);
    start_sending(index);
}

std::uint32_t UringProactor::add_sending(Token token) {
    std::uint32_t index = 0;
    if (free_sendings_.empty()) {
        index = static_cast<std::uint32_t>(sendings_.size());
        sendings_.emplace_back();
        free_sendings_.reserve(sendings_.capacity());
    } else {
        index = free_sendings_.back();
        free_sendings_.pop_back();
    }
    sendings_[index].token = token;
    return index;
}

void UringProactor::finish_sending(std::uint32_t index, std::int32_t result) {
    Sending& sending = sendings_[index];
    sending.sender.abandon();
    batch_.add_ready(sending.token, result);
    free_sendings_.push_back(index);
}

void UringProactor::start_sending(std::uint32_t index) {
    try {
        continue_sending(index);
    } catch (const std::bad_alloc&) {
        sendings_[index].sender.abandon();
        free_sendings_.push_back(index);
        throw;
    }
}

void UringProactor::continue_sending(std::uint32_t index) {
    const SocketSender::Step step = sendings_[index].sender.advance(file_sender_);
    switch (step.need) {
        case SocketSender::Need::nothing:
            finish_sending(index, step.result);
            break;
        case SocketSender::Need::room:
        case SocketSender::Need::more_room:
        case SocketSender::Need::room_for_next:
            await_room(index);
            break;
        case SocketSender::Need::pages:
            read_pages(index);
            break;
        case SocketSender::Need::chunk:
            read_chunk(index);
            break;
    }
}

void UringProactor::read_pages(std::uint32_t index) {
    const BlockingCall call = sendings_[index].sender.read_call(internal_file_warm, index);
    io_uring_sqe* submission = next_submission();
    io_uring_prep_read(submission, call.fd, scratch_.data(), static_cast<unsigned>(call.length),
                       call.offset);
    tag(submission, call.token);
}

void UringProactor::read_chunk(std::uint32_t index) {
    SocketSender& sender = sendings_[index].sender;
    const auto position = reading_chunks_.insert_or_assign(sender.socket(), index).first;
    try {
        pool().submit(sender.read_call(internal_chunk_read, index));
    } catch (const std::bad_alloc&) {
        reading_chunks_.erase(position);
        throw;
    }
}

void UringProactor::chunk_read(Token token, std::int32_t result) {
    SocketSender& sender = sendings_[token.slot].sender;
    if (!sender.is_reading(token)) {
        return;  // The socket was shut down meanwhile, which ended the operation.
    }
    reading_chunks_.erase(sender.socket());
    sender.on_read(result);
    continue_sending(token.slot);
}

void UringProactor::await_room(std::uint32_t index) {
    io_uring_sqe* submission = next_submission();
    io_uring_prep_poll_add(submission, sendings_[index].sender.socket(), POLLOUT);
    tag(submission, Token{.operation = internal_room_poll, .slot = index});
}

void UringProactor::polled_for_room(std::uint32_t index, std::int32_t result) {
    if (result < 0) {
        finish_sending(index, result);
    } else if ((result & (POLLOUT | POLLERR | POLLHUP)) == 0) {
        await_room_behind_epoll(index);
    } else {
        continue_sending(index);
    }
}

void UringProactor::await_room_behind_epoll(std::uint32_t index) {
    if (!room_epoll_) {
        room_epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
    }
    epoll_event event{.events = EPOLLOUT, .data = {.u32 = index}};
    if (!room_epoll_ || ::epoll_ctl(room_epoll_.get(), EPOLL_CTL_ADD,
                                    sendings_[index].sender.socket(), &event) < 0) {
        finish_sending(index, -errno);
        return;
    }
    ++awaited_by_epoll_;
    await_room_events();
}

void UringProactor::await_room_events() {
    if (awaited_by_epoll_ == 0 || std::exchange(is_polling_room_epoll_, true)) {
        return;
    }
    io_uring_sqe* submission = next_submission();
    io_uring_prep_poll_add(submission, room_epoll_.get(), POLLIN);
    tag(submission, Token{.operation = internal_room_events});
}

void UringProactor::take_room_events() {
    is_polling_room_epoll_ = false;
    std::array<epoll_event, room_events_max> events;
    const int count = ::epoll_wait(room_epoll_.get(), events.data(), events.size(), 0);
    for (int position = 0; position < count; ++position) {
        const std::uint32_t index = events[static_cast<std::size_t>(position)].data.u32;
        ::epoll_ctl(room_epoll_.get(), EPOLL_CTL_DEL, sendings_[index].sender.socket(), nullptr);
        --awaited_by_epoll_;
        continue_sending(index);
    }
    await_room_events();
}

void UringProactor::open(Token token, int directory, const char* path, const open_how& how,
                         Lane lane) {
    if (!is_local(lane)) {
        pool().submit(BlockingCall{.kind = BlockingCall::Kind::open,
                                   .token = token,
                                   .lane = lane,
                                   .fd = directory,
                                   .path = path,
                                   .how = &how});
        return;
    }
    io_uring_sqe* submission = next_submission();
    // liburing takes the structure without const; the kernel only reads it.
    io_uring_prep_openat2(submission, directory, path, const_cast<open_how*>(&how));
    tag(submission, token);
}

void UringProactor::stat(Token token, int fd, struct statx& status, Lane lane) {
    if (!is_local(lane)) {
        pool().submit(BlockingCall{.kind = BlockingCall::Kind::stat,
                                   .token = token,
                                   .lane = lane,
                                   .fd = fd,
                                   .status = &status});
        return;
    }
    io_uring_sqe* submission = next_submission();
    io_uring_prep_statx(submission, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &status);
    tag(submission, token);
}

void UringProactor::read(Token token, int fd, std::span<std::byte> buffer, std::uint64_t offset,
                         Lane lane) {
    if (!is_local(lane)) {
        // The ring takes O_NONBLOCK, with which files are opened, for a promise not to wait, and
        // would read such a file on this thread.
        pool().submit(BlockingCall{.kind = BlockingCall::Kind::read,
                                   .token = token,
                                   .lane = lane,
                                   .fd = fd,
                                   .buffer = buffer.data(),
                                   .length = buffer.size(),
                                   .offset = offset});
        return;
    }
    io_uring_sqe* submission = next_submission();
    io_uring_prep_read(submission, fd, buffer.data(), static_cast<unsigned>(buffer.size()), offset);
    tag(submission, token);
}

void UringProactor::await_input(Token token, int fd) {
    io_uring_sqe* submission = next_submission();
    io_uring_prep_poll_add(submission, fd, POLLIN);
    tag(submission, token);
}

void UringProactor::await_priority(Token token, int fd) {
    io_uring_sqe* submission = next_submission();
    io_uring_prep_poll_add(submission, fd, POLLPRI);
    tag(submission, token);
}

BlockingPool& UringProactor::pool() {
    if (!pool_) {
        pool_ = std::make_unique<BlockingPool>(wake_fd_.get());
    }
    return *pool_;
}

void UringProactor::run(Token token, BlockingJob& job, Lane lane) {
    pool().submit(
        BlockingCall{.kind = BlockingCall::Kind::run, .token = token, .lane = lane, .job = &job});
}

void UringProactor::take_pool_results() {
    if (!pool_) {
        return;
    }
    pool_->take_done(pool_results_);
    for (const BlockingPool::Done& done : pool_results_) {
        if (done.call.token.operation == internal_chunk_read) {
            chunk_read(done.call.token, done.result);
        } else {
            batch_.add_ready(done.call.token, done.result);
        }
    }
    pool_results_.clear();
}

void UringProactor::close(int fd) {
    io_uring_sqe* submission = next_submission();
    io_uring_prep_close(submission, fd);
    note_closed_by_ring(fd);
    submission->flags |= IOSQE_CQE_SKIP_SUCCESS;
    tag(submission, Token{.operation = internal_close});
}

void UringProactor::close_file(int fd, Lane lane) noexcept {
    if (close_at_once(fd, lane)) {
        return;
    }
    // Not on the ring: where closing waits it would go to one of the ring's few threads, and the
    // last close of a large deleted file would not even do that.
    try {
        pool().submit(BlockingCall{.kind = BlockingCall::Kind::close, .lane = lane, .fd = fd});
    } catch (const std::bad_alloc&) {
        ::close(fd);
    }
}

void UringProactor::shutdown(int socket, int how) {
    // Not on the ring: IORING_OP_SHUTDOWN always goes to a kernel thread.
    ::shutdown(socket, how);
    if (how != SHUT_RDWR || reading_chunks_.empty()) {
        return;
    }
    // Nothing tells when the file system that is waited for will answer.
    if (const auto found = reading_chunks_.find(socket); found != reading_chunks_.end()) {
        finish_sending(found->second, -ECANCELED);
        reading_chunks_.erase(found);
    }
}

void UringProactor::wake() noexcept {
    const std::uint64_t one = 1;
    // Only an overflow of the 64-bit counter could fail it, and then a wake is pending anyway.
    [[maybe_unused]] const ssize_t written = ::write(wake_fd_.get(), &one, sizeof one);
}

void UringProactor::arm_wake() {
    io_uring_sqe* submission = next_submission();
    io_uring_prep_read(submission, wake_fd_.get(), &wake_count_, sizeof wake_count_, 0);
    tag(submission, Token{.operation = internal_wake});
}

void UringProactor::arm_timer(MonotonicTime deadline) {
    // A timeout in the ring, kept until it fires, not one for each wait: setting and cancelling a
    // kernel timer in every turn costs more than the rest of the turn's bookkeeping.
    if (deadline >= armed_deadline_) {
        return;
    }
    const bool is_armed = std::exchange(armed_deadline_, deadline) != never;
    const auto since_boot = deadline.time_since_epoch();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since_boot);
    timer_.tv_sec = seconds.count();
    timer_.tv_nsec = std::chrono::nanoseconds(since_boot - seconds).count();
    io_uring_sqe* submission = next_submission();
    const Token timer{.operation = internal_timer};
    if (is_armed) {
        // Brought forward, not left to fire for nothing: such timers would be more and more. If it
        // has fired meanwhile, its completion ends this wait, and the next one arms it anew.
        io_uring_prep_timeout_update(submission, &timer_, timer.pack(), IORING_TIMEOUT_ABS);
        submission->flags |= IOSQE_CQE_SKIP_SUCCESS;
        tag(submission, Token{.operation = internal_timer_update});
    } else {
        io_uring_prep_timeout(submission, &timer_, 0, IORING_TIMEOUT_ABS);
        tag(submission, timer);
    }
}

void UringProactor::submit(bool block) {
    const int result = block ? io_uring_submit_and_wait(ring_.get(), 1)
                             : io_uring_submit_and_get_events(ring_.get());
    // EINTR: a signal came. EBUSY, EAGAIN, ENOMEM: the kernel wants completions taken, or memory to
    // come back, first; what is queued stays queued for the next call. EBADR: the completion queue
    // was full and the kernel had no memory to keep a completion elsewhere, so it is lost.
    TORC_ASSERT(result >= 0 || result == -EINTR || result == -EBUSY || result == -EAGAIN ||
                result == -ENOMEM || result == -EBADR);
    has_lost_completions_ |= result == -EBADR;
    if (block && (result == -EAGAIN || result == -ENOMEM)) {
        // Nothing was waited for; without a pause the thread would ask again and again.
        ::poll(nullptr, 0, shortage_pause_ms);
    }
}

std::span<const Completion> UringProactor::wait(MonotonicTime deadline) {
    give_back_buffers();
    queue_waiting_submissions();
    batch_.begin();
    const bool is_due = deadline <= now_;
    if (!is_due && deadline != never) {
        arm_timer(deadline);
    }
    submit(batch_.empty() && !is_due && waiting_submissions_.empty());
    now_ = std::chrono::steady_clock::now();
    reap();
    batch_.fill();
    return batch_.completions();
}

void UringProactor::give_back_buffers() {
    int offset = 0;
    for (const std::uint16_t index : lent_buffers_) {
        buffers_.take_back(index);
        add_buffer(index, offset++);
    }
    if (offset > 0) {
        io_uring_buf_ring_advance(buffer_ring_, offset);
    }
    lent_buffers_.clear();
    if (std::exchange(ran_out_of_buffers_, false)) {
        provide_more_buffers();
    }
}

void UringProactor::reap() {
    unsigned head = 0;
    unsigned seen = 0;
    io_uring_cqe* entry = nullptr;
    io_uring_for_each_cqe(ring_.get(), head, entry) {
        if (!batch_.has_room()) {
            break;
        }
        ++seen;
        take_completion(*entry);
    }
    io_uring_cq_advance(ring_.get(), seen);
}

void UringProactor::take_completion(const io_uring_cqe& entry) {
    const Token token = Token::unpack(entry.user_data);
    if (token.operation >= Token::reserved_operations) {
        take_internal_completion(token, entry.res);
        return;
    }
    Completion completion{.token = token,
                          .result = entry.res,
                          .more = (entry.flags & IORING_CQE_F_MORE) != 0,
                          .data = {}};
    if ((entry.flags & IORING_CQE_F_BUFFER) != 0) {
        const auto index = static_cast<std::uint16_t>(entry.flags >> IORING_CQE_BUFFER_SHIFT);
        lent_buffers_.push_back(index);
        completion.data =
            buffers_.lend(index, entry.res > 0 ? static_cast<std::size_t>(entry.res) : 0);
    } else if (entry.res == -ENOBUFS) {
        ran_out_of_buffers_ = true;
    }
    batch_.add(completion);
}

void UringProactor::take_internal_completion(Token token, std::int32_t result) {
    switch (static_cast<Internal>(token.operation)) {
        case internal_timer:
            armed_deadline_ = never;
            break;
        case internal_wake:
            arm_wake();
            take_pool_results();
            break;
        case internal_timer_update:  // Completes with an error only: the timer has just fired.
        case internal_close:         // Completes with an error only, which nobody can mend.
        case internal_cancel:        // The stream's own last completion says all.
            break;
        case internal_file_warm:
            sendings_[token.slot].sender.on_read(result);
            continue_sending(token.slot);
            break;
        case internal_room_poll:
            polled_for_room(token.slot, result);
            break;
        case internal_room_events:
            take_room_events();
            break;
        case internal_chunk_read:  // Not of the ring.
            assertion_failed("the ring completes what the ring was given");
    }
}

}  // namespace torc::io
