#include "load/file_status.hpp"

namespace torc::site {

http::Status status_for(Errno error) noexcept {
    switch (error.value()) {
        case EACCES:
        case EPERM:
            return http::Status::forbidden;
        case ENOENT:
        case ENOTDIR:
        case ENAMETOOLONG:
        case ELOOP:  // Or a symbolic link where none is followed.
        case EXDEV:  // A symbolic link that leads out of the root.
        case ENXIO:  // A socket, or a device that is not there.
        case ENODEV:
        case EINVAL:  // A name that this file system can't have.
            return http::Status::not_found;
        case EMFILE:
        case ENFILE:
        case EBUSY:  // Too much waits for its file system already.
        case ENOMEM:
        case ENOBUFS:
        case EAGAIN:
            return http::Status::service_unavailable;
        default:
            return http::Status::internal_server_error;
    }
}

http::Status status_for(const FileLoad::Outcome& file) noexcept {
    return file.error ? status_for(*file.error) : http::Status::not_found;
}

bool is_short_of_something(const FileLoad::Outcome& file) noexcept {
    return file.error && status_for(*file.error) == http::Status::service_unavailable;
}

}  // namespace torc::site
