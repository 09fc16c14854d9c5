/* Completes what is cancelled, from inside cancel, and nothing else. */
#include "frame.h"

static nuncio_status submit(void *self, const nuncio_notice *const *notices, size_t n, size_t *accepted) {
  (void)self, (void)notices;
  *accepted = n;
  return NUNCIO_OK;
}

static void cancel(void *self, const uint64_t *tokens, size_t n) {
  size_t i;
  for (i = 0; i < n; i++) complete_as(self, tokens[i], NUNCIO_CANCELLED);
}

DRIVER("{\"name\":\"obeys\",\"version\":\"1\",\"schemes\":[\"x\"],\"limits\":{\"batch\":64}}", submit, cancel, NULL, end)
