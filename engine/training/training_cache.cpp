// SPDX-License-Identifier: GPL-3.0-or-later
#include "training/training_cache.h"

#include "support/checked_file.h"
#include "support/error.h"

#include <array>
#include <span>
#include <string>
#include <utility>

namespace planish {
namespace {

struct Header {
    std::array<char, 8> magic{'P', 'l', 'a', 'n', 'i', 's', 'h', 'T'};
    std::uint64_t version = 2;
    std::uint64_t steps = 0;
};

template <typename T>
std::span<const std::byte> bytesOf(const T& value) {
    return std::as_bytes(std::span(&value, 1));
}
std::span<const std::byte> bytesOf(const Matrix& matrix) {
    return std::as_bytes(std::span(matrix.data(), static_cast<std::size_t>(matrix.size())));
}

/// What moves and both its moments.
std::uint64_t floatBytes(std::uint64_t count) {
    return 3 * sizeof(float) * count;
}

const Matrix& moving(const TensorInTraining& tensor) {
    return tensor.packed ? tensor.coordinates : tensor.values;
}

std::uint64_t fileSize(const TrainingState& state) {
    std::uint64_t bytes = sizeof(Header) + sizeof(double) * state.losses.size() + checkedFileDigest;
    for (const TensorInTraining& tensor : state.tensors) {
        bytes += 2 * sizeof(std::uint64_t) + (tensor.packed ? tensor.packed->bytes.size() : 0) +
                 floatBytes(static_cast<std::uint64_t>(moving(tensor).size()));
    }
    return bytes;
}

void writeState(const std::filesystem::path& path, const std::string& key, const TrainingState& state) {
    CheckedFileWriter writer(path, key);
    writer.write(bytesOf(Header{.steps = state.steps}));
    writer.write(std::as_bytes(std::span(state.losses)));
    for (const TensorInTraining& tensor : state.tensors) {
        const std::uint64_t packed = tensor.packed ? tensor.packed->bytes.size() : 0;
        writer.write(bytesOf(packed));
        if (tensor.packed) {
            writer.write(tensor.packed->bytes);
        }
        const Matrix& numbers = moving(tensor);
        writer.write(bytesOf(static_cast<std::uint64_t>(numbers.size())));
        writer.write(bytesOf(numbers));
        const Matrix none = Matrix::Zero(numbers.rows(), numbers.cols());
        const bool moved = tensor.moments.first.size() > 0;
        writer.write(bytesOf(moved ? tensor.moments.first : none));
        writer.write(bytesOf(moved ? tensor.moments.second : none));
    }
    writer.finish();
}

/// Reads what a file says it has only as far as it has it: nothing is allocated for more bytes than are left.
class StateReader {
  public:
    StateReader(const std::filesystem::path& path, const std::string& key)
        : reader_(path, key), left_(reader_.size()) {}

    TrainingState read(const Model& model, const std::vector<Codec>& codecs) {
        take(checkedFileDigest);
        Header header;
        fill(std::as_writable_bytes(std::span(&header, 1)));
        if (header.magic != Header().magic || header.version != Header().version) {
            fail("file", "a training of this version", "something else");
        }
        TrainingState state;
        state.steps = header.steps;
        if (header.steps > left_ / sizeof(double)) {
            fail("steps", "as many as there are losses", std::to_string(header.steps));
        }
        state.losses.resize(header.steps);
        fill(std::as_writable_bytes(std::span(state.losses)));
        for (std::size_t i = 0; i < codecs.size(); ++i) {
            state.tensors.push_back(tensor(model.tensors()[i].shape, codecs[i]));
        }
        if (left_ != 0) {
            fail("size", "the end", std::to_string(left_) + " bytes more");
        }
        reader_.check();
        return state;
    }

  private:
    TensorInTraining tensor(Shape shape, const Codec& codec) {
        TensorInTraining tensor;
        const std::uint64_t packed = number();
        if (packed > 0) {
            const std::uint64_t expected = codec.packedBytes(shape);
            if (packed != expected || packed > left_) {
                fail("packed bytes", std::to_string(expected), std::to_string(packed));
            }
            tensor.packed = PackedTensor{shape, std::vector<std::byte>(packed)};
            fill(tensor.packed->bytes);
        }
        const Shape moving = packed > 0 ? codec.coordinateShape(shape) : shape;
        const std::uint64_t count = number();
        if (count != moving.count() && (packed == 0 || count != 0)) {
            fail("numbers in training", std::to_string(moving.count()), std::to_string(count));
        }
        if (count > 0) {
            fillMoving(moving, packed > 0 ? tensor.coordinates : tensor.values, tensor.moments);
        }
        return tensor;
    }

    std::uint64_t number() {
        std::uint64_t number = 0;
        fill(std::as_writable_bytes(std::span(&number, 1)));
        return number;
    }

    void fillMoving(Shape shape, Matrix& numbers, AdamMoments& moments) {
        if (floatBytes(shape.count()) > left_) {
            fail("size", "numbers of all tensors", "fewer");
        }
        for (Matrix* matrix : {&numbers, &moments.first, &moments.second}) {
            matrix->resize(static_cast<Eigen::Index>(shape.rows), static_cast<Eigen::Index>(shape.columns));
            fill(std::as_writable_bytes(std::span(matrix->data(), shape.count())));
        }
    }

    void take(std::uint64_t bytes) {
        if (bytes > left_) {
            fail("size", "a whole training", "the beginning of one");
        }
        left_ -= bytes;
    }
    void fill(std::span<std::byte> out) {
        take(out.size());
        reader_.read(out);
    }
    [[noreturn]] void fail(const char* field, const std::string& expected, const std::string& found) const {
        throw InputError(reader_.path().string(), field, expected, found);
    }

    CheckedFileReader reader_;
    std::uint64_t left_;
};

} // namespace

TrainingCache::TrainingCache(std::filesystem::path folder, std::uint64_t limitBytes)
    : FileCache(std::move(folder), "training", limitBytes) {}

TrainingCache TrainingCache::ofUser() {
    return {userFolder("trainings"), usualLimit};
}

bool TrainingCache::restore(const std::string& key, ModelInTraining& model, Workers& workers) const {
    return find(key, [&](const std::filesystem::path& path) {
        TrainingState state = StateReader(path, key).read(model.model(), model.codecs());
        for (std::size_t i = 0; i < state.tensors.size(); ++i) {
            if (const auto& packed = state.tensors[i].packed) {
                state.tensors[i].values = model.codecs()[i].decode(*packed, workers);
            }
        }
        model.state() = std::move(state);
    });
}

bool TrainingCache::keep(const std::string& key, const ModelInTraining& model) {
    return FileCache::keep(key, fileSize(model.state()),
                           [&](const std::filesystem::path& path) { writeState(path, key, model.state()); });
}

} // namespace planish
