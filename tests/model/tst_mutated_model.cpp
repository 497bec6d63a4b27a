// SPDX-License-Identifier: GPL-3.0-or-later
// Model files with random damage either open or give an error: no crash, no hang, no huge allocation.
#include "model/model.h"
#include "support/system.h"
#include "test_support.h"
#include "tiny_model.h"

#include <QTemporaryDir>
#include <QTest>
#include <random>

using namespace planish;

class MutatedModelTest : public QObject {
    Q_OBJECT

    static constexpr int rounds = 300;

    /// Flips bits, replaces bytes by ones that mean something to a parser, or cuts off; mostly at the front.
    static std::string damaged(std::string content, std::size_t front, std::mt19937& random) {
        const auto below = [&](std::size_t limit) { return random() % std::max<std::size_t>(limit, 1); };
        if (below(6) == 0) {
            return content.substr(0, below(content.size()));
        }
        for (std::size_t count = 1 + below(4); count > 0 && !content.empty(); --count) {
            char& byte = content[below(std::min(front, content.size()))];
            byte = below(2) == 0 ? static_cast<char>(byte ^ (1 << below(8)))
                                 : "0123456789{}[]\",:-eE.\\ \xff"[below(25)];
        }
        return content;
    }

    /// Opens and reads everything; whether that worked. Anything but an Error escapes and fails the test.
    static bool survives(const std::filesystem::path& folder) {
        return test::errorOf([&] {
                   const Model model = Model::open(folder.string());
                   for (const TensorInfo& tensor : model.tensors()) {
                       model.read(tensor);
                   }
               })
            .isEmpty();
    }

    static void write(const std::filesystem::path& folder, const std::string& config,
                      const std::string& weights) {
        std::filesystem::remove_all(folder); // truncating the files would wait for the disk
        test::writeFile(folder / "config.json", config);
        test::writeFile(folder / "model.safetensors", weights);
    }

  private slots:
    void damaged_files_open_or_give_an_error() {
        QTemporaryDir folder;
        const std::filesystem::path path = folder.path().toStdString() + "/model";
        const std::string weights = test::safetensors(test::tinyTensors());
        const std::string config = test::tinyConfig();
        const std::size_t header = weights.size() - 2 * 160; // roughly: the values are all alike anyway
        std::mt19937 random(20);
        int opened = 0;
        for (int round = 0; round < rounds; ++round) {
            write(path, config, damaged(weights, header, random));
            opened += survives(path) ? 1 : 0;
            write(path, damaged(config, config.size(), random), weights);
            opened += survives(path) ? 1 : 0;
        }
        QVERIFY2(opened > 0 && opened < rounds, qPrintable(QString::number(opened)));
        QVERIFY(peakMemoryBytes() < 500'000'000);
    }
};

QTEST_APPLESS_MAIN(MutatedModelTest)
#include "tst_mutated_model.moc"
