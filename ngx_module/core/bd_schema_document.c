/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The documents a schema is made of: their dialects, the identifiers in them,
 * and where references lead (JSON Schema Core 2020-12, sections 8 and 9).
 */


#include <stdio.h>
#include <stdlib.h>
#include "bd_schema_builtin.h"
#include "bd_schema_compile.h"
#include "bd_schema_uri.h"


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
static void bd_schema_openapi(json_t *root, bd_schema_source_t *source,
    bd_schema_dialect_t *dialect);
static int bd_schema_dialect(bd_schema_compiler_t *c,
    const bd_schema_place_t *place, const char *keyword, bd_slice_t uri,
    bd_schema_dialect_t *dialect);
static int bd_schema_read_vocabularies(bd_schema_compiler_t *c,
    const bd_schema_place_t *place, const char *keyword, json_t *vocabulary,
    unsigned *bits);
static int bd_schema_fetch(bd_schema_compiler_t *c,
    const bd_schema_place_t *place, const char *keyword, const char *uri,
    size_t *resource);
static int bd_schema_resource(bd_schema_compiler_t *c,
    const bd_schema_place_t *place, const char *uri,
    bd_schema_dialect_t dialect, size_t *index);
static int bd_schema_name_resource(bd_schema_compiler_t *c,
    const bd_schema_place_t *place, const char *uri, size_t index);
static int bd_schema_scan(bd_schema_compiler_t *c, bd_schema_place_t place,
    unsigned depth);
static int bd_schema_scan_keyword(bd_schema_compiler_t *c,
    const bd_schema_place_t *place, const char *keyword, json_t *value,
    unsigned depth);
static int bd_schema_scan_id(bd_schema_compiler_t *c,
    bd_schema_place_t *place);
static int bd_schema_scan_anchors(bd_schema_compiler_t *c,
    const bd_schema_place_t *place);
static int bd_schema_anchor(bd_schema_compiler_t *c,
    const bd_schema_place_t *place, const char *keyword, const char *name,
    int dynamic);
static int bd_schema_step(bd_schema_compiler_t *c, bd_schema_place_t *place,
    bd_slice_t token);
static int bd_schema_key(bd_buf_t *key, const bd_schema_place_t *place);


