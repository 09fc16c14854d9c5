/* A driver of ABI 1.0 that touches every field of every struct. Never edited; see the README beside. It writes what it
 * is given, one line a notice, to the file that its setting `file` names; the text says what is to come of it. */
#define _POSIX_C_SOURCE 200809L
#include "nuncio_driver.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(literal) ((nuncio_bytes){(const uint8_t *)(literal), sizeof(literal) - 1})
#define MOST_HELD 64

typedef struct instance {
  const nuncio_host *host;
  FILE *file;
  pthread_mutex_t lock;
  uint64_t held[MOST_HELD];
  size_t count;
  unsigned replies;
} instance;

/* ---- words */

static const nuncio_bytes nothing = {NULL, 0};

static int is(nuncio_bytes bytes, const char *text) {
  return bytes.len == strlen(text) && (bytes.len == 0 || memcmp(bytes.ptr, text, bytes.len) == 0);
}

static int has(nuncio_bytes bytes, const char *text) {
  size_t i, len = strlen(text);
  for (i = 0; i + len <= bytes.len; i++)
    if (memcmp(bytes.ptr + i, text, len) == 0) return 1;
  return 0;
}

static void put(instance *self, const char *name, nuncio_bytes bytes) {
  size_t i;
  fprintf(self->file, " %s=<", name);
  for (i = 0; i < bytes.len; i++) fputc(bytes.ptr[i] < ' ' ? ' ' : bytes.ptr[i], self->file);
  fputc('>', self->file);
}

static void number(instance *self, const char *name, int64_t value) {
  fprintf(self->file, " %s=%lld", name, (long long)value);
}

/* ---- what is said of a delivery */

static void say(instance *self, uint64_t token, const nuncio_report *const *reports, size_t count) {
  nuncio_completion done;
  const nuncio_completion *all[1];
  memset(&done, 0, sizeof done);
  done.size = sizeof done;
  done.reserved = 0;
  done.token = token;
  done.reports = reports;
  done.report_count = count;
  all[0] = &done;
  self->host->complete(self->host->ctx, all, 1);
}

static nuncio_report report_of(uint32_t index, nuncio_status status) {
  nuncio_report report;
  memset(&report, 0, sizeof report);
  report.size = sizeof report;
  report.index = index;
  report.status = status;
  report.scope = NUNCIO_SCOPE_RECIPIENT;
  return report;
}

static void answer(instance *self, const nuncio_notice *notice) {
  nuncio_report report = report_of(NUNCIO_ALL, NUNCIO_DELIVERED), first;
  const nuncio_report *reports[2];
  size_t count = 0;
  report.provider_id = TEXT("far-7");
  report.cost = 3;
  if (is(notice->text, "deferred")) {
    report.status = NUNCIO_DEFERRED;
    report.scope = NUNCIO_SCOPE_DESTINATION;
    report.code = 503;
    report.flags = NUNCIO_MAYBE_SENT;
    report.retry_after_ms = 1500;
    report.reason = TEXT("not now");
    report.excerpt = TEXT("busy");
  } else if (is(notice->text, "held")) {
    report.status = NUNCIO_DEFERRED;
    report.scope = NUNCIO_SCOPE_ACCOUNT;
  } else if (is(notice->text, "rejected")) {
    report.status = NUNCIO_REJECTED;
    report.scope = NUNCIO_SCOPE_MESSAGE;
    report.code = 550;
    report.reason = TEXT("never in this form");
  } else if (is(notice->text, "gone")) {
    report.status = NUNCIO_GONE;
    report.reason = TEXT("moved away");
  }
  if (notice->recipient_count > 0) {
    first = report;
    first.index = notice->recipients[0]->index;
    reports[count++] = &first;
  }
  reports[count++] = &report;
  say(self, notice->token, reports, count);
}

/* ---- deliveries */

