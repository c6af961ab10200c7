/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * The places in a document: the identifiers found there, and where pointers
 * and references lead (JSON Schema Core 2020-12, section 8.2).
 */


#include <stdio.h>
#include "bd_schema_compile.h"
#include "bd_schema_uri.h"


static int bd_schema_scan_keyword(bd_schema_compiler_t *c,
    const bd_schema_place_t *place, const bd_json_value_t *value,
    unsigned depth);
static int bd_schema_scan_id(bd_schema_compiler_t *c,
    bd_schema_place_t *place);
static int bd_schema_scan_anchors(bd_schema_compiler_t *c,
    const bd_schema_place_t *place);
static int bd_schema_anchor(bd_schema_compiler_t *c,
    const bd_schema_place_t *place, const char *keyword, bd_slice_t name,
    int dynamic);
static int bd_schema_step(bd_schema_compiler_t *c, bd_schema_place_t *place,
    bd_slice_t token);
static const bd_json_value_t *bd_schema_item(const bd_json_value_t *array,
    bd_slice_t token);


/* A string of a table of the compiler's. */
static inline bd_slice_t
bd_schema_string_of(const json_t *value)
{
    return bd_slice_make(json_string_value(value), json_string_length(value));
}


int
bd_schema_scan(bd_schema_compiler_t *c, bd_schema_place_t place,
    unsigned depth)
{
    int                     rc;
    bd_buf_t                key;
    const bd_json_value_t  *member;

    if (!bd_json_is(place.value, BD_JSON_OBJECT)) {
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

    for (member = place.value->first; member != NULL; member = member->next) {
        if (bd_schema_scan_keyword(c, &place, member, depth) != 0) {
            return -1;
        }
    }

    return 0;
}


static int
bd_schema_scan_keyword(bd_schema_compiler_t *c,
    const bd_schema_place_t *place, const bd_json_value_t *value,
    unsigned depth)
{
    char                    number[24];
    size_t                  i;
    unsigned                shape;
    bd_slice_t              token;
    const char             *keyword;
    bd_schema_place_t       below;
    const bd_json_value_t  *child;

    shape = bd_schema_keyword_shape(&c->scopes[place->resource].dialect,
                                    value->name, &keyword);

    if ((shape & BD_SCHEMA_SUBSCHEMA) && bd_json_is(value, BD_JSON_OBJECT)) {
        return bd_schema_below(c, place, keyword, NULL, value, &below)
               || bd_schema_scan(c, below, depth + 1) ? -1 : 0;
    }

    if (!((shape & BD_SCHEMA_SUBSCHEMAS) && bd_json_is(value, BD_JSON_ARRAY))
        && !((shape & BD_SCHEMA_SUBSCHEMA_MAP)
             && bd_json_is(value, BD_JSON_OBJECT)))
    {
        return 0;
    }

    i = 0;

    for (child = value->first; child != NULL; child = child->next) {
        token = child->name;

        if (bd_json_is(value, BD_JSON_ARRAY)) {
            token = bd_slice_make(number, (size_t) snprintf(number,
                                                            sizeof(number),
                                                            "%zu", i++));
        }

        if (bd_schema_below(c, place, keyword, &token, child, &below) != 0
            || bd_schema_scan(c, below, depth + 1) != 0)
        {
            return -1;
        }
    }

    return 0;
}


/* Makes a resource of a schema that has an $id, and moves place into it. */
static int
bd_schema_scan_id(bd_schema_compiler_t *c, bd_schema_place_t *place)
{
    bd_buf_t                uri;
    const char             *name;
    bd_slice_t              reference, fragment;
    bd_schema_dialect_t     dialect;
    const bd_json_value_t  *id, *declared;

    dialect = c->scopes[place->resource].dialect;
    id = bd_json_member(place->value, bd_slice("$id"));

    if (!bd_json_is(id, BD_JSON_STRING) || dialect.draft == BD_SCHEMA_OPENAPI30
        || (dialect.draft == BD_SCHEMA_DRAFT7
            && bd_json_member(place->value, bd_slice("$ref")) != NULL))
    {
        return 0;
    }

    bd_schema_uri_split(id->text, &reference, &fragment);

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

            declared = bd_json_member(place->value, bd_slice("$schema"));

            if (bd_json_is(declared, BD_JSON_STRING)) {
                if (bd_schema_dialect(c, place, "$schema", declared->text,
                                      &dialect)
                    != 0)
                {
                    return -1;
                }

                c->scopes[place->resource].dialect = dialect;
            }

        }
    }

    if (fragment.len != 0 && fragment.data[0] != '/') {
        return bd_schema_anchor(c, place, "$id", fragment, 0);
    }

    return 0;
}


