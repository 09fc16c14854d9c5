/* No driver. Its constructor writes the file MARKER, which shows that its code ran. */
#include <stdio.h>

__attribute__((constructor)) static void run(void) {
  FILE *file = fopen(MARKER, "w");
  if (file != NULL) fclose(file);
}

#ifdef OTHER_MAJOR
__attribute__((visibility("default"))) const void *nuncio_driver_entry_v2(void);
const void *nuncio_driver_entry_v2(void) { return NULL; }
#endif
