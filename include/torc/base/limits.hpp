#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

/// The limits of torc that several files share or a test needs, each with its unit in its name. One
/// of a single file is at the head of that. Settings (which a user may change) have their defaults
/// in config/settings.hpp.
namespace torc::limits {

/// Of memory; no processor that torc runs on has smaller ones.
inline constexpr std::size_t page_bytes = 4096;

// http: what a request may be, unless a user says otherwise (RFC 9112 §3 asks for at least 8000
// octets of request line), and what a user may say.
inline constexpr std::size_t request_line_bytes_default = 8 * 1024;
inline constexpr std::size_t request_head_bytes_default = 32 * 1024;
inline constexpr std::size_t request_fields_default = 100;
inline constexpr std::size_t request_line_bytes_cap = 64 * 1024;
inline constexpr std::size_t request_head_bytes_cap = 256 * 1024;
inline constexpr std::size_t request_fields_cap = 256;
/// A body that nobody asked for is read and dropped up to here; beyond it the connection closes.
inline constexpr std::uint64_t request_body_drain_bytes_default = 64 * 1024;
/// What a chunked body may hold apart from its content: all of its chunk extensions (with needless
/// zeros before a chunk's size), and its trailer section with the empty line that ends it.
inline constexpr std::size_t chunk_extension_bytes_max = 4 * 1024;
inline constexpr std::size_t trailer_bytes_max = 8 * 1024;
/// A Range field with more is ignored: each costs a part of the response. Delta downloads (zsync)
/// ask for some dozens at a time.
inline constexpr std::size_t ranges_max = 256;

// site: of a file that is not kept in memory and whose modification time says nothing, the entity
// tag is made of the contents, read this much at a time, and beyond that size there is none: who
// asks first waits for all of it to be read.
inline constexpr std::uint64_t digested_file_bytes_max = 16 * 1024 * 1024;
inline constexpr std::size_t digest_chunk_bytes = 128 * 1024;
/// So many of one file system are read for it at once by a worker, and the others wait.
inline constexpr std::uint32_t digests_at_once_max = 4;

// file: PATH_MAX of the kernel, which counts the terminating NUL.
inline constexpr std::size_t path_bytes_max = 4096;
/// Beyond it a directory's listing leaves entries out, and says so.
inline constexpr std::size_t listing_entries_max = 100'000;
/// Of a file that does not tell its size, such as those of /proc; a longer one is not served.
inline constexpr std::size_t unsized_file_bytes_max = std::size_t{1} << 20U;

// io: one worker's share of everything that is made when it starts.
inline constexpr std::uint32_t receive_buffer_bytes = 4 * 1024;
/// A power of two, as the kernel wants for a provided-buffer ring.
inline constexpr std::uint32_t receive_buffers = 256;
/// The kernel fills them in turn, so few are given to it until they run out: what is touched again
/// and again stays in the processor's cache.
inline constexpr std::uint32_t receive_buffers_at_first = 16;
inline constexpr std::uint32_t completions_per_wait_max = 256;
inline constexpr std::uint32_t submission_queue_entries = 512;
/// Beyond it the kernel keeps completions in a list of its own, which is slower but loses none.
inline constexpr std::uint32_t completion_queue_entries_max = 16 * 1024;
/// Kernel threads that one ring may make for calls that can block (a cold open or stat).
inline constexpr unsigned ring_bounded_threads_max = 4;
inline constexpr unsigned ring_unbounded_threads_max = 4;
/// Threads that one proactor may make for calls that can block and that no ring makes, and how many
/// of them may make calls of one lane (base/lane.hpp) at once: on a local disk, for listings, for
/// the root's path, where a symbolic link leads, and for a file system that may keep them waiting.
inline constexpr unsigned blocking_threads_max = 128;
/// Of these, all calls together that may hang: the others are for local disks, listings and the
/// root's path.
inline constexpr unsigned hanging_threads_max = 112;
inline constexpr unsigned local_threads_max = 4;
inline constexpr unsigned job_threads_max = 1;
inline constexpr unsigned root_threads_max = 8;
inline constexpr unsigned linked_threads_max = 4;
inline constexpr unsigned device_threads_max = 16;
/// Calls that wait for a thread of a file system's lane while it seems to hang; beyond it they fail
/// with EBUSY.
inline constexpr std::size_t device_calls_waiting_max = 256;
/// Of a file on such a file system, read by a thread and then sent, at a time.
inline constexpr std::uint32_t threaded_read_bytes = 64 * 1024;
/// sendfile(2) sends at most this much before the loop turns to other connections.
inline constexpr std::uint32_t send_file_chunk_bytes = 2 * 1024 * 1024;
/// And at most this much to a peer on this machine, where a TCP segment may be as long.
inline constexpr std::uint32_t local_file_chunk_bytes = 64 * 1024;
/// And this much when it has to be read from the disk first, by a thread that has the same
/// processor: others wait for it no longer than for such a piece.
inline constexpr std::uint32_t cold_file_chunk_bytes = 256 * 1024;

// server: one answer's head and the small bodies that leave with it.
inline constexpr std::size_t response_batch_bytes = 32 * 1024;
/// Room for the Location of a user's redirect: a target that is one of the longest,
/// percent-encoded. One that repeats what it matched many times may need more.
inline constexpr std::size_t location_bytes_max = 256 * 1024;
inline constexpr std::size_t response_batch_pieces_max = 64;
/// Made at a time, whenever more are wanted at once than there ever were.
inline constexpr std::size_t response_batches_at_once = 16;
/// Bodies up to here are copied behind their head, so that small answers leave as one run of bytes.
inline constexpr std::size_t response_batch_copied_body_bytes_max = 4 * 1024;
/// What a worker collects of its access log before it goes to the thread that writes.
inline constexpr std::size_t access_log_buffer_bytes = 64 * 1024;
/// Lines of all workers that wait for that thread; when they are more, they are dropped and
/// counted.
inline constexpr std::size_t access_log_queue_bytes_max = 32 * 1024 * 1024;
/// The same for what is said on standard error.
inline constexpr std::size_t diagnostics_queue_bytes_max = 1024 * 1024;
inline constexpr std::uint32_t worker_connections_max = 1U << 20;
/// Of directories that inotify(7) watches for one worker; each pins an inode in the kernel. Files
/// in others are looked at every second.
inline constexpr std::size_t watched_directories_max = 8192;
/// How many connections are shut down in one iteration, which each takes a system call; the next
/// goes on with the rest, so that many that end keep nobody else waiting.
inline constexpr std::uint32_t shutdowns_per_iteration_max = 1024;
/// Connections admitted beyond the limit, while another is ended for each or none can be spared
/// yet.
inline constexpr std::uint32_t connections_spare = 64;

static_assert(hanging_threads_max + local_threads_max + 5 * job_threads_max <=
              blocking_threads_max);
static_assert((receive_buffers & (receive_buffers - 1)) == 0);
static_assert(completions_per_wait_max >= receive_buffers,
              "a batch must be able to report every buffer that the kernel can fill");

}  // namespace torc::limits
