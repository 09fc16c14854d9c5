/* Completes tokens that it was never given, then the right one. */
#include "frame.h"

static nuncio_status submit(void *self, const nuncio_notice *const *notices, size_t n, size_t *accepted) {
  instance *me = self;
  size_t i;
  for (i = 0; i < n; i++) {
    uint64_t token = notices[i]->token;
    complete_as(me, 0, NUNCIO_GONE);
    complete_as(me, UINT64_MAX, NUNCIO_GONE);
    complete_as(me, token + (UINT64_C(1) << 32), NUNCIO_GONE);
    complete_as(me, token - (UINT64_C(1) << 32), NUNCIO_GONE);
    complete_as(me, token ^ 1, NUNCIO_GONE);
    complete_as(me, token ^ 0x80000000u, NUNCIO_GONE);
    me->host->complete(me->host->ctx, NULL, 3);
    complete_as(me, token, NUNCIO_DELIVERED);
  }
  *accepted = n;
  return NUNCIO_OK;
}

DRIVER("{\"name\":\"forged\",\"version\":\"1\",\"schemes\":[\"x\"]}", submit, NULL, NULL, end)
