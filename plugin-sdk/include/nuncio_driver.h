/* nuncio_driver.h - the C ABI of Nuncio's drivers, major 1. C99, no dependencies.
 *
 * RULES
 *  1. Every struct begins with its own size in bytes, written by whoever allocates it. A reader touches a field only
 *     if it lies inside that size. Fields are only ever appended (a minor version); anything else is a new major and
 *     a new symbol name (nuncio_driver_entry_v2). Arrays of structs are arrays of POINTERS, so that a grown struct
 *     never changes a stride. Two have no size and never change: nuncio_bytes and the head of nuncio_entry.
 *  2. Nobody frees the other side's memory. nuncio_bytes is BORROWED: arguments live until the call returns, except
 *     what a notice points to, itself included, which lives until the notice's token is completed.
 *  3. submit() must not block (unless the manifest says "blocking": true). Each notice of the accepted prefix gets
 *     EXACTLY ONE completion, from any thread, also from inside submit(), also after cancel(). A second or unknown
 *     token is ignored and logged by the host.
 *  4. No unwinding, longjmp or exception may cross a call in either direction.
 *  5. shutdown() completes or cancels everything, joins the driver's own threads, then returns. No host function may
 *     be called after destroy() returned. The library is never unloaded.
 *  6. A driver installs no signal handlers, calls no setenv, chdir, umask or exit, sets no locale.
 *  7. All strings are UTF-8 and NOT nul-terminated. Where len is 0, ptr may be NULL.
 *  8. create() may be called again while older instances live; instances share nothing. This is how changed settings
 *     are applied: a new instance is made, new deliveries go to it, the old one drains.
 *  9. Whoever allocates a struct zeroes it first and writes its size; what it does not know stays zero. Zero means
 *     "nothing said" in every field that is ever appended.
 */
#ifndef NUNCIO_DRIVER_H
#define NUNCIO_DRIVER_H
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif
#define NUNCIO_ABI_MAJOR 1u
#define NUNCIO_ABI_MINOR 0u
#define NUNCIO_MAGIC     0x3150444eu /* "NDP1" */
#if defined(_WIN32)
#  define NUNCIO_EXPORT __declspec(dllexport)
#else
#  define NUNCIO_EXPORT __attribute__((visibility("default")))
#endif

typedef struct nuncio_bytes { const uint8_t *ptr; size_t len; } nuncio_bytes;

/* What a driver may say of a delivery, and (from 100 on) what a call may return. In a report, CANCELLED and FAILED
 * count as DEFERRED. */
typedef int32_t nuncio_status;
enum { NUNCIO_DELIVERED = 0, NUNCIO_DEFERRED = 1, NUNCIO_REJECTED = 2, NUNCIO_GONE = 3,
       NUNCIO_OK = 100, NUNCIO_BUSY = 101, NUNCIO_CANCELLED = 102, NUNCIO_UNSUPPORTED = 103,
       NUNCIO_INVALID = 104, NUNCIO_CLOSED = 105, NUNCIO_FAILED = 106 };
/* What a failure says something about. Only DESTINATION moves a circuit breaker; ACCOUNT holds and alarms. */
enum { NUNCIO_SCOPE_RECIPIENT = 0, NUNCIO_SCOPE_MESSAGE = 1, NUNCIO_SCOPE_DESTINATION = 2, NUNCIO_SCOPE_ACCOUNT = 3 };
enum { NUNCIO_LOG_ERROR = 1, NUNCIO_LOG_WARN = 2, NUNCIO_LOG_INFO = 3, NUNCIO_LOG_DEBUG = 4, NUNCIO_LOG_TRACE = 5 };
/* Why the message exists. */
enum { NUNCIO_KIND_NOTIFICATION = 0, NUNCIO_KIND_CONFIRMATION = 1, NUNCIO_KIND_UNSUBSCRIBE = 2, NUNCIO_KIND_DIGEST = 3,
       NUNCIO_KIND_TEST = 4, NUNCIO_KIND_EVENT = 5 };
enum { NUNCIO_MAYBE_SENT = 1 };          /* nuncio_report.flags: the far side may have it although the try failed */
enum { NUNCIO_INLINE = 1 };              /* nuncio_part.flags: shown within the HTML, by its content_id */
#define NUNCIO_ALL 0xffffffffu           /* nuncio_report.index: of every recipient that has no report of its own */

typedef struct nuncio_recipient { uint32_t size, index; nuncio_bytes address; } nuncio_recipient;
typedef struct nuncio_part { uint32_t size, flags; nuncio_bytes name, content_type, content_id, data; } nuncio_part;

