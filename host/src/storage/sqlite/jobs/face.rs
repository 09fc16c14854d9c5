//! The store's promises about jobs, kept by the writer and the readers.

use async_trait::async_trait;
use nuncio_core::DeliveryKey;

use super::{row, slice};
use crate::storage::{
    Asked, Begun, Catch, JobId, JobRow, Jobs, NewJob, Search, StoreError, Verb,
    sqlite::{deliveries, store::Sqlite},
};

#[async_trait]
impl Jobs for Sqlite {
    async fn job_begin(&self, new: NewJob) -> Result<Begun, StoreError> {
        self.writer.change(0, move |commit| row::begin(commit, &new)).await
    }

    async fn job(&self, project: &str, id: JobId) -> Result<Option<JobRow>, StoreError> {
        let project = project.to_owned();
        self.readers.read(move |db| row::of_project(db, &project, id)).await
    }

    async fn jobs(&self, project: &str, before: i64, limit: u32) -> Result<Vec<JobRow>, StoreError> {
        let project = project.to_owned();
        self.readers.read(move |db| row::list(db, &project, before, limit)).await
    }

    async fn jobs_running(&self) -> Result<Vec<JobRow>, StoreError> {
        self.readers.read(|db| row::running(db)).await
    }

    async fn job_stop(&self, project: &str, id: JobId) -> Result<Option<JobRow>, StoreError> {
        let project = project.to_owned();
        self.writer.change(0, move |commit| row::stop(commit, &project, id)).await
    }

    async fn job_total(&self, project: &str, verb: Verb) -> Result<u64, StoreError> {
        let (project, log) = (project.to_owned(), self.log);
        self.readers.read(move |db| deliveries::to_look_at(db, log, &project, verb)).await
    }

    async fn search(&self, search: Search) -> Result<Catch, StoreError> {
        let (log, now) = (self.log, self.clock.now_ms());
        self.readers.read(move |db| deliveries::search(db, log, now, &search)).await
    }

    async fn replay_slice(
        &self,
        number: i64,
        from: DeliveryKey,
        caught: Catch,
    ) -> Result<JobRow, StoreError> {
        self.writer.change(0, move |commit| slice::replay(commit, number, from, &caught)).await
    }

    async fn cancel_slice(
        &self,
        number: i64,
        from: DeliveryKey,
        asked: Asked,
        caught: Option<Catch>,
    ) -> Result<JobRow, StoreError> {
        self.writer.change(0, move |commit| slice::cancel(commit, number, from, &asked, caught)).await
    }
}
