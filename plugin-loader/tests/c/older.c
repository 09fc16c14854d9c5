/* Built for an older minor version: its structs end earlier, and what lies behind them is not theirs. */
#include "frame.h"
#include <stddef.h>

typedef struct old_report { uint32_t size, index; nuncio_status status; uint32_t scope; } old_report;
typedef struct old_notice { uint32_t size, attempt; uint64_t token; nuncio_bytes id; } old_notice;

static nuncio_status submit(void *self, const nuncio_notice *const *notices, size_t n, size_t *accepted) {
  instance *me = self;
  size_t i;
  for (i = 0; i < n; i++) {
    const old_notice *notice = (const void *)notices[i];
    struct { old_report report; unsigned char others[sizeof(nuncio_report)]; } memory;
    const nuncio_report *reports[1];
    nuncio_completion done = {sizeof done, 0, 0, reports, 1};
    const nuncio_completion *const all[1] = {&done};
    memset(&memory, 0xff, sizeof memory);
    memory.report.size = sizeof memory.report;
    memory.report.index = NUNCIO_ALL;
    memory.report.status = notice->attempt == 1 ? NUNCIO_DELIVERED : NUNCIO_GONE;
    memory.report.scope = NUNCIO_SCOPE_MESSAGE;
    reports[0] = (const void *)&memory.report;
    done.token = notice->token;
    me->host->complete(me->host->ctx, all, 1);
  }
  *accepted = n;
  return NUNCIO_OK;
}

DRIVER("{\"name\":\"older\",\"version\":\"1\",\"schemes\":[\"x\"],\"limits\":{\"batch\":64}}", submit, NULL, NULL, end)
