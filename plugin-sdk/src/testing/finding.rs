//! What came of the rules.

use std::fmt;

use super::library::Packaging;

/// A rule of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name: what [`Kit::without`](super::Kit::without) takes.
    pub name: &'static str,
    /// What it demands of a driver.
    pub demand: &'static str,
    /// What the host makes of a driver that breaks it.
    pub host: &'static str,
    /// How to mend the driver.
    pub mend: &'static str,
}

/// What came of one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Holds,
    /// It is broken; what was seen, at most 8 lines.
    Broken(Vec<String>),
    /// It cannot be applied to this driver, and why.
    Skipped(String),
}

/// The most lines that are kept of what was seen of one broken rule.
pub(super) const MOST_SEEN: usize = 8;

impl Verdict {
    /// Why the rule cannot be applied.
    pub(super) fn skipped(why: impl Into<String>) -> Self {
        Self::Skipped(why.into())
    }

    /// Broken with what was `seen`, or it holds where nothing was.
    pub(super) fn of(seen: impl IntoIterator<Item = String>) -> Self {
        let mut lines = Vec::new();
        for line in seen {
            if lines.len() < MOST_SEEN && !lines.contains(&line) {
                lines.push(line);
            }
        }
        let seen = lines;
        if seen.is_empty() { Self::Holds } else { Self::Broken(seen) }
    }
}

/// A rule with what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// What came of it.
    pub verdict: Verdict,
}

/// What came of all rules on one driver. Its text is the report for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Findings {
    pub(super) driver: String,
    pub(super) packaging: Packaging,
    pub(super) all: Vec<Finding>,
}

impl Findings {
    /// Each rule with what came of it, in the order of the table.
    #[must_use]
    pub fn all(&self) -> &[Finding] {
        &self.all
    }

    /// The rules that are broken, each with what was seen.
    pub fn broken(&self) -> impl Iterator<Item = (&Rule, &[String])> {
        self.all.iter().filter_map(|finding| match &finding.verdict {
            Verdict::Broken(seen) => Some((&finding.rule, seen.as_slice())),
            _ => None,
        })
    }

    /// The rules that were not applied, each with the reason.
    pub fn skipped(&self) -> impl Iterator<Item = (&Rule, &str)> {
        self.all.iter().filter_map(|finding| match &finding.verdict {
            Verdict::Skipped(why) => Some((&finding.rule, why.as_str())),
            _ => None,
        })
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (broken, skipped) = (self.broken().count(), self.skipped().count());
        let hold = self.all.len() - broken - skipped;
        let Self { driver, packaging, .. } = self;
        writeln!(
            f,
            "driver `{driver}`, {packaging}: {hold} rules hold, {skipped} do not apply, {broken} are broken"
        )?;
        for (rule, why) in self.skipped() {
            writeln!(f, "\n  not applied: {}\n    {why}", rule.name)?;
        }
        for (rule, seen) in self.broken() {
            writeln!(f, "\n  BROKEN: {} - {}", rule.name, rule.demand)?;
            for line in seen {
                writeln!(f, "    seen:    {}", line.replace('\n', "\n             "))?;
            }
            writeln!(f, "    host:    {}\n    mend it: {}", rule.host, rule.mend)?;
        }
        Ok(())
    }
}
