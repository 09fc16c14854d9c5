//! Measurements by group and subject, and the ratios of their medians.

/// Nanoseconds of CPU a POST, of every subject in every round. The first subject of a group is what its others are
/// measured by.
#[derive(Default)]
pub(crate) struct Table {
    groups: Vec<Group>,
    current: usize,
}

struct Group {
    name: &'static str,
    subjects: Vec<(&'static str, Vec<f64>)>,
}

impl Table {
    /// What is added next belongs to the group `name`.
    pub(crate) fn group(&mut self, name: &'static str) {
        self.current = self.groups.iter().position(|group| group.name == name).unwrap_or_else(|| {
            self.groups.push(Group { name, subjects: Vec::new() });
            self.groups.len() - 1
        });
    }

    /// Adds what `subject` took in this round.
    pub(crate) fn add(&mut self, subject: &'static str, ns: f64) {
        let Some(group) = self.groups.get_mut(self.current) else { return };
        match group.subjects.iter_mut().find(|(name, _)| *name == subject) {
            Some((_, rounds)) => rounds.push(ns),
            None => group.subjects.push((subject, vec![ns])),
        }
    }

    pub(crate) fn print(&self) {
        println!("{:<34} {:>12} {:>9}", "CPU a POST", "us", "to bare");
        for group in &self.groups {
            println!("{}", group.name);
            let Some((_, bare)) = group.subjects.first() else { continue };
            for (name, rounds) in &group.subjects {
                let ratios = rounds.iter().zip(bare).map(|(one, bare)| one / bare).collect();
                println!("  {name:<32} {:>12.1} {:>8.2}x", median(rounds.clone()) / 1000.0, median(ratios));
            }
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
