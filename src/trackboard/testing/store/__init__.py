"""The contract of a store in parts, one for each subject; see `store_contract` for their use."""
