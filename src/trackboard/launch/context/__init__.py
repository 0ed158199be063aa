"""What a job's processes and its client share: the workspace, its plan, its working copy and its log."""
