/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Tests of bd_credential: which values of Authorization hold a token.
 */


#include "bd_test.h"
#include "bd_credential.h"


typedef struct {
    const char       *value;
    bd_credential_e   result;
    const char       *token;
} bd_credential_case_t;


static const bd_credential_case_t  cases[] = {

    { "Bearer a", BD_CREDENTIAL_OK, "a" },
    { "bearer a", BD_CREDENTIAL_OK, "a" },
    { "Bearer     a", BD_CREDENTIAL_OK, "a" },
    { "Bearer mF_9.B5f-4.1JqM", BD_CREDENTIAL_OK, "mF_9.B5f-4.1JqM" },
    { "Bearer AZaz09-._~+/", BD_CREDENTIAL_OK, "AZaz09-._~+/" },
    { "Bearer YWJj=", BD_CREDENTIAL_OK, "YWJj=" },
    { "Bearer YWI====", BD_CREDENTIAL_OK, "YWI====" },
    { "Bearer Bearer", BD_CREDENTIAL_OK, "Bearer" },

    /* another scheme, or none */

    { "", BD_CREDENTIAL_MISSING, NULL },
    { "Basic YWJj", BD_CREDENTIAL_MISSING, NULL },
    { "Beare a", BD_CREDENTIAL_MISSING, NULL },
    { "Bearers a", BD_CREDENTIAL_MISSING, NULL },
    { "Bearer-2 a", BD_CREDENTIAL_MISSING, NULL },
    { "Bearera", BD_CREDENTIAL_MISSING, NULL },
    { "Beager a", BD_CREDENTIAL_MISSING, NULL },
    { " Bearer a", BD_CREDENTIAL_MISSING, NULL },
    { "\tBearer a", BD_CREDENTIAL_MISSING, NULL },
    { "abcdef", BD_CREDENTIAL_MISSING, NULL },
    { ",Bearer a", BD_CREDENTIAL_MISSING, NULL },

    /* Bearer, and then not one token68 */

    { "Bearer", BD_CREDENTIAL_MALFORMED, NULL },
    { "Bearer ", BD_CREDENTIAL_MALFORMED, NULL },
    { "Bearer    ", BD_CREDENTIAL_MALFORMED, NULL },
    { "Bearer\ta", BD_CREDENTIAL_MALFORMED, NULL },
    { "Bearer \ta", BD_CREDENTIAL_MALFORMED, NULL },
    { "Bearer=a", BD_CREDENTIAL_MALFORMED, NULL },
    { "Bearer,a", BD_CREDENTIAL_MALFORMED, NULL },
    { "Bearer =", BD_CREDENTIAL_MALFORMED, NULL },
    { "Bearer ==", BD_CREDENTIAL_MALFORMED, NULL },
    { "Bearer =a", BD_CREDENTIAL_MALFORMED, NULL },
    { "Bearer a=b", BD_CREDENTIAL_MALFORMED, NULL },
    { "Bearer a b", BD_CREDENTIAL_MALFORMED, NULL },
    { "Bearer a ", BD_CREDENTIAL_MALFORMED, NULL },
    { "Bearer a, Bearer b", BD_CREDENTIAL_MALFORMED, NULL },
    { "Bearer a,b", BD_CREDENTIAL_MALFORMED, NULL },
    { "Bearer \"a\"", BD_CREDENTIAL_MALFORMED, NULL },
    { "Bearer token=\"a\"", BD_CREDENTIAL_MALFORMED, NULL },
    { "Bearer a\r\nX: y", BD_CREDENTIAL_MALFORMED, NULL },
    { "Bearer \xc3\xa4", BD_CREDENTIAL_MALFORMED, NULL }
};


static void
test_credential_table(void **state)
{
    size_t                       i;
    uint8_t                     *data;
    bd_slice_t                   value, token;
    bd_credential_e              result;
    const bd_credential_case_t  *c;

    (void) state;

    for (i = 0; i < bd_test_count(cases); i++) {
        c = &cases[i];

        value = bd_test_slice(c->value);
        data = bd_test_copy(value);
        value.data = data;
        token = bd_slice("untouched");

        result = bd_credential_parse(value, &token);

        if (result != c->result
            || !bd_slice_equal(token, bd_test_slice(c->token != NULL
                                                    ? c->token
                                                    : "untouched")))
        {
            fail_msg("\"%s\" gives %d", c->value, result);
        }

        if (result == BD_CREDENTIAL_OK) {
            assert_ptr_equal(token.data, data + value.len - token.len);
        }

        free(data);
    }

    assert_int_equal(bd_credential_parse(bd_slice_make(NULL, 0), &token),
                     BD_CREDENTIAL_MISSING);
}


/* The six letters, each in either case. */

static void
test_credential_case(void **state)
{
    int         mask, i;
    char        value[] = "bearer t";
    bd_slice_t  token;

    (void) state;

    for (mask = 0; mask < 64; mask++) {
        memcpy(value, "bearer", 6);

        for (i = 0; i < 6; i++) {
            if (mask & (1 << i)) {
                value[i] = (char) (value[i] - 'a' + 'A');
            }
        }

        assert_int_equal(bd_credential_parse(bd_test_slice(value), &token),
                         BD_CREDENTIAL_OK);
        assert_slice_equal(token, "t");
    }
}


static void
test_credential_length(void **state)
{
    size_t      len;
    uint8_t    *value;
    bd_slice_t  token;

    (void) state;

    assert_int_equal(BD_TOKEN_MAX, 512);

    for (len = 1; len <= 1024; len++) {
        value = malloc(7 + len);
        assert_non_null(value);

        memcpy(value, "Bearer ", 7);
        memset(value + 7, 'x', len);

        assert_int_equal(bd_credential_parse(bd_slice_make(value, 7 + len),
                                             &token),
                         len <= 512 ? BD_CREDENTIAL_OK
                                    : BD_CREDENTIAL_MALFORMED);

        /* the padding counts */

        memset(value + 8, '=', len - 1);

        assert_int_equal(bd_credential_parse(bd_slice_make(value, 7 + len),
                                             &token),
                         len <= 512 ? BD_CREDENTIAL_OK
                                    : BD_CREDENTIAL_MALFORMED);

        free(value);
    }
}


/* Every byte in every place of a token of three; NUL is one of them. */

static void
test_credential_bytes(void **state)
{
    int              ch;
    size_t           i;
    uint8_t          value[] = { 'B', 'e', 'a', 'r', 'e', 'r', ' ', 0, 0, 0 };
    bd_slice_t       token;
    bd_credential_e  expected;

    static const char  allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        "-._~+/";

    (void) state;

    for (i = 7; i < sizeof(value); i++) {
        for (ch = 0; ch < 256; ch++) {
            memset(value + 7, 'a', 3);
            value[i] = (uint8_t) ch;

            expected = BD_CREDENTIAL_MALFORMED;

            if ((ch != 0 && strchr(allowed, ch) != NULL)
                || (ch == '=' && i == sizeof(value) - 1)
                || (ch == ' ' && i == 7))       /* one more before it */
            {
                expected = BD_CREDENTIAL_OK;
            }

            assert_int_equal(bd_credential_parse(bd_slice_make(value,
                                                               sizeof(value)),
                                                 &token),
                             expected);
        }
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_credential_table),
        cmocka_unit_test(test_credential_case),
        cmocka_unit_test(test_credential_length),
        cmocka_unit_test(test_credential_bytes)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
