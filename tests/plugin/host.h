#pragma once

// A program that plays Slurm to the plugin: it loads the .so as Slurm does, and has the functions that Slurm's programs
// export to plugins (slurm_stubs.c; linked with -rdynamic).

#include <stdbool.h>

// Loads and closes a plugin as Slurm's loader does: lazily to look at its metadata, closed, then again for use. The file
// must be a SPANK plugin named atoll for `version`, the SLURM_VERSION_NUMBER of this Slurm; as in Slurm, of its three bytes
// the last one does not count. Returns the handle, the caller's to dlclose; or NULL, having said why on stderr.
void* load_plugin(const char* path, unsigned version);
