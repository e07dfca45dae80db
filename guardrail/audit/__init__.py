"""The audit log: records, their chain, where they are kept, how they are searched and verified."""
