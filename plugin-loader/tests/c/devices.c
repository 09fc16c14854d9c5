/* Asks the host for the device `d1` of each notice's project, with the notice's token: the answer is the completion. */
#include "frame.h"

static nuncio_status submit(void *self, const nuncio_notice *const *notices, size_t n, size_t *accepted) {
  instance *me = self;
  nuncio_bytes none = {NULL, 0}, right = TEXT("{\"project\":\"p\",\"device\":\"d1\"}"), wrong = TEXT("{\"device\":7}");
  nuncio_report report = report_of(NUNCIO_REJECTED);
  nuncio_status called =
      me->host->call(me->host->ctx, notices[0]->token, TEXT("device.get"), is(notices[0]->text, "wrong") ? wrong : right, none);
  if (called != NUNCIO_OK) {
    report.code = (uint32_t)called;
    complete_with(me, notices[0]->token, &report);
  }
  *accepted = n;
  return NUNCIO_OK;
}

static void reply(void *self, uint64_t token, nuncio_status status, nuncio_bytes json, nuncio_bytes blob) {
  nuncio_report report = report_of(NUNCIO_DELIVERED);
  (void)blob;
  report.code = (uint32_t)status;
  report.excerpt = json;
  complete_with(self, token, &report);
}

static nuncio_status call(void *self, uint64_t token, nuncio_bytes method, nuncio_bytes json, nuncio_bytes blob) {
  instance *me = self;
  nuncio_bytes kept = TEXT("{\"id\":\"d1\",\"scheme\":\"x\",\"account\":\"default\",\"address\":\"kept\"}");
  (void)json;
  if (!is(method, "check_device")) return NUNCIO_UNSUPPORTED;
  if (me->calls++ == 0) {
    reply_json(me, token, NUNCIO_INVALID, "[{\"at\":\"/address\",\"why\":\"not hunter22\",\"fix\":\"ab12\"}]");
  } else {
    me->host->reply(me->host->ctx, token, NUNCIO_OK, kept, blob);
  }
  return NUNCIO_OK;
}

DRIVER_WITH_REPLY("{\"name\":\"devices\",\"version\":\"1\",\"schemes\":[\"x\"],\"devices\":true,\"methods\":[\"check_device\"],"
                  "\"secrets\":[\"/password\"]}",
                  submit, NULL, call, end, reply)
