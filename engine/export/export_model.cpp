// SPDX-License-Identifier: GPL-3.0-or-later
#include "export/export_model.h"

#include "codec/packed_format.h"
#include "export/export_folder.h"
#include "export/file_writers.h"
#include "export/folder_files.h"
#include "export/gguf_document.h"
#include "export/integer_tensors.h"
#include "export/llama_quantize.h"
#include "export/verify_export.h"
#include "model/gguf_config.h"
#include "model/gguf_types.h"
#include "model/layout.h"
#include "model/model_source.h"
#include "model/rope_frequencies.h"
#include "support/file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <optional>

namespace planish {
namespace {

constexpr std::uint64_t smallFiles = 64 << 20; ///< headers, config and tokenizer, generously

/// Where the only file of a format goes when it was named itself; empty: to the folder, under the model's
/// name.
std::string fileNameOf(const ExportSettings& settings) {
    std::error_code ignored;
    const bool isFile = settings.format == ExportFormat::gguf && settings.folder.extension() == ".gguf" &&
                        !std::filesystem::is_directory(settings.folder, ignored);
    return isFile ? settings.folder.filename().string() : "";
}

std::filesystem::path folderOf(const ExportSettings& settings) {
    return fileNameOf(settings).empty() ? settings.folder
                                        : std::filesystem::absolute(settings.folder).parent_path();
}

/// What a format's largest file is called.
std::string mainFileOf(const Model& model, const ExportSettings& settings) {
    switch (settings.format) {
    case ExportFormat::gguf:
        return fileNameOf(settings).empty() ? model.name() + ".gguf" : fileNameOf(settings);
    case ExportFormat::llamaQuantize:
        return "tensor-types.txt";
    case ExportFormat::huggingFace:
    case ExportFormat::compressedTensors:
    case ExportFormat::gptq:
    case ExportFormat::planish:
        break;
    }
    return "model.safetensors";
}

class Exporter {
  public:
    Exporter(const PackedModel& model, const ExportSettings& settings, Workers& workers, JobMonitor& monitor)
        : packed_(model),
          model_(model.model()),
          settings_(settings),
          workers_(workers),
          monitor_(monitor),
          plan_(planExport(model_, model.codecs(), settings)),
          folder_(folderOf(settings), settings.overwrite) {}

    ExportResult run(const Recipe& recipe, const Json& record) {
        folder_.requireRoom(plan_.bytes() + smallFiles);
        std::vector<std::string> notes;
        PartMonitor writing(monitor_, 0, 0.7, "write");
        switch (settings_.format) {
        case ExportFormat::gguf:
            writeGgufFile(writing);
            break;
        case ExportFormat::huggingFace:
        case ExportFormat::compressedTensors:
        case ExportFormat::gptq:
            writeFolder(writing);
            break;
        case ExportFormat::planish:
            writePackedFolder(recipe, record, writing);
            break;
        case ExportFormat::llamaQuantize:
            return llamaQuantize();
        }
        PartMonitor comparing(monitor_, 0.7, 1, "compare");
        verifyExport(packed_, plan_, opened_, workers_, comparing);
        notes = plan_.notes();
        return {plan_, folder_.commit(exportFormatInfo(settings_.format).isFolder), std::move(notes)};
    }

  private:
    /// The packed bytes of tensor i in the codec that is written.
    std::vector<std::byte> written(std::size_t i) {
        ExportedTensor& exported = plan_.tensors[i];
        const Codec& measured = packed_.codecs()[i];
        const auto format = formatAlone(measured);
        if (exported.written == measured.name() || (format && exported.written == format->name())) {
            return packed_.tensors()[i].bytes;
        }
        const Matrix values = packed_.matrix(model_.tensors()[i], workers_);
        const Codec codec = Codec::parse(exported.written);
        PackedTensor packed = codec.encode(values, {workers_, quiet_});
        exported.error = storageError(values, codec, packed, workers_).relative;
        exported.exact = exported.error == 0;
        return std::move(packed.bytes);
    }

    /// The same, kept until another tensor is asked for.
    const std::vector<std::byte>& kept(std::size_t i) {
        if (keptTensor_ != i) {
            kept_ = written(i);
            keptTensor_ = i;
        }
        return kept_;
    }

    /// The quantization_config of a folder of whole numbers, and the file GPTQ has beside; null for others.
    Json quantization() {
        if (settings_.format != ExportFormat::compressedTensors && settings_.format != ExportFormat::gptq) {
            return nullptr;
        }
        Json config = integerConfig(settings_.format, model_, plan_);
        if (settings_.format == ExportFormat::gptq) {
            replaceFile(folder_.add("quantize_config.json"), config.dump(2) + "\n");
        }
        return config;
    }

    static std::string safetensorsType(const std::string& codec) {
        return codec == "fp32" ? "F32" : codec == "fp16" ? "F16" : "BF16";
    }

