/* Built for a newer minor version: its structs have more, and it finds what the host does not have yet to be absent. */
#include "frame.h"
#include <stddef.h>

typedef struct new_notice { nuncio_notice known; nuncio_bytes later; } new_notice;
typedef struct new_report { nuncio_report known; uint64_t later[8]; } new_report;
typedef struct new_completion { nuncio_completion known; uint64_t later[8]; } new_completion;
typedef struct new_driver { nuncio_driver known; void (*later[4])(void); } new_driver;
typedef struct new_entry { nuncio_entry known; void (*later)(void); } new_entry;

static nuncio_status submit(void *self, const nuncio_notice *const *notices, size_t n, size_t *accepted) {
  instance *me = self;
  size_t i;
  for (i = 0; i < n; i++) {
    int has_later = notices[i]->size >= sizeof(new_notice);
    new_report one, two;
    const nuncio_report *reports[2];
    new_completion done;
    const nuncio_completion *all[1];
    memset(&one, 0xff, sizeof one);
    one.known = report_of(has_later ? NUNCIO_REJECTED : NUNCIO_DELIVERED);
    one.known.size = sizeof one;
    two = one;
    two.known.status = NUNCIO_GONE;
    one.known.index = notices[i]->recipients[0]->index;
    reports[0] = &one.known;
    reports[1] = &two.known;
    memset(&done, 0xff, sizeof done);
    done.known.size = sizeof done;
    done.known.token = notices[i]->token;
    done.known.reports = reports;
    done.known.report_count = 2;
    all[0] = &done.known;
    me->host->complete(me->host->ctx, all, 1);
  }
  *accepted = n;
  return NUNCIO_OK;
}

static void later(void) {}

static nuncio_bytes manifest(uint32_t index) {
  (void)index;
  return TEXT("{\"name\":\"newer\",\"version\":\"1\",\"schemes\":[\"x\"],\"later\":{\"a\":1},\"methods\":[\"later\"]}");
}

/* Careless: writes its whole table, though the host said that it has room for less. */
static nuncio_status create(uint32_t index, const nuncio_host *host, nuncio_bytes settings, nuncio_driver *out,
                            nuncio_error *error) {
  instance *self = calloc(1, sizeof *self);
  new_driver made;
  (void)index, (void)settings, (void)error;
  if (self == NULL) return NUNCIO_FAILED;
  self->host = host;
  pthread_mutex_init(&self->lock, NULL);
  memset(&made, 0, sizeof made);
  made.known.size = sizeof made;
  made.known.self = self;
  made.known.submit = submit;
  made.known.shutdown = end;
  made.known.destroy = destroy;
  made.later[0] = made.later[3] = later;
  memcpy((void *)out, &made, sizeof made);
  return NUNCIO_OK;
}

NUNCIO_EXPORT const nuncio_entry *nuncio_driver_entry_v1(void) {
  static const new_entry entry = {{NUNCIO_MAGIC, NUNCIO_ABI_MAJOR, 7, sizeof entry, 1, manifest, create}, later};
  return &entry.known;
}
