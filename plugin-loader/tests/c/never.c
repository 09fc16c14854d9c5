/* Holds everything until a text says so, or until shutdown; being cancelled changes nothing but a count. */
#include "frame.h"

static nuncio_status submit(void *self, const nuncio_notice *const *notices, size_t n, size_t *accepted) {
  size_t i;
  for (i = 0; i < n; i++) {
    hold(self, notices[i]->token);
    if (is(notices[i]->text, "let go")) complete_held(self, NUNCIO_DELIVERED);
    if (is(notices[i]->text, "at once")) complete_held(self, NUNCIO_REJECTED);
  }
  *accepted = n;
  return NUNCIO_OK;
}

static void cancel(void *self, const uint64_t *tokens, size_t n) {
  instance *me = self;
  (void)tokens;
  me->calls += (int)n;
}

DRIVER("{\"name\":\"never\",\"version\":\"1\",\"schemes\":[\"x\"],\"limits\":{\"batch\":64}}", submit, cancel, NULL, end)
