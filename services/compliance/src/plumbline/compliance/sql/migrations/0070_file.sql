-- What a file has in it besides what it says is one fact, `file`: two of its parts stood beside each other before. It is moved as
-- text, for jsonb takes no NUL; within a string of JSON a backslash stands before each quotation mark, so nothing else is found.
UPDATE documents SET recognised = replace(recognised, was, format(',"file":{%s}', substr(was, 2)))
FROM unnest(ARRAY['false', 'true']) AS hidden, unnest(ARRAY['false', 'true']) AS markup,
     format(',"has_hidden_text":%s,"has_markup":%s', hidden, markup) AS was
WHERE strpos(recognised, was) > 0;
UPDATE decisions SET facts = replace(facts, was, format(',"file":{%s}', substr(was, 2)))
FROM unnest(ARRAY['false', 'true']) AS hidden, unnest(ARRAY['false', 'true']) AS markup,
     format(',"has_hidden_text":%s,"has_markup":%s', hidden, markup) AS was
WHERE strpos(facts, was) > 0;
