-- The rule that trains, beside the model: lists of jobs show both. Rows of before have none.
ALTER TABLE jobs ADD COLUMN optimizer TEXT;
