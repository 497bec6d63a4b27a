// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/entropy_encoder.h"

#include "codec/entropy_layout.h"
#include "codec/rans.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

namespace planish {
namespace {

constexpr std::size_t tileRows = 64;

/// Columns of about the same step and spread, one class each: at most so many classes.
struct ColumnClasses {
    std::vector<std::uint8_t> of; ///< each column
    std::vector<double> logSteps; ///< of each class, relative, to the base of 2
};

/// Steps from what errors cost, spreads in steps; both on a grid of octaves that is made coarser until there
/// are few enough classes.
ColumnClasses classify(MatrixView weights, std::span<const float> importance) {
    constexpr double finest = 0.25;
    constexpr std::size_t weightsPerClass = 32768;
    const auto count = static_cast<std::size_t>(weights.size());
    // The class of a column is stored too: with few rows that takes more than classes save.
    constexpr Eigen::Index fewRows = 64;
    const std::size_t most = weights.rows() < fewRows ? 1
                                                      : std::clamp<std::size_t>(count / weightsPerClass, 1,
                                                                                EntropyTensor::mostClasses);
    std::vector<double> steps(importance.size());
    std::vector<double> spreads(importance.size());
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const double power = weights.col(static_cast<Eigen::Index>(i)).cast<double>().squaredNorm();
        steps[i] = -0.5 * std::log2(static_cast<double>(importance[i]));
        spreads[i] = 0.5 * std::log2(power / static_cast<double>(weights.rows()) + 1e-60) - steps[i];
    }
    std::map<std::pair<long, long>, std::vector<std::size_t>> members;
    for (double grid = finest; grid == finest || members.size() > most; grid *= 1.25) {
        members.clear();
        for (std::size_t i = 0; i < steps.size(); ++i) {
            members[{std::lround(steps[i] / grid), std::lround(spreads[i] / (2 * grid))}].push_back(i);
        }
    }
    ColumnClasses classes{std::vector<std::uint8_t>(steps.size()), {}};
    for (const auto& [key, columns] : members) {
        double sum = 0;
        for (const std::size_t column : columns) {
            classes.of[column] = static_cast<std::uint8_t>(classes.logSteps.size());
            sum += steps[column];
        }
        classes.logSteps.push_back(sum / static_cast<double>(columns.size()));
    }
    return classes;
}

/// One trial: the numbers that weights are rounded to with some steps.
class Trial final : public ColumnQuantizer {
  public:
    /// `steps` place the thresholds of each class; numbers stand for multiples of `shrink` of them.
    Trial(const ColumnClasses& classes, std::size_t rows, std::vector<float> steps, std::vector<float> shrink)
        : classes_(classes),
          steps_(std::move(steps)),
          shrink_(std::move(shrink)),
          columns_(classes.of.size()),
          rows_(rows),
          numbers_(rows * columns_),
          sums_((rows + tileRows - 1) / tileRows * columns_) {}

    std::vector<std::size_t> begins() const {
        std::vector<std::size_t> begins;
        for (std::size_t row = 0; row < rows_; row += tileRows) {
            begins.push_back(row);
        }
        begins.push_back(rows_);
        return begins;
    }

    std::unique_ptr<TileQuantizer> tile(std::size_t firstRow, std::size_t, float) override {
        return std::make_unique<Tile>(*this, firstRow);
    }

    float step(std::size_t index) const { return steps_[index] * shrink_[index]; }
    std::size_t rows() const { return rows_; }
    std::size_t columns() const { return columns_; }
    std::span<const std::int32_t> numbers() const { return numbers_; }

    /// By how much less than the steps numbers of each class stand for their weights best.
    std::vector<float> bestShrink() const {
        std::vector<Sums> ofClass(steps_.size());
        for (std::size_t i = 0; i < sums_.size(); ++i) {
            Sums& sums = ofClass[classes_.of[i % columns_]];
            sums.products += sums_[i].products;
            sums.squares += sums_[i].squares;
        }
        std::vector<float> shrink;
        for (const Sums& sums : ofClass) {
            const double best = sums.squares > 0 ? sums.products / sums.squares : 1;
            shrink.push_back(static_cast<float>(std::clamp(best, 0.5, 1.0)));
        }
        return shrink;
    }

