/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Tests of bd_redis_url: what is taken, what is refused and in which words,
 * and that no word of the refusal comes from the url.
 */


#include "bd_test.h"
#include "bd_redis_url.h"


typedef struct {
    const char  *url;
    int          tls;
    int          local;
    const char  *host;
    int          port;
    uint32_t     db;
    const char  *user;
    const char  *password;
} bd_url_case_t;


static const bd_url_case_t  taken[] = {

    { "redis://h", 0, 0, "h", 6379, 0, "", "" },
    { "redis://h/", 0, 0, "h", 6379, 0, "", "" },
    { "redis://h:1", 0, 0, "h", 1, 0, "", "" },
    { "redis://h:65535", 0, 0, "h", 65535, 0, "", "" },
    { "redis://h:6380/", 0, 0, "h", 6380, 0, "", "" },
    { "redis://h/7", 0, 0, "h", 6379, 7, "", "" },
    { "redis://h:6380/15", 0, 0, "h", 6380, 15, "", "" },
    { "redis://h/2147483647", 0, 0, "h", 6379, 2147483647, "", "" },
    { "redis://a-b.c_d.example", 0, 0, "a-b.c_d.example", 6379, 0, "", "" },
    { "redis://127.0.0.1:7000", 0, 0, "127.0.0.1", 7000, 0, "", "" },
    { "REDIS://h", 0, 0, "h", 6379, 0, "", "" },
    { "rediss://h", 1, 0, "h", 6379, 0, "", "" },
    { "RedisS://h:1/2", 1, 0, "h", 1, 2, "", "" },

    { "redis://[::1]", 0, 0, "::1", 6379, 0, "", "" },
    { "redis://[::1]/3", 0, 0, "::1", 6379, 3, "", "" },
    { "redis://[2001:db8::1]:7000/3", 0, 0, "2001:db8::1", 7000, 3, "", "" },
    { "redis://[::ffff:1.2.3.4]:1", 0, 0, "::ffff:1.2.3.4", 1, 0, "", "" },
    { "redis://u:p@[::1]:1", 0, 0, "::1", 1, 0, "u", "p" },

    { "redis://u:p@h", 0, 0, "h", 6379, 0, "u", "p" },
    { "redis://:p@h:1/2", 0, 0, "h", 1, 2, "", "p" },
    { "redis://u:@h", 0, 0, "h", 6379, 0, "u", "" },
    { "rediss://u:p@h", 1, 0, "h", 6379, 0, "u", "p" },
    { "redis://u:p:q@h", 0, 0, "h", 6379, 0, "u", "p:q" },
    { "redis://u%3a:p%40%2F%3F%25@h", 0, 0, "h", 6379, 0, "u:", "p@/?%" },
    { "redis://%41%62:%c3%A4@h", 0, 0, "h", 6379, 0, "Ab", "\xc3\xa4" },
    { "redis://u:p+q!$&'()*,;= @h", 0, 0, "h", 6379, 0, "u",
      "p+q!$&'()*,;= " },

    { "unix:/run/redis.sock", 0, 1, "/run/redis.sock", 0, 0, "", "" },
    { "unix:/r?db=0", 0, 1, "/r", 0, 0, "", "" },
    { "unix:/r?db=15", 0, 1, "/r", 0, 15, "", "" },
    { "unix:/r?db=2147483647", 0, 1, "/r", 0, 2147483647, "", "" },
    { "unix:/a b:@%41", 0, 1, "/a b:@%41", 0, 0, "", "" },
    { "UNIX:/r", 0, 1, "/r", 0, 0, "", "" }
};


static void
test_url_taken(void **state)
{
    size_t                i;
    uint8_t              *data, *buf;
    bd_slice_t            url;
    const char           *error;
    bd_redis_url_t        u;
    const bd_url_case_t  *c;

    (void) state;

    for (i = 0; i < bd_test_count(taken); i++) {
        c = &taken[i];
        url = bd_test_slice(c->url);
        data = bd_test_copy(url);
        buf = malloc(url.len);
        assert_non_null(buf);

        memset(&u, 0xff, sizeof(u));
        error = bd_redis_url_parse(bd_slice_make(data, url.len), buf, &u);

        if (error != NULL) {
            fail_msg("%s: %s", c->url, error);
        }

        if (u.tls != (unsigned) c->tls || u.local != (unsigned) c->local
            || u.port != c->port || u.db != c->db
            || !bd_slice_equal(u.host, bd_test_slice(c->host))
            || !bd_slice_equal(u.user, bd_test_slice(c->user))
            || !bd_slice_equal(u.password, bd_test_slice(c->password)))
        {
            fail_msg("%s is taken for another", c->url);
        }

        free(buf);
        free(data);
    }
}


