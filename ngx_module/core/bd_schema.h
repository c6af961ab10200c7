/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The schema gate: JSON Schema compiled once, at configuration, to a flat
 * array of nodes; each upstream body is then judged against it.  Pure: reads
 * no file, opens no socket; other documents come through a loader.
 *
 * A compiled schema is immutable and may be used by many at once; what one
 * validation changes lives in a bd_schema_ctx_t of the caller's.
 */


#ifndef _BD_SCHEMA_H_INCLUDED_
#define _BD_SCHEMA_H_INCLUDED_


#include "bd_json.h"


#define BD_SCHEMA_POINTER_MAX  512      /* a longer pointer is cut */
#define BD_SCHEMA_DEPTH_MAX    64       /* nesting of an instance */
#define BD_SCHEMA_LEVELS       256      /* of a document that is loaded */


typedef struct bd_schema_s  bd_schema_t;


typedef enum {
    BD_SCHEMA_FORMAT_ASSERT = 0,
    BD_SCHEMA_FORMAT_ANNOTATE
} bd_schema_format_e;


/*
 * Fetches the document of an absolute URI without fragment, and fills in
 * *document by bd_json_load().  Returns 0, or -1 when it has none (then
 * *error may be set to a phrase in static memory).  data is the loader_data
 * of the options.
 */
typedef int (*bd_schema_loader_pt)(void *data, const char *uri,
    bd_json_t *document, const char **error);


typedef struct {
    bd_schema_format_e   format;
    bd_schema_loader_pt  loader;        /* may be NULL */
    void                *loader_data;
} bd_schema_options_t;


/* Why a schema does not compile. */
typedef struct {
    char  pointer[BD_SCHEMA_POINTER_MAX];   /* into the schema document */
    char  message[256];                     /* one line, no values */
} bd_schema_error_t;


/* Where and why an instance fails.  Terminated strings, escaped as JSON
 * pointers (RFC 6901); control characters are still raw. */
typedef struct {
    char  instance[BD_SCHEMA_POINTER_MAX];  /* "" is the whole body */
    char  keyword[32];      /* "enum", ...; "json": the text is no JSON we
                               take; "false": a schema that is false;
                               "limit": the work is out of proportion */
    char  schema[BD_SCHEMA_POINTER_MAX];    /* from the root of the document */
} bd_schema_violation_t;


/*
 * Compiles the subschema at pointer ("" for all of it; a JSON pointer,
 * RFC 6901, not percent-encoded) of the document that text is.  The text is
 * borrowed for the call only.
 *
 * Returns a new schema, or NULL with *error filled in.
 */
bd_schema_t *bd_schema_compile_text(bd_slice_t text, const char *pointer,
    const bd_schema_options_t *options, bd_schema_error_t *error);

void bd_schema_free(bd_schema_t *schema);

/*
 * Parses text as one JSON document and judges it.  A member repeated in an
 * object, trailing bytes, text that is not UTF-8, and nesting over
 * BD_SCHEMA_DEPTH_MAX are violations of the keyword "json".
 *
 * Returns 0 when valid: then, if document is not NULL, it is that of
 * bd_json_parse(), which views text and which the caller frees.  Returns 1
 * when invalid, with the first violation in *violation; and -1 when memory is
 * short.
 */
int bd_schema_judge(const bd_schema_t *schema, bd_slice_t text,
    bd_json_t *document, bd_schema_violation_t *violation);

/* One failure of many; the strings last for the call of the collector. */
typedef struct {
    const char  *instance;              /* as in bd_schema_violation_t, */
    const char  *keyword;
    const char  *schema;                /* but never cut */
    const char  *path;                  /* the keyword's place as it was
                                           reached, through references */
    const char  *uri;                   /* and its URI with a fragment, as
                                           absolute as the document's is */
} bd_schema_finding_t;


typedef void (*bd_schema_collect_pt)(void *data,
    const bd_schema_finding_t *finding);

/*
 * The same, but all failures are looked for, and when text is invalid the
 * collector is called for each.  Those of the branches of anyOf and oneOf are
 * among them when no branch was valid.
 */
int bd_schema_judge_all(const bd_schema_t *schema, bd_slice_t text,
    bd_schema_collect_pt collect, void *data);


#endif /* _BD_SCHEMA_H_INCLUDED_ */