  private:
    struct Sums {
        double products = 0; ///< of numbers and weights in steps
        double squares = 0;  ///< of numbers
    };

    class Tile final : public TileQuantizer {
      public:
        Tile(Trial& trial, std::size_t firstRow) : trial_(trial), firstRow_(firstRow) {}

        void round(std::size_t column, std::span<const float> wanted, std::span<float> stored) override {
            constexpr float largest = 0x1p30F;
            const std::size_t index = trial_.classes_.of[column];
            const float step = trial_.steps_[index];
            const float decoded = trial_.step(index);
            Sums& sums = trial_.sums_[firstRow_ / tileRows * trial_.columns_ + column];
            std::int32_t* numbers = trial_.numbers_.data() + firstRow_ * trial_.columns_ + column;
            for (std::size_t i = 0; i < wanted.size(); ++i) {
                const float scaled = step > 0 ? std::clamp(wanted[i] / step, -largest, largest) : 0.0F;
                const float number = std::nearbyint(scaled);
                numbers[i * trial_.columns_] = static_cast<std::int32_t>(number);
                stored[i] = number * decoded;
                sums.products += static_cast<double>(number) * static_cast<double>(scaled);
                sums.squares += static_cast<double>(number) * static_cast<double>(number);
            }
        }

      private:
        Trial& trial_;
        std::size_t firstRow_;
    };

    const ColumnClasses& classes_;
    std::vector<float> steps_;
    std::vector<float> shrink_;
    std::size_t columns_;
    std::size_t rows_;
    std::vector<std::int32_t> numbers_; ///< [rows, columns]
    std::vector<Sums> sums_;            ///< [tiles, columns]
};

/// The bytes of a trial.
std::vector<std::byte> code(const Trial& trial, const ColumnClasses& classes, const EncodeContext& context) {
    constexpr int most = SymbolTable::mostMagnitude;
    EntropyTensor tensor;
    tensor.classOf = classes.of;
    std::vector<std::int8_t> numbers(trial.numbers().size());
    std::vector<std::array<std::uint64_t, most + 1>> counts(classes.logSteps.size());
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const std::int32_t number = trial.numbers()[i];
        if (number < -most || number > most) {
            tensor.escapes.push_back({static_cast<std::uint32_t>(i), number});
        } else {
            numbers[i] = static_cast<std::int8_t>(number);
        }
        ++counts[classes.of[i % trial.columns()]][static_cast<std::size_t>(std::abs(numbers[i]))];
    }
    std::vector<SymbolTable> tables;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        tables.emplace_back(counts[i]);
        tensor.classes.push_back({trial.step(i), tables.back()});
    }
    const std::size_t blockRows = entropyBlockRows(trial.columns());
    tensor.blocks.resize((trial.rows() + blockRows - 1) / blockRows);
    context.workers.forEach(
        tensor.blocks.size(),
        [&](std::size_t block) {
            const std::size_t first = block * blockRows * trial.columns();
            const std::size_t count = std::min(blockRows * trial.columns(), numbers.size() - first);
            tensor.blocks[block] = ransEncode({std::span(numbers).subspan(first, count), classes.of, tables});
        },
        context.monitor);
    return tensor.write();
}

/// Goes for a rate by the logarithm of the step: a bit less for an octave more, at high rates.
class StepSearch {
  public:
    StepSearch(double logStep, double wanted) : logStep_(logStep), wanted_(wanted) {}

    double logStep() const { return logStep_; }
    /// What came of the present step; takes the next one.
    void found(double rate) {
        (rate > wanted_ ? finer_ : coarser_) = {true, logStep_, rate};
        if (finer_.known && coarser_.known && finer_.rate - coarser_.rate > 1e-9) {
            const double part = (finer_.rate - wanted_) / (finer_.rate - coarser_.rate);
            const double width = coarser_.logStep - finer_.logStep;
            logStep_ = finer_.logStep + std::clamp(part, 0.02, 0.98) * width;
        } else {
            logStep_ += rate - wanted_ + (rate > wanted_ ? 1e-4 : -1e-4);
        }
    }

