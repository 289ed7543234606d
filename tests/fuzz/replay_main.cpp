#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <vector>

// Runs a fuzz target once on every file that it is given, directories with all that is in them: so
// the corpus is a regression test in builds without libFuzzer.

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

void replay_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        throw std::runtime_error("can't open " + path.string());
    }
    // Of exactly that size, so that AddressSanitizer sees a read beyond it.
    const std::vector<std::uint8_t> input(std::istreambuf_iterator<char>(file), {});
    LLVMFuzzerTestOneInput(input.data(), input.size());
}

std::size_t replay(const std::filesystem::path& path) {
    if (!std::filesystem::is_directory(path)) {
        replay_file(path);
        return 1;
    }
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
        if (entry.is_regular_file()) {
            replay_file(entry.path());
            ++files;
        }
    }
    return files;
}

}  // namespace

int main(int argc, char** argv) {
    std::size_t files = 0;
    try {
        for (int i = 1; i < argc; ++i) {
            files += replay(argv[i]);
        }
    } catch (const std::exception& error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
    std::cout << files << " inputs replayed\n";
    // An empty corpus is a mistake in the command or the checkout, not a success.
    return files > 0 ? 0 : 1;
}
