/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The documents a schema is made of, and their dialects (JSON Schema Core
 * 2020-12, sections 8.1 and 9).
 */


#include <stdio.h>
#include <stdlib.h>
#include "bd_schema_builtin.h"
#include "bd_schema_compile.h"


#define BD_SCHEMA_LOADING_MAX  16


typedef struct {
    const char           *uri;
    bd_schema_dialect_t   dialect;
} bd_schema_known_t;


typedef struct {
    const char  *uri;
    unsigned     vocabularies;
} bd_schema_vocabulary_t;


static const bd_schema_known_t  bd_schema_dialects[] = {
    { "http://json-schema.org/draft-07/schema",
      { BD_SCHEMA_DRAFT7, BD_SCHEMA_VOCABULARIES } },
    { "https://json-schema.org/draft/2019-09/schema",
      { BD_SCHEMA_2019, BD_SCHEMA_VOCABULARIES } },
    { "https://json-schema.org/draft/2020-12/schema",
      { BD_SCHEMA_2020, BD_SCHEMA_VOCABULARIES } },
    { "https://spec.openapis.org/oas/3.1/dialect/base",
      { BD_SCHEMA_2020, BD_SCHEMA_VOCABULARIES } },
    { NULL, { 0, 0 } }
};


static const bd_schema_vocabulary_t  bd_schema_vocabularies[] = {
    { "2019-09/vocab/core", BD_SCHEMA_CORE },
    { "2019-09/vocab/applicator", BD_SCHEMA_APPLICATOR
                                  | BD_SCHEMA_UNEVALUATED },
    { "2019-09/vocab/validation", BD_SCHEMA_VALIDATION },
    { "2019-09/vocab/meta-data", BD_SCHEMA_META_DATA },
    { "2019-09/vocab/format", BD_SCHEMA_FORMAT },
    { "2019-09/vocab/content", BD_SCHEMA_CONTENT },
    { "2020-12/vocab/core", BD_SCHEMA_CORE },
    { "2020-12/vocab/applicator", BD_SCHEMA_APPLICATOR },
    { "2020-12/vocab/unevaluated", BD_SCHEMA_UNEVALUATED },
    { "2020-12/vocab/validation", BD_SCHEMA_VALIDATION },
    { "2020-12/vocab/meta-data", BD_SCHEMA_META_DATA },
    { "2020-12/vocab/format-annotation", BD_SCHEMA_FORMAT },
    { "2020-12/vocab/format-assertion", BD_SCHEMA_FORMAT
                                        | BD_SCHEMA_FORMAT_MUST },
    { "2020-12/vocab/content", BD_SCHEMA_CONTENT },
    { NULL, 0 }
};


static int bd_schema_root(bd_schema_compiler_t *c, size_t document,
    bd_schema_dialect_t dialect);
static void bd_schema_openapi(const bd_json_value_t *root,
    bd_schema_source_t *source, bd_schema_dialect_t *dialect);
static int bd_schema_read_vocabularies(bd_schema_compiler_t *c,
    const bd_schema_place_t *place, const char *keyword,
    const bd_json_value_t *vocabulary, unsigned *bits);


int
bd_schema_document(bd_schema_compiler_t *c, bd_json_t *document,
    const char *uri, const bd_schema_dialect_t *dialect, size_t *index)
{
    size_t               size;
    bd_json_t           *kept;
    bd_schema_t         *schema;
    bd_schema_source_t  *source;

    schema = c->schema;
    size = c->documents_size;
    kept = malloc(sizeof(bd_json_t));

    if (kept == NULL
        || bd_schema_grow((void **) &schema->documents, &size,
                          schema->ndocuments, sizeof(bd_json_t *)) != 0
        || bd_schema_grow((void **) &c->sources, &c->documents_size,
                          schema->ndocuments, sizeof(bd_schema_source_t)) != 0)
    {
        free(kept);
        bd_json_free(document);
        return bd_schema_nomem(c);
    }

    *kept = *document;
    *index = schema->ndocuments++;
    schema->documents[*index] = kept;

    source = &c->sources[*index];
    memset(source, 0, sizeof(bd_schema_source_t));

    source->uri = bd_arena_copy(&schema->arena,
                                bd_slice_make(uri, strlen(uri)));
    if (source->uri == NULL) {
        source->uri = "";
        return bd_schema_nomem(c);
    }

    return bd_schema_root(c, *index, *dialect);
}