  private:
    struct Point {
        bool known = false;
        double logStep = 0;
        double rate = 0;
    };
    double logStep_;
    double wanted_;
    Point finer_;
    Point coarser_;
};

class EntropyEncoder {
  public:
    EntropyEncoder(MatrixView weights, const ColumnRounding& rounding, const EncodeContext& context,
                   std::size_t budget)
        : weights_(weights),
          rounding_(rounding),
          context_(context),
          budget_(budget),
          classes_(classify(weights, rounding.importance())),
          shrink_(classes_.logSteps.size(), 1.0F) {}

    std::vector<std::byte> encode() {
        const auto rows = static_cast<std::size_t>(weights_.rows());
        const auto columns = static_cast<std::size_t>(weights_.cols());
        const double target = 8 * static_cast<double>(budget_) / static_cast<double>(rows * columns);
        double logStep = firstGuess(target);
        // The first rows say most about the step.
        const std::size_t some =
            std::min(rows, std::max<std::size_t>(tileRows, (std::size_t{1} << 17) / columns / 64 * 64));
        if (some < rows) {
            StepSearch search(logStep, target - aim);
            for (int trial = 0; trial < 4; ++trial) {
                search.found(rateOf(attempt(search.logStep(), some), some));
            }
            logStep = search.logStep();
        }
        constexpr int mostTrials = 24;
        std::vector<std::byte> best;
        StepSearch search(logStep, target - aim);
        for (int trial = 0; trial < mostTrials; ++trial) {
            std::vector<std::byte> bytes = attempt(search.logStep(), rows);
            const double rate = rateOf(bytes, rows);
            if (bytes.size() <= budget_ && bytes.size() > best.size()) {
                best = std::move(bytes);
            }
            if (!best.empty() && target - rateOf(best, rows) <= near) {
                break;
            }
            search.found(rate);
        }
        if (best.empty()) {
            best = attempt(HUGE_VAL, rows);
        }
        if (best.size() > budget_) {
            throw Error("too few bytes for entropy-coded weights of this shape");
        }
        best.resize(budget_);
        return best;
    }

  private:
    static constexpr double near = 0.003; ///< bits a weight below the target
    static constexpr double aim = 0.001;

    double rateOf(const std::vector<std::byte>& bytes, std::size_t rows) const {
        return 8 * static_cast<double>(bytes.size()) /
               static_cast<double>(rows * static_cast<std::size_t>(weights_.cols()));
    }

    /// For normal weights: the entropy of a fine step Δ is log2(σ √(2πe) ÷ Δ).
    double firstGuess(double target) const {
        double sum = 0;
        for (Eigen::Index column = 0; column < weights_.cols(); ++column) {
            const double power = weights_.col(column).cast<double>().squaredNorm();
            sum += 0.5 * std::log2(power / static_cast<double>(weights_.rows()) + 1e-60) -
                   classes_.logSteps[classes_.of[static_cast<std::size_t>(column)]];
        }
        return sum / static_cast<double>(weights_.cols()) + 2.047 - target;
    }

    /// The bytes of the first rows with steps of 2^logStep. Beyond what can be stored, all numbers are 0.
    std::vector<std::byte> attempt(double logStep, std::size_t rows) {
        std::vector<float> steps;
        for (const double relative : classes_.logSteps) {
            const double step = std::exp2(logStep + relative);
            steps.push_back(step <= double{largestEntropyStep} ? static_cast<float>(step) : 0.0F);
        }
        Trial trial(classes_, rows, std::move(steps), shrink_);
        rounding_.run(trial.begins(), trial);
        shrink_ = trial.bestShrink();
        return code(trial, classes_, context_);
    }

    MatrixView weights_;
    const ColumnRounding& rounding_;
    const EncodeContext& context_;
    std::size_t budget_;
    ColumnClasses classes_;
    std::vector<float> shrink_;
};

} // namespace

std::vector<std::byte> encodeEntropy(MatrixView weights, const ColumnRounding& rounding,
                                     const EncodeContext& context, std::size_t budget) {
    return EntropyEncoder(weights, rounding, context, budget).encode();
}

} // namespace planish
