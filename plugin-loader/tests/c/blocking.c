/* Its submit blocks until two of them run at once. */
#include "frame.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t met = PTHREAD_COND_INITIALIZER;
static int inside;

static nuncio_status submit(void *self, const nuncio_notice *const *notices, size_t n, size_t *accepted) {
  size_t i;
  pthread_mutex_lock(&lock);
  inside++;
  pthread_cond_broadcast(&met);
  while (inside < 2) pthread_cond_wait(&met, &lock);
  pthread_mutex_unlock(&lock);
  for (i = 0; i < n; i++) complete_as(self, notices[i]->token, NUNCIO_DELIVERED);
  *accepted = n;
  return NUNCIO_OK;
}

DRIVER("{\"name\":\"blocking\",\"version\":\"1\",\"schemes\":[\"x\"],\"blocking\":true}", submit, NULL, NULL, end)
