//! SIGKILL at random moments of posting, delivering, retrying and recovering, under load.

mod account;
mod scenario;