#define SCHEME     "the url begins with none of \"redis://\", " \
                   "\"rediss://\", \"unix:\""
#define CONTROL    "the url contains a control character"
#define HOST       "the host is empty"
#define HOST_CHAR  "the host contains a character that no host name has"
#define PORT       "the port is not a number from 1 to 65535"
#define DB         "the database is not a number from 0 to 2147483647"
#define USERINFO   "what stands before \"@\" is not \"user:password\""
#define NOBODY     "there is neither a user nor a password before \"@\""
#define PERCENT    "\"%\" is not followed by two hexadecimal digits in the " \
                   "user or the password"
#define BRACKET    "\"[\" is without its \"]\""
#define IPV6       "what stands in brackets is not an IPv6 address"
#define AFTER      "\"]\" is not followed by a port"
#define QUERY      "only a unix socket takes parameters"
#define PATH       "the path of the unix socket is not absolute"
#define PARAMETER  "\"db=number\" is the only parameter of a unix socket"


static const char *const  refused[][2] = {

    { "", SCHEME },
    { "redis", SCHEME },
    { "redis:/h", SCHEME },
    { "redis:h", SCHEME },
    { "redi://h", SCHEME },
    { "redisx://h", SCHEME },
    { "http://h", SCHEME },
    { " redis://h", SCHEME },
    { "127.0.0.1:6379", SCHEME },
    { "/run/redis.sock", SCHEME },
    { "redis-sentinel://h:1/n", SCHEME },
    { "unix", SCHEME },

    { "redis://h\n", CONTROL },
    { "redis://h\x7f", CONTROL },
    { "redis://\x01h", CONTROL },
    { "redis://u:p\tq@h", CONTROL },
    { "unix:/r\x1f", CONTROL },
    { "\r", CONTROL },

    { "redis://", HOST },
    { "rediss://", HOST },
    { "redis:///", HOST },
    { "redis:///1", HOST },
    { "redis://:6379", HOST },
    { "redis://u:p@", HOST },
    { "redis://u:p@:1", HOST },
    { "redis://::1", HOST },

    { "redis://a b", HOST_CHAR },
    { "redis://a%41", HOST_CHAR },
    { "redis://a,b", HOST_CHAR },
    { "redis://a#b", HOST_CHAR },
    { "redis://a]", HOST_CHAR },
    { "redis://\xc3\xa4", HOST_CHAR },
    { "redis://u:p@q@h", HOST_CHAR },

    { "redis://h:", PORT },
    { "redis://h:/1", PORT },
    { "redis://h:0", PORT },
    { "redis://h:65536", PORT },
    { "redis://h:4294967297", PORT },
    { "redis://h:18446744073709551617", PORT },
    { "redis://h:-1", PORT },
    { "redis://h:+1", PORT },
    { "redis://h: 1", PORT },
    { "redis://h:1x", PORT },
    { "redis://h:6379:6379", PORT },
    { "redis://fe80::1", PORT },
    { "redis://[::1]:", PORT },
    { "redis://[::1]:0", PORT },
    { "redis://[::1]:x", PORT },

    { "redis://h/x", DB },
    { "redis://h/-1", DB },
    { "redis://h/1x", DB },
    { "redis://h/1/", DB },
    { "redis://h//", DB },
    { "redis://h/2147483648", DB },
    { "redis://h/4294967296", DB },
    { "redis://h/99999999999999999999", DB },
    { "redis://u:p/q@h", PORT },
    { "redis://u:1/q@h", DB },

    { "redis://u@h", USERINFO },
    { "redis://@h", USERINFO },
    { "redis://:@h", NOBODY },

    { "redis://u:p%@h", PERCENT },
    { "redis://u:p%4@h", PERCENT },
    { "redis://u:p%4g@h", PERCENT },
    { "redis://u:p%g4@h", PERCENT },
    { "redis://u:%%41@h", PERCENT },
    { "redis://u%:p@h", PERCENT },
    { "redis://u%4:1@h", PERCENT },
    { "redis://u:%@@h", PERCENT },

    { "redis://[::1", BRACKET },
    { "redis://[", BRACKET },
    { "redis://[]", IPV6 },
    { "redis://[h]", IPV6 },
    { "redis://[1.2.3.4]", IPV6 },
    { "redis://[fe80::1%25eth0]", IPV6 },
    { "redis://[[::1]", IPV6 },
    { "redis://[::1]6379", AFTER },
    { "redis://[::1]]", AFTER },

    { "redis://h?db=1", QUERY },
    { "redis://h/1?timeout=5", QUERY },
    { "redis://u:p?q@h", QUERY },

    { "unix:", PATH },
    { "unix:r", PATH },
    { "unix:./r", PATH },
    { "unix:?db=1", PATH },
    { "unix:r?db=1", PATH },

    { "unix:/r?", PARAMETER },
    { "unix:/r?db", PARAMETER },
    { "unix:/r?DB=1", PARAMETER },
    { "unix:/r?database=1", PARAMETER },
    { "unix:/r?=1", PARAMETER },
    { "unix:/r?x=1&db=1", PARAMETER },
    { "unix:/r?db=", DB },
    { "unix:/r?db=x", DB },
    { "unix:/r?db=-1", DB },
    { "unix:/r?db=2147483648", DB },
    { "unix:/r?db=1&db=2", DB },
    { "unix:/r?db=1&timeout=5", DB },
    { "unix:/r?db=1?db=2", DB }
};


