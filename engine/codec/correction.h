// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/format.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <span>

namespace planish {

/// The fourth choice of a codec: what repairs the rest. A correction may take weights out before rounding,
/// change or add to what rounding left, or both; it owns one section of the packed bytes. Immutable and
/// thread-safe.
class Correction {
  public:
    Correction() = default;
    Correction(const Correction&) = delete;
    Correction& operator=(const Correction&) = delete;
    virtual ~Correction() = default;

    virtual std::size_t packedBytes(Shape shape) const = 0;

    /// Before rounding: stores what it takes over and changes `weights` to what the rounding shall see.
    virtual void takeOut([[maybe_unused]] MutableMatrixView weights,
                         [[maybe_unused]] const EncodeContext& context,
                         [[maybe_unused]] std::span<std::byte> section) const {}
    /// Applies the corrections before this one to decoded rows that start at a row.
    using ApplyEarlier = std::function<void(std::size_t firstRow, MutableMatrixView rows)>;
    /// After rounding: may change the format's own bytes, so that they come nearer to `wanted`.
    virtual void refit([[maybe_unused]] const Format& format, [[maybe_unused]] MatrixView wanted,
                       [[maybe_unused]] const ApplyEarlier& earlier,
                       [[maybe_unused]] const EncodeContext& context,
                       [[maybe_unused]] std::span<std::byte> packed) const {}
    /// Whether repair() does something; it costs a decoding.
    virtual bool repairs() const { return false; }
    /// After that: `stored` is what everything so far decodes to, `wanted` what it should.
    virtual void repair([[maybe_unused]] MatrixView wanted, [[maybe_unused]] MatrixView stored,
                        [[maybe_unused]] const EncodeContext& context,
                        [[maybe_unused]] std::span<std::byte> section) const {}

    /// Applies the section to decoded rows that start at `firstRow`. Throws InputError when the content of
    /// the section is impossible.
    virtual void apply(std::span<const std::byte> section, Shape shape, std::size_t firstRow,
                       MutableMatrixView rows) const = 0;
};

/// Pruning: ⌊columns·partsPerMillion / 10⁶⌋ weights of each row become 0, those whose loss costs least: w²
/// without statistics, w²·E[x²] with them, which is the output's error of removing one weight when the others
/// stay as they are. (w² ÷ [H⁻¹]ⱼⱼ is the error after the others have made up for it, which they do not
/// here.) The rounding sees the mean of the other weights of the row in their places. The levels of pruned
/// weights are stored all the same, so the mask comes on top of the format's bits; corrections after this one
/// may add to the zeros.
///
/// Layout: a mask a row, all of the same size and kind, whichever is smaller: a bitmap, column 0 in the
/// lowest bit of the first byte, or the columns, uint16 or (rows longer than 65536) uint32, rising.
/// Sun, Liu, Bair, Kolter: A simple and effective pruning approach (Wanda), 2023, section 3.
std::shared_ptr<const Correction> makePruning(std::uint32_t partsPerMillion);

/// The weights of largest magnitude of the tensor, ⌊count·partsPerMillion / 10⁶⌋ of them, kept as fp16 with
/// their places; the rounding sees the mean of the other weights of the row instead.
///
/// Layout: uint32 end of each row in the list; then the columns, uint16 or (rows longer than 65536) uint32,
/// rising in a row; then the values, fp16.
/// Dettmers et al.: SpQR, 2023, section 3.
std::shared_ptr<const Correction> makeOutliers(std::uint32_t partsPerMillion);

/// The parameters of a scalar format (scales, minima, codebook entries), fitted to the outputs once the
/// levels are chosen: row by row the least squares of w x̄ − ŵ x over the inputs x, x̄ those of the unquantized
/// model where the statistics have their cross moment and x itself otherwise (leastSquaresStep). A row whose
/// parameters, as they can be stored, do not make its error smaller keeps the ones it had. Needs statistics;
/// stores nothing. The norm before the tensor is fitted by whoever has it (NormFit).
///
/// Frantar, Alistarh: Optimal brain compression, 2022, section 3 (the layer's least squares); codebooks as in
/// Kim et al.: SqueezeLLM, 2023.
std::shared_ptr<const Correction> makeTuning();

/// A second stage: what is missing, stored by another codec. Layout: that codec's packed bytes.
std::shared_ptr<const Correction> makeResidual(Codec codec);

/// What is missing, as a product A B of rank `rank`, or of the smaller side of the tensor where that is less:
/// A [rows, rank] are the directions in which the error of the outputs varies most (principalOutputs), of the
/// weights without statistics, and B [rank, columns] is the least-squares fit of the missing weights to A as
/// it is stored. With E the missing weights, no other product of this rank leaves less of tr(E H Eᵀ), but for
/// the precision of the factors.
///
/// Layout: A, then B, each as `factors` packs it.
/// Zhang et al.: QERA, 2025, theorem 1; Liu et al.: EoRA, 2024.
std::shared_ptr<const Correction> makeLowRank(std::size_t rank, Codec factors);

} // namespace planish
