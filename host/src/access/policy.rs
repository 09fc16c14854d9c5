//! Which roles may do what. What no role is granted is refused.

use super::action::{Action, Grant};
use crate::config;

/// What the roles of one identity grant together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Grants(u8);

impl Grants {
    /// Only what everybody may do who is known.
    pub const KNOWN: Self = Self(1);
    /// Looking.
    pub const READER: Self = Self::KNOWN.and(Grant::Read);
    /// Having messages delivered, and nothing else.
    pub const PUBLISHER: Self = Self::KNOWN.and(Grant::Publish);
    /// Everything of the own project.
    pub const MEMBER: Self = Self::READER.and(Grant::Publish).and(Grant::Change);
    /// Everything of the own project and of the host: who may connect where authentication is off.
    pub const OWNER: Self = Self::MEMBER.and(Grant::Operate);
    /// Everything.
    pub const ADMIN: Self = Self::OWNER.and(Grant::Admin);

    const fn bit(grant: Grant) -> u8 {
        match grant {
            Grant::Known => 1,
            Grant::Read => 2,
            Grant::Publish => 4,
            Grant::Change => 8,
            Grant::Operate => 16,
            Grant::Admin => 32,
        }
    }

    pub(super) const fn and(self, grant: Grant) -> Self {
        Self(self.0 | Self::bit(grant))
    }

    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether they are enough for `action`.
    #[must_use]
    pub const fn allow(self, action: Action) -> bool {
        self.0 & Self::bit(action.asks()) != 0
    }
}

/// What the names of roles grant (`[auth] *_roles`). A role that is not listed grants nothing.
#[derive(Clone, Debug)]
pub struct Policy {
    roles: Vec<(String, Grants)>,
}

impl Policy {
    /// As the configuration says.
    #[must_use]
    pub fn new(auth: &config::Auth) -> Self {
        let all = [
            (&auth.admin_roles, Grants::ADMIN),
            (&auth.member_roles, Grants::MEMBER),
            (&auth.reader_roles, Grants::READER),
            (&auth.publisher_roles, Grants::PUBLISHER),
        ];
        let roles =
            all.into_iter().flat_map(|(names, grants)| names.iter().cloned().map(move |n| (n, grants)));
        Self { roles: roles.collect() }
    }

    /// What these roles grant together. Names are compared without regard to case, as Keystone does.
    pub fn grants<'a>(&self, roles: impl IntoIterator<Item = &'a str>) -> Grants {
        let of = |role: &str| {
            let same = self.roles.iter().filter(|(name, _)| name.eq_ignore_ascii_case(role));
            same.fold(Grants::default(), |all, (_, grants)| all.or(*grants))
        };
        roles.into_iter().fold(Grants::default(), |all, role| all.or(of(role.trim())))
    }

    /// Every role that grants anything.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.roles.iter().map(|(name, _)| name.as_str())
    }

    /// Whether any list names the role.
    #[must_use]
    pub fn knows(&self, role: &str) -> bool {
        self.roles.iter().any(|(name, _)| name.eq_ignore_ascii_case(role))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn policy() -> Policy {
        Policy::new(&Config::default().auth)
    }

    #[test]
    fn a_reader_changes_nothing_and_a_publisher_only_posts() {
        let reader = policy().grants(["reader"]);
        let publisher = policy().grants(["Publisher"]);
        for action in Action::ALL {
            let reads = matches!(action.asks(), Grant::Known | Grant::Read);
            assert_eq!(reader.allow(*action), reads, "{}", action.name());
            let posts = matches!(action.asks(), Grant::Known | Grant::Publish);
            assert_eq!(publisher.allow(*action), posts, "{}", action.name());
        }
        assert!(publisher.allow(Action::MessagesCreate) && publisher.allow(Action::NotificationsSend));
        assert!(!publisher.allow(Action::MessagesGetAll));
    }

    #[test]
    fn a_member_does_everything_of_its_project_and_nothing_of_the_host() {
        let member = policy().grants(["member"]);
        for action in Action::ALL {
            let host = matches!(action.asks(), Grant::Operate | Grant::Admin);
            assert_eq!(member.allow(*action), !host, "{}", action.name());
        }
        assert!(Action::ALL.iter().all(|action| policy().grants(["admin"]).allow(*action)));
    }

    #[test]
    fn roles_add_up_and_unknown_ones_grant_nothing() {
        let both = policy().grants(["reader", "publisher", "cook"]);
        assert!(both.allow(Action::QueuesGet) && both.allow(Action::MessagesCreate));
        assert!(!both.allow(Action::QueuesCreate));
        let none = policy().grants(["cook", ""]);
        assert!(Action::ALL.iter().all(|action| !none.allow(*action)));
    }
}
