"""What is known of runs and jobs, put together for people."""
