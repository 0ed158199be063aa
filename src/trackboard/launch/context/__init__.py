"""What a job's processes and its client share: where it happens, its plan, its working copy and its log."""
