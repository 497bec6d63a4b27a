// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "export/output_tensor.h"
#include "model/gguf_metadata.h"
#include "support/job.h"
#include "support/json.h"

#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace planish {

/// Writes a .safetensors file, tensors in their order, one of them in memory at a time; `metadata` are
/// strings by name. The file is whole or absent. Reports bytes; throws Error when the disk is full, and
/// Cancelled.
void writeSafetensors(const std::filesystem::path& path, const Json& metadata,
                      std::span<const OutputTensor> tensors, JobMonitor& monitor);

/// Metadata in their order.
using GgufEntries = std::vector<std::pair<std::string, GgufMetadata::Entry>>;

GgufMetadata::Entry ggufEntry(const std::string& text);
GgufMetadata::Entry ggufEntry(const char* text);
GgufMetadata::Entry ggufEntry(bool value);
GgufMetadata::Entry ggufEntry(std::uint32_t value);
GgufMetadata::Entry ggufEntry(float value);
GgufMetadata::Entry ggufEntry(std::vector<std::string> texts);
GgufMetadata::Entry ggufEntry(const std::vector<std::int32_t>& values);
GgufMetadata::Entry ggufEntry(const std::vector<float>& values);

/// The same as writeSafetensors() for a GGUF file of version 3; types are names of ggufTypes().
void writeGguf(const std::filesystem::path& path, const GgufEntries& metadata,
               std::span<const OutputTensor> tensors, JobMonitor& monitor);

/// What these write before the values of tensors, for estimates and tests.
std::string safetensorsHeader(const Json& metadata, std::span<const OutputTensor> tensors);
std::string ggufHeader(const GgufEntries& metadata, std::span<const OutputTensor> tensors);

} // namespace planish
