//! What a client shows of a signature.

/// What a client shows, as it is written in the headers `URL-Signature`, `URL-Methods`, `URL-Paths`, `URL-Expires` and
/// `X-Project-ID`; lists are joined by `,`. What is missing is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Presented<'a> {
    /// The signature, hexadecimal.
    pub signature: &'a str,
    /// The methods.
    pub methods: &'a str,
    /// The paths.
    pub paths: &'a str,
    /// Until when: `YYYY-MM-DDTHH:MM:SS` in UTC.
    pub expires: &'a str,
    /// The project.
    pub project: &'a str,
}
