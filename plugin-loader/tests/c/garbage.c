/* Reports of every broken kind, chosen by the text of the notice. */
#include "frame.h"

static nuncio_status submit(void *self, const nuncio_notice *const *notices, size_t n, size_t *accepted) {
  instance *me = self;
  const nuncio_notice *notice = notices[0];
  nuncio_report report = report_of(NUNCIO_REJECTED);
  const nuncio_report *reports[2] = {&report, NULL};
  nuncio_completion done = {sizeof done, 0, 0, reports, 1};
  const nuncio_completion *const all[2] = {&done, NULL};
  static char large[100000];
  size_t many = 1;
  done.token = notice->token;
  memset(large, 'x', sizeof large);
  if (is(notice->text, "not utf-8")) report.reason = TEXT("a\xff\nb");
  if (is(notice->text, "large")) report.reason = (nuncio_bytes){(const uint8_t *)large, sizeof large};
  if (is(notice->text, "impossible")) report.reason = (nuncio_bytes){(const uint8_t *)large, SIZE_MAX};
  if (is(notice->text, "null text")) report.reason = (nuncio_bytes){NULL, 9};
  if (is(notice->text, "unknown words")) report.status = 57, report.scope = 99, report.flags = 0xfffffffeu;
  if (is(notice->text, "no reports")) done.reports = NULL, done.report_count = SIZE_MAX;
  if (is(notice->text, "null report")) reports[0] = NULL;
  if (is(notice->text, "too many reports")) reports[1] = &report, done.report_count = SIZE_MAX;
  if (is(notice->text, "no size")) report.size = 4;
  if (is(notice->text, "too many completions")) many = SIZE_MAX;
  if (is(notice->text, "not aligned")) reports[0] = (const nuncio_report *)(const void *)(large + 1);
  if (is(notice->text, "failed")) report.status = NUNCIO_FAILED;
  me->host->complete(me->host->ctx, all, many);
  *accepted = n;
  return NUNCIO_OK;
}

DRIVER("{\"name\":\"garbage\",\"version\":\"1\",\"schemes\":[\"x\"]}", submit, NULL, NULL, end)
