//! Tenants are apart on connections, too: every action is asked for by those who may not.
//!
//! The actions are those of the table, so that a new one is walked too; `asked` ends the test for one that it does not
//! know. People and things are those of the walk over the routes, since what is there is the same through both doors.

mod asked;
mod guest;
mod tenants;