/* Makes the resource of a new document, and finds the identifiers in it. */
static int
bd_schema_root(bd_schema_compiler_t *c, size_t document,
    bd_schema_dialect_t dialect)
{
    int                     rc;
    bd_slice_t              keyword;
    bd_schema_place_t       place;
    bd_schema_source_t     *source;
    const bd_json_value_t  *root, *declared;

    if (++c->loading > BD_SCHEMA_LOADING_MAX) {
        place.document = document;
        place.pointer = bd_slice("");
        return bd_schema_error(c, &place, NULL,
                               "is one document too many in a row");
    }

    root = c->schema->documents[document]->root;
    source = &c->sources[document];
    keyword = bd_slice("$schema");

    bd_schema_openapi(root, source, &dialect);

    if (source->bare) {
        keyword = bd_slice("jsonSchemaDialect");
    }

    place.document = document;
    place.value = root;
    place.pointer = bd_slice("");
    place.resource = 0;

    if (bd_schema_resource(c, &place, source->uri, dialect, &place.resource)
        != 0)
    {
        return -1;
    }

    source->resource = place.resource;

    declared = bd_json_member(root, keyword);

    if (bd_json_is(declared, BD_JSON_STRING)
        && dialect.draft != BD_SCHEMA_OPENAPI30)
    {
        if (bd_schema_dialect(c, &place, (const char *) keyword.data,
                              declared->text, &dialect)
            != 0)
        {
            return -1;
        }

        c->scopes[place.resource].dialect = dialect;
    }

    rc = c->sources[document].bare ? 0 : bd_schema_scan(c, place, 0);

    c->loading--;

    return rc;
}


/* An OpenAPI document is no schema itself, but says what its schemas are. */
static void
bd_schema_openapi(const bd_json_value_t *root, bd_schema_source_t *source,
    bd_schema_dialect_t *dialect)
{
    const bd_json_value_t  *version;

    version = bd_json_member(root, bd_slice("openapi"));

    if (!bd_json_is(version, BD_JSON_STRING)) {
        return;
    }

    source->bare = 1;

    if (strncmp((const char *) version->text.data, "3.0", 3) == 0) {
        dialect->draft = BD_SCHEMA_OPENAPI30;
        dialect->vocabularies = BD_SCHEMA_VOCABULARIES | BD_SCHEMA_NULLABLE;

    } else {
        dialect->draft = BD_SCHEMA_2020;
        dialect->vocabularies = BD_SCHEMA_VOCABULARIES;
    }
}


int
bd_schema_dialect(bd_schema_compiler_t *c, const bd_schema_place_t *place,
    const char *keyword, bd_slice_t uri, bd_schema_dialect_t *dialect)
{
    char                     *name;
    size_t                    resource;
    const bd_json_value_t    *vocabulary;
    const bd_schema_known_t  *known;

    if (uri.len != 0 && uri.data[uri.len - 1] == '#') {
        uri.len--;
    }

    for (known = bd_schema_dialects; known->uri != NULL; known++) {
        if (bd_slice_equal(uri, bd_slice_make(known->uri,
                                              strlen(known->uri))))
        {
            *dialect = known->dialect;
            return 0;
        }
    }

    name = bd_arena_copy(&c->schema->arena, uri);
    if (name == NULL) {
        return bd_schema_nomem(c);
    }

    if (bd_schema_fetch(c, place, keyword, name, &resource) != 0) {
        return -1;
    }

    *dialect = c->scopes[resource].dialect;
    vocabulary = bd_json_member(c->scopes[resource].value,
                                bd_slice("$vocabulary"));

    if (dialect->draft == BD_SCHEMA_DRAFT7
        || !bd_json_is(vocabulary, BD_JSON_OBJECT))
    {
        return 0;
    }

    return bd_schema_read_vocabularies(c, place, keyword, vocabulary,
                                       &dialect->vocabularies);
}


