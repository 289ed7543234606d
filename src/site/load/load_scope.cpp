#include <torc/site/load/file_time.hpp>
#include <torc/site/load/load_scope.hpp>

#include <optional>
#include <utility>

namespace torc::site {

Representation* LoadScope::known(http::ContentCoding coding) const noexcept {
    if (!previous_ || previous_->kind() != Asset::Kind::file) {
        return nullptr;
    }
    Representation* const before = previous_->representation(coding);
    // What found no room in memory finds some now, perhaps.
    const bool belongs_in_memory =
        before != nullptr && before->is_on_disk() && before->size() <= rules_.contents_bytes_max;
    return belongs_in_memory ? nullptr : before;
}

const file::Metadata* LoadScope::known_metadata(http::ContentCoding coding) const noexcept {
    const Representation* const before = known(coding);
    return before != nullptr && before->is_known_by_metadata(now_) ? &before->metadata() : nullptr;
}

Look LoadScope::look_at(std::string path, const file::Metadata* known) const {
    const std::size_t beginning_bytes =
        type_depends_on_contents(path, rules_.types) ? beginning_bytes_max : 0;
    return {.path = std::move(path), .known = known, .beginning_bytes = beginning_bytes};
}

ContentType LoadScope::type_of(const std::string& name, const FileLoad::Outcome& file) const {
    if (file.is_known) {
        const Representation& before = *known(http::ContentCoding::identity);
        return {.value = before.content_type(),
                .is_known = before.is_type_known(),
                .coding = before.coding()};
    }
    const bool is_whole = file.contents.bytes != nullptr;
    return content_type(
        name, rules_.types,
        {.bytes = is_whole ? file.contents.view()
                           : std::string_view(file.beginning).substr(0, beginning_bytes_max),
         .is_whole = is_whole});
}

RepresentationRef LoadScope::represent(const std::string& name, const ContentType& type,
                                       http::ContentCoding coding, FileLoad::Outcome& file) {
    // What was written just now is looked at again in a moment, whoever watches it.
    record_.is_watchable = record_.is_watchable && is_settled(file.metadata, now_);
    record_.is_stable = record_.is_stable && file.is_stable;
    if (file.is_known) {
        return RepresentationRef(known(coding));
    }
    const RepresentationTraits traits{
        .content_type = type.value,
        .is_type_known = type.is_known,
        .coding = coding == http::ContentCoding::identity ? type.coding : coding,
        // What changed whenever it was looked at is nothing that anybody may keep.
        .cache_control = file.is_stable ? cache_control(name, rules_.cache_control, rules_.audience)
                                        : "no-store",
        .metadata = file.metadata,
        .now = now_,
        .digest = file.digest,
        .ends = file.ends,
    };
    return file.contents.bytes ? Representation::in_memory(traits, std::move(file.contents))
                               : Representation::on_disk(traits, std::move(file.file));
}

}  // namespace torc::site
