"""The text `status` of every job: `job_status` says which, `status_text` what."""