static void
test_url_refused(void **state)
{
    size_t           i;
    uint8_t         *data, *buf;
    bd_slice_t       url;
    const char      *error;
    bd_redis_url_t   u, before;

    (void) state;

    for (i = 0; i < bd_test_count(refused); i++) {
        url = bd_test_slice(refused[i][0]);
        data = bd_test_copy(url);
        buf = malloc(url.len);
        assert_non_null(buf);

        memset(&u, 0x5a, sizeof(u));
        before = u;
        error = bd_redis_url_parse(bd_slice_make(data, url.len), buf, &u);

        if (error == NULL || strcmp(error, refused[i][1]) != 0) {
            fail_msg("%s: %s", refused[i][0],
                     error != NULL ? error : "is taken");
        }

        assert_memory_equal(&u, &before, sizeof(u));

        free(buf);
        free(data);
    }

    assert_string_equal(bd_redis_url_parse(bd_slice_make(NULL, 0), NULL, &u),
                        SCHEME);
}


/* Every control character, NUL too, in every place. */

static void
test_url_control(void **state)
{
    int              ch;
    size_t           i;
    char             url[] = "redis://u:p@h:1/2";
    uint8_t          buf[sizeof(url)];
    const char      *error;
    bd_redis_url_t   u;

    (void) state;

    for (i = 0; i < sizeof(url) - 1; i++) {
        for (ch = 0; ch < 0x20; ch++) {
            strcpy(url, "redis://u:p@h:1/2");
            url[i] = (char) ch;

            error = bd_redis_url_parse(bd_slice(url), buf, &u);

            assert_non_null(error);
            assert_string_equal(error, CONTROL);
        }
    }
}


/* Every byte, percent-encoded, comes out as it is: NUL and "%" as well. */

static void
test_url_percent(void **state)
{
    int              ch;
    char             url[] = "redis://u:%00@h";
    uint8_t          buf[sizeof(url)], byte;
    bd_redis_url_t   u;

    (void) state;

    for (ch = 0; ch < 256; ch++) {
        byte = (uint8_t) ch;
        url[11] = "0123456789abcdef"[ch >> 4];
        url[12] = "0123456789ABCDEF"[ch & 0xf];

        assert_null(bd_redis_url_parse(bd_slice(url), buf, &u));
        assert_true(bd_slice_equal(u.password, bd_slice_make(&byte, 1)));
        assert_slice_equal(u.user, "u");
    }
}


/* Every beginning of a url is judged within its bytes. */

static void
test_url_cut(void **state)
{
    size_t           i, len;
    uint8_t         *data, *buf;
    bd_redis_url_t   u;

    static const char *const  urls[] = {
        "rediss://user%41:pass%42word@[2001:db8::1]:6380/12",
        "redis://user:pass@redis.example:6380/12",
        "unix:/run/redis.sock?db=12"
    };

    (void) state;

    for (i = 0; i < bd_test_count(urls); i++) {
        for (len = 0; len <= strlen(urls[i]); len++) {
            data = bd_test_copy(bd_slice_make(urls[i], len));
            buf = malloc(len);
            assert_non_null(buf);

            if (bd_redis_url_parse(bd_slice_make(data, len), buf, &u) == NULL)
            {
                assert_true(u.host.data >= data);
                assert_true(u.host.data + u.host.len <= data + len);
                assert_true(u.user.len + u.password.len < len);

            } else {
                assert_int_not_equal(len, strlen(urls[i]));
            }

            free(buf);
            free(data);
        }
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_url_taken),
        cmocka_unit_test(test_url_refused),
        cmocka_unit_test(test_url_control),
        cmocka_unit_test(test_url_percent),
        cmocka_unit_test(test_url_cut)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
