// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/codec_mix.h"

#include "support/error.h"

#include <QCoreApplication>
#include <QStringList>
#include <utility>

namespace planish {

namespace {

constexpr qsizetype longestText = 1 << 16;

/// The texts of this file, under one heading for translators.
struct Text {
    Q_DECLARE_TR_FUNCTIONS(CodecMix)
};

bool isOutside(Role role) {
    return role == Role::embedding || role == Role::head;
}

/// The blocks that tensors are of, each with its place among them.
std::map<int, std::size_t> placesOfBlocks(std::span<const TensorInfo> tensors,
                                          const std::vector<int>& chosen) {
    std::map<int, std::size_t> places;
    for (const int index : chosen) {
        const TensorInfo& tensor = tensors[static_cast<std::size_t>(index)];
        if (!isOutside(tensor.role)) {
            places.try_emplace(tensor.block, 0);
        }
    }
    std::size_t next = 0;
    for (auto& [block, place] : places) {
        place = next++;
    }
    return places;
}

Codec codecOfLine(const QString& word, int line) {
    try {
        return Codec::parse(word.toStdString());
    } catch (const Error& error) {
        throw InputError(
            Text::tr("Line %1: %2").arg(line).arg(QString::fromUtf8(error.what())).toStdString());
    }
}

} // namespace

CodecMix::CodecMix(std::span<const TensorInfo> tensors, std::span<const Codec> codecs,
                   const std::vector<int>& chosen) {
    const auto places = placesOfBlocks(tensors, chosen);
    blocks_.resize(places.size());
    for (const int index : chosen) {
        const auto tensor = static_cast<std::size_t>(index);
        const Role role = tensors[tensor].role;
        ByRole& part = isOutside(role) ? outside_ : blocks_[places.at(tensors[tensor].block)];
        part.try_emplace(std::string(roleName(role)), codecs[tensor]);
    }
    findCommonCodec();
}

void CodecMix::findCommonCodec() {
    std::map<std::string, Codec> different;
    for (const auto& [role, codec] : outside_) {
        different.try_emplace(codec.name(), codec);
    }
    for (const ByRole& block : blocks_) {
        for (const auto& [role, codec] : block) {
            different.try_emplace(codec.name(), codec);
        }
    }
    if (different.size() == 1) {
        common_ = different.begin()->second;
    }
}

QString CodecMix::text() const {
    if (common_) {
        return QString::fromStdString(common_->name());
    }
    QStringList parts;
    const auto add = [&](const ByRole& part) {
        QString lines;
        for (const auto& [role, codec] : part) {
            lines += QString::fromStdString(role + " " + codec.name() + "\n");
        }
        if (!part.empty()) {
            parts += lines;
        }
    };
    add(outside_);
    for (const ByRole& block : blocks_) {
        add(block);
    }
    return parts.join(QLatin1Char('\n'));
}

CodecMix CodecMix::fromText(const QString& text) {
    if (text.size() > longestText) {
        throw InputError(Text::tr("The text is too long to be codecs.").toStdString());
    }
    CodecMix mix;
    if (const QString word = text.trimmed(); word.split(QLatin1Char(' ')).size() == 1) {
        mix.common_ = codecOfLine(word, 1);
        return mix;
    }
    bool newBlock = true;
    int number = 0;
    for (const QString& line : text.split(QLatin1Char('\n'))) {
        ++number;
        const QStringList words = line.simplified().split(QLatin1Char(' '), Qt::SkipEmptyParts);
        if (words.isEmpty()) {
            newBlock = true;
            continue;
        }
        if (words.size() != 2) {
            throw InputError(
                Text::tr("Line %1: expected a role and a codec, such as \"q int4:g64\", found \"%2\"")
                    .arg(number)
                    .arg(line.left(60))
                    .toStdString());
        }
        const Codec codec = codecOfLine(words.back(), number);
        const std::string role = words.front().toStdString();
        if (role == roleName(Role::embedding) || role == roleName(Role::head)) {
            mix.outside_.insert_or_assign(role, codec);
            continue;
        }
        if (std::exchange(newBlock, false)) {
            mix.blocks_.emplace_back();
        }
        mix.blocks_.back().insert_or_assign(role, codec);
    }
    mix.findCommonCodec();
    return mix;
}

std::map<int, Codec> CodecMix::carriedTo(std::span<const TensorInfo> tensors,
                                         const std::vector<int>& targets) const {
    const auto places = placesOfBlocks(tensors, targets);
    std::map<int, Codec> carried;
    for (const int index : targets) {
        const TensorInfo& tensor = tensors[static_cast<std::size_t>(index)];
        if (common_) {
            carried.emplace(index, *common_);
            continue;
        }
        if (!isOutside(tensor.role) && blocks_.empty()) {
            continue;
        }
        const ByRole& part =
            isOutside(tensor.role) ? outside_ : blocks_[places.at(tensor.block) % blocks_.size()];
        if (const auto found = part.find(roleName(tensor.role)); found != part.end()) {
            carried.emplace(index, found->second);
        }
    }
    return carried;
}

} // namespace planish
