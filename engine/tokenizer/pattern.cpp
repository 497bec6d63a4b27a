// SPDX-License-Identifier: GPL-3.0-or-later
#define PCRE2_CODE_UNIT_WIDTH 8
#include "tokenizer/pattern.h"

#include "support/error.h"

#include <fmt/format.h>
#include <pcre2.h>

#include <algorithm>
#include <array>

namespace planish {
namespace {

constexpr std::size_t longestPattern = 16'384; // bytes
constexpr std::uint32_t matchSteps = 10'000'000;
constexpr std::uint32_t heapKibibytes = 64 * 1024;
constexpr std::size_t machineStackBytes = 1 << 20;

template <auto Function>
struct Release {
    template <typename Object>
    void operator()(Object* object) const {
        Function(object);
    }
};
template <typename Object, auto Function>
using Handle = std::unique_ptr<Object, Release<Function>>;

using CodeHandle = Handle<pcre2_code, pcre2_code_free>;
using CompileContext = Handle<pcre2_compile_context, pcre2_compile_context_free>;
using MatchContext = Handle<pcre2_match_context, pcre2_match_context_free>;
using MatchData = Handle<pcre2_match_data, pcre2_match_data_free>;
using MachineStack = Handle<pcre2_jit_stack, pcre2_jit_stack_free>;

template <typename Object>
Object* orOutOfMemory(Object* object) {
    if (object == nullptr) {
        throw std::bad_alloc();
    }
    return object;
}

std::string messageOf(int code) {
    std::array<unsigned char, 256> text{};
    pcre2_get_error_message(code, text.data(), text.size());
    return reinterpret_cast<const char*>(text.data());
}

/// PCRE2 counts U+180E as white space, Oniguruma and Unicode do not: spell the Unicode property out.
std::string withUnicodeSpaces(std::string_view expression) {
    std::string result;
    for (std::size_t i = 0; i < expression.size(); ++i) {
        result += expression[i];
        if (expression[i] != '\\' || i + 1 == expression.size()) {
            continue;
        }
        const char next = expression[++i];
        if (next == 's' || next == 'S') {
            result += next == 's' ? "p{White_Space}" : "P{White_Space}";
        } else {
            result += next;
        }
    }
    return result;
}

} // namespace

struct Pattern::Code {
    CodeHandle compiled;
    std::string file;
    std::string field;
    bool machineCode = false; ///< compiled just in time; where the system forbids that, interpreted
};

Pattern Pattern::compile(std::string expression, unsigned options, const std::string& file,
                         const std::string& field) {
    if (expression.empty() || expression.size() > longestPattern) {
        throw InputError(file, field, fmt::format("a pattern of 1 to {} bytes", longestPattern),
                         fmt::format("{} bytes", expression.size()));
    }
    const CompileContext context(orOutOfMemory(pcre2_compile_context_create(nullptr)));
    pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
    int code = 0;
    PCRE2_SIZE position = 0;
    auto result = std::make_shared<Code>();
    result->compiled.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(expression.data()), expression.size(),
                                         options | PCRE2_UTF, &code, &position, context.get()));
    if (!result->compiled) {
        throw InputError(file, field, "a valid pattern",
                         fmt::format("{} at byte {} of {}", messageOf(code), position, expression));
    }
    result->machineCode = pcre2_jit_compile(result->compiled.get(), PCRE2_JIT_COMPLETE) == 0;
    result->file = file;
    result->field = field;
    Pattern pattern;
    pattern.code_ = std::move(result);
    return pattern;
}

Pattern Pattern::regex(std::string_view expression, const std::string& file, const std::string& field) {
    // Same spelling, other meaning: intersections of classes, quoting, and (?m).
    for (const std::string_view unsupported : {"&&", "\\Q", "(?m", "(*"}) {
        if (expression.find(unsupported) != std::string_view::npos) {
            throw InputError(file, field, fmt::format("a pattern without {}", unsupported), expression);
        }
    }
    if (expression.size() > longestPattern) {
        return compile(std::string(expression), 0, file, field); // refuses the length
    }
    // In Ruby syntax ^ and $ match at every line.
    return compile(withUnicodeSpaces(expression), PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C, file,
                   field);
}

Pattern Pattern::literal(std::string_view text, const std::string& file, const std::string& field) {
    return compile(std::string(text), PCRE2_LITERAL, file, field);
}

struct Pattern::Matcher::State {
    std::shared_ptr<const Code> code;
    MatchContext context;
    MatchData data;
    MachineStack stack;
};

void Pattern::Matcher::Free::operator()(State* state) const {
    delete state;
}

Pattern::Matcher::Matcher(const Pattern& pattern) : state_(new State) {
    state_->code = pattern.code_;
    state_->context.reset(orOutOfMemory(pcre2_match_context_create(nullptr)));
    state_->data.reset(orOutOfMemory(pcre2_match_data_create(1, nullptr)));
    pcre2_set_heap_limit(state_->context.get(), heapKibibytes);
    if (pattern.code_->machineCode) {
        state_->stack.reset(orOutOfMemory(pcre2_jit_stack_create(32 * 1024, machineStackBytes, nullptr)));
        pcre2_jit_stack_assign(state_->context.get(), nullptr, state_->stack.get());
    }
}

std::optional<Pattern::Match> Pattern::Matcher::find(std::string_view subject, std::size_t from) {
    // A run of n spaces honestly takes some n steps of backtracking.
    const auto steps = std::min<std::size_t>(matchSteps + 8 * subject.size(), UINT32_MAX);
    pcre2_set_match_limit(state_->context.get(), static_cast<std::uint32_t>(steps));
    const auto* text = reinterpret_cast<PCRE2_SPTR>(subject.data());
    const int count = pcre2_match(state_->code->compiled.get(), text, subject.size(), from,
                                  PCRE2_NO_UTF_CHECK, state_->data.get(), state_->context.get());
    if (count == PCRE2_ERROR_NOMATCH) {
        return {};
    }
    if (count < 0) {
        throw Error(fmt::format("{}: {}: the pattern cannot be applied to this text: {}",
                                printable(state_->code->file, 400), state_->code->field, messageOf(count)));
    }
    const PCRE2_SIZE* bounds = pcre2_get_ovector_pointer(state_->data.get());
    return Match{bounds[0], std::max(bounds[0], bounds[1])}; // \K may put the start behind the end
}

Pattern readPattern(const JsonObject& json) {
    const JsonObject pattern = json.object("pattern");
    if (pattern.has("Regex")) {
        return Pattern::regex(pattern.string("Regex"), json.source(), json.fieldPath("pattern"));
    }
    if (pattern.has("String")) {
        return Pattern::literal(pattern.string("String"), json.source(), pattern.fieldPath("String"));
    }
    throw InputError(json.source(), json.fieldPath("pattern"), "a Regex or a String", "neither");
}

std::size_t nextCharacter(std::string_view text, std::size_t at) {
    do {
        ++at;
    } while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80);
    return at;
}

} // namespace planish
