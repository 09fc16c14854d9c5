/* An entry that is wrong in one thing, as the compiler's -D says. */
#include "frame.h"
#include <unistd.h>
#ifndef MAGIC
#define MAGIC NUNCIO_MAGIC
#endif
#ifndef MAJOR
#define MAJOR NUNCIO_ABI_MAJOR
#endif
#ifndef SIZE
#define SIZE sizeof(nuncio_entry)
#endif
#ifndef COUNT
#define COUNT 1
#endif
#ifndef MANIFEST
#define MANIFEST TEXT("{\"name\":\"entry\",\"version\":\"1\",\"schemes\":[\"x\"]}")
#endif
#ifndef STATUS
#define STATUS NUNCIO_OK
#endif
#ifndef SAID
#define SAID ""
#endif

static nuncio_bytes manifest(uint32_t index) {
  (void)index;
  return MANIFEST;
}

static nuncio_status create(uint32_t index, const nuncio_host *host, nuncio_bytes settings, nuncio_driver *out,
                            nuncio_error *error) {
  (void)index, (void)host, (void)settings, (void)out;
#ifdef HANG
  for (;;) pause();
#endif
  memcpy(error->text, SAID, sizeof SAID - 1);
  error->len = sizeof SAID - 1;
  return STATUS;
}

NUNCIO_EXPORT const nuncio_entry *nuncio_driver_entry_v1(void) {
  static const nuncio_entry entry = {MAGIC, MAJOR, 0, SIZE, COUNT, manifest, create};
#ifdef NO_TABLE
  (void)entry;
  return NULL;
#else
  return &entry;
#endif
}
