// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/rope_config.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace planish {
namespace {

void checkPositive(const JsonObject& json, const std::string& key, double value) {
    if (!(value > 0) || value > 1e15) {
        throw InputError(json.source(), json.fieldPath(key), "a number above 0 and below 1e15",
                         fmt::format("{}", value));
    }
}

/// The fields of one rotary embedding, of a model whose sizes are known.
class RopeReader {
  public:
    RopeReader(const JsonObject& json, const JsonObject& rope, const ModelConfig& config)
        : json_(json), rope_(rope), config_(config) {}

    Rope read(double theta) const {
        Rope result{readPositive(rope_, "rope_theta", theta), {}, {}};
        const char* key = rope_.has("rope_type") ? "rope_type" : "type";
        const std::string type = rope_.string(key, "default");
        if (type != "default") {
            result.scaling = scaling(kindOf(type, key));
        }
        return result;
    }

  private:
    RopeKind kindOf(const std::string& type, const char* key) const {
        for (const RopeKind kind :
             {RopeKind::linear, RopeKind::dynamic, RopeKind::llama3, RopeKind::yarn, RopeKind::longrope}) {
            if (type == ropeKindName(kind)) {
                return kind;
            }
        }
        if (type == "su") { // what Phi-3 called it first
            return RopeKind::longrope;
        }
        throw InputError(json_.source(), rope_.fieldPath(key),
                         "default, linear, dynamic, llama3, yarn or longrope", type);
    }

    RopeScaling scaling(RopeKind kind) const {
        RopeScaling scaling;
        scaling.kind = kind;
        scaling.originalContext = originalContext();
        const bool dividesContexts = kind == RopeKind::yarn || kind == RopeKind::longrope;
        if (!rope_.has("factor") && dividesContexts) {
            scaling.factor =
                std::max(1.0, static_cast<double>(config_.maximumContext) / scaling.originalContext);
        } else {
            rope_.at("factor");
            scaling.factor = readPositive(rope_, "factor", 1);
        }
        switch (kind) {
        case RopeKind::linear:
            break;
        case RopeKind::dynamic:
            scaling.originalContext = static_cast<double>(config_.maximumContext);
            requireStretch(scaling);
            break;
        case RopeKind::llama3:
            readLlama3(scaling);
            break;
        case RopeKind::yarn:
            readYarn(scaling);
            break;
        case RopeKind::longrope:
            readLongrope(scaling);
            break;
        }
        return scaling;
    }

    /// In the rope's fields, or beside them in files of Phi-3.
    double originalContext() const {
        constexpr const char* key = "original_max_position_embeddings";
        return readPositive(rope_, key,
                            readPositive(json_, key, static_cast<double>(config_.maximumContext)));
    }

    void requireStretch(const RopeScaling& scaling) const {
        if (scaling.factor < 1) {
            throw InputError(json_.source(), rope_.fieldPath("factor"), "1 or more",
                             fmt::format("{}", scaling.factor));
        }
        if (config_.rotarySize < 4) {
            throw InputError(json_.source(), rope_.fieldPath("factor"),
                             "heads of 4 dimensions or more for a dynamic one",
                             fmt::format("{}", config_.rotarySize));
        }
    }

    void readLlama3(RopeScaling& scaling) const {
        scaling.lowFrequencyFactor = readPositive(rope_, "low_freq_factor", scaling.lowFrequencyFactor);
        scaling.highFrequencyFactor = readPositive(rope_, "high_freq_factor", scaling.highFrequencyFactor);
        if (scaling.highFrequencyFactor <= scaling.lowFrequencyFactor) {
            throw InputError(json_.source(), rope_.fieldPath("high_freq_factor"),
                             fmt::format("more than low_freq_factor {}", scaling.lowFrequencyFactor),
                             fmt::format("{}", scaling.highFrequencyFactor));
        }
    }

    /// Attention grows with the logarithm of the factor (YaRN, eq. 22).
    static double yarnAmplitude(double factor, double weight) {
        return factor <= 1 ? 1 : 0.1 * weight * std::log(factor) + 1;
    }

    void readYarn(RopeScaling& scaling) const {
        scaling.betaFast = readPositive(rope_, "beta_fast", scaling.betaFast);
        scaling.betaSlow = readPositive(rope_, "beta_slow", scaling.betaSlow);
        scaling.wholeDimensions = rope_.boolean("truncate", true);
        if (scaling.betaFast <= scaling.betaSlow) {
            throw InputError(json_.source(), rope_.fieldPath("beta_fast"),
                             fmt::format("more than beta_slow {}", scaling.betaSlow),
                             fmt::format("{}", scaling.betaFast));
        }
        const double weight = rope_.number("mscale", 0);
        const double weightOfAll = rope_.number("mscale_all_dim", 0);
        const double usual = weight > 0 && weightOfAll > 0 ? yarnAmplitude(scaling.factor, weight) /
                                                                 yarnAmplitude(scaling.factor, weightOfAll)
                                                           : yarnAmplitude(scaling.factor, 1);
        scaling.amplitude = readPositive(rope_, "attention_factor", usual);
    }

