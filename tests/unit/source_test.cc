#include "topology/source.h"

#include <doctest/doctest.h>

#include <string>

#include "topology/islands.h"

using namespace Atoll;

namespace {

std::string error_of(const std::string& text) { return parse_source(text).status().message(); }

}  // namespace

TEST_CASE("formats have names") {
  CHECK(*parse_source_format("auto") == SourceFormat::kAuto);
  CHECK(*parse_source_format("atoll") == SourceFormat::kAtoll);
  CHECK(*parse_source_format("hwloc") == SourceFormat::kHwloc);
  CHECK(*parse_source_format("nccl") == SourceFormat::kNccl);
  CHECK(*parse_source_format("nvidia-smi") == SourceFormat::kNvidiaSmi);
  CHECK(parse_source_format("yaml").status().message() ==
        "\"yaml\" is no format: auto, atoll, hwloc, nccl or nvidia-smi");
}

TEST_CASE("a format is told by the first bytes") {
  const struct {
    const char* what;
    const char* text;
    std::size_t gpus;
  } cases[] = {
      {"Atoll's own", "machine a\nnuma 0\ngpu 0\ngpu 1\n", 2},
      {"Atoll's own behind comments", "\n# GPU0 GPU1\n  # more\ngpu 7\n", 1},
      {"NCCL", "<system><cpu><pci busid=\"0000:01:00.0\"><gpu dev=\"0\"/></pci></cpu></system>", 1},
      {"NCCL behind other things",
       "\xef\xbb\xbf\r\n<?xml version=\"1.0\"?>\n<!-- <topology> -->\n<!DOCTYPE x>\n<system><cpu><gpu "
       "dev=\"0\"/></cpu></system>",
       1},
      {"a matrix", "\tGPU0\tGPU1\nGPU0\t X \tNV4\nGPU1\tNV4\t X \n", 2},
      {"a matrix behind a prompt", "root@node:~# nvidia-smi topo -m\n\tGPU0\nGPU0\t X \n", 1},
      {"a matrix behind a bare root prompt", "# nvidia-smi topo -m\n\tGPU0\nGPU0\t X \n", 1},
      {"a matrix in colour", "\x1b[4m\tGPU0\x1b[0m\nGPU0\t X \n", 1},
      {"a query", "==============NVSMI LOG==============\nGPU 00000000:1B:00.0\n    Product Name : A\n", 1},
      {"a list", "GPU 0: NVIDIA A30 (UUID: GPU-a)\n", 1},
  };
  for (const auto& [what, text, gpus] : cases) {
    INFO(std::string(what));
    const auto machine = parse_source(text);
    REQUIRE_MESSAGE(machine.ok(), machine.status().message());
    CHECK(machine->gpus.size() == gpus);
    CHECK(machine->synthetic);
  }
}

TEST_CASE("what is no description of a machine is refused with a sentence") {
  const struct {
    std::string text;
    const char* error;
  } cases[] = {
      {"", "it is empty"},
      {" \n\t\r\n", "it is empty"},
      {"\xef\xbb\xbf", "it is empty"},
      {"hello\nworld\n",
       "line 1: expected hwloc XML, NCCL XML, the text of nvidia-smi or a machine's text, not \"hello\""},
      {"# a\n\n{\"gpus\": 8}\n",
       "line 3: expected hwloc XML, NCCL XML, the text of nvidia-smi or a machine's text, not \"{\"gpus\": 8}\""},
      {"\x7f"
       "ELF\x02\x01\x01",
       "line 1: expected hwloc XML, NCCL XML, the text of nvidia-smi or a machine's text, not \"?ELF???\""},
      {std::string("gpu 0\n\0gpu 1", 12), "line 2: a zero byte; this is no text"},
      {"<html>\n</html>", "line 1: expected <topology> of hwloc or <system> of NCCL, not <html>"},
      {"<!-- only a comment", "line 1: expected <topology> of hwloc or <system> of NCCL"},
      {"<", "line 1: expected <topology> of hwloc or <system> of NCCL"},
      {"<?xml version=\"1.0\" ?>\n<!DOCTYPE nvidia_smi_log SYSTEM \"nvsmi_device_v12.dtd\">\n<nvidia_smi_log>",
       "line 3: expected <topology> of hwloc or <system> of NCCL; nvidia-smi -q is read without -x"},
      {"gpu 0\ngpu 0\n", "line 2: gpu 0 again; it is on line 1"},
      {std::string(kMaxSourceBytes + 1, 'a'), "more than 16 MiB"},
  };
  for (const auto& [text, error] : cases) {
    CHECK(error_of(text) == error);
    CHECK(parse_source(text).status().code() == Code::kInvalidArgument);
  }
}

TEST_CASE("a format that is named is not looked for") {
  CHECK(parse_source("gpu 0\n", SourceFormat::kAtoll).ok());
  CHECK_FALSE(parse_source("gpu 0\n", SourceFormat::kNccl).ok());
  CHECK_FALSE(parse_source("gpu 0\n", SourceFormat::kNvidiaSmi).ok());
  CHECK_FALSE(parse_source("<system/>", SourceFormat::kAtoll).ok());
  CHECK_FALSE(parse_source("<system/>", SourceFormat::kHwloc).ok());
}

TEST_CASE("a file is read, and errors begin with its path") {
  const auto machine = load_source("tests/topologies/dgx-h100.topo");
  REQUIRE(machine.ok());
  CHECK(machine->gpus.size() == 8);
  CHECK(load_source("/nowhere/at all").status().message() == "/nowhere/at all: cannot be read");
  CHECK(load_source("/nowhere/at all").status().code() == Code::kNotFound);
  CHECK(load_source("tests").status().message() == "tests: cannot be read");
  CHECK(load_source("/dev/null").status().message() == "/dev/null: it is empty");
  CHECK(load_source("/dev/zero").status().message() == "/dev/zero: more than 16 MiB");
}
