//! Subscriber URIs: one grammar a file, its RFC in line 1.

mod subscriber;

pub use subscriber::{Address, Form, Http, Log, Mailto, Sms, SubscriberUri, UriError};
