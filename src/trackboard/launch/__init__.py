"""Jobs: snapshot, plan, queue and the worker that carries a plan out."""
