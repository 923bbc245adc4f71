-- What a file has in it besides what it says is one fact, `file`: two of its parts stood beside each other before. It is text,
-- for jsonb takes no NUL; within a string of JSON a quotation mark has a backslash before it, so nothing else is found.
UPDATE documents SET recognised = regexp_replace(recognised,
    '([,{])("has_hidden_text":(?:true|false),"has_markup":(?:true|false))([,}])', '\1"file":{\2}\3')
WHERE recognised LIKE '%"has_hidden_text"%' AND recognised NOT LIKE '%"file":{%';
UPDATE decisions SET facts = regexp_replace(facts,
    '([,{])("has_hidden_text":(?:true|false),"has_markup":(?:true|false))([,}])', '\1"file":{\2}\3')
WHERE facts LIKE '%"has_hidden_text"%' AND facts NOT LIKE '%"file":{%';
