#include <torc/base/assert.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/file/metadata.hpp>
#include <torc/server/operation.hpp>
#include <torc/server/served_root.hpp>

#include <spdlog/spdlog.h>

#include <fcntl.h>

#include <utility>

namespace torc::server {

void ServedRoot::check(MonotonicTime now) {
    if (is_checking_) {
        return;
    }
    is_checking_ = true;
    check_began_at_ = now;
    proactor_.open(make_token(Operation::root_open, 0), AT_FDCWD, path_.c_str(),
                   file::Root::own_how(), Lane::root);
}

bool ServedRoot::completed(const io::Completion& completion, file::MountTable& mounts) {
    TORC_ASSERT(is_checking_);
    is_checking_ = false;
    checked_at_ = check_began_at_;
    if (completion.failed()) {
        return false;
    }
    UniqueFd directory(completion.result);
    const auto metadata = file::Metadata::of(directory.get());
    if (!metadata || root_->is(*metadata)) {
        proactor_.close(directory.release());
        return false;
    }
    mounts.refresh();
    root_ = std::make_shared<const file::Root>(
        file::Root::replacing(*root_, std::move(directory), *metadata, mounts));
    spdlog::debug("{} leads to another directory now, which is served from here on", path_);
    return true;
}

}  // namespace torc::server
