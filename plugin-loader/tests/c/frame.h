/* What every driver of these tests needs. A file includes this, writes its functions and ends with DRIVER(...). */
#ifndef FRAME_H
#define FRAME_H
#define _POSIX_C_SOURCE 200809L
#include "nuncio_driver.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(literal) ((nuncio_bytes){(const uint8_t *)(literal), sizeof(literal) - 1})
#define MOST_HELD 4096

typedef struct instance {
  const nuncio_host *host;
  pthread_mutex_t lock;
  uint64_t held[MOST_HELD];
  size_t count;
  int calls;
} instance;

static inline nuncio_report report_of(nuncio_status status) {
  nuncio_report report;
  memset(&report, 0, sizeof report);
  report.size = sizeof report;
  report.index = NUNCIO_ALL;
  report.status = status;
  return report;
}

static inline void complete_with(instance *self, uint64_t token, const nuncio_report *report) {
  const nuncio_report *const reports[1] = {report};
  nuncio_completion done = {sizeof done, 0, token, reports, 1};
  const nuncio_completion *const all[1] = {&done};
  self->host->complete(self->host->ctx, all, 1);
}

static inline void complete_as(instance *self, uint64_t token, nuncio_status status) {
  nuncio_report report = report_of(status);
  complete_with(self, token, &report);
}

static inline void hold(instance *self, uint64_t token) {
  pthread_mutex_lock(&self->lock);
  self->held[self->count++] = token;
  pthread_mutex_unlock(&self->lock);
}

static inline void complete_held(instance *self, nuncio_status status) {
  uint64_t tokens[MOST_HELD];
  size_t count, i;
  pthread_mutex_lock(&self->lock);
  count = self->count;
  memcpy(tokens, self->held, count * sizeof tokens[0]);
  self->count = 0;
  pthread_mutex_unlock(&self->lock);
  for (i = 0; i < count; i++) complete_as(self, tokens[i], status);
}

static inline void reply_json(instance *self, uint64_t token, nuncio_status status, const char *json) {
  nuncio_bytes text = {(const uint8_t *)json, strlen(json)}, none = {NULL, 0};
  self->host->reply(self->host->ctx, token, status, text, none);
}

static inline int is(nuncio_bytes bytes, const char *text) {
  return bytes.len == strlen(text) && memcmp(bytes.ptr, text, bytes.len) == 0;
}

static inline void end(void *self, uint32_t grace_ms) {
  (void)grace_ms;
  complete_held(self, NUNCIO_CANCELLED);
}

static inline void destroy(void *self) { free(self); }

#define DRIVER(MANIFEST, SUBMIT, CANCEL, CALL, SHUTDOWN) DRIVER_WITH_REPLY(MANIFEST, SUBMIT, CANCEL, CALL, SHUTDOWN, NULL)

#define DRIVER_WITH_REPLY(MANIFEST, SUBMIT, CANCEL, CALL, SHUTDOWN, REPLY)                                            \
  static nuncio_bytes manifest(uint32_t index) {                                                                      \
    (void)index;                                                                                                      \
    return TEXT(MANIFEST);                                                                                            \
  }                                                                                                                   \
  static nuncio_status create(uint32_t index, const nuncio_host *host, nuncio_bytes settings, nuncio_driver *out,     \
                              nuncio_error *error) {                                                                  \
    instance *self = calloc(1, sizeof *self);                                                                         \
    (void)index, (void)settings, (void)error;                                                                         \
    if (self == NULL) return NUNCIO_FAILED;                                                                           \
    self->host = host;                                                                                                \
    pthread_mutex_init(&self->lock, NULL);                                                                            \
    out->self = self;                                                                                                 \
    out->submit = SUBMIT;                                                                                             \
    out->cancel = CANCEL;                                                                                             \
    out->call = CALL;                                                                                                 \
    out->reply = REPLY;                                                                                               \
    out->shutdown = SHUTDOWN;                                                                                         \
    out->destroy = destroy;                                                                                           \
    return NUNCIO_OK;                                                                                                 \
  }                                                                                                                   \
  NUNCIO_EXPORT const nuncio_entry *nuncio_driver_entry_v1(void) {                                                    \
    static const nuncio_entry entry = {NUNCIO_MAGIC, NUNCIO_ABI_MAJOR, NUNCIO_ABI_MINOR, sizeof entry, 1, manifest,   \
                                       create};                                                                       \
    return &entry;                                                                                                    \
  }
#endif
