#include "tests/plugin/host.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static bool complain(const char* path, const char* what) {
  fprintf(stderr, "%s: %s\n", path, what);
  return false;
}

static bool fits(void* handle, const char* path, unsigned version) {
  enum { MAJOR_MINOR = 0xffff00 };
  const char* name = dlsym(handle, "plugin_name");
  const char* type = dlsym(handle, "plugin_type");
  const unsigned* number = dlsym(handle, "plugin_version");
  if (name == NULL || type == NULL || number == NULL) return complain(path, "no plugin_name, plugin_type or plugin_version");
  if (strcmp(name, "atoll") != 0) return complain(path, "plugin_name is not atoll");
  if (strcmp(type, "spank") != 0) return complain(path, "plugin_type is not spank");
  if ((*number & MAJOR_MINOR) != (version & MAJOR_MINOR)) return complain(path, "plugin_version is of another Slurm");
  // Slurm calls these of a plugin, its own or those of a library it brings along, whatever they are.
  if (dlsym(handle, "init") != NULL || dlsym(handle, "fini") != NULL) return complain(path, "it has a function init or fini");
  return true;
}

static void* open_checked(const char* path, int how, unsigned version) {
  void* handle = dlopen(path, how);
  if (handle == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    return NULL;
  }
  if (fits(handle, path, version)) return handle;
  dlclose(handle);
  return NULL;
}

void* load_plugin(const char* path, unsigned version) {
  void* peek = open_checked(path, RTLD_LAZY, version);
  if (peek == NULL) return NULL;
  dlclose(peek);
  if (dlopen(path, RTLD_LAZY | RTLD_NOLOAD) != NULL) {
    complain(path, "it stays in memory after dlclose");
    return NULL;
  }
  return open_checked(path, RTLD_NOW, version);
}
