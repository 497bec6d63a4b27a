// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/safetensors_header.h"

#include "support/json.h"
#include "support/text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace planish {
namespace {

constexpr std::size_t largestCount = 1'000'000;
constexpr std::size_t largestDimensions = 8;
constexpr std::size_t longestName = 1024; // bytes
constexpr std::size_t longestType = 16;   // bytes
constexpr std::string_view metadataKey = "__metadata__";

struct StoredType {
    std::string_view name;
    std::uint64_t bytes;
};
constexpr std::array<StoredType, 15> storedTypes{{{"BOOL", 1},
                                                  {"U8", 1},
                                                  {"I8", 1},
                                                  {"F8_E4M3", 1},
                                                  {"F8_E5M2", 1},
                                                  {"U16", 2},
                                                  {"I16", 2},
                                                  {"F16", 2},
                                                  {"BF16", 2},
                                                  {"U32", 4},
                                                  {"I32", 4},
                                                  {"F32", 4},
                                                  {"U64", 8},
                                                  {"I64", 8},
                                                  {"F64", 8}}};

/// Follows the parser through the only form a header may have: an object of tensors, each with dtype, shape
/// and data_offsets, and of one __metadata__ object of strings.
class HeaderHandler {
  public:
    explicit HeaderHandler(const std::string& source) : source_(source) {}

    std::vector<SafetensorsEntry> take() { return std::move(entries_); }

    bool null() { return unexpected("null"); }
    bool boolean(bool) { return unexpected("true or false"); }
    bool number_integer(std::int64_t value) { return unexpected(fmt::format("{}", value)); }
    bool number_float(double, const std::string& text) { return unexpected(text); }
    bool binary(std::vector<std::uint8_t>&) { return unexpected("binary data"); }

    bool number_unsigned(std::uint64_t value) {
        if (state_ == State::shape) {
            addSize(value);
        } else if (state_ == State::offsets && offsetCount_ < 2) {
            (offsetCount_++ == 0 ? entry().offset : end_) = value;
        } else {
            unexpected(state_ == State::offsets ? "more than two numbers" : fmt::format("{}", value));
        }
        return true;
    }

    bool string(std::string& value) {
        if (state_ == State::tensor && field_ == dtypeField) {
            setType(value);
        } else if (state_ != State::metadata) {
            unexpected("a string");
        }
        return true;
    }

    bool start_object(std::size_t) {
        if (state_ == State::start) {
            state_ = State::top;
        } else if (state_ == State::top) {
            state_ = inMetadata_ ? State::metadata : State::tensor;
        } else {
            unexpected("an object");
        }
        return true;
    }

    bool end_object() {
        if (state_ == State::tensor) {
            finishTensor();
        }
        state_ = State::top;
        return true;
    }

    bool start_array(std::size_t) {
        if (state_ == State::tensor && field_ == shapeField) {
            state_ = State::shape;
        } else if (state_ == State::tensor && field_ == offsetsField) {
            state_ = State::offsets;
        } else {
            unexpected("an array");
        }
        return true;
    }

    bool end_array() {
        if (state_ == State::offsets && offsetCount_ != 2) {
            unexpected(fmt::format("an array of {}", offsetCount_));
        }
        state_ = State::tensor;
        return true;
    }

    bool key(std::string& name) {
        if (state_ == State::top) {
            startTensor(name);
        } else if (state_ == State::tensor) {
            startField(name);
        }
        return true;
    }

    bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) {
        throw InputError(source_, fmt::format("header byte {}", position), "valid JSON", error.what());
    }

  private:
    enum class State { start, top, metadata, tensor, shape, offsets };
    static constexpr unsigned dtypeField = 1;
    static constexpr unsigned shapeField = 2;
    static constexpr unsigned offsetsField = 4;
    static constexpr unsigned allFields = dtypeField | shapeField | offsetsField;

    SafetensorsEntry& entry() { return entries_.back(); }

    std::string fieldPath(std::string_view part) {
        return entries_.empty() ? std::string(part) : fmt::format("{} {}", entry().name, part);
    }
    std::string_view fieldName() const {
        return field_ == dtypeField ? "dtype" : field_ == shapeField ? "shape" : "data_offsets";
    }

    bool unexpected(std::string_view found) {
        switch (state_) {
        case State::start:
            throw InputError(source_, "header", "an object", found);
        case State::metadata:
            throw InputError(source_, std::string(metadataKey), "strings only", found);
        case State::top:
            throw InputError(source_, inMetadata_ ? std::string(metadataKey) : entry().name, "an object",
                             found);
        case State::shape:
            throw InputError(source_, fieldPath("shape"), "whole numbers above 0", found);
        case State::offsets:
            throw InputError(source_, fieldPath("data_offsets"), "two whole numbers, begin and end", found);
        case State::tensor:
            break;
        }
        throw InputError(source_, fieldPath(fieldName()), field_ == dtypeField ? "a string" : "an array",
                         found);
    }