static int
bd_schema_scan_anchors(bd_schema_compiler_t *c,
    const bd_schema_place_t *place)
{
    unsigned                draft;
    const bd_json_value_t  *anchor;

    draft = c->scopes[place->resource].dialect.draft;

    if (draft & (BD_SCHEMA_2019 | BD_SCHEMA_2020)) {
        anchor = bd_json_member(place->value, bd_slice("$anchor"));

        if (bd_json_is(anchor, BD_JSON_STRING)
            && bd_schema_anchor(c, place, "$anchor", anchor->text, 0) != 0)
        {
            return -1;
        }
    }

    if (draft == BD_SCHEMA_2020) {
        anchor = bd_json_member(place->value, bd_slice("$dynamicAnchor"));

        if (bd_json_is(anchor, BD_JSON_STRING)) {
            return bd_schema_anchor(c, place, "$dynamicAnchor", anchor->text,
                                    1);
        }
    }

    /* $recursiveAnchor is a dynamic anchor that has no name */

    if (draft == BD_SCHEMA_2019
        && bd_json_is(bd_json_member(place->value,
                                     bd_slice("$recursiveAnchor")),
                      BD_JSON_TRUE)
        && c->scopes[place->resource].pointer.len == place->pointer.len)
    {
        return bd_schema_anchor(c, place, "$recursiveAnchor", bd_slice(""), 1);
    }

    return 0;
}


static int
bd_schema_anchor(bd_schema_compiler_t *c, const bd_schema_place_t *place,
    const char *keyword, bd_slice_t name, int dynamic)
{
    json_t  *known, *anchor, *anchors;

    anchors = c->scopes[place->resource].anchors;
    known = json_object_getn(anchors, (const char *) name.data, name.len);

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
            || json_object_setn_new_nocheck(anchors, (const char *) name.data,
                                            name.len, anchor) != 0)
           ? bd_schema_nomem(c) : 0;
}


int
bd_schema_below(bd_schema_compiler_t *c, const bd_schema_place_t *parent,
    const char *keyword, const bd_slice_t *token, const bd_json_value_t *value,
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
    int       rc;
    bd_buf_t  token;

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

        place->value = bd_json_is(place->value, BD_JSON_ARRAY)
                       ? bd_schema_item(place->value, bd_buf_slice(&token))
                       : bd_json_member(place->value, bd_buf_slice(&token));

        rc = (place->value == NULL) ? 1
             : bd_schema_step(c, place, bd_buf_slice(&token));
    }

    bd_buf_free(&token);

    if (rc != 0) {
        return rc;
    }

    return bd_schema_scan(c, *place, 0);
}


/* The item that the token of a pointer names, or NULL. */
static const bd_json_value_t *
bd_schema_item(const bd_json_value_t *array, bd_slice_t token)
{
    size_t                  i, n;
    const bd_json_value_t  *item;

    if (token.len == 0 || token.len > 9
        || (token.data[0] == '0' && token.len > 1))
    {
        return NULL;
    }

    n = 0;

    for (i = 0; i < token.len; i++) {
        if (token.data[i] < '0' || token.data[i] > '9') {
            return NULL;
        }

        n = n * 10 + (size_t) (token.data[i] - '0');
    }

    for (item = array->first; item != NULL && n != 0; item = item->next) {
        n--;
    }

    return item;
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


int
bd_schema_key(bd_buf_t *key, const bd_schema_place_t *place)
{
    char  prefix[32];

    (void) snprintf(prefix, sizeof(prefix), "%zu:", place->document);
    bd_buf_puts(key, prefix);
    bd_buf_add(key, place->pointer.data, place->pointer.len);

    return key->failed ? -1 : 0;
}
