-- No query goes by it: lists are in the order of sequence and look at a window of rows for times.
DROP INDEX jobs_by_created;
