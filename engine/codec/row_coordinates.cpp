// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/row_coordinates.h"

#include <algorithm>
#include <cmath>

namespace planish {

RowCoordinates::RowCoordinates(const LinearRow& row)
    : row_(row),
      each_(row.parametersPerGroup),
      factors_(row.parameters.size() * each_),
      moves_(row.parameters.size()) {
    for (std::size_t group = 0; group < groups(); ++group) {
        double* gram = factor(group);
        const std::size_t terms = row.termsPerColumn;
        const auto ofGroup = termsOf(group);
        for (std::size_t at = 0; at < ofGroup.size(); at += terms) {
            for (std::size_t i = at; i < at + terms; ++i) {
                double* column = gram + (ofGroup[i].parameter - group * each_) * each_;
                for (std::size_t j = at; j < at + terms; ++j) {
                    column[ofGroup[j].parameter - group * each_] +=
                        double{ofGroup[i].coefficient} * double{ofGroup[j].coefficient};
                }
            }
        }
        factorize(group);
    }
}

std::span<const LinearRow::Term> RowCoordinates::termsOf(std::size_t group) const {
    const std::size_t size = row_.groupSize * row_.termsPerColumn;
    const auto terms = std::span(row_.terms).subspan(group * size);
    return terms.first(std::min(size, terms.size()));
}

void RowCoordinates::factorize(std::size_t group) {
    constexpr double dependent = 1e-6; // of a square; whole levels leave more or nothing
    double* l = factor(group);
    for (std::size_t j = 0; j < each_; ++j) {
        const double square = l[j * each_ + j];
        double left = square;
        for (std::size_t k = 0; k < j; ++k) {
            left -= l[k * each_ + j] * l[k * each_ + j];
        }
        const bool moves = left > dependent * square;
        moves_[group * each_ + j] = moves ? 1 : 0;
        const double pivot = moves ? std::sqrt(left) : 1;
        l[j * each_ + j] = pivot;
        for (std::size_t i = j + 1; i < each_; ++i) {
            double sum = l[j * each_ + i];
            for (std::size_t k = 0; k < j; ++k) {
                sum -= l[k * each_ + i] * l[k * each_ + j];
            }
            l[j * each_ + i] = moves ? sum / pivot : 0;
        }
    }
}

void RowCoordinates::of(std::span<const double> parameters, std::span<float> coordinates) const {
    for (std::size_t group = 0; group < groups(); ++group) {
        const double* l = factor(group);
        const double* p = &parameters[group * each_];
        for (std::size_t j = 0; j < each_; ++j) {
            double sum = 0;
            for (std::size_t i = j; i < each_; ++i) {
                sum += l[j * each_ + i] * p[i];
            }
            coordinates[group * each_ + j] = static_cast<float>(sum);
        }
    }
}

std::vector<double> RowCoordinates::parameters(std::span<const float> coordinates) const {
    std::vector<double> parameters(coordinates.begin(), coordinates.end());
    for (std::size_t group = 0; group < groups(); ++group) {
        const double* l = factor(group);
        double* p = &parameters[group * each_];
        for (std::size_t j = each_; j-- > 0;) {
            for (std::size_t i = j + 1; i < each_; ++i) {
                p[j] -= l[j * each_ + i] * p[i];
            }
            p[j] /= l[j * each_ + j];
        }
    }
    return parameters;
}

void RowCoordinates::slopes(std::span<const float> ofWeights, std::span<float> ofCoordinates) const {
    std::vector<double> sums(row_.parameters.size());
    auto term = row_.terms.begin();
    for (const float slope : ofWeights) {
        for (std::size_t i = 0; i < row_.termsPerColumn; ++i, ++term) {
            sums[term->parameter] += double{term->coefficient} * double{slope};
        }
    }
    for (std::size_t group = 0; group < groups(); ++group) {
        const double* l = factor(group);
        double* s = &sums[group * each_];
        for (std::size_t j = 0; j < each_; ++j) {
            for (std::size_t k = 0; k < j; ++k) {
                s[j] -= l[k * each_ + j] * s[k];
            }
            const bool moves = moves_[group * each_ + j] != 0;
            s[j] = moves ? s[j] / l[j * each_ + j] : 0;
            ofCoordinates[group * each_ + j] = static_cast<float>(s[j]);
        }
    }
}

} // namespace planish
