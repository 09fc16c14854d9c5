/* A whole driver in C99: `hello-c:NAME` greets NAME with each message, on standard output.
 *
 *   cc -std=c99 -pedantic -Wall -Wextra -shared -fPIC -I include -o libhello.so hello.c
 */
#include "nuncio_driver.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(literal) ((nuncio_bytes){(const uint8_t *)(literal), sizeof(literal) - 1})

typedef struct hello { const nuncio_host *host; } hello;

static nuncio_bytes manifest(uint32_t index) {
  (void)index; /* there is one */
  return TEXT("{\"name\": \"hello-c\", \"version\": \"1.0.0\", \"title\": \"Greets on standard output\","
              " \"license\": \"Apache-2.0\", \"schemes\": [\"hello-c\"], \"limits\": {\"batch\": 64},"
              " \"settings\": {\"type\": \"object\", \"additionalProperties\": false}}");
}

/* Says what became of one notice, for all of its recipients. */
static void complete(const nuncio_host *host, uint64_t token, nuncio_status status, nuncio_bytes reason) {
  nuncio_report report;
  const nuncio_report *reports[1];
  nuncio_completion done;
  const nuncio_completion *all[1];

  memset(&report, 0, sizeof report); /* zero means: nothing said */
  report.size = sizeof report;
  report.index = NUNCIO_ALL;
  report.status = status;
  report.scope = NUNCIO_SCOPE_DESTINATION;
  report.reason = reason;
  reports[0] = &report;

  memset(&done, 0, sizeof done);
  done.size = sizeof done;
  done.token = token;
  done.reports = reports;
  done.report_count = 1;
  all[0] = &done;
  host->complete(host->ctx, all, 1);
}

/* Writing a line does not block for long. A driver that waits for a network completes from a thread of its own. */
static nuncio_status submit(void *self, const nuncio_notice *const *notices, size_t n, size_t *accepted) {
  const hello *me = self;
  size_t i;
  for (i = 0; i < n; i++) {
    const nuncio_notice *notice = notices[i];
    nuncio_bytes text = notice->text;
    int written = printf("Hello %.*s! %.*s\n", (int)notice->uri.len, (const char *)notice->uri.ptr, (int)text.len,
                         text.len > 0 ? (const char *)text.ptr : "");
    if (written > 0 && fflush(stdout) == 0)
      complete(me->host, notice->token, NUNCIO_DELIVERED, TEXT(""));
    else
      complete(me->host, notice->token, NUNCIO_DEFERRED, TEXT("cannot write to standard output"));
  }
  *accepted = n;
  return NUNCIO_OK;
}

/* Everything was completed inside submit, so there is nothing to wait for. */
static void shutdown_driver(void *self, uint32_t grace_ms) { (void)self, (void)grace_ms; }

static void destroy(void *self) { free(self); }

static nuncio_status create(uint32_t index, const nuncio_host *host, nuncio_bytes settings, nuncio_driver *out,
                            nuncio_error *error) {
  hello *me = malloc(sizeof *me);
  (void)index, (void)settings, (void)error; /* the schema allows no settings */
  if (me == NULL) return NUNCIO_FAILED;
  me->host = host;
  out->self = me;
  out->submit = submit;
  out->shutdown = shutdown_driver;
  out->destroy = destroy;
  return NUNCIO_OK;
}

NUNCIO_EXPORT const nuncio_entry *nuncio_driver_entry_v1(void) {
  static const nuncio_entry entry = {NUNCIO_MAGIC, NUNCIO_ABI_MAJOR, NUNCIO_ABI_MINOR, sizeof entry, 1, manifest, create};
  return &entry;
}