static int
bd_schema_read_vocabularies(bd_schema_compiler_t *c,
    const bd_schema_place_t *place, const char *keyword,
    const bd_json_value_t *vocabulary, unsigned *bits)
{
    static const char  prefix[] = "https://json-schema.org/draft/";

    bd_slice_t                     name;
    const bd_json_value_t         *needed;
    const bd_schema_vocabulary_t  *known;

    *bits = BD_SCHEMA_CORE;

    for (needed = vocabulary->first; needed != NULL; needed = needed->next) {

        known = bd_schema_vocabularies;
        name = needed->name;

        if (strncmp((const char *) name.data, prefix, sizeof(prefix) - 1)
            == 0)
        {
            name.data += sizeof(prefix) - 1;
            name.len -= sizeof(prefix) - 1;

            while (known->uri != NULL
                   && !bd_slice_equal(name, bd_slice_make(known->uri,
                                                          strlen(known->uri))))
            {
                known++;
            }

            *bits |= known->vocabularies;

            if (known->uri != NULL) {
                continue;
            }
        }

        if (bd_json_is(needed, BD_JSON_TRUE)) {
            return bd_schema_error(c, place, keyword, "names a dialect that"
                                   " needs the unknown vocabulary <%.100s>",
                                   (const char *) needed->name.data);
        }
    }

    return 0;
}


int
bd_schema_fetch(bd_schema_compiler_t *c, const bd_schema_place_t *place,
    const char *keyword, const char *uri, size_t *resource)
{
    int                         rc;
    size_t                      index;
    json_t                     *known;
    bd_json_t                   document;
    const char                 *error;
    bd_schema_dialect_t         dialect;
    const bd_schema_builtin_t  *builtin;

    known = json_object_get(c->by_uri, uri);

    if (known != NULL) {
        *resource = (size_t) json_integer_value(known);
        return 0;
    }

    for (builtin = bd_schema_builtins; builtin->uri != NULL; builtin++) {
        if (strcmp(builtin->uri, uri) == 0) {
            break;
        }
    }

    error = NULL;
    rc = -1;

    if (builtin->uri != NULL) {
        rc = bd_json_load(&document, bd_slice_make(builtin->data,
                                                   builtin->len),
                          BD_SCHEMA_NESTING);

    } else if (c->options->loader != NULL) {
        rc = c->options->loader(c->options->loader_data, uri, &document,
                                &error);
    }

    if (rc != 0) {
        return bd_schema_error(c, place, keyword, "refers to <%.100s>, %s",
                               uri, error ? error : "which is not at hand");
    }

    dialect = c->scopes[place->resource].dialect;

    if (bd_schema_document(c, &document, uri, &dialect, &index) != 0) {
        return -1;
    }

    *resource = c->sources[index].resource;

    return 0;
}


int
bd_schema_resource(bd_schema_compiler_t *c, const bd_schema_place_t *place,
    const char *uri, bd_schema_dialect_t dialect, size_t *index)
{
    int                 rc;
    size_t              size;
    bd_buf_t            key;
    bd_schema_t        *schema;
    bd_schema_scope_t  *scope;

    schema = c->schema;
    size = c->resources_size;

    if (bd_schema_grow((void **) &schema->resources, &size, c->nresources,
                       sizeof(bd_schema_resource_t))
        != 0
        || bd_schema_grow((void **) &c->scopes, &c->resources_size,
                          c->nresources, sizeof(bd_schema_scope_t)) != 0)
    {
        return bd_schema_nomem(c);
    }

    memset(&schema->resources[c->nresources], 0,
           sizeof(bd_schema_resource_t));

    scope = &c->scopes[c->nresources];
    scope->document = place->document;
    scope->value = place->value;
    scope->pointer = place->pointer;
    scope->dialect = dialect;
    scope->anchors = json_object();

    if (scope->anchors == NULL) {
        return bd_schema_nomem(c);
    }

    *index = c->nresources++;
    schema->resources[*index].pointer_len = place->pointer.len;

    key = BD_BUF_EMPTY;
    rc = bd_schema_key(&key, place);

    if (rc == 0) {
        rc = json_object_setn_new_nocheck(c->by_root, key.data, key.len,
                                          json_integer((json_int_t) *index));
    }

    bd_buf_free(&key);

    if (rc != 0) {
        return bd_schema_nomem(c);
    }

    return bd_schema_name_resource(c, place, uri, *index);
}


int
bd_schema_name_resource(bd_schema_compiler_t *c,
    const bd_schema_place_t *place, const char *uri, size_t index)
{
    json_t  *known;

    c->schema->resources[index].uri = uri;

    known = json_object_get(c->by_uri, uri);

    if (known != NULL && (size_t) json_integer_value(known) != index) {
        return bd_schema_error(c, place, "$id",
                               "is the identifier of another schema");
    }

    return json_object_set_new(c->by_uri, uri,
                               json_integer((json_int_t) index))
           ? bd_schema_nomem(c) : 0;
}
