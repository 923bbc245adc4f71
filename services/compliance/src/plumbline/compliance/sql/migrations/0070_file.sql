-- What a file has in it besides what it says is one fact, `file`: two of its parts stood beside each other before.
UPDATE documents SET recognised = (recognised::jsonb - '{has_hidden_text,has_markup}'::text[] || jsonb_build_object('file',
    jsonb_build_object('has_hidden_text', recognised::jsonb -> 'has_hidden_text', 'has_markup', recognised::jsonb -> 'has_markup')))::text
WHERE recognised LIKE '%"has_hidden_text"%' AND NOT recognised::jsonb ? 'file';
UPDATE decisions SET facts = (facts::jsonb - '{has_hidden_text,has_markup}'::text[] || jsonb_build_object('file',
    jsonb_build_object('has_hidden_text', facts::jsonb -> 'has_hidden_text', 'has_markup', facts::jsonb -> 'has_markup')))::text
WHERE facts LIKE '%"has_hidden_text"%' AND NOT facts::jsonb ? 'file';
