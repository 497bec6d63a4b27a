// SPDX-License-Identifier: GPL-3.0-or-later
#include "experiment/quantize.h"

namespace planish {

QuantizedModel quantizeModel(const Model& model, const std::vector<Codec>& codecs, std::uint64_t seed,
                             Workers& workers, JobMonitor& monitor) {
    const OriginalWeights original(model);
    std::vector<PackedTensor> packed;
    std::vector<TensorResult> results;
    std::uint64_t done = 0;
    for (std::size_t i = 0; i < codecs.size(); ++i) {
        const TensorInfo& tensor = model.tensors()[i];
        monitor.throwIfCancelled();
        monitor.report({"quantize", done, model.parameterCount(), tensor.name});
        const Matrix weights = original.matrix(tensor, workers);
        PartMonitor inside(monitor, static_cast<double>(done) / static_cast<double>(model.parameterCount()),
                           static_cast<double>(done + tensor.count()) /
                               static_cast<double>(model.parameterCount()));
        try {
            packed.push_back(codecs[i].encode(weights, {workers, inside, seed}));
        } catch (const Cancelled&) {
            throw;
        } catch (const Error& error) {
            throw Error(tensor.name + ": " + error.what());
        }
        const StorageError error = storageError(weights, codecs[i].decode(packed.back(), workers));
        results.push_back({tensor.name, std::string(roleName(tensor.role)), tensor.shape.rows,
                           tensor.shape.columns, codecs[i].name(), packed.back().bytes.size(),
                           packed.back().bitsPerWeight(), error.relative, error.sqnrDecibel});
        done += tensor.count();
    }
    return {PackedModel(model, codecs, std::move(packed)), std::move(results)};
}

} // namespace planish
