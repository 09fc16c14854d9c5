/* A C driver that does nothing: it completes inside submit, all notices of one call in one completion call. */
#include "nuncio_driver.h"

static const nuncio_host *host;

static nuncio_status submit(void *self, const nuncio_notice *const *notices, size_t n, size_t *accepted) {
  nuncio_report report = {0};
  const nuncio_report *reports[1] = {&report};
  nuncio_completion done[64];
  const nuncio_completion *all[64];
  size_t i;
  (void)self;
  report.size = sizeof report;
  report.index = NUNCIO_ALL;
  report.status = NUNCIO_DELIVERED;
  *accepted = n < 64 ? n : 64;
  for (i = 0; i < *accepted; i++) {
    done[i].size = sizeof done[i];
    done[i].reserved = 0;
    done[i].token = notices[i]->token;
    done[i].reports = reports;
    done[i].report_count = 1;
    all[i] = &done[i];
  }
  host->complete(host->ctx, all, *accepted);
  return *accepted == n ? NUNCIO_OK : NUNCIO_BUSY;
}

static void shut_down(void *self, uint32_t grace_ms) {
  (void)self;
  (void)grace_ms;
}

static void destroy(void *self) { (void)self; }

static nuncio_bytes manifest(uint32_t index) {
  static const char text[] =
      "{\"name\": \"noop-c\", \"version\": \"1.0.0\", \"schemes\": [\"noop-c\"], \"limits\": {\"batch\": 64}}";
  nuncio_bytes bytes = {(const uint8_t *)text, sizeof text - 1};
  (void)index;
  return bytes;
}

static nuncio_status create(uint32_t index, const nuncio_host *given, nuncio_bytes settings, nuncio_driver *out,
                            nuncio_error *error) {
  (void)index;
  (void)settings;
  (void)error;
  host = given;
  out->submit = submit;
  out->shutdown = shut_down;
  out->destroy = destroy;
  return NUNCIO_OK;
}

const nuncio_entry *nuncio_driver_entry_v1(void) {
  static const nuncio_entry entry = {NUNCIO_MAGIC, NUNCIO_ABI_MAJOR, NUNCIO_ABI_MINOR, sizeof entry, 1, manifest, create};
  return &entry;
}
