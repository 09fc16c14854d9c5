/* Is busy every other time; else takes one notice and completes it. What it refused it completes as gone, wrongly. */
#include "frame.h"

static nuncio_status submit(void *self, const nuncio_notice *const *notices, size_t n, size_t *accepted) {
  instance *me = self;
  if (me->calls++ % 2 == 0) {
    hold(me, notices[0]->token);
    return NUNCIO_BUSY;
  }
  complete_held(me, NUNCIO_GONE);
  complete_as(me, notices[0]->token, NUNCIO_DELIVERED);
  *accepted = 1;
  return n == 1 ? NUNCIO_OK : NUNCIO_BUSY;
}

DRIVER("{\"name\":\"busy\",\"version\":\"1\",\"schemes\":[\"x\"],\"limits\":{\"batch\":64}}", submit, NULL, NULL, end)
