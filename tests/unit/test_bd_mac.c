/*
 * Copyright (c) 2026 the batch-dial gateway authors
 *
 * Tests of bd_mac: against digests computed by other programs, and that a
 * state gives the same digest however often and after whatever it was used.
 */


#include "bd_test.h"
#include "bd_mac.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>


#define SECRET  "0123456789abcdef"
#define LABEL   "credential"


static void
assert_hex(const uint8_t digest[BD_MAC_SIZE], const char *expected)
{
    char  hex[2 * BD_MAC_SIZE + 1];

    bd_hex(hex, digest, BD_MAC_SIZE);
    hex[2 * BD_MAC_SIZE] = '\0';

    assert_string_equal(hex, expected);
}


/* HMAC(HMAC(secret, label), data), by another interface of the library. */

static void
test_reference(bd_slice_t secret, bd_slice_t label, bd_slice_t data,
    uint8_t out[BD_MAC_SIZE])
{
    uint8_t  key[BD_MAC_SIZE];

    assert_non_null(HMAC(EVP_sha256(), secret.data, (int) secret.len,
                         label.data, label.len, key, NULL));
    assert_non_null(HMAC(EVP_sha256(), key, sizeof(key), data.data, data.len,
                         out, NULL));
}


/* python3: h = lambda k, d: hmac.digest(k, d, "sha256") */

static void
test_mac_known(void **state)
{
    uint8_t     out[BD_MAC_SIZE];
    bd_mac_t   *mac;
    bd_slice_t  part;

    (void) state;

    mac = bd_mac_create(bd_slice(SECRET), bd_slice(LABEL));
    assert_non_null(mac);

    /* h(h(b"0123456789abcdef", b"credential"), b"a token").hex() */

    part = bd_slice("a token");
    assert_int_equal(bd_mac_digest(mac, &part, 1, out), 0);
    assert_hex(out, "1416ef4b3e771efe3e03ca51910d4ac0"
                    "93b7d64bcbd9197184bbdd345134a367");

    /* h(h(b"0123456789abcdef", b"credential"), b"").hex() */

    assert_int_equal(bd_mac_digest(mac, NULL, 0, out), 0);
    assert_hex(out, "b07bcf7ef78fcf7494bf6efb9ee34123"
                    "f95a8a7c259de151f2ea54b2b6db77d1");

    bd_mac_free(mac);
}


/* Block sizes of SHA-256 and around, in an order that leaves rests behind. */

static void
test_mac_reuse(void **state)
{
    size_t      i, j, len;
    uint8_t     data[1000], out[BD_MAC_SIZE], expected[BD_MAC_SIZE];
    uint64_t    seed;
    bd_mac_t   *mac;
    bd_slice_t  part;

    (void) state;

    seed = 2;

    for (i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t) bd_test_random(&seed);
    }

    mac = bd_mac_create(bd_slice(SECRET), bd_slice(LABEL));
    assert_non_null(mac);

    for (i = 0; i < 5000; i++) {
        len = (i < 300) ? i : bd_test_random(&seed) % sizeof(data);
        part = bd_slice_make(data, len);

        test_reference(bd_slice(SECRET), bd_slice(LABEL), part, expected);

        for (j = 0; j < 2; j++) {
            assert_int_equal(bd_mac_digest(mac, &part, 1, out), 0);
            assert_memory_equal(out, expected, BD_MAC_SIZE);
        }
    }

    bd_mac_free(mac);
}


/* Parts are digested one after another; empty ones, even NULL, add nothing. */

static void
test_mac_parts(void **state)
{
    size_t       i, j;
    uint8_t      out[BD_MAC_SIZE], expected[BD_MAC_SIZE];
    bd_mac_t    *mac;
    bd_slice_t   parts[4], whole;

    (void) state;

    whole = bd_slice("the quick brown fox");

    mac = bd_mac_create(bd_slice(SECRET), bd_slice(LABEL));
    assert_non_null(mac);
    assert_int_equal(bd_mac_digest(mac, &whole, 1, expected), 0);

    for (i = 0; i <= whole.len; i++) {
        for (j = i; j <= whole.len; j++) {
            parts[0] = bd_slice_make(whole.data, i);
            parts[1] = bd_slice_make(whole.data + i, j - i);
            parts[2] = bd_slice_make(NULL, 0);
            parts[3] = bd_slice_make(whole.data + j, whole.len - j);

            assert_int_equal(bd_mac_digest(mac, parts, 4, out), 0);
            assert_memory_equal(out, expected, BD_MAC_SIZE);
        }
    }

    bd_mac_free(mac);
}


/* Keys empty, of a block, longer than a block; states used by turns. */

