//! RFC 6901: where in a policy something stands.

use crate::Refusal;

/// A place in a policy; written out only when something is wrong there.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place<'a> {
    /// The policy itself.
    Root,
    /// A member of an object.
    Member(&'a Place<'a>, &'a str),
    /// An entry of a list.
    Entry(&'a Place<'a>, usize),
}

impl Place<'_> {
    /// Refuses what stands here.
    pub(super) fn refuse(&self, why: impl Into<String>) -> Refusal {
        Refusal::new(self.pointer(), why)
    }

    fn pointer(&self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Member(parent, name) => {
                format!("{}/{}", parent.pointer(), name.replace('~', "~0").replace('/', "~1"))
            }
            Self::Entry(parent, index) => format!("{}/{index}", parent.pointer()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_as_in_a_json_pointer() {
        let list = Place::Member(&Place::Root, "a/b~c");
        assert_eq!(Place::Entry(&list, 2).refuse("x").to_string(), "/a~1b~0c/2: x");
    }
}