static inline bd_slice_t
bd_schema_string_of(const json_t *value)
{
    return bd_slice_make(json_string_value(value), json_string_length(value));
}


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
    int                  rc;
    json_t              *root, *declared;
    const char          *keyword;
    bd_schema_place_t    place;
    bd_schema_source_t  *source;

    if (++c->loading > BD_SCHEMA_LOADING_MAX) {
        place.document = document;
        place.pointer = bd_slice("");
        return bd_schema_error(c, &place, NULL,
                               "is one document too many in a row");
    }

    root = c->schema->documents[document]->root;
    source = &c->sources[document];
    keyword = "$schema";

    bd_schema_openapi(root, source, &dialect);

    if (source->bare) {
        keyword = "jsonSchemaDialect";
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

    declared = json_object_get(root, keyword);

    if (json_is_string(declared) && dialect.draft != BD_SCHEMA_OPENAPI30) {

        if (bd_schema_dialect(c, &place, keyword,
                              bd_schema_string_of(declared), &dialect)
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
bd_schema_openapi(json_t *root, bd_schema_source_t *source,
    bd_schema_dialect_t *dialect)
{
    const char  *version;

    version = json_string_value(json_object_get(root, "openapi"));
    if (version == NULL) {
        return;
    }

    source->bare = 1;

    if (strncmp(version, "3.0", 3) == 0) {
        dialect->draft = BD_SCHEMA_OPENAPI30;
        dialect->vocabularies = BD_SCHEMA_VOCABULARIES | BD_SCHEMA_NULLABLE;

    } else {
        dialect->draft = BD_SCHEMA_2020;
        dialect->vocabularies = BD_SCHEMA_VOCABULARIES;
    }
}


static int
bd_schema_dialect(bd_schema_compiler_t *c, const bd_schema_place_t *place,
    const char *keyword, bd_slice_t uri, bd_schema_dialect_t *dialect)
{
    char                     *name;
    size_t                    resource;
    json_t                   *vocabulary;
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
    vocabulary = json_object_get(c->scopes[resource].value, "$vocabulary");

    if (dialect->draft == BD_SCHEMA_DRAFT7 || !json_is_object(vocabulary)) {
        return 0;
    }

    return bd_schema_read_vocabularies(c, place, keyword, vocabulary,
                                       &dialect->vocabularies);
}


static int
bd_schema_read_vocabularies(bd_schema_compiler_t *c,
    const bd_schema_place_t *place, const char *keyword, json_t *vocabulary,
    unsigned *bits)
{
    static const char  prefix[] = "https://json-schema.org/draft/";

    json_t                        *needed;
    const char                    *name;
    const bd_schema_vocabulary_t  *known;

    *bits = BD_SCHEMA_CORE;

    json_object_foreach(vocabulary, name, needed) {

        known = bd_schema_vocabularies;

        if (strncmp(name, prefix, sizeof(prefix) - 1) == 0) {
            while (known->uri != NULL
                   && strcmp(known->uri, name + sizeof(prefix) - 1) != 0)
            {
                known++;
            }

            *bits |= known->vocabularies;

            if (known->uri != NULL) {
                continue;
            }
        }

        if (json_is_true(needed)) {
            return bd_schema_error(c, place, keyword, "names a dialect that"
                                   " needs the unknown vocabulary <%.100s>",
                                   name);
        }
    }

    return 0;
}


/* The resource of an absolute URI: known, built in, or loaded. */
static int
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
        rc = bd_json_parse(&document, bd_slice_make(builtin->data,
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


/* A new resource at a place, whose own resource is the one around it. */
static int
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


/* The document can have two names: where it was fetched, and its $id. */
static int
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


/*
 * Finds the identifiers in a schema and all schemas below it.  Misuse of a
 * keyword is no matter here: the compiler of its node says so.
 */
static int
bd_schema_scan(bd_schema_compiler_t *c, bd_schema_place_t place,
    unsigned depth)
{
    int       rc;
    void     *iter;
    bd_buf_t  key;

    if (!json_is_object(place.value)) {
        return 0;
    }

    if (depth > BD_SCHEMA_NESTING) {
        return bd_schema_error(c, &place, NULL, "lies too deep");
    }

    key = BD_BUF_EMPTY;
    rc = bd_schema_key(&key, &place);

    if (rc == 0 && json_object_getn(c->scanned, key.data, key.len) != NULL) {
        bd_buf_free(&key);
        return 0;
    }

    if (rc == 0) {
        rc = json_object_setn_new_nocheck(c->scanned, key.data, key.len,
                                          json_true());
    }

    bd_buf_free(&key);

    if (rc != 0) {
        return bd_schema_nomem(c);
    }

    if (bd_schema_scan_id(c, &place) != 0
        || bd_schema_scan_anchors(c, &place) != 0)
    {
        return -1;
    }

    for (iter = json_object_iter(place.value);
         iter != NULL;
         iter = json_object_iter_next(place.value, iter))
    {
        if (bd_schema_scan_keyword(c, &place, json_object_iter_key(iter),
                                   json_object_iter_value(iter), depth)
            != 0)
        {
            return -1;
        }
    }

    return 0;
}


static int
bd_schema_scan_keyword(bd_schema_compiler_t *c,
    const bd_schema_place_t *place, const char *keyword, json_t *value,
    unsigned depth)
{
    char               number[24];
    void              *iter;
    size_t             i;
    json_t            *child;
    unsigned           shape;
    bd_slice_t         token;
    bd_schema_place_t  below;

    shape = bd_schema_keyword_shape(&c->scopes[place->resource].dialect,
                                    keyword);

    if ((shape & BD_SCHEMA_SUBSCHEMA) && json_is_object(value)) {
        return bd_schema_below(c, place, keyword, NULL, value, &below)
               || bd_schema_scan(c, below, depth + 1) ? -1 : 0;
    }

    if ((shape & BD_SCHEMA_SUBSCHEMAS) && json_is_array(value)) {

        json_array_foreach(value, i, child) {
            token = bd_slice_make(number, (size_t) snprintf(number,
                                                            sizeof(number),
                                                            "%zu", i));

            if (bd_schema_below(c, place, keyword, &token, child, &below) != 0
                || bd_schema_scan(c, below, depth + 1) != 0)
            {
                return -1;
            }
        }
    }

    if ((shape & BD_SCHEMA_SUBSCHEMA_MAP) && json_is_object(value)) {

        for (iter = json_object_iter(value);
             iter != NULL;
             iter = json_object_iter_next(value, iter))
        {
            token = bd_slice_make(json_object_iter_key(iter),
                                  json_object_iter_key_len(iter));

            if (bd_schema_below(c, place, keyword, &token,
                                json_object_iter_value(iter), &below)
                != 0
                || bd_schema_scan(c, below, depth + 1) != 0)
            {
                return -1;
            }
        }
    }

    return 0;
}


/* Makes a resource of a schema that has an $id, and moves place into it. */
static int
bd_schema_scan_id(bd_schema_compiler_t *c, bd_schema_place_t *place)
{
    json_t               *id, *declared;
    bd_buf_t              uri;
    const char           *name;
    bd_slice_t            reference, fragment;
    bd_schema_dialect_t   dialect;

    dialect = c->scopes[place->resource].dialect;
    id = json_object_get(place->value, "$id");

    if (!json_is_string(id) || dialect.draft == BD_SCHEMA_OPENAPI30
        || (dialect.draft == BD_SCHEMA_DRAFT7
            && json_object_get(place->value, "$ref") != NULL))
    {
        return 0;
    }

    bd_schema_uri_split(bd_schema_string_of(id), &reference, &fragment);

    if (fragment.len != 0 && dialect.draft != BD_SCHEMA_DRAFT7) {
        return bd_schema_error(c, place, "$id", "must have no fragment");
    }

    if (reference.len != 0) {
        uri = BD_BUF_EMPTY;
        name = c->schema->resources[place->resource].uri;

        bd_schema_uri_resolve(bd_slice_make(name, strlen(name)), reference,
                              &uri);
        name = uri.failed ? NULL : bd_arena_copy(&c->schema->arena,
                                                 bd_buf_slice(&uri));
        bd_buf_free(&uri);

        if (name == NULL) {
            return bd_schema_nomem(c);
        }

        if (place->pointer.len == 0) {
            if (bd_schema_name_resource(c, place, name, place->resource)
                != 0)
            {
                return -1;
            }

        } else {

            if (bd_schema_resource(c, place, name, dialect, &place->resource)
                != 0)
            {
                return -1;
            }

            declared = json_object_get(place->value, "$schema");

            if (json_is_string(declared)) {
                if (bd_schema_dialect(c, place, "$schema",
                                      bd_schema_string_of(declared), &dialect)
                    != 0)
                {
                    return -1;
                }

                c->scopes[place->resource].dialect = dialect;
            }

        }
    }

    if (fragment.len != 0 && fragment.data[0] != '/') {
        return bd_schema_anchor(c, place, "$id", (const char *) fragment.data,
                                0);
    }

    return 0;
}


static int
bd_schema_scan_anchors(bd_schema_compiler_t *c,
    const bd_schema_place_t *place)
{
    json_t    *anchor;
    unsigned   draft;

    draft = c->scopes[place->resource].dialect.draft;

    if (draft & (BD_SCHEMA_2019 | BD_SCHEMA_2020)) {
        anchor = json_object_get(place->value, "$anchor");

        if (json_is_string(anchor)
            && bd_schema_anchor(c, place, "$anchor",
                                json_string_value(anchor), 0) != 0)
        {
            return -1;
        }
    }

    if (draft == BD_SCHEMA_2020) {
        anchor = json_object_get(place->value, "$dynamicAnchor");

        if (json_is_string(anchor)) {
            return bd_schema_anchor(c, place, "$dynamicAnchor",
                                    json_string_value(anchor), 1);
        }
    }

    /* $recursiveAnchor is a dynamic anchor that has no name */

    if (draft == BD_SCHEMA_2019
        && json_is_true(json_object_get(place->value, "$recursiveAnchor"))
        && c->scopes[place->resource].pointer.len == place->pointer.len)
    {
        return bd_schema_anchor(c, place, "$recursiveAnchor", "", 1);
    }

    return 0;
}


static int
bd_schema_anchor(bd_schema_compiler_t *c, const bd_schema_place_t *place,
    const char *keyword, const char *name, int dynamic)
{
    json_t  *known, *anchor, *anchors;

    anchors = c->scopes[place->resource].anchors;
    known = json_object_get(anchors, name);

    if (known != NULL) {
        anchor = json_array_get(known, 0);

        if (!bd_slice_equal(bd_schema_string_of(anchor), place->pointer)) {
            return bd_schema_error(c, place, keyword,
                                   "is the anchor of another schema");
        }

        dynamic |= json_is_true(json_array_get(known, 1));
    }

    anchor = json_pack("[s%b]", (const char *) place->pointer.data,
                       place->pointer.len, dynamic);

    return (anchor == NULL
            || json_object_set_new_nocheck(anchors, name, anchor) != 0)
           ? bd_schema_nomem(c) : 0;
}


int
bd_schema_below(bd_schema_compiler_t *c, const bd_schema_place_t *parent,
    const char *keyword, const bd_slice_t *token, json_t *value,
    bd_schema_place_t *place)
{
    place->document = parent->document;
    place->resource = parent->resource;
    place->pointer = parent->pointer;
    place->value = parent->value;

    if (bd_schema_step(c, place, bd_slice_make(keyword, strlen(keyword))) != 0
        || (token != NULL && bd_schema_step(c, place, *token) != 0))
    {
        return -1;
    }

    place->value = value;

    return 0;
}


/* Adds a token to the pointer of a place, and enters the resource there. */
static int
bd_schema_step(bd_schema_compiler_t *c, bd_schema_place_t *place,
    bd_slice_t token)
{
    json_t    *resource;
    bd_buf_t   pointer, key;

    pointer = BD_BUF_EMPTY;
    key = BD_BUF_EMPTY;

    bd_buf_add(&pointer, place->pointer.data, place->pointer.len);
    bd_schema_pointer_add(&pointer, token);

    place->pointer.data = NULL;

    if (!pointer.failed) {
        place->pointer.len = pointer.len;
        place->pointer.data = (const uint8_t *)
                              bd_arena_copy(&c->schema->arena,
                                            bd_buf_slice(&pointer));
    }

    bd_buf_free(&pointer);

    if (place->pointer.data == NULL || bd_schema_key(&key, place) != 0) {
        bd_buf_free(&key);
        place->pointer = bd_slice("");
        return bd_schema_nomem(c);
    }

    resource = json_object_getn(c->by_root, key.data, key.len);
    bd_buf_free(&key);

    if (resource != NULL) {
        place->resource = (size_t) json_integer_value(resource);
    }

    return 0;
}


int
bd_schema_follow(bd_schema_compiler_t *c, const bd_schema_place_t *from,
    bd_slice_t pointer, bd_schema_place_t *place)
{
    int         rc;
    size_t      i, n;
    bd_buf_t    token;

    *place = *from;
    token = BD_BUF_EMPTY;
    rc = 0;

    while (rc == 0 && pointer.len != 0) {
        token.len = 0;
        bd_buf_add(&token, "", 0);

        if (bd_schema_pointer_next(&pointer, &token) != 0) {
            rc = 1;
            break;
        }

        if (token.failed) {
            rc = bd_schema_nomem(c);
            break;
        }

        if (json_is_array(place->value)) {
            n = 0;

            for (i = 0; i < token.len; i++) {
                if (token.data[i] < '0' || token.data[i] > '9' || i > 8) {
                    break;
                }

                n = n * 10 + (size_t) (token.data[i] - '0');
            }

            place->value = (i == 0 || i < token.len
                            || (token.data[0] == '0' && i > 1))
                           ? NULL : json_array_get(place->value, n);

        } else {
            place->value = json_object_getn(place->value, token.data,
                                            token.len);
        }

        rc = (place->value == NULL) ? 1
             : bd_schema_step(c, place, bd_buf_slice(&token));
    }

    bd_buf_free(&token);

    if (rc != 0) {
        return rc;
    }

    return bd_schema_scan(c, *place, 0);
}


int
bd_schema_resolve(bd_schema_compiler_t *c, const bd_schema_place_t *from,
    const char *keyword, bd_slice_t reference, bd_schema_place_t *target,
    int *dynamic, bd_buf_t *name)
{
    int                 rc;
    size_t              resource;
    json_t             *anchor;
    bd_buf_t            absolute;
    const char         *base;
    bd_slice_t          uri, fragment, pointer;
    bd_schema_place_t   root;

    *dynamic = 0;
    absolute = BD_BUF_EMPTY;
    resource = from->resource;
    base = c->schema->resources[resource].uri;

    bd_schema_uri_split(reference, &uri, &fragment);

    if (uri.len != 0) {
        bd_schema_uri_resolve(bd_slice_make(base, strlen(base)), uri,
                              &absolute);

        rc = absolute.failed ? bd_schema_nomem(c)
             : bd_schema_fetch(c, from, keyword, absolute.data, &resource);
        bd_buf_free(&absolute);

        if (rc != 0) {
            return -1;
        }
    }

    name->len = 0;
    bd_buf_add(name, "", 0);

    rc = bd_schema_uri_decode(fragment, name) ? 1 : 0;

    if (name->failed) {
        return bd_schema_nomem(c);
    }

    root.document = c->scopes[resource].document;
    root.resource = resource;
    root.value = c->scopes[resource].value;
    root.pointer = c->scopes[resource].pointer;
    pointer = bd_buf_slice(name);

    if (rc == 0 && name->len != 0 && name->data[0] != '/') {
        anchor = json_object_getn(c->scopes[resource].anchors, name->data,
                                  name->len);
        pointer = bd_schema_string_of(json_array_get(anchor, 0));
        *dynamic = json_is_true(json_array_get(anchor, 1));
        rc = (anchor == NULL);

        if (rc == 0) {
            root.resource = c->sources[root.document].resource;
            root.value = c->schema->documents[root.document]->root;
            root.pointer = bd_slice("");
        }
    }

    if (rc == 0) {
        rc = bd_schema_follow(c, &root, pointer, target);
    }

    if (rc == 1) {
        return bd_schema_error(c, from, keyword, "leads nowhere");
    }

    return rc;
}


static int
bd_schema_key(bd_buf_t *key, const bd_schema_place_t *place)
{
    char  prefix[32];

    (void) snprintf(prefix, sizeof(prefix), "%zu:", place->document);
    bd_buf_puts(key, prefix);
    bd_buf_add(key, place->pointer.data, place->pointer.len);

    return key->failed ? -1 : 0;
}
