#pragma once

#include <string>
#include <vector>

// Writes hwloc XML for tests: a machine of two packages, each with a NUMA node, two processors and a host bridge.
namespace HwlocFile {

inline std::string number(int n) { return std::to_string(n); }

// An operating system's device: 1 GPU, 2 network, 3 OpenFabrics, 5 coprocessor. Matrices refer to it by `id`.
inline std::string device(const std::string& name, int type, int id, const std::string& infos = "") {
  return "<object type=\"OSDev\" gp_index=\"" + number(id) + "\" name=\"" + name + "\" osdev_type=\"" + number(type) +
         "\">" + infos + "</object>\n";
}

inline std::string info(const std::string& name, const std::string& value) {
  return "<info name=\"" + name + "\" value=\"" + value + "\"/>";
}

// A PCI function "0000:BB:00.0" of a type such as "0302 [10de:2330]".
inline std::string pci(const std::string& bus, const std::string& type, int id, const std::string& inside) {
  return "<object type=\"PCIDev\" gp_index=\"" + number(id) + "\" pci_busid=\"0000:" + bus + ":00.0\" pci_type=\"" +
         type + " [0000:0000] a1\" pci_link_speed=\"1\">" + inside + "</object>\n";
}

// nvmlN with the id 100 + N, as a model of GPU.
inline std::string nvml(int n, const std::string& bus, const std::string& model = "NVIDIA H100 80GB HBM3") {
  const std::string infos = info("GPUModel", model) + info("NVIDIAUUID", "GPU-0000000" + number(n) + "-a");
  return pci(bus, "0302 [10de:2330]", 300 + n, device("nvml" + number(n), 1, 100 + n, infos));
}

// rsmiN with the id 200 + N, without its PCI function.
inline std::string rsmi(int n) { return device("rsmi" + number(n), 1, 200 + n, info("GPUModel", "")); }

inline std::string infiniband(const std::string& name, const std::string& bus, int id) {
  return pci(bus, "0207 [15b3:1021]", id, device("ib" + number(id), 2, id + 1) + device(name, 3, id + 2));
}

// A PCI switch; its own address is on `bus`, what is inside is on first to last.
inline std::string bridge(const std::string& bus, const std::string& first, const std::string& last, int id,
                          const std::string& inside) {
  return "<object type=\"Bridge\" gp_index=\"" + number(id) + "\" bridge_type=\"1-1\" depth=\"1\" bridge_pci=\"0000:[" +
         first + "-" + last + "]\" pci_busid=\"0000:" + bus +
         ":00.0\" pci_type=\"0604 [10b5:9781] [0000:0000] b0\" pci_link_speed=\"1\">" + inside + "</object>\n";
}

// A package and what hangs on its host bridge.
inline std::string package(int n, const std::string& inside) {
  const std::string cpus = n == 0 ? "0x3" : "0xc", node = n == 0 ? "0x1" : "0x2";
  const auto sets = [&](const std::string& cpuset) {
    return " cpuset=\"" + cpuset + "\" complete_cpuset=\"" + cpuset + "\" nodeset=\"" + node +
           "\" complete_nodeset=\"" + node + "\"";
  };
  std::string text = "<object type=\"Package\" os_index=\"" + number(n) + "\"" + sets(cpus) + " gp_index=\"" +
                     number(10 + n) + "\">\n<object type=\"NUMANode\" os_index=\"" + number(n) + "\"" + sets(cpus) +
                     " gp_index=\"" + number(20 + n) + "\" local_memory=\"1073741824\"/>\n";
  for (int cpu = 2 * n; cpu < 2 * n + 2; ++cpu)
    text += "<object type=\"PU\" os_index=\"" + number(cpu) + "\"" + sets("0x" + number(1 << cpu)) + " gp_index=\"" +
            number(30 + cpu) + "\"/>\n";
  const std::string buses = n == 0 ? "00-7f" : "80-ff";
  return text + "<object type=\"Bridge\" gp_index=\"" + number(40 + n) +
         "\" bridge_type=\"0-1\" depth=\"0\" bridge_pci=\"0000:[" + buses + "]\">" + inside + "</object>\n</object>\n";
}

// A matrix between objects such as "OSDev:100" or "PCIDev:300", with a number for each pair of them, in MB/s.
inline std::string matrix(const std::string& name, const std::vector<std::string>& objects,
                          const std::vector<int>& values) {
  std::string indexes, numbers;
  for (const std::string& object : objects) indexes += object + " ";
  for (int value : values) numbers += number(value) + " ";
  return "<distances2hetero nbobjs=\"" + number(static_cast<int>(objects.size())) + "\" kind=\"25\" name=\"" + name +
         "\">\n<indexes length=\"" + number(static_cast<int>(indexes.size())) + "\">" + indexes +
         "</indexes>\n<u64values length=\"" + number(static_cast<int>(numbers.size())) + "\">" + numbers +
         "</u64values>\n</distances2hetero>\n";
}

inline std::string machine(const std::string& left, const std::string& right, const std::string& matrices = "",
                           const std::string& version = "2.9.3") {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE topology SYSTEM \"hwloc2.dtd\">\n<topology "
         "version=\"2.0\">\n<object type=\"Machine\" os_index=\"0\" cpuset=\"0xf\" complete_cpuset=\"0xf\" "
         "allowed_cpuset=\"0xf\" nodeset=\"0x3\" complete_nodeset=\"0x3\" allowed_nodeset=\"0x3\" gp_index=\"1\">\n" +
         info("HostName", "twin") + info("hwlocVersion", version) + package(0, left) + package(1, right) +
         "</object>\n" + matrices + "</topology>\n";
}

// The machine with one more NUMA node, beside these CPUs, before its first object of this type.
inline std::string with_memory(std::string machine, const std::string& before, int index, const std::string& cpus) {
  const std::string node = "0x" + number(1 << index);
  return machine.insert(machine.find("<object type=\"" + before + "\""),
                        "<object type=\"NUMANode\" os_index=\"" + number(index) + "\" cpuset=\"" + cpus +
                            "\" complete_cpuset=\"" + cpus + "\" nodeset=\"" + node + "\" complete_nodeset=\"" + node +
                            "\" gp_index=\"" + number(90 + index) + "\" local_memory=\"1024\"/>\n");
}

}  // namespace HwlocFile