static void keep(instance *self, const nuncio_notice *notice) {
  size_t i;
  fprintf(self->file, "notice size=%d", notice->size >= sizeof *notice);
  number(self, "attempt", notice->attempt);
  put(self, "id", notice->id);
  number(self, "now", notice->now_ms > 0);
  number(self, "created", notice->created_ms > 0);
  number(self, "deadline", notice->deadline_ms > notice->now_ms);
  put(self, "uri", notice->uri);
  for (i = 0; i < notice->recipient_count; i++) {
    const nuncio_recipient *one = notice->recipients[i];
    number(self, "recipient", one->size >= sizeof *one ? (int64_t)one->index : -1);
    put(self, "address", one->address);
  }
  put(self, "content_type", notice->content_type);
  put(self, "body", notice->body);
  put(self, "subject", notice->subject);
  put(self, "text", notice->text);
  put(self, "html", notice->html);
  for (i = 0; i < notice->part_count; i++) {
    const nuncio_part *part = notice->parts[i];
    number(self, "part", part->size >= sizeof *part && !(part->flags & ~(uint32_t)NUNCIO_INLINE));
    put(self, "name", part->name);
    put(self, "type", part->content_type);
    put(self, "cid", part->content_id);
    put(self, "data", part->data);
  }
  put(self, "options", notice->options_json);
  put(self, "headers", notice->headers_json);
  put(self, "project", notice->project);
  put(self, "queue", notice->queue);
  number(self, "message", notice->message.len > 0);
  put(self, "subscription", notice->subscription);
  number(self, "ttl", notice->ttl_s);
  number(self, "delay", notice->delay_s);
  number(self, "kind", notice->kind == NUNCIO_KIND_NOTIFICATION && notice->reserved == 0);
  fputc('\n', self->file);
  fflush(self->file);
}

static void tell(instance *self) {
  const nuncio_host *host = self->host;
  if (host->log_enabled(host->ctx, NUNCIO_LOG_WARN, TEXT("frozen")))
    host->log(host->ctx, NUNCIO_LOG_WARN, TEXT("frozen"), TEXT("the frozen driver speaks"), TEXT("{\"n\":1}"));
  host->call(host->ctx, 1, TEXT("metric"), TEXT("{\"name\":\"frozen_total\",\"value\":1}"), nothing);
  host->call(host->ctx, 2, TEXT("receipt"), TEXT("{\"provider_id\":\"far-7\",\"outcome\":\"delivered\"}"), nothing);
}

static nuncio_status submit(void *me, const nuncio_notice *const *notices, size_t n, size_t *accepted) {
  instance *self = me;
  size_t i;
  *accepted = 0;
  for (i = 0; i < n; i++) {
    pthread_mutex_lock(&self->lock);
    keep(self, notices[i]);
    if (is(notices[i]->text, "until cancelled")) {
      if (self->count == MOST_HELD) {
        pthread_mutex_unlock(&self->lock);
        return NUNCIO_BUSY;
      }
      self->held[self->count++] = notices[i]->token;
      pthread_mutex_unlock(&self->lock);
    } else {
      pthread_mutex_unlock(&self->lock);
      tell(self);
      answer(self, notices[i]);
    }
    *accepted = i + 1;
  }
  return NUNCIO_OK;
}

static void end(instance *self, uint64_t token) {
  nuncio_report report = report_of(NUNCIO_ALL, NUNCIO_CANCELLED);
  const nuncio_report *reports[1];
  reports[0] = &report;
  say(self, token, reports, 1);
}

static void cancel(void *me, const uint64_t *tokens, size_t n) {
  instance *self = me;
  size_t i, j;
  for (i = 0; i < n; i++) {
    int found = 0;
    pthread_mutex_lock(&self->lock);
    for (j = 0; j < self->count && !found; j++)
      if (self->held[j] == tokens[i]) {
        self->held[j] = self->held[--self->count];
        found = 1;
      }
    pthread_mutex_unlock(&self->lock);
    if (found) end(self, tokens[i]);
  }
}

static void shut(void *me, uint32_t grace_ms) {
  instance *self = me;
  uint64_t tokens[MOST_HELD];
  size_t i, count;
  pthread_mutex_lock(&self->lock);
  count = self->count;
  memcpy(tokens, self->held, sizeof tokens);
  self->count = 0;
  fprintf(self->file, "shutdown grace=%d replies=%u\n", grace_ms > 0, self->replies);
  fflush(self->file);
  pthread_mutex_unlock(&self->lock);
  for (i = 0; i < count; i++) end(self, tokens[i]);
}

static void destroy(void *me) {
  instance *self = me;
  fclose(self->file);
  pthread_mutex_destroy(&self->lock);
  free(self);
}

/* ---- calls, both ways */