    void startTensor(const std::string& name) {
        inMetadata_ = name == metadataKey;
        if (inMetadata_) {
            if (std::exchange(seenMetadata_, true)) {
                throw InputError(source_, name, "each name once", "a duplicate");
            }
            return;
        }
        if (name.empty() || name.size() > longestName) {
            throw InputError(source_, name.empty() ? "tensor name" : name,
                             fmt::format("a name of 1 to {} bytes", longestName),
                             fmt::format("{} bytes", name.size()));
        }
        if (std::any_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; })) {
            throw InputError(source_, name, "a name without control characters", "one with");
        }
        if (entries_.size() == largestCount) {
            throw InputError(source_, "header", fmt::format("at most {} tensors", largestCount), "more");
        }
        entries_.emplace_back().name = name;
        seenFields_ = 0;
        offsetCount_ = 0;
    }

    void startField(const std::string& name) {
        field_ = name == "dtype"          ? dtypeField
                 : name == "shape"        ? shapeField
                 : name == "data_offsets" ? offsetsField
                                          : 0;
        if (field_ == 0) {
            throw InputError(source_, fieldPath(name), "only dtype, shape and data_offsets",
                             "an unknown key");
        }
        if ((seenFields_ & field_) != 0) {
            throw InputError(source_, fieldPath(name), "each key once", "a duplicate");
        }
        seenFields_ |= field_;
    }

    void setType(const std::string& value) {
        const auto* known = std::find_if(storedTypes.begin(), storedTypes.end(),
                                         [&](const StoredType& type) { return type.name == value; });
        if (known == storedTypes.end()) {
            throw InputError(source_, fieldPath("dtype"), "BF16, F16, F32 or another safetensors type",
                             value.substr(0, longestType));
        }
        entry().type = value;
        typeBytes_ = known->bytes;
    }

    void addSize(std::uint64_t size) {
        if (size == 0) {
            unexpected("0 (a tensor without values)");
        }
        if (entry().shape.size() == largestDimensions) {
            throw InputError(source_, fieldPath("shape"), fmt::format("at most {} sizes", largestDimensions),
                             "more");
        }
        entry().shape.push_back(size);
    }

    void finishTensor() {
        for (const unsigned field : {dtypeField, shapeField, offsetsField}) {
            if ((seenFields_ & field) == 0) {
                field_ = field;
                throw InputError(source_, fieldPath(fieldName()), "a value", "nothing");
            }
        }
        SafetensorsEntry& tensor = entry();
        if (end_ < tensor.offset) {
            throw InputError(source_, fieldPath("data_offsets"), "begin before end",
                             fmt::format("[{}, {}]", tensor.offset, end_));
        }
        tensor.bytes = end_ - tensor.offset;
        std::uint64_t bytes = typeBytes_;
        for (const std::uint64_t size : tensor.shape) {
            if (__builtin_mul_overflow(bytes, size, &bytes)) {
                throw InputError(source_, fieldPath("shape"), "a size below 2^64 bytes",
                                 shapeText(tensor.shape));
            }
        }
        if (bytes != tensor.bytes) {
            throw InputError(
                source_, fieldPath("data_offsets"),
                fmt::format("a span of {} bytes for {} {}", bytes, tensor.type, shapeText(tensor.shape)),
                fmt::format("{} bytes", tensor.bytes));
        }
    }

    const std::string& source_;
    std::vector<SafetensorsEntry> entries_;
    State state_ = State::start;
    bool inMetadata_ = false;
    bool seenMetadata_ = false;
    unsigned field_ = 0;
    unsigned seenFields_ = 0;
    unsigned offsetCount_ = 0;
    std::uint64_t end_ = 0;
    std::uint64_t typeBytes_ = 0;
};

} // namespace

std::string shapeText(std::span<const std::uint64_t> shape) {
    return fmt::format("[{}]", fmt::join(shape, ", "));
}

std::vector<SafetensorsEntry> parseSafetensorsHeader(std::string_view header, const std::string& source) {
    if (!isUtf8(header)) {
        throw InputError(source, "header", "UTF-8", "other bytes");
    }
    HeaderHandler handler(source);
    Json::sax_parse(header.begin(), header.end(), &handler);
    std::vector<SafetensorsEntry> entries = handler.take();
    std::sort(entries.begin(), entries.end(),
              [](const SafetensorsEntry& a, const SafetensorsEntry& b) { return a.name < b.name; });
    const auto twice = std::adjacent_find(
        entries.begin(), entries.end(),
        [](const SafetensorsEntry& a, const SafetensorsEntry& b) { return a.name == b.name; });
    if (twice != entries.end()) {
        throw InputError(source, twice->name, "each name once", "a duplicate");
    }
    return entries;
}

} // namespace planish
