/* Hangs in shutdown. Holds every notice. */
#include "frame.h"
#include <unistd.h>

static nuncio_status submit(void *self, const nuncio_notice *const *notices, size_t n, size_t *accepted) {
  (void)self, (void)notices;
  *accepted = n;
  return NUNCIO_OK;
}

static void hang(void *self, uint32_t grace_ms) {
  (void)self, (void)grace_ms;
  for (;;) pause();
}

DRIVER("{\"name\":\"hangs\",\"version\":\"1\",\"schemes\":[\"x\"],\"limits\":{\"batch\":64}}", submit, NULL, NULL, hang)