    void writeFolder(JobMonitor& monitor) {
        std::vector<OutputTensor> tensors;
        for (std::size_t i = 0; i < plan_.tensors.size(); ++i) {
            const TensorInfo& tensor = model_.tensors()[i];
            if (const auto integers = integerCodec(Codec::parse(plan_.tensors[i].written))) {
                auto parts = integerTensors(settings_.format, tensor, *integers,
                                            [this, i] { return std::span<const std::byte>(kept(i)); });
                std::move(parts.begin(), parts.end(), std::back_inserter(tensors));
                continue;
            }
            tensors.push_back({storedName(tensor), safetensorsType(plan_.tensors[i].written),
                               storedShape(tensor), plan_.tensors[i].bytes,
                               [this, i] { return written(i); }});
        }
        writeSafetensors(folder_.add(mainFileOf(model_, settings_)), {{"format", "pt"}}, tensors, monitor);
        addConfig(folder_, model_, settings_.floats, quantization());
        addTokenizer(folder_, model_);
        opened_ = folder_.place();
    }

    void writePackedFolder(const Recipe& recipe, const Json& record, JobMonitor& monitor) {
        std::vector<OutputTensor> tensors;
        Json listing = Json::array();
        for (std::size_t i = 0; i < plan_.tensors.size(); ++i) {
            const ExportedTensor& exported = plan_.tensors[i];
            tensors.push_back(
                {storedName(model_.tensors()[i]), "U8", {exported.bytes}, exported.bytes, [this, i] {
                     return packed_.tensors()[i].bytes;
                 }});
            listing.push_back({{"name", exported.name}, {"codec", exported.written}});
        }
        writeSafetensors(folder_.add(mainFileOf(model_, settings_)), {{"format", "planish"}}, tensors,
                         monitor);
        const Json document{{"schema", packedModelSchema},
                            {"model", model_.name()},
                            {"recipe", recipe.toJson()},
                            {"run", record},
                            {"tensors", std::move(listing)}};
        replaceFile(folder_.add(packedModelFile),
                    document.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
        addConfig(folder_, model_, "bf16");
        addTokenizer(folder_, model_);
        opened_ = folder_.place();
    }

    /// Rows in the order of pairs, as llama.cpp has queries and keys.
    std::vector<std::byte> interleaved(std::size_t i) {
        std::vector<std::byte> bytes = written(i);
        const TensorInfo& tensor = model_.tensors()[i];
        const std::size_t heads =
            ggufInterleavedHeads(tensor, model_.config(), ggufArchitecture(model_.config()));
        if (heads == 0) {
            return bytes;
        }
        const std::size_t rows = tensor.isVector ? tensor.shape.columns : tensor.shape.rows;
        const std::size_t rowBytes = bytes.size() / rows;
        const std::size_t headRows = rows / heads;
        std::vector<std::byte> result(bytes.size());
        for (std::size_t row = 0; row < rows; ++row) {
            const std::size_t inHead = row % headRows;
            const std::size_t half = headRows / 2;
            const std::size_t to = row - inHead + 2 * (inHead % half) + inHead / half;
            std::memcpy(result.data() + to * rowBytes, bytes.data() + row * rowBytes, rowBytes);
        }
        return result;
    }

    void writeGgufFile(JobMonitor& monitor) {
        std::vector<OutputTensor> tensors;
        for (std::size_t i = 0; i < plan_.tensors.size(); ++i) {
            const TensorInfo& tensor = model_.tensors()[i];
            tensors.push_back({ggufName(tensor), std::string(ggufTypeOf(plan_.tensors[i].written)->name),
                               storedShape(tensor), plan_.tensors[i].bytes,
                               [this, i] { return interleaved(i); }});
        }
        const ModelConfig& config = model_.config();
        if (const std::vector<double> divisors = ropeDivisors(config.rope, config.rotarySize);
            !divisors.empty()) {
            const std::vector<float> factors(divisors.begin(), divisors.end());
            tensors.push_back({ggufRopeFactors, "F32", {factors.size()}, factors.size() * sizeof(float), {}});
            tensors.back().content = [factors] {
                const auto values = std::as_bytes(std::span(factors));
                return std::vector<std::byte>(values.begin(), values.end());
            };
        }
        const std::string name = mainFileOf(model_, settings_);
        writeGguf(folder_.add(name), ggufMetadata(model_, plan_), tensors, monitor);
        opened_ = folder_.place() / name;
    }

    ExportResult llamaQuantize() {
        const LlamaQuantizeFiles files = llamaQuantizeFiles(model_, plan_);
        replaceFile(folder_.add(mainFileOf(model_, settings_)), files.types);
        replaceFile(folder_.add("llama-quantize.sh"), files.command);
        std::vector<std::string> notes{"these types are what llama.cpp's quantizer will choose values for: "
                                       "measure its file with planish-cli "
                                       "eval"};
        return {plan_, folder_.commit(false), std::move(notes)};
    }

    const PackedModel& packed_;
    const Model& model_;
    const ExportSettings& settings_;
    Workers& workers_;
    JobMonitor& monitor_;
    SilentMonitor quiet_;
    ExportPlan plan_;
    ExportFolder folder_;
    std::optional<std::size_t> keptTensor_;
    std::vector<std::byte> kept_;  ///< of it
    std::filesystem::path opened_; ///< what to open to read it back
};

} // namespace

void requireFree(const Model& model, const ExportSettings& settings) {
    if (!settings.overwrite) {
        requireNoFile(folderOf(settings) / mainFileOf(model, settings));
    }
}

ExportResult exportModel(const PackedModel& model, const Recipe& recipe, const Json& record,
                         const ExportSettings& settings, Workers& workers, JobMonitor& monitor) {
    return Exporter(model, settings, workers, monitor).run(recipe, record);
}

} // namespace planish
