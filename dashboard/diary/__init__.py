"""The symptom diary: what an entry is, entries in the store, their pages and their API, the timeline."""
