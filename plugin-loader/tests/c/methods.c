/* Answers its methods rightly and wrongly: the URI of `check` says how. Calls the host, too. */
#include "frame.h"

static nuncio_status submit(void *self, const nuncio_notice *const *notices, size_t n, size_t *accepted) {
  instance *me = self;
  nuncio_bytes none = {NULL, 0}, metric = TEXT("{\"name\":\"sent\",\"value\":2}"), bad = TEXT("{\"name\":\"No!\"}");
  nuncio_bytes receipt = TEXT("{\"provider_id\":\"p1\",\"outcome\":\"gone\",\"reason\":\"said hunter22\"}");
  nuncio_report report = report_of(NUNCIO_DELIVERED);
  report.code += me->host->call(me->host->ctx, 71, TEXT("metric"), metric, none) == NUNCIO_OK;
  report.code += me->host->call(me->host->ctx, 72, TEXT("receipt"), receipt, none) == NUNCIO_OK;
  report.code += me->host->call(me->host->ctx, 73, TEXT("metric"), bad, none) == NUNCIO_INVALID;
  report.code += me->host->call(me->host->ctx, 74, TEXT("intake.post"), bad, none) == NUNCIO_UNSUPPORTED;
  report.cost = (uint32_t)me->calls;
  me->host->log(me->host->ctx, NUNCIO_LOG_WARN, TEXT("send"), TEXT("password hunter22 refused\nby peer"),
                TEXT("{\"peer\":\"hunter22\"}"));
  complete_with(me, notices[0]->token, &report);
  *accepted = n;
  return NUNCIO_OK;
}

static void reply(void *self, uint64_t token, nuncio_status status, nuncio_bytes json, nuncio_bytes blob) {
  instance *me = self;
  (void)blob;
  if ((token == 71 || token == 72) && status == NUNCIO_OK && is(json, "{}")) me->calls++;
}

static int has(nuncio_bytes json, const char *text) {
  size_t i, len = strlen(text);
  for (i = 0; i + len <= json.len; i++)
    if (memcmp(json.ptr + i, text, len) == 0) return 1;
  return 0;
}

#define GOOD "{\"canonical\":\"x:good\",\"redacted\":\"x:good\",\"addresses\":[\"a\",\"b\"],\"destination\":\"x\"}"

static nuncio_status call(void *self, uint64_t token, nuncio_bytes method, nuncio_bytes json, nuncio_bytes blob) {
  instance *me = self;
  if (is(method, "disabled")) {
    reply_json(me, token, NUNCIO_OK, "{\"reason\":\"no relay hunter22\"}");
  } else if (is(method, "render")) {
    reply_json(me, token, NUNCIO_OK, "{\"text\":\"POST / hunter22\"}");
  } else if (is(method, "receive")) {
    nuncio_bytes answer = TEXT("{\"status\":201,\"content_type\":\"text/plain\"}");
    me->host->reply(me->host->ctx, token, NUNCIO_OK, answer, blob);
  } else if (has(json, "\"x:twice\"")) {
    reply_json(me, token, NUNCIO_OK, GOOD);
    reply_json(me, token, NUNCIO_INVALID, "[]");
  } else if (has(json, "\"x:unasked\"")) {
    reply_json(me, token + 1000, NUNCIO_OK, GOOD);
    reply_json(me, token, NUNCIO_OK, GOOD);
  } else if (has(json, "\"x:refused\"")) {
    reply_json(me, token, NUNCIO_INVALID, "[{\"at\":\"/options/a\",\"why\":\"not hunter22\",\"fix\":\"b\"}]");
  } else if (has(json, "\"x:why\"")) {
    reply_json(me, token, NUNCIO_FAILED, "{\"why\":\"out of hunter22\"}");
  } else if (has(json, "\"x:broken\"")) {
    reply_json(me, token, NUNCIO_OK, "{\"canonical\":");
  } else if (has(json, "\"x:foreign\"")) {
    reply_json(me, token, NUNCIO_OK, "{\"canonical\":\"y:a\",\"redacted\":\"y\",\"addresses\":[\"a\"],\"destination\":\"x\"}");
  } else if (has(json, "\"x:nobody\"")) {
    reply_json(me, token, NUNCIO_OK, "{\"canonical\":\"x:a\",\"redacted\":\"y\",\"addresses\":[],\"destination\":\"x\"}");
  } else if (has(json, "\"x:unsupported\"")) {
    return NUNCIO_UNSUPPORTED;
  } else if (!has(json, "\"x:never\"")) {
    reply_json(me, token, NUNCIO_OK, GOOD);
  }
  return NUNCIO_OK;
}

DRIVER_WITH_REPLY("{\"name\":\"methods\",\"version\":\"1\",\"schemes\":[\"x\"],\"secrets\":[\"/password\"],"
       "\"methods\":[\"check\",\"disabled\",\"render\",\"receive\"]}",
       submit, NULL, call, end, reply)
