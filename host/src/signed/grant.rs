//! What a signature opens.

use crate::times;

/// The methods that can be signed.
const METHODS: [&str; 7] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

/// Why something cannot be signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsignable {
    /// No path, or one that would make the signed text ambiguous.
    #[error("paths: each must begin with `/` and have neither `,` nor `\\` in it, and there must be one")]
    Path,
    /// No method, or none of HTTP's.
    #[error(
        "methods: each must be one of DELETE, GET, HEAD, OPTIONS, PATCH, POST and PUT, and there must be one"
    )]
    Method,
    /// A project that would make the signed text ambiguous.
    #[error("the project's id has a `\\` in it, with which nothing can be signed")]
    Project,
    /// A time that cannot be written.
    #[error("expires: must be a time before the year 10000")]
    Expires,
}

/// What a signature opens: methods on paths of one project, until some second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    paths: Vec<String>,
    methods: Vec<String>,
    project: String,
    expires: String,
    expires_ms: i64,
}

impl Grant {
    /// Opens `methods` on `paths` of `project` until `expires_ms` (Unix milliseconds; its whole second counts).
    ///
    /// # Errors
    /// What the signed text could not say without being ambiguous: its parts are told apart by `,` and `\n`, which are
    /// not escaped.
    pub fn new(
        project: &str,
        paths: impl IntoIterator<Item = String>,
        methods: impl IntoIterator<Item = String>,
        expires_ms: i64,
    ) -> Result<Self, Unsignable> {
        let sorted = |mut list: Vec<String>| {
            list.sort_unstable();
            list
        };
        let (paths, methods) = (sorted(paths.into_iter().collect()), sorted(methods.into_iter().collect()));
        if paths.is_empty() || !paths.iter().all(|path| path.starts_with('/') && !path.contains([',', '\\']))
        {
            return Err(Unsignable::Path);
        }
        if methods.is_empty() || !methods.iter().all(|method| METHODS.contains(&method.as_str())) {
            return Err(Unsignable::Method);
        }
        if project.contains('\\') {
            return Err(Unsignable::Project);
        }
        let expires = times::bare(expires_ms).ok_or(Unsignable::Expires)?;
        let expires_ms = times::of_bare(&expires).ok_or(Unsignable::Expires)?;
        Ok(Self { paths, methods, project: project.to_owned(), expires, expires_ms })
    }

    /// The paths, sorted.
    #[must_use]
    pub fn paths(&self) -> &[String] {
        &self.paths
    }

    /// The methods, sorted.
    #[must_use]
    pub fn methods(&self) -> &[String] {
        &self.methods
    }

    /// The project.
    #[must_use]
    pub fn project(&self) -> &str {
        &self.project
    }

    /// Until when: `YYYY-MM-DDTHH:MM:SS` in UTC.
    #[must_use]
    pub fn expires(&self) -> &str {
        &self.expires
    }

    /// Until when, Unix milliseconds.
    #[must_use]
    pub const fn expires_ms(&self) -> i64 {
        self.expires_ms
    }

    /// Whether it was signed for `path` alone: what opens more was not made for whoever answers there.
    #[must_use]
    pub fn is_exactly(&self, path: &str) -> bool {
        self.paths == [path]
    }

    /// Whether it opens `method` on `path` at `now` (Unix milliseconds).
    #[must_use]
    pub fn opens(&self, method: &str, path: &str, now: i64) -> bool {
        now < self.expires_ms
            && self.methods.iter().any(|one| one == method)
            && self.paths.iter().any(|one| leads_to(one, path))
    }

    /// What is signed; `\n` is a backslash and an `n` in Zaqar.
    pub(super) fn text(&self) -> String {
        [&*self.paths.join(","), &*self.methods.join(","), &*self.project, &*self.expires].join(r"\n")
    }
}

/// Whether `path` is `signed` or stands below it.
fn leads_to(signed: &str, path: &str) -> bool {
    let signed = signed.strip_suffix('/').unwrap_or(signed);
    path.strip_prefix(signed).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATE: i64 = 2_145_916_800_000;

    fn grant(paths: &[&str], methods: &[&str], project: &str) -> Result<Grant, Unsignable> {
        let owned = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        Grant::new(project, owned(paths), owned(methods), LATE)
    }

    #[test]
    fn the_signed_text_is_zaqars() {
        let grant = grant(&["/v2/queues/q/messages", "/v2/queues/q/claims"], &["POST", "GET"], "p").unwrap();
        assert_eq!(
            grant.text(),
            r"/v2/queues/q/claims,/v2/queues/q/messages\nGET,POST\np\n2038-01-01T00:00:00"
        );
    }

    #[test]
    fn a_path_opens_itself_and_what_is_below_it() {
        let grant = grant(&["/v2/queues/q/messages"], &["GET"], "p").unwrap();
        for open in ["/v2/queues/q/messages", "/v2/queues/q/messages/1", "/v2/queues/q/messages/"] {
            assert!(grant.opens("GET", open, 0), "{open}");
        }
        for shut in
            ["/v2/queues/q/messages2", "/v2/queues/q", "/x/v2/queues/q/messages", "/v2/queues/Q/messages", ""]
        {
            assert!(!grant.opens("GET", shut, 0), "{shut}");
        }
        assert!(!grant.opens("POST", "/v2/queues/q/messages", 0));
        assert!(!grant.opens("GET", "/v2/queues/q/messages", LATE));
    }

    #[test]
    fn a_path_is_no_pattern() {
        let grant = grant(&["/v2/queues/.*/messages"], &["GET"], "p").unwrap();
        assert!(!grant.opens("GET", "/v2/queues/q/messages", 0));
    }

    #[test]
    fn what_would_be_ambiguous_is_not_signed() {
        assert_eq!(grant(&["/a,/b"], &["GET"], "p"), Err(Unsignable::Path));
        assert_eq!(grant(&[r"/a\nGET"], &["GET"], "p"), Err(Unsignable::Path));
        assert_eq!(grant(&[], &["GET"], "p"), Err(Unsignable::Path));
        assert_eq!(grant(&["/a"], &["GET,PUT"], "p"), Err(Unsignable::Method));
        assert_eq!(grant(&["/a"], &[], "p"), Err(Unsignable::Method));
        assert_eq!(grant(&["/a"], &["GET"], r"p\nq"), Err(Unsignable::Project));
    }
}
