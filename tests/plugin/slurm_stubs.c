// What Slurm's programs export to plugins, as far as ours asks for it. These do nothing and know nothing.

#include <slurm/spank.h>
#include <stdlib.h>

void slurm_error(const char* format, ...) { (void)format; }
void slurm_info(const char* format, ...) { (void)format; }
void slurm_debug(const char* format, ...) { (void)format; }
void slurm_verbose(const char* format, ...) { (void)format; }

spank_context_t spank_context(void) { return S_CTX_SLURMD; }

spank_err_t spank_option_register(spank_t spank, struct spank_option* option) {
  (void)spank, (void)option;
  return ESPANK_SUCCESS;
}

spank_err_t spank_get_item(spank_t spank, spank_item_t item, ...) {
  (void)spank, (void)item;
  return ESPANK_NOT_AVAIL;
}

spank_err_t spank_getenv(spank_t spank, const char* name, char* value, int size) {
  (void)spank, (void)name, (void)value, (void)size;
  return ESPANK_ENV_NOEXIST;
}

spank_err_t spank_setenv(spank_t spank, const char* name, const char* value, int overwrite) {
  (void)spank, (void)name, (void)value, (void)overwrite;
  return ESPANK_SUCCESS;
}

spank_err_t spank_unsetenv(spank_t spank, const char* name) {
  (void)spank, (void)name;
  return ESPANK_SUCCESS;
}
