//! One HTTP request to a vendor, made for the vendor or, with its secrets masked, for a person.

use nuncio_plugin_sdk::{
    Refusal, Secret,
    http::{Bytes, HeaderName, HeaderValue, Method, Request},
};

/// For whom a request is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    /// The vendor, who is told the secrets.
    Vendor,
    /// A person who looks at a dry run.
    Person,
}

impl Reader {
    /// What this reader is shown of `secret`.
    pub(crate) fn sees(self, secret: &Secret) -> &str {
        match self {
            Self::Vendor => secret.expose(),
            Self::Person => "***",
        }
    }

    /// `Basic` credentials (RFC 7617).
    pub(crate) fn basic(self, user: &str, password: &Secret) -> String {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        match self {
            Self::Vendor => format!("Basic {}", STANDARD.encode(format!("{user}:{}", password.expose()))),
            Self::Person => "Basic ***".to_owned(),
        }
    }
}

/// A request. Its `Debug` form is missing on purpose: it holds secrets.
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Call {
    /// A POST of nothing yet to `url`.
    pub(crate) fn post(url: impl Into<String>) -> Self {
        Self { method: Method::POST, url: url.into(), headers: Vec::new(), body: String::new() }
    }

    /// With a header.
    pub(crate) fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// With a body that is a form.
    pub(crate) fn form(self, pairs: &[(&str, &str)]) -> Self {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        Self { body, ..self }.header("content-type", "application/x-www-form-urlencoded")
    }

    /// The request as the client sends it.
    ///
    /// # Errors
    /// What cannot stand in a request, by the name of its header; the value is not repeated.
    pub(crate) fn request(self) -> Result<Request<Bytes>, Refusal> {
        let mut request = Request::builder().method(self.method).uri(self.url);
        for (name, value) in self.headers {
            let broken = |why: &str| Refusal::new(name.clone(), why);
            let key = HeaderName::try_from(&name).map_err(|_| broken("not the name of a header"))?;
            let value = HeaderValue::try_from(value)
                .map_err(|_| broken("a line break or a control character is in its value"))?;
            request = request.header(key, value);
        }
        request.body(self.body.into()).map_err(|error| Refusal::new("request", error.to_string()))
    }

    /// The request as a person reads it; one that was made for [`Reader::Person`].
    pub(crate) fn shown(&self) -> String {
        let head: String =
            self.headers.iter().map(|(name, value)| format!("{}: {value}\n", name.to_lowercase())).collect();
        format!("{} {}\n{head}\n{}", self.method, self.url, self.body)
    }
}
