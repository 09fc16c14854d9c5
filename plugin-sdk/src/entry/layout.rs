//! The Rust types of the ABI have the layout that the header promises, field for field.

use nuncio_core::abi;

/// A struct of the header.
#[cfg(test)]
pub(super) struct Struct {
    pub(super) name: &'static str,
    pub(super) size: usize,
    pub(super) fields: &'static [(&'static str, usize)],
}

/// Asserts each size and offset where a pointer has 64 bits; that a list is whole, the compiler sees for itself. The
/// test below compares it with the header.
macro_rules! layout {
    ($($type:ident $name:literal $size:literal { $($field:ident $c:literal $offset:literal,)* })*) => {
        $(
            #[cfg(target_pointer_width = "64")]
            const _: () = {
                assert!(size_of::<abi::$type>() == $size);
                $(assert!(std::mem::offset_of!(abi::$type, $field) == $offset);)*
            };
            const _: fn(abi::$type) = |abi::$type { $($field: _,)* }| ();
        )*
        #[cfg(test)]
        pub(super) const STRUCTS: &[Struct] = &[$(Struct {
            name: $name,
            size: size_of::<abi::$type>(),
            fields: &[$(($c, std::mem::offset_of!(abi::$type, $field)),)*],
        },)*];
    };
}

layout! {
    Bytes "nuncio_bytes" 16 { ptr "ptr" 0, len "len" 8, }
    Recipient "nuncio_recipient" 24 { size "size" 0, index "index" 4, address "address" 8, }
    Part "nuncio_part" 72 {
        size "size" 0, flags "flags" 4, name "name" 8, content_type "content_type" 24,
        content_id "content_id" 40, data "data" 56,
    }
    Notice "nuncio_notice" 304 {
        size "size" 0, attempt "attempt" 4, token "token" 8, id "id" 16, now_ms "now_ms" 32,
        created_ms "created_ms" 40, deadline_ms "deadline_ms" 48, uri "uri" 56,
        recipients "recipients" 72, recipient_count "recipient_count" 80,
        content_type "content_type" 88, body "body" 104, subject "subject" 120, text "text" 136, html "html" 152,
        parts "parts" 168, part_count "part_count" 176, options_json "options_json" 184,
        headers_json "headers_json" 200, project "project" 216, queue "queue" 232, message "message" 248,
        subscription "subscription" 264, ttl_s "ttl_s" 280, delay_s "delay_s" 288, kind "kind" 296,
        reserved "reserved" 300,
    }
    Report "nuncio_report" 80 {
        size "size" 0, index "index" 4, status "status" 8, scope "scope" 12, code "code" 16, flags "flags" 20,
        retry_after_ms "retry_after_ms" 24, cost "cost" 28, reason "reason" 32, provider_id "provider_id" 48,
        excerpt "excerpt" 64,
    }
    Completion "nuncio_completion" 32 {
        size "size" 0, reserved "reserved" 4, token "token" 8, reports "reports" 16, report_count "report_count" 24,
    }
    Error "nuncio_error" 24 { size "size" 0, cap "cap" 4, len "len" 8, text "text" 16, }
    Host "nuncio_host" 56 {
        size "size" 0, abi_major "abi_major" 4, abi_minor "abi_minor" 6, ctx "ctx" 8, complete "complete" 16,
        log "log" 24, log_enabled "log_enabled" 32, call "call" 40, reply "reply" 48,
    }
    Driver "nuncio_driver" 64 {
        size "size" 0, reserved "reserved" 4, this "self" 8, submit "submit" 16, cancel "cancel" 24, call "call" 32,
        reply "reply" 40, shutdown "shutdown" 48, destroy "destroy" 56,
    }
    Entry "nuncio_entry" 32 {
        magic "magic" 0, abi_major "abi_major" 4, abi_minor "abi_minor" 6, size "size" 8,
        driver_count "driver_count" 12, manifest "manifest" 16, create "create" 24,
    }
}

#[cfg(test)]
mod tests;
