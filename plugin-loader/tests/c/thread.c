/* Completes everything from a thread of its own. */
#include "frame.h"

typedef struct work { instance *self; uint64_t token; } work;

static void *run(void *given) {
  work *one = given;
  complete_as(one->self, one->token, NUNCIO_DELIVERED);
  free(one);
  return NULL;
}

static nuncio_status submit(void *self, const nuncio_notice *const *notices, size_t n, size_t *accepted) {
  size_t i;
  for (i = 0; i < n; i++) {
    work *one = malloc(sizeof *one);
    pthread_t thread;
    if (one == NULL) return NUNCIO_FAILED;
    one->self = self;
    one->token = notices[i]->token;
    if (pthread_create(&thread, NULL, run, one) != 0) return NUNCIO_FAILED;
    pthread_detach(thread);
  }
  *accepted = n;
  return NUNCIO_OK;
}

DRIVER("{\"name\":\"thread\",\"version\":\"1\",\"schemes\":[\"x\"],\"limits\":{\"batch\":64}}", submit, NULL, NULL, end)
