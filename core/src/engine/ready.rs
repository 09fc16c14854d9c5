//! Round robin: over the projects, then over the lanes of each.

use std::collections::{BTreeMap, VecDeque};

use crate::{LaneId, ProjectId};

/// The lanes that have something to attempt.
#[derive(Debug, Default)]
pub(super) struct Ready {
    /// A project stands here once while it has lanes.
    projects: VecDeque<ProjectId>,
    lanes: BTreeMap<ProjectId, VecDeque<LaneId>>,
}

impl Ready {
    /// Puts a lane behind the others of its project.
    pub(super) fn push(&mut self, project: ProjectId, lane: LaneId) {
        let lanes = self.lanes.entry(project).or_default();
        if lanes.is_empty() {
            self.projects.push_back(project);
        }
        lanes.push_back(lane);
    }

    /// The lane whose turn it is.
    pub(super) fn pop(&mut self) -> Option<LaneId> {
        let project = self.projects.pop_front()?;
        let lanes = self.lanes.get_mut(&project)?;
        let lane = lanes.pop_front();
        if lanes.is_empty() {
            self.lanes.remove(&project);
        } else {
            self.projects.push_back(project);
        }
        lane
    }
}
