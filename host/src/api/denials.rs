//! What clients are told who are not let in.

use super::{context::identification, problem::Problem};
use crate::access::Denied;

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::NoProject => Self::header("Project-Id Missing", "The header X-PROJECT-ID was missing."),
            Denied::EmptyProject => Self::header(
                "Empty project header not allowed",
                "X-PROJECT-ID cannot be an empty string. Specify the right header X-PROJECT-ID and retry.",
            ),
            Denied::BadProject(why) => identification(why),
            Denied::Unproven { challenge } => Self::unauthorized(&challenge),
            Denied::Unscoped => Self::forbidden("The token is of no project: ask for one of a project."),
            Denied::OtherProject => Self::forbidden("X-Project-ID is not the project of the token."),
            Denied::Elsewhere => Self::forbidden(
                "Without authentication this host is reached as localhost, by its address, or under the names of \
                 http.public_url and http.allow_hosts: ask for it as one of these, or add the name to http.allow_hosts.",
            ),
            Denied::Forbidden => Self::forbidden("You are not authorized to complete this action."),
            Denied::Away { after } => Self::unproven(after),
        }
    }
}