    void readLongrope(RopeScaling& scaling) const {
        for (const char* key : {"short_mscale", "long_mscale"}) {
            if (rope_.has(key)) {
                throw InputError(json_.source(), rope_.fieldPath(key), "no such field: it is not supported",
                                 "a value");
            }
        }
        if (!(scaling.originalContext > 1)) {
            throw InputError(json_.source(), "original_max_position_embeddings", "more than 1",
                             fmt::format("{}", scaling.originalContext));
        }
        const double usual =
            scaling.factor <= 1 ? 1
                                : std::sqrt(1 + std::log(scaling.factor) / std::log(scaling.originalContext));
        scaling.amplitude = readPositive(rope_, "attention_factor", usual);
        scaling.shortDivisors = divisors("short_factor");
        scaling.longDivisors = divisors("long_factor");
    }

    std::vector<double> divisors(const char* key) const {
        const Json& list = rope_.array(key);
        if (list.size() != config_.rotarySize / 2) {
            throw InputError(json_.source(), rope_.fieldPath(key),
                             fmt::format("{} numbers, one for each frequency", config_.rotarySize / 2),
                             fmt::format("{}", list.size()));
        }
        std::vector<double> result;
        for (const Json& item : list) {
            const std::string name = fmt::format("{}[{}]", rope_.fieldPath(key), result.size());
            const Json single{{name, item}};
            const JsonObject number(single, json_.source());
            result.push_back(number.number(name));
            checkPositive(number, name, result.back());
        }
        return result;
    }

    const JsonObject& json_;
    const JsonObject& rope_;
    const ModelConfig& config_;
};

/// What holds the fields of rotary embeddings: rope_scaling of older files, rope_parameters of newer ones,
/// which have one for each kind of layer where these differ.
JsonObject ropeFields(const JsonObject& json, const char* layers) {
    static const Json nothing = Json::object();
    for (const char* key : {"rope_scaling", "rope_parameters"}) {
        if (json.has(key)) {
            const JsonObject rope = json.object(key);
            const bool nested = rope.has("full_attention") || rope.has("sliding_attention");
            return !nested            ? rope
                   : rope.has(layers) ? rope.object(layers)
                                      : JsonObject(nothing, json.source(), rope.fieldPath(layers));
        }
    }
    return {nothing, json.source(), ""};
}

bool isNested(const JsonObject& json) {
    return json.has("rope_parameters") && json.object("rope_parameters").has("sliding_attention");
}

std::size_t rotarySize(const JsonObject& json, const JsonObject& rope, const ModelFamily& family,
                       std::size_t headSize) {
    constexpr const char* key = "partial_rotary_factor";
    const JsonObject& holder = rope.has(key) ? rope : json;
    const double share = holder.number(key, 1);
    if (share == 1) {
        return headSize;
    }
    const auto size = share > 0 && share < 1 ? static_cast<std::size_t>(share * static_cast<double>(headSize))
                                             : std::size_t{0};
    if (!family.partialRotary || size < 2 || size % 2 != 0) {
        throw InputError(json.source(), holder.fieldPath(key),
                         family.partialRotary ? "1, or an even number of each head" : "1",
                         fmt::format("{}", share));
    }
    return size;
}

} // namespace

double readPositive(const JsonObject& json, const std::string& key, double fallback) {
    const double value = json.number(key, fallback);
    checkPositive(json, key, value);
    return value;
}

void readRopes(const JsonObject& json, const ModelFamily& family, ModelConfig& config) {
    const JsonObject whole = ropeFields(json, "full_attention");
    config.rotarySize = rotarySize(json, whole, family, config.headSize);
    config.rope = RopeReader(json, whole, config).read(readPositive(json, "rope_theta", family.ropeTheta));
    if (isNested(json)) {
        const JsonObject window = ropeFields(json, "sliding_attention");
        config.windowRope = RopeReader(json, window, config).read(config.rope.theta);
    } else if (family.windowRopeTheta > 0) {
        config.windowRope = Rope{readPositive(json, "rope_local_base_freq", family.windowRopeTheta), {}, {}};
    }
}

} // namespace planish