static void
test_mac_keys(void **state)
{
    size_t      i, j;
    uint8_t     secret[200], out[BD_MAC_SIZE], expected[4][BD_MAC_SIZE];
    bd_mac_t   *macs[4];
    bd_slice_t  part, secrets[4], labels[4];

    static const size_t  lengths[] = { 0, 64, 64, 200 };
    static const char   *names[] = { "", "entry", "credential", "entry" };

    (void) state;

    memset(secret, 0x5a, sizeof(secret));
    part = bd_slice("data");

    for (i = 0; i < 4; i++) {
        secrets[i] = bd_slice_make(lengths[i] != 0 ? secret : NULL,
                                   lengths[i]);
        labels[i] = bd_test_slice(names[i]);

        macs[i] = bd_mac_create(secrets[i], labels[i]);
        assert_non_null(macs[i]);

        test_reference(bd_slice_make(secret, lengths[i]), labels[i], part,
                       expected[i]);
    }

    for (i = 0; i < 12; i++) {
        assert_int_equal(bd_mac_digest(macs[i % 4], &part, 1, out), 0);

        for (j = 0; j < 4; j++) {
            assert_int_equal(bd_mac_equal(out, expected[j], BD_MAC_SIZE),
                             j == i % 4);
        }
    }

    for (i = 0; i < 4; i++) {
        bd_mac_free(macs[i]);
    }
}


/* FIPS 180-4's own examples. */

static void
test_sha256(void **state)
{
    char       *million;
    uint8_t     out[BD_MAC_SIZE];

    (void) state;

    assert_int_equal(bd_sha256(bd_slice_make(NULL, 0), out), 0);
    assert_hex(out, "e3b0c44298fc1c149afbf4c8996fb924"
                    "27ae41e4649b934ca495991b7852b855");

    assert_int_equal(bd_sha256(bd_slice("abc"), out), 0);
    assert_hex(out, "ba7816bf8f01cfea414140de5dae2223"
                    "b00361a396177a9cb410ff61f20015ad");

    million = malloc(1000000);
    assert_non_null(million);
    memset(million, 'a', 1000000);

    assert_int_equal(bd_sha256(bd_slice_make(million, 1000000), out), 0);
    assert_hex(out, "cdc76e5c9914fb9281a1c7e284d73e67"
                    "f1809a48a497200e046d39ccc7112cd0");

    free(million);
}


/* A library without the algorithms, as in a broken or restricted set-up. */

static void
test_openssl_fails(void **state)
{
    uint8_t  out[BD_MAC_SIZE];

    (void) state;

    assert_int_equal(EVP_set_default_properties(NULL, "provider=absent"), 1);

    assert_null(bd_mac_create(bd_slice(SECRET), bd_slice(LABEL)));
    assert_int_equal(bd_sha256(bd_slice("abc"), out), -1);

    assert_int_equal(EVP_set_default_properties(NULL, ""), 1);

    bd_mac_free(NULL);
}


static void
test_mac_equal(void **state)
{
    size_t   bit;
    uint8_t  a[BD_MAC_SIZE], b[BD_MAC_SIZE];

    (void) state;

    memset(a, 0xa5, sizeof(a));

    for (bit = 0; bit < 8 * sizeof(a); bit++) {
        memcpy(b, a, sizeof(a));
        assert_int_equal(bd_mac_equal(a, b, sizeof(a)), 1);

        b[bit / 8] ^= (uint8_t) (1 << bit % 8);
        assert_int_equal(bd_mac_equal(a, b, sizeof(a)), 0);

        /* what lies behind len does not count */
        assert_int_equal(bd_mac_equal(a, b, bit / 8), 1);
    }
}


static void
test_hex(void **state)
{
    int      i;
    char     hex[3], expected[3];
    uint8_t  byte;

    (void) state;

    hex[2] = '!';

    for (i = 0; i < 256; i++) {
        byte = (uint8_t) i;
        bd_hex(hex, &byte, 1);

        expected[0] = "0123456789abcdef"[i / 16];
        expected[1] = "0123456789abcdef"[i % 16];
        expected[2] = '!';

        assert_memory_equal(hex, expected, 3);
    }

    bd_hex(hex, NULL, 0);
    assert_memory_equal(hex, "ff!", 3);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_mac_known),
        cmocka_unit_test(test_mac_reuse),
        cmocka_unit_test(test_mac_parts),
        cmocka_unit_test(test_mac_keys),
        cmocka_unit_test(test_sha256),
        cmocka_unit_test(test_openssl_fails),
        cmocka_unit_test(test_mac_equal),
        cmocka_unit_test(test_hex)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
