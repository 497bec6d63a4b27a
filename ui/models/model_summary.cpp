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

QString tr(const char* text) {
    return QCoreApplication::translate("ModelSummary", text);
}

QString number(std::uint64_t value) {
    return QLocale().toString(static_cast<qulonglong>(value));
}

QString partName(Role role) {
    switch (role) {
    case Role::embedding:
        return tr("Embedding");
    case Role::head:
        return tr("Head");
    case Role::norm:
    case Role::bias:
        return tr("Norms and biases");
    default:
        return roleGroup(role) == "mlp" ? tr("MLP") : tr("Attention");
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
    return {
        {tr("Architecture"), QString::fromStdString(config.architecture)},
        {tr("Place"), QString::fromStdString(model.path().string())},
        {tr("Parameters"), number(model.parameterCount())},
        {tr("On disk"), QString::fromStdString(formatBytes(model.storedBytes()))},
        {tr("Number types"), typeNames.join(QStringLiteral(", "))},
        {tr("Blocks"), number(config.blocks)},
        {tr("Hidden size"), number(config.hiddenSize)},
        {tr("Heads"), tr("%1 of %2, %3 for keys and values")
                          .arg(config.heads)
                          .arg(config.headSize)
                          .arg(config.keyValueHeads)},
        {tr("MLP size"), number(config.mlpSize)},
        {tr("Vocabulary"), tr("%1 tokens").arg(number(config.vocabularySize))},
        {tr("Context"), tr("%1 tokens").arg(number(config.maximumContext))},
        {tr("Embedding and head"), config.tiedEmbedding ? tr("one matrix (tied)") : tr("a matrix each")},
    };
}

std::vector<PartSize> partSizes(std::span<const TensorInfo> tensors, std::span<const Codec> codecs) {
    std::vector<PartSize> parts;
    PartSize all;
    all.name = tr("All");
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
            size->fileBytes += Codec::parse(tensor.type).packedBytes(tensor.shape);
            size->packedBytes += codecs[i].packedBytes(tensor.shape);
        }
    }
    if (!parts.empty()) {
        parts.push_back(all);
    }
    return parts;
}

} // namespace planish
