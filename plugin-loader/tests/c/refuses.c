/* Takes nothing, but completes the first notice all the same. */
#include "frame.h"

static nuncio_status submit(void *self, const nuncio_notice *const *notices, size_t n, size_t *accepted) {
  complete_as(self, notices[0]->token, NUNCIO_DELIVERED);
  *accepted = n;
  return NUNCIO_FAILED;
}

DRIVER("{\"name\":\"refuses\",\"version\":\"1\",\"schemes\":[\"x\"],\"limits\":{\"batch\":64}}", submit, NULL, NULL, end)
