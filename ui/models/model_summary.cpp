// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/model_summary.h"

#include "support/text.h"

#include <QCoreApplication>
#include <QLocale>
#include <QStringList>
#include <algorithm>
#include <set>

namespace planish {

namespace {

/// The texts of this file, under one heading for translators.
struct Text {
    Q_DECLARE_TR_FUNCTIONS(ModelSummary)
};

QString number(std::uint64_t value) {
    return QLocale().toString(static_cast<qulonglong>(value));
}

QString partName(Role role) {
    switch (role) {
    case Role::embedding:
        return Text::tr("Embedding");
    case Role::head:
        return Text::tr("Head");
    case Role::norm:
    case Role::bias:
        return Text::tr("Norms and biases");
    default:
        return roleGroup(role) == "mlp" ? Text::tr("MLP") : Text::tr("Attention");
    }
}

} // namespace

std::vector<SummaryLine> summaryOf(const Model& model) {
    const ModelConfig& config = model.config();
    std::set<std::string_view> types;
    for (const TensorInfo& tensor : model.tensors()) {
        types.insert(tensor.type);
    }
    QStringList typeNames;
    for (const std::string_view type : types) {
        typeNames.append(QString::fromUtf8(type.data(), static_cast<qsizetype>(type.size())));
    }
    std::vector<SummaryLine> lines{
        {Text::tr("Architecture"), QString::fromStdString(config.architecture)},
        {Text::tr("Place"), QString::fromStdString(model.path().string())},
        {Text::tr("Parameters"), number(model.parameterCount())},
        {Text::tr("On disk"), QString::fromStdString(formatBytes(model.storedBytes()))},
        {Text::tr("Number types"), typeNames.join(QStringLiteral(", "))},
        {Text::tr("Blocks"), number(config.blocks)},
        {Text::tr("Hidden size"), number(config.hiddenSize)},
        {Text::tr("Heads"), Text::tr("%1 of %2, %3 for keys and values")
                                .arg(config.heads)
                                .arg(config.headSize)
                                .arg(config.keyValueHeads)},
        {Text::tr("MLP size"), number(config.mlpSize)},
        {Text::tr("Vocabulary"), Text::tr("%1 tokens").arg(number(config.vocabularySize))},
        {Text::tr("Context"), Text::tr("%1 tokens").arg(number(config.maximumContext))},
        {Text::tr("Embedding and head"),
         config.tiedEmbedding ? Text::tr("one matrix (tied)") : Text::tr("a matrix each")},
    };
    for (const std::string& difference : differencesFromLlama(config)) {
        lines.push_back({Text::tr("Unlike Llama"), QString::fromStdString(difference)});
    }
    return lines;
}

std::vector<PartSize> partSizes(std::span<const TensorInfo> tensors, std::span<const Codec> codecs) {
    std::vector<PartSize> parts;
    PartSize all;
    all.name = Text::tr("All");
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        const TensorInfo& tensor = tensors[i];
        const QString name = partName(tensor.role);
        auto part = std::ranges::find(parts, name, &PartSize::name);
        if (part == parts.end()) {
            parts.push_back({name});
            part = parts.end() - 1;
        }
        for (PartSize* size : {&*part, &all}) {
            ++size->tensors;
            size->weights += tensor.count();
            size->fileBytes += tensor.bytes;
            size->packedBytes += codecs[i].packedBytes(tensor.shape);
        }
    }
    if (!parts.empty()) {
        parts.push_back(all);
    }
    return parts;
}

} // namespace planish