typedef struct nuncio_notice {
  uint32_t size, attempt;                /* attempt: 1 = first try */
  uint64_t token;                        /* the host's handle, for complete() and cancel() */
  nuncio_bytes id;                       /* delivery id: stable over attempts, the idempotency key */
  int64_t now_ms, created_ms, deadline_ms;   /* Unix time; the host enforces the deadline as well */
  nuncio_bytes uri;                      /* canonical subscriber URI; may hold a password: never log it */
  const nuncio_recipient *const *recipients; size_t recipient_count;   /* those still open */
  nuncio_bytes content_type, body;       /* the message as posted, raw bytes */
  nuncio_bytes subject, text, html;      /* rendered; empty where the manifest says "content": "raw" */
  const nuncio_part *const *parts; size_t part_count;                  /* attachments */
  nuncio_bytes options_json;             /* the subscription's options: an object; empty = {} */
  nuncio_bytes headers_json;             /* headers of the message, trace context too: an object of strings; empty = {} */
  nuncio_bytes project, queue;           /* whose message it is, and where it was posted ("" = a notification) */
  nuncio_bytes message, subscription;    /* public ids; subscription "" = an ad-hoc target */
  int64_t ttl_s, delay_s;                /* of the message for pull, as Zaqar's body shows them; delay_s -1 = none */
  uint32_t kind, reserved;
} nuncio_notice;

typedef struct nuncio_report {           /* for one recipient; one left out counts as deferred, maybe sent */
  uint32_t size, index;                  /* the recipient's index, or NUNCIO_ALL */
  nuncio_status status; uint32_t scope;
  uint32_t code, flags;                  /* code: the far side's own (HTTP, SMTP, SMPP, ...) */
  uint32_t retry_after_ms, cost;         /* 0 = the far side named no time; cost: parts of an SMS, for limits */
  nuncio_bytes reason, provider_id, excerpt;
} nuncio_report;

typedef struct nuncio_completion {
  uint32_t size, reserved;
  uint64_t token;
  const nuncio_report *const *reports; size_t report_count;
} nuncio_completion;

/* Caller-owned; the callee writes at most cap bytes to text and how many to len: a JSON array of
 * {"at": pointer into the settings, "why": text, "fix": text}. Other text is shown as it is. */
typedef struct nuncio_error { uint32_t size, cap; size_t len; char *text; } nuncio_error;

/* Given by the host to create(); valid until destroy() returned. All functions are thread-safe. */
typedef struct nuncio_host {
  uint32_t size; uint16_t abi_major, abi_minor;
  void *ctx;
  void (*complete)(void *ctx, const nuncio_completion *const *done, size_t n);
  void (*log)(void *ctx, int32_t level, nuncio_bytes target, nuncio_bytes message, nuncio_bytes fields_json);
  int32_t (*log_enabled)(void *ctx, int32_t level, nuncio_bytes target);   /* 0 = nobody would read it */
  /* All that is not hot. OK: one reply() to the driver follows, or has come from inside. Anything else: none will.
   * "metric" (a figure to count), "receipt" (the far side's later word on a delivery), "device.get" (a device that the
   * host keeps: its reply comes later, from another thread). Unknown: UNSUPPORTED. */
  nuncio_status (*call)(void *ctx, uint64_t token, nuncio_bytes method, nuncio_bytes json, nuncio_bytes blob);
  /* The driver's answer to a call of the host. OK: json is the method's result. INVALID: a JSON array as in
   * nuncio_error. Other statuses: {"why": text}. */
  void (*reply)(void *ctx, uint64_t token, nuncio_status status, nuncio_bytes json, nuncio_bytes blob);
} nuncio_host;

/* Zeroed by the host but for its size, filled by create(). All functions are thread-safe and may run concurrently.
 * submit, shutdown and destroy are required; the others may be NULL: cancel is then not done, call is UNSUPPORTED. */
typedef struct nuncio_driver {
  uint32_t size, reserved;
  void *self;
  /* OK: all taken. BUSY: only the first *accepted; the host offers the rest again after the next completion, or 10 ms.
   * CLOSED: shutdown has begun. Anything else: none taken, and each counts as deferred. */
  nuncio_status (*submit)(void *self, const nuncio_notice *const *notices, size_t n, size_t *accepted);
  void (*cancel)(void *self, const uint64_t *tokens, size_t n);   /* advisory; each still completes */
  /* OK: one host->reply() follows, or has come from inside. Anything else: none will. The methods, their JSON and
   * what answers when a driver does not have them stand in docs/writing-a-driver.md: "check", "disabled", "render",
   * "receive", "check_device". */
  nuncio_status (*call)(void *self, uint64_t token, nuncio_bytes method, nuncio_bytes json, nuncio_bytes blob);
  /* The host's answer to a call of the driver; it must not block. */
  void (*reply)(void *self, uint64_t token, nuncio_status status, nuncio_bytes json, nuncio_bytes blob);
  void (*shutdown)(void *self, uint32_t grace_ms);
  void (*destroy)(void *self);
} nuncio_driver;

typedef struct nuncio_entry {
  uint32_t magic; uint16_t abi_major, abi_minor;                  /* offset 0 in every major, for ever */
  uint32_t size, driver_count;
  nuncio_bytes (*manifest)(uint32_t index);                       /* JSON, static lifetime */
  /* OK, or INVALID with what is wrong with the settings, or FAILED with a text. settings_json:
   * {"host": {...}, "driver": {the settings}}. Not called from two threads at once for one index. */
  nuncio_status (*create)(uint32_t index, const nuncio_host *host, nuncio_bytes settings_json,
                          nuncio_driver *out, nuncio_error *error);
} nuncio_entry;

/* The only symbol a driver exports. Pure: no I/O, no threads; may be called more than once. */
NUNCIO_EXPORT const nuncio_entry *nuncio_driver_entry_v1(void);
#ifdef __cplusplus
}
#endif
#endif
