//! Every SQL statement of Gramophone: inbox, jobs, outbox, quotas, and the job runner.
