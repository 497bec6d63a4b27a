// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/codec_choices.h"

#include "codec/registry.h"
#include "models/recipe_text.h"
#include "recipe/recipe.h"
#include "support/error.h"

#include <QCoreApplication>
#include <QSet>

namespace planish {

namespace {

struct ChoiceText {
    Q_DECLARE_TR_FUNCTIONS(planish::CodecChoices)
};

CodecChoice choiceFor(const QString& name, std::span<const TensorInfo> tensors) {
    CodecChoice choice;
    choice.name = name;
    const CodecInput input = readCodec(name);
    if (input.codec && !tensors.empty()) {
        choice.hint = ChoiceText::tr("%1 bpw").arg(bitsText(bitsPerWeight(*input.codec, tensors)));
    }
    return choice;
}

} // namespace

std::vector<CodecChoice> codecChoices(std::span<const Codec> inUse, std::span<const TensorInfo> tensors) {
    std::vector<CodecChoice> choices;
    QSet<QString> seen;
    const auto add = [&](const std::string& codec) {
        const QString name = QString::fromStdString(codec);
        if (!seen.contains(name)) {
            seen.insert(name);
            choices.push_back(choiceFor(name, tensors));
        }
    };
    for (const std::string& name : suggestedCodecs()) {
        add(name);
    }
    for (const Codec& codec : inUse) {
        add(codec.name());
    }
    for (const CodecAlias& alias : codecAliases()) {
        CodecChoice choice = choiceFor(QString::fromStdString(alias.name), tensors);
        choice.summary = QStringLiteral("= %1\n%2")
                             .arg(QString::fromStdString(alias.codec), QString::fromStdString(alias.summary));
        choice.isAlias = true;
        choices.push_back(std::move(choice));
    }
    return choices;
}

CodecInput readCodec(const QString& text) {
    const QString trimmed = text.trimmed();
    if (trimmed.isEmpty()) {
        return {std::nullopt, ChoiceText::tr("Type a codec such as int4:g64, or choose one from the list")};
    }
    try {
        return {Codec::parse(trimmed.toStdString()), {}};
    } catch (const Error& error) {
        return {std::nullopt, QString::fromUtf8(error.what())};
    }
}

bool storesFloatsOnly(const TensorInfo& tensor) {
    return tensor.role == Role::norm || tensor.role == Role::bias;
}

bool canStore(const TensorInfo& tensor, const Codec& codec) {
    return storesFloatsOnly(tensor)         ? codec.isFloat()
           : tensor.role == Role::embedding ? codec.calibration() != CalibrationUse::required
                                            : true;
}

std::size_t packedBytes(const Codec& codec, std::span<const TensorInfo> tensors) {
    std::size_t bytes = 0;
    for (const TensorInfo& tensor : tensors) {
        bytes += codecFor(codec, tensor).packedBytes(tensor.shape);
    }
    return bytes;
}

double bitsPerWeight(const Codec& codec, std::span<const TensorInfo> tensors) {
    double weights = 0;
    for (const TensorInfo& tensor : tensors) {
        weights += static_cast<double>(tensor.count());
    }
    return weights > 0 ? 8 * static_cast<double>(packedBytes(codec, tensors)) / weights : 0;
}

} // namespace planish
