/* Says back all that it was given, in the excerpt, and completes each recipient by itself. */
#include "frame.h"
#include <stdio.h>

static char *put(char *at, nuncio_bytes bytes) {
  if (bytes.len > 0) memcpy(at, bytes.ptr, bytes.len);
  at[bytes.len] = '|';
  return at + bytes.len + 1;
}

static nuncio_status submit(void *self, const nuncio_notice *const *notices, size_t n, size_t *accepted) {
  instance *me = self;
  size_t i, r;
  for (i = 0; i < n; i++) {
    const nuncio_notice *notice = notices[i];
    char text[8192], *at = text;
    nuncio_report reports[16];
    const nuncio_report *pointers[16];
    nuncio_completion done = {sizeof done, 0, notice->token, pointers, notice->recipient_count};
    const nuncio_completion *const all[1] = {&done};
    at = put(at, notice->id);
    at = put(at, notice->uri);
    at = put(at, notice->content_type);
    at = put(at, notice->body);
    at = put(at, notice->subject);
    at = put(at, notice->text);
    at = put(at, notice->html);
    at = put(at, notice->options_json);
    at = put(at, notice->headers_json);
    at = put(at, notice->project);
    at = put(at, notice->queue);
    at = put(at, notice->message);
    at = put(at, notice->subscription);
    for (r = 0; r < notice->part_count; r++) {
      const nuncio_part *part = notice->parts[r];
      at = put(at, part->name);
      at = put(at, part->content_type);
      at = put(at, part->content_id);
      at = put(at, part->data);
      at += sprintf(at, "%u|", part->flags);
    }
    at += sprintf(at, "%u %ld %ld %ld %ld %ld %u", notice->attempt, (long)notice->now_ms, (long)notice->created_ms,
                  (long)notice->deadline_ms, (long)notice->ttl_s, (long)notice->delay_s, notice->kind);
    for (r = 0; r < notice->recipient_count; r++) {
      reports[r] = report_of(r % 2 == 0 ? NUNCIO_DELIVERED : NUNCIO_GONE);
      reports[r].index = notice->recipients[r]->index;
      reports[r].provider_id = notice->recipients[r]->address;
      reports[r].excerpt.ptr = (const uint8_t *)text;
      reports[r].excerpt.len = (size_t)(at - text);
      reports[r].scope = NUNCIO_SCOPE_DESTINATION;
      reports[r].code = 250;
      reports[r].retry_after_ms = 1500;
      reports[r].cost = 3;
      pointers[r] = &reports[r];
    }
    me->host->complete(me->host->ctx, all, 1);
  }
  *accepted = n;
  return NUNCIO_OK;
}

DRIVER("{\"name\":\"echo\",\"version\":\"1\",\"schemes\":[\"x\"],\"secrets\":[\"/password\"],"
       "\"option_secrets\":[\"/secret\"],\"limits\":{\"batch\":64}}",
       submit, NULL, NULL, end)
