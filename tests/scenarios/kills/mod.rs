//! SIGKILL at random moments of posting, delivering, retrying, recovering and claiming, under load.

mod account;
mod claims;
mod scenario;