static nuncio_status call(void *me, uint64_t token, nuncio_bytes method, nuncio_bytes json, nuncio_bytes blob) {
  const nuncio_host *host = ((instance *)me)->host;
  nuncio_status status = NUNCIO_OK;
  nuncio_bytes said, body = nothing;
  if (is(method, "check") && has(json, "frozen-c:refused")) {
    status = NUNCIO_INVALID;
    said = TEXT("[{\"at\":\"uri\",\"why\":\"refused\",\"fix\":\"write another\"}]");
  } else if (is(method, "check")) {
    said = TEXT("{\"canonical\":\"frozen-c:ann\",\"redacted\":\"frozen-c:ann\",\"addresses\":[\"ann\"],"
                "\"destination\":\"frozen-c\"}");
  } else if (is(method, "disabled")) {
    said = TEXT("{\"reason\":null}");
  } else if (is(method, "render")) {
    said = TEXT("{\"text\":\"as the frozen driver shows it\"}");
  } else if (is(method, "receive")) {
    said = TEXT("{\"status\":200,\"content_type\":\"text/plain\",\"receipts\":[]}");
    body = blob;
  } else {
    return NUNCIO_UNSUPPORTED;
  }
  host->reply(host->ctx, token, status, said, body);
  return NUNCIO_OK;
}

static void reply(void *me, uint64_t token, nuncio_status status, nuncio_bytes json, nuncio_bytes blob) {
  instance *self = me;
  pthread_mutex_lock(&self->lock);
  if ((token == 1 || token == 2) && status == NUNCIO_OK && has(json, "{") && blob.len == 0) self->replies++;
  pthread_mutex_unlock(&self->lock);
}

/* ---- the entry */

static nuncio_bytes manifest(uint32_t index) {
  if (index != 0) return nothing;
  return TEXT("{\"name\":\"frozen-c\",\"version\":\"1.0.0\",\"schemes\":[\"frozen-c\"],\"title\":\"A driver of ABI 1.0\","
              "\"homepage\":\"\",\"license\":\"Apache-2.0\",\"methods\":[\"check\",\"disabled\",\"render\",\"receive\"],"
              "\"settings\":{\"type\":\"object\",\"properties\":{\"file\":{\"type\":\"string\"},"
              "\"token\":{\"type\":\"string\",\"writeOnly\":true}}},\"secrets\":[\"/token\"],\"options\":null,"
              "\"option_secrets\":[],\"limits\":{\"in_flight\":8,\"batch\":1,\"body_bytes\":65536,\"text_chars\":null,"
              "\"formats\":[\"subject\",\"text\",\"html\",\"parts\"]},\"content\":\"rendered\",\"idempotency\":\"none\","
              "\"network\":\"none\",\"blocking\":false}");
}

static void refuse(nuncio_error *error, const char *text) {
  if (error == NULL || error->size < sizeof *error || error->cap == 0) return;
  error->len = strlen(text) < error->cap ? strlen(text) : error->cap;
  memcpy(error->text, text, error->len);
}

/* The setting `file`. Its value has no escapes in these tests. */
static char *file_of(nuncio_bytes settings) {
  static const char key[] = "\"file\":\"";
  size_t i, j, len = sizeof key - 1;
  for (i = 0; i + len <= settings.len; i++) {
    if (memcmp(settings.ptr + i, key, len) != 0) continue;
    for (j = i + len; j < settings.len && settings.ptr[j] != '"'; j++) continue;
    return strndup((const char *)settings.ptr + i + len, j - i - len);
  }
  return NULL;
}

static nuncio_status create(uint32_t index, const nuncio_host *host, nuncio_bytes settings, nuncio_driver *out,
                            nuncio_error *error) {
  instance *self;
  char *path;
  if (index != 0 || host->abi_major != NUNCIO_ABI_MAJOR || host->size < sizeof *host || out->size < sizeof *out)
    return NUNCIO_FAILED;
  path = file_of(settings);
  if (path == NULL) {
    refuse(error, "[{\"at\":\"/file\",\"why\":\"missing\",\"fix\":\"name a file\"}]");
    return NUNCIO_INVALID;
  }
  self = calloc(1, sizeof *self);
  if (self != NULL) self->file = fopen(path, "a");
  free(path);
  if (self == NULL || self->file == NULL) {
    free(self);
    refuse(error, "the file cannot be written");
    return NUNCIO_FAILED;
  }
  pthread_mutex_init(&self->lock, NULL);
  self->host = host;
  fprintf(self->file, "create host=%d.%d\n", host->abi_major, host->abi_minor);
  fflush(self->file);
  out->reserved = 0;
  out->self = self;
  out->submit = submit;
  out->cancel = cancel;
  out->call = call;
  out->reply = reply;
  out->shutdown = shut;
  out->destroy = destroy;
  return NUNCIO_OK;
}

NUNCIO_EXPORT const nuncio_entry *nuncio_driver_entry_v1(void) {
  static const nuncio_entry entry = {NUNCIO_MAGIC, NUNCIO_ABI_MAJOR, NUNCIO_ABI_MINOR, sizeof entry, 1, manifest, create};
  return &entry;
}
